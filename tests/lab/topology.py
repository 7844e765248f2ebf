"""Names and addresses of the lab, in one place: everything else imports them from here.

Every lab uses the same addresses; what tells two labs apart is the prefix of their
namespaces and their state directory, both taken from the environment.
"""

import os
import pathlib

PREFIX = os.environ.get("ASSAY_LAB_PREFIX", "lab")
STATE_DIR = pathlib.Path(os.environ.get("ASSAY_LAB_DIR", "/run/assay-lab"))

PROVIDERS = ("a", "b", "c", "d")
SHORT_NAMES = ("inet",) + PROVIDERS + ("resolver", "client")

ROOT_HOSTS = (11,)
TLD_HOSTS = (21, 22)
ZONE_HOSTS = (31, 32, 33, 34)
V6_ROOT_HOSTS = (11,)
V6_TLD_HOSTS = (21,)
V6_ZONE_HOSTS = (31, 32)
# Routed to the provider, never configured there: packets vanish without an ICMP.
DARK_HOSTS = (240, 241)
# Configured, but nothing listens: ICMP port unreachable, or a TCP reset.
CLOSED_HOSTS = (250,)

DNS_PORT = 53
RELAY_PORT = 5300

UPSTREAM_ADDRESS = "198.18.100.2"
UPSTREAM_ADDRESS6 = "2001:db8:100::2"
UPSTREAM_GATEWAY = "198.18.100.1"
UPSTREAM_GATEWAY6 = "2001:db8:100::1"
SERVICE_ADDRESS = "198.18.200.53"
SERVICE_ADDRESS6 = "2001:db8:200::53"
CLIENT_ADDRESSES = tuple(f"198.18.200.{host}" for host in range(1, 10))
CLIENT_ADDRESSES6 = tuple(f"2001:db8:200::{host}" for host in range(1, 10))

_THIRD_OCTET = {"a": 10, "b": 20, "c": 30, "d": 40}
_LINK_OCTET = {"a": 1, "b": 2, "c": 3, "d": 4}


def namespace(short_name):
    return f"{PREFIX}-{short_name}"


def address4(provider, host):
    return f"198.18.{_THIRD_OCTET[provider]}.{host}"


def address6(provider, host):
    return f"2001:db8:{provider}::{host}"


def prefix4(provider):
    return f"198.18.{_THIRD_OCTET[provider]}.0/24"


def prefix6(provider):
    return f"2001:db8:{provider}::/48"


def link4(provider, end):
    """The transfer link between the router (end 1) and a provider (end 2), a /30."""
    return f"198.18.{_LINK_OCTET[provider]}.{end}"


def link6(provider, end):
    return f"2001:db8:f{provider}::{end}"


def role_addresses(provider, role):
    """Addresses of one provider that serve "root", "tld" or "zone", IPv4 first."""
    hosts4, hosts6 = {
        "root": (ROOT_HOSTS, V6_ROOT_HOSTS),
        "tld": (TLD_HOSTS, V6_TLD_HOSTS),
        "zone": (ZONE_HOSTS, V6_ZONE_HOSTS),
    }[role]
    return [address4(provider, host) for host in hosts4] + [
        address6(provider, host) for host in hosts6
    ]


ROLES = ("root", "tld", "zone")


def served_addresses(provider):
    return [address for role in ROLES for address in role_addresses(provider, role)]


def provider_of(address):
    """The provider whose prefix holds an address, or None."""
    for provider in PROVIDERS:
        if address.startswith((prefix4(provider)[:-4], f"2001:db8:{provider}::")):
            return provider
    return None


def describe():
    """The contract that other tools read through `scripts/lab info --json`."""
    return {
        "state_dir": str(STATE_DIR),
        "namespaces": {name: namespace(name) for name in SHORT_NAMES},
        "providers": {
            provider: {
                "prefix4": prefix4(provider),
                "prefix6": prefix6(provider),
                **{role: role_addresses(provider, role) for role in ROLES},
                "dark": [address4(provider, host) for host in DARK_HOSTS],
                "closed": [address4(provider, host) for host in CLOSED_HOSTS],
            }
            for provider in PROVIDERS
        },
        "resolver": {
            "upstream_interface": "up0",
            "upstream_addresses": [UPSTREAM_ADDRESS, UPSTREAM_ADDRESS6],
            "port_interface": "port0",
            "service_addresses": [SERVICE_ADDRESS, SERVICE_ADDRESS6],
            "service_prefixes": ["198.18.200.0/24", "2001:db8:200::/64"],
        },
        "client": {
            "interface": "cl0",
            "addresses": list(CLIENT_ADDRESSES + CLIENT_ADDRESSES6),
        },
        "files": {
            name: str(STATE_DIR / name)
            for name in (
                "root.hints",
                "anchor.ds",
                "anchor.key",
                "manifest.json",
                "names.dnsperf",
                "names-multi.dnsperf",
            )
        },
    }
