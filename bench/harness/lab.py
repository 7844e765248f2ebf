"""The signed mini-Internet for a bench: the one that is up, or one of this run's own."""
import contextlib
import json
import os
import sys

from . import machine

sys.path[:0] = [os.path.join(machine.ROOT, 'tests', part) for part in ('differential', 'e2e')]


def given(zones):
    """Whether the environment names a lab that is up and large enough."""
    if not (os.environ.get('ASSAY_LAB_PREFIX') and os.environ.get('ASSAY_LAB_DIR')):
        return False
    record = machine.read(os.path.join(os.environ['ASSAY_LAB_DIR'], 'lab.json'), '{}')
    return json.loads(record).get('zones', 0) >= zones


@contextlib.contextmanager
def lab(zones):
    """Yields what `scripts/lab info` says."""
    import resolver  # of the end-to-end tests
    if given(zones):
        yield resolver.lab_info()
        return
    os.environ['ASSAY_LAB_PREFIX'] = f'ab{os.getpid()}'
    os.environ['ASSAY_LAB_DIR'] = f'/run/assay-bench-{os.getpid()}'
    machine.say(f'bench: signs {zones} zones')
    try:
        resolver.lab('up', '--zones', str(zones))
        yield resolver.lab_info()
    finally:
        resolver.lab('down', check=False)


def pin_authorities(info, cpu):
    """All that the lab runs shares one CPU, so that the other is the resolver's alone."""
    records = json.loads(machine.read(os.path.join(info['state_dir'], 'processes.json'), '{}'))
    for record in records.values():
        for pid in family(record['pid']):
            pin(pid, cpu)


def family(pid):
    """A process and its descendants."""
    found = [pid]
    for task in tasks(pid):
        children = machine.read(f'/proc/{pid}/task/{task}/children').split()
        for child in children:
            found += family(int(child))
    return found


def tasks(pid):
    try:
        return [int(name) for name in os.listdir(f'/proc/{pid}/task')]
    except FileNotFoundError:
        return []


def pin(pid, cpu, choose=lambda name: True):
    """Threads of a process whose name is chosen."""
    for task in tasks(pid):
        if choose(machine.read(f'/proc/{pid}/task/{task}/comm').strip()):
            with contextlib.suppress(ProcessLookupError):
                os.sched_setaffinity(task, {cpu})


def cpu_ns(pid):
    """What each thread of a process and of its children had of its CPU, kernel time included:
    name of the thread -> ns."""
    spent = {}
    for member in family(pid):
        for task in tasks(member):
            words = machine.read(f'/proc/{member}/task/{task}/schedstat').split()
            name = machine.read(f'/proc/{member}/task/{task}/comm').strip()
            if words:
                spent[name] = spent.get(name, 0) + int(words[0])
    return spent
