"""The longest turn of the event loop for each verb, beside a large cache and many zones."""
import json
import subprocess

from . import machine
from .report import Report

BOUND_US = 5000
# What is left over for index and slack when the cache is as full as this.
MIB_PER_ENTRY = 2048 / 6_000_000


def lines(program, entries, zones):
    arguments = {'entries': entries, 'zones': zones, 'denials': entries // 60,
                 'denied_zones': entries // 100,
                 'cache_mib': max(64, int(entries * MIB_PER_ENTRY))}
    run = subprocess.run([program, *(f'{key}={value}' for key, value in arguments.items())],
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, text=True)
    return [json.loads(line) for line in run.stdout.splitlines()]


def bench(small, entries=20_000, zones=200):
    report = Report('control', small)
    filled, *verbs = lines(machine.build('bench_control'), entries, zones)
    rows = []
    for verb in verbs:
        if not verb['ok']:
            raise RuntimeError(f"{verb['verb']} was refused")
        rows.append([verb['verb'], verb['cpu_us'] / 1000, verb['median_us'] / 1000, verb['at'],
                     verb['wall_us'] / 1000, verb['turns'], verb['bytes']])
    longest = max(verb['cpu_us'] for verb in verbs)
    report.figures['control_longest_turn_ms'] = longest / 1000
    report.figures['control_over_5_ms'] = sum(verb['cpu_us'] > BOUND_US for verb in verbs)
    report.section(f"Longest turn of the event loop ({filled['entries']:,} entries, "
                   f"{filled['zones']:,} zones, {filled['denials']:,} records of cached denial)",
                   ['verb', 'ms of CPU', 'median', 'at', 'ms by the clock', 'turns', 'bytes'], rows)
    report.note('beside 16 answers and a question in each turn, over scripted servers, whose time does '
                'not count; ms of CPU is what the thread worked, and ms by the clock counts what '
                'others of the machine took from it, too: 3 of CPU and 30 by the clock is a turn '
                'that was preempted')
    return report
