"""A system in a folder (roots.py) with systemd as its first process, in namespaces of its own, without a
virtual machine: the kernel is this one's, so it starts in a second."""
import os
import shutil
import signal
import subprocess
import time

BOOT = r'''
set -e
cd "$1"
mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t bpf bpf sys/fs/bpf 2>/dev/null || true
mount -t tmpfs -o mode=755 tmpfs dev
mkdir dev/net dev/shm dev/pts
for node in null zero full random urandom tty net/tun; do
	: >"dev/$node"
	mount --bind "/dev/$node" "dev/$node"
done
mount -t devpts -o newinstance,ptmxmode=666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
mount -t tmpfs -o mode=755 tmpfs run
: >etc/machine-id
# Looks for disks, which are not there, without an end.
for unit in e2scrub_reap.service e2scrub_all.timer apt-daily.timer apt-daily-upgrade.timer; do
	ln -sf /dev/null "etc/systemd/system/$unit"
done
mkdir -p .before
pivot_root . .before
umount --lazy /.before
exec env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd
'''


def cgroups():
    """Where cgroup2 is mounted."""
    with open('/proc/mounts') as stream:
        for line in stream:
            fields = line.split()
            if fields[2] == 'cgroup2':
                return fields[1]
    raise RuntimeError('no cgroup2 is mounted')


class Booted:
    def __init__(self, root, namespace):
        """root: a folder that is a mount of its own. namespace: that of the network, by its name."""
        self.group = os.path.join(cgroups(), 'assay-test-%d' % os.getpid())
        os.makedirs(self.group, exist_ok=True)
        self.process = subprocess.Popen(
            ['ip', 'netns', 'exec', namespace, 'unshare', '--mount', '--propagation', 'private', '--pid',
             '--fork', '--kill-child=SIGKILL', '--uts', '--ipc', '--cgroup', 'bash', '-c', BOOT, 'boot', root],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            preexec_fn=self.enter_group)
        try:
            self.pid = self.wait(self.first_process, 60)
            self.wait(lambda: self.run('systemctl is-system-running').stdout.strip() in (
                'running', 'degraded'), 120)
        except BaseException:
            self.end()
            raise

    def enter_group(self):
        with open(os.path.join(self.group, 'cgroup.procs'), 'w') as stream:
            stream.write('0')

    def wait(self, condition, limit_s):
        end = time.monotonic() + 8 * limit_s  # a crowded machine gets more
        while time.monotonic() < end:
            value = condition()
            if value:
                return value
            if self.process.poll() is not None:
                raise RuntimeError('the system has ended: %d' % self.process.returncode)
            time.sleep(0.1)
        raise RuntimeError('waited in vain for systemd')

    def first_process(self):
        """The process that is number 1 there, once it is systemd."""
        pid = self.process.pid
        while True:
            with open('/proc/%d/task/%d/children' % (pid, pid)) as stream:
                children = stream.read().split()
            with open('/proc/%d/comm' % pid) as stream:
                name = stream.read().strip()
            if name == 'systemd':
                return pid
            if not children:
                return None
            pid = int(children[0])

    def run(self, script, user=None, limit_s=1200, environment=None):
        """A shell script there."""
        command = ['nsenter', '--target', str(self.pid), '--mount', '--pid', '--net', '--uts', '--ipc', '--cgroup',
                   '--', '/usr/bin/env', '-i', 'PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'HOME=/root',
                   'LANG=C.UTF-8', 'DEBIAN_FRONTEND=noninteractive',
                   *('%s=%s' % item for item in (environment or {}).items())]
        if user:
            command += ['runuser', '-u', user, '--']
        command += ['bash', '-c', 'cd; ' + script]
        return subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL,
                              timeout=limit_s)

    def give(self, path, into):
        """A file of the host's."""
        shutil.copy(path, '/proc/%d/root%s' % (self.pid, into))

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        for _ in range(100):  # its processes may need a moment to go
            for folder, _, _ in os.walk(self.group, topdown=False):
                try:
                    os.rmdir(folder)
                except OSError:
                    pass
            if not os.path.exists(self.group):
                return
            time.sleep(0.1)
