"""Mutants: small changes of rules that matter, one at a time, each of which some test must notice.

    tests/mutants/run.py                     every mutant of list/, about half an hour
    tests/mutants/run.py --only stale        those whose file, text or what says so
    tests/mutants/run.py --open              those for which the list names no test
    tests/mutants/run.py --sample 20         some of each list, with the test that is known to fail
    tests/mutants/run.py --record            writes the test that failed into the list
    tests/mutants/run.py --resume            counts those that the same programs noticed before
    tests/mutants/run.py --check             only that each one is where the list says

One build, in build/mutants, holds all of them behind a switch (mutants.py). With a mutant run the
unit and scenario tests that come by it, until one fails: first the one that the list names, then
those of its folder, then the quickest. What a test comes by is kept in build/mutants/reach.json as
long as its program is the same, and which mutants it noticed in judged.json: a run that was stopped
goes on with --resume where it was. Exit status 1: one survives.
"""
import argparse
import concurrent.futures
import fcntl
import hashlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import mutants  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
TREE = TOP / 'build' / 'mutants' / 'tree'
BUILD = TOP / 'build' / 'mutants' / 'build'
REACH = TOP / 'build' / 'mutants' / 'reach.json'
JUDGED = TOP / 'build' / 'mutants' / 'judged.json'
SLOW = {'scenario-matrix', 'upstream-tls', 'upstream-tls_faults', 'scenario-posture', 'scenario-oracle'}  # run last
SUITES = {'unit', 'scenario'}
LIMIT_S = 120  # of a test beyond eight times what it takes otherwise
GUESS_S = {'unit': 1, 'scenario': 20}  # of a test that has not run yet


class BadTest(Exception):
    pass


def fail(words):
    sys.exit(f'mutants: {words}')


def take_tree():
    """For this run alone, until it ends: another one would change the files under it."""
    TREE.mkdir(parents=True, exist_ok=True)
    lock = os.open(TREE.parent, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        fail(f'another run is under way in {TREE.parent}')


def configure():
    if (BUILD / 'build.ninja').exists():
        return
    subprocess.run(['meson', 'setup', str(BUILD), str(TREE), '--buildtype=debug', '-Dwerror=false',
                    '-Dwarning_level=0', '-Dc_args=-w -O1', '-Dbench=false', '-Ddpdk=auto'],
                   check=True, stdout=subprocess.DEVNULL)


def tests_of_build():
    out = subprocess.run(['meson', 'introspect', '--tests', str(BUILD)], check=True,
                         capture_output=True, text=True).stdout
    tests = {}
    for t in json.loads(out):
        suites = {s.split(':')[-1] for s in t['suite']}
        if suites & SUITES and t['cmd'][0].startswith(str(BUILD)):
            tests[t['name']] = {**t, 'kind': (suites & SUITES).pop()}
    return tests


def build(targets):
    if not targets:
        return
    log = BUILD / 'ninja.log'
    with open(log, 'w') as out:
        done = subprocess.run(['ninja', '-C', str(BUILD), *targets], stdout=out, stderr=out)
    if done.returncode:
        print(subprocess.run(['grep', '-m20', '-A3', 'error', str(log)], capture_output=True,
                             text=True).stdout)
        fail(f'the tree does not build: {log}')


def target_of(test):
    return os.path.relpath(test['cmd'][0], BUILD)


def write_json(path, what):
    new = path.with_suffix('.new')
    new.write_text(json.dumps(what))
    new.replace(path)


class Programs:
    """What tells one build of a test from another."""

    def __init__(self, tests):
        self.tests, self.prints = tests, {}

    def print_of(self, name):
        if name not in self.prints:
            program = pathlib.Path(self.tests[name]['cmd'][0]).read_bytes()
            self.prints[name] = hashlib.sha256(program).hexdigest()
        return self.prints[name]


class Judged:
    """Which test noticed a mutant: true as long as its program is the same."""

    def __init__(self, programs):
        self.programs, self.lock = programs, threading.Lock()
        self.known = json.loads(JUDGED.read_text()) if JUDGED.exists() else {}

    def names(self, live):
        return {self.known[str(m.number)][0] for m in live
                if str(m.number) in self.known} & set(self.programs.tests)

    def killer(self, m):
        name, program = self.known.get(str(m.number), (None, None))
        if name in self.programs.tests and self.programs.print_of(name) == program:
            return name
        return None

    def add(self, m, name):
        with self.lock:
            self.known[str(m.number)] = name, self.programs.print_of(name)
            write_json(JUDGED, self.known)


class Run:
    """One test with one mutant; ended with everything it started when its time is up."""

    def __init__(self, test, number, limit_s, seen=None):
        env = {**os.environ, **test['env'], 'ASSAY_MUTANT': str(number)}
        env.pop('ASSAY_MUTANT_SEEN', None)
        if seen:
            env['ASSAY_MUTANT_SEEN'] = seen
        began = time.monotonic()
        process = subprocess.Popen(test['cmd'], env=env, cwd=test['workdir'] or str(BUILD),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, start_new_session=True)
        try:
            self.status = process.wait(limit_s)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            self.status = 'time'
        self.took_s = time.monotonic() - began
        self.failed = self.status not in (0, 77)


class Reach:
    """Which mutants a test comes by, and how long it takes without any; found out when asked."""

    def __init__(self, tests, programs):
        self.tests, self.programs = tests, programs
        self.locks = {name: threading.Lock() for name in tests}
        self.lock = threading.Lock()  # of what follows
        self.known = json.loads(REACH.read_text()) if REACH.exists() else {}

    def took_s(self, name):
        entry = self.known.get(name)
        return entry['took_s'] if entry else GUESS_S[self.tests[name]['kind']]

    def comes_by(self, name, number):
        with self.locks[name]:
            if self.known.get(name, {}).get('print') != self.programs.print_of(name):
                self.find_out(name)
        return number in self.known[name]['seen']

    def find_out(self, name):
        for _ in range(3):  # the machine may be busy
            with tempfile.NamedTemporaryFile('r', suffix='.seen') as file:
                run = Run(self.tests[name], 0, 1200, file.name)
                seen = sorted({int(line) for line in file})
            if not run.failed:
                break
        else:
            raise BadTest(f'{name} fails without any mutant')
        with self.lock:
            self.known[name] = {'print': self.programs.print_of(name), 'took_s': run.took_s,
                                'seen': seen}
            write_json(REACH, self.known)


def judge(m, tests, reach):
    """(the name of a test that fails with it or None, how many come by)"""
    folder = os.path.dirname(m.path)

    def far(name):
        beside = os.path.dirname(target_of(tests[name])).removeprefix('tests/unit/')
        near = tests[name]['kind'] == 'unit' and f'{folder}/'.startswith(f'{beside}/')
        return name != m.killer, not near, name in SLOW, reach.took_s(name)

    count = 0
    for name in sorted(tests, key=far):
        if not reach.comes_by(name, m.number):
            continue
        count += 1
        limit_s = LIMIT_S + 8 * reach.took_s(name)
        # One that the list does not name must fail twice: it may be the machine.
        if all(Run(tests[name], m.number, limit_s).failed for _ in range(1 if name == m.killer else 2)):
            return name, count
    return None, count


def record(killers):
    """Writes the tests that failed into the lists, which may have changed since the run began."""
    noticed = {m.number: killer for m, killer in killers}
    now = [m for m in mutants.read_lists(HERE / 'list') if noticed.get(m.number, m.killer) != m.killer]
    # From the end on: lines keep their numbers.
    for m in sorted(now, key=lambda m: -m.line):
        killer = noticed[m.number]
        lines = m.source.read_text().splitlines()
        end = m.line
        while end < len(lines) and lines[end][:1] in ('+', '|', '!', '='):
            end += 1
        kept = [line for line in lines[m.line - 1:end] if line[:1] != '!']
        lines[m.line - 1:end] = kept + [f'! {killer}']
        m.source.write_text('\n'.join(lines) + '\n')


def chosen(everything, options):
    live = [m for m in everything if not m.equivalent]
    if options.only:
        words = options.only.lower()
        live = [m for m in live if words in f'{m.path} {m.old} {m.what}'.lower()]
    if options.open:
        live = [m for m in live if not m.killer]
    if options.sample:
        live = [m for m in live if m.killer and m.killer not in SLOW]
        live = live[::max(1, len(live) // options.sample)][:options.sample]
    if not live:
        fail('no such mutant')
    return live


def judge_all(live, tests_of, jobs, reach, judged_before):
    """[(mutant, the test that fails or None, how many come by)]; tests_of(mutant): those to be run."""
    judged = []
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        running = {pool.submit(judge, m, tests_of(m), reach): m for m in live}
        for done in concurrent.futures.as_completed(running):
            try:
                killer, count = done.result()
            except BadTest as error:  # all others are judged nevertheless
                print(f'# {error}: {running[done]}', flush=True)
                killer, count = None, 0
            judged.append((running[done], killer, count))
            if killer:
                judged_before.add(running[done], killer)
                print(f'ok - {running[done]} ({killer})', flush=True)
            else:
                print(f'# noticed by none of {count}: {running[done]}', flush=True)
    return judged


def run(live, tests, options):
    """[(mutant, test that fails)]: first with the tests that the lists name, then with all."""
    named = {m.killer for m in live if m.killer in tests}
    programs = Programs(tests)
    reach, before = Reach(tests, programs), Judged(programs)
    names_before = before.names(live) if options.resume else set()
    build(sorted({target_of(tests[name]) for name in named | names_before}))
    killers = []
    if options.resume:
        killers = [(m, before.killer(m)) for m in live if before.killer(m)]
        print(f'# noticed before by the same programs: {len(killers)}', flush=True)
    noticed = {m.number for m, _ in killers}
    judged = judge_all([m for m in live if m.killer in named and m.number not in noticed],
                       lambda m: {m.killer: tests[m.killer]}, options.jobs, reach, before)
    killers += [(m, killer) for m, killer, _ in judged if killer]
    noticed = {m.number for m, _ in killers}
    rest = [m for m in live if m.number not in noticed]
    if rest and not options.sample:
        build(sorted({target_of(t) for t in tests.values()}))
        judged = judge_all(rest, lambda m: tests, options.jobs, reach, before)
        killers += [(m, killer) for m, killer, _ in judged if killer]
    for m, killer, count in judged:
        if not killer:
            why = f'{count} tests come by' if count else 'no test comes by'
            print(f'not ok - {m} ({why}; {m.source.name}:{m.line})')
    return killers


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', 1)[0])
    parser.add_argument('--only')
    parser.add_argument('--open', action='store_true')
    parser.add_argument('--sample', type=int)
    parser.add_argument('--record', action='store_true')
    parser.add_argument('--resume', action='store_true')
    parser.add_argument('--check', action='store_true')
    parser.add_argument('--jobs', type=int, default=os.cpu_count())
    options = parser.parse_args()
    try:
        everything = mutants.read_lists(HERE / 'list')
        live = chosen(everything, options)
        if options.check:
            mutants.instrumented(TOP, everything)
        else:
            take_tree()
            mutants.make_tree(TOP, TREE, everything)
    except mutants.ListError as error:
        fail(error)
    equivalent = sum(1 for m in everything if m.equivalent)
    unjudged = sum(1 for m in everything if not m.equivalent and not m.killer)
    print(f'# listed: {len(everything)} mutants, {equivalent} of them equivalent, '
          f'{unjudged} without a test that is known to notice them; {len(live)} to be run', flush=True)
    if options.check:
        return 0
    configure()
    tests = tests_of_build()
    if options.sample:
        live = [m for m in live if m.killer in tests]  # not those that need a packet driver
    killers = run(live, tests, options)
    if options.record:
        record(killers)
    print(f'1..{len(live)}')
    print(f'#| mutants: {len(everything)} listed, {equivalent} equivalent, {len(live)} run: '
          f'{len(killers)} noticed, {len(live) - len(killers)} surviving')
    return 0 if len(killers) == len(live) else 1


if __name__ == '__main__':
    sys.exit(main())
