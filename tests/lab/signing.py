"""From zones as data to signed zone files: ldns-signzone for the few, Knot for the many."""

import os
import shutil
import subprocess
import time

from . import keys, signed_text, state
from .state import ZONES, LabError

SOURCE = ZONES / "source"
SERVED = ZONES / "served"
_SIGNED = ZONES / "signed"
_SIGNER = ZONES / "signer"
BULK_LIMIT_S = 600
_JOBS = "2"


def source_text(zone):
    """The unsigned zone: SOA first, then the rest, then the keys of those we sign ourselves."""
    lines = [_cap(zone, line) for line in zone.records]
    if zone.signing and not zone.bulk:
        lines += [f"{zone.name} {zone.capped(3600)} IN DNSKEY {key}" for key in zone.dnskeys]
    return "\n".join(lines) + "\n"


def _cap(zone, line):
    owner, ttl, rest = line.split(None, 2)
    return f"{owner} {zone.capped(int(ttl))} {rest}"


def served_file(zone, provider=None):
    suffix = f".{provider}" if provider else ""
    return SERVED / f"{zone.label}.zone{suffix}"


def write_unsigned(zones):
    for zone in zones:
        served_file(zone).write_text(source_text(zone))


# ldns-signzone


def _ldns_arguments(zone, key_sets, period, now, target):
    inception, expiration = zone.signing.periods[period]
    words = ["-o", zone.name, "-f", str(target), "-i", str(now + inception)]
    words += ["-e", str(now + expiration)]
    if len(zone.signing.algorithms) > 1:
        words.append("-U")
    if zone.signing.denial != "nsec":
        words += ["-n", "-t", str(zone.signing.iterations)]
    if zone.signing.denial == "optout":
        words.append("-p")
    words.append(str(SOURCE / f"{zone.label}.zone"))
    for algorithm in zone.signing.algorithms:
        words += [str(keys.KEYS / base) for base in key_sets[algorithm].base_names]
    return words


def sign_few(zones, key_sets, now=None):
    """Signs zones one by one with ldns-signzone and puts the result where it is served from."""
    now = int(time.time()) if now is None else now
    _SIGNED.mkdir(exist_ok=True)
    jobs = []
    for zone in zones:
        (SOURCE / f"{zone.label}.zone").write_text(source_text(zone))
        for period in zone.signing.periods:
            target = _SIGNED / f"{zone.label}.{period}"
            jobs.append(_ldns_arguments(zone, key_sets, period, now, target))
    _run_many("ldns-signzone", jobs)
    for zone in zones:
        _assemble(zone)


def _run_many(program, jobs):
    # xargs and not a loop: Python needs longer to start a process than ldns to sign a zone.
    lines = "".join(" ".join(f"'{word}'" for word in job) + "\n" for job in jobs)
    done = subprocess.run(
        ["xargs", "-P", _JOBS, "-L", "1", program],
        input=lines,
        text=True,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise LabError(f"{program}: {(done.stderr or done.stdout).strip().splitlines()[0]}")


def _assemble(zone):
    signed = {
        period: (_SIGNED / f"{zone.label}.{period}").read_text().splitlines()
        for period in zone.signing.periods
    }
    for provider, lines in zone.assemble(signed).items():
        target = served_file(zone, provider)
        replace(target, "\n".join(lines) + "\n")


def replace(target, text):
    """Swaps a file in whole: the authority may read it at any moment."""
    temporary = target.with_name(target.name + ".new")
    temporary.write_text(text)
    temporary.rename(target)


# Knot


_KNOT_ALGORITHMS = {8: "rsasha256", 13: "ecdsap256sha256", 15: "ed25519"}

_KNOT_HEAD = """
server:
    rundir: "{base}"
    background-workers: 2
database:
    storage: "{base}"
    kasp-db-max-size: 200M
    timer-db-max-size: 100M
log:
  - target: stderr
    any: warning
"""

_KNOT_POLICY = """  - id: {id}
    algorithm: {algorithm}
{size}    ksk-shared: on
    single-type-signing: on
    rrsig-lifetime: 30d
    dnskey-ttl: 1h
    nsec3: {nsec3}
    nsec3-iterations: 0
    nsec3-salt-length: 0
    cds-cdnskey-publish: none
"""

_KNOT_TEMPLATE = """template:
  - id: default
    storage: "{served}"
    file: "%s.zone"
    dnssec-signing: on
    zonefile-sync: 0
    zonefile-load: whole
    journal-content: none
zone:
"""


def _knot_policy(zone):
    return f"{zone.signing.denial}-{zone.signing.algorithms[0]}"


def _knot_configuration(zones):
    policies = {_knot_policy(zone): zone.signing for zone in zones}
    text = _KNOT_HEAD.format(base=_SIGNER) + "policy:\n"
    for name, signing in sorted(policies.items()):
        text += _KNOT_POLICY.format(
            id=name,
            algorithm=_KNOT_ALGORITHMS[signing.algorithms[0]],
            size="    ksk-size: 2048\n" if signing.algorithms[0] == 8 else "",
            nsec3="on" if signing.denial == "nsec3" else "off",
        )
    text += _KNOT_TEMPLATE.format(served=SERVED)
    for zone in zones:
        text += f"  - domain: {zone.name}\n    dnssec-policy: {_knot_policy(zone)}\n"
    return text


class BulkSigner:
    """A Knot server that signs all its zones with one key per policy, writes them and ends."""

    def __init__(self, zones):
        self._zones = zones
        _SIGNER.mkdir(exist_ok=True)
        write_unsigned(zones)
        self._waiting = {served_file(zone): os.stat(served_file(zone)).st_ino for zone in zones}
        configuration = _SIGNER / "knot.conf"
        configuration.write_text(_knot_configuration(zones))
        self._process = state.spawn("signer", ["knotd", "-c", str(configuration)])

    def finish(self):
        """Waits for the last signed file, and learns the keys from the files."""
        state.wait_until(self._all_written, BULK_LIMIT_S, "signing all zones with Knot")
        state.stop(["signer"])
        shutil.rmtree(_SIGNER)
        for zone in self._zones:
            zone.dnskeys = _read_dnskeys(served_file(zone))

    def _all_written(self):
        if self._process.poll() is not None:
            raise LabError(f"knotd ended early: {state.last_words('signer')}")
        # Knot writes aside and renames: another inode is a finished file.
        self._waiting = {
            path: inode for path, inode in self._waiting.items() if os.stat(path).st_ino == inode
        }
        return not self._waiting


def _read_dnskeys(path):
    with open(path, encoding="ascii") as text:
        head = text.read(4096)
    found = []
    for line in head.splitlines():
        words = line.split()
        if len(words) > 3 and words[2] == "DNSKEY":
            found.append(" ".join(words[3:]))
    if not found:
        raise LabError(f"{path.name} was not signed")
    return found


def unsign(path):
    """The records of a zone file, signed or not, without DNSSEC (but for DS), one per line."""
    lines = []
    for line in path.read_text().splitlines():
        words = line.split(None, 2)
        if len(words) == 3 and not line.startswith(";"):
            rest = words[2].removeprefix("IN").lstrip()
            record = f"{words[0]} {words[1]} IN {rest}"
            if not signed_text.is_dnssec(record):
                lines.append(record)
    return lines

