"""crypto/batch against the bare primitive, and what hostile questions cost."""
import json
import subprocess

from . import machine
from .dataplane import MBUF_BYTES, Size, write_queries
from .report import Report, middle

NAMES = 1_000_000


def run(program, *args):
    """The lines of JSON that it prints."""
    result = subprocess.run([program, *args], capture_output=True, text=True, timeout=120,
                            check=False)
    if result.returncode != 0:
        machine.stop(f'{program}: {result.stderr.strip()[-600:]}')
    return [json.loads(line) for line in result.stdout.splitlines()]


def measure_primitive(report, program, small):
    rows, memo, own = [], [], []
    for line in run(program, f'share={10 if small else 100}', f'rounds={2 if small else 5}'):
        if line['kind'] == 'workers':
            scaling, spread = middle([two / one for one, two in zip(line['one'], line['two'])])
            workers = [middle(line['one'])[0], middle(line['two'])[0], scaling, spread]
            continue
        ratio, spread = middle([a / b for a, b in zip(line['batch'], line['bare'])])
        report.figures['ratio_' + line['kind']] = round(ratio, 3)
        memo.append(middle(line['memo_ns'])[0])
        own.append(line['allocations'])
        rows.append([line['kind'], middle(line['bare'])[0], middle(line['batch'])[0], ratio,
                     spread, memo[-1], line['allocations'], line['openssl_allocations'],
                     line['openssl_allocations_bare']])
    report.section('Verifications per second of CPU time, one core',
                   ['algorithm', 'bare', 'batch', 'ratio', '± rounds', 'memo hit ns',
                    'allocations', "OpenSSL's", "OpenSSL's, bare"], rows)
    report.section('Crypto workers, P-256, per second of wall time',
                   ['one worker', 'two', 'ratio', '± rounds'], [workers])
    report.figures['memo_ns'] = round(max(memo))
    report.figures['allocs_per_verify'] = max(own)
    report.figures['scaling_2'] = round(workers[2], 2)
    if report.machine['busy_before'] > 0.1:
        report.note('two workers need two free cores: scaling_2 says little here')
    report.note("bare: EVP_PKEY_verify() of a digest, or EVP_DigestVerify() of Ed25519's message, "
                'with key and context made before; batch: from RRset, RRSIG and DNSKEY to the '
                'callback, with canonical form and digest')
    report.note("OpenSSL's: what libcrypto allocates inside itself, which nobody outside can "
                'avoid; RSA is verified by its multiplication alone, so one digest state is left')
    report.note('p256_table: a key that has verified so much that it got a table of its multiples; '
                'in all other rows no key gets one')
    report.picture('Verifications per second', '/s',
                   [(f'{row[0]}, {how}', row[n]) for row in rows
                    for n, how in ((1, 'bare'), (2, 'batch'))])


def hostile_cases(report, lines, kind, title):
    rows = [[line['case'], line['us'], line['tried'], line['failed'], line['hashes']]
            for line in lines if line['kind'] == kind]
    report.section(title, ['case', 'CPU us per question', 'most verified', 'most failed',
                           'most hashed'], rows)
    report.figures[kind + '_us'] = round(max(row[1] for row in rows))


def measure_hostile(report, queries, program, small):
    size = Size(small)
    if not small:
        size.queries, size.mbufs = 200_000, 260_000
    names = size.names(NAMES)
    control, cpu = machine.cpus()
    with machine.hugepages(0 if small else size.pool_mib() + 224 + 64) as huge, \
            machine.scratch('hostile.pcap') as path:
        huge = huge and not small
        report.judged = report.judged and huge
        write_queries(queries, path, size, names)
        lines = run(program, f'pcap={path}', f'names={names}', f'cache_mib={size.cache_mib(224)}',
                    f'control={control}', f'cpu={cpu}', f'mbufs={size.mbufs}',
                    f'mbuf_bytes={MBUF_BYTES}', f'hugepages={int(huge)}',
                    f'memory_mib={size.pool_mib() + 64}', f'ms={30 if small else 120}',
                    f'rounds={2 if small else 41}')
    hostile_cases(report, lines, 'keytrap',
                  'A question under KeyTrap: 100 keys of one tag, 100 wrong signatures by them')
    hostile_cases(report, lines, 'nsec3', 'A question for 125 labels, denied by 16 NSEC3')
    hits = next(line for line in lines if line['kind'] == 'hits')
    ratio, spread = middle([b / a for a, b in zip(hits['without'], hits['with'])])
    report.figures['hits_under_keytrap'] = round(ratio, 3)
    report.section('Hits of a poll-mode core while control judges 1,000 hostile questions per '
                   'second (P-256 denials, 50 iterations)',
                   ['without M/s', 'with M/s', 'ratio', '± rounds', 'judged per second'],
                   [[middle(hits['without'])[0] / 1e6, middle(hits['with'])[0] / 1e6, ratio,
                     spread, middle(hits['asked'])[0]]])


def bench(small):
    report = Report('crypto', small)
    queries, crypto, hostile = machine.build('bench_queries', 'bench_crypto', 'bench_hostile')
    measure_primitive(report, crypto, small)
    measure_hostile(report, queries, hostile, small)
    return report
