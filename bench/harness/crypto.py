"""crypto/batch against the bare primitive."""
import json
import subprocess

from . import machine
from .report import Report, middle


def bench(small):
    report = Report('crypto', small)
    program = machine.build('bench_crypto')
    result = subprocess.run([program, f'share={10 if small else 100}',
                             f'rounds={2 if small else 5}'], capture_output=True, text=True,
                            timeout=120, check=False)
    if result.returncode != 0:
        machine.stop(f'bench_crypto: {result.stderr.strip()[-600:]}')
    rows, memo, own = [], [], []
    for line in map(json.loads, result.stdout.splitlines()):
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
    report.picture('Verifications per second', '/s',
                   [(f'{row[0]}, {how}', row[n]) for row in rows
                    for n, how in ((1, 'bare'), (2, 'batch'))])
    return report
