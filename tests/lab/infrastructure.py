"""The root, the TLDs and the providers' own zones."""

from . import topology
from .ordinary import ALL_TLDS
from .topology import PROVIDERS
from .zone import PROVIDER_ZONES, Server, Signing, Zone

_TLD_SIGNING = {
    "nsec": Signing((13,), "nsec"),
    "nsec3": Signing((8,), "nsec3"),
    "optout": Signing((15,), "optout"),
    "plain": None,
}


def root_zone():
    servers = [
        Server(f"{p}.root-servers.", tuple(topology.role_addresses(p, "root"))) for p in PROVIDERS
    ]
    zone = Zone(".", "root", servers, signing=Signing((8,), "nsec"), role="root", ttl=86400)
    zone.add_apex(ttl=86400)
    zone.ask(".", "NS", [server.name for server in servers], "priming")
    zone.ask("absent-tld", "A", [], "NXDOMAIN from the root", rcode="NXDOMAIN")
    zone.ask("a.root-servers.", "A", [topology.address4("a", 11)], "address of a root server")
    return zone


def tld_zones():
    return [_tld(name, index) for index, name in enumerate(ALL_TLDS)]


def _tld(name, index):
    host = topology.TLD_HOSTS[index % len(topology.TLD_HOSTS)]
    servers = [
        Server(
            f"ns-{p}.nic.{name}.",
            (topology.address4(p, host), topology.address6(p, topology.V6_TLD_HOSTS[0])),
        )
        for p in PROVIDERS
    ]
    signing = _TLD_SIGNING[name]
    secure = signing is not None
    zone = Zone(
        f"{name}.",
        "tld",
        servers,
        signing=signing,
        role="tld",
        secure=secure,
        ds="good" if secure else "none",
    )
    zone.add_apex()
    _ask_tld(zone, name)
    return zone


def _ask_tld(zone, name):
    zone.ask("@", "NS", [server.name for server in zone.servers], "NS of a TLD")
    zone.ask("@", "A", [], "NODATA at the apex of a TLD")
    zone.ask("nic", "A", [], "NODATA at an empty non-terminal")
    # RFC 5155 §9.2, RFC 6840 §5.2: a name covered by an opt-out span is not secure.
    zone.ask(
        "absent",
        "A",
        [],
        f"NXDOMAIN from the {name} TLD",
        rcode="NXDOMAIN",
        ad=name in ("nsec", "nsec3"),
    )


def provider_zones():
    return [_provider_zone(provider, name) for provider, name in PROVIDER_ZONES.items()]


def _provider_zone(provider, name):
    signed = not name.endswith(".plain.")
    servers = []
    for index, host in enumerate(topology.ZONE_HOSTS):
        addresses = [topology.address4(provider, host)]
        if index < len(topology.V6_ZONE_HOSTS):
            addresses.append(topology.address6(provider, topology.V6_ZONE_HOSTS[index]))
        servers.append(Server(f"ns{index + 1}.{name}", tuple(addresses)))
    zone = Zone(
        name,
        "provider",
        servers,
        signing=Signing((13,)) if signed else None,
        secure=signed,
        ds="good" if signed else "none",
    )
    zone.add_apex()
    zone.ask("ns1", "A", [servers[0].addresses[0]], "address of a provider's server")
    return zone
