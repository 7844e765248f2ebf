"""Parents and children on the same servers, where no referral shows the zone cut."""

from .zone import Signing, Zone, own_servers

ADDRESS = "198.19.252.1"


def same_server_zones():
    return _family("nsec", Signing((13,), "nsec")) + _family("nsec3", Signing((13,), "nsec3"))


def _family(tld, signing):
    top = f"same.{tld}."
    servers = own_servers(top, "ab", 3)

    def member(label, kind, signed, secure, ds=None):
        zone = Zone(
            f"{label}{top}",
            kind,
            servers,
            signing=signing if signed else None,
            secure=secure,
            ds=ds or ("good" if signed else "none"),
        )
        zone.add_apex()
        zone.add("www", 300, f"A {ADDRESS}")
        zone.add("host.inner", 300, f"A {ADDRESS}")
        _ask(zone)
        return zone

    return [
        member("", "same-servers-parent", True, True),
        member("signed.", "same-servers-signed-child", True, True),
        member("unsigned.", "same-servers-unsigned-child", False, False),
        member("deep.ent.", "same-servers-child-below-ent", True, True),
        member("leaf.ent.signed.", "same-servers-two-cuts-signed", True, True),
        member("open.ent.signed.", "same-servers-two-cuts-unsigned", False, False),
        member("leaf.ent.unsigned.", "same-servers-two-cuts-unsigned", False, False),
        member("island.unsigned.", "same-servers-island", True, False, ds="none"),
    ]


def _ask(zone):
    zone.ask("www", "A", [ADDRESS], "name in a zone that shares its parent's servers")
    zone.ask("absent", "A", [], "NXDOMAIN", rcode="NXDOMAIN")
    zone.ask("inner", "A", [], "NODATA at an empty non-terminal")
    zone.ask("@", "NS", [server.name for server in zone.servers], "NS of the child")
