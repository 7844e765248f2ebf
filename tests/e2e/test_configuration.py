#!/usr/bin/python3
"""What a configuration asks for and the host has not: refused at the start, or an alarm from the start on
that ends when it is there; --check-config says both."""
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from checks import Checks, wait_for  # noqa: E402
from resolver import ASSAYD, Assayd, enter, lab_info  # noqa: E402


def check_config(daemon):
    run = subprocess.run(['ip', 'netns', 'exec', daemon.namespace, ASSAYD, '--check-config', '-c', daemon.config],
                         capture_output=True, text=True)
    return run.returncode, (run.stdout + run.stderr).replace(daemon.config, 'FILE')


def refused(checks, info, name, words, extra='', **changes):
    daemon = Assayd(info, extra=extra, **changes)
    try:
        status, shown = check_config(daemon)
        checks.check('%s: --check-config refuses it' % name, status == 1 and words in shown, shown)
        run = subprocess.run(['ip', 'netns', 'exec', daemon.namespace, ASSAYD, '-c', daemon.config],
                             capture_output=True, text=True, timeout=120)
        checks.check('%s: the start refuses it' % name, run.returncode == 1 and words in run.stderr,
                     run.stderr)
        checks.check('%s: and has made nothing' % name, not os.path.exists(daemon.socket))
    finally:
        daemon.remove()


def refusals(checks, info):
    pages = sum(int(open('/proc/sys/vm/' + name).read())
                for name in ('nr_hugepages', 'nr_overcommit_hugepages'))
    refused(checks, info, 'O22 hugepages that are required and not reserved', 'sysctl vm.nr_hugepages=',
            hugepages='require', cache='%dM' % (2 * pages + 4096))
    refused(checks, info, 'a CPU that is not there', 'cores.poll[0]: there is no CPU 1023',
            poll_cpu=1023)
    refused(checks, info, 'control on the CPU of a poll-mode core', "a poll-mode core's", poll_cpu=0,
            control_cpu=0)
    refused(checks, info, 'a user that is not there', 'user: there is no user "nobody-made-me"',
            extra='user: nobody-made-me\n')
    refused(checks, info, 'a cache beyond its limit', 'memory.cache: 512G is outside 16M to 128G',
            cache='512G')
    refused(checks, info, 'a word that is no boolean', 'did you mean false?',
            extra='metrics: {address: ""}\nzones: [{name: a, type: stub, servers: [10.0.0.1], '
                  'tcp: flase}]\n')
    refused(checks, info, 'a forwarder that may never be asked', 'our own service address',
            extra='zones: [{name: ., type: forward, servers: [%s]}]\n'
                  % info['resolver']['service_addresses'][0])


def with_device(info, options):
    return 'net_af_xdp0,%s,force_copy=1' % options.replace('PORT', info['resolver']['port_interface'])


def check_says_as_the_start(checks, info):
    """B9, B10: what --check-config let pass was refused at the start, in words that led elsewhere."""
    port = info['resolver']['port_interface']
    refused(checks, info, 'B9 a canary that is never answered', 'canary.names[0]: "example.com AXFR": AXFR is '
            'never answered', extra='canary: {names: [example.com AXFR]}\n')
    for name, options, words in (
            ('more queues than there are', 'iface=PORT,queue_count=9', 'receives on 1 queue, and start_queue and '
             'queue_count name those from 0 to 8: leave both out'),
            ('a queue that is not there', 'iface=PORT,start_queue=5', 'name those from 5 to 5: leave both out'),
            ('-1 queues', 'iface=PORT,queue_count=-1', 'queue_count=-1 is no number of queues'),
            ('a space', ' iface=PORT', 'has a space'),
            ('an interface that is named twice', 'iface=PORT,iface=%s' % info['resolver']['upstream_interface'],
             'iface= stands in it twice'),
            ('lo', 'iface=lo', 'lo leads to this host alone')):
        refused(checks, info, 'B10 ' + name, words, device="'%s'" % with_device(info, options))
    refused(checks, info, 'B10 a PCI address that cannot be', '"0000:zz:00.0" is no PCI address',
            device="'0000:zz:00.0'")
    refused(checks, info, 'B10 an interface in the place of a device', '%s is an interface: write net_af_xdp0,'
            'iface=%s' % (port, port), device=port)
    if len(os.sched_getaffinity(0)) > 1:
        cpus = ', '.join(map(str, sorted(os.sched_getaffinity(0))[:2]))
        refused(checks, info, 'B10 two cores and one queue', 'has 1 queue, but there are 2 poll-mode cores',
                poll_cpu=cpus)


def check_foresees_alarms(checks, info):
    """B9, B10: what is taken, and an alarm from the start on, is a warning of --check-config's."""
    daemon = Assayd(info, extra='canary: {names: [localhost, 192.0.2.1]}\n')
    with open(daemon.config) as stream:
        text = stream.read()
    with open(daemon.config, 'w') as stream:
        stream.write(text.replace('trust: {', 'trust: {insecure: [xyz], '))
    foreseen = ('no name below xyz. is validated, by configuration', '"localhost" is answered here',
                '"192.0.2.1" is an address')
    status, shown = check_config(daemon)
    checks.check('B10 --check-config warns of a TLD and of canaries that tell nothing', status == 0 and
                 all('warning: FILE:' in shown and words in shown for words in foreseen) and
                 'with 3 warnings' in shown, shown)
    with daemon:
        found = wait_for(lambda: all(alarm_with(daemon, words) for words in foreseen), 2)
        checks.check('B10 they are alarms of the daemon', bool(found), alarms(daemon))


def with_file(info, name):
    """A daemon whose trust.state is that of its own files, and what these hold."""
    daemon = Assayd(info)
    anchors = os.path.join(daemon.workdir, 'own.ds')
    shutil.copy(info['files']['anchor.ds'], anchors)
    state = {'configuration': daemon.config, 'anchors': anchors, 'socket': daemon.socket}[name]
    with open(daemon.config) as stream:
        text = stream.read()
    with open(daemon.config, 'w') as stream:
        stream.write(text.replace(info['files']['anchor.ds'], anchors)
                     .replace(os.path.join(daemon.workdir, 'trust.state'), state))
    return daemon


def contents(folder):
    return {entry.name: open(entry).read() for entry in os.scandir(folder)}


def files_of_the_configuration(checks, info):
    """B5: a state in the place of a file that the configuration names was written over it."""
    for name, words in (('configuration', 'written over this configuration itself'),
                        ('anchors', 'written over trust.anchor-files[0]'),
                        ('socket', 'written over control.socket')):
        daemon = with_file(info, name)
        before = contents(daemon.workdir)
        try:
            status, shown = check_config(daemon)
            checks.check('B5 a state in the place of the %s: --check-config refuses it' % name,
                         status == 1 and words in shown, shown)
            run = subprocess.run(['ip', 'netns', 'exec', daemon.namespace, ASSAYD, '-c', daemon.config],
                                 capture_output=True, text=True, timeout=120)
            checks.check('B5 %s: the start refuses it' % name, run.returncode == 1 and words in run.stderr,
                         run.stderr)
            checks.equal('B5 %s: and has written nothing' % name, contents(daemon.workdir), before)
        finally:
            daemon.remove()


def files_of_others(checks, info):
    daemon = Assayd(info)
    path = os.path.join(daemon.workdir, 'trust.state')
    with open(path, 'w') as stream:
        stream.write('a list of somebody\n')
    status, shown = check_config(daemon)
    checks.check('B5 a file of somebody is warned of by --check-config', status == 0 and
                 'is no state of trust anchors, and is not replaced' in shown, shown)
    with daemon:
        found = wait_for(lambda: alarm_with(daemon, path + ': is no file that assayd has written'), 2)
        checks.check('B5 and an alarm', bool(found), alarms(daemon))
        daemon.stop()
        with open(path) as stream:
            checks.equal('B5 and is left as it is', stream.read(), 'a list of somebody\n')


def faults_at_once(checks, info):
    daemon = Assayd(info, log='warn', extra='metrics: {adress: here}\nzones: [{name: a, type: stub, servers: '
                    '[127.0.0.1], tcp: flase}]\n')
    wanted = ('log: "warn" is none of', 'metrics.adress: there is no such key; did you mean address?',
              'zones[0].tcp: "flase" is neither', 'zones[0].servers[0]: 127.0.0.1 may never be asked', '4 errors')
    try:
        status, shown = check_config(daemon)
        checks.check('four faults of a file are told at once by --check-config', status == 1 and
                     all(words in shown for words in wanted), shown)
        run = subprocess.run([ASSAYD, '-c', daemon.config], capture_output=True, text=True, timeout=120)
        checks.check('and by the start', run.returncode == 1 and
                     run.stderr.replace(daemon.config, 'FILE') == shown, run.stderr)
    finally:
        daemon.remove()


def shapes_that_keep_the_parser_busy(checks, info):
    """B11: 100,000 brackets took --check-config minutes."""
    daemon = Assayd(info)
    with open(daemon.config, 'w') as stream:
        stream.write('[' * 100000)
    status, shown = check_config(daemon)
    checks.check('B11 a file of brackets is refused for its depth', status == 1 and
                 'lie in each other more than 32 times' in shown, shown)
    daemon.remove()


def alarms(daemon):
    return [a.replace(daemon.config, 'FILE') for a in daemon.alarms()]


def alarm_with(daemon, words):
    return [a for a in alarms(daemon) if words in a]


def in_resolver(info, *command):
    return subprocess.run(['ip', '-n', info['namespaces']['resolver'], *command], check=True,
                          capture_output=True, text=True)


def ways_that_come_later(checks, info):
    with Assayd(info, interface='up-later') as daemon:
        found = wait_for(lambda: alarm_with(daemon, 'there is no interface "up-later"'), 2)
        checks.check('an upstream interface that is not there is an alarm', bool(found), alarms(daemon))
        in_resolver(info, 'link', 'add', 'up-later', 'type', 'veth', 'peer', 'name', 'up-later-peer')
        found = wait_for(lambda: alarm_with(daemon, 'the interface up-later is down'), 2)
        checks.check('one that is down is an alarm', bool(found), alarms(daemon))
        in_resolver(info, 'link', 'set', 'up-later', 'up')
        in_resolver(info, 'link', 'set', 'up-later-peer', 'up')
        found = wait_for(lambda: alarm_with(daemon, 'up-later has no address'), 2)
        checks.check('one without an address is an alarm', bool(found), alarms(daemon))
        in_resolver(info, 'addr', 'add', '203.0.113.78/24', 'dev', 'up-later')
        in_resolver(info, 'route', 'add', 'default', 'via', '203.0.113.1', 'dev', 'up-later', 'metric', '900')
        gone = wait_for(lambda: not alarm_with(daemon, 'upstream.interface'), 2)
        checks.check('it is over when the interface is up and leads somewhere', bool(gone), alarms(daemon))
        in_resolver(info, 'link', 'del', 'up-later')
        found = wait_for(lambda: alarm_with(daemon, 'there is no interface "up-later"'), 2)
        checks.check('and back when it is gone', bool(found), alarms(daemon))
        status, shown = check_config(daemon)
        checks.check('--check-config warns of it', status == 0 and 'warning: FILE:' in shown and
                     'up-later' in shown and 'configuration is good, with' in shown, shown)


def sources_that_come_later(checks, info):
    interface = info['resolver']['upstream_interface']
    daemon = Assayd(info)
    with open(daemon.config) as stream:
        text = stream.read()
    with open(daemon.config, 'w') as stream:
        stream.write(text.replace('upstream: {interface: %s}' % interface,
                                  'upstream: {source: [203.0.113.77]}'))
    with daemon:
        found = wait_for(lambda: alarm_with(daemon, 'this host has no address 203.0.113.77'), 2)
        checks.check('a source address that is not there is an alarm', bool(found), alarms(daemon))
        in_resolver(info, 'addr', 'add', '203.0.113.77/32', 'dev', interface)
        gone = wait_for(lambda: not alarm_with(daemon, 'upstream.source'), 2)
        in_resolver(info, 'addr', 'del', '203.0.113.77/32', 'dev', interface)
        checks.check('it is over when the address is there', bool(gone), alarms(daemon))


def warnings_are_alarms(checks, info):
    with Assayd(info, access="allow: [0.0.0.0/0, '::/0']",
                extra='zones: [{name: corp.example, type: forward, servers: [10.0.0.1, 10.0.0.2]}]\n'
                ) as daemon:
        found = alarms(daemon)
        checks.check('open to the world is an alarm', any('FILE:' in a and 'access.allow[0]: open to '
                                                          'the world' in a for a in found), found)
        checks.check('forwarders in one failure domain are an alarm',
                     any('all 2 forwarders are in one failure domain' in a for a in found), found)
        checks.check('and lines of the log', 'warning: ' in daemon.log_text() and
                     'open to the world' in daemon.log_text(), daemon.log_text())
    with Assayd(info) as daemon:
        checks.equal('what is meant has no alarm', alarms(daemon), [])


def main():
    checks = Checks()
    info = lab_info()
    enter(info['namespaces']['client'])
    checks.run(refusals, info)
    checks.run(check_says_as_the_start, info)
    checks.run(check_foresees_alarms, info)
    checks.run(files_of_the_configuration, info)
    checks.run(files_of_others, info)
    checks.run(faults_at_once, info)
    checks.run(shapes_that_keep_the_parser_busy, info)
    checks.run(ways_that_come_later, info)
    checks.run(sources_that_come_later, info)
    checks.run(warnings_are_alarms, info)
    checks.done()


if __name__ == '__main__':
    main()
