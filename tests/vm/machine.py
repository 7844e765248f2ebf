"""A virtual machine with systemd as its first process, emulated: it needs no hardware, only what
`scripts/setup vm` installs, and root. Its root is a folder of the host (by default `/`), read-only under
a file system in memory: what the guest writes is gone with it.

    with Machine(nics=[('e1000e', 0), ('virtio-net-pci', 0)]) as machine:
        machine.boot()
        machine.put('/etc/assay/assayd.yaml', text)
        print(machine.run('systemctl start assayd').text)

`machine.py COMMAND` boots one and runs a command in it.
"""
import atexit
import collections
import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import kernel  # noqa: E402
from kernel import Missing  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
PR_SET_PDEATHSIG = 1
# A limit is for an idle machine; emulation beside other work gets this many times more.
PATIENCE = int(os.environ.get('ASSAY_VM_PATIENCE', 8))

Result = collections.namedtuple('Result', 'status text error')


def die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Guest:
    """What has run(), put() and end(): a machine, or what stands for one (contained.py)."""
    pause_s = 0.5  # it has other things to do than to be asked

    def wait(self, command, limit_s=30):
        """Runs it again and again until it ends with 0; its last result."""
        end = time.monotonic() + limit_s * PATIENCE
        while True:
            result = self.run(command, limit_s)
            if result.status == 0 or time.monotonic() > end:
                return result
            time.sleep(self.pause_s)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.end()


class Machine(Guest):
    """root: the folder that becomes the guest's `/`. clean: nothing that it has enabled is started.
    prepare: a shell script run in the guest's root before systemd (to enable units, to write files).
    nics: (QEMU's model, number of the hub it is plugged into[, more of QEMU's options]); what is plugged
    into one hub hears each other. modules: kernel modules loaded before systemd. rtc: what the clock
    shows at the start, for instance '1970-01-01T00:00:00'. more: of QEMU's arguments. life_s: it is
    killed after so many seconds, whatever happens."""

    def __init__(self, root='/', clean=True, prepare='', nics=(), modules=(), memory_mb=1024, cpus=2,
                 iommu=False, rtc=None, append='', more=(), life_s=3600):
        image, version = kernel.image()
        self.folder = tempfile.mkdtemp(prefix='assay-vm-')
        self.share = os.path.join(self.folder, 'share')
        self.console = os.path.join(self.folder, 'console')
        os.mkdir(self.share)
        for name in ('agent', 'agent.service'):
            shutil.copy(os.path.join(HERE, name), self.share)
        with open(os.path.join(self.share, 'prepare'), 'w') as stream:
            stream.write(prepare)
        self.number = 0
        self.process = None
        self.life_s = life_s
        self.arguments = self.qemu(image, version, root, nics, memory_mb, cpus, iommu, rtc, append, more)
        self.arguments += ['-initrd', kernel.initramfs(self.folder, version, modules, clean)]
        atexit.register(self.end)

    def qemu(self, image, version, root, nics, memory_mb, cpus, iommu, rtc, append, more):
        def shared(path, tag, rights):
            return ['-virtfs', 'local,path=%s,mount_tag=%s,security_model=none,multidevs=remap%s' % (
                path, tag, rights)]

        accel = os.environ.get('ASSAY_VM_ACCEL', 'tcg')
        # A guest that gets too little CPU would take its timer for broken, and panic.
        line = ('console=ttyS0 quiet panic=-1 no_timer_check systemd.show_status=no '
                'systemd.firstboot=off ' + append)
        found = ['qemu-system-x86_64', '-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot',
                 '-machine', 'q35,sata=off,smbus=off,accel=' + accel + (',kernel-irqchip=split' if iommu else ''),
                 '-cpu', 'max', '-smp', str(cpus), '-m', '%dM' % memory_mb, '-kernel', image,
                 '-append', line + (' intel_iommu=on' if iommu else ''),
                 '-serial', 'file:' + self.console,
                 '-qmp', 'unix:%s/monitor,server=on,wait=off' % self.folder,
                 '-device', 'virtio-serial',
                 '-chardev', 'socket,id=agent,path=%s/agent,server=on,wait=off' % self.folder,
                 '-device', 'virtserialport,chardev=agent,name=agent']
        if rtc:
            found += ['-rtc', 'base=' + rtc]
        if iommu:
            found += ['-device', 'intel-iommu,intremap=on,caching-mode=on']
        found += shared(root, 'root', ',readonly=on')
        found += shared(kernel.modules_folder(version), 'modules', ',readonly=on')
        found += shared(self.share, 'vm', '')
        for index, (model, hub, *options) in enumerate(nics):
            found += ['-netdev', 'hubport,id=net%d,hubid=%d' % (index, hub), '-device', ','.join(
                ['%s,netdev=net%d,id=nic%d,mac=%s' % (model, index, index, self.mac(index)), *options])]
        return found + list(more)

    @staticmethod
    def mac(index):
        """Of a NIC, by its place in `nics`: how the guest finds it."""
        return '52:54:00:00:00:%02x' % (index + 1)

    def boot(self, limit_s=60):
        """Returns once the guest runs commands, which is early: see settled()."""
        self.log = open(os.path.join(self.folder, 'qemu'), 'wb')
        self.process = subprocess.Popen(self.arguments, stdin=subprocess.DEVNULL, stdout=self.log,
                                        stderr=self.log, preexec_fn=die_with_parent)
        self.timer = threading.Timer(self.life_s, self.process.kill)
        self.timer.daemon = True
        self.timer.start()
        self.agent_socket = self.connect('agent')
        self.agent = self.agent_socket.makefile('rw')
        self.monitor_stream = self.connect('monitor').makefile('rw')
        self.monitor_stream.readline()
        self.monitor('qmp_capabilities')
        self.answer(0, limit_s)
        return self

    def connect(self, name):
        end = time.monotonic() + 10 * PATIENCE
        while True:
            stream = socket.socket(socket.AF_UNIX)
            try:
                stream.connect(os.path.join(self.folder, name))
                return stream
            except OSError:
                stream.close()
                if self.process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError('no machine:\n' + self.said())
                time.sleep(0.05)

    def answer(self, number, limit_s):
        """The status of a command. Answers to earlier ones, which nobody waited for, are skipped."""
        self.agent_socket.settimeout(limit_s * PATIENCE)
        while True:
            try:
                line = self.agent.readline()
            except OSError:
                raise RuntimeError('the guest does not answer:\n' + self.said()) from None
            if not line:
                raise RuntimeError('the guest is gone:\n' + self.said())
            got, status = line.split()
            if int(got) == number:
                return int(status)

    def run(self, command, limit_s=30, check=False):
        """Runs a shell command in the guest, which gets limit_s seconds on an idle machine (status 124
        when it takes longer). Result: status, text (its output) and error."""
        self.number += 1
        path = os.path.join(self.share, str(self.number))
        with open(path, 'w') as stream:
            stream.write(command + '\n')
        self.agent.write('%d %g\n' % (self.number, limit_s * PATIENCE))
        self.agent.flush()
        status = self.answer(self.number, limit_s + 10)
        result = Result(status, self.read(path + '.out'), self.read(path + '.err'))
        for name in (path, path + '.out', path + '.err'):
            os.unlink(name)
        if check and status != 0:
            raise RuntimeError('%s: status %d\n%s%s' % (command, status, result.text, result.error))
        return result

    @staticmethod
    def read(path):
        with open(path, errors='replace') as stream:
            return stream.read()

    def settled(self, limit_s=120):
        """Waits until all that is enabled has started or failed: 'running', 'degraded', …"""
        return self.run('systemctl is-system-running --wait', limit_s).text.strip()

    def put(self, path, content, mode=0o644):
        """Writes a file in the guest (bytes or text)."""
        data = content if isinstance(content, bytes) else content.encode()
        with open(os.path.join(self.share, 'put'), 'wb') as stream:
            stream.write(data)
        self.run("mkdir -p \"$(dirname '%s')\" && cp /vm/put '%s' && chmod %o '%s'" % (
            path, path, mode, path), check=True)

    def get(self, path):
        """The bytes of a file of the guest."""
        self.run("cp '%s' /vm/get" % path, check=True)
        with open(os.path.join(self.share, 'get'), 'rb') as stream:
            return stream.read()

    def monitor(self, command, **arguments):
        """An order to QEMU (QMP): 'stop', 'cont', 'set_link', 'device_add', 'system_powerdown' …"""
        self.monitor_stream.write(json.dumps({'execute': command, 'arguments': arguments}) + '\n')
        self.monitor_stream.flush()
        while True:
            line = json.loads(self.monitor_stream.readline())
            if 'error' in line:
                raise RuntimeError('%s: %s' % (command, line['error']['desc']))
            if 'return' in line:
                return line['return']

    def said(self):
        """The end of the console, and QEMU's own words."""
        found = []
        for name in (os.path.join(self.folder, 'qemu'), self.console):
            if os.path.exists(name):
                found += self.read(name).splitlines()[-30:]
        return '\n'.join(found)

    def end(self):
        """Ends the guest without asking it, and forgets it. More than once does no harm."""
        if self.process:
            self.timer.cancel()
            self.process.kill()
            self.process.wait()
            self.log.close()
            self.process = None
        shutil.rmtree(self.folder, ignore_errors=True)


def needed():
    """For programs: ends them with 77 when no machine can be made, and has SIGTERM end them in order."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        kernel.image()
    except Missing as missing:
        print('no virtual machine: %s is missing (scripts/setup vm)' % missing)
        sys.exit(77)
    if os.geteuid() != 0:
        print('no virtual machine: needs root')
        sys.exit(77)


def main():
    needed()
    with Machine() as machine:
        began = time.monotonic()
        machine.boot()
        print('up after %.1f s' % (time.monotonic() - began), file=sys.stderr)
        result = machine.run(' '.join(sys.argv[1:]) or 'systemctl is-system-running --wait', 600)
        sys.stdout.write(result.text)
        sys.stderr.write(result.error)
        sys.exit(result.status)


if __name__ == '__main__':
    main()
