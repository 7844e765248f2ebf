"""Latency at a fixed rate: the product's poll loop in one process, an open-loop generator in another,
net_memif between them. The generator shares its CPU with control."""
import time

from . import machine
from .dataplane import MBUF_BYTES
from .process import Program, Testpmd
from .report import Report, middle

LOADS = (20, 50, 80)  # percent of capacity
MISS_EVERY = 10
SERVED = 20_000  # tickets a second that control gives back
GENERATOR_MIB = 128


class Size:
    def __init__(self, small):
        self.names = 20_000 if small else 1_000_000
        self.cache_mib = 16 if small else 256
        self.mbufs = 20_000
        self.ms = 100 if small else 1000
        self.rounds = 1 if small else 5


def memif(path, role):
    return f'net_memif0,role={role},socket={path},socket-abstract=no,rsize=11'


def generator(program, path, size, huge, miss_every=0):
    return Program([program, f"device={memif(path, 'client')}", f'names={size.names}',
                    f'cpu={machine.cpus()[0]}', f'miss_every={miss_every}',
                    f'hugepages={int(huge)}', f'memory_mib={GENERATOR_MIB}'])


def order(load, size, rate=None):
    load.say(f'run {size.ms}' + (f' rate={rate:.0f}' if rate else ''))
    return load.read_json(30)


def per_second(result):
    return result['in_time'] * 1e9 / result['wall_ns']


def io_rate(loadgen, size, huge):
    """What memif itself carries: testpmd sends back whatever comes."""
    control, cpu = machine.cpus()
    with machine.scratch('io.sock') as path:
        with Testpmd(memif(path, 'server'), 64, control, cpu, size.mbufs, MBUF_BYTES, huge,
                     192) as peer:
            peer.begin()
            with generator(loadgen, path, size, huge) as load:
                load.read_json()
                order(load, size)
                rates = [per_second(order(load, size)) for _ in range(size.rounds)]
                peer.finish()
                peer.end()
    return middle(rates)[0]


class Assay:
    """The poll loop on one CPU, told to run for as long as the generator does."""

    def __init__(self, program, path, size, huge):
        control, cpu = machine.cpus()
        self.size = size
        self.program = Program([program, f"device={memif(path, 'server')}", f'names={size.names}',
                                f'cache_mib={size.cache_mib}', f'control={control}', f'cpu={cpu}',
                                f'mbufs={size.mbufs}', f'mbuf_bytes={MBUF_BYTES}',
                                f'hugepages={int(huge)}', 'memory_mib=192'])

    def under(self, load, rate=None, serve=0):
        """One run of both: what the generator saw, and what the other side did for it."""
        self.program.say(f'run {self.size.ms + 400} serve={serve}')
        time.sleep(0.1)
        seen = order(load, self.size, rate)
        seen['control'] = (lambda done: done['control_ns'] / done['wall_ns'])(
            self.program.read_json(30))
        return seen


def kept(seen):
    return seen['hits_answered'] / max(seen['hits_sent'], 1)


def row(words, rate, runs):
    def mid(what):
        return middle([run[what] for run in runs])[0]
    return [words, rate / 1e6, mid('p50_ns') / 1000, mid('p99_ns') / 1000, mid('p999_ns') / 1000,
            max(run['lag_ns'] for run in runs) / 1000, round(middle([kept(r) for r in runs])[0], 6),
            sum(run['refused_by_port'] for run in runs), f"{mid('control'):.1%}"]


HEAD = ['load', 'M/s', 'p50 µs', 'p99 µs', 'p99.9 µs', 'generator late µs', 'hits answered',
        'memif full', 'control busy']


def measure(report, programs, size, huge):
    loadgen, dataplane = programs
    rates = {'memif': io_rate(loadgen, size, huge)}
    with machine.scratch('load.sock') as path:
        assay = Assay(dataplane, path, size, huge)
        with assay.program:
            assay.program.read_json(120)
            with generator(loadgen, path, size, huge) as load:
                load.read_json()
                assay.under(load)
                rates['assay'] = middle([per_second(assay.under(load))
                                         for _ in range(size.rounds)])[0]
                capacity = min(rates.values())
                rows = []
                for percent in LOADS:
                    rate = capacity * percent / 100
                    rows.append(row(f'{percent} %, all cached', rate,
                                    [assay.under(load, rate) for _ in range(size.rounds)]))
                load.end()
            with generator(loadgen, path, size, huge, MISS_EVERY) as load:
                load.read_json()
                runs = [assay.under(load, capacity / 2, SERVED) for _ in range(size.rounds)]
                rows.append(row('50 %, every 10th a miss', capacity / 2, runs))
                load.end()
            assay.program.end()
    report.figures['hits_kept'] = round(middle([kept(run) for run in runs])[0], 6)
    report.section(f"memif carries {rates['memif'] / 1e6:.2f} M/s, Assay answers "
                   f"{rates['assay'] / 1e6:.2f} M/s over it; loads are parts of the lower one",
                   HEAD, rows)
    return rows


def bench(small):
    report = Report('latency', small)
    size = Size(small)
    programs = machine.build('bench_loadgen', 'bench_dataplane')
    with machine.hugepages(0 if small else size.cache_mib + 2 * 192 + GENERATOR_MIB) as huge:
        huge = huge and not small
        report.judged = report.judged and huge
        rows = measure(report, programs, size, huge)
    report.note('the generator, control and whatever else the machine does share a CPU: its lateness '
                'is in the tails')
    report.picture('Latency of a hit over memif, p99', 'µs', [(line[0], line[3]) for line in rows])
    return report
