"""Programs under measurement, told what to do on their standard input."""
import glob
import json
import os
import re
import select
import shutil
import subprocess
import time


class Program:
    """Ends with the `with` block, whatever happens."""

    def __init__(self, args, stderr=subprocess.PIPE):
        self.args = [str(arg) for arg in args]
        self.text = ''
        self.process = subprocess.Popen(self.args, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=stderr)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(3)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                try:
                    stream.close()
                except BrokenPipeError:
                    pass

    def say(self, line):
        self.process.stdin.write((line + '\n').encode())
        self.process.stdin.flush()

    def read_until(self, end, seconds):
        """Output up to and with `end` (a regular expression)."""
        limit = time.monotonic() + seconds
        while True:
            match = re.search(end, self.text)
            if match:
                text, self.text = self.text[:match.end()], self.text[match.end():]
                return text
            ready, _, _ = select.select([self.process.stdout], [], [],
                                        max(0, limit - time.monotonic()))
            data = os.read(self.process.stdout.fileno(), 65536) if ready else b''
            if not data:
                why = 'ended' if ready else f'said nothing for {seconds} s'
                errors = self.process.stderr.read().decode() if ready and self.process.stderr \
                    else ''
                raise RuntimeError(f'{os.path.basename(self.args[0])} {why}: '
                                   f'{errors.strip()[-600:]} {self.text[-600:]}')
            self.text += data.decode(errors='replace')

    def read_json(self, seconds=60):
        return json.loads(self.read_until(r'\n', seconds))

    def end(self, line='stop', seconds=10):
        self.say(line)
        self.process.stdin.close()
        status = self.process.wait(seconds)
        if status != 0:
            raise RuntimeError(f'{os.path.basename(self.args[0])} ended with {status}')


class Testpmd(Program):
    """dpdk-testpmd as a measure: it swaps addresses and ports of each packet, and no more."""

    def __init__(self, device, burst, control, cpu, mbufs, mbuf_bytes, huge, memory_mib):
        if shutil.which('dpdk-testpmd') is None:
            raise RuntimeError('dpdk-testpmd is not installed (package dpdk-dev)')
        memory = ['--in-memory'] if huge else ['--no-huge', '--no-shconf', '-m', memory_mib]
        # It speaks through a pipe: without stdbuf it would keep its lines to itself.
        super().__init__([
            'stdbuf', '-oL', 'dpdk-testpmd', f'--lcores=0@{control},1@{cpu}', '--main-lcore=0',
            '--no-pci', '--no-telemetry', '--iova-mode=va', '--log-level=error',
            f'--file-prefix=testpmd-{os.getpid()}', *memory,
            f'--vdev={device}', '--',
            '--interactive', '--forward-mode=5tswap', f'--burst={burst}',
            f'--total-num-mbufs={mbufs}', f'--mbuf-size={mbuf_bytes}', '--mbcache=256',
            '--no-flush-rx', '--disable-link-check'], stderr=subprocess.STDOUT)
        self.read_until(r'testpmd> ', 60)
        self.task = self.poll_task()

    def poll_task(self):
        for path in glob.glob(f'/proc/{self.process.pid}/task/*/comm'):
            with open(path) as stream:
                if 'worker' in stream.read():
                    return os.path.dirname(path)
        raise RuntimeError('dpdk-testpmd has no poll-mode thread')

    def cpu_ns(self):
        with open(self.task + '/schedstat') as stream:
            return int(stream.read().split()[0])

    def begin(self):
        self.say('start')
        self.read_until(r'TX offloads=.*\n', 10)

    def finish(self):
        self.say('stop')
        return self.read_until(r'\nDone\.', 10)

    def run(self, ms):
        """Packets forwarded, and what the poll-mode thread had of its CPU for that."""
        before = self.cpu_ns()
        self.begin()
        time.sleep(ms / 1000)
        text = self.finish()
        packets = int(re.search(r'RX-packets:\s*(\d+)', text).group(1))
        return {'packets': packets, 'cpu_ns': self.cpu_ns() - before}

    def end(self, line='quit', seconds=10):
        super().end(line, seconds)
