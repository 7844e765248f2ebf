"""The machine: what it is, its hugepages, which CPUs a bench may use, the build."""
import contextlib
import fcntl
import glob
import json
import os
import platform
import re
import signal
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get('ASSAY_BUILD', os.path.join(ROOT, 'build'))
OUT = os.path.join(ROOT, 'build', 'bench')
RESERVE = '/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages'
FREE = '/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages'


def read(path, otherwise=''):
    try:
        with open(path) as stream:
            return stream.read()
    except OSError:
        return otherwise


def say(text):
    print(text, flush=True)


def stop(text):
    sys.exit(f'bench: {text}')


def terminated(_number, _frame):
    """So that what was reserved is given back."""
    raise SystemExit(143)


def catch_signals():
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, terminated)


# ---- CPUs ----

def cpus():
    """Control's CPU and the poll-mode core's."""
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < 2:
        stop('two CPUs are needed: one polls, one is control')
    return allowed[0], allowed[-1]


def busy_share(seconds=0.25):
    """How much of all CPUs others use right now."""
    def times():
        fields = [int(n) for n in read('/proc/stat').splitlines()[0].split()[1:]]
        return sum(fields[:8]), fields[3] + fields[4]
    total, idle = times()
    time.sleep(seconds)
    total2, idle2 = times()
    return 1 - (idle2 - idle) / max(1, total2 - total)


def describe():
    model = re.search(r'model name\s*:\s*(.*)', read('/proc/cpuinfo'))
    commit = subprocess.run(['git', '-C', ROOT, 'rev-parse', '--short', 'HEAD'],
                            capture_output=True, text=True, check=False).stdout.strip()
    libcrypto = subprocess.run(['openssl', 'version'], capture_output=True, text=True,
                               check=False).stdout.strip()
    return {
        'cpu': model.group(1) if model else platform.machine(),
        'cpus': len(os.sched_getaffinity(0)),
        'memory_mib': int(re.search(r'MemTotal:\s*(\d+)', read('/proc/meminfo')).group(1)) >> 10,
        'kernel': platform.release(),
        'openssl': libcrypto,
        'commit': commit,
        'build': build_options(),
        'busy_before': round(busy_share(), 2),
    }


# ---- hugepages ----

@contextlib.contextmanager
def only_bench():
    """One bench at a time: they would measure each other."""
    os.makedirs(OUT, exist_ok=True)
    with open(os.path.join(OUT, 'lock'), 'w') as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say('bench: waits for another bench to end')
            fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def add_pages(count):
    """The kernel's reserve by so many pages more or fewer. Returns what came of it."""
    before = int(read(RESERVE, '0'))
    with open(RESERVE, 'w') as stream:
        stream.write(str(max(0, before + count)))
    return int(read(RESERVE, '0')) - before


@contextlib.contextmanager
def hugepages(mib):
    """Yields True with that much in free hugepages, which go back afterwards; False without."""
    pages = (mib + 1) // 2
    got = 0
    try:
        try:
            got = add_pages(pages)
        except OSError:
            pass
        enough = got >= pages
        if not enough:
            say(f'bench: no hugepages ({got * 2} of {mib} MiB): results are not judged')
            if got > 0:
                add_pages(-got)
                got = 0
        yield enough
    finally:
        if got > 0:
            # A process that just ended may still be giving its pages back.
            for _ in range(20):
                if int(read(FREE, '0')) >= got:
                    break
                time.sleep(0.05)
            add_pages(-got)


# ---- build ----

def build_options():
    result = subprocess.run(['meson', 'introspect', '--buildoptions', BUILD],
                            capture_output=True, text=True, check=False)
    if result.returncode != 0:
        return {}
    wanted = ('buildtype', 'cpu', 'b_lto', 'b_sanitize')
    return {option['name']: option['value'] for option in json.loads(result.stdout)
            if option['name'] in wanted}


def set_up():
    if not os.path.exists(os.path.join(BUILD, 'build.ninja')):
        subprocess.run(['meson', 'setup', BUILD, ROOT], check=True, stdout=subprocess.DEVNULL)


def make(*targets):
    """Builds. Returns the paths of what was built."""
    set_up()
    result = subprocess.run(['ninja', '-C', BUILD, *targets], capture_output=True, text=True,
                            check=False)
    if result.returncode != 0:
        print(result.stdout[-4000:], result.stderr[-4000:], file=sys.stderr)
        stop('the bench programs do not build')
    return [os.path.join(BUILD, target) for target in targets]


def build(*programs):
    """Builds bench programs. Returns their paths."""
    paths = make(*(f'bench/{name}' for name in programs))
    return paths if len(paths) > 1 else paths[0]


def in_memory():
    """Where no disk is waited for, if there is such a place."""
    return '/dev/shm' if os.access('/dev/shm', os.W_OK) else OUT


def folder():
    """One that is away afterwards."""
    return tempfile.TemporaryDirectory(dir=in_memory(), prefix='assay-bench-')


@contextlib.contextmanager
def scratch(name):
    """A file that is away afterwards."""
    path = os.path.join(in_memory(), f'assay-bench-{os.getpid()}-{name}')
    try:
        yield path
    finally:
        for left in glob.glob(path):
            os.unlink(left)
