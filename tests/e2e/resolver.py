"""An assayd inside the lab: its configuration, its life, its counters, questions to it."""
import ctypes
import ipaddress
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time

CLONE_NEWNET = 0x40000000
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get('ASSAY_BUILD', os.path.join(TOP, 'build'))
ASSAYD = os.path.join(BUILD, 'control', 'assayd')
ASSAYCTL = os.path.join(BUILD, 'control', 'cli', 'assayctl')
# What other processes on the machine are enough for.
CROWDED = {'core-preempted', 'core-stalled', 'control-stalled', 'exhausted', 'drops'}
LAB = os.path.join(TOP, 'scripts', 'lab')

TEMPLATE = '''\
ports:
  - device: {device}
service:
  addresses: [{service4}/24, '{service6}/64']
  tap: {tap}
cores: {{poll: [{poll_cpu}], control: {control_cpu}, mode: adaptive}}
memory: {{cache: {cache}, packets: 64M, hugepages: {hugepages}, tickets: {tickets}}}
access: {{{access}}}
answers: {{identity: lab, version: assay}}
upstream: {{interface: {interface}}}
resolver: {{root-hints: {hints}, local-zones: true}}
trust: {{anchor-files: [{anchor}], state: '{state}'}}
control: {{socket: {socket}}}
log: {log}
'''


def lab(*arguments, check=True):
    return subprocess.run([LAB, *arguments], check=check, capture_output=True, text=True)


def lab_info():
    return json.loads(lab('info', '--json').stdout)


def devices(interface):
    """What takes a veth over, in order of preference."""
    return {
        'af_xdp': 'net_af_xdp0,iface=%s,force_copy=1,busy_budget=0' % interface,
        'af_packet': 'net_af_packet0,iface=%s' % interface,
    }


def network(address, length):
    return ipaddress.ip_network('%s/%d' % (address, length), strict=False)


class Assayd:
    def __init__(self, info, driver='af_xdp', extra='', **changes):
        self.info = info
        self.workdir = tempfile.mkdtemp(prefix='assayd-')
        self.socket = os.path.join(self.workdir, 'control.sock')
        self.config = os.path.join(self.workdir, 'assayd.yaml')
        self.log = os.path.join(self.workdir, 'assayd.log')
        self.namespace = info['namespaces']['resolver']
        self.service4, self.service6 = info['resolver']['service_addresses'][:2]
        cpus = os.cpu_count() or 1
        values = dict(
            device=devices(info['resolver']['port_interface'])[driver],
            service4=self.service4, service6=self.service6, tap='assay0',
            poll_cpu=1 if cpus > 1 else 0, control_cpu=-1, cache='64M', hugepages='off',
            access="allow: [%s, '%s']" % (network(self.service4, 24), network(self.service6, 64)), tickets=8192,
            interface=info['resolver']['upstream_interface'],
            hints=info['files']['root.hints'], anchor=info['files']['anchor.ds'],
            socket=self.socket, log='info', state=os.path.join(self.workdir, 'trust.state'))
        values.update(changes)
        with open(self.config, 'w') as stream:
            stream.write(TEMPLATE.format(**values) + extra)
        self.process = None
        self.program = [ASSAYD]

    def start(self, limit_s=120):
        self.started = time.monotonic()
        stream = open(self.log, 'ab')
        self.process = subprocess.Popen(
            ['ip', 'netns', 'exec', self.namespace, *self.program, '-c', self.config],
            stdout=stream, stderr=stream)
        stream.close()
        end = time.monotonic() + limit_s
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise RuntimeError('assayd ended with %d:\n%s' % (
                    self.process.returncode, self.log_text()))
            if self.ctl('status', check=False).returncode == 0:
                return self
            time.sleep(0.02)
        raise RuntimeError('assayd does not answer:\n' + self.log_text())

    def log_text(self):
        with open(self.log, errors='replace') as stream:
            return stream.read()

    def ctl(self, *arguments, check=True):
        return subprocess.run([ASSAYCTL, '-s', self.socket, *arguments], check=check,
                              capture_output=True, text=True)

    def alarms(self):
        """The texts of all but those that only say that the machine is crowded."""
        return [a['text'] for a in json.loads(self.ctl('health', '--json', check=False).stdout)['alarms']
                if a['name'] not in CROWDED]

    def stats(self):
        return json.loads(self.ctl('stats', '--json').stdout)

    def stop(self, limit_s=60):
        """SIGTERM; returns the exit status, or raises when it does not end."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(limit_s)
            except subprocess.TimeoutExpired:
                self.kill()
                raise RuntimeError('assayd did not stop:\n' + self.log_text())
        return self.process.returncode if self.process else None

    def kill(self):
        self.process.kill()
        self.process.wait()

    def remove(self):
        shutil.rmtree(self.workdir, ignore_errors=True)

    def __enter__(self):
        return self.start()

    def __exit__(self, *error):
        try:
            if self.process and self.process.poll() is None:
                self.stop()
        finally:
            self.remove()


def in_client(info, *command, **options):
    return subprocess.run(['ip', 'netns', 'exec', info['namespaces']['client'], *command],
                          capture_output=True, text=True, **options)


def enter(namespace):
    """Moves the calling process into a network namespace, for questions by dnspython."""
    libc = ctypes.CDLL('libc.so.6', use_errno=True)
    with open('/run/netns/' + namespace) as stream:
        if libc.setns(stream.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), 'setns ' + namespace)
