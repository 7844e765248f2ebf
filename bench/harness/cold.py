"""Cold resolution: what a name that nobody asked before costs, beside other resolvers.

All resolve the same names in the same signed lab, validating, DO=1, each name asked once, with
one CPU for the resolver; authorities, load and Assay's poll-mode core have the other one.
  new zones     every question opens a zone: delegation, DS, DNSKEY, then the answer
  known zones   new names in those zones
  empty non-terminals   a new name below four of them in each of those zones
"""
import json
import os
import re
import subprocess
import tempfile
import time

from . import machine
from .lab import cpu_ns, lab, pin, pin_authorities
from .report import Report, middle

ASSAY, WORKER = 'assay', 'assay-worker'
PHASES = ('new zones', 'known zones', 'empty non-terminals')
DEEP_HOST = 'host.one.two.three.four'  # of tests/lab/ordinary.py
RUNS = os.path.join(machine.OUT, 'cold-runs.json')
OUTSTANDING = 100
PHASE_LIMIT_S = 60


class Size:
    def __init__(self, small):
        self.lab = 60 if small else 5000
        self.warm = 12 if small else 60
        self.hosts = 2 if small else 5
        self.rounds = 1 if small else 3


# ---- questions ----

def write_questions(info, size, folder):
    """Files of names, one host per line: to get warm, and for the phases."""
    with open(info['files']['manifest.json']) as stream:
        zones = [zone['zone'].rstrip('.') for zone in json.load(stream)['zones']
                 if zone['kind'].startswith('ordinary-signed')][:size.lab]
    hosts = ['www', 'mail', 'api'] + [f'h{number:02d}' for number in range(3, 28)]
    parts = {
        'warm': [f'www.{zone}' for zone in zones[:size.warm]],
        'new zones': [f'www.{zone}' for zone in zones[size.warm:]],
        'known zones': [f'{host}.{zone}' for host in hosts[1:1 + size.hosts]
                        for zone in zones[size.warm:]],
        'empty non-terminals': [f'{DEEP_HOST}.{zone}' for zone in zones[size.warm:]],
    }
    paths = {}
    for part, names in parts.items():
        paths[part] = os.path.join(folder, part.replace(' ', '-'))
        with open(paths[part], 'w') as stream:
            stream.writelines(f'{name} A\n' for name in names)
    return paths, parts


# ---- resolvers ----

class Subject:
    """A resolver under measurement."""

    def __init__(self, name, info, folder):
        self.name, self.info, self.folder = name, info, folder
        self.namespace = info['namespaces']['resolver']
        self.cpu, self.other = machine.cpus()

    def start(self):
        self.peer.cache_mib = 128
        self.peer.start(self.info, self.folder)
        probe = ['ip', 'netns', 'exec', self.namespace, 'dig', '+time=1', '+tries=1', '-p',
                 str(self.port), '@' + self.address, '.', 'NS']
        end = time.monotonic() + 20
        while subprocess.run(probe, capture_output=True, check=False).returncode != 0:
            if self.peer.complaint() or time.monotonic() > end:
                machine.stop(self.peer.complaint() or f'{self.name} does not answer')
        pin(self.pid, self.cpu)

    def stop(self):
        self.peer.stop()

    def verified(self):
        return None

    @property
    def pid(self):
        return self.peer.process.pid


class Peer(Subject):
    def __init__(self, peer, info, folder):
        super().__init__(peer.name, info, folder)
        self.peer, self.address, self.port = peer, peer.address, peer.port
        self.from_namespace = self.namespace


class Assay(Subject):
    """Asked through its port; the poll-mode core's time is told apart."""

    def __init__(self, name, info, folder, poll_cpu=None):
        super().__init__(name, info, folder)
        import resolver
        workers = int(name == WORKER)
        trust = "trust: {anchor-files: ['%s'], state: '', crypto-workers: %d}\n" % (
            info['files']['anchor.ds'], workers)
        # As the others: by the kernel's routes, bound to no interface.
        resolver.TEMPLATE = re.sub(r'(trust|upstream): .*\n', '', resolver.TEMPLATE)
        self.daemon = resolver.Assayd(info, extra=trust, cache='128M',
                                      poll_cpu=self.other if poll_cpu is None else poll_cpu,
                                      log='warning')
        self.address, self.port = self.daemon.service4, 53
        self.from_namespace = info['namespaces']['client']

    def start(self):
        self.daemon.start()
        pin(self.pid, self.cpu, lambda thread: not thread.startswith('assay-poll'))
        if self.name == WORKER:
            pin(self.pid, self.other, lambda thread: thread == 'crypto')

    def stop(self):
        self.daemon.__exit__()

    def verified(self):
        stats = self.daemon.stats()
        return stats['crypto.verified'] + stats['crypto.failed']

    @property
    def pid(self):
        return self.daemon.process.pid


def subjects(only):
    """Names of those to measure, and the peers among them that are installed."""
    from peers import all_peers
    peers = {peer.name: peer for peer in all_peers() if peer.binary}
    names = [ASSAY, *peers, WORKER]
    unknown = [name for name in only if name not in names]
    if unknown:
        machine.stop(f"{', '.join(unknown)}: not among {', '.join(names)}")
    return [name for name in names if not only or name in only], peers


def make(name, info, folder):
    # A peer keeps what it writes in a folder of its own name.
    _, peers = subjects([])
    if name in peers:
        return Peer(peers[name], info, tempfile.mkdtemp(dir=folder))
    return Assay(name, info, folder)


# ---- measuring ----

def upstream_packets(info):
    """Packets that left by the lab's interface so far."""
    result = subprocess.run(
        ['ip', '-n', info['namespaces']['resolver'], '-s', '-j', 'link', 'show',
         info['resolver']['upstream_interface']], capture_output=True, text=True, check=True)
    return json.loads(result.stdout)[0]['stats64']['tx']['packets']


def field(text, name):
    match = re.search(name + r':\s+([\d.]+)', text)
    return float(match.group(1)) if match else 0.0


def codes(text):
    """How the questions ended, as dnsperf counts them."""
    match = re.search(r'Response codes:\s+(.*)', text)
    return f"{match.group(1) if match else 'no answers'}, {field(text, 'Queries lost'):.0f} lost"


def load(subject, path):
    """Asks every name of a file once. What dnsperf says of it."""
    result = subprocess.run(
        ['ip', 'netns', 'exec', subject.from_namespace, 'taskset', '-c', str(subject.other),
         'dnsperf', '-s', subject.address, '-p', str(subject.port), '-d', path, '-n', '1', '-D',
         '-q', str(OUTSTANDING), '-T', '1', '-c', '1', '-t', '5', '-l', str(PHASE_LIMIT_S)],
        capture_output=True, text=True, check=False)
    if result.returncode != 0:
        machine.stop(f'dnsperf: {result.stderr.strip()[-400:]}')
    return result.stdout


def measure(subject, path, names):
    packets, verified = upstream_packets(subject.info), subject.verified()
    before = cpu_ns(subject.pid)
    text = load(subject, path)
    after = cpu_ns(subject.pid)
    good = int((re.search(r'NOERROR (\d+)', text) or [0, 0])[1])
    spent = {thread: ns - before.get(thread, 0) for thread, ns in after.items()}
    polled = sum(ns for thread, ns in spent.items() if thread.startswith('assay-poll'))
    resolved = max(good, 1)
    seconds = field(text, r'Run time \(s\)')
    return {
        'names': names, 'failed': names - good, 'said': codes(text),
        'cpu_us': (sum(spent.values()) - polled) / 1000 / resolved,
        'packets': (upstream_packets(subject.info) - packets) / resolved,
        'verified': None if verified is None else (subject.verified() - verified) / resolved,
        'per_second': good / seconds if seconds else 0,
        'polled': polled / 1e9 / seconds if seconds else 0,
    }


def validates(subject, name):
    """Whether a good name has AD and a spoilt one fails."""
    def dig(what):
        return subprocess.run(
            ['ip', 'netns', 'exec', subject.from_namespace, 'dig', '+dnssec', '+tries=2', '-p',
             str(subject.port), '@' + subject.address, what, 'A'], capture_output=True, text=True,
            check=False).stdout
    good = re.search(r'flags:([ a-z]*) ad', dig(name)) is not None
    return good and 'SERVFAIL' in dig('www.bogus.nsec')


def run_once(subject, paths, parts):
    """All phases from an empty cache."""
    subject.start()
    try:
        load(subject, paths['warm'])
        if not validates(subject, parts['warm'][0]):
            machine.stop(f'{subject.name} does not validate')
        return {phase: measure(subject, paths[phase], len(parts[phase])) for phase in PHASES}
    finally:
        subject.stop()


def measure_all(names, size, rounds):
    runs = {name: [] for name in names}
    with lab(size.lab) as info, tempfile.TemporaryDirectory(dir='/dev/shm') as folder:
        pin_authorities(info, machine.cpus()[1])
        paths, parts = write_questions(info, size, folder)
        for _ in range(rounds):
            for name in names:
                subject = make(name, info, folder)
                began = time.monotonic()
                runs[name].append(run_once(subject, paths, parts))
                machine.say(f'bench: {name}, {time.monotonic() - began:.0f} s')
    return runs


# ---- what came of it ----

def kept_runs(commit):
    """Of earlier parts of this bench, with the same commit."""
    kept = json.loads(machine.read(RUNS, '{}'))
    return kept.get('runs', {}) if kept.get('commit') == commit else {}


def mid(rounds, phase, what):
    values = [one[phase][what] for one in rounds]
    return None if None in values else middle(values)[0]


def rows(runs, phase):
    return [[name, mid(rounds, phase, 'cpu_us'), mid(rounds, phase, 'packets'),
             mid(rounds, phase, 'verified'), mid(rounds, phase, 'per_second'),
             middle([one[phase]['cpu_us'] for one in rounds])[1],
             sum(one[phase]['failed'] for one in rounds),
             sum(one[phase]['names'] for one in rounds),
             f"{mid(rounds, phase, 'polled'):.0%}" if name.startswith(ASSAY) else '–']
            for name, rounds in runs.items()]


def tell_failures(report, runs):
    for name, rounds in runs.items():
        for one in rounds:
            for phase in PHASES:
                if one[phase]['failed']:
                    report.note(f"{name}, {phase}: {one[phase]['said']}")


HEAD = ['resolver', 'CPU µs/query', 'packets/query', 'verified/query', 'resolved/s',
        '± rounds', 'failed', 'of', 'poll-mode core']


def figures(report, runs):
    peers = [name for name in runs if name not in (ASSAY, WORKER)]
    for phase, cost, packets in (('known zones', 'cold_ratio', 'cold_packets'),
                                 ('new zones', 'coldzone_ratio', 'coldzone_packets'),
                                 ('empty non-terminals', None, 'cold_deep_packets')):
        if ASSAY in runs and peers:
            for figure, what in ((cost, 'cpu_us'), (packets, 'packets')):
                if figure is None:
                    continue
                best = min(mid(runs[peer], phase, what) for peer in peers)
                report.figures[figure] = round(mid(runs[ASSAY], phase, what) / best, 3)
    if ASSAY in runs and WORKER in runs:
        speedup = (mid(runs[WORKER], 'known zones', 'per_second') /
                   mid(runs[ASSAY], 'known zones', 'per_second'))
        if report.machine['cpus'] >= 4:
            report.figures['cold_worker_speedup'] = round(speedup, 2)
        else:
            report.note(f'a crypto worker beside control: resolved/s {speedup:.2f} times, but it '
                        'shares its CPU with authorities and load: not judged below 4 CPUs')


def bench(small, only=(), rounds=None):
    report = Report('cold', small)
    size = Size(small)
    machine.make('control/assayd', 'control/cli/assayctl')
    names, _ = subjects([ASSAY, 'unbound'] if small else only)
    runs = measure_all(names, size, rounds or size.rounds)
    if small:
        # On a crowded machine some may: only that it resolves is looked at.
        for name, rounds in runs.items():
            for phase in PHASES:
                if 2 * rounds[0][phase]['failed'] > rounds[0][phase]['names']:
                    machine.stop(f"{name}, {phase}: {rounds[0][phase]['said']}")
    else:
        runs = {**kept_runs(report.machine['commit']), **runs}
        with open(RUNS, 'w') as stream:
            json.dump({'commit': report.machine['commit'], 'runs': runs}, stream, indent=1)
    for phase in PHASES:
        report.section(f'{phase.capitalize()}: validated, DO=1, {size.lab} signed zones', HEAD,
                       rows(runs, phase))
    figures(report, runs)
    tell_failures(report, runs)
    report.note('the zones share one key per algorithm and kind of denial, as those of large '
                'operators do: Assay makes tables for keys in such use (crypto.tables)')
    report.note('CPU time is that of all threads, kernel time included, but for the poll-mode core')
    report.picture('CPU per resolved query', 'µs',
                   [(f'{row[0]}, {phase}', row[1]) for phase in PHASES
                    for row in rows(runs, phase)])
    return report
