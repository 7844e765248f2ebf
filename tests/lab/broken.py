"""Zones that are broken on purpose, and zones that look broken but must resolve."""

from . import signed_text, topology
from .zone import DAY_S, HOUR_S, Server, Signing, Zone, own_servers

ADDRESS = "198.19.253.1"
_FOREVER = (-HOUR_S, 30 * DAY_S)
BOGUS_EDE = [6]
# Unreachable: RFC 8914 has 22 (no reachable authority) and 23 (network error).
UNREACHABLE_EDE = [22, 23]


def broken_zones():
    return [
        *_signature_zones(),
        *_time_zones(),
        *_chain_zones(),
        *_server_zones(),
        *_partly_broken_zones(),
        *_unusual_zones(),
    ]


def _zone(name, kind, *, signing=Signing((13,)), broken=True, servers=None, **more):
    """A zone with a handful of names, served by providers a and b unless told."""
    absolute = f"{name}."
    zone = Zone(
        absolute,
        kind,
        servers or own_servers(absolute, "ab", 2),
        signing=signing,
        broken=kind if broken else None,
        **more,
    )
    zone.add_apex()
    for owner in ("@", "www", "other"):
        zone.add(owner, 300, f"A {ADDRESS}")
    zone.add("www", 300, "TXT here")
    return zone


def _fails(zone, ede, why, owner="www", qtype="A", **more):
    zone.ask(owner, qtype, None, why, rcode="SERVFAIL", ad=False, ede=ede, **more)


def _good(zone, why, owner="www", **more):
    zone.ask(owner, "A", [ADDRESS], why, **more)


def _signature_zones():
    def wrong_data(signed):
        return {None: signed_text.corrupt(signed["good"], signed_text.is_data_signature)}

    def wrong_key(signed):
        return {None: signed_text.corrupt(signed["good"], signed_text.is_key_signature)}

    def wrong_one(signed):
        def chosen(line):
            return signed_text.is_signature(line, {"A"}, "www.bogus-one.nsec.")

        return {None: signed_text.corrupt(signed["good"], chosen)}

    def no_signatures(signed):
        return {None: signed_text.drop(signed["good"], signed_text.is_data_signature)}

    def no_denial(signed):
        def chosen(line):
            return signed_text.is_type(line, "NSEC") or signed_text.is_signature(line, {"NSEC"})

        return {None: signed_text.drop(signed["good"], chosen)}

    zones = []
    for tld, denial in (("nsec", "nsec"), ("nsec3", "nsec3")):
        zone = _zone(
            f"bogus.{tld}", "wrong-signature", signing=Signing((13,), denial), assemble=wrong_data
        )
        _fails(zone, BOGUS_EDE, "every signature over data is wrong")
        _fails(zone, BOGUS_EDE, "NXDOMAIN with wrong signatures", "absent")
        _fails(zone, BOGUS_EDE, "NODATA with wrong signatures", "www", "MX")
        zones.append(zone)
    zone = _zone("bogus-one.nsec", "wrong-signature-of-one-rrset", assemble=wrong_one)
    _fails(zone, BOGUS_EDE, "one RRset with a wrong signature")
    _good(zone, "the RRsets beside it are good", "other")
    zones.append(zone)
    zone = _zone("bogus-key.nsec", "wrong-dnskey-signature", assemble=wrong_key)
    _fails(zone, [6, 9], "the signature over the DNSKEY RRset is wrong")
    zones.append(zone)
    zone = _zone("no-rrsig.nsec", "rrsigs-missing", assemble=no_signatures)
    _fails(zone, [10], "signed keys, but data without signatures")
    zones.append(zone)
    zone = _zone("no-nsec.nsec", "nsec-missing", assemble=no_denial)
    _fails(zone, [12, 6], "NXDOMAIN without a proof", "absent")
    _good(zone, "positive answers need no NSEC")
    return zones + [zone]


def _time_zones():
    def data_only(signed):
        keys = [line for line in signed["good"] if signed_text.is_key_signature(line)]
        rest = signed_text.drop(signed["late"], signed_text.is_key_signature)
        return {None: rest + keys}

    def timed(name, kind, denial, period, ede, why):
        signing = Signing((13,), denial, periods={"good": period})
        zone = _zone(name, kind, signing=signing)
        _fails(zone, ede, why)
        _fails(zone, ede, f"{why}: NXDOMAIN", "absent")
        return zone

    start = -30 * DAY_S
    late = Signing((13,), periods={"good": _FOREVER, "late": (start, -2 * HOUR_S)})
    data = _zone("expired-data.nsec", "expired-data", signing=late, assemble=data_only)
    _fails(data, [7], "good keys, data expired two hours ago")
    return [
        timed("expired.nsec", "expired", "nsec", (start, -3 * HOUR_S), [7], "expired 3 h ago"),
        timed(
            "expired-minutes.nsec3",
            "expired-minutes",
            "nsec3",
            (start, -600),
            [7],
            "expired 10 min ago",
        ),
        timed("expired-old.nsec", "expired-48h", "nsec", (start, -5 * DAY_S), [7], "5 days ago"),
        timed(
            "future.nsec", "not-yet-valid", "nsec", (2 * DAY_S, 30 * DAY_S), [8], "from tomorrow on"
        ),
        data,
    ]


def _chain_zones():
    mismatch = _zone("ds-mismatch.nsec", "ds-without-dnskey", ds="mismatch")
    _fails(mismatch, [9], "no DNSKEY matches the DS")
    unsigned = _zone("ds-unsigned.nsec", "unsigned-under-ds", signing=None, ds="mismatch")
    _fails(unsigned, [9, 10], "an unsigned child under a DS")
    _fails(unsigned, [9, 10], "an unsigned child under a DS: NXDOMAIN", "absent")
    algorithm = _zone(
        "ds-algorithm.nsec", "ds-unknown-algorithm", broken=False, ds="unknown-algorithm"
    )
    algorithm.secure = False
    _good(algorithm, "only unknown algorithms: insecure (RFC 4035 §5.2)")
    digest = _zone("ds-digest.nsec", "ds-unknown-digest", broken=False, ds="unknown-digest")
    digest.secure = False
    _good(digest, "only unknown digests: insecure (RFC 6840 §5.2)")
    extra = _zone("ds-extra.nsec", "ds-of-a-second-algorithm", broken=False, ds="extra")
    _good(extra, "one good path suffices (RFC 6840 §5.11)")
    return [mismatch, unsigned, algorithm, digest, extra]


def _outside(zone_name, address_lists):
    return [
        Server(f"ns{number}.{zone_name}", tuple(addresses))
        for number, addresses in enumerate(address_lists, 1)
    ]


def _server_zones():
    dark = [[topology.address4(p, host)] for p in "ab" for host in topology.DARK_HOSTS]
    closed = [[topology.address4(p, host)] for p in "ab" for host in topology.CLOSED_HOSTS]
    lame = _zone("lame.nsec", "lame", lame=("a", "b"))
    _fails(lame, UNREACHABLE_EDE, "the servers refuse: they do not have the zone")
    down = _zone("down.nsec", "all-servers-down", servers=_outside("down.nsec.", dark))
    _fails(down, UNREACHABLE_EDE, "the servers never answer")
    port = _zone("down-port.nsec", "all-ports-closed", servers=_outside("down-port.nsec.", closed))
    _fails(port, UNREACHABLE_EDE, "ICMP port unreachable from all servers")
    servfail = _zone("servfail.nsec", "servers-servfail", fileless=True)
    _fails(servfail, UNREACHABLE_EDE, "the servers answer SERVFAIL")
    plain = _zone("lame.plain", "lame-unsigned", signing=None, ds="none", lame=("a", "b"))
    _fails(plain, UNREACHABLE_EDE, "unsigned and lame")
    return [lame, down, port, servfail, plain]


def _partly_broken_zones():
    """One of two providers is broken: a validating resolver must find the other one."""

    def bogus_at_a(signed):
        wrong = signed_text.corrupt(signed["good"], signed_text.is_data_signature)
        return {"a": wrong, None: signed["good"]}

    def expired_at_a(signed):
        return {"a": signed["late"], None: signed["good"]}

    late = Signing((13,), periods={"good": _FOREVER, "late": (-30 * DAY_S, -3 * HOUR_S)})
    dark = [
        [topology.address4("a", topology.DARK_HOSTS[0])],
        [topology.address4("b", topology.ZONE_HOSTS[2])],
    ]
    zones = [
        _zone("half-bogus.nsec", "one-provider-bogus", broken=False, assemble=bogus_at_a),
        _zone(
            "half-expired.nsec",
            "one-provider-expired",
            broken=False,
            signing=late,
            assemble=expired_at_a,
        ),
        _zone("half-lame.nsec", "one-provider-lame", broken=False, lame=("a",)),
        _zone(
            "half-down.nsec",
            "one-provider-down",
            broken=False,
            servers=_outside("half-down.nsec.", dark),
        ),
    ]
    for zone in zones:
        _good(zone, f"{zone.kind}: the other provider is good")
    return zones


def _unusual_zones():
    iterations = _zone(
        "iter100.nsec3",
        "nsec3-iterations-100",
        broken=False,
        signing=Signing((13,), "nsec3", iterations=100),
    )
    _good(iterations, "positive answers do not depend on NSEC3 iterations")
    # RFC 9276 §3.2: above the validator's limit (we: 50) insecure, with EDE 27.
    iterations.ask(
        "absent",
        "A",
        [],
        "NXDOMAIN with 100 iterations",
        rcode="NXDOMAIN",
        ad=False,
        ede=[27],
        varies=["ad", "ede"],
    )
    both = _zone("both.nsec", "two-algorithms", broken=False, signing=Signing((8, 13)))
    _good(both, "signed with algorithms 8 and 13")
    both.ask("absent", "A", [], "NXDOMAIN, two algorithms", rcode="NXDOMAIN")
    roll = _zone("roll.nsec", "key-roll", broken=False)
    _good(roll, "before and after `scripts/lab roll roll.nsec`")
    roll3 = _zone("roll.nsec3", "key-roll", broken=False, signing=Signing((13,), "nsec3"))
    _good(roll3, "before and after `scripts/lab roll roll.nsec3`")
    return [iterations, both, roll, roll3]
