"""Zones that hold one of everything: record types, aliases, wildcards, empty non-terminals.

The same content is served four times, with NSEC, NSEC3, NSEC3 opt-out and unsigned.
"""

import struct

from .zone import Signing, Zone, own_servers

_SIGNINGS = {
    "nsec": Signing((13,), "nsec"),
    "nsec3": Signing((8,), "nsec3"),
    "optout": Signing((15,), "optout"),
    "plain": None,
}
BIG_TEXT = [f"{number:02d}" + "x" * 198 for number in range(14)]
WWW = "198.19.254.1"
WWW6 = "2001:db8:fffe::1"
MANY = [f"198.19.254.{host}" for host in range(100, 120)]
HTTPS_TEXT = "1 . alpn=h2,h3 ipv4hint=198.19.254.1"


def showcase_zones():
    return [_zone(tld, signing) for tld, signing in _SIGNINGS.items()]


def _zone(tld, signing):
    name = f"types.{tld}."
    zone = Zone(
        name,
        f"types-{tld}",
        own_servers(name, "ab", 1),
        signing=signing,
        secure=signing is not None,
        ds="good" if signing else "none",
    )
    zone.add_apex()
    _add_types(zone)
    _add_wildcards(zone)
    _add_aliases(zone, tld)
    return zone


def https_wire():
    """HTTPS_TEXT as RFC 3597 text: not every signer of Debian 12 reads the type."""
    alpn = b"\x02h2\x02h3"
    hint = bytes((198, 19, 254, 1))
    wire = struct.pack("!HB", 1, 0)
    wire += struct.pack("!HH", 1, len(alpn)) + alpn
    wire += struct.pack("!HH", 4, len(hint)) + hint
    return f"TYPE65 \\# {len(wire)} {wire.hex()}"


def _quoted(texts):
    return " ".join(f'"{text}"' for text in texts)


def _add_types(zone):
    zone.add("www", 300, f"A {WWW}")
    zone.add("www", 300, f"AAAA {WWW6}")
    zone.add("www", 300, https_wire())
    zone.add("@", 300, f"A {WWW}")
    zone.add("@", 300, f"MX 10 www.{zone.name}")
    zone.add("@", 300, f"MX 20 mail.{zone.name}")
    zone.add("@", 300, 'CAA 0 issue "ca.plain"')
    zone.add("_sip._tcp", 300, f"SRV 0 5 5060 www.{zone.name}")
    zone.add("big", 300, f"TXT {_quoted(BIG_TEXT)}")
    zone.add("medium", 300, f"TXT {_quoted(BIG_TEXT[:4])}")
    zone.add("MiXed", 300, f"A {WWW}")
    zone.add("zero", 0, f"A {WWW}")
    zone.add("brief", 5, f"A {WWW}")
    for address in MANY:
        zone.add("many", 300, f"A {address}")
    zone.add("host.a.empty", 300, f"A {WWW}")
    _ask_types(zone)


def _ask_types(zone):
    zone.ask("www", "A", [WWW], "A")
    zone.ask("www", "AAAA", [WWW6], "AAAA")
    zone.ask("www", "HTTPS", [HTTPS_TEXT], "HTTPS")
    zone.ask("@", "A", [WWW], "A at the apex")
    zone.ask("@", "MX", [f"10 www.{zone.name}", f"20 mail.{zone.name}"], "MX")
    zone.ask("@", "CAA", ['0 issue "ca.plain"'], "CAA")
    zone.ask("_sip._tcp", "SRV", [f"0 5 5060 www.{zone.name}"], "SRV")
    zone.ask("big", "TXT", [_quoted(BIG_TEXT)], "TXT over 1232 bytes", tcp=True)
    zone.ask("medium", "TXT", [_quoted(BIG_TEXT[:4])], "TXT over 512 bytes")
    zone.ask("mixed", "A", [WWW], "owner in mixed case")
    zone.ask("zero", "A", [WWW], "TTL 0")
    zone.ask("brief", "A", [WWW], "TTL 5")
    zone.ask("many", "A", MANY, "twenty addresses")
    zone.ask("www", "MX", [], "NODATA")
    zone.ask("absent", "A", [], "NXDOMAIN", rcode="NXDOMAIN", ad=_denial_ad(zone))
    zone.ask("x.y.absent", "A", [], "NXDOMAIN, deep", rcode="NXDOMAIN", ad=_denial_ad(zone))
    zone.ask("below.www", "A", [], "NXDOMAIN below a host", rcode="NXDOMAIN", ad=_denial_ad(zone))
    zone.ask("a.empty", "A", [], "NODATA at an empty non-terminal")
    zone.ask("empty", "A", [], "NODATA at the upper empty non-terminal")
    zone.ask("_tcp", "A", [], "NODATA at the empty non-terminal above SRV")
    zone.ask("host.a.empty", "A", [WWW], "host below empty non-terminals")
    if zone.secure:
        zone.ask("@", "DNSKEY", None, "DNSKEY")
    zone.ask("@", "DS", None if zone.secure else [], "DS, asked of the parent", ad=_ds_ad(zone))


def _denial_ad(zone):
    """A proof that rests on an opt-out span is not secure (RFC 5155 §9.2)."""
    return zone.secure and zone.signing.denial != "optout"


def _ds_ad(zone):
    return zone.secure


def _add_wildcards(zone):
    zone.add("*.wild", 300, f"A {WWW}")
    zone.add("known.wild", 300, f"AAAA {WWW6}")
    zone.add("*.wildalias", 300, f"CNAME www.{zone.name}")
    secure = _denial_ad(zone)
    zone.ask("any.wild", "A", [WWW], "wildcard", ad=secure)
    zone.ask("very.deep.wild", "A", [WWW], "wildcard, two labels", ad=secure)
    zone.ask("any.wild", "MX", [], "NODATA at a wildcard", ad=secure)
    zone.ask("known.wild", "A", [], "NODATA: a name beside the wildcard hides it")
    zone.ask("*.wild", "A", [WWW], "the wildcard's own name")
    zone.ask("wild", "A", [], "NODATA: parent of a wildcard")
    chain = [f"www.{zone.name}"]
    zone.ask("any.wildalias", "A", [WWW], "wildcard CNAME", ad=secure, chain=chain)
    zone.ask("any.wildalias", "MX", [], "wildcard CNAME to NODATA", ad=secure, chain=chain)
    zone.ask("any.wildalias", "CNAME", chain, "wildcard CNAME, asked by type", ad=secure)


def _add_aliases(zone, tld):
    _add_local_aliases(zone)
    _add_crossing_aliases(zone, tld)
    _add_broken_aliases(zone)
    _add_dname(zone, tld)


def _add_local_aliases(zone):
    zone.add("alias", 300, f"CNAME www.{zone.name}")
    zone.ask("alias", "A", [WWW], "CNAME in the zone", chain=[f"www.{zone.name}"])
    zone.ask("alias", "CNAME", [f"www.{zone.name}"], "CNAME, asked by type")
    zone.ask("alias", "MX", [], "CNAME to NODATA", chain=[f"www.{zone.name}"])
    zone.add("alias-absent", 300, f"CNAME absent.{zone.name}")
    zone.ask(
        "alias-absent",
        "A",
        [],
        "CNAME to NXDOMAIN: the last link's RCODE (RFC 6604)",
        rcode="NXDOMAIN",
        ad=_denial_ad(zone),
        chain=[f"absent.{zone.name}"],
    )
    steps = [f"step{number}.{zone.name}" for number in range(1, 6)]
    for here, there in zip(["steps." + zone.name] + steps, steps + [f"www.{zone.name}"]):
        zone.records.append(f"{here} 300 IN CNAME {there}")
    zone.ask("steps", "A", [WWW], "chain of six CNAMEs", chain=steps + [f"www.{zone.name}"])


def _add_crossing_aliases(zone, tld):
    for other, signing in _SIGNINGS.items():
        if other != tld:
            target = f"www.types.{other}."
            zone.add(f"to-{other}", 300, f"CNAME {target}")
            zone.ask(
                f"to-{other}",
                "A",
                [WWW],
                f"CNAME from {tld} to {other}",
                ad=zone.secure and signing is not None,
                chain=[target],
            )
    order = list(_SIGNINGS)
    following = order[(order.index(tld) + 1) % len(order)]
    target = f"to-{tld}.types.{following}."
    zone.add("there-and-back", 300, f"CNAME {target}")
    zone.ask(
        "there-and-back",
        "A",
        [WWW],
        "CNAME that leaves the zone and returns",
        ad=zone.secure and _SIGNINGS[following] is not None,
        chain=[target, f"www.{zone.name}"],
    )


def _add_broken_aliases(zone):
    zone.add("loop-a", 300, f"CNAME loop-b.{zone.name}")
    zone.add("loop-b", 300, f"CNAME loop-a.{zone.name}")
    zone.ask("loop-a", "A", None, "CNAME loop", rcode="SERVFAIL", ad=False, varies=["rcode"])
    zone.add("to-bogus", 300, "CNAME www.bogus.nsec.")
    zone.ask(
        "to-bogus", "A", None, "CNAME to a bogus zone", rcode="SERVFAIL", ad=False, ede=[6]
    )


def _add_dname(zone, tld):
    other = {"nsec": "nsec3", "nsec3": "nsec", "optout": "nsec", "plain": "nsec"}[tld]
    secure = zone.secure
    zone.add("branch", 300, f"DNAME types.{other}.")
    zone.ask(
        "www.branch", "A", [WWW], "DNAME", ad=secure, chain=[f"www.types.{other}."]
    )
    zone.ask(
        "absent.branch",
        "A",
        [],
        "DNAME to NXDOMAIN",
        rcode="NXDOMAIN",
        ad=secure,
        chain=[f"absent.types.{other}."],
    )
    zone.ask("branch", "DNAME", [f"types.{other}."], "DNAME, asked by type", ad=secure)
    zone.ask("branch", "A", [], "the owner of a DNAME itself")
    zone.add("local", 300, f"DNAME empty.{zone.name}")
    zone.ask(
        "host.a.local",
        "A",
        [WWW],
        "DNAME inside the zone",
        ad=secure,
        chain=[f"host.a.empty.{zone.name}"],
    )
