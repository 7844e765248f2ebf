"""Breaking providers and zones, and healing them: packet rules and the relay.

A dropped provider is cut off by the packet rules alone. Everything else is done by a relay,
one per provider, which sees only the addresses that something broken needs it for.
"""

import pathlib
import shutil
import socket
import subprocess

from . import network, state, topology
from .state import LAB, STATE_DIR, LabError
from .topology import PROVIDERS, namespace

KINDS = ("drop", "refuse", "servfail", "delay", "truncate", "bogus", "strip-rrsig")
DEFAULT_DELAY_MS = 500
MAXIMUM_DELAY_MS = 60000
RELAY_LIMIT_S = 10
_SOURCES = pathlib.Path(__file__).resolve().parent
_ROOT = _SOURCES.parent.parent
_COMPILER = ["cc", "-std=gnu2x", "-O2", "-g", "-D_GNU_SOURCE", "-Wall", "-Wextra"]


def parse_kind(text):
    """("delay", 800) from "delay=800"."""
    kind, equals, value = text.partition("=")
    if kind not in KINDS or (equals and kind != "delay"):
        raise LabError(f"unknown kind {text}: {', '.join(KINDS)}, delay=MS")
    if kind != "delay":
        return kind, 0
    delay_ms = int(value) if value.isdigit() else 0 if equals else DEFAULT_DELAY_MS
    if not 0 < delay_ms <= MAXIMUM_DELAY_MS:
        raise LabError(f"delay takes 1 to {MAXIMUM_DELAY_MS} milliseconds")
    return kind, delay_ms


def _zone_entry(target):
    name = target.rstrip(".") + "." if target != "." else "."
    manifest = state.read_json(STATE_DIR / "manifest.json") or {"zones": []}
    for zone in manifest["zones"]:
        if zone["zone"] == name:
            return zone
    raise LabError(f"{target} is neither a provider ({', '.join(PROVIDERS)}) nor a zone of the lab")


def _targets(target, at):
    """(name of the target, {provider: addresses}) of a provider or a zone."""
    if target in PROVIDERS:
        return target, {target: topology.served_addresses(target)}
    zone = _zone_entry(target)
    found = {}
    for address in zone["addresses"]:
        provider = topology.provider_of(address)
        if address in topology.served_addresses(provider) and at in (None, provider):
            found.setdefault(provider, []).append(address)
    if not found:
        raise LabError(f"no server of {zone['zone']} is there to be broken")
    return zone["zone"], found


def break_it(target, kind_text, at=None):
    kind, delay_ms = parse_kind(kind_text)
    with _lab() as record:
        name, addresses = _targets(target, at)
        breaks = [b for b in record["breaks"] if not _same(b, name, kind, at)]
        breaks.append({"target": name, "kind": kind, "at": at, "ms": delay_ms, "on": addresses})
        _apply(breaks)
        record["breaks"] = breaks


def heal(target, kind_text=None, at=None):
    """Undoes breaks of a target, of one kind or all; "all" heals everything."""
    kind = parse_kind(kind_text)[0] if kind_text else None
    with _lab() as record:
        name = target if target == "all" else _targets(target, at)[0]
        breaks = [b for b in record["breaks"] if not _same(b, name, kind, at)]
        _apply(breaks)
        healed = len(record["breaks"]) - len(breaks)
        record["breaks"] = breaks
    return healed


def _same(entry, name, kind, at):
    return (
        name in ("all", entry["target"])
        and kind in (None, entry["kind"])
        and (at is None or at == entry["at"])
    )


class _lab:
    """The record of a lab that is up, under the lock; written back when all went well."""

    def __enter__(self):
        self._lock = state.locked()
        self._lock.__enter__()
        self._record = state.read_json(LAB)
        if not self._record:
            self._lock.__exit__(None, None, None)
            raise LabError("the lab is not up: run scripts/lab up")
        return self._record

    def __exit__(self, kind, value, trace):
        if kind is None:
            state.write_json(LAB, self._record)
        self._lock.__exit__(None, None, None)


def describe(entry):
    kind = f"delay={entry['ms']}" if entry["kind"] == "delay" else entry["kind"]
    return f"{entry['target']} {kind}" + (f" at {entry['at']}" if entry["at"] else "")


def _is_provider_drop(entry):
    return entry["target"] in PROVIDERS and entry["kind"] == "drop"


def _apply(breaks):
    for provider in PROVIDERS:
        here = [entry for entry in breaks if provider in entry["on"]]
        dark = {a for e in here if _is_provider_drop(e) for a in e["on"][provider]}
        through_relay = [entry for entry in here if not _is_provider_drop(entry)]
        relayed = {a for entry in through_relay for a in entry["on"][provider]}
        if relayed:
            _start_relay(provider)
            # First the rules, then the traffic; with fewer rules it is the same order, since
            # a relay without a rule for a question passes it on.
            _send_rules(provider, through_relay)
        network.apply_rules(provider, dark, relayed)
        if not relayed and _relay_runs(provider):
            _send_rules(provider, [])


def _rule_lines(provider, entries):
    for entry in entries:
        suffix = f"{entry['kind']} {entry['ms']}"
        if entry["target"] in PROVIDERS:
            yield f"* . {suffix}"
        else:
            for address in entry["on"][provider]:
                yield f"{address} {entry['target']} {suffix}"


def _send_rules(provider, entries):
    lines = list(_rule_lines(provider, entries))
    if _request(provider, "\n".join(["rules"] + lines) + "\n") != "ok\n":
        raise LabError(f"the relay of provider {provider} did not take {len(lines)} rules")


def relay_counters(provider):
    """What the relay of a provider has counted; empty when none runs."""
    if not _relay_runs(provider):
        return {}
    lines = _request(provider, "stats\n").splitlines()[1:]
    return {name: int(value) for name, value in (line.split() for line in lines)}


def _control_path(provider):
    return STATE_DIR / f"relay-{provider}.sock"


def _request(provider, text):
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
        connection.settimeout(RELAY_LIMIT_S)
        try:
            connection.connect(str(_control_path(provider)))
            connection.send(text.encode())
            return connection.recv(4096).decode()
        except OSError as error:
            raise LabError(f"the relay of provider {provider}: {error}") from error


def _relay_runs(provider):
    record = state.processes().get(f"relay-{provider}")
    return bool(record and state.alive(record))


def _start_relay(provider):
    if _relay_runs(provider):
        return
    control = _control_path(provider)
    control.unlink(missing_ok=True)
    ports = [str(topology.RELAY_PORT), str(topology.DNS_PORT)]
    command = [str(relay_program()), str(control)] + ports + topology.served_addresses(provider)
    child = state.spawn(f"relay-{provider}", command, namespace(provider))

    def listening():
        if child.poll() is not None:
            raise LabError(f"the relay ended early: {state.last_words(f'relay-{provider}')}")
        try:
            return _request(provider, "stats\n").startswith("ok")
        except LabError:
            return False

    state.wait_until(listening, RELAY_LIMIT_S, "the start of the relay")


def relay_program():
    """The relay: from the build directory if that is current, else compiled here and now."""
    sources = [_SOURCES / "relay.c", *sorted((_SOURCES / "relay").glob("*.c"))]
    headers = sorted((_SOURCES / "relay").glob("*.h"))
    newest = max(path.stat().st_mtime for path in sources + headers)
    for program in (_ROOT / "build/tests/lab/relay", STATE_DIR / "relay"):
        if program.exists() and program.stat().st_mtime >= newest:
            return program
    if not shutil.which("cc"):
        raise LabError("the relay needs a C compiler: apt-get install gcc")
    command = _COMPILER + [f"-I{_ROOT}", "-o", str(program)] + [str(path) for path in sources]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LabError(f"the relay does not compile: {done.stderr.strip()}")
    return program
