"""Bringing the whole lab up and taking it down again."""

import os
import shutil
import subprocess
import time

from . import authority, delegation, keys, manifest, network, signing, state
from .state import LAB, MARK, STATE_DIR, ZONES, LabError
from .world import World

ALGORITHMS = (8, 13, 15)
DEFAULT_ZONES = 500
MINIMUM_ZONES = 24
MAXIMUM_ZONES = 9999
_PROGRAMS = {
    "nsd": "nsd",
    "knotd": "knot",
    "ldns-signzone": "ldnsutils",
    "ldns-keygen": "ldnsutils",
    "ip": "iproute2",
    "nft": "nftables",
    "ethtool": "ethtool",
    "xargs": "findutils",
}


def check_machine():
    if os.geteuid():
        raise LabError("the lab makes network namespaces: run it as root")
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    os.environ["PATH"] = path
    missing = sorted({p for program, p in _PROGRAMS.items() if not shutil.which(program)})
    if missing:
        raise LabError(f"Debian packages are missing: apt-get install {' '.join(missing)}")


def is_up(shape=None):
    lab = state.read_json(LAB)
    return bool(
        lab
        and (shape is None or lab.get("shape") == list(shape))
        and all(network.exists(name) for name in network.SHORT_NAMES)
        and all(
            name in state.processes() and state.alive(state.processes()[name])
            for name in authority.all_names()
        )
    )


def up(count, say, brief_s=0, more_hosts=0):
    """Brings the lab up; a healthy lab of the same shape is left as it is (see world.py)."""
    shape = (count, brief_s, more_hosts)
    if not MINIMUM_ZONES <= count <= MAXIMUM_ZONES:
        raise LabError(f"--zones takes {MINIMUM_ZONES} to {MAXIMUM_ZONES}")
    check_machine()
    with state.locked(create=True):
        if is_up(shape):
            say("the lab is up already")
            return
        state.claim()
        _remove(say)
        began = time.monotonic()
        try:
            _build(shape, say)
        except BaseException:
            _remove(say)
            raise
        say(f"the lab is up: {count} signed zones, {time.monotonic() - began:.1f} s")


def _build(shape, say):
    _make_directories()
    world = World(*shape)
    say(f"signing {world.count} zones with Knot, the others with ldns-signzone")
    bulk = signing.BulkSigner(world.signed)
    network.create()
    key_sets = dict(zip(ALGORITHMS, keys.make(ALGORITHMS)))
    _sign_special(world, key_sets)
    bulk.finish()
    # Zones that Knot signed are complete: their servers load while the TLDs are signed.
    authority.start(world.zones, roles=("zone",))
    _sign_top(world, key_sets)
    authority.start(world.zones, roles=("tld", "root"))
    say("waiting for the authorities")
    authority.wait_ready(world.zones)
    manifest.write(world)
    state.write_json(
        LAB,
        {"zones": world.count, "shape": shape, "came_up": int(time.time()), "breaks": []},
    )
    _save_key_sets(key_sets)


def _make_directories():
    ZONES.mkdir(parents=True)
    # Knot syncs its key database to disk zone by zone: in memory it is five times as fast.
    # Without the right to mount, it works all the same.
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "mode=755", "assay-lab", str(ZONES)],
        capture_output=True,
        check=False,
    )
    signing.SOURCE.mkdir()
    signing.SERVED.mkdir()


def _give_keys(zones, key_sets):
    for zone in zones:
        if zone.signing:
            zone.dnskeys = [
                key for algorithm in zone.signing.algorithms for key in key_sets[algorithm].dnskeys
            ]


def _stranger(key_sets):
    return key_sets[8].dnskeys[0]


def _sign_special(world, key_sets):
    _give_keys(world.special + world.tlds + [world.root], key_sets)
    signed = [zone for zone in world.special if zone.signing]
    delegation.add_all(world, world.special, _stranger(key_sets))
    signing.sign_few(signed, key_sets)
    unsigned = [zone for zone in world.special if not zone.signing]
    signing.write_unsigned(unsigned + world.unsigned)


def _sign_top(world, key_sets):
    top = world.tlds + [world.root]
    delegation.add_all(world, top, _stranger(key_sets))
    signing.sign_few([zone for zone in top if zone.signing], key_sets)
    signing.write_unsigned([zone for zone in top if not zone.signing])


def _save_key_sets(key_sets):
    state.write_json(
        keys.KEYS / "sets.json", {str(a): list(s.base_names) for a, s in key_sets.items()}
    )


def down(say):
    check_machine()
    with state.locked() as present:
        if not present and not any(network.exists(name) for name in network.SHORT_NAMES):
            say("there is no lab")
            return
        if present:
            state.claim()
        _remove(say)
        shutil.rmtree(STATE_DIR, ignore_errors=True)
        say("the lab is down")


def _remove(say):
    """Ends and removes what this or an earlier, crashed run has made, and nothing else."""
    state_files = state.processes()
    if STATE_DIR.is_dir():
        state.stop(list(state_files))
        state.end_leftovers()
        network.settle()
    for pid, command in network.remove().items():
        say(f"warning: process {pid} is not the lab's and has lost its network: {command}")
    if os.path.ismount(ZONES):
        network.run(["umount", str(ZONES)])
    if STATE_DIR.is_dir():
        for entry in STATE_DIR.iterdir():
            if entry.is_dir():
                shutil.rmtree(entry)
            elif entry != MARK:
                entry.unlink()
