"""Names in use while one signed zone is flooded with random subdomains."""
from . import machine
from .process import Program
from .report import Report

CASES = [
    # words, hashed, aggressive denial, judged
    ('NSEC zone flooded', 0, 1, True),
    ('NSEC3 zone flooded', 1, 1, True),
    ('NSEC zone flooded, denial off', 0, 0, False),
    ('NSEC3 zone flooded, denial off', 1, 0, False),
]


def run(program, hashed, denial, benign, names):
    with Program([program, f'hashed={hashed}', f'denial={denial}', f'benign={benign}',
                  f'names={names}']) as flood:
        result = flood.read_json(600)
        flood.process.wait(30)
    return result


def bench(small):
    report = Report('flood', small)
    program = machine.build('bench_flood')
    rows, worst, sent = [], 0, 0
    for words, hashed, denial, judged in CASES:
        # Without denial every question goes to the servers and is validated.
        benign = 50 if small else 20_000 if denial else 2_000
        result = run(program, hashed, denial, benign, 2_000 if small else 30_000)
        evicted = 1 - result['held_after'] / max(1, result['held'])
        lost = result['lost'] / result['benign']
        rows.append([words, result['flood'], f"{result['at_once'] / result['flood']:.1%}",
                     result['sent'], result['benign'], f'{lost:.3%}', f'{evicted:.3%}',
                     result['ns'] / 1000])
        if judged:
            worst = max(worst, lost, evicted)
            sent = max(sent, result['sent'] / result['flood'])
    report.figures['flood_lost'] = round(worst, 5)
    report.figures['flood_sent'] = round(sent, 4)
    report.section('Names in use (Zipf 1.0, cache of 8 MiB) beside 20 times as many random names',
                   ['flood', 'flood questions', 'answered at once', 'packets to servers',
                    'benign questions', 'not found', 'names evicted', 'us/question'], rows)
    report.note('in one process, scripted servers and clock; a benign name that is missing is '
                'fetched again; packets include the learning of the chain (1,000 names)')
    return report
