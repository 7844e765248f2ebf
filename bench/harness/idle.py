"""What an idle assayd takes of its CPUs, and what the first question after the silence waits for."""
import contextlib
import json
import os
import signal
import statistics
import subprocess
import time

from . import lab, machine
from .report import Report

SERVICE, CLIENT = '10.79.0.1', '10.79.0.2'
DEVICES = {'AF_PACKET': 'net_af_packet0,iface=s0',
           'AF_XDP': 'net_af_xdp0,iface=s0,force_copy=1,busy_budget=0'}
CONFIG = '''\
ports: [{{device: "{device}"}}]
service: {{addresses: [{service}/24]}}
cores: {{poll: [{cpu}], control: {control}, mode: {mode}}}
memory: {{cache: {cache}, packets: 64M, hugepages: off}}
access: {{allow: [10.79.0.0/24]}}
answers: {{identity: idle}}
trust: {{state: ""}}
control: {{socket: {folder}/control.sock}}
'''

# Asks id.server CH TXT, which a poll-mode core answers itself, after each silence. Prints the
# times until the answers in microseconds; a question that was lost is none.
ASK = '''
import json, socket, sys, time
server, count, silence = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
query = b"\\0\\1\\1\\0\\0\\1\\0\\0\\0\\0\\0\\0\\2id\\6server\\0\\0\\x10\\0\\3"
took = []
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
    s.connect((server, 53))
    s.settimeout(2)
    for _ in range(count):
        time.sleep(silence)
        began = time.perf_counter_ns()
        s.send(query)
        try:
            s.recv(512)
        except OSError:
            continue
        took.append((time.perf_counter_ns() - began) / 1000)
print(json.dumps(took))
'''


def ip(*args):
    subprocess.run(['ip', *args], check=True, capture_output=True)


@contextlib.contextmanager
def veth():
    server, client = f'idle-s-{os.getpid()}', f'idle-c-{os.getpid()}'
    try:
        for name in (server, client):
            ip('netns', 'add', name)
            ip('-n', name, 'link', 'set', 'lo', 'up')
        ip('-n', client, 'link', 'add', 'c0', 'type', 'veth', 'peer', 'name', 's0', 'netns', server)
        ip('-n', server, 'link', 'set', 's0', 'addrgenmode', 'none', 'up')
        ip('-n', client, 'addr', 'add', f'{CLIENT}/24', 'dev', 'c0')
        ip('-n', client, 'link', 'set', 'c0', 'up')
        ip('netns', 'exec', client, 'ethtool', '-K', 'c0', 'tx', 'off')
        yield server, client
    finally:
        for name in (server, client):
            subprocess.run(['ip', 'netns', 'del', name], check=False, capture_output=True)


@contextlib.contextmanager
def assayd(program, namespace, folder, **values):
    config = os.path.join(folder, 'assayd.yaml')
    with open(config, 'w') as stream:
        stream.write(CONFIG.format(folder=folder, service=SERVICE, **values))
    with open(os.path.join(folder, 'log'), 'w') as log:
        process = subprocess.Popen(['ip', 'netns', 'exec', namespace, program, '-c', config],
                                   stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def ask(client, count, silence):
    run = subprocess.run(['ip', 'netns', 'exec', client, '/usr/bin/python3', '-c', ASK, SERVICE,
                          str(count), str(silence)], capture_output=True, text=True, check=True)
    return json.loads(run.stdout)


def wait_for_answers(client, process, folder):
    for _ in range(60):
        if process.poll() is not None:
            raise RuntimeError(machine.read(os.path.join(folder, 'log')))
        if ask(client, 1, 0.1):
            return
    raise RuntimeError('no answer: ' + machine.read(os.path.join(folder, 'log')))


def idle_shares(pid, seconds):
    """Of a CPU, by thread."""
    before, began = lab.cpu_ns(pid), time.monotonic()
    time.sleep(seconds)
    after, took = lab.cpu_ns(pid), time.monotonic() - began
    return {name: (ns - before.get(name, 0)) / took / 1e9 for name, ns in after.items()}


def measure(program, small, device, mode, cache):
    control, cpu = machine.cpus()
    with veth() as (server, client), machine.folder() as folder, \
            assayd(program, server, folder, device=device, mode=mode, control=control, cpu=cpu,
                   cache=cache) as process:
        wait_for_answers(client, process, folder)
        time.sleep(1)
        shares = idle_shares(process.pid, 1 if small else 10)
        count = 5 if small else 100
        took = sorted(ask(client, count, 0.2))
    return shares, took, count


def bench(small):
    report = Report('idle', small)
    program = machine.make('control/assayd')[0]
    rows, worst = [], {'control': 0, 'poll': 0}
    for words, device in DEVICES.items():
        for mode in ('busy', 'adaptive'):
            shares, took, count = measure(program, small, device, mode, '256M')
            control = shares.get('assayd', 0)
            poll = max(share for name, share in shares.items() if name.startswith('assay-poll'))
            host = shares.get('assay-host', 0)
            if mode == 'adaptive':
                worst = {'control': max(worst['control'], control), 'poll': max(worst['poll'], poll)}
            rows.append([f'{words}, {mode}', f'{control:.2%}', f'{poll:.2%}', f'{host:.2%}',
                         count - len(took), statistics.median(took),
                         took[min(len(took) - 1, len(took) * 99 // 100)]])
    report.figures['idle_control'] = round(worst['control'], 4)
    report.figures['idle_poll'] = round(worst['poll'], 4)
    report.section('Without questions, and the first one after 200 ms of silence',
                   ['port and cores.mode', 'control', 'poll-mode core', 'host thread', 'lost',
                    'p50 us', 'p99 us'], rows)
    report.note('shares of a CPU by thread, kernel time included; the latency is that of a socket '
                'of the client\'s, its kernel and wake-up included')
    return report
