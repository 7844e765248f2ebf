#!/usr/bin/python3
"""A provider stops answering while dnsperf asks for names with a second provider and TTLs shorter
than the outage, so that misses occur: no SERVFAIL, nothing lost; the slowest answer is reported.
Before it: cached names are answered by the poll-mode cores."""
import os
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from checks import Checks  # noqa: E402
from resolver import Assayd, in_client, lab, lab_info  # noqa: E402

OUTAGE_S = int(os.environ.get('ASSAY_OUTAGE', '15'))


def dnsperf(info, server, names, *options):
    return in_client(info, 'dnsperf', '-s', server, '-d', names, '-t', '8', *options).stdout


def field(text, name):
    found = re.search(re.escape(name) + r':\s+([\d.]+)', text)
    return float(found.group(1)) if found else None


def codes(text):
    found = re.search(r'Response codes:\s+(.*)', text)
    return dict(re.findall(r'(\w+) (\d+)', found.group(1))) if found else {}


def distinct(names):
    with open(names) as stream:
        lines = {line.split()[0].rstrip('.') for line in stream if line.strip()}
    return len(lines), len({'.'.join(n.split('.')[-2:]) for n in lines})


def lasting(info, daemon):
    """The names whose TTL is longer than this test: those with short TTLs are for outages."""
    with open(info['files']['names-multi.dnsperf']) as stream:
        brief = {'.'.join(line.split()[0].split('.')[-2:]) for line in stream}
    names = os.path.join(daemon.workdir, 'lasting.dnsperf')
    with open(info['files']['names.dnsperf']) as stream, open(names, 'w') as out:
        out.writelines(line for line in stream
                       if '.'.join(line.split()[0].split('.')[-2:]) not in brief)
    return names


def cached(checks, info, daemon):
    names = lasting(info, daemon)
    count, zones = distinct(names)
    checks.check('at least 10,000 names of 100 zones', count >= 10000 and zones >= 100,
                 '%d names, %d zones' % (count, zones))
    warm = dnsperf(info, daemon.service4, names, '-n', '1', '-q', '100')
    checks.check('the warm-up loses nothing', field(warm, 'Queries lost') == 0, warm)
    # What took its time the first time is cached by now.
    dnsperf(info, daemon.service4, names, '-n', '1', '-q', '100')
    before = daemon.stats()
    out = dnsperf(info, daemon.service4, names, '-n', '10', '-q', '100')
    after = daemon.stats()
    sent = field(out, 'Queries sent') or 0
    checks.check('100,000 queries', sent >= 100000, out)
    checks.check('none lost', field(out, 'Queries lost') == 0, out)
    checks.equal('all NOERROR', codes(out), {'NOERROR': str(int(sent))})
    hits = after['dataplane.hit'] - before['dataplane.hit']
    print('# %d queries, %d (%.2f %%) answered by the poll-mode cores' % (
        sent, hits, 100.0 * hits / max(sent, 1)))
    checks.check('99 % of them answered by the poll-mode cores', hits >= 0.99 * sent,
                 '%d of %d' % (hits, sent))


def outage(checks, info, daemon, provider):
    names = info['files']['names-multi.dnsperf']
    dnsperf(info, daemon.service4, names, '-n', '1', '-q', '50')
    client = info['namespaces']['client']
    before = daemon.stats()
    run = subprocess.Popen(
        ['ip', 'netns', 'exec', client, 'dnsperf', '-s', daemon.service4, '-d', names, '-l',
         str(OUTAGE_S), '-Q', '2000', '-q', '1000', '-t', '8'],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        time.sleep(1)  # the outage begins while questions are under way
        lab('break', provider, 'drop')
        out = run.communicate(timeout=OUTAGE_S + 30)[0]
    finally:
        run.poll() is None and run.kill()
        lab('heal', provider)
    after = daemon.stats()
    misses = after['dataplane.ticketed'] - before['dataplane.ticketed']
    latency = re.search(r'Average Latency.*', out)
    print('# provider %s: %d misses; %s' % (provider, misses, latency.group(0) if latency else ''))
    checks.check('provider %s down: misses occurred' % provider, misses > 100, str(misses))
    # Where a question that was lost went, in one look.
    moved = '\n'.join('%s +%d' % (k, after[k] - before[k]) for k in sorted(after)
                      if after[k] != before.get(k) and k.startswith(('dataplane.', 'port.')))
    summary = '\n'.join(line for line in out.splitlines() if 'Timeout' not in line)
    checks.check('provider %s down: nothing lost' % provider, field(out, 'Queries lost') == 0,
                 moved + '\n' + summary)
    checks.equal('provider %s down: no SERVFAIL' % provider, codes(out).get('SERVFAIL', '0'), '0')
    checks.check('provider %s down: all NOERROR' % provider, list(codes(out)) == ['NOERROR'], out)


def main():
    checks = Checks()
    info = lab_info()
    with Assayd(info) as daemon:
        checks.run(cached, info, daemon)
        for provider in ('a', 'c'):
            checks.run(outage, info, daemon, provider)
        checks.equal('the daemon stops with status 0', daemon.stop(), 0)
    checks.done()


if __name__ == '__main__':
    main()
