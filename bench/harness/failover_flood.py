"""Packets to random ports of the upstream address, in the name of the lab's servers: what somebody
sends who guesses at answers. Run inside the lab's inet namespace; bounded in rate and time.
  failover_flood.py RATE SECONDS DESTINATION SOURCE...
Prints how many were sent."""
import os
import random
import socket
import struct
import subprocess
import sys
import time

RATE_MAX, SECONDS_MAX = 20000, 120
PACKETS = 512  # made once, sent in turn; ports and IDs are new each time
STEP_S = 0.005
QUESTION = b'\x03www\x07example\x00\x00\x01\x00\x01'
ANSWER = b'\xc0\x0c\x00\x01\x00\x01\x00\x00\x01\x2c\x00\x04\xcb\x00\x71\x07'
IP_LEN, UDP_LEN = 20, 8


def packet(source, destination):
    """A response over UDP without a checksum, which IPv4 allows (RFC 768); the kernel does the rest
    of the IP header."""
    message = struct.pack('!6H', 0, 0x8400, 1, 1, 0, 0) + QUESTION + ANSWER
    udp = struct.pack('!4H', 53, 0, UDP_LEN + len(message), 0) + message
    ip = struct.pack('!BBHHHBBH4s4s', 0x45, 0, IP_LEN + len(udp), 0, 0, 64, socket.IPPROTO_UDP, 0,
                     socket.inet_aton(source), socket.inet_aton(destination))
    return bytearray(ip + udp)


def flood(rate, seconds, destination, sources):
    packets = [packet(sources[i % len(sources)], destination) for i in range(PACKETS)]
    sent = 0
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as sock:
        began = time.monotonic()
        while (past := time.monotonic() - began) < seconds:
            while sent < past * rate:
                out = packets[sent % PACKETS]
                struct.pack_into('!H', out, IP_LEN + 2, random.randrange(1024, 65536))
                struct.pack_into('!H', out, IP_LEN + UDP_LEN, random.randrange(65536))
                sock.sendto(out, (destination, 0))
                sent += 1
            time.sleep(STEP_S)
    return sent


class Flood:
    """The same from outside: a process of its own, so that it delays no measurement."""

    def __init__(self, topology, rate, seconds):
        self.topology, self.sent = topology, 0
        self.rate = min(rate, RATE_MAX)
        sources = [address for provider in topology.PROVIDERS
                   for address in topology.served_addresses(provider) if ':' not in address]
        self.before = self.unknown_ports()
        self.process = subprocess.Popen(
            ['ip', 'netns', 'exec', topology.namespace('inet'), sys.executable,
             os.path.abspath(__file__), str(self.rate), str(min(seconds, SECONDS_MAX)),
             topology.UPSTREAM_ADDRESS, *sources], stdout=subprocess.PIPE, text=True)

    def end(self):
        """How many were sent, and how many of them found no port that waited for them."""
        self.sent = int(self.process.communicate(timeout=SECONDS_MAX + 10)[0])
        return self.sent, self.unknown_ports() - self.before

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def unknown_ports(self):
        """Of the resolver's kernel; a packet from another address than the port's peer counts."""
        text = subprocess.run(['ip', 'netns', 'exec', self.topology.namespace('resolver'), 'cat',
                               '/proc/net/snmp'], capture_output=True, text=True, check=True)
        names, values = [line.split() for line in text.stdout.splitlines()
                         if line.startswith('Udp:')]
        return int(values[names.index('NoPorts')])


if __name__ == '__main__':
    print(flood(min(int(sys.argv[1]), RATE_MAX), min(float(sys.argv[2]), SECONDS_MAX),
                sys.argv[3], sys.argv[4:]))
