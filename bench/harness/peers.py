"""Cached answers beside other resolvers: the same names, all known, asked by dnsperf.

The resolver has one CPU, dnsperf the other. Everybody validates and was asked for each name
before. What the kernel does for a packet between the two ends of a veth it does on the CPU of
whoever sent it.
"""
import json
import os
import random
import re
import resource
import subprocess
import tempfile
import time

from . import machine
from .cold import Assay, Peer, field, validates
from .lab import cpu_ns, lab, pin, pin_authorities
from .report import Report, middle

OUTSTANDING = 500
BOUND = 0.9  # so much of a CPU is all of it

DNSDIST = '''\
setLocal("{address}:{port}", {{tcpFastOpenQueueSize=0}})
setACL({{"127.0.0.0/8"}})
newServer("{backend}"):setUp()
getPool(""):setCache(newPacketCache(200000, {{maxTTL=86400}}))
setSecurityPollSuffix("")
'''


class Size:
    def __init__(self, small):
        self.zones = 60 if small else 500
        self.seconds = 1 if small else 5
        self.rounds = 1 if small else 5


class Dnsdist(Peer):
    """Holds answers itself; what it does not have it gets from an Unbound behind it."""

    def __init__(self, peer, backend, info, folder):
        super().__init__(peer, info, folder)
        self.backend = backend

    def start(self):
        self.backend.start()
        super().start()

    def stop(self):
        super().stop()
        self.backend.stop()


class Cached(Assay):
    """The poll-mode core has a CPU to itself; control sleeps."""

    def __init__(self, info, folder):
        super().__init__('assay', info, folder, poll_cpu=machine.cpus()[0])

    def start(self):
        self.daemon.start()
        pin(self.pid, self.other, lambda thread: not thread.startswith('assay-poll'))


def subjects(info, folder):
    from peers import Peer as Process, all_peers
    found = {peer.name: peer for peer in all_peers() if peer.binary}

    def place():
        return tempfile.mkdtemp(dir=folder)
    yield Cached(info, place())
    for peer in found.values():
        yield Peer(peer, info, place())
    unbound = found.get('unbound')
    dnsdist = Process('dnsdist', 'dnsdist', DNSDIST.replace(
        '{backend}', f'{unbound.address}:{unbound.port}' if unbound else ''),
        ['--supervised', '--disable-syslog', '-C', '{config}'], 5465)
    if unbound and dnsdist.binary:
        yield Dnsdist(dnsdist, Peer(unbound, info, place()), info, place())


def write_names(info, path, zones):
    with open(info['files']['manifest.json']) as stream:
        apexes = [zone['zone'].rstrip('.') for zone in json.load(stream)['zones']
                  if zone['kind'].startswith('ordinary-signed')][:zones]
    names = [f'{host}.{zone}' for zone in apexes
             for host in ['www', 'mail', 'api'] + [f'h{number:02d}' for number in range(3, 28)]]
    random.Random(1).shuffle(names)
    with open(path, 'w') as stream:
        stream.writelines(f'{name} A\n' for name in names)
    return names


def perf(subject, path, *options):
    """What dnsperf says, and how much CPU time it took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = subprocess.run(
        ['ip', 'netns', 'exec', subject.from_namespace, 'taskset', '-c', str(subject.other),
         'dnsperf', '-s', subject.address, '-p', str(subject.port), '-d', path, '-e', '-T', '1',
         '-c', '4', '-t', '2', *options], capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if result.returncode != 0:
        machine.stop(f'dnsperf: {result.stderr.strip()[-400:]}')
    spent = sum(after[i] - before[i] for i in (0, 1))
    return result.stdout, spent


def warm(subject, path, count):
    """Until every name has been answered well."""
    for _ in range(5):
        text, _ = perf(subject, path, '-n', '1', '-q', '50', '-l', '60')
        good = re.search(r'NOERROR (\d+)', text)
        if good and int(good.group(1)) == count:
            return
    machine.stop(f'{subject.name} does not answer every name: {text[-400:]}')


def measure(subject, path, size):
    before = cpu_ns(subject.pid)
    text, generator = perf(subject, path, '-q', str(OUTSTANDING), '-l', str(size.seconds))
    spent = sum(ns - before.get(thread, 0) for thread, ns in cpu_ns(subject.pid).items())
    seconds, answered = field(text, r'Run time \(s\)'), field(text, 'Queries completed')
    return {
        'per_second': answered / seconds,
        'cpu_us': spent / 1000 / max(answered, 1),
        'busy': spent / 1e9 / seconds,
        'generator': generator / seconds,
        'latency_ms': field(text, r'Average Latency \(s\)') * 1000,
        'lost': field(text, 'Queries lost'),
    }


def measure_all(size):
    runs = {}
    with lab(size.zones) as info, machine.folder() as folder:
        pin_authorities(info, machine.cpus()[1])
        path = os.path.join(folder, 'names')
        names = write_names(info, path, size.zones)
        for subject in subjects(info, folder):
            began = time.monotonic()
            subject.start()
            try:
                warm(subject, path, len(names))
                if not validates(subject, names[0]):
                    machine.stop(f'{subject.name} does not validate')
                runs[subject.name] = [measure(subject, path, size) for _ in range(size.rounds)]
            finally:
                subject.stop()
            machine.say(f'bench: {subject.name}, {time.monotonic() - began:.0f} s')
    return runs, len(names)


def mid(rounds, what):
    return middle([one[what] for one in rounds])[0]


def bound_by(rounds):
    if mid(rounds, 'generator') >= BOUND:
        return 'dnsperf'
    return 'resolver' if mid(rounds, 'busy') >= BOUND else 'neither'


def bench(small):
    report = Report('peers', small)
    size = Size(small)
    machine.make('control/assayd', 'control/cli/assayctl')
    runs, names = measure_all(size)
    rows = [[name, mid(rounds, 'per_second'), middle([r['per_second'] for r in rounds])[1],
             mid(rounds, 'cpu_us'), f"{mid(rounds, 'busy'):.0%}", f"{mid(rounds, 'generator'):.0%}",
             mid(rounds, 'latency_ms'), sum(int(one['lost']) for one in rounds),
             bound_by(rounds)]
            for name, rounds in runs.items()]
    report.section(f'{names:,} cached names, A, OPT without DO, dnsperf with {OUTSTANDING} under way',
                   ['resolver', 'answers/s', '± rounds', 'CPU µs/query', 'CPU busy',
                    'dnsperf busy', 'latency ms', 'lost', 'bound by'], rows)
    best = min(mid(rounds, 'cpu_us') for name, rounds in runs.items() if name != 'assay')
    report.figures['peers_cpu'] = round(mid(runs['assay'], 'cpu_us') / best, 3)
    report.note('Assay: the CPU time includes polling an empty port, since dnsperf asks for less than '
                'the core could answer; `scripts/bench dataplane` tells what an answer costs')
    report.note('where dnsperf is what bounds, answers/s says nothing of the resolver')
    report.picture('Answers per second, one CPU', '/s', [(row[0], row[1]) for row in rows])
    report.picture('CPU per answer', 'µs', [(row[0], row[3]) for row in rows])
    return report
