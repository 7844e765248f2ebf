#!/usr/bin/python3
"""What is wrong around a running daemon is an alarm, in the same words everywhere, and none any more when it
is mended: servers, clock, anchors and configuration; what a start cannot do without is refused. (What breaks on
the host: test_alarms.)"""
import os
import struct
import sys
import tempfile
import time

import dns.rcode

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from alarms import BROKEN, DAY, RESOLVER, Root, alarm, ask, health, inside, ip, main, over, raised  # noqa: E402
from checks import wait_for  # noqa: E402
from resolver import ASSAYD, CROWDED  # noqa: E402


def source_lost(checks, make):
    ip('-n', RESOLVER, 'addr', 'add', '198.18.200.9/24', 'dev', 'au0')
    daemon = make()
    with open(daemon.config) as stream:
        text = stream.read()
    with open(daemon.config, 'w') as stream:
        stream.write(text.replace('{interface: au0}', '{interface: au0, source: [198.18.200.9]}'))
    with daemon:
        checks.check('no alarm while the source is there', not alarm(daemon, 'upstream-missing'), health(daemon))
        ip('-n', RESOLVER, 'addr', 'del', '198.18.200.9/24', 'dev', 'au0')
        raised(checks, daemon, 'the source of questions is lost', 'upstream-missing', '198.18.200.9')
        ip('-n', RESOLVER, 'addr', 'add', '198.18.200.9/24', 'dev', 'au0')
        over(checks, daemon, 'the source of questions is lost', 'upstream-missing')
    ip('-n', RESOLVER, 'addr', 'del', '198.18.200.9/24', 'dev', 'au0')


def clock_jumps(checks, make, folder):
    """Set ahead by months while it runs: told at once, and for as long as it is so."""
    with tempfile.NamedTemporaryFile() as offset:
        offset.write(struct.pack('=q', 0))
        offset.flush()
        state = os.path.join(folder, 'jumps.state')  # nothing is known, so the anchors are looked at
        with make(extra='test-clock: %s\n' % offset.name, state=state) as daemon:
            wait_for(lambda: 'signed by a trust anchor' in daemon.ctl('anchors').stdout, 5)
            checks.check('the right clock is no alarm', not alarm(daemon, 'clock'), health(daemon))
            offset.seek(0)
            offset.write(struct.pack('=q', 60 * DAY))
            offset.flush()
            raised(checks, daemon, 'a clock that jumps 2 months ahead', 'clock', 'ahead')
            lasts = time.monotonic() + 5  # the step alone is told for three seconds
            checks.check('and it is still told later', wait_for(
                lambda: time.monotonic() > lasts and alarm(daemon, 'clock', 'ahead'), 9), health(daemon))
            offset.seek(0)
            offset.write(struct.pack('=q', 0))
            offset.flush()
            checks.check('over when it is set back', wait_for(lambda: not alarm(daemon, 'clock'), 9), health(daemon))


def clocks(checks, make):
    """15 months ahead is not trusted, whatever the build date says; nor is a month behind."""
    for months, words in ((15, 'ahead'), (-1, 'behind')):
        with tempfile.NamedTemporaryFile() as offset:
            offset.write(struct.pack('=q', months * 30 * DAY))
            offset.flush()
            with make(extra='test-clock: %s\n' % offset.name) as daemon:
                raised(checks, daemon, '%d months %s' % (abs(months), words), 'clock', words)
                checks.check('%s: status does not trust it' % words,
                             'NOT TRUSTED' in daemon.ctl('status').stdout)
                offset.seek(0)
                offset.write(struct.pack('=q', 0))
                offset.flush()
                over(checks, daemon, words, 'clock')
                checks.check('%s: then it is trusted' % words, ', trusted' in daemon.ctl('status').stdout)


def settings(checks, make):
    """What only another configuration mends; without it, none of these alarms."""
    for name, words, changes in (
            ('open', 'open to the world', dict(access="allow: [0.0.0.0/0]")),
            ('one-domain', 'one failure domain',
             dict(extra='zones: [{name: corp.example, type: forward, servers: [10.0.0.1, 10.0.0.2]}]\n'))):
        with make(**changes) as daemon:
            raised(checks, daemon, words, name, words)
        with make() as daemon:
            checks.check('%s: none when it is meant' % words, not alarm(daemon, name), health(daemon))


def anchors(checks, make, root, folder):
    other = Root(tempfile.mkdtemp(dir=folder))
    with make(anchor=other.anchor) as daemon:
        raised(checks, daemon, 'the root is signed by no anchor', 'root-bogus', limit=5)
        ask(daemon, 'www.nowhere.')
        raised(checks, daemon, 'its keys are not followed', 'anchors')
        checks.check('no TLD is blamed', not alarm(daemon, 'tld-failing'), health(daemon))
    with make(anchor=root.anchor) as daemon:
        wait_for(lambda: 'signed by a trust anchor' in daemon.ctl('anchors').stdout, 5)
        checks.check('by its anchor: no alarm', not alarm(daemon, 'anchors'), health(daemon))


def unanswered(checks, make, root):
    """Nothing upstream answers from the start on, and later: it is critical, and ends with the first answer."""
    root.end()
    with make() as daemon:
        raised(checks, daemon, 'no server answers since the start', 'path-lost', limit=10)
        checks.check('it is not the root that is blamed', not alarm(daemon, 'tld-failing'), health(daemon))
        root.serve()
        over(checks, daemon, 'no server answers since the start', 'path-lost', limit=8)
        checks.check('the root is answered', wait_for(lambda: ask(daemon, '.', 'SOA').rcode() == dns.rcode.NOERROR, 10))
        root.end()
        ask(daemon, 'gone.')
        raised(checks, daemon, 'no server answers any more', 'path-lost', limit=10)
        root.serve()
        over(checks, daemon, 'no server answers any more', 'path-lost', limit=8)


def forwarders_are_silent(checks, make, root):
    """Everything is forwarded, and nobody else was asked: it is they who are out, and not our own path."""
    forward = 'zones: [{name: ., type: forward, servers: [198.18.200.2, 198.18.200.9]}]\n'
    root.end()
    what = 'silent forwarders of everything'
    with make(extra=forward) as daemon:
        raised(checks, daemon, what + ', since the start', 'forwarders-out', 'nobody else may be asked', limit=10)
        checks.check('the path is not blamed', not alarm(daemon, 'path-lost'), health(daemon))
        root.serve()
        over(checks, daemon, what + ', since the start', 'forwarders-out', limit=12)
        checks.check('they are used again', wait_for(lambda: ask(daemon, '.', 'SOA').rcode() == dns.rcode.NOERROR, 10))
        root.end()
        ask(daemon, 'gone.')
        raised(checks, daemon, what + ', later', 'forwarders-out', limit=10)
        checks.check('nor is the path then', not alarm(daemon, 'path-lost') and 'path-lost' not in daemon.log_text(),
                     health(daemon))
        root.serve()
        over(checks, daemon, what + ', later', 'forwarders-out', limit=12)


def refusals(checks, make, folder):
    """What a start cannot do without: refused, with a sentence that says what to do; nothing is left."""
    plain = os.path.join(folder, 'plain')
    with open(plain, 'w') as stream:
        stream.write('somebody\'s\n')
    for what, words, changes in (
            ('a port that is not there', 'nope', dict(device='net_af_packet0,iface=nope')),
            ('a driver that is not there', 'cannot be opened', dict(device='net_nothing0')),
            ('a CPU that is not there', 'no CPU 1023', dict(poll_cpu=1023)),
            ('a user that is not there', 'no user "nobody-made-me"', dict(extra='user: nobody-made-me\n')),
            ('a group that is not there', 'no-such-group', dict(control_extra='operators: no-such-group')),
            ('more memory than there is', 'configure less', dict(cache='128G')),
            ('hints that cannot be read', 'No such file', dict(hints='/nonexistent/hints')),
            ('anchors that cannot be read', 'No such file', dict(anchor='/nonexistent/anchors')),
            ('a tap with the name of another interface', '"lo" is the kernel\'s own name', dict(tap='lo')),
            ('a control socket that is a file', 'no socket', dict(socket=plain))):
        daemon = make(**changes)
        try:
            run = inside('timeout', '60', ASSAYD, '-c', daemon.config, check=False)
            good = run.returncode == 1 and words in run.stderr
            BROKEN['refused' if good else 'silent'].add(('start', what))
            checks.check('%s: refused' % what, good, run.stderr)
        finally:
            daemon.remove()
    checks.check('the file is still somebody\'s', open(plain).read() == 'somebody\'s\n')


def narrow_port(checks, make):
    """The tap has the port's MTU, and the kernel no IPv6 below 1280."""
    ip('-n', RESOLVER, 'link', 'set', 'ap0', 'mtu', '1000')
    daemon = make()
    try:
        run = inside('timeout', '60', ASSAYD, '-c', daemon.config, check=False)
        good = run.returncode == 1 and 'the MTU of a port, 1000, is below the 1280 of IPv6' in run.stderr
        BROKEN['refused' if good else 'silent'].add(('start', 'a port too narrow for IPv6'))
        checks.check('a port too narrow for IPv6: refused', good, run.stderr)
    finally:
        daemon.remove()
        ip('-n', RESOLVER, 'link', 'set', 'ap0', 'mtu', '1500')


def canaries(checks, make, root):
    """None of our own names is answered: withdrawn. Nobody beyond answers, but stale data is there: not."""
    root.end()
    with make() as daemon:
        raised(checks, daemon, 'none of our own names is answered', 'canary', '. NS')
        checks.equal('another host is to be asked', health(daemon, '--service')[0], 1)
        root.serve()
        checks.check('none of our own names is answered: over when the root is back',
                     wait_for(lambda: not alarm(daemon, 'canary'), 20), health(daemon))
        checks.equal('and this one again', health(daemon, '--service')[0], 0)
        root.end()
        rounds = daemon.stats()['control.canary_rounds']
        wait_for(lambda: daemon.stats()['control.canary_rounds'] > rounds + 3, 15)
        checks.equal('nobody beyond answers: what is cached is, and this host is asked', health(daemon, '--service')[0], 0)
        root.serve()


def quiet(checks, make):
    """Nothing is wrong: no alarm but those of a crowded machine."""
    with make() as daemon:
        wait_for(lambda: 'signed by a trust anchor' in daemon.ctl('anchors').stdout, 5)
        checks.check('nothing is wrong, and none is told', wait_for(lambda: not daemon.alarms(), 3), health(daemon))
        told = [line for line in daemon.log_text().splitlines()
                if ' alarm ' in line and line.split(" alarm ")[1].split(':')[0].split()[0] not in CROWDED]
        checks.equal('nor was any in the log', told, [])


def rows(run, place):
    make, root = place.make, place.root
    run(quiet, make)
    run(source_lost, make)
    run(canaries, make, root)
    run(clocks, make)
    run(clock_jumps, make, place.folder)
    run(settings, make)
    run(anchors, make, root, place.folder)
    run(unanswered, make, root)
    run(forwarders_are_silent, make, root)
    run(refusals, make, place.folder)
    run(narrow_port, make)


if __name__ == '__main__':
    main(rows, 20)
