#!/usr/bin/python3
"""Nobody learns from ICMP errors which ports towards servers are open (ATTACKS A5, SAD DNS), not
even by packets in the server's own name. The rule is there while assayd runs, also after a start
that follows SIGKILL, and for the upstream interface alone."""
import os
import socket
import struct
import subprocess
import sys
import threading

import dns.exception
import dns.message
import dns.query

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from checks import Checks, wait_for  # noqa: E402
from resolver import ASSAYD, Assayd, enter, lab, lab_info  # noqa: E402

CLOSED = (1024, 33333)  # few: the kernel sends six errors to an address, then one a second
SLOW_ZONE = 'types.nsec'
IPV6_CHECKSUM = 7
ETH_P_ALL = 3


def family_of(address):
    return socket.AF_INET6 if ':' in address else socket.AF_INET


def forge(info, server, target, port):
    """A datagram from port 53 of a server, sent where the server lives."""
    provider = next(p for p, facts in info['providers'].items()
                    if server in facts['root'] + facts['tld'] + facts['zone'])
    enter(info['namespaces'][provider])
    with socket.socket(family_of(server), socket.SOCK_RAW, socket.IPPROTO_UDP) as raw:
        if raw.family == socket.AF_INET6:
            raw.setsockopt(socket.IPPROTO_IPV6, IPV6_CHECKSUM, 6)
        raw.bind((server, 0))
        raw.sendto(struct.pack('!4H', 53, port, 8 + 12, 0) + bytes(12), (target, 0))


class Wire:
    """Every ICMP message that leaves the resolver's host towards the servers."""

    def __init__(self, info):
        self.inet = info['namespaces']['inet']
        enter(self.inet)
        self.packets = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
        self.packets.bind(('to-resolver', ETH_P_ALL))
        self.packets.settimeout(5)

    @staticmethod
    def icmp(packet, source):
        """(type, code) of an ICMP message from the source, or None."""
        raw = socket.inet_pton(family_of(source), source)
        if len(raw) == 4 and packet[0] >> 4 == 4 and packet[9] == 1 and packet[12:16] == raw:
            return tuple(packet[20:22])
        if len(raw) == 16 and packet[0] >> 4 == 6 and packet[6] == 58 and packet[8:24] == raw:
            return tuple(packet[40:42])
        return None

    def errors(self, source):
        """How many port unreachable came before the reply to a ping that is sent now: what was
        sent before it is answered before it."""
        subprocess.run(['ip', 'netns', 'exec', self.inet, 'ping', '-n', '-c', '1', '-W', '5', source],
                       check=True, stdout=subprocess.DEVNULL)
        echo, unreachable = ((129, 0), (1, 4)) if ':' in source else ((0, 0), (3, 3))
        count = 0
        while True:
            seen = self.icmp(self.packets.recv(2048), source)
            if seen == echo:
                return count
            count += seen == unreachable


def table(info):
    run = subprocess.run(['ip', 'netns', 'exec', info['namespaces']['resolver'], 'nft', 'list',
                          'tables'], capture_output=True, text=True, check=True)
    return 'assay_upstream_%s' % info['resolver']['upstream_interface'] in run.stdout


def scan(info, wire, servers, targets):
    """Errors per target that a scan in the server's name brings."""
    found = []
    for server, target in zip(servers, targets):
        for port in CLOSED:
            forge(info, server, target, port)
        found.append(wire.errors(target))
    return found


def open_port(info, target):
    """(port, server) of a question under way, from the resolver's own list of sockets."""
    run = subprocess.run(['ip', 'netns', 'exec', info['namespaces']['resolver'], 'cat',
                          '/proc/net/udp'], capture_output=True, text=True, check=True)
    for line in run.stdout.splitlines()[1:]:
        local, remote = line.split()[1:3]
        address, port = remote.split(':')
        if int(port, 16) == 53:
            return (int(local.split(':')[1], 16),
                    socket.inet_ntoa(struct.pack('=I', int(address, 16))))
    return None


def ask_unanswered(info, daemon, stop):
    enter(info['namespaces']['client'])
    number = 0
    while not stop.is_set():
        number += 1
        try:
            dns.query.udp(dns.message.make_query('n%d.%s.' % (number, SLOW_ZONE), 'A'),
                          daemon.service4, timeout=1)
        except dns.exception.Timeout:
            pass


def scan_open_port(checks, info, wire, daemon, target):
    stop = threading.Event()
    lab('break', SLOW_ZONE, 'drop')
    asker = threading.Thread(target=ask_unanswered, args=(info, daemon, stop))
    asker.start()
    try:
        found = wait_for(lambda: open_port(info, target), 20, 0.01)
        checks.check('a question is under way', found)
        if found:
            forge(info, found[1], target, found[0])
            checks.equal('a5_open_port_is_as_silent', wire.errors(target), 0)
    finally:
        stop.set()
        asker.join()
        lab('heal', 'all')


def loopback_refused(info):
    enter(info['namespaces']['resolver'])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(5)
        client.connect(('127.0.0.1', 9))
        client.send(b'x')
        try:
            client.recv(1)
        except ConnectionRefusedError:
            return True
    return False


def without_root(checks, info):
    with Assayd(info, extra='user: nobody\n') as daemon:
        there = table(info)
        daemon.stop()
        checks.check('a5_the_rule_is_gone_after_stop_as_another_user', there and not table(info),
                     daemon.log_text())


def without_nft(checks, info):
    daemon = Assayd(info)
    daemon.program = ['unshare', '--mount', 'sh', '-c',
                      'mount --bind /dev/null /usr/sbin/nft && exec "$0" "$@"', ASSAYD]
    with daemon:
        def says():
            status = daemon.ctl('status').stdout
            return 'ALARM: open ports' in status and '/usr/sbin/nft' in status
        checks.check('without nft it starts, with an alarm', wait_for(says, 10), daemon.ctl('status').stdout)
        checks.check('and a line in the log', 'told by ICMP' in daemon.log_text(),
                     daemon.log_text())


def main():
    checks = Checks()
    info = lab_info()
    targets = info['resolver']['upstream_addresses']
    a, b, c = (info['providers'][p]['zone'] for p in 'abc')
    wire = Wire(info)
    checks.equal('without assayd the kernel answers each probe', scan(info, wire, (a[0], a[4]),
                 targets), [len(CLOSED)] * 2)
    with Assayd(info) as daemon:
        checks.equal('a5_closed_port_is_silent_to_a_packet_in_the_servers_name',
                     scan(info, wire, (b[0], b[4]), targets), [0, 0])
        scan_open_port(checks, info, wire, daemon, targets[0])
        checks.check('a5_other_interfaces_keep_their_errors', loopback_refused(info))
        checks.check('no alarm', 'ALARM: open ports' not in daemon.ctl('status').stdout)
        daemon.stop()
        checks.check('a5_the_rule_is_gone_after_stop', not table(info))
        checks.equal('and the kernel answers again', scan(info, wire, (c[0], c[4]), targets),
                     [len(CLOSED)] * 2)
        daemon.start()
        daemon.kill()
        checks.check('SIGKILL leaves the rule', table(info))
        daemon.start()
        checks.check('the next start takes it over', table(info))
        daemon.stop()
        checks.check('a5_the_rule_is_gone_after_kill_start_and_stop', not table(info))
    without_root(checks, info)
    without_nft(checks, info)
    checks.done()


if __name__ == '__main__':
    main()
