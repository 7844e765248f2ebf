"""The authorities: one NSD per provider and role, as separate operators would run them."""

import os
import signal

import dns.exception
import dns.flags
import dns.message
import dns.query

from . import network, state, topology
from .signing import SERVED, served_file
from .state import STATE_DIR
from .topology import PROVIDERS, ROLES, namespace

READY_LIMIT_S = 60

_SERVER = """server:
  database: ""
  zonelistfile: "{base}.zonelist"
  xfrdfile: "{base}.xfrd"
  pidfile: "{base}.pid"
  logfile: "{base}.nsdlog"
  zonesdir: "{served}"
  username: ""
  chroot: ""
  server-count: 1
  tcp-count: 200
  tcp-timeout: 10
  ipv4-edns-size: 1232
  ipv6-edns-size: 1232
  rrl-ratelimit: 0
  hide-version: yes
  identity: "{name}"
"""
_SERVER_TAIL = """remote-control:
  control-enable: no
"""


def name_of(provider, role):
    return f"nsd-{provider}-{role}"


def all_names():
    return [name_of(provider, role) for provider in PROVIDERS for role in ROLES]


def serves(zone, provider, role):
    return zone.role == role and provider in zone.providers and provider not in zone.lame


def _file_for(zone, provider):
    own = served_file(zone, provider)
    return own if own.exists() else served_file(zone)


def _configuration(provider, role, zones):
    name = name_of(provider, role)
    text = _SERVER.format(base=STATE_DIR / name, served=SERVED, name=name)
    for address in topology.role_addresses(provider, role):
        text += f"  ip-address: {address}\n"
    parts = [text, _SERVER_TAIL]
    for zone in zones:
        if serves(zone, provider, role):
            path = SERVED / "missing" if zone.fileless else _file_for(zone, provider)
            parts.append(f'zone:\n  name: "{zone.name}"\n  zonefile: "{path}"\n')
    return "".join(parts)


def start(zones, roles=ROLES):
    for role in roles:
        for provider in PROVIDERS:
            name = name_of(provider, role)
            path = STATE_DIR / f"{name}.conf"
            path.write_text(_configuration(provider, role, zones))
            state.spawn(name, ["nsd", "-d", "-c", str(path)], namespace(provider))


def wait_ready(zones):
    for role in ROLES:
        for provider in PROVIDERS:
            probe = next(
                zone for zone in zones if serves(zone, provider, role) and not zone.fileless
            )
            for address in topology.role_addresses(provider, role):
                state.wait_until(
                    lambda p=provider, a=address, z=probe: answers(p, a, z.name),
                    READY_LIMIT_S,
                    f"an answer from {name_of(provider, role)} at {address} for {probe.name}",
                )


def answers(provider, address, zone_name):
    """Whether a server answers a question about its zone authoritatively."""
    response = ask(provider, address, zone_name, "SOA", timeout_s=0.3)
    return response is not None and bool(response.flags & dns.flags.AA)


def ask(short_name, address, qname, qtype, timeout_s=2.0, port=topology.DNS_PORT, tcp=False):
    """One question, over UDP or TCP, from inside a namespace; None when no answer came."""
    query = dns.message.make_query(qname, qtype, want_dnssec=True, payload=1232)
    query.flags &= ~dns.flags.RD
    with network.inside(short_name):
        try:
            send = dns.query.tcp if tcp else dns.query.udp
            return send(query, address, timeout=timeout_s, port=port)
        except (dns.exception.DNSException, OSError, EOFError):
            return None


def reload(role, providers):
    """Makes servers read changed zone files: NSD checks their times on SIGHUP."""
    records = state.processes()
    for provider in providers:
        record = records.get(name_of(provider, role))
        if record and state.alive(record):
            os.kill(record["pid"], signal.SIGHUP)
