"""Keys made by ldns-keygen, shared by all zones of one algorithm, and DS records from them."""

import hashlib
import subprocess

import dns.dnssec
import dns.name
import dns.rdata

from .state import STATE_DIR, LabError

KEYS = STATE_DIR / "keys"
_NAMES = {8: "RSASHA256", 13: "ECDSAP256SHA256", 15: "ED25519"}
RSA_BITS = 2048
# Key tag, algorithm and digest type of a DS that leads nowhere.
_FAKE_DS = {
    "mismatch": "4711 13 2",
    "unknown-algorithm": "4711 250 2",
    "unknown-digest": "4711 13 200",
}


class KeySet:
    """A KSK and a ZSK of one algorithm."""

    def __init__(self, algorithm, ksk, zsk):
        self.algorithm = algorithm
        self.base_names = (ksk, zsk)
        self.dnskeys = [_read_rdata(base) for base in self.base_names]


def _read_rdata(base_name):
    for line in (KEYS / f"{base_name}.key").read_text().splitlines():
        words = line.partition(";")[0].split()
        if "DNSKEY" in words:
            return " ".join(words[words.index("DNSKEY") + 1 :])
    raise LabError(f"{base_name}.key holds no DNSKEY")


def _generate(algorithm, ksk):
    command = ["ldns-keygen", "-r", "/dev/urandom", "-a", _NAMES[algorithm], "-b", str(RSA_BITS)]
    return subprocess.Popen(
        command + (["-k"] if ksk else []) + ["lab."],
        cwd=KEYS,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def make(algorithms):
    """One key set per entry of `algorithms`, made at the same time."""
    KEYS.mkdir(parents=True, exist_ok=True)
    started = [(a, _generate(a, True), _generate(a, False)) for a in algorithms]
    return [KeySet(a, _finish(ksk), _finish(zsk)) for a, ksk, zsk in started]


def _finish(process):
    output, errors = process.communicate()
    if process.returncode:
        raise LabError(f"ldns-keygen: {errors.strip() or 'failed'}")
    return output.strip()


def _ds(owner, dnskey, digest="SHA256"):
    key = dns.rdata.from_text("IN", "DNSKEY", dnskey)
    return dns.dnssec.make_ds(dns.name.from_text(owner), key, digest).to_text()


def _is_ksk(dnskey):
    return dnskey.startswith("257 ")


def ds_records(zone, stranger=None):
    """The DS rdata texts that a zone's parent publishes, right or wrong as the zone says.

    stranger: the DNSKEY of a key set that the zone does not have, for a DS "extra".
    """
    if zone.ds in _FAKE_DS:
        return [f"{_FAKE_DS[zone.ds]} {hashlib.sha256(zone.name.encode()).hexdigest()}"]
    if zone.ds == "none":
        return []
    good = [_ds(zone.name, key) for key in zone.dnskeys if _is_ksk(key)]
    return good + [_ds(zone.name, stranger)] if zone.ds == "extra" else good
