#!/usr/bin/python3
"""Alarms with the rights that the shipped unit leaves: by AF_XDP, as the user of the package, under its
capabilities and its filter of system calls, what breaks beneath the daemon is told, and over when it is mended.
How long each took is printed, by the guest's clock. (The same without a filter: tests/e2e/test_alarms.py.) Needs
root and what `scripts/setup vm` installs, exit status 77 without. One TAP line for each check.

    test_alarms.py [--contained]    in namespaces of this machine instead, without what changes its clock
"""
import json
import os
import re
import signal
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), 'e2e')]
from checks import Checks, wait_for  # noqa: E402
from contained import Contained, own_namespace  # noqa: E402
from machine import Machine, needed  # noqa: E402
from resolver import CROWDED  # noqa: E402
import service  # noqa: E402

DAY_S = 86400
METRICS = '203.0.113.9'
# A veth takes an XDP program only while its peer sends by no more queues than it receives on.
NETWORK = service.NETWORK + service.VETH.replace(
    'link add near0', 'link add near0 numrxqueues 4 numtxqueues 4') + '''\
ethtool -L near0 rx 1 tx 1 || true
ip netns exec far ethtool -L far0 rx 1 tx 1 || true
'''
PREPARE = '''
grep -q ^assay: /etc/passwd || {
	echo 'assay:x:990:990::/nonexistent:/usr/sbin/nologin' >>/etc/passwd
	echo 'assay:x:990:' >>/etc/group
}
mkdir -p /var/lib/assay
echo 'tmpfs /var/lib/assay tmpfs size=4M,mode=700 0 0' >>/etc/fstab
''' + service.PREPARE

ROOT = '''\
$ORIGIN .
$TTL 3600
@ SOA ns. hostmaster. 1 3600 600 86400 60
@ NS ns.
ns. A %s
www.vm.test. A 192.0.2.99
''' % service.SERVER

CONFIG = '''\
ports:
  - device: "net_af_xdp0,iface=near0,force_copy=1,busy_budget=0"
service: {addresses: [%s/24]}
cores: {poll: [1], control: 0, mode: %%(mode)s}
memory: {cache: 16M, packets: 64M, hugepages: off, tickets: 64}
access: {allow: [192.0.2.0/24]}
resolver: {local-zones: false, root-hints: /vm/hints}
upstream: {interface: up0%%(source)s}
trust: {anchor-files: [/vm/anchor]}
user: assay
zones:
  - {name: silent.test, type: stub, servers: [198.51.100.9]}
%%(more)s
''' % service.SERVICE


def config(mode='adaptive', source='', more='metrics: {address: "%s:9953"}' % METRICS):
    return CONFIG % {'mode': mode, 'source': source, 'more': more}


def fill(share):
    def day(days):
        return time.strftime('%Y%m%d', time.gmtime(time.time() + days * DAY_S))
    anchor = service.fill(share, NETWORK, zone='.', text=ROOT, before=day(-10), after=day(20))
    for name, text in (('anchor', anchor + '\n'), ('assayd.yaml', config()),
                       ('hints', '. 3600 IN NS ns.\nns. 3600 IN A %s\n' % service.SERVER)):
        with open(os.path.join(share, name), 'w') as stream:
            stream.write(text)


class Told:
    """What the daemon has logged, with the guest's time of each line, and what it says when it is asked."""

    def __init__(self, machine):
        self.machine = machine
        self.lines = []
        self.slowest_s = 0
        self.names = set()

    def read(self):
        text = self.machine.run('journalctl --no-pager -q -u assayd -o json --output-fields=MESSAGE '
                                '--cursor-file=/run/cursor').text
        for line in text.splitlines():
            entry = json.loads(line)
            self.lines.append((int(entry['__MONOTONIC_TIMESTAMP']) / 1e6, str(entry.get('MESSAGE', ''))))

    def after(self, began_s, words):
        """Seconds from began_s to the first line with these words. None when there is none."""
        self.read()
        return next((at_s - began_s for at_s, line in self.lines
                     if at_s >= began_s and all(word in line for word in words)), None)

    def did(self, command):
        """The guest's time at which a command was begun."""
        result = self.machine.run("cut -d' ' -f1 /proc/uptime; " + command, 120)
        return float(result.text.split()[0])

    def health(self):
        result = self.machine.run('assayctl health --json')
        return result.status, json.loads(result.text)['alarms'] if result.text else []

    def well(self):
        """Nothing is wrong but that the machine is crowded."""
        return not [a for a in self.health()[1] if a['name'] not in CROWDED]

    def end(self):
        return '\n'.join('%10.3f %s' % line for line in self.lines[-25:])


def raised(checks, told, what, began_s, name, words, brief=False, limit_s=10):
    took = wait_for(lambda: told.after(began_s, ('alarm %s: ' % name, words)), limit_s, 0.5)
    if not checks.check('%s: alarm %s' % (what, name), took is not None, told.end()):
        return None
    told.names.add(name)
    if not brief:
        status, alarms = told.health()
        found = [a for a in alarms if a['name'] == name and words in a['text']]
        checks.check('%s: health says it, and what to do' % what, found and found[0]['remedy'], alarms)
        checks.equal('%s: and its exit status' % what, status,
                     2 if any(a['severity'] == 'critical' for a in alarms) else 1)
    return took


def over(checks, told, what, began_s, name, limit_s=10):
    took = wait_for(lambda: told.after(began_s, ('alarm %s over after' % name,)), limit_s, 0.5)
    checks.check('%s: over' % what, took is not None, told.end())
    return took


def row(checks, told, what, broken, name, words, mended=None, **more):
    """Mended by a command, or by the daemon itself."""
    began_s = told.did(broken)
    took = raised(checks, told, what, began_s, name, words, brief=mended is None, **more)
    if took is None:
        told.did(mended or 'true')
        return
    told.slowest_s = max(told.slowest_s, took)
    began_s = told.did(mended) if mended else began_s
    gone = over(checks, told, what, began_s, name)
    if gone is not None:
        print('#| %s: %s after %.1f s, over after %.1f s' % (what, name, took, gone), flush=True)


# ---- what is broken ----

def starts_well(checks, told, machine):
    checks.check('it answers', service.answers(machine, 120).status == 0, service.told(machine))
    checks.equal('with the filter of system calls', machine.run(
        'grep -h Seccomp: /proc/$(systemctl show -P MainPID assayd)/status').text.split(), ['Seccomp:', '2'])
    checks.equal('as its user', machine.run('ps -o user= -p $(systemctl show -P MainPID assayd)').text.strip(), 'assay')


def metrics(checks, told):
    """Its address comes late; then the gauges are there."""
    raised(checks, told, 'no address for the metrics page', 0, 'metrics', METRICS)
    over(checks, told, 'no address for the metrics page', told.did('ip addr add %s/32 dev lo' % METRICS), 'metrics')
    checks.check('nothing else is wrong', wait_for(told.well, 10, 1), told.health())
    began_s = told.did('ip link set near0 down')
    raised(checks, told, 'the port is down', began_s, 'link', 'near0 is down')
    ask = ('bash -c "exec 3<>/dev/tcp/%s/9953; printf \'GET /metrics HTTP/1.0\\r\\n\\r\\n\' >&3; cat <&3" | '
           'grep "^assay_alarm{name=.link.*} 1"' % METRICS)
    checks.equal('and the gauge is 1', told.machine.wait(ask).status, 0)
    over(checks, told, 'the port is down', told.did('ip link set near0 up'), 'link')


ROWS = (
    ('no carrier', 'ip -n far link set far0 down', 'link', 'no carrier', 'ip -n far link set far0 up'),
    ('an address on the port', 'ip addr add 192.0.2.60/24 dev near0', 'port-address', '192.0.2.60',
     'ip addr del 192.0.2.60/24 dev near0'),
    ('queues that nobody polls', 'ethtool -L near0 rx 2', 'queues', 'ethtool -L near0 rx 1', 'ethtool -L near0 rx 1'),
    ('the upstream interface is down', 'ip link set up0 down', 'upstream-missing', 'up0 is down', 'ip link set up0 up'),
    ('the upstream interface has lost its address', 'ip addr del 198.51.100.2/24 dev up0', 'upstream-missing',
     'up0 has no address', 'ip addr add 198.51.100.2/24 dev up0'),
    ('the upstream interface has no route', 'ip route del 198.51.100.0/24 dev up0', 'upstream-missing', 'no route',
     'ip route add 198.51.100.0/24 dev up0'),
    ('the tap is down', 'ip link set assay0 down', 'tap', 'is down', 'ip link set assay0 up'),
    ('the tap has lost its address', 'ip addr del %s/24 dev assay0' % service.SERVICE, 'mended', 'put back'),
    ('the state cannot be written', 'chmod 500 /var/lib/assay', 'state', 'cannot be written',
     'chmod 700 /var/lib/assay'),
    ('the disk is full', 'dd if=/dev/zero of=/var/lib/assay/full bs=64k; true', 'disk', 'kB', 'rm /var/lib/assay/full'),
    ('a TLD is insecure', 'assayctl nta add com. 1h', 'tld-insecure', 'com.', 'assayctl nta remove com.'),
)


CLOCK = ('the clock is two months ahead', 'date --set @$(($(date +%%s) + %d))' % (60 * DAY_S), 'clock', 'ahead',
         'date --set @$(($(date +%%s) - %d))' % (60 * DAY_S))


def rows(checks, told):
    for each in ROWS:
        row(checks, told, *each)
    if isinstance(told.machine, Machine):
        row(checks, told, *CLOCK)


def taken_away_again_and_again(checks, told, machine, names=('icmp', 'unclaimed')):
    """Put back three times, then at growing distances only; what somebody else puts there is taken."""
    machine.run('nft list ruleset >/run/rules', check=True)
    for turn in range(1, 4):
        row(checks, told, 'nft flush ruleset, %d' % turn, 'nft flush ruleset', 'mended', 'put back')
        checks.check('the rules are back, %d' % turn, machine.wait(
            'test $(nft list tables | grep -c assay) = $(grep -c "^table.*assay" /run/rules)').status == 0,
                     machine.run('nft list tables; cat /run/rules').text)
    began_s = told.did('nft flush ruleset')
    for name in names:
        raised(checks, told, 'nft flush ruleset once more', began_s, name, 'tried again in')
    began_s = told.did('nft -f /run/rules')
    for name in names:
        over(checks, told, 'the rules as they were: ' + name, began_s, name)


def by_af_packet(checks, told, machine):
    """Where a table of nftables keeps the kernel silent instead of an XDP program."""
    restarted(checks, told, machine, 'a port of AF_PACKET', re.sub(
        'device: ".*"', 'device: "net_af_packet0,iface=near0"', config()))
    taken_away_again_and_again(checks, told, machine, ('nft', 'icmp', 'unclaimed'))
    restarted(checks, told, machine, 'a port of AF_XDP', config())


def programs(checks, told, machine):
    for turn in range(1, 4):
        row(checks, told, 'the XDP program is detached, %d' % turn, 'ip link set near0 xdp off', 'mended',
            'the XDP program on near0 was gone')
        checks.check('it is back, and questions are answered, %d' % turn,
                     machine.wait('ip link show near0 | grep -q prog/xdp').status == 0 and
                     service.answers(machine).status == 0, service.told(machine))
    began_s = told.did('ip link set near0 xdp off')
    raised(checks, told, 'the XDP program is detached once more', began_s, 'xdp', 'is gone')
    restarted(checks, told, machine, 'xdp')


def restarted(checks, told, machine, name, text=None):
    if text:
        machine.put('/etc/assay/assayd.yaml', text)
    told.did('systemctl restart assayd')
    checks.check('a restart mends it: %s' % name, service.answers(machine).status == 0 and wait_for(
        told.well, 10, 1), '%s\n%s' % (told.health(), service.told(machine)))


def taps(checks, told, machine):
    raised(checks, told, 'the tap is deleted', told.did('ip link del assay0'), 'tap', 'is gone')
    restarted(checks, told, machine, 'tap')


HOLD = '''
import ctypes, os, sys, time
libc = ctypes.CDLL('libc.so.6')
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
pid, name, seconds = int(sys.argv[1]), sys.argv[2], float(sys.argv[3])
tid = [int(t) for t in os.listdir('/proc/%d/task' % pid)
       if name == 'control' and int(t) == pid or open('/proc/%d/task/%s/comm' % (pid, t)).read().startswith(name)][0]
assert libc.ptrace(0x4206, tid, None, None) == 0 and libc.ptrace(0x4207, tid, None, None) == 0
os.waitpid(tid, 0x40000000)
print(open('/proc/uptime').read(), flush=True)
time.sleep(seconds)
print(open('/proc/uptime').read(), flush=True)
libc.ptrace(17, tid, None, None)
'''


def stands(checks, told, machine):
    """Threads that do nothing for some seconds; the watchdog of systemd would end it after ten."""
    machine.put('/run/hold.py', HOLD)
    for what, thread, seconds, line, name in (
            ('a poll-mode core stands', 'assay-poll-', 5, 'alarm core-stalled: ', 'core-stalled'),
            ('control stands', 'control', 5, 'control has done nothing for', 'control-stalled')):
        times = machine.run('/usr/bin/python3 /run/hold.py $(systemctl show -P MainPID assayd) %s %d' % (thread, seconds),
                            60, check=True).text.split()
        took = wait_for(lambda: told.after(float(times[0]), (line,)), 10, 0.5)
        checks.check('%s: it is said while it stands' % what, took is not None and took <= float(times[2]) -
                     float(times[0]), (times, told.end()))
        if took is not None:
            told.names.add(name)
            told.slowest_s = max(told.slowest_s, took)
            print('#| %s: %s after %.1f s' % (what, name, took), flush=True)
        checks.check('%s: over' % what, wait_for(lambda: not [a for a in told.health()[1] if a['name'] == name], 10, 1),
                     told.health())


FLOOD = '''
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.connect((sys.argv[1], 53))
for i in range(2000):
    label = b'n%d' % i
    s.send(b'\\x00\\x01\\x01\\x00\\x00\\x01\\x00\\x00\\x00\\x00\\x00\\x00' + bytes([len(label)]) + label +
           b'\\x06silent\\x04test\\x00\\x00\\x01\\x00\\x01')
'''


def runs_out(checks, told, machine):
    machine.put('/run/flood.py', FLOOD)
    began_s = told.did('ip netns exec far /usr/bin/python3 /run/flood.py %s' % service.SERVICE)
    for name, words in (('exhausted', 'ticket'), ('drops', 'want of room')):
        took = raised(checks, told, 'a flood of questions that nobody answers', began_s, name, words, brief=True)
        gone = over(checks, told, 'after the flood: ' + name, began_s, name)
        print('#| a flood of questions: %s after %s s, over after %s s' % (
            name, *(at and round(at, 1) for at in (took, gone))), flush=True)
    raised(checks, told, 'nor will anybody', began_s, 'pool-out', 'silent.test')
    restarted(checks, told, machine, 'pool-out')


def nobody_answers(checks, told, machine):
    began_s = told.did('systemctl kill -s STOP nsd-far; assayctl flush --all; '
                       'ip netns exec far dig +time=1 +tries=1 @%s www.vm.test' % service.SERVICE)
    for name in ('path-lost', 'canary'):
        took = raised(checks, told, 'no server answers', began_s, name, '', limit_s=20)
        print('#| no server answers: %s after %s s' % (name, took and round(took, 1)), flush=True)
    checks.equal('no server answers: another host is to be asked', machine.run('assayctl health --service').status, 1)
    began_s = told.did('systemctl kill -s CONT nsd-far')
    for name in ('path-lost', 'canary'):
        over(checks, told, 'servers answer again: ' + name, began_s, name, 30)


def other_settings(checks, told, machine):
    for name, text in (
            ('upstream-missing', config(source=', source: [198.51.100.77]')),
            ('open', config().replace('192.0.2.0/24', '0.0.0.0/0')),
            ('one-domain', config().replace(
                'zones:\n', 'zones:\n  - {name: corp.example, type: forward, servers: [10.0.0.1, 10.0.0.2]}\n')),
            ('root-bogus', config().replace('/vm/anchor', '/run/other'))):
        machine.run('sed "s/^\\(.*\\)[0-9a-f]\\{4\\}$/\\10000/" /vm/anchor >/run/other')
        machine.put('/etc/assay/assayd.yaml', text)
        began_s = told.did('systemctl restart --no-block assayd')
        raised(checks, told, 'another configuration', began_s, name, '', limit_s=20)
    restarted(checks, told, machine, 'the configuration as it was', config())


def core_waits(checks, told, machine):
    machine.put('/etc/assay/assayd.yaml', config(mode='busy'))
    machine.run('systemctl restart assayd', 60)
    # Its end is that of everything else on the machine, too.
    began_s = told.did('systemd-run -q --unit=spin taskset -c 1 sh -c "while :; do :; done"')
    took = raised(checks, told, "something else has the core's CPU", began_s, 'core-preempted', '')
    print("#| something else has the core's CPU: core-preempted after %s s" % (took and round(took, 1)), flush=True)
    told.did('systemctl stop spin')


def nothing_was_refused(checks, told, machine):
    kernel = 'dmesg | grep -iE "seccomp|type=1326|segfault"; ' if isinstance(machine, Machine) else ''
    killed = machine.run(kernel + 'journalctl -b --no-pager | grep -E "core-dump|SIGSYS|timed out. Terminating"').text
    checks.equal('no call was killed, nothing crashed or hung', killed, '')
    print('#| %d kinds of alarms with the unit\'s rights: %s' % (len(told.names), ', '.join(sorted(told.names))))
    print('#| the slowest of what was broken under it by a command: %.1f s' % told.slowest_s, flush=True)


def main():
    contained = '--contained' in sys.argv[1:]
    if contained:
        own_namespace()
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    else:
        needed()
    checks = Checks()
    with Contained(PREPARE) if contained else Machine(prepare=PREPARE, memory_mb=1536) as machine:
        fill(machine.share)
        machine.boot()
        told = Told(machine)
        checks.run(starts_well, told, machine)
        checks.run(metrics, told)
        checks.run(rows, told)
        for part in (stands, runs_out, nobody_answers, taken_away_again_and_again, by_af_packet, programs, taps,
                     other_settings, core_waits, nothing_was_refused):
            checks.run(part, told, machine)
    checks.done()


if __name__ == '__main__':
    main()
