#!/usr/bin/python3
"""What breaks under a running daemon is an alarm: in `assayctl health` and its exit status, `status`, the log
and the metrics page, and none any more when it is mended. Every row breaks something of its own namespaces
and mends it. (Those of zones and servers of the lab: test_trust, test_posture, test_explain.)"""
import ctypes
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

import dns.dnssec
import dns.exception
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.query
import dns.rcode
import dns.rdatatype
import dns.rrset
from cryptography.hazmat.primitives.asymmetric import ec

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from checks import Checks, wait_for  # noqa: E402
from resolver import ASSAYCTL, ASSAYD, CROWDED, Assayd, enter  # noqa: E402

RESOLVER, CLIENT = ('assay-alarms-%s%d' % (who, os.getpid()) for who in 'rc')
ROOT_SERVER = '198.18.200.2'
DAY = 86400


def ip(*words, check=True):
    return subprocess.run(['ip', *words], check=check, capture_output=True, text=True)


def inside(*words, check=True):
    return subprocess.run(['ip', 'netns', 'exec', RESOLVER, *words], check=check, capture_output=True,
                          text=True)


def make_place():
    drop_place()
    for name in (RESOLVER, CLIENT):
        ip('netns', 'add', name)
        ip('-n', name, 'link', 'set', 'lo', 'up')
    ip('link', 'add', 'ap0', 'netns', RESOLVER, 'numrxqueues', '4', 'numtxqueues', '4', 'type', 'veth',
       'peer', 'name', 'ac0', 'netns', CLIENT)
    ip('link', 'add', 'au0', 'netns', RESOLVER, 'type', 'veth', 'peer', 'name', 'as0', 'netns', CLIENT)
    # A veth takes an XDP program only while its peer sends by no more queues than it receives on.
    for name, link in ((RESOLVER, 'ap0'), (CLIENT, 'ac0')):
        ip('netns', 'exec', name, 'ethtool', '-L', link, 'rx', '1', 'tx', '1', check=False)
    for name, link, address in ((RESOLVER, 'ap0', None), (CLIENT, 'ac0', '198.18.201.2/24'),
                                (RESOLVER, 'au0', '198.18.200.1/24'), (CLIENT, 'as0', ROOT_SERVER + '/24')):
        if address:
            ip('-n', name, 'addr', 'add', address, 'dev', link)
        ip('-n', name, 'link', 'set', link, 'up')


def drop_place():
    for name in (RESOLVER, CLIENT):
        ip('netns', 'del', name, check=False)


class Root:
    """A root server of its own with nothing below it; its keys are signed for a month."""

    def __init__(self, folder):
        key = ec.generate_private_key(ec.SECP256R1())
        public = dns.dnssec.make_dnskey(key.public_key(), 13, flags=257)
        now = int(time.time())
        self.sets = {}
        for kind, text in (('DNSKEY', public.to_text()), ('NS', 'ns.root.'),
                           ('SOA', 'ns.root. root. 1 1800 900 604800 60')):
            data = dns.rrset.from_text('.', 3600, 'IN', kind, text)
            sig = dns.dnssec.sign(data, key, dns.name.root, public, inception=now - 10 * DAY,
                                  expiration=now + 20 * DAY)
            self.sets[dns.rdatatype.from_text(kind)] = (
                data, dns.rrset.from_rdata('.', 3600, sig))
        self.hints = os.path.join(folder, 'root.hints')
        self.anchor = os.path.join(folder, 'anchor.ds')
        with open(self.hints, 'w') as stream:
            stream.write('. 3600 IN NS ns.root.\nns.root. 3600 IN A %s\n' % ROOT_SERVER)
        with open(self.anchor, 'w') as stream:
            stream.write('. IN DS %s\n' % dns.dnssec.make_ds('.', public, 'SHA256').to_text())
        self.socket, self.child = None, 0

    def serve(self):
        """In a child, inside of CLIENT's namespace, where the caller is."""
        self.child = os.fork()
        if self.child:
            return
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                sock.bind((ROOT_SERVER, 53))
                while True:
                    wire, client = sock.recvfrom(4096)
                    sock.sendto(self.answer(wire), client)
        finally:
            os._exit(0)

    def answer(self, wire):
        query = dns.message.from_wire(wire)
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.AA
        question = query.question[0]
        if question.name == dns.name.root and question.rdtype in self.sets:
            reply.answer += self.sets[question.rdtype]
        else:
            reply.authority += self.sets[dns.rdatatype.SOA]
        return reply.to_wire()

    def end(self):
        if self.child:
            os.kill(self.child, signal.SIGKILL)
            os.waitpid(self.child, 0)
            self.child = 0


# ---- what is asked of the daemon ----

def health(daemon, *words):
    run = subprocess.run([ASSAYCTL, '-s', daemon.socket, 'health', '--json', *words], capture_output=True,
                         text=True)
    return run.returncode, json.loads(run.stdout) if run.stdout else {'alarms': []}


def alarm(daemon, name, words=''):
    return [a for a in health(daemon)[1]['alarms'] if a['name'] == name and words in a['text']]


def gauge(daemon, name):
    command = ('import urllib.request as r; print([l[-1] for l in r.urlopen("http://127.0.0.1:9953/metrics", '
               'timeout=5).read().decode().splitlines() if l.startswith("assay_alarm{name=\\"%s\\"")][0])'
               % name)
    return inside(sys.executable, '-c', command, check=False).stdout.strip()


BROKEN = {'alarmed': set(), 'refused': set(), 'silent': set()}


def raised(checks, daemon, what, name, words='', brief=False, limit=3):
    """An alarm that mends itself may be over before it is asked for in every way: brief. limit: seconds, with
    the time that it takes to know it."""
    began = time.monotonic()
    found = wait_for(lambda: alarm(daemon, name, words), limit)
    BROKEN['alarmed' if found else 'silent'].add((daemon.driver, what))
    took = time.monotonic() - began
    if not checks.check('%s: alarm %s after %.1f s' % (what, name, took), bool(found), health(daemon)):
        return
    checks.check('%s: a line of the log, with the remedy' % what,
                 'alarm %s: ' % name in daemon.log_text() and found[0]['remedy'] in daemon.log_text(),
                 daemon.log_text()[-2000:])
    if brief:
        return
    status, told = health(daemon)
    checks.equal('%s: the exit status says it' % what, status,
                 2 if any(a['severity'] == 'critical' for a in told['alarms']) else 1)
    checks.equal('%s: and whether to ask another host' % what, health(daemon, '--service')[1]['well'],
                 not any(a['severity'] == 'critical' for a in health(daemon)[1]['alarms']))
    checks.check('%s: status says it' % what, 'ALARM: ' in daemon.ctl('status').stdout)
    checks.check('%s: the gauge is 1' % what, wait_for(lambda: gauge(daemon, name) == '1', 3, 0.3))


def over(checks, daemon, what, name, words='', limit=3):
    began = time.monotonic()
    gone = wait_for(lambda: not alarm(daemon, name, words), limit)
    checks.check('%s: over %.1f s after it was mended' % (what, time.monotonic() - began), bool(gone),
                 health(daemon))
    checks.check('%s: with a line of the log' % what, 'alarm %s over after' % name in daemon.log_text())
    checks.check('%s: the gauge is 0' % what,
                 wait_for(lambda: alarm(daemon, name) or gauge(daemon, name) == '0', 3, 0.3))


def ask(daemon, name):
    """A response, SERVFAIL where none came in time."""
    query = dns.message.make_query(name, 'A', want_dnssec=True)
    try:
        return dns.query.udp(query, daemon.service4, timeout=6)
    except (dns.exception.Timeout, OSError):
        reply = dns.message.make_response(query)
        reply.set_rcode(dns.rcode.SERVFAIL)
        return reply


# ---- what is broken ----

def links(checks, daemon):
    ip('-n', RESOLVER, 'link', 'set', 'ap0', 'down')
    raised(checks, daemon, 'the port is down', 'link', 'ap0 is down')
    ip('-n', RESOLVER, 'link', 'set', 'ap0', 'up')
    over(checks, daemon, 'the port is down', 'link')
    ip('-n', CLIENT, 'link', 'set', 'ac0', 'down')
    raised(checks, daemon, 'no carrier', 'link', 'no carrier')
    ip('-n', CLIENT, 'link', 'set', 'ac0', 'up')
    over(checks, daemon, 'no carrier', 'link')


def ways(checks, daemon):
    ip('-n', RESOLVER, 'link', 'set', 'au0', 'down')
    raised(checks, daemon, 'the upstream interface is down', 'upstream-missing', 'au0 is down')
    ip('-n', RESOLVER, 'link', 'set', 'au0', 'up')
    over(checks, daemon, 'the upstream interface is down', 'upstream-missing')


def way_without_an_address(checks, daemon):
    """The link stays; with the last address its routes go, too. Then the address alone is there again."""
    ip('-n', RESOLVER, 'addr', 'del', '198.18.200.1/24', 'dev', 'au0')
    raised(checks, daemon, 'the upstream interface has lost its address', 'upstream-missing', 'au0 has no address')
    ip('-n', RESOLVER, 'addr', 'add', '198.18.200.1/24', 'dev', 'au0')
    over(checks, daemon, 'the upstream interface has lost its address', 'upstream-missing')
    ip('-n', RESOLVER, 'route', 'del', '198.18.200.0/24', 'dev', 'au0')
    raised(checks, daemon, 'the upstream interface has no route', 'upstream-missing', 'no route to any server')
    ip('-n', RESOLVER, 'route', 'add', '198.18.200.0/24', 'dev', 'au0')
    over(checks, daemon, 'the upstream interface has no route', 'upstream-missing')


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


def tables(checks, daemon, name, table):
    """Ours are put back, which is a warning, and left alone for a while when somebody takes them away again and
    again."""
    for turn in range(1, 4):
        inside('nft', 'delete', 'table', *table)
        raised(checks, daemon, 'nftables table deleted, %d' % turn, 'mended', 'put back', brief=True)
        checks.equal('another host need not be asked, %d' % turn, health(daemon, '--service')[0], 0)
        checks.equal('it is back, %d' % turn,
                     wait_for(lambda: inside('nft', 'list', 'table', *table, check=False).returncode == 0, 3), True)
        over(checks, daemon, 'nftables table deleted, %d' % turn, 'mended')
    rules = inside('nft', 'list', 'table', *table).stdout
    inside('nft', 'delete', 'table', *table)
    raised(checks, daemon, 'nobody is fought', name, 'tried again in ')
    checks.check('it stays away', inside('nft', 'list', 'table', *table, check=False).returncode != 0)
    with tempfile.NamedTemporaryFile('w', suffix='.nft') as stream:
        stream.write(rules)
        stream.flush()
        inside('nft', '-f', stream.name)
    over(checks, daemon, 'the operator has put it back', name)


def taps(checks, daemon):
    ip('-n', RESOLVER, 'addr', 'del', daemon.service4 + '/24', 'dev', 'assay0')
    raised(checks, daemon, 'an address of the tap is deleted', 'mended', 'put back', brief=True)
    over(checks, daemon, 'an address of the tap is deleted', 'mended')
    checks.check('it has it again', daemon.service4 in ip('-n', RESOLVER, 'addr', 'show', 'assay0').stdout)
    for turn in range(2):
        inside('sysctl', '-qw', 'net.ipv6.conf.assay0.disable_ipv6=1')
        raised(checks, daemon, 'the tap takes no IPv6 address, %d' % turn, 'tap', 'ip address add')
        inside('sysctl', '-qw', 'net.ipv6.conf.assay0.disable_ipv6=0')
        over(checks, daemon, 'the tap takes no IPv6 address, %d' % turn, 'tap')
        checks.check('it has it again, %d' % turn,
                     wait_for(lambda: daemon.service6 in ip('-n', RESOLVER, 'addr', 'show', 'assay0').stdout, 3))
    ip('-n', RESOLVER, 'link', 'set', 'assay0', 'down')
    raised(checks, daemon, 'the tap is down', 'tap', 'is down')
    ip('-n', RESOLVER, 'link', 'set', 'assay0', 'up')
    over(checks, daemon, 'the tap is down', 'tap')


def threads(daemon):
    folder = '/proc/%d/task' % pid(daemon)
    found = {}
    for tid in os.listdir(folder):
        with open('%s/%s/comm' % (folder, tid)) as stream:
            found[int(tid)] = stream.read().strip()
    return found


def pid(daemon):
    return json.loads(daemon.ctl('status', '--json').stdout)['pid']


class Held:
    """A thread that stands for as long as the block takes."""

    def __init__(self, tid):
        self.tid, self.libc = tid, ctypes.CDLL('libc.so.6', use_errno=True)
        self.libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]

    def ptrace(self, request):
        if self.libc.ptrace(request, self.tid, None, None) != 0:
            raise OSError(ctypes.get_errno(), 'ptrace %#x' % request)

    def __enter__(self):
        self.ptrace(0x4206)  # PTRACE_SEIZE
        self.ptrace(0x4207)  # PTRACE_INTERRUPT
        os.waitpid(self.tid, 0x40000000)  # __WALL

    def __exit__(self, *error):
        self.ptrace(17)  # PTRACE_DETACH


def control_stands(checks, daemon):
    process = pid(daemon)
    with Held(process):
        checks.check('control stands: a line of the log',
                     wait_for(lambda: 'control has done nothing for' in daemon.log_text(), 3))
        checks.check('control stands: the gauge is 1',
                     wait_for(lambda: gauge(daemon, 'control-stalled') == '1', 3, 0.3))
        run = subprocess.run([ASSAYCTL, '-s', daemon.socket, 'health', '--service'], capture_output=True)
        checks.equal('control stands: health does not wait for it', run.returncode, 3)
    over(checks, daemon, 'control stands', 'control-stalled')
    checks.check('control stands: how long is said afterwards', 'control stood for' in daemon.log_text())


def core_stands(checks, daemon):
    lcore = [tid for tid, comm in threads(daemon).items() if comm.startswith('assay-poll-')][0]
    with Held(lcore):
        raised(checks, daemon, 'a poll-mode core stands', 'core-stalled')
    over(checks, daemon, 'a poll-mode core stands', 'core-stalled')


def core_waits(checks, daemon):
    cpu = '1' if (os.cpu_count() or 1) > 1 else '0'
    spin = subprocess.Popen(['taskset', '-c', cpu, sys.executable, '-c', 'while True: pass'])
    try:
        raised(checks, daemon, 'something else has the core\'s CPU', 'core-preempted')
    finally:
        spin.kill()
        spin.wait()


def runs_out(checks, daemon):
    """More questions than tickets, about names that nobody answers for."""
    queries = [dns.message.make_query('n%d.nowhere.' % i, 'A').to_wire() for i in range(4000)]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(('198.18.201.2', 0))
        sock.connect((daemon.service4, 53))

        def flood():
            for query in queries:
                sock.send(query)
            return alarm(daemon, 'exhausted', 'ticket') and alarm(daemon, 'drops')
        checks.check('tickets run out: alarms exhausted and drops', wait_for(flood, 5), health(daemon))
    over(checks, daemon, 'tickets run out', 'exhausted')
    over(checks, daemon, 'tickets run out', 'drops')


def states(checks, daemon, folder):
    os.chmod(folder, 0o500)
    raised(checks, daemon, 'the state cannot be written', 'state', 'cannot be written')
    os.chmod(folder, 0o700)
    over(checks, daemon, 'the state cannot be written', 'state')
    with open(os.path.join(folder, 'full'), 'wb') as stream:
        try:
            while True:
                stream.write(bytes(65536))
                stream.flush()
        except OSError:
            pass
    raised(checks, daemon, 'the disk is full', 'disk', 'kB')
    os.unlink(os.path.join(folder, 'full'))
    over(checks, daemon, 'the disk is full', 'disk')


def states_at_the_start(checks, make, folder):
    """One alarm for one cause, and none any more when the state has been written."""
    os.chmod(folder, 0o500)
    try:
        with make() as daemon:
            raised(checks, daemon, 'no right to write the state', 'state', 'cannot be written')
            wait_for(lambda: 'cannot be made' in daemon.log_text(), 5)
            wait_for(lambda: len(alarm(daemon, 'state')) > 1, 2.5)
            checks.equal('one alarm for it', len(alarm(daemon, 'state')), 1)
            os.chmod(folder, 0o700)
            over(checks, daemon, 'no right to write the state', 'state', limit=6)
    finally:
        os.chmod(folder, 0o700)
    path = os.path.join(folder, 'trust.state')
    for what in ('a damaged state', 'a folder in its place'):
        for old in (path, path + '.unused'):
            if os.path.exists(old):
                os.unlink(old)
        if what == 'a damaged state':
            with open(path, 'w') as stream:
                stream.write('nonsense\n')
        else:
            os.mkdir(path)
        with make() as daemon:
            checks.check('%s: a line of the log' % what, 'the configured trust anchors hold' in daemon.log_text(),
                         daemon.log_text())
            checks.check('%s: no alarm once it is written anew' % what,
                         wait_for(lambda: os.path.isfile(path) and not alarm(daemon, 'state'), 6), health(daemon))
            checks.check('%s: it is kept' % what, os.path.exists(path + '.unused'), os.listdir(folder))


def exceptions(checks, daemon):
    daemon.ctl('nta', 'add', 'com.', '1h')
    raised(checks, daemon, 'a TLD is insecure', 'tld-insecure', 'com.')
    daemon.ctl('nta', 'remove', 'com.')
    over(checks, daemon, 'a TLD is insecure', 'tld-insecure')


def channels(checks, daemon):
    if inside('ethtool', '-L', 'ap0', 'rx', '2', check=False).returncode != 0:
        checks.skip('queues that nobody polls', 'the kernel does not change a veth\'s queues here')
        return
    raised(checks, daemon, 'queues that nobody polls', 'queues', 'ethtool -L ap0 rx 1')
    inside('ethtool', '-L', 'ap0', 'rx', '1')
    over(checks, daemon, 'queues that nobody polls', 'queues')


def several_queues(checks, make):
    """Ports are queues: an interface that is down is one alarm."""
    if inside('ethtool', '-L', 'ap0', 'rx', '2', check=False).returncode != 0:
        checks.skip('several queues', 'the kernel does not change a veth\'s queues here')
        return
    try:
        with make(driver='af_xdp') as daemon:
            checks.check('each queue is a port', 'port 1' in daemon.ctl('status').stdout, daemon.ctl('status').stdout)
            ip('-n', RESOLVER, 'link', 'set', 'ap0', 'down')
            raised(checks, daemon, 'an interface of two queues is down', 'link', 'ap0 is down')
            checks.equal('one alarm for it', len(alarm(daemon, 'link')), 1)
            ip('-n', RESOLVER, 'link', 'set', 'ap0', 'up')
            over(checks, daemon, 'an interface of two queues is down', 'link')
    finally:
        inside('ethtool', '-L', 'ap0', 'rx', '1')


def programs(checks, daemon):
    """Ours is put back, and questions are answered again; not for ever where somebody takes it away again and again."""
    def attached():
        return 'prog/xdp' in ip('-n', RESOLVER, 'link', 'show', 'ap0').stdout

    def answered():
        try:
            return dns.query.udp(dns.message.make_query('.', 'NS'), daemon.service4, timeout=1).answer
        except dns.exception.Timeout:
            return False
    checks.check('by XDP questions are answered', wait_for(answered, 9))
    for turn in range(1, 4):
        inside('ip', 'link', 'set', 'ap0', 'xdp', 'off')
        raised(checks, daemon, 'the XDP program is detached, %d' % turn, 'mended', 'the XDP program on ap0 was gone',
               brief=True)
        checks.check('it is back, %d' % turn, wait_for(attached, 3))
        checks.check('and questions are answered, %d' % turn, wait_for(answered, 9))
        over(checks, daemon, 'the XDP program is detached, %d' % turn, 'mended')
    inside('ip', 'link', 'set', 'ap0', 'xdp', 'off')
    raised(checks, daemon, 'the XDP program is detached once more', 'xdp', 'is gone')
    checks.equal('it stops all the same', daemon.stop(), 0)
    daemon.start()
    checks.check('a restart mends it', wait_for(lambda: attached() and not alarm(daemon, 'xdp'), 5), health(daemon))
    checks.check('and questions are answered', wait_for(answered, 9))


def gone_for_good(checks, daemon, what, command, name, words):
    inside(*command)
    raised(checks, daemon, what, name, words)
    checks.equal('%s: it stops all the same' % what, daemon.stop(), 0)
    daemon.start()
    wait_for(lambda: json.loads(daemon.ctl('health', '--json', check=False).stdout), 3)
    checks.check('%s: a restart mends it' % what, wait_for(lambda: not alarm(daemon, name), 3), health(daemon))


def clock_jumps(checks, make):
    """Set ahead by months while it runs: told at once, and for as long as it is so."""
    with tempfile.NamedTemporaryFile() as offset:
        offset.write(struct.pack('=q', 0))
        offset.flush()
        with make(extra='test-clock: %s\n' % offset.name) as daemon:
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
        wait_for(lambda: ask(daemon, 'here.').rcode() == dns.rcode.NOERROR, 10)
        root.end()
        ask(daemon, 'gone.')
        raised(checks, daemon, 'no server answers any more', 'path-lost', limit=10)
        root.serve()
        over(checks, daemon, 'no server answers any more', 'path-lost', limit=8)


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
            ('a tap with the name of another interface', 'tap lo', dict(tap='lo')),
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


def killed(checks, make):
    """What a killed process leaves in the kernel is taken over by the next one, and gone when that one ends."""
    def tables():
        return sorted(line for line in inside('nft', 'list', 'tables').stdout.splitlines() if 'assay' in line)

    with make() as daemon:
        before = tables()
        checks.check('three tables of ours, of which one is for ARP',
                     len(before) == 3 and any(' arp ' in line for line in before), before)
        daemon.kill()
        checks.equal('killed: its tables are left', tables(), before)
        daemon.start()
        checks.equal('the next start has them, each once', tables(), before)
        rules = inside('nft', 'list', 'ruleset').stdout
        checks.equal('and no rule twice', len([line for line in rules.splitlines() if 'arp' in line and 'drop' in line]),
                     len({line for line in rules.splitlines() if 'arp' in line and 'drop' in line}))
        wait_for(lambda: 'signed by a trust anchor' in daemon.ctl('anchors').stdout, 5)
        checks.check('nothing is wrong with them', wait_for(lambda: not daemon.alarms(), 5), health(daemon))
        checks.equal('it ends as it was told to', daemon.stop(), 0)
        checks.equal('none is left then', tables(), [])


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


def main():
    checks = Checks()
    make_place()
    folder = tempfile.mkdtemp(prefix='assay-alarms-')
    disk = os.path.join(folder, 'disk')
    os.mkdir(disk)
    subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=4M,mode=700', 'tmpfs', disk], check=True)
    os.chmod(folder, 0o711)
    root = Root(folder)
    enter(CLIENT)
    ip('link', 'set', 'ac0', 'up')
    root.serve()
    info = {'namespaces': {'resolver': RESOLVER, 'client': CLIENT},
            'resolver': {'port_interface': 'ap0', 'upstream_interface': 'au0',
                         'service_addresses': ['198.18.201.53', '2001:db8:201::53']},
            'files': {'root.hints': root.hints, 'anchor.ds': root.anchor}}

    def make(driver='af_packet', extra='', metrics='127.0.0.1:9953', control_extra='', **changes):
        values = dict(state=os.path.join(disk, 'trust.state'), tickets=64) | changes
        if control_extra:
            values['socket'] = '%s, %s' % (os.path.join(folder, 'groups.sock'), control_extra)
        daemon = Assayd(info, driver=driver, extra='metrics: {address: "%s"}\n' % metrics + extra, **values)
        daemon.driver = driver
        return daemon

    only = sys.argv[1:]

    def run(function, *arguments):
        if not only or function.__name__ in only:
            checks.run(function, *arguments)
    try:
        run(quiet, make)
        with make() as daemon:
            for function in (links, ways, way_without_an_address, taps, control_stands, core_stands, runs_out, exceptions):
                run(function, daemon)
            run(states, daemon, disk)
            run(tables, daemon, 'nft', ('netdev', 'assay_ap0'))
            run(tables, daemon, 'icmp', ('inet', 'assay_upstream_au0_of_ap0'))
            run(tables, daemon, 'unclaimed', ('arp', 'assay_claim_assay0'))
            run(gone_for_good, daemon, 'the tap is deleted', ('ip', 'link', 'del', 'assay0'), 'tap', 'is gone')
        with make(driver='af_xdp') as daemon:
            run(links, daemon)
            run(channels, daemon)
            run(programs, daemon)
        run(states_at_the_start, make, disk)
        run(source_lost, make)
        run(several_queues, make)
        busy = make()
        with open(busy.config) as stream:
            text = stream.read()
        with open(busy.config, 'w') as stream:
            stream.write(text.replace('mode: adaptive', 'mode: busy'))
        with busy as daemon:
            run(core_waits, daemon)
        run(killed, make)
        run(canaries, make, root)
        run(clocks, make)
        run(clock_jumps, make)
        run(settings, make)
        run(anchors, make, root, folder)
        run(unanswered, make, root)
        run(refusals, make, folder)
    finally:
        root.end()
        subprocess.run(['umount', disk])
        subprocess.run(['rm', '-r', folder])
        drop_place()
    print('# broken environments: %d alarmed, %d refused, %d silent' % tuple(
        len(BROKEN[key]) for key in ('alarmed', 'refused', 'silent')))
    if not only:
        checks.check('30 broken environments and more, none of them silent',
                     len(BROKEN['alarmed']) + len(BROKEN['refused']) >= 30 and not BROKEN['silent'], BROKEN)
    checks.done()


if __name__ == '__main__':
    main()
