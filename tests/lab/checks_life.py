"""Checks of coming up, staying up and going down."""

import contextlib
import json
import os
import pathlib
import subprocess
import tempfile

from . import network, state, topology
from .probe import SCRIPT, ask, script
from .state import STATE_DIR

ZONES = "24"


def up_brings_everything_up():
    assert "is not up" in script("roll", "roll.nsec", fails=True)
    assert "the lab is up" in script("up", "--zones", ZONES)
    assert script("status").startswith("up: 24")
    for provider in topology.PROVIDERS:
        for role in topology.ROLES:
            for address in topology.role_addresses(provider, role):
                assert ask(address, ".", "SOA") is not None, address


def up_again_changes_nothing():
    before = state.processes()
    assert "up already" in script("up", "--zones", ZONES)
    assert state.processes() == before


def the_files_are_there_and_agree():
    contract = json.loads(script("info", "--json"))
    for path in contract["files"].values():
        assert pathlib.Path(path).stat().st_size > 0, path
    manifest = json.loads((STATE_DIR / "manifest.json").read_text())
    zones = {zone["zone"]: zone for zone in manifest["zones"]}
    kinds = {zone["kind"] for zone in zones.values()}
    assert kinds == {question["kind"] for question in manifest["questions"]}
    for line in (STATE_DIR / "names-multi.dnsperf").read_text().splitlines():
        zone = zones[line.split()[0].partition(".")[2] + "."]
        assert len(zone["providers"]) > 1 and zone["ttl"] <= 5
    assert "types.nsec." in script("list", "types-nsec")


def _devices(short_name):
    out = subprocess.run(
        ["ip", "-n", topology.namespace(short_name), "-json", "addr"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return {
        device["ifname"]: [entry["local"] for entry in device["addr_info"] if "local" in entry]
        for device in json.loads(out)
        if "ifname" in device
    }


def the_port_is_left_to_assayd():
    assert _devices("resolver")["port0"] == []
    client = _devices("client")["cl0"]
    assert not [address for address in client if address.startswith("fe80")]
    assert "198.18.200.1" in client and "2001:db8:200::1" in client
    for short_name, device in (("client", "cl0"), ("resolver", "port0")):
        features = script("exec", short_name, "ethtool", "-k", device)
        assert "tx-checksumming: off" in features


def exec_runs_in_the_namespace():
    assert "198.18.100.2" in script("exec", "resolver", "ip", "-4", "-o", "addr", "show", "up0")
    assert "inside" in script("exec", "client", "sh", "-c", "echo inside")
    script("exec", "client", "false", fails=True)


def a_closed_port_is_refused_and_a_dark_one_silent():
    for host, refused in ((topology.CLOSED_HOSTS[0], True), (topology.DARK_HOSTS[0], False)):
        done = subprocess.run(
            ["ip", "netns", "exec", topology.namespace("resolver"), "python3", "-c", _KNOCK]
            + [topology.address4("a", host)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert ("refused" in done.stdout) == refused, done.stdout + done.stderr


_KNOCK = """
import socket, sys
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.connect((sys.argv[1], 53))
udp.settimeout(1)
try:
    udp.send(b"x" * 12)
    udp.recv(512)
except ConnectionRefusedError:
    print("refused")
except TimeoutError:
    print("silent")
"""


def a_directory_with_other_files_is_left_alone():
    with tempfile.TemporaryDirectory() as other:
        precious = pathlib.Path(other, "precious")
        precious.touch()
        environment = {**os.environ, "ASSAY_LAB_DIR": other}
        for verb in ("up", "down"):
            done = subprocess.run(
                [str(SCRIPT), verb], capture_output=True, text=True, check=False, env=environment
            )
            assert done.returncode and "not a lab's" in done.stderr, done.stderr
        assert precious.exists()
    assert script("status").startswith("up: 24")


def up_cleans_what_an_interrupted_up_left():
    script("down")
    for pause_s in (0.4, 0.9, 1.6):
        child = subprocess.Popen([str(SCRIPT), "up", "--zones", ZONES], stdout=subprocess.DEVNULL)
        # The moment does not matter; what matters is that there are several.
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(pause_s)
        child.kill()
        child.wait()
    assert "the lab is up" in script("up", "--zones", ZONES)


def up_cleans_what_a_crashed_run_left():
    old = {record["pid"] for record in state.processes().values()}
    state.LAB.unlink()
    state.PROCESSES.unlink()
    assert "the lab is up" in script("up", "--zones", ZONES)
    assert not [pid for pid in old if str(STATE_DIR) in network.command_of(pid)]
    assert ask(topology.address4("a", 32), "www.types.nsec.").answer


def down_leaves_nothing():
    assert "the lab is down" in script("down")
    assert not STATE_DIR.exists()
    spaces = os.listdir("/run/netns") if os.path.isdir("/run/netns") else []
    assert not [name for name in spaces if name.startswith(topology.PREFIX + "-")]
    assert str(STATE_DIR) not in pathlib.Path("/proc/mounts").read_text()
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            assert str(STATE_DIR) not in network.command_of(int(entry.name)), entry.name
    assert "there is no lab" in script("down")


COMING_UP = [
    up_brings_everything_up,
    up_again_changes_nothing,
    the_files_are_there_and_agree,
    the_port_is_left_to_assayd,
    exec_runs_in_the_namespace,
    a_closed_port_is_refused_and_a_dark_one_silent,
]
GOING_DOWN = [
    a_directory_with_other_files_is_left_alone,
    up_cleans_what_a_crashed_run_left,
    up_cleans_what_an_interrupted_up_left,
    down_leaves_nothing,
]
