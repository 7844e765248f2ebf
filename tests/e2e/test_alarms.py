#!/usr/bin/python3
"""What breaks under a running daemon is an alarm: in `assayctl health` and its exit status, `status`, the log
and the metrics page, and none any more when it is mended. Every row breaks something of its own namespaces
and mends it: interfaces, threads, the disk, what the kernel keeps for us. (Upstream, clock and configuration:
test_alarms_service; zones and servers of the lab: test_trust, test_posture, test_explain.)"""
import contextlib
import ctypes
import json
import os
import socket
import subprocess
import sys
import tempfile

import dns.exception
import dns.message
import dns.query

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from alarms import (RESOLVER, CLIENT, METRICS, ROOT_SERVER, alarm, ask, gauge, health, in_namespace, inside, ip, main,  # noqa: E402
                    over, raised)
from checks import PATIENCE, wait_for  # noqa: E402
from resolver import ASSAYCTL, ASSAYD, CROWDED  # noqa: E402


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


def way_without_ipv4(checks, daemon):
    """The servers are of IPv4 alone; an address of the other family, and its route, are no way to them."""
    ip('-n', RESOLVER, 'addr', 'add', '2001:db8:200::1/64', 'dev', 'au0', 'nodad')
    ip('-n', RESOLVER, 'addr', 'del', '198.18.200.1/24', 'dev', 'au0')
    raised(checks, daemon, 'the upstream interface has lost its IPv4 address', 'upstream-missing', 'au0 has no IPv4 address')
    ip('-n', RESOLVER, 'addr', 'add', '198.18.200.1/24', 'dev', 'au0')
    over(checks, daemon, 'the upstream interface has lost its IPv4 address', 'upstream-missing')
    ip('-n', RESOLVER, 'addr', 'del', '2001:db8:200::1/64', 'dev', 'au0')


def service_elsewhere(checks, daemon):
    """Somebody puts an address of ours on another interface of the host as well."""
    for address, length in ((daemon.service4, 32), (daemon.service6, 128)):
        what = '%s on au0, too' % address
        ip('-n', RESOLVER, 'addr', 'add', '%s/%d' % (address, length), 'dev', 'au0')
        raised(checks, daemon, what, 'service-address', 'ip address delete %s dev au0' % address)
        ip('-n', RESOLVER, 'addr', 'del', '%s/%d' % (address, length), 'dev', 'au0')
        over(checks, daemon, what, 'service-address')
    ip('-n', RESOLVER, 'addr', 'add', '%s/32' % daemon.service4, 'dev', 'lo')
    looks = daemon.stats()['control.canary_rounds']
    wait_for(lambda: daemon.stats()['control.canary_rounds'] > looks + 2, 15)
    checks.check('on the loopback interface it answers nobody\'s ARP', not alarm(daemon, 'service-address'), health(daemon))
    ip('-n', RESOLVER, 'addr', 'del', '%s/32' % daemon.service4, 'dev', 'lo')


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


def mac(interface):
    return ip('-n', RESOLVER, '-o', 'link', 'show', interface).stdout.split('link/ether ')[1].split()[0]


def answers(daemon):
    """By UDP, TCP and ping, both families."""
    ip('addr', 'replace', '2001:db8:201::2/64', 'dev', 'ac0', 'nodad')
    query = dns.message.make_query('version.bind.', 'TXT', 'CH')
    for address in (daemon.service4, daemon.service6):
        try:
            dns.query.udp(query, address, timeout=20)
            dns.query.tcp(query, address, timeout=20)
        except (dns.exception.DNSException, OSError) as error:
            print('# %s does not answer: %r' % (address, error))
            return False
        if subprocess.run(['ping', '-c', '1', '-W', '20', address], capture_output=True).returncode != 0:
            print('# %s does not answer a ping' % address)
            return False
    return True


def tap_settings(checks, daemon):
    """What neighbours are told by ARP and ND is the tap's hardware address. Three times it is put back; after that
    nobody is fought."""
    wanted = mac('ap0')
    inside('ip', 'link', 'add', 'br0', 'type', 'bridge')
    for what, words in (('another MAC address', ('address', '02:00:00:00:00:77')), ('ARP off', ('arp', 'off')),
                        ('a bridge', ('master', 'br0'))):
        for address in (daemon.service4, daemon.service6):  # a neighbour that learns of it at once
            ip('neigh', 'replace', address, 'lladdr', '02:00:00:00:00:77', 'dev', 'ac0', 'nud', 'permanent')
            ip('neigh', 'change', address, 'lladdr', '02:00:00:00:00:77', 'dev', 'ac0', 'nud', 'reachable')
        inside('ip', 'link', 'set', 'assay0', *words)
        raised(checks, daemon, 'the tap has ' + what, 'mended', 'the tap assay0 had', brief=True)
        for address in (daemon.service4, daemon.service6):
            checks.check('%s: neighbours are told of its own, %s' % (what, address),
                         wait_for(lambda: wanted in ip('neigh', 'show', address).stdout, 3),
                         ip('neigh', 'show', address).stdout)
        checks.equal('%s: it has its own again' % what, mac('assay0'), wanted)
        shown = inside('ip', '-o', 'link', 'show', 'assay0').stdout
        checks.check('%s: and is as it was' % what, 'NOARP' not in shown and 'master' not in shown, shown)
        ip('neigh', 'flush', 'dev', 'ac0')
        checks.check('%s: who asks by ARP is answered' % what, answers(daemon))
        over(checks, daemon, 'the tap has ' + what, 'mended')
    inside('ip', 'link', 'del', 'br0')

    def once_more():
        inside('ip', 'link', 'set', 'assay0', 'mtu', '1400')
        return alarm(daemon, 'tap', 'another MTU')
    checks.check('nobody is fought', wait_for(once_more, 10), health(daemon))
    raised(checks, daemon, 'the tap keeps another MTU', 'tap', 'tried again in ')
    words = alarm(daemon, 'tap', 'another MTU')[0]['text'].split('(ip ')[1].split(')')[0]
    inside('ip', *words.split())
    over(checks, daemon, 'the tap keeps another MTU', 'tap')


def tap_routes(checks, daemon):
    """The addresses stand, and the kernel answers nobody: somebody has cleaned its tables."""
    own = ('route', 'del', 'local'), ('dev', 'assay0', 'table', 'local')
    breaks = {'the network': ('ip', 'route', 'del', '198.18.201.0/24', 'dev', 'assay0'),
              'the IPv6 network': ('ip', '-6', 'route', 'flush', 'dev', 'assay0'),
              'the address itself': ('ip', *own[0], daemon.service4, *own[1]),
              'the IPv6 address itself': ('ip', '-6', *own[0], daemon.service6, *own[1])}
    for what, command in breaks.items():
        inside(*command)
        raised(checks, daemon, 'the route of %s is deleted' % what, 'mended', 'a route of the address', brief=True)
        over(checks, daemon, 'the route of %s is deleted' % what, 'mended')
        checks.check('%s: TCP and ping are answered' % what, answers(daemon))

    def once_more():
        inside(*breaks['the network'], check=False)
        return alarm(daemon, 'tap', 'has lost its route')
    checks.check('nobody is fought', wait_for(once_more, 10), health(daemon))
    raised(checks, daemon, 'the route stays away', 'tap', 'tried again in ')
    inside('ip', 'route', 'add', '198.18.201.0/24', 'dev', 'assay0', 'src', daemon.service4)
    over(checks, daemon, 'the route stays away', 'tap')


def port_mac(checks, daemon):
    """Neighbours go on with that of the start, and are answered."""
    wanted = mac('ap0')
    inside('ip', 'link', 'set', 'ap0', 'address', '02:00:00:00:00:78')
    raised(checks, daemon, 'the port has another MAC address', 'port-mac', wanted)
    ip('neigh', 'flush', 'dev', 'ac0')
    checks.check('whoever asks is answered', answers(daemon))
    inside('ip', 'link', 'set', 'ap0', 'address', wanted)
    over(checks, daemon, 'the port has another MAC address', 'port-mac')


def refused(daemon):
    """Whether the kernel answers beside us, with an error."""
    query = dns.message.make_query('version.bind.', 'TXT', 'CH').to_wire()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(20)
        sock.connect((daemon.service4, 53))
        try:
            for _ in range(5):
                sock.send(query)
                sock.recv(4096)
        except ConnectionRefusedError:
            return True
        except OSError:
            pass
    return False


def port_renamed(checks, daemon):
    """udev does it at boot, an operator while it runs: questions go on, and so does looking after the interface."""
    inside('ip', 'link', 'set', 'ap0', 'name', 'bp0')
    try:
        raised(checks, daemon, 'the port has another name', 'renamed', 'ap0 is called bp0 now')
        checks.check('its questions are answered', answers(daemon))
        checks.check('by us alone', wait_for(lambda: not refused(daemon), 3))
        checks.equal('no other host need be asked', health(daemon, '--service')[1]['well'], True)
        checks.check('it is not said to be gone', not alarm(daemon, 'link') and not alarm(daemon, 'port-mac'), health(daemon))
        inside('ip', 'link', 'set', 'bp0', 'down')
        raised(checks, daemon, 'the renamed port is down', 'link', 'bp0 is down')
        inside('ip', 'link', 'set', 'bp0', 'up')
        over(checks, daemon, 'the renamed port is down', 'link')
        if daemon.driver == 'af_xdp':
            inside('ip', 'link', 'set', 'bp0', 'xdp', 'off')
            raised(checks, daemon, 'the renamed port has lost its program', 'mended', 'on bp0 was gone', brief=True)
        else:
            inside('nft', 'delete', 'table', 'netdev', 'assay_ap0')
            raised(checks, daemon, 'the renamed port has lost its rules', 'mended', 'for bp0 were gone', brief=True)
        checks.check('what was lost is back', answers(daemon))
        over(checks, daemon, 'what the renamed port had lost', 'mended')
    finally:
        inside('ip', 'link', 'set', 'bp0', 'name', 'ap0')
    over(checks, daemon, 'the port has another name', 'renamed')
    checks.check('with its old name questions are answered by us alone', wait_for(lambda: not refused(daemon), 3))


def tap_too_narrow(checks, daemon):
    """The kernel takes IPv6 away from an MTU below 1280: that is the cause, and is said."""
    def once_more():
        ip('-n', RESOLVER, 'link', 'set', 'assay0', 'mtu', '1000')
        return alarm(daemon, 'tap', 'as its MTU is below the 1280 of IPv6')
    checks.check('the tap is too narrow for IPv6', wait_for(once_more, 10), health(daemon))
    raised(checks, daemon, 'the tap is too narrow for IPv6', 'tap', 'ip link set assay0 mtu 1500')
    ip('-n', RESOLVER, 'link', 'set', 'assay0', 'mtu', '1500')
    over(checks, daemon, 'the tap is too narrow for IPv6', 'tap')
    checks.check('the tap is too narrow for IPv6: it has its address again',
                 wait_for(lambda: daemon.service6 in ip('-n', RESOLVER, 'addr', 'show', 'assay0').stdout, 3))
    checks.check('and no other, and takes no router\'s advertisements', wait_for(
        lambda: 'fe80' not in ip('-n', RESOLVER, 'addr', 'show', 'assay0').stdout and
        inside('sysctl', '-n', 'net.ipv6.conf.assay0.accept_ra').stdout.strip() == '0', 3),
        ip('-n', RESOLVER, 'addr', 'show', 'assay0').stdout)


def tap_renamed(checks, daemon):
    """What keeps other interfaces from answering for us keeps it, too."""
    if inside('ip', 'link', 'set', 'assay0', 'name', 'bssay0', check=False).returncode != 0:
        checks.skip('a tap with another name', 'this kernel renames no interface that is up')
        return
    raised(checks, daemon, 'the tap has another name', 'tap', 'ip link set bssay0 name assay0')
    inside('ip', 'link', 'set', 'bssay0', 'name', 'assay0')
    over(checks, daemon, 'the tap has another name', 'tap')
    checks.check('with its old name it is answered by', answers(daemon))


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


def connections(count, address):
    """As many connections as come about; whoever is turned away does not count."""
    taken = []
    for _ in range(count):
        with contextlib.suppress(OSError):
            taken.append(socket.create_connection(address, timeout=5))
    return taken


def tcp_answer(daemon):
    with contextlib.suppress(OSError, EOFError, dns.exception.Timeout):
        return dns.query.tcp(dns.message.make_query('.', 'NS'), daemon.service4, timeout=5)


def descriptors(checks, make):
    """B4: connections took the last ones: three untrue alarms, and nothing was heard any more."""
    daemon = make()
    daemon.program = ['prlimit', '--nofile=160:160', ASSAYD]
    with daemon:
        raised(checks, daemon, 'a low limit of descriptors', 'descriptors', '160 file descriptors are all')
        clients = connections(200, (daemon.service4, 53))
        with in_namespace(RESOLVER):
            readers = connections(40, METRICS)
        raised(checks, daemon, 'out of descriptors', 'exhausted', 'file descriptors', brief=True)
        checks.equal('out of descriptors: nothing else is said to be wrong',
                     [a for a in health(daemon)[1]['alarms'] if a['name'] not in CROWDED | {'descriptors'}], [])
        checks.equal('out of descriptors: another host need not be asked',
                     health(daemon, '--service')[1]['well'], True)
        checks.check('out of descriptors: a new question is put to servers',
                     'from ' + ROOT_SERVER in str(ask(daemon, 'new.example.')), health(daemon))
        checks.check('out of descriptors: a newcomer by TCP is answered',
                     bool(wait_for(lambda: tcp_answer(daemon), 3)))
        for connection in clients + readers:
            connection.close()
        over(checks, daemon, 'out of descriptors', 'exhausted')
        # Below what it has already: not one is left for anything.
        clients = connections(40, (daemon.service4, 53))
        subprocess.run(['prlimit', '--nofile=30:30', '--pid', str(daemon.process.pid)], check=True)
        connections(5, (daemon.service4, 53))
        found = wait_for(lambda: 'alarm exhausted: no file descriptors are left of 30' in daemon.log_text(), 3)
        checks.check('not one descriptor: a line of the log says so', bool(found), daemon.log_text()[-1500:])
        checks.check('not one descriptor: nothing is said to be gone',
                     not any(' alarm %s: ' % name in daemon.log_text()
                             for name in ('link', 'tap', 'upstream-missing')), daemon.log_text()[-1500:])
        checks.equal('not one descriptor: it ends when it is told to', daemon.stop(), 0)


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
            wait_for(lambda: len(alarm(daemon, 'state')) > 1, 2.5 / PATIENCE)  # which must not be
            checks.equal('one alarm for it', len(alarm(daemon, 'state')), 1)
            os.chmod(folder, 0o700)
            over(checks, daemon, 'no right to write the state', 'state', limit=6)
    finally:
        os.chmod(folder, 0o700)
    path = os.path.join(folder, 'trust.state')
    damages = {'a damaged state': b'assay-trust-state 1\nnonsense\n', 'a state of zeros': bytes(4096)}
    for what in (*damages, 'a folder in its place'):
        for old in (path, path + '.unused'):
            if os.path.exists(old):
                os.unlink(old)
        if what in damages:
            with open(path, 'wb') as stream:
                stream.write(damages[what])
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
        # The kernel lets go of AF_XDP sockets some time after they are closed.
        wait_for(lambda: inside('ethtool', '-L', 'ap0', 'rx', '1', check=False).returncode == 0, 9)


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
        checks.check('nothing is wrong with them', wait_for(lambda: not daemon.alarms(), 5), health(daemon))
        checks.equal('it ends as it was told to', daemon.stop(), 0)
        checks.equal('none is left then', tables(), [])


def rows(run, place):
    make = place.make
    with make() as daemon:
        for function in (links, ways, way_without_an_address, way_without_ipv4, service_elsewhere, taps, control_stands, core_stands, runs_out, exceptions):
            run(function, daemon)
        run(states, daemon, place.disk)
        run(tables, daemon, 'nft', ('netdev', 'assay_ap0'))
        run(tables, daemon, 'icmp', ('inet', 'assay_upstream_au0_of_ap0'))
        run(tables, daemon, 'unclaimed', ('arp', 'assay_claim_assay0'))
        run(gone_for_good, daemon, 'the tap is deleted', ('ip', 'link', 'del', 'assay0'), 'tap', 'is gone')
        run(port_renamed, daemon)
    with make(driver='af_xdp') as daemon:
        run(links, daemon)
        run(tap_settings, daemon)
        run(tap_routes, daemon)
        run(port_mac, daemon)
        run(tap_too_narrow, daemon)
        run(tap_renamed, daemon)
        run(channels, daemon)
        run(programs, daemon)
        run(port_renamed, daemon)
    run(states_at_the_start, make, place.disk)
    run(descriptors, make)
    run(several_queues, make)
    busy = make()
    with open(busy.config) as stream:
        text = stream.read()
    with open(busy.config, 'w') as stream:
        stream.write(text.replace('mode: adaptive', 'mode: busy'))
    with busy as daemon:
        run(core_waits, daemon)
    run(killed, make)


if __name__ == '__main__':
    main(rows, 25)
