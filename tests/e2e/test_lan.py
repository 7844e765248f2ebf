#!/usr/bin/python3
"""A LAN that the service shares with other interfaces of its host: who asks for a service address is
told of the port alone, and what the host cannot get that way is said. Veth pairs into a bridge,
between two namespaces of its own; needs root, exit status 77 without. One TAP line for each check.
"""
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from checks import Checks, PATIENCE, wait_for  # noqa: E402
from resolver import ASSAYCTL  # noqa: E402
import test_start as start  # noqa: E402

ARP, REQUEST, REPLY = 0x0806, 1, 2
CLIENT_ADDRESS, OTHER, SECOND = '192.0.2.1', '192.0.2.77', '192.0.2.78'


def set_up():
    """port0 and other0 of the server are both in the client's bridge."""
    start.set_up()
    client, server = start.CLIENT, start.SERVER
    start.ip('-n', client, 'link', 'add', 'lan0', 'type', 'bridge')
    start.ip('-n', client, 'link', 'add', 'peer2', 'type', 'veth', 'peer', 'name', 'other0', 'netns',
             server)
    start.ip('-n', client, 'addr', 'flush', 'dev', 'peer0')
    for name in ('peer0', 'peer2'):
        start.ip('-n', client, 'link', 'set', name, 'master', 'lan0', 'up')
    start.ip('-n', client, 'addr', 'add', CLIENT_ADDRESS + '/24', 'dev', 'lan0')
    start.ip('-n', client, 'link', 'set', 'lan0', 'up')
    for address in (OTHER, SECOND):
        start.ip('-n', server, 'addr', 'add', address + '/24', 'dev', 'other0')
    start.ip('-n', server, 'link', 'set', 'other0', 'up')
    wait_for(lambda: ping(OTHER), 20)


def ping(address):
    return subprocess.run(['ping', '-c', '1', '-W', '1', address], capture_output=True).returncode == 0


def mac(namespace, interface):
    text = start.ip('-n', namespace, '-o', 'link', 'show', interface)
    return text.split('link/ether ')[1].split()[0]


class Arp:
    """Frames of ARP on the client's side of the LAN."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ARP))
        self.socket.bind(('lan0', ARP))
        self.own = bytes.fromhex(mac(start.CLIENT, 'lan0').replace(':', ''))

    def ask(self, address):
        self.socket.send(b'\xff' * 6 + self.own + struct.pack('!HHHBBH', ARP, 1, 0x0800, 6, 4, REQUEST) +
                         self.own + socket.inet_aton(CLIENT_ADDRESS) + bytes(6) +
                         socket.inet_aton(address))

    def heard(self, until):
        """Operation, address and MAC of each sender; the last is the one that `until` accepts."""
        self.socket.settimeout(60)
        found = []
        while True:
            frame, where = self.socket.recvfrom(2048)
            if where[2] == socket.PACKET_OUTGOING:
                continue
            found.append((struct.unpack('!H', frame[20:22])[0], socket.inet_ntoa(frame[28:32]),
                          frame[22:28].hex(':')))
            if until(*found[-1]):
                return found


def neighbours_are_told_at_the_start(checks, folder):
    """Another host, or another NIC, may have had the address before."""
    arp = Arp()
    daemon = start.Daemon(folder)
    port = mac(start.SERVER, 'port0')
    try:
        daemon.start()
        arp.heard(lambda _, address, by: (address, by) == (daemon.address, port))
        checks.check('a start tells neighbours whose the service address is', True)
    finally:
        daemon.end()


def answered_by_the_port_alone(checks, folder, driver):
    daemon = start.Daemon(folder, driver).start()
    port, other = mac(start.SERVER, 'port0'), mac(start.SERVER, 'other0')
    arp = Arp()
    try:
        arp.ask(daemon.address)
        # other0 answers for itself after it has seen the question before that.
        arp.ask(OTHER)
        arp.heard(lambda operation, address, _: operation == REPLY and address == OTHER)
        arp.ask(daemon.address)
        arp.ask(OTHER)
        heard = arp.heard(lambda operation, address, _: operation == REPLY and address == OTHER)
        checks.check('%s: no other interface answers for the service address' % driver,
                     (REPLY, daemon.address, other) not in heard, heard)
        arp.ask(daemon.address)
        arp.heard(lambda *frame: frame == (REPLY, daemon.address, port))
        checks.check('%s: the port does' % driver, True)
        arp.ask(SECOND)
        arp.heard(lambda *frame: frame == (REPLY, SECOND, other))
        checks.check('%s: and other addresses are the other one\'s' % driver, True)
        start.ip('-n', start.CLIENT, 'neigh', 'flush', 'dev', 'lan0')
        checks.check('%s: UDP and TCP are answered' % driver, daemon.answers(), daemon.text())
    finally:
        daemon.end()
    left = subprocess.run(['ip', 'netns', 'exec', start.SERVER, 'nft', 'list', 'tables'],
                          capture_output=True, text=True).stdout
    checks.equal('%s: nothing is left of it' % driver, left, '')


def in_server(*command):
    return subprocess.run(['ip', 'netns', 'exec', start.SERVER, *command], capture_output=True, text=True)


def a_firewall_that_flushes_all_rules_moves_nothing(checks, folder):
    """Whoever loads his own rules begins with `flush ruleset`: ours are back before clients ask anew."""
    daemon = start.Daemon(folder, 'af_xdp').start()
    other = mac(start.SERVER, 'other0')
    arp = Arp()
    try:
        tables = in_server('nft', 'list', 'tables').stdout
        checks.check('there are rules of ARP', 'table arp assay_claim_tap0' in tables, tables)
        in_server('nft', 'flush', 'ruleset')
        checks.check('it is said', wait_for(lambda: 'mended' in alarms(daemon), 5), alarms(daemon))
        back = wait_for(lambda: in_server('nft', 'list', 'tables').stdout == tables, 5)
        checks.check('and all of them are back', back, in_server('nft', 'list', 'tables').stdout)
        for _ in range(2):
            arp.ask(daemon.address)
            arp.ask(OTHER)
            heard = arp.heard(lambda operation, address, _: operation == REPLY and address == OTHER)
        checks.check('no other interface answers for the service address',
                     (REPLY, daemon.address, other) not in heard, heard)
        start.ip('-n', start.CLIENT, 'neigh', 'flush', 'dev', 'lan0')
        checks.check('UDP and TCP are answered', daemon.answers(), daemon.text())
    finally:
        daemon.end()


def its_own_questions_move_nothing(checks, folder):
    """The route to the LAN goes by other0: to answer by TCP the kernel asks for the client there. A
    question that named the service address would move it to other0 in the client's table."""
    daemon = start.Daemon(folder).start()
    port = mac(start.SERVER, 'port0')
    arp = Arp()
    try:
        start.ip('-n', start.SERVER, 'route', 'replace', CLIENT_ADDRESS, 'dev', 'other0')
        start.ip('-n', start.SERVER, 'neigh', 'flush', 'dev', 'other0')
        checks.check('TCP is answered by the way of the other interface', daemon.answers(), daemon.text())
        arp.ask(SECOND)
        heard = arp.heard(lambda operation, address, _: operation == REPLY and address == SECOND)
        asked = [address for operation, address, by in heard if operation == REQUEST and by != port]
        checks.check('it asked for the client there', asked, heard)
        checks.check('and never in the name of the service address', daemon.address not in asked, heard)
        checks.check('nor is that an alarm', not wait_for(
            lambda: ' tcp-lost ' in alarms(daemon) or ' tap ' in alarms(daemon), 4 / PATIENCE), alarms(daemon))
    finally:
        start.ip('-n', start.SERVER, 'route', 'del', CLIENT_ADDRESS, check=False)
        daemon.end()


def alarms(daemon):
    return subprocess.run([ASSAYCTL, '-s', daemon.socket, 'health'], capture_output=True, text=True).stdout


def an_address_on_the_port_is_told(checks, folder):
    """The kernel asks for neighbours by the port's interface, and the answers go to the tap."""
    daemon = start.Daemon(folder).start()
    try:
        checks.check('no alarm without an address', 'port-address' not in alarms(daemon), alarms(daemon))
        start.ip('-n', start.SERVER, 'addr', 'add', '192.0.2.9/24', 'dev', 'port0')
        checks.check('an address of the host on the port is an alarm',
                     wait_for(lambda: 'port-address' in alarms(daemon), 10), alarms(daemon))
        checks.check('that says which, and where it belongs',
                     '192.0.2.9' in alarms(daemon) and 'tap0' in alarms(daemon), alarms(daemon))
        start.ip('-n', start.SERVER, 'addr', 'del', '192.0.2.9/24', 'dev', 'port0')
        start.ip('-n', start.SERVER, 'addr', 'add', '192.0.2.9/24', 'dev', 'tap0')
        checks.check('it ends with the cause', wait_for(lambda: 'port-address' not in alarms(daemon), 10),
                     alarms(daemon))
        start.ip('-n', start.SERVER, 'neigh', 'flush', 'dev', 'tap0')
        checks.check('on the tap the address lives', wait_for(lambda: ping('192.0.2.9'), 10))
    finally:
        daemon.end()


def main():
    if os.geteuid() != 0 or not os.path.exists('/dev/net/tun'):
        print('cannot run: needs root and /dev/net/tun')
        sys.exit(77)
    checks = Checks()
    folder = tempfile.mkdtemp(prefix='assay-lan-')
    os.chmod(folder, 0o755)
    try:
        set_up()
        for driver in ('af_xdp', 'af_packet'):
            checks.run(answered_by_the_port_alone, folder, driver)
        checks.run(neighbours_are_told_at_the_start, folder)
        checks.run(a_firewall_that_flushes_all_rules_moves_nothing, folder)
        checks.run(its_own_questions_move_nothing, folder)
        checks.run(an_address_on_the_port_is_told, folder)
    finally:
        start.tear_down()
        shutil.rmtree(folder, ignore_errors=True)
    checks.done()


if __name__ == '__main__':
    main()
