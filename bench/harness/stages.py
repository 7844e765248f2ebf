"""Where the time of a hit goes, stage by stage, without a driver and within the core's caches."""
import json
import subprocess

from . import machine
from .report import Report

FEEDS = {'OPT': 0, 'DO=1, RRSIG of P-256': 1}


LARGE_MIB = 256


def run(program, cpu, **options):
    words = [f'{key}={value}' for key, value in options.items()]
    result = subprocess.run([program, f'cpu={cpu}', *words], capture_output=True, text=True,
                            timeout=60, check=False)
    if result.returncode != 0:
        machine.stop(f'bench_stages: {result.stderr.strip()[-600:]}')
    return json.loads(result.stdout)


def large(report, program, cpu):
    """The short lane where what it looks up has to come from memory."""
    with machine.hugepages(LARGE_MIB + 8) as huge:
        columns = [run(program, cpu, dnssec=dnssec, names=1000000 if not dnssec else 500000,
                       frames=65536, rounds=8, cache_mib=LARGE_MIB, alone=1, hugepages=int(huge))
                   for dnssec in FEEDS.values()]
    rows = []
    for stage in columns[0]:
        if stage == 'copy' or stage.startswith('short'):
            row = [columns[0][stage][2]]
            for column in columns:
                row += column[stage][:2]
            rows.append(row)
    head = ['stage']
    for feed in FEEDS:
        head += [f'ns ({feed})', 'cycles']
    report.section('The short lane alone, over 1,000,000 names (DO=1: 500,000)', head, rows)


def bench(small):
    report = Report('stages', small)
    program = machine.build('bench_stages')
    _, cpu = machine.cpus()
    columns = [run(program, cpu, dnssec=dnssec, rounds=5 if small else 200)
               for dnssec in FEEDS.values()]
    rows = []
    for stage in columns[0]:
        row = [columns[0][stage][2]]
        for column in columns:
            row += column[stage][:2]
        rows.append(row)
    head = ['stage']
    for feed in FEEDS:
        head += [f'ns ({feed})', 'cycles']
    report.section('Per query, in bursts of 64', head, rows)
    if not small:
        large(report, program, cpu)
    report.note('the fastest of twenty bursts: steady on a shared machine; a core in its poll '
                'loop adds the driver, its own turns and what memory costs')
    report.picture('Stages of a hit', 'ns', [(row[0].split(':')[0].split(',')[0], row[1])
                                             for row in rows[1:]])
    return report
