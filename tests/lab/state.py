"""The state directory: its lock, the processes the lab started, and who is up."""

import contextlib
import fcntl
import json
import os
import pathlib
import signal
import subprocess
import time

from .topology import STATE_DIR

PROCESSES = STATE_DIR / "processes.json"
LAB = STATE_DIR / "lab.json"
ZONES = STATE_DIR / "zones"
MARK = STATE_DIR / "is-assay-lab"
STOP_LIMIT_S = 5


class LabError(Exception):
    """What went wrong, as one sentence for the operator."""


@contextlib.contextmanager
def locked(create=False):
    """Holds the state directory, so that two commands never change one lab at once."""
    while True:
        if create:
            STATE_DIR.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(STATE_DIR, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:
            yield False
            return
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            # `down` removes the directory under the lock: make sure ours is the one in place.
            with contextlib.suppress(FileNotFoundError):
                if os.stat(STATE_DIR).st_ino == os.fstat(handle).st_ino:
                    yield True
                    return
        finally:
            os.close(handle)


def read_json(path, default=None):
    try:
        return json.loads(path.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return default


def write_json(path, value):
    temporary = path.with_name(path.name + ".new")
    temporary.write_text(json.dumps(value, indent=1) + "\n")
    temporary.rename(path)


def start_time(pid):
    """Clock ticks from boot to the start of a process: with the pid, its identity."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
            fields = stat.read().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else int(fields[19])


def processes():
    return read_json(PROCESSES, {})


def alive(record):
    return start_time(record["pid"]) == record["start"]


def spawn(name, command, namespace=None):
    """Starts a daemon in its own session and records it under `name`."""
    if namespace:
        command = ["ip", "netns", "exec", namespace] + command
    with open(STATE_DIR / f"{name}.log", "ab") as log:
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    records = processes()
    records[name] = {"pid": child.pid, "start": start_time(child.pid)}
    write_json(PROCESSES, records)
    return child


def _signal_session(pid, number):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, number)


def stop(names):
    """Ends recorded processes: SIGTERM, and SIGKILL for what stays."""
    records = processes()
    ours = {name: records[name] for name in names if name in records}
    running = [record for record in ours.values() if alive(record)]
    for record in running:
        _signal_session(record["pid"], signal.SIGTERM)
    deadline = time.monotonic() + STOP_LIMIT_S
    while any(alive(record) for record in running) and time.monotonic() < deadline:
        _reap()
        time.sleep(0.02)
    for record in running:
        if alive(record):
            _signal_session(record["pid"], signal.SIGKILL)
    _reap()
    write_json(PROCESSES, {name: record for name, record in records.items() if name not in ours})


_DAEMONS = {"nsd", "knotd", "relay"}


def end_leftovers():
    """Ends our daemons that no record names: a run died between starting and recording one.

    They are known by their program and by an argument inside our state directory.
    """
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        inside = any(word.startswith(f"{STATE_DIR}/") for word in words[1:])
        if inside and os.path.basename(words[0]) in _DAEMONS:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(entry.name), signal.SIGKILL)


def claim():
    """Marks the state directory as the lab's own; refuses one that holds something else."""
    if not MARK.exists():
        if any(STATE_DIR.iterdir()):
            raise LabError(f"{STATE_DIR} is not empty and not a lab's: set ASSAY_LAB_DIR")
        MARK.touch()


def _reap():
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def wait_until(condition, limit_s, what):
    """Polls `condition` and gives up with a sentence; there is no fixed sleep in the lab."""
    deadline = time.monotonic() + limit_s
    pause = 0.005
    while not condition():
        if time.monotonic() > deadline:
            raise LabError(f"{what} did not happen within {limit_s} s")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)


def last_words(name):
    """The end of a daemon's log, for an error message that outlives the state directory."""
    try:
        return (STATE_DIR / f"{name}.log").read_text(errors="replace").strip()[-400:]
    except OSError:
        return "it left no log"
