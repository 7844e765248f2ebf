"""Where the time of a hit goes, stage by stage, without a driver and within the core's caches."""
import json
import subprocess

from . import machine
from .report import Report

FEEDS = {'OPT': 0, 'DO=1, RRSIG of P-256': 1}


def bench(small):
    report = Report('stages', small)
    program = machine.build('bench_stages')
    _, cpu = machine.cpus()
    columns = []
    for dnssec in FEEDS.values():
        result = subprocess.run([program, f'dnssec={dnssec}', f'cpu={cpu}',
                                 f'rounds={5 if small else 200}'], capture_output=True, text=True,
                                timeout=60, check=False)
        if result.returncode != 0:
            machine.stop(f'bench_stages: {result.stderr.strip()[-600:]}')
        columns.append(json.loads(result.stdout))
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
    report.note('the fastest of twenty bursts: steady on a shared machine; a core in its poll '
                'loop adds the driver, its own turns and what memory costs')
    report.picture('Stages of a hit', 'ns', [(row[0].split(':')[0].split(',')[0], row[1])
                                             for row in rows[1:]])
    return report
