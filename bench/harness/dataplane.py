"""The hit path: the product's poll loop and dpdk-testpmd by turns, over the same pcap file."""
import subprocess

from . import machine
from .process import Program, Testpmd
from .report import Report, middle

ROUNDS = 5
MBUF_BYTES = 1024

# name: (names cached, cache MiB without and with signatures, Zipf exponent, DO, words)
CASES = {
    '1m': (1_000_000, 224, 0, False, '1,000,000 names, uniform, OPT'),
    '1m_do': (1_000_000, 352, 0, True, '1,000,000 names, uniform, DO=1, RRSIG of P-256'),
    '10m': (10_000_000, 2240, 0, False, '10,000,000 names, uniform, OPT'),
    'zipf': (1_000_000, 224, 1.0, False, '1,000,000 names, Zipf 1.0, OPT'),
}


class Size:
    """How large a run is."""

    def __init__(self, small):
        self.small = small
        self.queries = 8192 if small else 1_000_000
        self.mbufs = 20_000 if small else 1_200_000
        self.ms = 60 if small else 500
        self.rounds = 1 if small else ROUNDS

    def names(self, names):
        return min(names, 20_000) if self.small else names

    def cache_mib(self, mib):
        return 16 if self.small else mib

    def pool_mib(self):
        # Header, mbuf, data room and spreading; rings of the pool and of net_pcap.
        return self.mbufs * (MBUF_BYTES + 256) // (1 << 20) + 96


# The whole chain of a zone, and names in it that do not exist.
DENIED_RECORDS = 10_000
DENIED = {
    'nsec': (False, 'NXDOMAIN from 10,000 NSEC records, OPT without DO'),
    'nsec_do': (True, 'the same, DO=1: with proofs'),
}


def write_queries(queries, path, size, names, **options):
    words = [f'{key}={value}' for key, value in options.items()]
    subprocess.run([queries, f'out={path}', f'names={names}', f'count={size.queries}', *words],
                   check=True)


def assay(program, path, size, names, cache_mib, signed, huge, denied=0):
    control, cpu = machine.cpus()
    return Program([program, f'pcap={path}', f'names={names}', f'cache_mib={cache_mib}',
                    f'signed={int(signed)}', f'control={control}', f'cpu={cpu}',
                    f'mbufs={size.mbufs}', f'mbuf_bytes={MBUF_BYTES}', f'hugepages={int(huge)}',
                    f'memory_mib={size.pool_mib() + 64}', f'denied={denied}'])


def testpmd(path, size, burst, huge):
    control, cpu = machine.cpus()
    return Testpmd(f'net_pcap0,rx_pcap={path},infinite_rx=1', burst, control, cpu, size.mbufs,
                   MBUF_BYTES, huge, size.pool_mib() + 160)


def ask(program, order):
    program.say(order)
    result = program.read_json(30)
    if result['received'] == 0:
        raise RuntimeError('the poll loop received nothing')
    result['rate'] = result['hits'] * 1e9 / result['cpu_ns']
    result['share'] = result['cpu_ns'] / result['wall_ns']
    return result


def by_turns(program, peer, size):
    """Both get warm; then rounds of both, one after the other."""
    ask(program, f'run {size.ms}')
    peer.run(size.ms)
    ours, theirs = [], []
    for _ in range(size.rounds):
        ours.append(ask(program, f'run {size.ms}'))
        result = peer.run(size.ms)
        theirs.append(result['packets'] * 1e9 / result['cpu_ns'])
    return ours, theirs


def measure_case(report, programs, size, name, huge):
    names, mib, exponent, signed, words = CASES[name]
    options = {'dnssec': int(signed)}
    if exponent:
        options['zipf'] = exponent
    return measure_feed(report, programs, size, name, words, huge, size.names(names),
                        size.cache_mib(mib), signed, options)


def measure_denied(report, programs, size, name, huge):
    dnssec, words = DENIED[name]
    denied = 500 if size.small else DENIED_RECORDS
    return measure_feed(report, programs, size, name, words, huge, size.names(100_000),
                        size.cache_mib(128), False, {'dnssec': int(dnssec), 'denied': 1}, denied)


def measure_feed(report, programs, size, name, words, huge, names, mib, signed, options,
                 denied=0):
    queries, dataplane = programs
    with machine.scratch(f'{name}.pcap') as path:
        write_queries(queries, path, size, names, **options)
        with assay(dataplane, path, size, names, mib, signed, huge, denied) as program:
            ready = program.read_json(120)
            with testpmd(path, size, ready['burst'], huge) as peer:
                ours, theirs = by_turns(program, peer, size)
                peer.end()
            program.end()
    ratio, spread = middle([a['rate'] / b for a, b in zip(ours, theirs)])
    rate, _ = middle([a['rate'] for a in ours])
    peer_rate, _ = middle(theirs)
    hits = sum(a['hits'] for a in ours) / sum(a['received'] for a in ours)
    report.figures[f'ratio_{name}'] = round(ratio, 3)
    if name == '1m':
        report.figures['mqps_1m'] = round(rate / 1e6, 2)
    if hits < 0.999 and not size.small:
        report.note(f'{name}: only {hits:.2%} of the queries were hits')
    return [words, rate / 1e6, peer_rate / 1e6, ratio, spread, 1e9 / rate,
            min(a['best_ns'] for a in ours), ready['tsc_hz'] / rate, f'{hits:.2%}',
            f"{min(a['share'] for a in ours):.0%}", ready['bytes_used'] // names,
            ready['fill_ns']]


HEAD = ['case', 'Assay M/s', 'testpmd M/s', 'ratio', '± rounds', 'ns/query', 'undisturbed',
        'TSC cycles', 'hits', 'least CPU share', 'cache B/name', 'fill ns/name']


def measure_churn(report, program, size):
    quiet, busy, published = [], [], []
    ask(program, f'run {size.ms} churn=100000')
    for _ in range(size.rounds):
        quiet.append(ask(program, f'run {size.ms}'))
        result = ask(program, f'run {size.ms} churn=100000')
        busy.append(result)
        published.append(result['published'] * 1e9 / result['wall_ns'])
    ratio, spread = middle([b['rate'] / q['rate'] for q, b in zip(quiet, busy)])
    report.figures['ratio_churn'] = round(ratio, 3)
    hits = sum(b['hits'] for b in busy) / sum(b['received'] for b in busy)
    return ['writer inserts (half renewals, half new names)', middle([q['rate'] for q in quiet])[0]
            / 1e6, middle([b['rate'] for b in busy])[0] / 1e6, ratio, spread,
            f'{hits:.2%}', middle(published)[0]]


def measure_misses(report, cached, missing, size):
    """Hits of a feed in which every 10th query is a miss that control cannot keep up with."""
    plain, mixed = [], []
    ask(missing, f'run {size.ms} serve=20000')
    for _ in range(size.rounds):
        plain.append(ask(cached, f'run {size.ms}'))
        mixed.append(ask(missing, f'run {size.ms} serve=20000'))
    ratio, spread = middle([m['rate'] / (0.9 * p['rate']) for p, m in zip(plain, mixed)])
    report.figures['hits_under_misses'] = round(ratio, 3)
    lost = sum(m['miss_full'] for m in mixed) / sum(m['received'] for m in mixed)
    return ['every 10th query a miss (hits ÷ 0.9 × all cached)',
            middle([p['rate'] for p in plain])[0] / 1e6,
            middle([m['rate'] for m in mixed])[0] / 1e6, ratio, spread,
            f'{lost:.2%} of all dropped: miss_full',
            middle([m['served'] * 1e9 / m['wall_ns'] for m in mixed])[0]]


def measure_control(report, programs, size, huge):
    """What control does meanwhile: two caches of the same names, one feed with misses."""
    queries, dataplane = programs
    names = size.names(1_000_000)
    mib = size.cache_mib(288)
    with machine.scratch('all.pcap') as whole, machine.scratch('miss.pcap') as holes:
        write_queries(queries, whole, size, names)
        write_queries(queries, holes, size, names, miss_every=10)
        with assay(dataplane, whole, size, names, mib, False, huge) as cached, \
                assay(dataplane, holes, size, names, mib, False, huge) as missing:
            cached.read_json(60)
            missing.read_json(60)
            ask(cached, f'run {size.ms}')
            rows = [measure_misses(report, cached, missing, size),
                    measure_churn(report, cached, size)]
            cached.end()
            missing.end()
    report.section('While control works', ['what', 'without M hits/s', 'with M hits/s', 'ratio',
                                           '± rounds', 'hits', 'control per second'], rows)


def bench(small, only=None, rounds=None):
    """All of it, or some cases only; a report."""
    every = [*CASES, *DENIED, 'control']
    for case in only or []:
        if case not in every:
            machine.stop(f'dataplane has no case {case}: {", ".join(every)}')
    report = Report('dataplane', small)
    size = Size(small)
    size.rounds = rounds or size.rounds
    programs = machine.build('bench_queries', 'bench_dataplane')
    names = [name for name in (['1m', '1m_do'] if small else CASES)
             if only is None or name in only]
    # The caches of the largest case, or the two of the last one.
    cache_mib = max([CASES[name][1] for name in names] + [2 * 288])
    with machine.hugepages(0 if small else 2 * size.pool_mib() + cache_mib + 64) as huge:
        huge = huge and not small
        report.judged = report.judged and huge
        rows = [measure_case(report, programs, size, name, huge) for name in names]
        rows += [measure_denied(report, programs, size, name, huge) for name in DENIED
                 if only is None or name in only]
        if rows:
            report.section('Hit path of one poll-mode core, against testpmd 5tswap', HEAD, rows)
        if only is None or 'control' in only:
            measure_control(report, programs, size, huge)
    report.note('ratios are medians of rounds in which both ran one after the other on one CPU; '
                'rates are per second of CPU time of the polling thread')
    report.note('undisturbed: ns/query of the fastest in twenty windows of 2 ms')
    if only or rounds:
        print('\n'.join(report.lines()))
        return report
    report.picture('Hits of one poll-mode core', 'M/s',
                   [(row[0], row[1]) for row in rows])
    return report
