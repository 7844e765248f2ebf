"""Ordinary zones by the hundred: healthy, signed by Knot in bulk, or unsigned."""

from .zone import Signing, Zone, own_servers, provider_servers

SIGNED_TLDS = ("nsec", "nsec3", "optout")
ALL_TLDS = SIGNED_TLDS + ("plain",)
HOST_COUNT = 28
DEEP_HOST = "host.one.two.three.four"  # below four empty non-terminals
SHORT_TTL_S = 5
_PAIRS = ("ab", "bc", "cd", "da", "ac", "bd")


def signed_zones(count, more_hosts=0):
    return [
        _zone(index, f"z{index:04d}.{SIGNED_TLDS[index % 3]}.", True, more_hosts)
        for index in range(count)
    ]


def unsigned_zones(count, more_hosts=0):
    return [
        _zone(index, f"u{index:04d}.{ALL_TLDS[index % 4]}.", False, more_hosts)
        for index in range(count)
    ]


def _providers(index):
    """One, two or four providers, and the TTL of the data."""
    kind = index % 4
    if kind == 0:
        return "abcd"[(index // 4) % 4], 300
    if kind == 3 and index % 8 == 3:
        return "abcd", SHORT_TTL_S
    return _PAIRS[(index // 4) % len(_PAIRS)], SHORT_TTL_S if kind == 1 else 300


def _signing(index):
    algorithm = 8 if index % 20 == 7 else 15 if index % 10 == 3 else 13
    return Signing((algorithm,), ("nsec", "nsec3")[(index // 3) % 2])


def _servers(index, name, providers):
    if index % 5 == 4:
        return provider_servers(providers, index // 5)
    per_provider = 2 if len(providers) == 1 else 1
    return own_servers(name, providers, index // 4, per_provider)


def _zone(index, name, signed, more_hosts):
    providers, ttl = _providers(index)
    shape = "single" if len(providers) == 1 else "multi"
    zone = Zone(
        name,
        f"ordinary-{'signed' if signed else 'unsigned'}-{shape}",
        _servers(index, name, providers),
        signing=_signing(index) if signed else None,
        bulk=signed,
        ttl=ttl,
        secure=signed,
        ds="good" if signed else "none",
    )
    zone.add_apex()
    _add_hosts(zone, index)
    for host in range(HOST_COUNT, HOST_COUNT + more_hosts):
        zone.add(more_host(host), zone.ttl, f"A {host_address(index, host)}")
    zone.add(DEEP_HOST, zone.ttl, f"A {host_address(index, 0)}")
    if index < 60:
        _add_questions(zone, index)
    return zone


def hosts():
    """Owner names of the hosts that every ordinary zone has."""
    return ["www", "mail", "api"] + [f"h{number:02d}" for number in range(3, HOST_COUNT)]


def more_host(host):
    return f"n{host:04d}"


def host_address(index, host):
    number = (index * HOST_COUNT + host) % 65000
    return f"198.19.{number >> 8}.{number & 255}"


def host_address6(index, host):
    return f"2001:db8:ffff:{index + 1:x}::{host + 1:x}"


def has_address6(host):
    return host % 5 == 0


def _add_hosts(zone, index):
    zone.add("@", zone.ttl, f"MX 10 mail.{zone.name}")
    zone.add("@", zone.ttl, 'TXT "v=spf1 -all"')
    for host, owner in enumerate(hosts()):
        zone.add(owner, zone.ttl, f"A {host_address(index, host)}")
        if has_address6(host):
            zone.add(owner, zone.ttl, f"AAAA {host_address6(index, host)}")


def _add_questions(zone, index):
    zone.ask("www", "A", [host_address(index, 0)], "plain answer")
    if index % 3 == 0:
        zone.ask("www", "AAAA", [host_address6(index, 0)], "plain answer, IPv6")
        zone.ask("@", "MX", [f"10 mail.{zone.name}"], "MX at the apex")
    if index % 3 == 1:
        zone.ask("mail", "AAAA", [], "NODATA")
    if index % 3 == 2:
        zone.ask("absent", "A", [], "NXDOMAIN", rcode="NXDOMAIN")


def dnsperf_lines(zones, hosts_per_zone=None):
    """Lines of a dnsperf input file for ordinary zones, host by host so that zones alternate."""
    lines = []
    for host, owner in enumerate(hosts()[:hosts_per_zone]):
        for zone in zones:
            lines.append(f"{owner}.{zone.name.rstrip('.')} A")
            if has_address6(host):
                lines.append(f"{owner}.{zone.name.rstrip('.')} AAAA")
    return lines
