#!/usr/bin/python3
"""Drills in the lab, under questions of dnsperf: their reports against packet captures on both sides
of the resolver. What has other servers costs no client anything; a drill gives up by itself, ends
by itself, is one at a time, and is remembered over a restart."""
import collections
import json
import os
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

import dns.flags
import dns.message
import dns.query
import dns.rcode

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from checks import Checks, wait_for  # noqa: E402
from resolver import Assayd, enter, lab_info  # noqa: E402

ETH_P_ALL, SO_TIMESTAMPNS, SO_RCVBUFFORCE, ROOM = 3, 35, 33, 8 << 20
RATE = 250  # so that no name is asked again within its TTL
AGREE_MS = 50
WINDOW, AWAY_PART, BACK_PART = 200, 10, 5  # as control/drill/steer.h has them
PROVIDER = 'c'  # that all zones asked for under load have beside another


POOL = '''\
pools: [{{name: work, servers: [{{address: '{address}', domain: north}}]}}]
zones: [{{name: {zone}, type: stub, pool: work}}]
'''


class Capture(threading.Thread):
    """DNS over UDP on one interface: (time in ms since 1970, source, destination, message)."""

    def __init__(self, namespace, interface):
        super().__init__(daemon=True)
        self.namespace, self.interface = namespace, interface
        self.packets, self.ready, self.over = [], threading.Event(), threading.Event()
        self.start()
        self.ready.wait(10)

    def run(self):
        enter(self.namespace)
        wire = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
        wire.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, ROOM)
        wire.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        wire.bind((self.interface, ETH_P_ALL))
        self.ready.set()
        while not self.over.is_set():
            if not select.select([wire], [], [], 0.2)[0]:
                continue
            data, extra, _, _ = wire.recvmsg(2048, 64)
            seconds, nanoseconds = struct.unpack('qq', extra[0][2])
            self.take(data, seconds * 1000 + nanoseconds / 1e6)

    def take(self, data, at_ms):
        if data[0] >> 4 == 4 and data[9] == socket.IPPROTO_UDP:
            at, source, target = (data[0] & 15) * 4, data[12:16], data[16:20]
        elif data[0] >> 4 == 6 and data[6] == socket.IPPROTO_UDP:
            at, source, target = 40, data[8:24], data[24:40]
        else:
            return
        if 53 in struct.unpack('!HH', data[at:at + 4]):
            self.packets.append((at_ms, source, target, data[at + 8:at + 20]))

    def stop(self):
        self.over.set()
        self.join()

    def select(self, start_ms, end_ms, response):
        return [p for p in self.packets
                if start_ms <= p[0] <= end_ms and bool(p[3][2] & 0x80) == response]


def raw(address):
    return socket.inet_pton(socket.AF_INET6 if ':' in address else socket.AF_INET, address)


def steering(questions, there, first_ms, end_ms, more=0):
    """(away, back) in ms, as the report tells them, from the questions on the wire. more: as if so
    many more of each window had gone there."""
    peak, away, back, window = 0, None, None, []
    for at_ms, _, target, _ in questions:
        if at_ms >= end_ms and window and window[-1][0] < end_ms:
            window = []
        window.append((at_ms, target in there))
        if len(window) > WINDOW:
            window.pop(0)
        if len(window) < WINDOW:
            continue
        count = sum(is_there for _, is_there in window)
        if at_ms < end_ms:
            peak = max(peak, count)
            if (count + more) * BACK_PART >= peak:
                away = None
            elif (count + more) * AWAY_PART < peak and away is None:
                away = window[0][0]
        elif (count + more) * BACK_PART >= peak and back is None:
            back = next((at for at, is_there in window if is_there), None)
    return (None if away is None else max(0, away - first_ms),
            None if back is None else back - end_ms)


def within(early, told, late):
    """Between what two questions less or more would have led to."""
    if told is None:
        return late is None
    return early is not None and early - AGREE_MS <= told and (
        late is None or told <= late + AGREE_MS)


class Drills:
    def __init__(self, checks, info, daemon):
        self.checks, self.info, self.daemon = checks, info, daemon
        with open(info['files']['manifest.json']) as stream:
            self.zones = json.load(stream)['zones']
        self.names = os.path.join(daemon.workdir, 'names')
        self.first = os.path.join(daemon.workdir, 'first')  # one of each zone
        self.shared = [z for z in self.zones if z['kind'] == 'ordinary-signed-multi' and
                       PROVIDER in z['providers'] and len(z['providers']) == 2 and
                       z['ttl'] == 5 and all(n.endswith(z['zone']) for n in z['nameservers'])]
        of = {z['zone'] for z in self.shared}
        with open(info['files']['names-multi.dnsperf']) as stream, open(self.names, 'w') as out:
            out.writelines(line for line in stream
                           if '.'.join(line.split()[0].split('.')[-2:]) + '.' in of)
        with open(self.first, 'w') as out:
            out.writelines('www.%s A\n' % zone for zone in sorted(of))
        facts = info['providers'][PROVIDER]
        self.domain = 'domain:%s,%s' % (facts['prefix4'], facts['prefix6'])
        self.provider = {raw(a) for a in facts['root'] + facts['tld'] + facts['zone']}

    def load(self, names, *options):
        return subprocess.Popen(
            ['ip', 'netns', 'exec', self.info['namespaces']['client'], 'dnsperf', '-s',
             self.daemon.service4, '-d', names, '-D', '-q', '1000', '-t', '8', *options],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def ask(self, name, rdtype='A'):
        enter(self.info['namespaces']['client'])
        query = dns.message.make_query(name, rdtype, want_dnssec=True)
        return dns.query.udp(query, self.daemon.service4, timeout=60)

    def drill(self, *words, check=True):
        return self.daemon.ctl('drill', *words, check=check)

    def report(self, which=None):
        words = ['report'] + ([str(which)] if which else [])
        return json.loads(self.drill(*words, '--json').stdout)

    def status(self):
        return json.loads(self.drill('status', '--json').stdout)

    def until_over(self, limit_s):
        wait_for(lambda: not self.status()['running'], limit_s)
        return self.report()

    def closed(self, number, limit_s):
        wait_for(lambda: self.report(number)['closed'], limit_s)
        return self.report(number)


# ---- what would be lost ----

def planned(checks, drills):
    alone = [z for z in drills.zones if z['kind'] == 'ordinary-signed-single' and
             z['providers'] == ['a']][:7]
    for zone in alone:
        drills.ask('www.' + zone['zone'])
    facts = drills.info['providers']['a']
    began = time.monotonic()
    plan = json.loads(drills.drill('plan', '--scope', 'domain:%s,%s' % (
        facts['prefix4'], facts['prefix6']), '--json').stdout)
    print('# a plan over %d zones took %.0f ms' % (plan['zones'],
                                                   1000 * (time.monotonic() - began)))
    names = set(plan['alone'])
    checks.check('the plan names the zones that would be lost',
                 {z['zone'] for z in alone} <= names, sorted(names))
    checks.check('and no other', all(z['providers'] == ['a'] for z in drills.zones
                                     if z['zone'] in names), sorted(names))
    one = next(z['zone'] for z in drills.zones if z['kind'] == 'ordinary-signed-single' and
               z['nameservers'] == ['ns1.dns-a.nsec.'])
    drills.ask('www.' + one)
    by_operator = json.loads(drills.drill('plan', '--scope', 'domain:dns-a.nsec', '--json').stdout)
    checks.check('an operator is the zones whose servers it names', one in by_operator['alone'] and
                 all(any(n.endswith('.dns-a.nsec.') for n in z['nameservers'])
                     for z in drills.zones if z['zone'] in by_operator['alone']), by_operator)
    checks.check('it counts those that stay', plan['zones_touched'] > plan['zones_alone'], plan)


# ---- reports against captures ----

def agree(checks, drills, servers, clients, report, there, sent):
    what = '%s %s' % (report['scope'].split(':')[0], report['fault'])
    start = report['started_ms']
    end = start + report['lasted_ms']
    questions = servers.select(start - 3000, end + 9000, False)
    meanwhile = [q for q in questions if start <= q[0] <= end]
    to_scope = [q for q in meanwhile if q[2] in there]
    near = [q[0] for q in questions if q[2] in there]
    before = max((t for t in near if t <= start + AGREE_MS), default=0)
    print('# %s: %d questions, %d in the scope, %d affected, away %s ms, back %s ms, slowest %d ms'
          % (what, report['asked'], report['in_scope'], report['affected'], report['away_ms'],
             report['back_ms'], report['slowest_ms']))
    checks.check(what + ': it lasts as long as was said', abs(report['lasted_ms'] - 1000 * report['for_s']) <= 5,
                 report['lasted_ms'])
    checks.check(what + ': questions of before it began went there', start - before < 500,
                 '%s, %s' % (start, before))
    if sent:
        checks.check(what + ': as many questions in its scope as packets',
                     close(len(to_scope), report['in_scope']),
                     '%d packets, %d' % (len(to_scope), report['in_scope']))
        checks.check(what + ': as many questions as packets',
                     close(len(meanwhile), report['asked']),
                     '%d packets, %d' % (len(meanwhile), report['asked']))
        first = min((q[0] for q in to_scope), default=0)
        checks.check(what + ': the first one is that of the capture',
                     abs(first - start - report['first_ms']) <= AGREE_MS,
                     '%s, %s' % (first - start, report['first_ms']))
        few, many = (steering(questions, there, first, end, more) for more in (-2, 2))
        checks.check(what + ': the time to steer away is that of the capture',
                     within(few[0], report['away_ms'], many[0]),
                     '%s, %s, %s' % (few[0], report['away_ms'], many[0]))
        checks.check(what + ': the time to steer back is that of the capture',
                     within(many[1], report['back_ms'], few[1]),
                     '%s, %s, %s' % (many[1], report['back_ms'], few[1]))
    else:
        inside = [t for t in near if start + AGREE_MS < t < end - AGREE_MS]
        checks.equal(what + ': no packet left for there', inside, [])
        checks.check(what + ': all others did',
                     close(len(meanwhile), report['asked'] - report['affected']),
                     '%d packets, %d of %d' % (len(meanwhile), report['affected'],
                                               report['asked']))
        returned = min((t for t in near if t > end), default=0)
        checks.check(what + ': it goes back there, and not before the capture does',
                     report['back_ms'] is not None and
                     report['back_ms'] >= returned - end - AGREE_MS,
                     'capture %s, report %s' % (returned - end, report['back_ms']))
        checks.check(what + ': steered away from', report['away_ms'] is not None, report)
    replies = clients.select(start, end, True)
    failed = sum(r[3][3] & 15 == 2 for r in replies)
    secure = sum(bool(r[3][3] & 0x20) for r in replies)
    told = sum(report[k] for k in ('cached', 'fresh', 'stale', 'servfail'))
    checks.check(what + ': as many answers as packets to clients', close(len(replies), told),
                 '%d packets, %d' % (len(replies), told))
    checks.equal(what + ': no client saw SERVFAIL', (failed, report['servfail'],
                                                     report['late_servfail']), (0, 0, 0))
    checks.equal(what + ': none was stale', report['stale'], 0)
    checks.equal(what + ': all were proven', (len(replies) - secure,
                                              report['fresh'] - report['secure']), (0, 0))
    checks.check(what + ': the verdict says so', 'no client noticed' in report['verdict'],
                 report['verdict'])


def close(a, b):
    """What is under way at the ends, and what is asked twice, belongs to both sides of them."""
    return abs(a - b) <= 5 + max(a, b) / 100


def most_asked(servers, provider):
    """Of the provider's addresses the one that gets a tenth of the latest questions; None: none does.
    Selection has its own mind, so its choice is looked at."""
    latest = [p for p in servers.packets[-3 * WINDOW:] if not p[3][2] & 0x80][-WINDOW:]
    asked = collections.Counter(p[2] for p in latest if p[2] in provider)
    for chosen, count in asked.most_common(1):
        if len(latest) == WINDOW and count * 10 >= WINDOW:
            return socket.inet_ntop(socket.AF_INET if len(chosen) == 4 else socket.AF_INET6, chosen)
    return None


def under_load(checks, drills):
    """One address with drop, a provider with stripped signatures and with forged ones."""
    info, daemon = drills.info, drills.daemon
    drills.load(drills.first, '-n', '1').communicate(timeout=60)
    servers = Capture(info['namespaces']['inet'], 'to-resolver')
    clients = Capture(info['namespaces']['client'], info['client']['interface'])
    load = drills.load(drills.names, '-l', '60', '-Q', str(RATE))
    reports = []
    try:
        address = wait_for(lambda: most_asked(servers, drills.provider), 20)
        checks.check('an address has a share of the questions of before', address)
        begin(checks, drills, 'upstream:' + address, 'drop', 4)
        while_one_runs(checks, drills)
        reports.append((drills.until_over(10), {raw(address)}, False))
        wait_for(lambda: drills.report()['back_ms'] is not None, 15)
        for fault, for_s in (('strip-rrsig', 4), ('bogus', 2)):
            begin(checks, drills, drills.domain, fault, for_s)
            reports.append((drills.until_over(10), drills.provider, True))
            wait_for(lambda: drills.report()['back_ms'] is not None, 15)
        load.send_signal(signal.SIGINT)  # dnsperf says what it has counted
        out = load.communicate(timeout=60)[0]
    finally:
        load.poll() is None and load.kill()
        servers.stop()
        clients.stop()
    lost = re.search(r'Queries lost:\s+(\d+)', out)
    checks.equal('nothing is lost', lost and lost.group(1), '0')
    codes = re.search(r'Response codes:\s+(.*)', out)
    checks.check('all NOERROR', codes and codes.group(1).startswith('NOERROR') and
                 ',' not in codes.group(1), out)
    for report, there, sent in reports:
        whole = drills.report(report['number'])
        checks.run(agree, drills, servers, clients, whole, there, sent)
    checks.check('the log tells start and end',
                 'drill 1 begins: upstream:' in daemon.log_text() and
                 'drill 1 is over after 4000 ms' in daemon.log_text(), daemon.log_text()[-3000:])


def begin(checks, drills, scope, fault, for_s):
    run = drills.drill('start', '--scope', scope, '--fault', fault, '--share', '100%', '--for', str(for_s),
                       '--abort-if', 'servfail>1%', check=False)
    checks.equal('%s %s begins' % (scope, fault), run.returncode, 0)
    if run.returncode:
        print('# ' + run.stderr)


def while_one_runs(checks, drills):
    second = drills.drill('start', '--scope', 'uplink', '--fault', 'drop', check=False)
    checks.check('a second one is refused', second.returncode == 1 and
                 'drill 1 is running for 4 s more' in second.stderr, second.stderr)
    status = drills.status()
    checks.check('its status is that it runs', status['running'] and
                 0 < status['left_ms'] <= 4000, status)
    checks.check('a gauge says so', drills.daemon.stats()['drill.running'] == 1)
    checks.check('so does status', 'drill 1 is running for' in drills.daemon.ctl('status').stdout)


# ---- what ends it ----

def aborted(checks, drills):
    """All clients of a zone with one provider get SERVFAIL: the drill does not last."""
    zone = next(z['zone'] for z in drills.zones if z['kind'] == 'ordinary-signed-single' and
                z['providers'] == ['d'])
    drills.ask('www.' + zone)
    began = time.monotonic()
    run = drills.drill('start', '--scope', 'uplink', '--fault', 'servfail', '--for', '60',
                       '--share', '100%', '--abort-if', 'servfail>20%', check=False)
    checks.equal('a drill of the uplink begins', (run.returncode, run.stderr), (0, ''))
    failed = 0
    while drills.status()['running'] and time.monotonic() - began < 20:
        reply = drills.ask('h%02d.%s' % (failed + 3, zone))
        failed += reply.rcode() == dns.rcode.SERVFAIL
    report = drills.report()
    print('# given up after %d SERVFAIL and %d ms' % (failed, report['lasted_ms']))
    checks.equal('it is given up', report['end'], 'aborted')
    checks.check('as soon as enough clients got SERVFAIL', 10 <= report['servfail'] <= failed < 100,
                 '%d, %d' % (report['servfail'], failed))
    checks.check('the verdict says so', 'given up before its time: clients noticed' in
                 report['verdict'], report['verdict'])
    good = wait_for(lambda: drills.ask('www.' + zone).rcode() == dns.rcode.NOERROR and
                    drills.ask('h40.' + zone, 'A').flags & dns.flags.AD, 10)
    checks.check('the zone answers again, with AD', good)


def of_a_pool(checks, drills):
    checks.check('a pool answers', drills.ask('www.' + drills.stub).flags & dns.flags.AD)
    for number, scope in enumerate(('pool:work', 'domain:north')):
        run = drills.drill('start', '--scope', scope, '--fault', 'refuse', '--abort-if',
                           'servfail>100%', check=False)
        checks.equal('%s begins' % scope, (run.returncode, run.stderr), (0, ''))
        reply = drills.ask('h%02d.%s' % (number + 3, drills.stub))
        checks.equal('%s: it is what clients get' % scope, reply.rcode(), dns.rcode.SERVFAIL)
        drills.drill('stop')
        report = drills.report()
        checks.check('%s: the verdict says so' % scope, '%s alone carries 1 zone' %
                     scope.split(':')[1] in report['verdict'], report['verdict'])
    good = wait_for(lambda: drills.ask('www.' + drills.stub).rcode() == dns.rcode.NOERROR and
                    drills.ask('h40.' + drills.stub).flags & dns.flags.AD, 10)
    checks.check('the pool answers again', good)


def of_the_clock(checks, drills):
    zones = [z['zone'] for z in drills.zones if z['kind'] == 'ordinary-signed-single' and
             z['providers'] == ['b']]
    run = drills.drill('start', '--scope', 'clock', '--fault', 'skew=63072000', check=False)
    checks.check('a clock that is two years ahead is refused', run.returncode == 2, run.stdout)
    drills.drill('start', '--scope', 'clock', '--fault', 'skew=31536000', '--for', '20')
    reply = drills.ask('www.' + zones[3])
    checks.equal('signatures have expired by it', (reply.rcode(), [
        o.code for o in reply.options if o.otype == 15]), (dns.rcode.SERVFAIL, [7]))
    checks.equal('drill stop ends it', drills.drill('stop').returncode, 0)
    checks.equal('it is said to be stopped', drills.report()['end'], 'stopped')
    good = wait_for(lambda: drills.ask('www.' + zones[4]).flags & dns.flags.AD, 10)
    checks.check('signatures are valid again', good)


def remembered(checks, drills):
    daemon = drills.daemon
    drills.drill('start', '--scope', 'zone:nowhere.example', '--fault', 'drop', '--for', '600')
    before = {r['number']: r for r in json.loads(drills.drill('report', '--all', '--json').stdout)}
    checks.equal('the daemon stops with status 0', daemon.stop(), 0)
    daemon.start()
    checks.check('no drill runs after a restart', not drills.status()['running'])
    after = {r['number']: r for r in json.loads(drills.drill('report', '--all', '--json').stdout)}
    checks.equal('all drills are remembered', sorted(after), sorted(before))
    last = max(before)
    checks.equal('the one that ran was ended by the stop', after[last]['end'], 'stopped')
    for number in sorted(before)[:-2]:  # the last but one was still watched
        checks.equal('drill %d is as it was' % number, after[number], before[number])
    run = drills.drill('start', '--scope', 'uplink', '--fault', 'delay=1', '--for', '1')
    checks.check('numbers go on', 'drill %d begins' % (last + 1) in run.stdout, run.stdout)


def main():
    checks = Checks()
    info = lab_info()
    with open(info['files']['manifest.json']) as stream:
        stub = [z for z in json.load(stream)['zones'] if z['kind'] == 'ordinary-signed-single' and
                z['providers'] == ['c']][-1]
    with Assayd(info, extra=POOL.format(address=stub['addresses'][0], zone=stub['zone'])) as daemon:
        drills = Drills(checks, info, daemon)
        drills.stub = stub['zone']
        for part in (planned, under_load, aborted, of_a_pool, of_the_clock, remembered):
            checks.run(part, drills)
        checks.equal('the daemon stops with status 0 in a drill, too', daemon.stop(), 0)
    checks.done()


if __name__ == '__main__':
    main()
