"""Mutants: small changes of rules that matter, one at a time, each of which some test must notice.

    tests/mutants/run.py                     every mutant of list/, about an hour
    tests/mutants/run.py --only stale        those whose file, text or what says so
    tests/mutants/run.py --sample 20         some of each list, with the test that is known to fail
    tests/mutants/run.py --record            writes the test that failed into the list
    tests/mutants/run.py --check             only that each one is where the list says

One build, in build/mutants, holds all of them behind a switch (mutants.py). The unit and scenario
tests that come by a mutant run with it until one fails. Exit status 1: one survives.
"""
import argparse
import concurrent.futures
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
SLOW = {'scenario-matrix', 'upstream-tls', 'scenario-posture', 'scenario-oracle'}  # run last
SUITES = {'unit', 'scenario'}
LIMIT_S = 120  # of a test beyond eight times what it takes otherwise


def fail(words):
    sys.exit(f'mutants: {words}')


def configure():
    if (BUILD / 'build.ninja').exists():
        return
    subprocess.run(['meson', 'setup', str(BUILD), str(TREE), '--buildtype=debug', '-Dwerror=false',
                    '-Dwarning_level=0', '-Dc_args=-w -O1', '-Dbench=false', '-Ddpdk=disabled'],
                   check=True, stdout=subprocess.DEVNULL)


def tests_of_build():
    out = subprocess.run(['meson', 'introspect', '--tests', str(BUILD)], check=True,
                         capture_output=True, text=True).stdout
    tests = {}
    for t in json.loads(out):
        suites = {s.split(':')[-1] for s in t['suite']}
        if suites & SUITES and t['cmd'][0].startswith(str(BUILD)):
            tests[t['name']] = t
    return tests


def build(targets):
    log = BUILD / 'ninja.log'
    with open(log, 'w') as out:
        done = subprocess.run(['ninja', '-C', str(BUILD), *targets], stdout=out, stderr=out)
    if done.returncode:
        print(subprocess.run(['grep', '-m20', '-A3', 'error', str(log)], capture_output=True,
                             text=True).stdout)
        fail(f'the tree does not build: {log}')


def target_of(test):
    return os.path.relpath(test['cmd'][0], BUILD)


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


def reach(tests, jobs, count):
    """Which tests come by which mutant, and how long each takes without any."""
    reached, took = {n: set() for n in range(1, count + 1)}, {}
    lock = threading.Lock()

    def one(name):
        with tempfile.NamedTemporaryFile('r', suffix='.seen') as seen:
            run = Run(tests[name], 0, 1200, seen.name)
            if run.failed:
                return name
            with lock:
                took[name] = run.took_s
                for line in seen:
                    if int(line) in reached:
                        reached[int(line)].add(name)
        return None

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        bad = [name for name in pool.map(one, sorted(tests)) if name]
    bad = [name for name in bad if one(name)]  # without others beside it
    if bad:
        fail(f'without any mutant these fail: {", ".join(bad)}')
    return reached, took


def judge(m, tests, names, took):
    """The name of a test that fails with it, or None."""
    order = sorted(names, key=lambda n: (n != m.killer, n in SLOW, took.get(n, 0)))
    for name in order:
        if Run(tests[name], m.number, LIMIT_S + 8 * took.get(name, 0)).failed:
            return name
    return None


def record(killers):
    """Writes the tests that failed into the lists, from the end on: lines keep their numbers."""
    for m, killer in sorted(killers, key=lambda pair: -pair[0].line):
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
    if options.sample:
        live = [m for m in live if m.killer and m.killer not in SLOW]
        live = live[::max(1, len(live) // options.sample)][:options.sample]
    if not live:
        fail('no such mutant')
    return live


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', 1)[0])
    parser.add_argument('--only')
    parser.add_argument('--sample', type=int)
    parser.add_argument('--record', action='store_true')
    parser.add_argument('--check', action='store_true')
    parser.add_argument('--jobs', type=int, default=os.cpu_count())
    options = parser.parse_args()
    try:
        everything = mutants.read_lists(HERE / 'list')
        live = chosen(everything, options)
        TREE.mkdir(parents=True, exist_ok=True)
        mutants.make_tree(TOP, TREE, everything)
    except mutants.ListError as error:
        fail(error)
    equivalent = sum(1 for m in everything if m.equivalent)
    print(f'# {len(everything)} mutants, {equivalent} of them equivalent; {len(live)} to be run')
    if options.check:
        return 0
    configure()
    tests = tests_of_build()
    if options.sample:
        tests = {name: tests[name] for m in live for name in [m.killer] if name in tests}
        build(sorted({target_of(t) for t in tests.values()}))
        live = [m for m in live if m.killer in tests]  # not those that need a packet driver
        reached, took = {m.number: {m.killer} for m in live}, {}
    else:
        build([])
        reached, took = reach(tests, options.jobs, len(everything))
    survivors, killers = 0, []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        running = {pool.submit(judge, m, tests, reached[m.number], took): m for m in live}
        for number, done in enumerate(concurrent.futures.as_completed(running), 1):
            m, killer = running[done], done.result()
            if killer:
                print(f'ok {number} - {m} ({killer})')
                killers.append((m, killer))
            else:
                survivors += 1
                why = f'{len(reached[m.number])} tests come by' if reached[m.number] else 'no test comes by'
                print(f'not ok {number} - {m} ({why}; {m.source.name}:{m.line})')
            sys.stdout.flush()
    if options.record:
        record(killers)
    print(f'1..{len(live)}')
    print(f'#| {len(live)} mutants, {len(live) - survivors} noticed, {survivors} not')
    return 1 if survivors else 0


if __name__ == '__main__':
    sys.exit(main())
