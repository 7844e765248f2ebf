#!/usr/bin/python3
"""The packet path with real packets: a veth pair between two namespaces, one end a DPDK port of
dataplane_echo, on the other end this test. Needs root; exit status 77 when it cannot run. One
TAP line for each test.

    test_dataplane.py [CLASS[.TEST] ...]

dataplane_echo comes from the build directory $ASSAY_BUILD, build/ unless set.
"""

import contextlib
import ctypes
import os
import random
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from hugepages import Hugepages  # noqa: E402

SKIP = 77
CLONE_NEWNET = 0x40000000
PORT, PEER, TAP = "s0", "c0", "adptap"
SERVER4, CLIENT4 = "10.77.0.1", "10.77.0.2"
SERVER6, CLIENT6 = "fd77::1", "fd77::2"
SOL_PACKET, PACKET_AUXDATA, TP_STATUS_VLAN_VALID = 263, 8, 16
FORMERR, SERVFAIL, REFUSED = 1, 2, 5

libc = ctypes.CDLL(None, use_errno=True)
echo_path = None


def run(*args, check=True):
    return subprocess.run(args, check=check, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT).stdout


def wait_for(what, condition, limit_s=90):
    """The condition's first true value."""
    end = time.monotonic() + limit_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {limit_s} s")
        time.sleep(0.01)


# ---- the two namespaces ----

class Lab:
    """Two namespaces with a veth pair; this process is in the client's."""

    def __init__(self):
        self.server = f"adp-s-{os.getpid()}"
        self.client = f"adp-c-{os.getpid()}"
        self.home = os.open("/proc/self/ns/net", os.O_RDONLY)
        try:
            self.make()
        except BaseException:
            self.close()
            raise

    def make(self):
        for name in (self.server, self.client):
            run("ip", "netns", "add", name)
            run("ip", "-n", name, "link", "set", "lo", "up")
        run("ip", "-n", self.client, "link", "add", PEER, "type", "veth", "peer", "name", PORT,
            "netns", self.server)
        # The kernel's side of the port has no address of its own.
        run("ip", "-n", self.server, "link", "set", PORT, "addrgenmode", "none", "up")
        run("ip", "-n", self.client, "addr", "add", CLIENT4 + "/24", "dev", PEER)
        run("ip", "-n", self.client, "addr", "add", CLIENT6 + "/64", "dev", PEER, "nodad")
        run("ip", "-n", self.client, "link", "set", PEER, "up")
        run("ip", "netns", "exec", self.client, "ethtool", "-K", PEER, "tx", "off")
        self.enter(self.client)

    def enter(self, name):
        with open(f"/run/netns/{name}") as namespace:
            if libc.setns(namespace.fileno(), CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), "setns")

    @contextlib.contextmanager
    def inside_server(self):
        """Sockets made in here belong to the server's namespace."""
        self.enter(self.server)
        try:
            yield
        finally:
            self.enter(self.client)

    def close(self):
        libc.setns(self.home, CLONE_NEWNET)
        os.close(self.home)
        for name in (self.server, self.client):
            run("ip", "netns", "del", name, check=False)

    def mac(self, namespace, link):
        text = run("ip", "-n", namespace, "link", "show", link)
        return bytes.fromhex(re.search(r"link/ether (\S+)", text)[1].replace(":", ""))


lab = None


class Echo:
    """A running dataplane_echo."""

    def __init__(self, *args, driver="net_af_xdp", hugepages=False, memory=32, **more):
        device = f"{driver}0,iface={PORT}"
        if driver == "net_af_xdp":
            device += ",force_copy=1,busy_budget=0"
        given = {"cpu": max(os.sched_getaffinity(0)), "control": min(os.sched_getaffinity(0)),
                 "tap": TAP, "memory": memory, "hugepages": int(hugepages), "device": device}
        given.update(more)
        command = ["ip", "netns", "exec", lab.server, echo_path]
        command += [f"{key}={value}" for key, value in given.items() if value is not None]
        command += [f"address={SERVER4}/24", f"address={SERVER6}/64", *args]
        self.errors = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(command, text=True, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=self.errors)
        self.started = self.answer() is not None

    def answer(self):
        """Lines up to the one with a dot; None at the end of the output."""
        lines = []
        for line in self.process.stdout:
            if line == ".\n":
                return lines
            lines.append(line.rstrip("\n"))
        return None

    def command(self, name):
        self.process.stdin.write(name + "\n")
        self.process.stdin.flush()
        return self.answer()

    def counters(self, command="counters"):
        counters = {}
        for line in self.command(command):
            name, value = line.split()
            counters[name] = int(value)
        return counters

    def stop(self):
        """Exit status and what it printed."""
        if self.process.poll() is None:
            self.process.stdin.write("stop\n")
            self.process.stdin.flush()
        rest = self.process.stdout.read()
        status = self.process.wait(timeout=60)
        return status, rest

    def failure(self):
        """Exit status and the error's sentence of one that did not start."""
        status = self.process.wait(timeout=60)
        self.errors.seek(0)
        return status, self.errors.read()

    def close(self):
        if self.process.poll() is None:
            with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                self.process.stdin.write("stop\n")
                self.process.stdin.flush()
                self.process.wait(timeout=60)
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(timeout=60)
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        self.process.stdout.close()
        self.errors.close()


# ---- packets ----

def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def question(name="www.example", qtype=1, ident=None, flags=0x0100, counts=(1, 0, 0, 0)):
    ident = random.randrange(65536) if ident is None else ident
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return (struct.pack("!6H", ident, flags, *counts) + labels + b"\0" +
            struct.pack("!2H", qtype, 1))


def udp(source, destination, payload, sport=40000, dport=53, length=None):
    length = 8 + len(payload) if length is None else length
    family = socket.AF_INET if ":" not in source else socket.AF_INET6
    addresses = socket.inet_pton(family, source) + socket.inet_pton(family, destination)
    datagram = struct.pack("!4H", sport, dport, length, 0) + payload
    pseudo = addresses + struct.pack("!2H", 17, len(datagram))
    total = checksum(pseudo + datagram) or 0xffff
    return datagram[:6] + struct.pack("!H", total) + datagram[8:]


def ipv4(datagram, source=CLIENT4, destination=SERVER4, protocol=17, fragment=0, options=b""):
    words = 5 + len(options) // 4
    head = struct.pack("!BBHHHBBH4s4s", 0x40 | words, 0, words * 4 + len(datagram), 1, fragment,
                       64, protocol, 0, socket.inet_aton(source), socket.inet_aton(destination))
    head += options
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + datagram


def ipv6(datagram, source=CLIENT6, destination=SERVER6, following=17):
    return (struct.pack("!IHBB", 6 << 28, len(datagram), following, 64) +
            socket.inet_pton(socket.AF_INET6, source) +
            socket.inet_pton(socket.AF_INET6, destination) + datagram)


class Wire:
    """Raw frames on the client's end of the pair."""

    def __init__(self, link=PEER):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.socket.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        self.socket.bind((link, 0))
        self.ours = lab.mac(lab.client, link)
        self.theirs = lab.mac(lab.server, PORT)

    def close(self):
        self.socket.close()

    def frame(self, packet, tags=()):
        types = b"".join(struct.pack("!HH", kind, tag) for kind, tag in tags)
        ethertype = 0x0800 if packet[0] >> 4 == 4 else 0x86dd
        return self.theirs + self.ours + types + struct.pack("!H", ethertype) + packet

    def send(self, frame):
        try:
            self.socket.send(frame)
        except OSError:  # the queue is full, or the frame is too short for the kernel
            pass

    def receive(self):
        """One frame from the other side, with the outer tag that the kernel takes out of it;
        an empty one for what this side sent."""
        frame, extra, _, address = self.socket.recvmsg(65536, 64)
        if address[2] == socket.PACKET_OUTGOING:
            return b""
        for level, kind, data in extra:
            if level == SOL_PACKET and kind == PACKET_AUXDATA:
                status, tag, tpid = struct.unpack("=I12xHH", data)
                if status & TP_STATUS_VLAN_VALID:
                    return frame[:12] + struct.pack("!HH", tpid, tag) + frame[12:]
        return frame

    def received(self, matches, limit_s=20.0, settle_s=0.3):
        """Frames from the other side that match: waits for one, and whether more follow."""
        found = []
        end = time.monotonic() + limit_s
        while (left := end - time.monotonic()) > 0:
            if not select.select([self.socket], [], [], left)[0]:
                break
            frame = self.receive()
            if matches(frame):
                if not found:
                    end = time.monotonic() + settle_s
                found.append(frame)
        return found


def mutations(wire, count, seed):
    """Frames of every kind that a port may see, most of them broken."""
    rng = random.Random(seed)
    valid = []
    for i in range(64):
        payload = question(f"n{i}.example", qtype=rng.choice([1, 28, 16, 255, 41, 46]), ident=i)
        sport = 1024 + i
        packets = [ipv4(udp(CLIENT4, SERVER4, payload, sport)),
                   ipv6(udp(CLIENT6, SERVER6, payload, sport))]
        for packet in packets:
            for tags in ((), ((0x8100, 5),), ((0x88a8, 5), (0x8100, 6)),
                         ((0x88a8, 1), (0x8100, 2), (0x8100, 3))):
                valid.append(wire.frame(packet, tags))
    dns = question()
    valid += [wire.frame(packet) for packet in (
        ipv4(udp(CLIENT4, SERVER4, dns), options=b"\x94\x04\0\0"),
        ipv4(udp(CLIENT4, SERVER4, dns), fragment=0x2000),
        ipv4(udp(CLIENT4, SERVER4, dns), fragment=0x0010),
        ipv4(udp(CLIENT4, SERVER4, dns, sport=0)),
        ipv4(udp(SERVER4, SERVER4, dns), source=SERVER4),
        ipv4(udp("0.0.0.0", SERVER4, dns), source="0.0.0.0"),
        ipv4(udp("198.51.100.1", SERVER4, dns), source="198.51.100.1"),
        ipv4(udp(CLIENT4, SERVER4, question(flags=0x8100))),
        ipv4(udp(CLIENT4, SERVER4, question(flags=0x2800))),
        ipv4(udp(CLIENT4, SERVER4, question(counts=(2, 0, 0, 0)))),
        ipv4(udp(CLIENT4, SERVER4, dns[:7])),
        ipv4(udp(CLIENT4, SERVER4, dns, length=4)),
        ipv4(udp(CLIENT4, SERVER4, dns, length=400)),
        ipv4(udp(CLIENT4, SERVER4, b"x" * 900, dport=9)),
        ipv4(os.urandom(40), protocol=6), ipv4(os.urandom(40), protocol=1),
        ipv4(os.urandom(40), protocol=132), ipv6(os.urandom(40), following=58),
        ipv6(os.urandom(40), following=44), ipv6(os.urandom(64), following=0))]
    valid += [wire.theirs + wire.ours + b"\x08\x06" + os.urandom(28),
              b"\xff" * 6 + wire.ours + b"\x88\xcc" + os.urandom(46)]
    frames = []
    for _ in range(count):
        frame = bytearray(rng.choice(valid))
        kind = rng.randrange(8)
        if kind == 0:
            frame = frame[:rng.randrange(15, len(frame))]
        elif kind == 1:
            frame += bytes(rng.randrange(64))
        elif kind <= 5:
            for _ in range(rng.randrange(1, 4)):
                frame[rng.randrange(12, len(frame))] = rng.randrange(256)
        frames.append(bytes(frame))
    return frames


class Case(unittest.TestCase):
    def start(self, *args, **more):
        echo = Echo(*args, **more)
        self.addCleanup(echo.close)
        if not echo.started:
            self.fail(echo.failure()[1])
        return echo

    def wire(self, link=PEER):
        wire = Wire(link)
        self.addCleanup(wire.close)
        return wire

    def ask(self, payload, address=SERVER4, limit_s=20.0):
        """The answer, None for silence."""
        family = socket.AF_INET if ":" not in address else socket.AF_INET6
        with socket.socket(family, socket.SOCK_DGRAM) as client:
            client.settimeout(limit_s)
            client.connect((address, 53))
            client.send(payload)
            try:
                return client.recv(65536)
            except TimeoutError:
                return None

    def assert_rcode(self, answer, payload, rcode):
        self.assertIsNotNone(answer, "no answer")
        self.assertEqual(answer[:2], payload[:2], "ID")
        self.assertEqual(answer[2] & 0x80, 0x80, "QR")
        self.assertEqual(answer[3] & 0xf, rcode, "RCODE")
        if rcode != FORMERR:
            self.assertEqual(answer[12:len(payload)], payload[12:], "question")

    def assert_balanced(self, c):
        """The equations of dataplane/counters.h."""
        drops = sum(v for k, v in c.items() if k.startswith("dataplane.drop."))
        self.assertEqual(c["dataplane.received"],
                         c["dataplane.hit"] + c["dataplane.ticketed"] +
                         c["dataplane.exception"] + drops)
        self.assertEqual(c["dataplane.ticketed"],
                         c["dataplane.ticket.answered"] + c["dataplane.ticket.failed"] +
                         c["dataplane.ticket.dropped"] + c["dataplane.ticket.outstanding"])
        self.assertEqual(c["dataplane.sent"],
                         c["dataplane.hit"] + c["dataplane.ticket.answered"] +
                         c["dataplane.from_host"] - c["dataplane.tx_dropped"])
        hits = sum(v for k, v in c.items() if k.startswith("dataplane.hit."))
        self.assertEqual(c["dataplane.hit"], hits)
        exceptions = sum(v for k, v in c.items() if k.startswith("dataplane.exception."))
        self.assertEqual(c["dataplane.exception"], exceptions)

    def quiet(self, echo):
        """Counters once nothing moves any more."""
        last = [None]

        def still():
            c = echo.counters()
            now = (c["dataplane.received"], c["dataplane.sent"], c["host.to_tap"],
                   c["host.from_tap"], c["dataplane.ticket.outstanding"])
            same, last[0] = now == last[0], now
            if not same:
                time.sleep(0.1)
            return c if same else None
        return wait_for("the packet path to be idle", still)

    def assert_gone(self):
        """Nothing of a stopped dataplane_echo is left."""
        links = run("ip", "-n", lab.server, "link")
        self.assertNotIn(TAP, links)
        self.assertNotIn("xdp", links)
        tables = run("ip", "netns", "exec", lab.server, "nft", "list", "tables")
        self.assertNotIn("assay", tables)


# ---- the tests, for every driver and kind of memory ----

class PacketPath:
    driver = None
    hugepages = False

    def start(self, *args, **more):
        return super().start(*args, driver=self.driver, hugepages=self.hugepages, **more)

    def test_memory_is_what_was_asked_for(self):
        echo = self.start()
        text = "\n".join(echo.command("describe"))
        self.assertIn("in hugepages" if self.hugepages else "without hugepages", text)
        self.assertIn(f"driver {self.driver}", text)

    def test_only_adaptive_polling_sleeps(self):
        for poll, sleeps in (("busy", False), ("adaptive", True)):
            echo = self.start(poll=poll)
            payload = question()
            self.assert_rcode(self.ask(payload), payload, SERVFAIL)
            c = wait_for("a while of polling",
                         lambda: (c := echo.counters())["dataplane.polls"] > 2000 and c)
            self.assertEqual(c["dataplane.sleeps"] > 0, sleeps)
            self.assertEqual(echo.stop()[0], 0)

    def test_questions_are_answered_at_once_or_by_ticket(self):
        echo = self.start()
        for address in (SERVER4, SERVER6):
            before = self.quiet(echo)
            payload = question()
            self.assert_rcode(self.ask(payload, address), payload, SERVFAIL)
            payload = question(flags=0)
            self.assert_rcode(self.ask(payload, address), payload, REFUSED)
            payload = question(counts=(2, 0, 0, 0))
            self.assert_rcode(self.ask(payload, address), payload, FORMERR)
            self.assertIsNone(self.ask(question(flags=0x8000), address, 0.3))
            after = self.quiet(echo)
            for name, moved in (("dataplane.ticketed", 1), ("dataplane.ticket.answered", 1),
                                ("dataplane.hit", 2), ("dataplane.hit.refused", 1),
                                ("dataplane.hit.error", 1), ("dataplane.drop.dns_response", 1)):
                self.assertEqual(after[name] - before[name], moved, name)
            self.assert_balanced(after)

    def test_cycles_are_measured_between_two_questions(self):
        echo = self.start()
        self.assertEqual(echo.counters("cycles")["measured"], 0)
        payload = question(flags=0)
        stages = ("receive", "read", "match", "answer", "queue", "slow", "send", "idle")
        seen = dict.fromkeys(stages, 0)
        for _ in range(50):  # a core without a CPU of its own may have no turn between two
            for _ in range(8):
                self.assert_rcode(self.ask(payload), payload, REFUSED)
            cycles = echo.counters("cycles")
            self.assertEqual(cycles["measured"], 1)
            self.assertGreaterEqual(cycles["packets"], 8)
            self.assertGreaterEqual(cycles["packets"], cycles["bursts"])
            for stage in stages:
                seen[stage] += cycles[stage]
            if all(seen.values()):
                break
        self.assertNotIn(0, seen.values(), seen)

    def test_tagged_questions_are_answered_with_their_tags(self):
        echo, wire = self.start(), self.wire()
        # net_af_packet of DPDK 22.11 gives every outer tag the type 0x8100.
        outer = 0x8100 if self.driver == "net_af_packet" else 0x88a8
        for tags in (((0x8100, 0x2005),), ((outer, 7), (0x8100, 9))):
            for packet in (ipv4(udp(CLIENT4, SERVER4, question(ident=77, flags=0))),
                           ipv4(udp(CLIENT4, SERVER4, question(ident=77)))):
                sent = wire.frame(packet, tags)
                wire.send(sent)
                got = wire.received(lambda frame: frame[:6] == wire.ours and
                                    struct.pack("!2H", 53, 40000) in frame)
                self.assertEqual(len(got), 1)
                expected = b"".join(struct.pack("!HH", *tag) for tag in tags) + b"\x08\0"
                self.assertEqual(got[0][12:12 + len(expected)], expected)
        self.assertEqual(echo.counters()["dataplane.drop.vlan_depth"], 0)

    def test_arp_is_answered_once(self):
        self.start()
        wire = self.wire()
        wire.send(arp_request(wire, CLIENT4))
        got = wire.received(is_arp_reply)
        self.assertEqual(len(got), 1)
        self.assertEqual(got[0][22:28], wire.theirs)

    def test_neighbour_discovery_is_answered_once(self):
        self.start()
        wire = self.wire()
        target = socket.inet_pton(socket.AF_INET6, SERVER6)
        group = socket.inet_pton(socket.AF_INET6, "ff02::1:ff00:1")
        body = struct.pack("!BBHI", 135, 0, 0, 0) + target + b"\1\1" + wire.ours
        pseudo = socket.inet_pton(socket.AF_INET6, CLIENT6) + group + struct.pack("!II", len(body),
                                                                                  58)
        body = body[:2] + struct.pack("!H", checksum(pseudo + body)) + body[4:]
        packet = bytearray(ipv6(body, destination="ff02::1:ff00:1", following=58))
        packet[7] = 255
        wire.send(b"\x33\x33\xff\0\0\1" + wire.ours + b"\x86\xdd" + packet)
        got = wire.received(lambda frame: frame[12:14] == b"\x86\xdd" and frame[54] == 136)
        self.assertEqual(len(got), 1)
        self.assertEqual(got[0][80:86], wire.theirs)

    def test_ping_is_answered_once(self):
        self.start()
        for address in (SERVER4, SERVER6):
            # 1,400 bytes: nearly a full frame in both directions.
            text = run("ping", "-n", "-c", "3", "-i", "0.2", "-W", "2", "-s", "1400", address,
                       check=False)
            self.assertIn("3 packets transmitted, 3 received, 0% packet loss", text)

    def test_tcp_carries_full_segments_both_ways(self):
        self.start()
        self.assert_reflected(os.urandom(300000))

    def test_o30_peers_that_leave_checksums_to_their_nic_are_answered(self):
        run("ethtool", "-K", PEER, "tx", "on")
        self.addCleanup(run, "ethtool", "-K", PEER, "tx", "off")
        echo = self.start()
        for address in (SERVER4, SERVER6):
            for flags, rcode in ((0x0100, SERVFAIL), (0, REFUSED)):
                payload = question(flags=flags)
                self.assert_rcode(self.ask(payload, address), payload, rcode)
        self.assert_reflected(b"a question over TCP")
        self.assertEqual(echo.counters()["dataplane.drop.udp_checksum"], 0)

    def test_o30_frames_for_another_station_are_dropped(self):
        echo, wire = self.start(), self.wire()
        for sport, station in ((40001, b"\x02\xde\xad\xbe\xef\x01"), (40002, wire.theirs)):
            for flags in (0, 0x0100):
                frame = wire.frame(ipv4(udp(CLIENT4, SERVER4, question(flags=flags), sport)))
                wire.send(station + frame[6:])
        got = wire.received(lambda frame: frame[:6] == wire.ours and frame[34:36] == b"\0\x35")
        self.assertEqual({struct.unpack("!H", frame[36:38])[0] for frame in got}, {40002})
        c = self.quiet(echo)
        self.assertEqual(c["dataplane.drop.l2_station"], 2)
        self.assert_balanced(c)

    def assert_reflected(self, sent):
        for family, address in ((socket.AF_INET, SERVER4), (socket.AF_INET6, SERVER6)):
            with lab.inside_server(), contextlib.ExitStack() as stack:
                listener = stack.enter_context(socket.socket(family, socket.SOCK_STREAM))
                # Connections of the test before may still be in TIME-WAIT there.
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                listener.bind((address, 53))
                listener.listen(1)
                lab.enter(lab.client)
                client = stack.enter_context(socket.socket(family, socket.SOCK_STREAM))
                client.settimeout(20)
                client.connect((address, 53))
                server = stack.enter_context(listener.accept()[0])
                server.settimeout(20)

                def reflect():
                    while data := server.recv(65536):
                        server.sendall(data)
                    server.shutdown(socket.SHUT_WR)
                back = threading.Thread(target=reflect)
                sender = threading.Thread(target=lambda: (client.sendall(sent),
                                                          client.shutdown(socket.SHUT_WR)))
                back.start()
                sender.start()
                got = b""
                while data := client.recv(65536):
                    got += data
                back.join()
                sender.join()
                self.assertEqual(got, sent)

    def test_closed_ports_refuse_once(self):
        self.start()
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as client:
            client.settimeout(2)
            with self.assertRaises(ConnectionRefusedError):
                client.connect((SERVER4, 853))
        wire = self.wire()
        wire.send(wire.frame(ipv4(udp(CLIENT4, SERVER4, b"x" * 20, dport=9))))
        got = wire.received(lambda frame: frame[12:14] == b"\x08\0" and frame[23] == 1 and
                            frame[34] == 3)
        self.assertEqual(len(got), 1)

    def test_o15_a_port_receives_ten_times_its_pool(self):
        echo, wire = self.start(), self.wire()
        pool = echo.counters()["port.0.mbufs"]
        frame = wire.frame(ipv4(udp(CLIENT4, SERVER4, question(flags=0))))
        for _ in range(60):
            for _ in range(pool):
                wire.send(frame)
            c = echo.counters()
            if c["dataplane.received"] >= 10 * pool:
                break
        self.assertGreaterEqual(c["dataplane.received"], 10 * pool)
        self.quiet(echo)  # what is queued before the port may leave no room for one more frame
        payload = question()
        self.assert_rcode(self.ask(payload), payload, SERVFAIL)
        self.assert_balanced(self.quiet(echo))

    def test_counters_add_up_over_a_storm_and_no_buffer_is_lost(self):
        echo, wire = self.start(), self.wire()
        idle = echo.counters()
        frames = mutations(wire, 5000, seed=1)
        for _ in range(60):
            for frame in frames:
                wire.send(frame)
        # What the driver keeps until it sends the next time becomes free by sending.
        for _ in range(20):
            self.ask(question())
        c = self.quiet(echo)
        self.assert_balanced(c)
        self.assertEqual(c["dataplane.ticket.outstanding"], 0)
        self.assertGreater(c["dataplane.received"], 100000)
        for name in ("hit", "ticketed", "exception", "drop.runt", "drop.ip_checksum",
                     "drop.udp_checksum", "drop.fragment", "drop.udp_port", "drop.vlan_depth",
                     "drop.dns_response", "drop.ip_source", "drop.udp_length"):
            self.assertGreater(c["dataplane." + name], 0, name)
        self.assertLessEqual(abs(c["port.0.mbufs_available"] - idle["port.0.mbufs_available"]), 64)

    def test_without_tickets_misses_are_dropped_and_counted(self):
        echo, wire = self.start(tickets=64), self.wire()
        echo.command("hold")
        for i in range(200):
            wire.send(wire.frame(ipv4(udp(CLIENT4, SERVER4, question(ident=i), sport=50000))))
        # Packets are counted as received before it is known what becomes of them.
        c = wait_for("all misses", lambda: (c := echo.counters())["dataplane.drop.miss_full"] >= 136
                     and c)
        self.assertGreaterEqual(c["dataplane.received"], 200)
        self.assertEqual(c["dataplane.ticket.outstanding"], 64)
        self.assertEqual(c["dataplane.drop.miss_full"], 136)
        # Hits go on.
        payload = question(flags=0)
        self.assert_rcode(self.ask(payload), payload, REFUSED)
        echo.command("go")
        c = self.quiet(echo)
        self.assertEqual(c["dataplane.ticket.answered"], 64)
        self.assert_balanced(c)
        payload = question()
        self.assert_rcode(self.ask(payload), payload, SERVFAIL)

    def test_o16_hits_go_on_while_control_stands_still(self):
        echo = self.start()
        echo.command("stall")
        payload = question()
        self.assertIsNone(self.ask(payload, limit_s=0.8))
        payload = question(flags=0)
        self.assert_rcode(self.ask(payload), payload, REFUSED)
        echo.command("go")
        payload = question()
        self.assert_rcode(self.ask(payload), payload, SERVFAIL)
        self.assert_balanced(self.quiet(echo))

    def test_stopping_answers_the_tickets_and_leaves_nothing(self):
        echo, wire = self.start(), self.wire()
        echo.command("hold")
        for i in range(10):
            wire.send(wire.frame(ipv4(udp(CLIENT4, SERVER4, question(ident=i), sport=50000))))
        wait_for("tickets", lambda: echo.counters()["dataplane.ticket.outstanding"] == 10)
        status, text = echo.stop()
        self.assertEqual((status, text), (0, "stopped\n"))
        got = wire.received(lambda frame: frame[:6] == wire.ours and
                            struct.pack("!2H", 53, 50000) in frame)
        self.assertEqual(len(got), 10)
        self.assert_gone()

    def test_after_a_kill_the_next_start_takes_over(self):
        # With hugepages there are enough for one: what the dead kept would be missing at once.
        for _ in range(5):
            echo = self.start()
            if self.hugepages:
                self.assertIn("in hugepages", "\n".join(echo.command("describe")))
            payload = question()
            self.assert_rcode(self.ask(payload), payload, SERVFAIL)
            echo.process.send_signal(signal.SIGKILL)
            echo.process.wait()
            wait_for("the tap to go", lambda: TAP not in run("ip", "-n", lab.server, "link"))
        echo = self.start()
        payload = question()
        self.assert_rcode(self.ask(payload), payload, SERVFAIL)
        self.assertEqual(echo.stop()[0], 0)
        self.assert_gone()

    def test_without_a_tap_other_packets_are_dropped(self):
        echo, wire = self.start(tap=""), self.wire()
        wire.send(wire.frame(ipv4(udp(CLIENT4, SERVER4, b"x", dport=9))))
        wire.send(wire.frame(ipv4(udp(CLIENT4, SERVER4, question(flags=0)))))
        self.assertEqual(len(wire.received(lambda frame: frame[:6] == wire.ours)), 1)
        c = echo.counters()
        self.assertGreaterEqual(c["dataplane.drop.exception_full"], 1)
        self.assertEqual(c["dataplane.exception"], 0)


class WithHugepages(PacketPath):
    """Reserves pages for the time of the class and gives them back."""
    hugepages = True
    pages = 24  # one dataplane_echo's 16, not two's

    @classmethod
    def setUpClass(cls):
        reserved = cls.enterClassContext(Hugepages(cls.pages))
        if not reserved.there:
            raise unittest.SkipTest("no memory for hugepages")


class AfXdp(PacketPath, Case):
    driver = "net_af_xdp"


class AfXdpHugepages(WithHugepages, Case):
    driver = "net_af_xdp"


class AfPacket(PacketPath, Case):
    driver = "net_af_packet"


class AfPacketHugepages(WithHugepages, Case):
    driver = "net_af_packet"


class Classes(Case):
    """What routing lives on, beside floods of the rest. Packets are counted, not time: what the
    port was given is what counts, at whatever rate this machine makes the flood."""

    KEEPALIVE = b"\xff" * 16 + b"\0\x13\x04"
    SYN, ACK = "02", "10"

    def serve(self, listener):
        """Each message is sent back, as a router's keepalives are by ours."""
        session, _ = listener.accept()
        with session:
            session.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while data := session.recv(4096):
                session.sendall(data)

    def session(self):
        with lab.inside_server():
            listener = socket.create_server((SERVER4, 179))
        self.addCleanup(listener.close)
        thread = threading.Thread(target=self.serve, args=(listener,), daemon=True)
        thread.start()
        peer = socket.create_connection((SERVER4, 179), timeout=300)
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.addCleanup(thread.join, 60)
        self.addCleanup(peer.close)
        return peer

    def keep_alive(self, peer):
        peer.sendall(self.KEEPALIVE)
        got = b""
        while len(got) < len(self.KEEPALIVE):
            more = peer.recv(4096)
            self.assertTrue(more, "the session ended")
            got += more

    def flood(self, source, port, flags, count=200000):
        mac = lab.mac(lab.client, PEER).hex(":"), lab.mac(lab.server, PORT).hex(":")
        return subprocess.Popen(
            [os.path.join(os.path.dirname(echo_path), "flood"), PEER, *mac, source, SERVER4,
             str(port), flags, str(count), "500000"], text=True, stdout=subprocess.PIPE)

    def counted(self, echo, name):
        c = echo.counters()
        return [c[f"dataplane.exception{kind}.{name}"] for kind in ("", "_limited", "_full")]

    def assert_bgp_passes(self, echo, peer, words, drowned, *flood):
        bgp, other = self.counted(echo, "bgp"), self.counted(echo, drowned)
        flood = self.flood(*flood)
        messages = 0
        while flood.poll() is None or messages < 300:
            self.keep_alive(peer)
            messages += 1
        sent, passed_ms = (int(word) for word in flood.stdout.read().split())
        flood.stdout.close()
        bgp = [now - then for now, then in zip(self.counted(echo, "bgp"), bgp)]
        other = [now - then for now, then in zip(self.counted(echo, drowned), other)]
        print(f"# {words}: {sent} in {passed_ms} ms, of which {sum(other)} came; passed {other[0]},"
              f" over the rate {other[1]}, no room {other[2]}; BGP: {messages} messages each way,"
              f" passed {bgp[0]}, over the rate {bgp[1]}, no room {bgp[2]}", flush=True)
        self.assertGreaterEqual(bgp[0], messages)
        self.assertLessEqual((bgp[1] + bgp[2]) * 99, bgp[0])
        # The flood was there: most of what came of it was dropped.
        self.assertGreater(other[1] + other[2], other[0])

    def each_flood(self, driver):
        echo = self.start(f"peer={CLIENT4}", driver=driver)
        peer = self.session()
        self.keep_alive(peer)
        self.assert_bgp_passes(echo, peer, "SYNs of strangers", "syn", "any", 53, self.SYN)
        self.assert_bgp_passes(echo, peer, "SYNs in the peer's name", "peer", CLIENT4, 179,
                               self.SYN)
        self.assert_bgp_passes(echo, peer, "ACKs in the peer's name", "peer", CLIENT4, 179,
                               self.ACK)
        c = echo.counters()
        print(f"# host thread: {c['host.cpu_us'] / 1000:.0f} ms of CPU, {c['host.rests']} rests,"
              f" {c['host.to_tap']} frames to the tap, {c['host.to_tap_failed']} not taken")

    def test_bgp_passes_beside_floods_over_af_xdp(self):
        self.each_flood("net_af_xdp")

    def test_bgp_passes_beside_floods_over_af_packet(self):
        self.each_flood("net_af_packet")


class Idle(Case):
    """An idle core in adaptive mode sleeps until something is there for it, and loses nothing."""

    def rested(self, echo, sleeps):
        """Microseconds of so many sleeps at least, on average, while no packet came."""
        before = [echo.counters()]

        def enough():
            now = echo.counters()
            if now["dataplane.received"] != before[0]["dataplane.received"]:
                self.asleep(echo)  # a frame of the kernel's own
                before[0] = echo.counters()
                return None
            return now if now["dataplane.sleeps"] >= before[0]["dataplane.sleeps"] + sleeps else None
        now = wait_for("an idle core to sleep", enough)
        return ((now["dataplane.slept_us"] - before[0]["dataplane.slept_us"]) /
                (now["dataplane.sleeps"] - before[0]["dataplane.sleeps"]))

    def asleep(self, echo):
        """So many turns without work are behind it that it waits on its descriptors."""
        sleeps = self.quiet(echo)["dataplane.sleeps"]
        wait_for("sleeps", lambda: echo.counters()["dataplane.sleeps"] > sleeps + 40)

    def each_wakes(self, driver):
        echo = self.start(driver=driver, poll="adaptive")
        wait_for("the first sleep", lambda: echo.counters()["dataplane.sleeps"] > 40)
        self.asleep(echo)
        # Without descriptors it would be half a millisecond.
        self.assertGreater(self.rested(echo, 100), 5000)
        woken = echo.counters()["dataplane.woken"]
        for i in range(20):
            self.asleep(echo) if i < 3 else None
            payload = question(ident=i)
            self.assert_rcode(self.ask(payload), payload, SERVFAIL)
        c = self.quiet(echo)
        self.assert_balanced(c)
        self.assertEqual(c["dataplane.ticket.answered"], 20)
        self.assertGreaterEqual(c["dataplane.woken"], woken + 3)
        # Frames of the host's, which no packet comes before.
        self.asleep(echo)
        woken = echo.counters()["dataplane.woken"]
        with lab.inside_server():
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                s.bind((SERVER4, 0))
                s.sendto(b"x", (CLIENT4, 9))
        wait_for("the host's frame", lambda: echo.counters()["dataplane.woken"] > woken)

    def test_over_af_xdp_it_waits_for_packets(self):
        self.each_wakes("net_af_xdp")

    def test_over_af_packet_it_waits_for_packets(self):
        self.each_wakes("net_af_packet")

    def test_without_descriptors_it_looks_after_half_a_millisecond(self):
        echo = self.start(device="net_null0", poll="busy", tap="")
        self.assertEqual(echo.counters()["dataplane.sleeps"], 0)
        self.assertEqual(echo.stop()[0], 0)
        echo = self.start(device="net_ring0", poll="adaptive", tap="")
        wait_for("sleeps", lambda: echo.counters()["dataplane.sleeps"] > 100)
        self.assertGreater(self.rested(echo, 100), 400)

    def test_an_interface_that_is_down_does_not_keep_it_awake(self):
        echo = self.start(driver="net_af_packet", poll="adaptive")
        self.asleep(echo)
        run("ip", "-n", lab.server, "link", "set", PORT, "down")
        self.addCleanup(run, "ip", "-n", lab.server, "link", "set", PORT, "up")
        self.assertGreater(self.rested(echo, 200), 400)
        run("ip", "-n", lab.server, "link", "set", PORT, "up")
        payload = question()
        wait_for("an answer", lambda: self.ask(payload, limit_s=1))
        self.asleep(echo)
        self.assertGreater(self.rested(echo, 100), 400)


class Cached(Case):
    """Answers with data by the poll-mode cores, fresh and stale."""

    def assert_data(self, answer, payload):
        self.assert_rcode(answer, payload, 0)
        self.assertEqual(answer[6:8], b"\0\1", "one answer record")
        self.assertEqual(answer[-4:], socket.inet_aton("192.0.2.1"))

    def test_a_cached_name_is_answered_without_a_ticket(self):
        echo = self.start(fresh="www.example")
        for address in (SERVER4, SERVER6):
            payload = question("wWw.eXample")
            self.assert_data(self.ask(payload, address), payload)
        c = self.quiet(echo)
        self.assertEqual(c["dataplane.hit.positive"], 2)
        self.assertEqual(c["dataplane.ticketed"], 0)
        self.assert_balanced(c)

    def test_ip_options_are_left_out_of_the_answer(self):
        echo, wire = self.start(fresh="www.example"), self.wire()
        payload = question("www.example")
        wire.send(wire.frame(ipv4(udp(CLIENT4, SERVER4, payload), options=b"\x94\x04\0\0")))
        got = wire.received(lambda frame: frame[:6] == wire.ours and frame[34:36] == b"\0\x35")
        self.assertEqual(len(got), 1)
        self.assertEqual(got[0][14], 0x45)
        self.assertEqual(checksum(got[0][14:34]), 0)
        self.assert_data(got[0][42:], payload)
        self.assertEqual(echo.counters()["dataplane.hit.positive"], 1)

    def test_stale_data_is_asked_for_while_control_lives(self):
        echo = self.start(stale="old.example")
        payload = question("old.example")
        self.assert_rcode(self.ask(payload), payload, SERVFAIL)
        self.assertEqual(self.quiet(echo)["dataplane.ticket.answered"], 1)

    def test_o16_stale_data_is_the_answer_while_control_stands_still(self):
        echo = self.start(stale="old.example")
        echo.command("stall")
        payload = question("old.example")
        # The limit is 500 ms: until then questions become tickets.
        answer = wait_for("a stale answer", lambda: self.ask(payload, limit_s=0.1))
        self.assert_data(answer, payload)
        self.assertEqual(answer[3] & 0x20, 0, "AD")
        echo.command("go")
        c = self.quiet(echo)
        self.assertEqual(c["dataplane.stale.control_late"], 1)
        self.assertEqual(c["dataplane.hit.stale"], 1)
        self.assert_balanced(c)

    def test_o16_a_control_that_stands_still_costs_no_hit_and_no_stale_answer(self):
        echo = self.start(fresh="www.example", stale="old.example", tickets=64)
        echo.command("stall")
        old = question("old.example")
        # The first answers to it say that the heartbeat is seen as late; what was asked before waits.
        self.assert_data(wait_for("a stale answer", lambda: self.ask(old, limit_s=0.1)), old)
        waiting = echo.counters()["dataplane.ticket.outstanding"]
        for ident in range(100):
            for name in ("www.example", "old.example"):
                payload = question(name, ident=ident)
                self.assert_data(self.ask(payload), payload)
        c = echo.counters()
        self.assertEqual(c["dataplane.hit.positive"], 100)
        self.assertGreaterEqual(c["dataplane.stale.control_late"], 101)
        self.assertEqual(c["dataplane.ticket.outstanding"], waiting, "none became a ticket")
        # What has no stale answer waits in a queue with an end; then it is refused, and counted.
        wire = self.wire()
        for ident in range(200):
            wire.send(wire.frame(ipv4(udp(CLIENT4, SERVER4, question("new.example", ident=ident),
                                          sport=50000))))
        wait_for("all misses", lambda: echo.counters()["dataplane.drop.miss_full"] ==
                 200 - (64 - waiting))
        self.assertEqual(echo.counters()["dataplane.ticket.outstanding"], 64)
        payload = question("www.example")
        self.assert_data(self.ask(payload), payload)
        echo.command("go")
        c = self.quiet(echo)
        self.assertEqual(c["dataplane.ticket.answered"], 64)
        self.assert_balanced(c)
        payload = question("new.example")
        self.assert_rcode(self.ask(payload), payload, SERVFAIL)

    def test_stale_data_is_the_answer_when_no_ticket_is_left(self):
        echo, wire = self.start(stale="old.example", tickets=1), self.wire()
        echo.command("hold")
        wire.send(wire.frame(ipv4(udp(CLIENT4, SERVER4, question("new.example"), 50000))))
        wait_for("the ticket", lambda: echo.counters()["dataplane.ticket.outstanding"] == 1)
        payload = question("old.example")
        self.assert_data(self.ask(payload), payload)
        echo.command("go")
        c = self.quiet(echo)
        self.assertEqual(c["dataplane.stale.miss_full"], 1)
        self.assertEqual(c["dataplane.hit.stale"], 1)
        self.assert_balanced(c)


def arp_request(wire, sender):
    return (b"\xff" * 6 + wire.ours + struct.pack("!HHHBBH", 0x0806, 1, 0x0800, 6, 4, 1) +
            wire.ours + socket.inet_aton(sender) + bytes(6) + socket.inet_aton(SERVER4))


def is_arp_reply(frame):
    return frame[12:14] == b"\x08\x06" and frame[20:22] == b"\0\2"


class SeveralPorts(Case):
    def two_ports(self, driver):
        run("ip", "-n", lab.client, "link", "add", "c1", "type", "veth", "peer", "name", "s1",
            "netns", lab.server)
        self.addCleanup(run, "ip", "-n", lab.client, "link", "del", "c1")
        run("ip", "-n", lab.server, "link", "set", "s1", "addrgenmode", "none", "up")
        run("ip", "-n", lab.client, "link", "set", "c1", "addrgenmode", "none", "up")
        options = ",force_copy=1,busy_budget=0" if driver == "net_af_xdp" else ""
        return self.start(f"device={driver}1,iface=s1{options}", driver=driver, memory=64)

    def each_port_answers(self, driver):
        echo = self.two_ports(driver)
        for link, sender, sport in (("c1", "10.77.0.3", 51001), (PEER, CLIENT4, 51000)):
            wire = self.wire(link)
            wire.send(arp_request(wire, sender))
            got = wire.received(is_arp_reply)
            self.assertEqual(len(got), 1)
            # The first port's address is every port's.
            self.assertEqual(got[0][22:28], wire.theirs)
            for flags in (0, 0x0100):
                wire.send(wire.frame(ipv4(udp(sender, SERVER4, question(flags=flags), sport),
                                          source=sender)))
                got = wire.received(lambda frame: frame[:6] == wire.ours and
                                    struct.pack("!2H", 53, sport) in frame)
                self.assertEqual(len(got), 1)
        c = self.quiet(echo)
        self.assertEqual(c["dataplane.hit"], 2)
        self.assertEqual(c["dataplane.ticket.answered"], 2)
        self.assert_balanced(c)
        self.assertEqual(echo.stop()[0], 0)
        self.assert_gone()

    def test_each_port_answers_where_it_was_asked_af_xdp(self):
        self.each_port_answers("net_af_xdp")

    def test_each_port_answers_where_it_was_asked_af_packet(self):
        self.each_port_answers("net_af_packet")


class SeveralCores(Case):
    def test_a_ticket_comes_back_to_its_core(self):
        cpus = sorted(os.sched_getaffinity(0))
        if len(cpus) < 2:
            self.skipTest("needs two CPUs")
        echo = self.start(f"cpu={cpus[0]}", cpu=cpus[1], control=-1, memory=64,
                          device=f"net_af_packet0,iface={PORT},qpairs=2")
        wire = self.wire()
        for sport in range(20000, 20200):
            wire.send(wire.frame(ipv4(udp(CLIENT4, SERVER4, question(ident=sport), sport))))
        got = wire.received(lambda frame: frame[:6] == wire.ours and frame[34:36] == b"\0\x35",
                            limit_s=3)
        self.assertEqual({struct.unpack("!H", frame[36:38])[0] for frame in got},
                         set(range(20000, 20200)))
        self.assertEqual(len(got), 200)
        self.assert_balanced(self.quiet(echo))
        self.assertEqual(echo.stop()[0], 0)


class SeveralQueues(Case):
    """One core, and more queues than that: no question arrives on one that nobody polls."""

    def setUp(self):
        run("ip", "-n", lab.client, "link", "add", "c4", "type", "veth", "peer", "name", "s4",
            "numrxqueues", "4", "numtxqueues", "4", "netns", lab.server)
        self.addCleanup(run, "ip", "-n", lab.client, "link", "del", "c4")
        run("ip", "netns", "exec", lab.server, "ethtool", "-L", "s4", "rx", "4", "tx", "4")
        run("ethtool", "-L", "c4", "rx", "4", "tx", "4", check=False)
        run("ip", "-n", lab.server, "link", "set", "s4", "addrgenmode", "none", "up")
        run("ip", "-n", lab.client, "link", "set", "c4", "addrgenmode", "none", "up")

    def lost(self, echo):
        """Of 64 source ports, those whose question, answered at once or by ticket, is lost."""
        wire = self.wire("c4")
        wire.theirs = lab.mac(lab.server, "s4")
        ports = set(range(30000, 30064))
        for sport in ports:
            wire.send(wire.frame(ipv4(udp(CLIENT4, SERVER4, question(flags=sport % 2 << 8),
                                          sport))))
        got = wire.received(lambda frame: frame[:6] == wire.ours and frame[34:36] == b"\0\x35",
                            limit_s=10, settle_s=2)
        self.assert_balanced(self.quiet(echo))
        return ports - {struct.unpack("!H", frame[36:38])[0] for frame in got}

    def test_o30_one_core_polls_all_queues_af_packet(self):
        echo = self.start(driver="net_af_packet", memory=96,
                          device="net_af_packet0,iface=s4,qpairs=4")
        self.assertIn("4 queue pairs", "\n".join(echo.command("describe")))
        self.assertEqual(self.lost(echo), set())

    def test_o30_all_queues_are_taken_af_xdp(self):
        device = "net_af_xdp0,iface=s4,force_copy=1,busy_budget=0"
        echo = self.start(device=device, memory=128)
        self.assertEqual(self.lost(echo), set())
        self.assertNotIn("alarm", "\n".join(echo.command("describe")))
        # What the host's stack sends to all goes out once by each interface.
        wire = self.wire("c4")
        with lab.inside_server():
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
                s.bind((SERVER4, 0))
                s.sendto(b"to everybody", ("10.77.0.255", 9))
        got = wire.received(lambda frame: b"to everybody" in frame)
        self.assertEqual(len(got), 1)
        self.assertEqual(echo.stop()[0], 0)
        self.assert_gone()

    def test_o30_every_core_has_some_of_the_queues_af_xdp(self):
        cpus = sorted(os.sched_getaffinity(0))
        if len(cpus) < 2:
            self.skipTest("one CPU")
        echo = self.start(f"cpu={cpus[0]}", cpu=cpus[1], memory=128,
                          device="net_af_xdp0,iface=s4,force_copy=1,busy_budget=0")
        self.assertEqual(self.lost(echo), set())

    def test_o30_queues_that_nobody_polls_are_told_af_xdp(self):
        run("ip", "netns", "exec", lab.server, "ethtool", "-L", "s4", "rx", "1")
        echo = self.start(device="net_af_xdp0,iface=s4,force_copy=1,busy_budget=0")
        self.assertEqual(self.lost(echo), set())
        self.assertNotIn("alarm", "\n".join(echo.command("describe")))
        run("ip", "netns", "exec", lab.server, "ethtool", "-L", "s4", "rx", "2")
        self.assertRegex("\n".join(echo.command("describe")),
                         r"alarm: port 0: s4 receives on 2 queues.*ethtool -L s4 rx 1")

    def test_o30_queues_can_be_named_one_by_one_af_xdp(self):
        device = "net_af_xdp%d,iface=s4,start_queue=%d,force_copy=1,busy_budget=0"
        echo = self.start(*("device=" + device % (n, n) for n in range(1, 4)), memory=128,
                          device=device % (0, 0))
        self.assertEqual(self.lost(echo), set())
        self.assertNotIn("alarm", "\n".join(echo.command("describe")))


class Errors(Case):
    def assert_refused(self, words, **more):
        echo = Echo(**more)
        self.addCleanup(echo.close)
        self.assertFalse(echo.started)
        status, text = echo.failure()
        self.assertEqual(status, 1)
        self.assertRegex(text, words)
        self.assert_gone()

    def test_a_missing_interface_is_named(self):
        self.assert_refused("there is no network interface nosuch0",
                            device="net_af_xdp0,iface=nosuch0")

    def test_an_interface_that_is_down_is_named(self):
        run("ip", "-n", lab.server, "link", "set", PORT, "down")
        self.addCleanup(run, "ip", "-n", lab.server, "link", "set", PORT, "up")
        self.assert_refused(f"interface {PORT} is down")

    def test_a_device_without_interface_is_refused(self):
        self.assert_refused("needs iface=NAME", device="net_af_packet0")

    def test_an_unknown_device_is_named(self):
        self.assert_refused("port 'net_nosuch0' cannot be opened", device="net_nosuch0")

    def test_too_little_memory_is_refused_with_what_is_needed(self):
        self.assert_refused("give at least", memory=8)

    def test_a_cpu_that_is_not_there_is_named(self):
        self.assert_refused("CPU 900", cpu=900)

    def test_more_cores_than_queues_is_refused(self):
        cpus = sorted(os.sched_getaffinity(0))
        if len(cpus) < 2:
            self.skipTest("needs two CPUs")
        echo = Echo(f"cpu={cpus[0]}", cpu=cpus[1], memory=128)
        self.addCleanup(echo.close)
        self.assertFalse(echo.started)
        self.assertRegex(echo.failure()[1],
                         rf"has 1 queue.* 2 poll-mode cores.*ethtool -L {PORT} combined 2")
        self.assert_gone()

    def test_a_tap_in_use_is_named(self):
        run("ip", "-n", lab.server, "tuntap", "add", TAP, "mode", "tun")
        self.addCleanup(run, "ip", "-n", lab.server, "link", "del", TAP)
        echo = Echo()
        self.addCleanup(echo.close)
        self.assertFalse(echo.started)
        self.assertRegex(echo.failure()[1], f"cannot create tap {TAP}")

    def test_too_few_hugepages_means_none(self):
        echo = self.start(hugepages=True, memory=4096)
        text = "\n".join(echo.command("describe"))
        self.assertIn("without hugepages: too few are free", text)


class Leftovers(Case):
    def test_af_packet_takes_a_killed_af_xdp_program_away(self):
        echo = self.start()
        echo.process.kill()
        echo.process.wait()
        self.assertIn("xdp", run("ip", "-n", lab.server, "link", "show", PORT))
        wait_for("the tap to go", lambda: TAP not in run("ip", "-n", lab.server, "link"))
        echo = self.start(driver="net_af_packet")
        self.assertNotIn("xdp", run("ip", "-n", lab.server, "link", "show", PORT))
        payload = question()
        self.assert_rcode(self.ask(payload), payload, SERVFAIL)
        self.assertEqual(echo.stop()[0], 0)
        self.assert_gone()

    def test_a_killed_af_packet_table_is_replaced(self):
        echo = self.start(driver="net_af_packet")
        echo.process.kill()
        echo.process.wait()
        tables = run("ip", "netns", "exec", lab.server, "nft", "list", "tables")
        self.assertIn(f"assay_{PORT}", tables)
        wait_for("the tap to go", lambda: TAP not in run("ip", "-n", lab.server, "link"))
        echo = self.start(driver="net_af_packet")
        self.assertEqual(echo.stop()[0], 0)
        self.assert_gone()


def cannot_run():
    if not os.access(echo_path, os.X_OK):
        return f"needs {echo_path}"
    if os.geteuid() != 0:
        return "needs root"
    if not os.path.exists("/dev/net/tun"):
        return "needs /dev/net/tun"
    for program in ("ip", "ethtool", "nft", "ping"):
        if not any(os.access(f"{folder}/{program}", os.X_OK)
                   for folder in ("/usr/sbin", "/usr/bin", "/sbin", "/bin")):
            return f"needs {program}"
    return None


class TapResult(unittest.TestResult):
    """One line of the Test Anything Protocol for each test."""

    def line(self, good, test, note=""):
        name = test.id().removeprefix("__main__.").replace("_", " ")
        print(f"{'ok' if good else 'not ok'} {self.testsRun} - {name}{note}", flush=True)

    def addSuccess(self, test):
        super().addSuccess(test)
        self.line(True, test)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        # A class that is skipped as a whole never starts its tests.
        if not isinstance(test, unittest.TestCase):
            self.testsRun += 1
        self.line(True, test, f" # SKIP {reason}")

    def bad(self, test, text):
        if not isinstance(test, unittest.TestCase):
            self.testsRun += 1
        self.line(False, test)
        for line in text.splitlines():
            print("# " + line, flush=True)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.bad(test, self.failures[-1][1])

    def addError(self, test, err):
        super().addError(test, err)
        self.bad(test, self.errors[-1][1])


def main():
    global echo_path, lab
    here = os.path.dirname(os.path.abspath(__file__))
    build = os.environ.get("ASSAY_BUILD", os.path.join(here, "..", "..", "build"))
    echo_path = os.path.abspath(os.path.join(build, "tests", "e2e", "dataplane_echo"))
    reason = cannot_run()
    if reason:
        print(f"cannot run: {reason}")
        return SKIP
    loader = unittest.defaultTestLoader
    this = sys.modules["__main__"]
    tests = (loader.loadTestsFromNames(sys.argv[1:], this) if len(sys.argv) > 1
             else loader.loadTestsFromModule(this))
    try:
        lab = Lab()
    except (subprocess.CalledProcessError, OSError) as error:
        print(f"cannot run: no network namespaces or veth: {error}")
        return SKIP
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        result = tests.run(TapResult())
    finally:
        lab.close()
    print(f"1..{result.testsRun}")
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
