"""What machine.py makes, without emulation: systemd as the first process in namespaces of this machine, over a
copy of its root in memory. Capabilities and filters of system calls are the kernel's as in a virtual machine;
clock, modules and PCI devices are this machine's own, so a test must leave them alone."""
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), 'package'))
from booted import Booted  # noqa: E402
from machine import PATIENCE, Guest, Result  # noqa: E402
from roots import overlay, own_namespace  # noqa: E402,F401 (a program enters it first)


class Contained(Guest):
    pause_s = 0.2

    def __init__(self, prepare=''):
        self.folder = tempfile.mkdtemp(prefix='assay-contained-')
        subprocess.run(['mount', '-t', 'tmpfs', 'tmpfs', self.folder], check=True)
        self.share = os.path.join(self.folder, 'share')
        self.namespace = 'assay-contained-%d' % os.getpid()
        self.prepare, self.booted = prepare, None
        os.mkdir(self.share)

    def boot(self):
        root = os.path.join(self.folder, 'root')
        overlay(['/'], os.path.join(self.folder, 'changes'), root)
        for name in ('vm', 'proc', 'sys', 'dev', 'run', 'tmp'):
            os.makedirs(os.path.join(root, name), exist_ok=True)
        subprocess.run(['mount', '--bind', self.share, root + '/vm'], check=True)
        subprocess.run(['mount', '-t', 'tmpfs', '-o', 'mode=1777', 'tmpfs', root + '/tmp'], check=True)
        script = ('rm -rf /etc/systemd/system/*.wants /var/log/journal; : >/etc/fstab\n' + self.prepare)
        subprocess.run(['chroot', root, 'sh', '-e', '-c', script], check=True, capture_output=True)
        subprocess.run(['ip', 'netns', 'add', self.namespace], check=True)
        subprocess.run(['ip', '-n', self.namespace, 'link', 'set', 'lo', 'up'], check=True)
        self.booted = Booted(root, self.namespace)
        return self

    def run(self, command, limit_s=30, check=False):
        try:
            done = self.booted.run(command, limit_s=limit_s * PATIENCE)
        except subprocess.TimeoutExpired as late:
            return Result(124, str(late.stdout), str(late.stderr))
        if check and done.returncode != 0:
            raise RuntimeError('%s: status %d\n%s%s' % (command, done.returncode, done.stdout, done.stderr))
        return Result(done.returncode, done.stdout, done.stderr)

    def put(self, path, content, mode=0o644):
        given = os.path.join(self.folder, 'put')
        with open(given, 'w') as stream:
            stream.write(content)
        os.chmod(given, mode)
        self.booted.give(given, path)

    def end(self):
        if self.booted:
            self.booted.end()
        subprocess.run(['ip', 'netns', 'del', self.namespace], capture_output=True)
        subprocess.run(['umount', '--lazy', '--recursive', self.folder], capture_output=True)
        shutil.rmtree(self.folder, ignore_errors=True)
