#!/usr/bin/python3
"""The first day of docs/operations.md in a virtual machine, typed as it stands there: an empty Debian with two
NICs, from `apt-get install` to the first validated answer to a client beside it, before the lab's signed
mini-Internet. Prints where the transcript is. Needs root, debootstrap and what `scripts/setup vm` installs, exit
status 77 without. One TAP line for each check.

Packages from $ASSAY_PACKAGES are used instead of building them.
"""
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
sys.path[:0] = [HERE, os.path.join(TESTS, 'package'), os.path.join(TESTS, 'e2e')]
import roots  # noqa: E402
from checks import Checks  # noqa: E402
from first_day import SYSTEM, Lab, Packages, Transcript, edit, fetch, first_day, said, suite  # noqa: E402
from machine import Machine, needed  # noqa: E402

# What a server has at each boot beside Assay: the interface by which it is reached.
PREPARE = '''
echo assay-vm >/etc/hostname
cat >/etc/systemd/system/reached.service <<'END'
[Unit]
Before=network.target
DefaultDependencies=no
After=sysinit.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'ip link set lo up; ip addr add %(address)s dev eth0; ip link set eth0 up; ip route add default via %(gateway)s'
[Install]
WantedBy=multi-user.target
END
systemctl enable --quiet reached
systemctl mask --quiet kmod-static-nodes.service e2scrub_reap.service apt-daily.timer apt-daily-upgrade.timer
'''


class System:
    """A machine as first_day.py wants it."""

    def __init__(self, machine):
        self.machine = machine

    def run(self, script, user=None):
        words = 'export HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive; cd\n' + script
        if user:
            words = "runuser -u %s -- bash -c '%s'" % (user, script.replace("'", "'\\''"))
        result = self.machine.run(words, 900)
        return subprocess.CompletedProcess(script, result.status, result.text, result.error)

    def give(self, path, into):
        with open(path, 'rb') as stream:
            self.machine.put(into, stream.read())


class Cables:
    """The lab's resolver is the machine: each of its interfaces there goes into a bridge with a NIC."""

    def __init__(self, lab):
        self.lab = lab
        self.resolver = lab.info['resolver']
        self.namespace = lab.server
        self.taps = ['fd%d-%d' % (os.getpid(), index) for index in range(2)]
        upstream = self.resolver['upstream_interface']
        self.address = self.shown('addr', upstream, r'inet ')
        self.gateway = self.shown('route', 'default', r'via ')

    def ip(self, *words):
        return subprocess.run(['ip', *words], check=True, capture_output=True, text=True).stdout

    def shown(self, kind, what, before):
        if kind == 'addr':
            text = self.ip('-n', self.namespace, '-4', 'addr', 'show', 'dev', what)
        else:
            text = self.ip('-n', self.namespace, 'route', 'show', what)
        return text.split(before, 1)[1].split()[0]

    def arguments(self):
        found = []
        for index, tap in enumerate(self.taps):
            found += ['-netdev', 'tap,id=cable%d,ifname=%s,script=no,downscript=no' % (index, tap),
                      '-device', 'virtio-net-pci,netdev=cable%d,mac=52:54:00:00:01:0%d' % (index, index + 1)]
        return found

    def plug(self):
        """Once the machine runs: its NICs are in the order of the interfaces."""
        for tap, interface in zip(self.taps, (self.resolver['upstream_interface'],
                                              self.resolver['port_interface'])):
            self.ip('link', 'set', tap, 'netns', self.namespace)
            bridge = 'br-' + interface
            self.ip('-n', self.namespace, 'addr', 'flush', 'dev', interface)
            self.ip('-n', self.namespace, 'link', 'add', bridge, 'type', 'bridge')
            for name in (tap, interface):
                self.ip('-n', self.namespace, 'link', 'set', name, 'master', bridge)
            for name in (tap, interface, bridge):
                self.ip('-n', self.namespace, 'link', 'set', name, 'up')


def follow(checks, folder):
    packages = Packages(checks)
    layer = roots.packages(suite(), *SYSTEM)
    fetch(checks, roots.Root(suite(), folder + '/fetch', [layer]), packages)
    root = roots.Root(suite(), folder + '/system', [layer], running=False)
    shutil.copy(packages.older, root.path + '/root')
    lab = Lab()
    try:
        cables = Cables(lab)
        edit(lab, root.path, ())
        prepare = PREPARE % {'address': cables.address, 'gateway': cables.gateway}
        with Machine(root=root.path, prepare=prepare, memory_mb=3072,
                     append='net.ifnames=0', more=cables.arguments()) as machine:
            machine.boot()
            cables.plug()
            system = System(machine)
            checks.check('an empty system is up', machine.settled() == 'running',
                         said(system.run('systemctl --failed')))
            first_day(checks, system, lab, Transcript('first-day-vm.txt'))
            if not checks.failed:
                is_well(checks, machine, system)
    finally:
        lab.down()


def is_well(checks, machine, system):
    run = system.run('systemctl is-enabled assayd && systemctl is-failed assayd; assayctl --json health')
    checks.check('it starts at each boot, and is well', run.stdout.startswith('enabled\nactive'),
                 run.stdout + run.stderr)


def main():
    needed()
    roots.own_namespace()
    checks = Checks()
    folder = tempfile.mkdtemp(prefix='assay-first-day-')
    subprocess.run(['mount', '-t', 'tmpfs', 'tmpfs', folder], check=True)
    try:
        checks.run(follow, folder)
    except roots.Missing as missing:
        print('cannot run: %s' % missing)
        sys.exit(77)
    finally:
        subprocess.run(['umount', '--lazy', '--recursive', folder])
        os.rmdir(folder)
    checks.done()


if __name__ == '__main__':
    main()
