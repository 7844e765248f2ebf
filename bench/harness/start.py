"""From the start of assayd to its first answer, beside a cache of 1 GiB, with the link up."""
import contextlib
import json
import os
import statistics
import subprocess
import time

from . import idle, lab, machine
from .report import Report

CACHE_MIB, PACKETS_MIB = 1024, 64

# Asks id.server CH TXT every 2 ms until there is an answer; prints the monotonic time of that.
ASK = '''
import select, socket, sys, time
query = b"\\0\\1\\1\\0\\0\\1\\0\\0\\0\\0\\0\\0\\2id\\6server\\0\\0\\x10\\0\\3"
ends = time.monotonic() + 60
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
    s.setblocking(False)
    while time.monotonic() < ends:
        try:
            s.sendto(query, (sys.argv[1], 53))
            select.select([s], [], [], 0.002)
            s.recv(512)
            print(time.monotonic())
            break
        except OSError:
            pass
'''


def start_once(program, device):
    """Seconds by the clock and of the process's CPU time."""
    control, cpu = machine.cpus()
    with idle.veth() as (server, client), machine.folder() as folder:
        # The neighbour is known: a kernel that asked for it in vain asks again after a second.
        link = subprocess.run(['ip', '-n', server, '-j', 'link', 'show', 's0'], check=True,
                              capture_output=True, text=True).stdout
        idle.ip('-n', client, 'neigh', 'replace', idle.SERVICE, 'lladdr',
                json.loads(link)[0]['address'], 'dev', 'c0', 'nud', 'permanent')
        asker = subprocess.Popen(['ip', 'netns', 'exec', client, '/usr/bin/python3', '-c', ASK,
                                  idle.SERVICE], stdout=subprocess.PIPE, text=True)
        time.sleep(0.5)
        began = time.monotonic()
        with idle.assayd(program, server, folder, device=device, mode='adaptive', control=control,
                         cpu=cpu, cache=f'{CACHE_MIB}M') as process:
            answer, _ = asker.communicate()
            spent = sum(lab.cpu_ns(process.pid).values()) / 1e9
            if not answer:
                raise RuntimeError('no answer: ' + machine.read(os.path.join(folder, 'log')))
            return float(answer) - began, spent


def bench(small):
    report = Report('start', small)
    program = machine.make('control/assayd')[0]
    rows, worst = [], 0
    for pages in ('off', 'auto'):
        need = CACHE_MIB + PACKETS_MIB + 64 if pages == 'auto' else 0
        with machine.hugepages(need) if need else contextlib.nullcontext(True) as there:
            if not there:
                continue
            for words, device in idle.DEVICES.items():
                taken = [start_once(program, device) for _ in range(1 if small else 10)]
                clock = [seconds for seconds, _ in taken]
                middle = statistics.median(clock)
                worst = max(worst, middle)
                rows.append([f'{words}, hugepages: {pages}', middle, max(clock),
                             statistics.median(spent for _, spent in taken)])
    report.figures['start_answer_s'] = round(worst, 3)
    report.section('From the start to the first answer, cache of 1 GiB, link up',
                   ['port', 'median s', 'slowest s', 's of CPU'], rows)
    report.note('asked every 2 ms from the other end of a veth pair from before the start; s of CPU is '
                'what all threads of the process had until then: on a machine that has others to serve '
                'the clock says more')
    return report
