"""A key roll in one step: caches still hold the old DNSKEY and DS when the new keys sign."""

from . import authority, keys, signing, state
from .keys import KeySet, ds_records
from .state import LAB, STATE_DIR, LabError
from .zone import Signing, Zone

ROLLED = keys.KEYS / "rolled.json"
VISIBLE_LIMIT_S = 20


def roll(zone_name, zsk_only=False, algorithm=None):
    """Re-signs a zone with new keys, tells its parent, and waits until both are served."""
    with state.locked():
        if not state.read_json(LAB):
            raise LabError("the lab is not up: run scripts/lab up")
        manifest = state.read_json(STATE_DIR / "manifest.json")
        entries = {z["zone"]: z for z in manifest["zones"]}
        entry = entries.get(zone_name.rstrip(".") + ".")
        if not entry or not entry["parent"] or not entry["signed"] or entry["broken"]:
            raise LabError(f"{zone_name} is not a healthy signed zone below the root")
        if list(signing.SERVED.glob(f"{zone_name.rstrip('.')}.zone.?")):
            raise LabError(f"{zone_name} differs between providers and cannot be rolled")
        if algorithm is not None:
            if zsk_only:
                raise LabError("another algorithm needs a new KSK, too")
            entry["algorithm"] = [algorithm]
        zone = _zone(entry)
        sets = _new_sets(entry, zsk_only)
        zone.dnskeys = [key for key_set in sets.values() for key in key_set.dnskeys]
        signing.sign_few([zone], sets)
        parent = entries[entry["parent"]]
        if parent["signed"] and not zsk_only and entry["secure"]:
            _tell_parent(parent, zone)
            _reload(parent)
        _reload(entry)
        _wait_visible(entry, zone.dnskeys)
        _remember(entry["zone"], sets)
        state.write_json(STATE_DIR / "manifest.json", manifest)


def _zone(entry):
    """A zone of the manifest, with its records as they were before signing."""
    zone = Zone(entry["zone"], entry["kind"], [])
    source = signing.SOURCE / f"{zone.label}.zone"
    if not source.exists():
        source = signing.served_file(zone)
    zone.records = [_next_serial(line) for line in signing.unsign(source)]
    zone.signing = Signing(tuple(entry["algorithm"]), entry["denial"], entry["iterations"])
    return zone


def _next_serial(line):
    words = line.split()
    if words[3] == "SOA":
        words[6] = str(int(words[6]) + 1)
        return " ".join(words)
    return line


def _load_sets(entry):
    """The key sets that signed a zone; None for what Knot signed with keys of its own."""
    rolled = state.read_json(ROLLED, {}).get(entry["zone"])
    if rolled is None and (signing.SOURCE / f"{entry['zone'].rstrip('.') or 'root'}.zone").exists():
        rolled = state.read_json(keys.KEYS / "sets.json")
    if rolled is None:
        return None
    return {a: KeySet(a, *rolled[str(a)]) for a in entry["algorithm"]}


def _new_sets(entry, zsk_only):
    fresh = dict(zip(entry["algorithm"], keys.make(entry["algorithm"])))
    if not zsk_only:
        return fresh
    old = _load_sets(entry)
    if old is None:
        raise LabError("Knot signed this zone with one key: a first roll must change it in whole")
    return {a: KeySet(a, old[a].base_names[0], fresh[a].base_names[1]) for a in fresh}


def _remember(zone_name, sets):
    rolled = state.read_json(ROLLED, {})
    rolled[zone_name] = {str(a): list(key_set.base_names) for a, key_set in sets.items()}
    state.write_json(ROLLED, rolled)


def _tell_parent(entry, child):
    parent = _zone(entry)
    parent.records = [line for line in parent.records if not _is_ds_of(line, child.name)]
    parent.records += [f"{child.name} 3600 IN DS {text}" for text in ds_records(child)]
    sets = _load_sets(entry)
    parent.dnskeys = [key for key_set in sets.values() for key in key_set.dnskeys]
    signing.sign_few([parent], sets)


def _is_ds_of(line, name):
    words = line.split(None, 4)
    return words[0] == name and words[3] == "DS"


def _reload(entry):
    authority.reload(entry["role"], entry["providers"])


def _wait_visible(entry, dnskeys):
    wanted = {key.split(None, 3)[3].replace(" ", "") for key in dnskeys}

    def served(address):
        response = authority.ask("inet", address, entry["zone"], "DNSKEY", tcp=True)
        text = response.to_text().replace(" ", "") if response else ""
        return all(key in text for key in wanted)

    for address in entry["addresses"]:
        state.wait_until(
            lambda a=address: served(a), VISIBLE_LIMIT_S, f"the new keys at {address}"
        )
