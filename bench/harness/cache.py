"""What an entry costs in bytes, who is evicted, and the index against others."""
import json
import subprocess

from . import machine
from .report import Report, middle

# names: (cache MiB, MiB of hugepages for all three indexes)
SIZES = {1_000_000: (224, 768), 10_000_000: (2240, 6144)}
INDEXES = {
    'index_table': "the cache's index",
    'index_lookup': 'cache_lookup_burst(): times, aliases and visited bits too',
    'index_lfht': 'cds_lfht',
    'index_rte_hash': 'rte_hash, bulk, lock-free readers',
}
# What clients and an attacker do: words, arguments, whether the cache is judged by it.
REQUESTS = [
    ('Zipf 0.9, half of the requests once', {'zipf': 0.9, 'once': 50}, True),
    ('Zipf 1.0, half of the requests once', {'zipf': 1.0, 'once': 50}, True),
    ('Zipf 1.1, half of the requests once', {'zipf': 1.1, 'once': 50}, True),
    ('Zipf 1.0 under CacheFlush, 20 names each', {'zipf': 1.0, 'once': 0, 'flood': 20}, True),
    ('the same, each name asked for twice', {'zipf': 1.0, 'once': 0, 'flood': 20, 'again': 1},
     False),
]
POLICIES = {'lru': 'LRU', 'clock': 'CLOCK', 'sieve': 'SIEVE', 's3fifo': 'S3-FIFO'}


def run(args, seconds):
    result = subprocess.run([str(arg) for arg in args], capture_output=True, text=True,
                            timeout=seconds, check=False)
    if result.returncode != 0:
        machine.stop(f'{args[0]}: {result.stderr.strip()[-600:]}')
    return json.loads(result.stdout)


def measure_bytes(report, program, small):
    names = 50_000 if small else 1_000_000
    rows = []
    for name, signed, words in (('bytes_a', 0, 'plain A RRset'),
                                ('bytes_signed', 1, 'A RRset with RRSIG of P-256')):
        result = run([program, f'names={names}', f'signed={signed}'], 120)
        report.figures[name] = result['bytes']
        rows.append([words, names, result['budget'], result['bytes'], result['publish_ns']])
    report.section('Least budget that holds all names (mean name 20 bytes)',
                   ['entry', 'names', 'budget bytes', 'bytes/entry', 'ns to publish'], rows)


def measure_index(report, program, small, names, huge):
    control, cpu = machine.cpus()
    mib, _ = SIZES[names]
    if small:
        names, mib = 50_000, 32
    result = run([program, f'names={names}', f"questions={65536 if small else 1_000_000}",
                  f'rounds={2 if small else 5}', f'cache_mib={mib}', f'hugepages={int(huge)}',
                  f'control={control}', f'cpu={cpu}', 'memory_mib=256'], 180)
    size = '10m' if names == 10_000_000 else '1m'
    rows = []
    for key, words in INDEXES.items():
        ns, spread = middle(result[key])
        report.figures[key.replace('index_', f'index_{size}_') + '_ns'] = round(ns, 1)
        rows.append([words, names, ns, spread, 1000 / ns])
    rounds = zip(result['index_table'], result['index_lfht'], result['index_rte_hash'])
    report.figures[f'index_{size}'] = round(middle([own / min(others)
                                                    for own, *others in rounds])[0], 2)
    return rows


def measure_eviction(report, program, small):
    rows, ratios = [], []
    for words, options, judged in REQUESTS:
        requests = 20_000 if small else 500_000 if 'flood' in options else 4_000_000
        result = run([program, f'names={20_000 if small else 1_000_000}',
                      f'requests={requests}', 'cache_mib=16'] +
                     [f'{key}={value}' for key, value in options.items()], 240)
        rows.append([words, result['entries'], result['cache']] + [result[p] for p in POLICIES])
        if judged:
            ratios.append(result['cache'] / max(result[p] for p in POLICIES))
    report.figures['eviction'] = round(min(ratios), 3)
    report.section('Share of requests for names in use that found them (1,000,000 names, 16 MiB)',
                   ['requests', 'places', 'the cache'] + list(POLICIES.values()), rows)


def bench(small):
    report = Report('cache', small)
    cache, index, eviction = machine.build('bench_cache', 'bench_index', 'bench_eviction')
    measure_bytes(report, cache, small)
    measure_eviction(report, eviction, small)
    rows = []
    for names in [1_000_000] if small else SIZES:
        with machine.hugepages(0 if small else SIZES[names][1]) as huge:
            huge = huge and not small
            report.judged = report.judged and huge
            rows += measure_index(report, index, small, names, huge)
    report.section('From a name to its entry, in bursts of 64, names compared in full',
                   ['index', 'names', 'ns/look-up', '± rounds', 'M/s'], rows)
    report.picture('Look-up of a name', 'ns', [(f'{row[0].split(",")[0].split(":")[0]}, '
                                                f'{row[1] // 1_000_000} M', row[2])
                                               for row in rows])
    return report
