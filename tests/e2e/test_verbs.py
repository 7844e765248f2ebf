#!/usr/bin/python3
"""Every verb of a running daemon in JSON, exit statuses, and the metrics page by Prometheus' rules."""
import json
import os
import re
import signal
import subprocess
import sys

import dns.message
import dns.query

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from checks import Checks, wait_for  # noqa: E402
from prometheus import lint, parse  # noqa: E402
from resolver import ASSAYCTL, CROWDED, Assayd, enter, lab_info  # noqa: E402

# Arguments that each verb is asked with; `stop` comes last.
QUESTIONS = {
    'status': [()], 'health': [(), ('--service',)], 'stats': [(), ('--all',), ('cycles',)], 'anchors': [()],
    'lookup': [('www.types.nsec.', 'A'), ('www.types.nsec.',)],
    'explain': [('www.types.nsec.',), ('--zone', 'nsec.'), ('--last', '5')],
    'nta': [('add', 'bogus.nsec.', '1m', 'why'), ('list',), ('remove', 'bogus.nsec.')],
    'denial': [(), ('nsec.',)], 'requests': [()],
    'servers': [(), ('www.types.nsec.',), ('198.18.100.1',)],
    'posture': [('types.nsec.',), ('--top',), ('--top', '3')],
    'drill': [('plan', '--scope', 'uplink'),
              ('start', '--scope', 'zone:nowhere.nsec.', '--fault', 'drop', '--for', '1'), ('status',),
              ('stop',), ('report',), ('report', '--all')],
    'log': [('debug',), ('debug', 'www.types.nsec.'), ('info',)],
    'flush': [('www.types.nsec.',), ('--zone', 'types.nsec.'), ('--all',)],
    'stop': [()],
}


def ask(daemon, name):
    query = dns.message.make_query(name, 'A', want_dnssec=True)
    return dns.query.udp(query, daemon.service4, timeout=60)


def verbs():
    text = subprocess.run([ASSAYCTL, '--help'], capture_output=True, text=True).stdout
    lines = text[text.index('verbs:'):text.index('exit status')].splitlines()[1:]
    return {m[1] for m in (re.match(r'  ([a-z]+)\b', line) for line in lines) if m}


def data_for_programs(checks, daemon):
    checks.equal('each verb of --help is asked here', set(QUESTIONS), verbs())
    for verb, lists in QUESTIONS.items():
        for arguments in lists if verb != 'stop' else []:
            run = daemon.ctl('--json', verb, *arguments, check=False)
            try:
                data = json.loads(run.stdout)
            except ValueError:
                data = None
            # health ends with what the machine's other processes do to us, too.
            well = run.returncode == 0 or (verb == 'health' and data and {a['name'] for a in data['alarms']} <= CROWDED)
            checks.check('--json %s' % ' '.join((verb,) + arguments), isinstance(data, (dict, list)) and well,
                         run.stdout + run.stderr)


def failure_domains_agree(checks, daemon):
    for zone in ('types.nsec.', 'nsec.', '.'):
        ask(daemon, 'www.types.nsec.')
        servers = json.loads(daemon.ctl('servers', zone, '--json').stdout)
        posture = json.loads(daemon.ctl('posture', zone, '--json').stdout)
        checks.check('servers and posture agree on the failure domains of %s' % zone,
                     servers.get('zone') == zone and
                     servers.get('minimal_cut') == posture.get('minimal_cut'),
                     '%s\n%s' % (servers, posture))


def statuses(checks, daemon):
    missing = os.path.join(daemon.workdir, 'nobody.sock')
    for socket in (daemon.socket, missing):
        for words in (('reload',), ('lookup',), ('status', 'x'), ('--bad',), ()):
            run = subprocess.run([ASSAYCTL, '-s', socket, *words], capture_output=True, text=True)
            checks.check('wrong usage %s is status 2 %s a daemon' % (
                words, 'without' if socket == missing else 'with'), run.returncode == 2, run.stderr)
    for words, status in ((('lookup', 'a..b'), 2), (('log', 'loud'), 2), (('nta', 'remove', 'a.'), 1),
                          (('drill', 'stop'), 1), (('status',), 0)):
        run = daemon.ctl(*words, check=False)
        checks.equal('status of %s' % ' '.join(words), run.returncode, status)
    for words in (('flush', 'all'), ('servers', '999.1.1.1'), ('lookup', 'http://www.types.nsec./'),
                  ('lookup', 'm\xfcnchen.nsec.'), ('drill', 'report', 'x'), ('nta', 'add', 'a.', '1h', 'x' * 161),
                  ('drill', 'plan', '--scope', 'domain:198.18.100.1/24')):
        run = daemon.ctl(*words, check=False)
        checks.check('status of %s' % ' '.join(words)[:60], run.returncode == 2 and not run.stdout, run)
    for closed in ('>&-', '<&- >&-', '<&- >&- 2>&-', '>/dev/full'):
        run = subprocess.run('exec %s -s %s status %s' % (ASSAYCTL, daemon.socket, closed), shell=True,
                             stderr=subprocess.PIPE, text=True)
        checks.equal('an answer that cannot be written is status 1: %s' % closed, run.returncode, 1)
    run = subprocess.run([ASSAYCTL, '-s', missing, 'status'], capture_output=True, text=True)
    checks.equal('no daemon is status 3', run.returncode, 3)


def page(daemon):
    command = 'import urllib.request as r; print(r.urlopen("http://127.0.0.1:9953/metrics").read()' \
              '.decode(), end="")'
    return subprocess.run(['ip', 'netns', 'exec', daemon.namespace, sys.executable, '-c', command],
                          capture_output=True, text=True, check=True).stdout


def newer_page(daemon, than):
    """Pages are made anew every second."""
    return wait_for(lambda: (text := page(daemon)) != than and text, 10, 0.2)


def promtool(checks, text):
    try:
        run = subprocess.run(['promtool', 'check', 'metrics'], input=text, capture_output=True, text=True)
    except FileNotFoundError:
        checks.skip('promtool check metrics', 'promtool is not installed')
        return
    checks.check('promtool check metrics', run.returncode == 0 and not run.stderr, run.stderr)


def metrics(checks, daemon):
    before = wait_for(lambda: page(daemon), 10, 0.2)
    complaints = lint(before)
    checks.check('the metrics page follows the rules of Prometheus', not complaints,
                 '\n'.join(complaints))
    families, _ = parse(before)
    checks.check('it has every counter, and alarms',
                 len(families) == len(daemon.stats()) + 1 and 'assay_alarm' in families, len(families))
    promtool(checks, before)
    for i in range(20):
        ask(daemon, 'name-%d.types.nsec.' % i)
    daemon.ctl('flush', '--all')
    after, _ = parse(newer_page(daemon, before))
    fell = [name for name, (kind, _, value) in families.items()
            if kind == 'counter' and after[name][2] < value]
    checks.equal('no counter has gone down', fell, [])


def removed_socket(checks, daemon):
    os.unlink(daemon.socket)
    back = wait_for(lambda: daemon.ctl('status', check=False).returncode == 0, 5)
    checks.check('a control socket that was removed is made anew', back, daemon.log_text())
    checks.check('and the log says so', 'was removed by somebody, and has been made anew' in daemon.log_text(),
                 daemon.log_text())


def orders(checks, daemon):
    for words in (('flush', '--all'), ('nta', 'add', 'bogus.nsec.', '1m', 'why'), ('log', 'error'), ('log', 'info')):
        run = subprocess.Popen([ASSAYCTL, '-s', daemon.socket, *words], stdout=subprocess.DEVNULL)
        run.wait()
        line = 'order of uid %d, pid %d: %s' % (os.geteuid(), run.pid, ' '.join(words))
        checks.check('the log says who ordered %s' % ' '.join(words),
                     wait_for(lambda: line in daemon.log_text(), 5), daemon.log_text())


LATE = '192.0.2.222'


def late_metrics(checks, info):
    """An address that is not there, or another's, is no reason not to answer questions."""
    with Assayd(info, extra='metrics: {address: "%s:9953"}\n' % LATE) as daemon:
        def alarm():
            text = daemon.ctl('health', '--json', check=False).stdout
            return any(a['name'] == 'metrics' for a in json.loads(text)['alarms'])
        checks.check('metrics.address is not there: an alarm', wait_for(alarm, 5), daemon.log_text())
        checks.check('and questions are answered', ask(daemon, 'www.types.nsec.').answer)
        ip = ('ip', '-n', daemon.namespace, 'addr')
        subprocess.run([*ip, 'add', LATE + '/32', 'dev', 'lo'], check=True)
        try:
            checks.check('it comes: no alarm', wait_for(lambda: not alarm(), 5), daemon.log_text())
        finally:
            subprocess.run([*ip, 'del', LATE + '/32', 'dev', 'lo'], check=True)
        daemon.process.send_signal(signal.SIGHUP)
        checks.check('SIGHUP: the log says that nothing is read anew',
                     wait_for(lambda: 'nothing is read anew while it runs' in daemon.log_text(), 5))


def main():
    checks = Checks()
    info = lab_info()
    enter(info['namespaces']['client'])
    with Assayd(info, extra='metrics: {address: "127.0.0.1:9953"}\n') as daemon:
        ask(daemon, 'www.types.nsec.')
        ask(daemon, 'nowhere.types.nsec.')
        checks.run(metrics, daemon)
        checks.run(data_for_programs, daemon)
        checks.run(failure_domains_agree, daemon)
        checks.run(statuses, daemon)
        checks.run(orders, daemon)
        checks.run(removed_socket, daemon)
        run = daemon.ctl('--json', 'stop')
        checks.check('--json stop', isinstance(json.loads(run.stdout), dict), run.stdout)
    checks.run(late_metrics, info)
    checks.done()


if __name__ == '__main__':
    main()
