"""Namespaces, links, addresses and routes, and the packet rules of the providers."""

import contextlib
import ctypes
import os
import pathlib
import subprocess
import time

from . import topology
from .state import LabError
from .topology import PROVIDERS, SHORT_NAMES, namespace

_LIBC = ctypes.CDLL(None, use_errno=True)
_CLONE_NEWNET = 0x40000000


def run(command, text=None):
    """Runs a command; its own words become the error."""
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        words = (done.stderr or done.stdout).strip().splitlines()
        raise LabError(f"{' '.join(command)}: {words[0] if words else 'failed'}")
    return done.stdout


def exists(short_name):
    return pathlib.Path("/run/netns", namespace(short_name)).exists()


@contextlib.contextmanager
def inside(short_name):
    """Sockets opened in this block belong to the namespace, and keep doing so after it."""
    home = os.open("/proc/self/ns/net", os.O_RDONLY)
    away = os.open(f"/run/netns/{namespace(short_name)}", os.O_RDONLY)
    try:
        _enter(away)
        yield
    finally:
        _enter(home)
        os.close(home)
        os.close(away)


def _enter(handle):
    if _LIBC.setns(handle, _CLONE_NEWNET):
        raise LabError(f"cannot enter a namespace: {os.strerror(ctypes.get_errno())}")


def create():
    _batch(None, [f"netns add {namespace(name)}" for name in SHORT_NAMES])
    _create_links()
    for name in SHORT_NAMES:
        _sysctls(name)
    _batch("inet", _inet_commands())
    for provider in PROVIDERS:
        _batch(provider, _provider_commands(provider))
    _batch("resolver", _resolver_commands())
    _batch("client", _client_commands())
    _complete_checksums()
    for provider in PROVIDERS:
        apply_rules(provider, dark=(), relayed=())


def _batch(short_name, commands):
    where = ["-n", namespace(short_name)] if short_name else []
    run(["ip"] + where + ["-batch", "-"], "\n".join(commands) + "\n")


def _veth(name, where, peer, peer_where):
    return (
        f"link add {name} netns {namespace(where)} mtu 1500 type veth"
        f" peer {peer} netns {namespace(peer_where)} mtu 1500"
    )


def _create_links():
    links = [_veth(f"to-{p}", "inet", "inet0", p) for p in PROVIDERS]
    links.append(_veth("to-resolver", "inet", "up0", "resolver"))
    links.append(_veth("port0", "resolver", "cl0", "client"))
    # Not a batch of one namespace: both ends name theirs.
    _batch(None, links)


def _sysctls(short_name):
    """Settings that must hold before the links come up."""
    settings = {
        "net/ipv6/conf/all/accept_dad": 0,
        "net/ipv6/conf/default/accept_dad": 0,
        "net/ipv6/conf/all/accept_ra": 0,
        "net/ipv4/conf/all/rp_filter": 0,
        "net/ipv4/conf/default/rp_filter": 0,
    }
    if short_name == "inet":
        settings["net/ipv4/ip_forward"] = 1
        settings["net/ipv6/conf/all/forwarding"] = 1
    if short_name in PROVIDERS:
        # A dead server must answer like one at any rate: no limit on port unreachable.
        settings["net/ipv4/icmp_ratelimit"] = 0
        settings["net/ipv6/icmp/ratelimit"] = 0
    if short_name == "resolver":
        # assayd's port must stay silent on the kernel's side.
        settings["net/ipv6/conf/port0/disable_ipv6"] = 1
    if short_name == "client":
        settings["net/ipv6/conf/cl0/addr_gen_mode"] = 1
    # /proc/sys/net shows the namespace of the thread that opens a file.
    with inside(short_name):
        for path, value in settings.items():
            with contextlib.suppress(FileNotFoundError):
                pathlib.Path("/proc/sys", path).write_text(f"{value}\n")


def _inet_commands():
    commands = ["link set lo up"]
    for p in PROVIDERS:
        commands += [
            f"addr add {topology.link4(p, 1)}/30 dev to-{p}",
            f"addr add {topology.link6(p, 1)}/64 dev to-{p} nodad",
            f"link set to-{p} up",
            f"route add {topology.prefix4(p)} via {topology.link4(p, 2)}",
            f"route add {topology.prefix6(p)} via {topology.link6(p, 2)}",
        ]
    return commands + [
        f"addr add {topology.UPSTREAM_GATEWAY}/24 dev to-resolver",
        f"addr add {topology.UPSTREAM_GATEWAY6}/64 dev to-resolver nodad",
        "link set to-resolver up",
    ]


def _provider_commands(provider):
    closed = [topology.address4(provider, host) for host in topology.CLOSED_HOSTS]
    commands = [
        "link set lo up",
        f"addr add {topology.link4(provider, 2)}/30 dev inet0",
        f"addr add {topology.link6(provider, 2)}/64 dev inet0 nodad",
        "link set inet0 up",
        f"route add default via {topology.link4(provider, 1)}",
        f"route add default via {topology.link6(provider, 1)}",
        # The rest of the prefix is dark; the addresses below are more specific.
        f"route add blackhole {topology.prefix4(provider)}",
        f"route add blackhole {topology.prefix6(provider)}",
    ]
    for address in topology.served_addresses(provider) + closed:
        length = "128 dev lo nodad" if ":" in address else "32 dev lo"
        commands.append(f"addr add {address}/{length}")
    return commands


def _resolver_commands():
    return [
        "link set lo up",
        f"addr add {topology.UPSTREAM_ADDRESS}/24 dev up0",
        f"addr add {topology.UPSTREAM_ADDRESS6}/64 dev up0 nodad",
        "link set up0 up",
        f"route add default via {topology.UPSTREAM_GATEWAY}",
        f"route add default via {topology.UPSTREAM_GATEWAY6}",
        "link set port0 allmulticast on",
        "link set port0 up",
    ]


def _client_commands():
    commands = ["link set lo up"]
    commands += [f"addr add {a}/24 dev cl0" for a in topology.CLIENT_ADDRESSES]
    commands += [f"addr add {a}/64 dev cl0 nodad" for a in topology.CLIENT_ADDRESSES6]
    return commands + ["link set cl0 up"]


def _complete_checksums():
    """A packet from a veth with offloads reaches a DPDK port with an unfinished checksum."""
    for name, device in (
        ("client", "cl0"),
        ("resolver", "port0"),
        ("resolver", "up0"),
        ("inet", "to-resolver"),
    ):
        with inside(name):
            run(["ethtool", "-K", device, "tx", "off"])


_RULES = """
table inet lab
delete table inet lab
table inet lab {{
	set dark4 {{ type ipv4_addr; {dark4} }}
	set dark6 {{ type ipv6_addr; {dark6} }}
	set relayed4 {{ type ipv4_addr; {relayed4} }}
	set relayed6 {{ type ipv6_addr; {relayed6} }}
	counter dropped {{ }}
	counter relayed {{ }}
	chain arriving {{
		type filter hook prerouting priority raw
		iifname "lo" accept
		ip daddr @dark4 counter name dropped drop
		ip6 daddr @dark6 counter name dropped drop
		ip daddr @relayed4 udp dport {dns} counter name relayed udp dport set {relay}
		ip6 daddr @relayed6 udp dport {dns} counter name relayed udp dport set {relay}
		ip daddr @relayed4 tcp dport {dns} tcp dport set {relay}
		ip6 daddr @relayed6 tcp dport {dns} tcp dport set {relay}
	}}
	chain leaving {{
		type filter hook output priority raw
		oifname "lo" accept
		udp sport {relay} udp sport set {dns}
		tcp sport {relay} tcp sport set {dns}
	}}
}}
"""


def _elements(addresses, colon):
    chosen = sorted(a for a in addresses if (":" in a) == colon)
    return f"elements = {{ {', '.join(chosen)} }}" if chosen else ""


def apply_rules(provider, dark, relayed):
    """Which addresses of a provider are cut off, and which go through the relay.

    Ports are rewritten packet by packet, without connection tracking: its table would
    fill at the rates the relay must carry.
    """
    rules = _RULES.format(
        dns=topology.DNS_PORT,
        relay=topology.RELAY_PORT,
        dark4=_elements(dark, False),
        dark6=_elements(dark, True),
        relayed4=_elements(relayed, False),
        relayed6=_elements(relayed, True),
    )
    with inside(provider):
        run(["nft", "-f", "-"], rules)


def residents(short_name):
    """Pids of the processes that live in a namespace."""
    done = subprocess.run(
        ["ip", "netns", "pids", namespace(short_name)], capture_output=True, text=True, check=False
    )
    return [int(pid) for pid in done.stdout.split()]


def command_of(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def remove():
    """Removes the namespaces; returns the foreign processes that still lived in them."""
    foreign = {}
    for name in filter(exists, SHORT_NAMES):
        for pid in residents(name):
            foreign[pid] = command_of(pid)
    for name in filter(exists, SHORT_NAMES):
        run(["ip", "netns", "del", namespace(name)])
    return foreign


def settle(limit_s=2.0):
    """Waits until a just stopped daemon has left the namespaces."""
    deadline = time.monotonic() + limit_s
    while any(residents(p) for p in PROVIDERS if exists(p)) and time.monotonic() < deadline:
        time.sleep(0.02)
