#!/usr/bin/python3
"""Clients behind a router: UDP is answered to where it came from, TCP and ping by the kernel, which needs a way
back by the tap (service.gateway). The host's own default route leads elsewhere, as it does in the field. A
server, a router and a client, each in a namespace of its own; needs root, exit status 77 without. One TAP line
for each check.
"""
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rdataclass
import dns.rrset

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from checks import Checks, wait_for  # noqa: E402
from resolver import ASSAYCTL, ASSAYD, enter  # noqa: E402
import test_start as start  # noqa: E402

FAR = 'ast-f-%d' % os.getpid()
SERVICE = {4: '192.0.2.53', 6: '2001:db8:2::53'}
ROUTER = {4: '192.0.2.1', 6: '2001:db8:2::1'}
NARROW = 1300  # bytes that pass between router and client


def server(*words, check=True):
    return subprocess.run(['ip', 'netns', 'exec', start.SERVER, *words], check=check, capture_output=True,
                          text=True).stdout


def set_up():
    start.set_up()
    ip, router = start.ip, start.CLIENT
    ip('netns', 'add', FAR)
    ip('-n', FAR, 'link', 'set', 'lo', 'up')
    ip('-n', router, 'link', 'add', 'far0', 'type', 'veth', 'peer', 'name', 'far1', 'netns', FAR)
    for namespace, link, *addresses in ((router, 'far0', '198.51.100.1/24', '2001:db8:99::1/64'),
                                        (FAR, 'far1', '198.51.100.7/24', '2001:db8:99::7/64'),
                                        (router, 'peer0', '2001:db8:2::1/64'),
                                        (router, 'peer1', '2001:db8:3::1/64'),
                                        (start.SERVER, 'up0', '203.0.113.2/24', '2001:db8:ff::2/64')):
        for address in addresses:
            ip('-n', namespace, 'addr', 'add', address, 'dev', link, *(['nodad'] if ':' in address else []))
        ip('-n', namespace, 'link', 'set', link, 'up')
    for family, there in ((4, '198.51.100.1'), (6, '2001:db8:99::1')):
        ip('-n', FAR, '-%d' % family, 'route', 'add', 'default', 'via', there)
    for family, there in ((4, '203.0.113.1'), (6, '2001:db8:ff::1')):
        ip('-n', start.SERVER, '-%d' % family, 'route', 'add', 'default', 'via', there, 'dev', 'up0')
    for name in ('net.ipv4.ip_forward', 'net.ipv6.conf.all.forwarding'):
        subprocess.run(['sysctl', '-qw', name + '=1'], check=True)
    # A firewall's router drops what comes by another interface: so does this host what comes by the tap.
    server('sysctl', '-qw', 'net.ipv4.conf.all.rp_filter=1')
    enter(FAR)


def tear_down():
    start.ip('netns', 'del', FAR, check=False)
    start.tear_down()


def make(folder, n=0, gateway=True, driver='af_xdp', allow='192.0.2.0/23, 198.51.100.0/24, "2001:db8::/32"', **given):
    addresses = {4: '192.0.%d.53' % (2 + n), 6: '2001:db8:%d::53' % (2 + n)}
    routers = '  gateway: [192.0.%d.1, "2001:db8:%d::1"]' % (2 + n, 2 + n)
    daemon = start.Daemon(folder, driver, n, address='"%s/64", %s' % (addresses[6], addresses[4]),
                          service=routers if gateway else '', allow=allow, **given)
    daemon.addresses = addresses
    return daemon


def udp(address):
    query = dns.message.make_query('version.bind.', 'TXT', dns.rdataclass.CH)
    try:
        dns.query.udp(query, address, timeout=20)
    except (dns.exception.DNSException, OSError):
        return False
    return True


def tcp(address, limit_s=20):
    query = dns.message.make_query('version.bind.', 'TXT', dns.rdataclass.CH)
    try:
        dns.query.tcp(query, address, timeout=limit_s)
    except (dns.exception.DNSException, OSError):
        return False
    return True


def ping(address):
    return subprocess.run(['ping', '-c', '1', '-W', '10', address], capture_output=True).returncode == 0


def refused(address):
    """What nobody listens on is refused by ICMP."""
    with socket.socket(socket.AF_INET6 if ':' in address else socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(20)
        sock.connect((address, 9999))
        sock.send(b'x')
        try:
            sock.recv(16)
        except ConnectionRefusedError:
            return True
        except OSError:
            pass
    return False


def of_the_host():
    """Rules and routes, but for those of the taps and the link-local ones, which come when they like."""
    lines = []
    for family in ('-4', '-6'):
        lines += server('ip', family, 'rule').splitlines()
        lines += server('ip', family, 'route', 'show', 'table', 'all').splitlines()
    return sorted(line.strip() for line in lines if ' tap' not in line and 'fe80:' not in line)


def rules():
    return [line.strip() for family in ('-4', '-6') for line in server('ip', family, 'rule').splitlines()
            if line.startswith('530:')]


def alarms(daemon):
    return subprocess.run([ASSAYCTL, '-s', daemon.socket, 'health'], capture_output=True, text=True).stdout


def everything_is_answered(checks, daemon, what):
    for family, address in daemon.addresses.items():
        checks.check('%s: IPv%d: UDP' % (what, family), udp(address), daemon.text())
        checks.check('%s: IPv%d: TCP' % (what, family), tcp(address), server('ip', 'rule') + daemon.text())
        checks.check('%s: IPv%d: ping' % (what, family), ping(address))
        checks.check('%s: IPv%d: ICMP errors' % (what, family), refused(address))


def clients_behind_a_router_are_answered(checks, folder, driver):
    before = of_the_host()
    daemon = make(folder, driver=driver).start()
    try:
        everything_is_answered(checks, daemon, driver)
        checks.equal('%s: one rule for each address' % driver, len(rules()), 2)
        table = rules()[0].split('lookup ')[1].split()[0]
        for family in (4, 6):
            routes = server('ip', '-%d' % family, 'route', 'show', 'table', table)
            checks.check('%s: by a table of its own' % driver,
                         'default via %s dev tap0' % ROUTER[family] in routes, routes)
        checks.equal('%s: nothing else of the host\'s is changed' % driver,
                     [line for line in of_the_host() if not line.startswith('530:')], before)
        checks.check('%s: no alarm' % driver, not any(name in alarms(daemon) for name in (' tap ', ' return-route ')), alarms(daemon))
        enter(start.CLIENT)
        checks.check('%s: who is beside is answered, too' % driver, all(map(tcp, daemon.addresses.values())))
        enter(FAR)
    finally:
        enter(FAR)
        daemon.end()
    checks.equal('%s: nothing is left of it' % driver, of_the_host(), before)


def without_a_gateway_it_is_said(checks, folder):
    """UDP alone looks well."""
    daemon = make(folder, gateway=False)
    warnings = subprocess.run(['ip', 'netns', 'exec', start.SERVER, ASSAYD, '--check-config', '-c', daemon.config],
                              capture_output=True, text=True)
    checks.check('the check warns', 'warning: ' in warnings.stderr and 'access.allow[' in warnings.stderr and
                 'service.gateway' in warnings.stderr, warnings)
    checks.check('and takes it', warnings.returncode == 0 and 'good, with 1 warning' in warnings.stdout, warnings)
    daemon.start()
    try:
        checks.check('UDP is answered', all(map(udp, daemon.addresses.values())))
        checks.check('TCP is not', not tcp(daemon.addresses[4], 2))
        said = wait_for(lambda: [line for line in alarms(daemon).splitlines() if ' return-route ' in line], 3)
        checks.check('it is an alarm', bool(said), alarms(daemon))
        checks.check('that says where their answers go, and the remedy',
                     'is by up0' in said[0] and 'service.gateway' in said[0], said)
        for family, address in ROUTER.items():
            server('ip', '-%d' % family, 'route', 'replace', 'default', 'via', address, 'dev', 'tap0')
        checks.check('a route of the operator\'s own ends it',
                     wait_for(lambda: ' return-route ' not in alarms(daemon), 3), alarms(daemon))
        checks.check('and is used', all(map(tcp, daemon.addresses.values())), server('ip', 'route'))
        for family in (4, 6):
            server('ip', '-%d' % family, 'route', 'del', 'default')
        checks.check('without any route it is said, too', wait_for(lambda: 'has no route to them' in alarms(daemon), 3),
                     alarms(daemon))
    finally:
        daemon.end()
        for family, there in ((4, '203.0.113.1'), (6, '2001:db8:ff::1')):
            server('ip', '-%d' % family, 'route', 'replace', 'default', 'via', there, 'dev', 'up0')


def what_a_killed_one_left_is_put_right(checks, folder):
    before = of_the_host()
    daemon = make(folder).start()
    kept = rules()
    daemon.end(signal.SIGKILL)
    try:
        checks.equal('a kill leaves the rules', rules(), kept)
        daemon.start()
        checks.equal('the next start has the same', rules(), kept)
        everything_is_answered(checks, daemon, 'after a kill')
        daemon.end(signal.SIGKILL)
        other = make(folder, gateway=False).start()
        checks.equal('one that is told of no router takes them away', of_the_host(), before)
        other.end()
    finally:
        daemon.end()
    checks.equal('nothing is left', of_the_host(), before)


def two_have_a_table_each(checks, folder):
    first, second = make(folder).start(), make(folder, 1, driver='af_packet')
    try:
        second.start()
        tables = {line.split('lookup ')[1].split()[0] for line in rules()}
        checks.equal('two instances: two tables, four rules', (len(tables), len(rules())), (2, 4))
        # The second one's router is on the other side of this one.
        everything_is_answered(checks, first, 'first')
        everything_is_answered(checks, second, 'second')
        second.end()
        everything_is_answered(checks, first, 'after the end of the second')
    finally:
        first.end()
        second.end()


def taken_away_they_come_back(checks, folder):
    """Whoever the daemon has become."""
    before = of_the_host()
    daemon = make(folder, more='user: nobody').start()
    kept = rules()
    table = kept[0].split('lookup ')[1].split()[0]
    breaks = {'a rule': ('ip', 'rule', 'del', 'pref', '530'),
              'all routes': ('ip', '-6', 'route', 'flush', 'table', table),
              'the tap, for a while,': ('sh', '-c', 'ip link set tap0 down; ip link set tap0 up')}
    try:
        for what, command in breaks.items():
            server(*command)
            checks.check('%s taken away: is told' % what, wait_for(lambda: ' mended ' in alarms(daemon), 3),
                         alarms(daemon))
            checks.check('%s taken away: is back' % what, wait_for(lambda: rules() == kept, 3), rules())
            checks.check('%s taken away: TCP is answered' % what, all(map(tcp, daemon.addresses.values())),
                         server('ip', '-6', 'route', 'show', 'table', table))
            checks.check('%s taken away: it is over' % what, wait_for(lambda: ' mended ' not in alarms(daemon), 10),
                         alarms(daemon))
        def once_more():
            server('ip', 'rule', 'del', 'pref', '530', check=False)
            return 'are taken away again and again' in alarms(daemon)
        checks.check('nobody is fought', wait_for(once_more, 10), alarms(daemon))
        checks.check('which is critical', 'critical tap' in alarms(daemon), alarms(daemon))
    finally:
        daemon.end()
    checks.equal('nobody leaves nothing', of_the_host(), before)


def a_packet_filter_is_told_of(checks, folder):
    """Nobody who may ask is beside the tap: a distant one's name is used, once the router is known."""
    daemon = make(folder, allow='198.51.100.0/24, "2001:db8:99::/64"').start()
    try:
        checks.check('TCP is answered', all(map(tcp, daemon.addresses.values())))
        checks.check('and no alarm', not wait_for(lambda: ' tcp-lost ' in alarms(daemon), 1), alarms(daemon))
        server('nft', 'add table inet host; add chain inet host input { type filter hook input priority 0; }; '
               'add rule inet host input tcp dport 53 drop')
        for client, address in (('198.51.100.1', daemon.addresses[4]), ('2001:db8:99::1', daemon.addresses[6])):
            checks.check('dropped: TCP from %s is told of' % client, wait_for(
                lambda: 'does not answer TCP from %s to %s port 53' % (client, address) in alarms(daemon), 5), alarms(daemon))
        server('nft', 'delete', 'table', 'inet', 'host')
        checks.check('and it is over', wait_for(lambda: ' tcp-lost ' not in alarms(daemon), 5), alarms(daemon))
        checks.check('and is answered', all(map(tcp, daemon.addresses.values())))
    finally:
        server('nft', 'delete', 'table', 'inet', 'host', check=False)
        daemon.end()


class Big:
    """A server, in the namespace of assayd, whose answers pass by TCP alone."""

    def __init__(self):
        enter(start.SERVER)
        self.socket = socket.create_server(('127.0.0.1', 5300))
        enter(FAR)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            connection, _ = self.socket.accept()
            threading.Thread(target=self.answer, args=(connection,), daemon=True).start()

    def answer(self, connection):
        stream = connection.makefile('rwb')
        while len(head := stream.read(2)) == 2:
            reply = dns.message.make_response(dns.message.from_wire(stream.read(struct.unpack('!H', head)[0])))
            reply.flags |= dns.flags.AA
            question = reply.question[0]
            reply.answer.append(dns.rrset.from_text(question.name, 60, 'IN', 'TXT',
                                                    *('"%03d%s"' % (i, 'x' * 200) for i in range(40))))
            wire = reply.to_wire(max_size=65535)
            stream.write(struct.pack('!H', len(wire)) + wire)
            stream.flush()


def large_answers_pass_a_narrow_link(checks, folder):
    """The router tells by ICMP how much passes: the kernel has to hear it by the tap, and heed it."""
    Big()
    daemon = make(folder, upstream='ask-loopback: true',
                  more='zones: [{name: big.test, type: forward, servers: ["127.0.0.1@5300"], tcp: true, '
                       'dnssec: insecure}]').start()
    start.ip('-n', start.CLIENT, 'link', 'set', 'far0', 'mtu', str(NARROW))
    try:
        for family, address in daemon.addresses.items():
            query = dns.message.make_query('a%d.big.test.' % family, 'TXT')
            reply = dns.query.tcp(query, address, timeout=60)
            checks.check('IPv%d: 8 kB arrive' % family, len(reply.answer[0]) == 40, reply)
    finally:
        start.ip('-n', start.CLIENT, 'link', 'set', 'far0', 'mtu', '1500')
        daemon.end()


def main():
    if os.geteuid() != 0 or not os.path.exists('/dev/net/tun'):
        print('cannot run: needs root and /dev/net/tun')
        sys.exit(77)
    checks, only = Checks(), sys.argv[1:]

    def run(function, *arguments):
        if not only or function.__name__ in only:
            checks.run(function, *arguments)
    folder = tempfile.mkdtemp(prefix='assay-gateway-')
    os.chmod(folder, 0o755)
    try:
        set_up()
        for driver in ('af_xdp', 'af_packet'):
            run(clients_behind_a_router_are_answered, folder, driver)
        run(without_a_gateway_it_is_said, folder)
        run(what_a_killed_one_left_is_put_right, folder)
        run(two_have_a_table_each, folder)
        run(taken_away_they_come_back, folder)
        run(a_packet_filter_is_told_of, folder)
        run(large_answers_pass_a_narrow_link, folder)
    finally:
        tear_down()
        shutil.rmtree(folder, ignore_errors=True)
    checks.done()


if __name__ == '__main__':
    main()
