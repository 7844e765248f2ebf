"""One zone of the lab: what it holds, who serves it, how it is signed and what is wrong with it."""

import dataclasses
import ipaddress
from collections.abc import Callable

from . import topology

HOUR_S = 3600
DAY_S = 24 * HOUR_S


@dataclasses.dataclass(frozen=True)
class Server:
    """A name server as a delegation names it."""

    name: str
    addresses: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Signing:
    """How a zone is signed. Times are offsets from the moment the lab comes up."""

    algorithms: tuple[int, ...]
    denial: str = "nsec"  # nsec, nsec3 or optout
    iterations: int = 0
    periods: dict[str, tuple[int, int]] = dataclasses.field(
        default_factory=lambda: {"good": (-HOUR_S, 30 * DAY_S)}
    )


def serve_good(signed):
    """The default of `Zone.assemble`: everybody serves the properly signed zone."""
    return {None: signed["good"]}


@dataclasses.dataclass
class Zone:
    name: str  # absolute, with the final dot
    kind: str
    servers: list[Server]
    records: list[str] = dataclasses.field(default_factory=list)
    signing: Signing | None = None
    bulk: bool = False  # signed by Knot together with all others like it
    broken: str | None = None
    role: str = "zone"
    ttl: int = 300
    # No TTL of this zone or of its delegation is longer (None: any).
    ttl_cap: int | None = None
    # What the parent says: good, none, mismatch, unknown-algorithm, unknown-digest, extra.
    ds: str = "good"
    # Providers that are named in the delegation but do not have the zone.
    lame: tuple[str, ...] = ()
    # Configured with a file that does not exist: the authority answers SERVFAIL.
    fileless: bool = False
    # Signed line lists by period -> line lists by provider (None: all others).
    assemble: Callable = serve_good
    # Whether an answer from here validates (None: as the signing and the parents say).
    secure: bool = True
    questions: list[dict] = dataclasses.field(default_factory=list)
    dnskeys: list[str] = dataclasses.field(default_factory=list)

    def capped(self, ttl):
        return ttl if self.ttl_cap is None else min(ttl, self.ttl_cap)

    @property
    def label(self):
        """The zone's name as a file name."""
        return self.name.rstrip(".") or "root"

    @property
    def addresses(self):
        return [address for server in self.servers for address in server.addresses]

    @property
    def providers(self):
        found = {topology.provider_of(address) for address in self.addresses}
        return sorted(found - {None})

    def under(self, owner):
        """An absolute name from one relative to the apex ("@" or "")."""
        if owner in ("", "@"):
            return self.name
        return f"{owner}.{self.name}" if self.name != "." else f"{owner}."

    def add(self, owner, ttl, rest):
        self.records.append(f"{self.under(owner)} {ttl} IN {rest}")

    def add_apex(self, negative_ttl=60, ttl=3600):
        """SOA, NS and the addresses of the name servers that live in the zone."""
        self.add(
            "@",
            ttl,
            f"SOA {self.servers[0].name} hostmaster.{self.name.lstrip('.')}"
            f" 1 7200 3600 1209600 {negative_ttl}",
        )
        for server in self.servers:
            self.add("@", ttl, f"NS {server.name}")
            if below(server.name, self.name):
                self.records += address_records(server, ttl)

    def ask(self, owner, qtype, answer=None, why="", **expected):
        """Puts a question with its right answer into the oracle.

        expected: rcode, ad, ede (None or a list), chain (CNAME targets in order), tcp (True:
        does not fit into 1232 bytes), varies (fields in which validators may rightly differ).
        """
        self.questions.append(
            {
                "qname": owner if owner.endswith(".") else self.under(owner),
                "qtype": qtype,
                "expect": {
                    "rcode": expected.get("rcode", "NOERROR"),
                    "ad": expected.get("ad", self.secure),
                    "ede": expected.get("ede"),
                    "answer": answer,
                    "chain": expected.get("chain", []),
                    "tcp": expected.get("tcp"),
                    "varies": expected.get("varies", []),
                },
                "zone": self.name,
                "kind": self.kind,
                "why": why,
            }
        )


def below(name, zone):
    """Whether an absolute name is at or below a zone."""
    return zone == "." or name == zone or name.endswith("." + zone)


def address_type(address):
    return "AAAA" if ipaddress.ip_address(address).version == 6 else "A"


def address_records(server, ttl):
    return [f"{server.name} {ttl} IN {address_type(a)} {a}" for a in server.addresses]


def own_servers(zone_name, providers, host_index=0, per_provider=1, v6=True):
    """Name servers inside the zone, with glue: `per_provider` in each provider."""
    servers = []
    for provider in providers:
        for number in range(per_provider):
            index = (host_index + number) % len(topology.ZONE_HOSTS)
            addresses = [topology.address4(provider, topology.ZONE_HOSTS[index])]
            if v6 and number == 0:
                host = topology.V6_ZONE_HOSTS[index % len(topology.V6_ZONE_HOSTS)]
                addresses.append(topology.address6(provider, host))
            suffix = "" if per_provider == 1 else str(number + 1)
            servers.append(Server(f"ns-{provider}{suffix}.{zone_name}", tuple(addresses)))
    return servers


# The providers' own zones, whose names other zones use for their NS without glue.
PROVIDER_ZONES = {
    "a": "dns-a.nsec.",
    "b": "dns-b.nsec3.",
    "c": "dns-c.optout.",
    "d": "dns-d.plain.",
}


def provider_servers(providers, host_index=0):
    """Name servers named in the providers' own zones: no glue in most delegations."""
    servers = []
    for provider in providers:
        index = host_index % len(topology.ZONE_HOSTS)
        addresses = [topology.address4(provider, topology.ZONE_HOSTS[index])]
        if index < len(topology.V6_ZONE_HOSTS):
            addresses.append(topology.address6(provider, topology.V6_ZONE_HOSTS[index]))
        servers.append(Server(f"ns{index + 1}.{PROVIDER_ZONES[provider]}", tuple(addresses)))
    return servers
