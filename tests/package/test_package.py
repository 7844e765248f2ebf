#!/usr/bin/python3
"""The Debian package, from an empty system to the first validated answer and back: docs/operations.md
followed word for word in a debootstrapped root with systemd as its first process, before the lab's signed
mini-Internet; then rights, a second instance, an upgrade, the way back, and a purge. The names of the lab stand
for those of the document. Needs root and debootstrap, exit status 77 without. One TAP line for each check.

    test_package.py [--keep]       packages from $ASSAY_PACKAGES are used instead of building them
"""
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(TOP, 'tests', 'e2e')]
import roots  # noqa: E402
from booted import Booted  # noqa: E402
from checks import Checks, wait_for  # noqa: E402

NEWER = '99.0.0'
UNIT = 'assayd.service'
# On a server of Debian's these are there.
SYSTEM = ('systemd-sysv', 'iproute2', 'procps')
NAME, ZONE = 'www.types.nsec.', 'types.nsec.'


def blocks(text, mark):
    """Commands of the fenced blocks with this mark, a list for each block."""
    return [[line for line in block.splitlines() if line.strip()]
            for block in re.findall(r'^```%s\n(.*?)^```$' % mark, text, re.M | re.S)]


def section(text, heading):
    return re.search(r'^## %s$(.*?)(?=^## |\Z)' % re.escape(heading), text, re.M | re.S)[1]


def said(run):
    return run.stdout + run.stderr


class Packages:
    """An older and a newer one."""

    def __init__(self, checks):
        ready = os.environ.get('ASSAY_PACKAGES')
        self.folder = ready or os.path.join(TOP, 'build', 'package')
        began = time.monotonic()
        if not ready:
            shutil.rmtree(self.folder, ignore_errors=True)
            for arguments in ([], ['--version', NEWER]):
                run = subprocess.run([os.path.join(TOP, 'scripts/package/build'), *arguments, self.folder],
                                     capture_output=True, text=True)
                checks.check('scripts/package/build %s' % ' '.join(arguments), run.returncode == 0,
                             said(run)[-3000:])
            print('#| both packages built in %d s' % (time.monotonic() - began), flush=True)
        files = glob.glob(os.path.join(self.folder, 'assay_*.deb'))
        self.newer = next(path for path in files if NEWER in path)
        self.older = next(path for path in files if NEWER not in path)

    def lintian(self, checks):
        changes = self.older.replace('.deb', '.changes')
        if not shutil.which('lintian'):
            checks.skip('lintian', 'not installed')
            return
        run = subprocess.run(['lintian', '--allow-root', '--fail-on', 'error,warning', changes],
                             capture_output=True, text=True)
        checks.check('lintian has nothing to say', run.returncode == 0 and not run.stdout.strip(),
                     said(run))


class Lab:
    """A lab of the test's own: the system stands where its resolver does."""

    def __init__(self):
        os.environ['ASSAY_LAB_PREFIX'] = 'ap%d' % os.getpid()
        os.environ['ASSAY_LAB_DIR'] = '/run/assay-package-%d' % os.getpid()
        self.command = os.path.join(TOP, 'scripts/lab')
        subprocess.run([self.command, 'up'], check=True, capture_output=True)
        self.info = json.loads(subprocess.run([self.command, 'info', '--json'], check=True,
                                              capture_output=True, text=True).stdout)
        self.server = self.info['namespaces']['resolver']
        self.service = self.info['resolver']['service_addresses'][0]

    def words(self, command):
        """The lab's names in a command of the document."""
        for old, new in (('eth1', self.info['resolver']['port_interface']), ('192.168.1.53', self.service),
                         ('www.example.com', NAME), ('example.com', ZONE)):
            command = re.sub(r'(?<![\w.])%s(?![\w])' % re.escape(old), new, command)
        return command

    def client(self, command):
        return subprocess.run(['ip', 'netns', 'exec', self.info['namespaces']['client'], 'bash', '-c', command],
                              capture_output=True, text=True)

    def down(self):
        subprocess.run([self.command, 'down'], capture_output=True)


def edit(lab, root):
    """What an administrator would type into the example: an editor that does it."""
    resolver = lab.info['resolver']
    script = '#!/bin/sh\nset -e\n' + ''.join("sed -i 's|%s|%s|' \"$1\"\n" % pair for pair in (
        ('iface=eth1"', 'iface=%s,force_copy=1,busy_budget=0"' % resolver['port_interface']),
        ('interface: eth0', 'interface: ' + resolver['upstream_interface']),
        ('192.168.1.53/24', lab.service + '/24')))
    script += ("cat >>\"$1\" <<'END'\naccess: {allow: [198.18.0.0/15]}\n"
               'resolver: {root-hints: /etc/assay/root.hints}\n'
               'trust: {anchor-files: [/etc/assay/anchor.ds]}\nEND\n')
    path = os.path.join(root, 'usr/local/bin/editor')
    with open(path, 'w') as stream:
        stream.write(script)
    os.chmod(path, 0o755)


def validated(lab):
    run = lab.client('dig +tries=1 +time=3 @%s +dnssec %s' % (lab.service, NAME))
    return re.search(r'flags: [^;]*\bad\b', run.stdout) and 'RRSIG' in run.stdout


# ---- the first day ----

def installed(checks, system):
    run = system.run('id -u assay && getent group assay-operators assay-readers && ls -d /etc/assay')
    checks.check('user, groups and folder are there', run.returncode == 0, said(run))
    run = system.run('systemctl is-enabled %s; systemctl is-active %s; systemctl is-failed %s'
                     % (UNIT, UNIT, UNIT))
    checks.equal('the unit is enabled and waits for a configuration', run.stdout.split(),
                 ['enabled', 'inactive', 'inactive'])
    run = system.run('systemctl --failed --plain --no-legend')
    checks.check('nothing has failed', 'assay' not in run.stdout, run.stdout)


def first_day(checks, system, lab, root):
    with open(os.path.join(TOP, 'docs/operations.md')) as stream:
        text = section(stream.read(), 'The first day')
    system.run('useradd alice; useradd bob')
    edit(lab, root)
    began = time.monotonic()
    for block in re.findall(r'^```(sh|client)\n(.*?)^```$', text, re.M | re.S):
        for line in block[1].splitlines():
            command = lab.words(line)
            if block[0] == 'client':
                # ARP and the client's kernel may need a moment.
                good = wait_for(lambda: validated(lab), 10)
                run = lab.client(command)
                good = good and re.search(r'flags: [^;]*\bad\b', run.stdout)
            else:
                run = system.run(command)
                good = run.returncode == 0
            if not checks.check('first day: ' + line, good, said(run) + journal(system)):
                return
            if block[0] == 'client':
                print('#| from an empty system to the first validated answer: %.1f s (commands alone; packages '
                      'of Debian fetched before)' % (time.monotonic() - began), flush=True)
            if line.startswith('apt-get install'):
                installed(checks, system)
                for name in ('root.hints', 'anchor.ds'):  # the lab's Internet has a root of its own
                    shutil.copy(lab.info['files'][name], os.path.join(root, 'etc/assay', name))


def journal(system):
    return system.run('journalctl --no-pager -n 30 -u "assayd*"').stdout


def rights(checks, system):
    for user, order, status in (('alice', 'status', 0), ('alice', 'flush --all', 0), ('bob', 'status', 0),
                                ('bob', 'flush --all', 1), ('nobody', 'status', 3)):
        run = system.run('assayctl ' + order, user=user)
        checks.equal('%s: assayctl %s ends with' % (user, order), run.returncode, status)
    run = system.run('ps -o user= -C assayd')
    checks.equal('the daemon runs as its user', set(run.stdout.split()), {'assay'})


def second_instance(checks, system, lab):
    with open(os.path.join(TOP, 'docs/operations.md')) as stream:
        text = section(stream.read(), 'Several on one machine')
    own = blocks(text, 'yaml')[0]
    config = '\n'.join(line.replace('NAME', 'second') for line in own)
    system.run('ip link add eth9 type veth peer name eth10; ip link set eth9 up; ip link set eth10 up')
    run = system.run("cat >/etc/assay/second.yaml <<'END'\nports: [{device: \"net_af_packet0,iface=eth9\"}]\n"
                     'cores: {poll: [0]}\nmemory: {cache: 32M, packets: 32M, hugepages: off}\nuser: assay\n%s\nEND\n'
                     % config.replace('control: {socket', 'control: {operators: assay-operators, socket'))
    run = system.run('systemctl enable --now assayd@second')
    checks.check('a second instance starts', run.returncode == 0, said(run) + journal(system))
    socket = '/run/assay/second/control.sock'
    checks.equal('and is asked by its own socket',
                 system.run('assayctl -s %s status' % socket).returncode, 0)
    checks.equal('by operators, too',
                 system.run('assayctl -s %s status' % socket, user='alice').returncode, 0)
    system.run('systemctl stop assayd')
    checks.equal('the end of the first takes nothing of it',
                 system.run('assayctl -s %s status' % socket).returncode, 0)
    system.run('systemctl start assayd')
    checks.check('the first answers again', wait_for(lambda: validated(lab), 10), journal(system))


# ---- upgrade, way back, purge ----

def change_package(checks, system, lab, root, mark, package, version):
    """By the block of the document with this mark."""
    with open(os.path.join(TOP, 'docs/operations.md')) as stream:
        commands = blocks(stream.read(), mark)[0]
    for path in glob.glob(os.path.join(root, 'root/assay_*.deb')):
        os.unlink(path)
    shutil.copy(package, os.path.join(root, 'root'))
    kept = 'sha256sum /etc/assay/assayd.yaml /etc/assay/second.yaml; ls /var/lib/assay'
    before = system.run(kept).stdout
    for command in commands:
        # The first alarms, if any, are of the start; whoever orders waits for them to go.
        good = wait_for(lambda: system.run(command).returncode == 0, 5, 1)
        checks.check('%s: %s' % (mark, command), good, said(system.run(command)) + journal(system))
    checks.equal('%s: configuration and state are as before' % mark, system.run(kept).stdout, before)
    for socket in ('/run/assay/control.sock', '/run/assay/second/control.sock'):
        run = system.run('assayctl -s %s status --json' % socket)
        running = json.loads(run.stdout)['version'] if run.returncode == 0 else said(run)
        checks.equal('%s: what runs behind %s' % (mark, socket), running, version)
    checks.check('%s: answers are validated' % mark, wait_for(lambda: validated(lab), 10),
                 journal(system))


# Logs, the archive of packages, and who owns files by number.
LEFT_BY_POLICY = r'^/(proc|sys|dev|root|home|tmp|var/log|var/cache/apt|var/mail|run/systemd|run/user)(/|$)'


def purge(checks, system):
    run = system.run('apt-get remove -y assay')
    checks.equal('remove', run.returncode, 0)
    checks.equal('nothing runs any more', system.run('pgrep -x assayd').stdout, '')
    checks.equal('the configuration stays', system.run('ls /etc/assay/assayd.yaml').returncode, 0)
    run = system.run('rm /etc/assay/root.hints /etc/assay/anchor.ds; apt-get purge -y assay')
    checks.equal('purge', run.returncode, 0)
    found = system.run("find / -xdev -name '*assay*'; find /run -name '*assay*'").stdout.split()
    left = [path for path in found if not re.match(LEFT_BY_POLICY, path)]
    checks.equal('purge leaves nothing', left, [])
    links = system.run('ip -brief link; nft list tables').stdout
    checks.check('no tap and no table is left', 'assay' not in links, links)


def fetch(checks, root, packages):
    """The system itself will reach nothing but the lab."""
    shutil.copy(packages.older, root.path + '/root')
    run = root.chroot('bash', '-c', 'apt-get update && apt-get install -y --download-only /root/assay_*.deb')
    checks.check('what the package depends on is fetched', run.returncode == 0, said(run)[-3000:])


def follow(checks, folder):
    packages = Packages(checks)
    packages.lintian(checks)
    with open('/etc/os-release') as stream:
        suite = re.search(r'^VERSION_CODENAME=(\w+)', stream.read(), re.M)[1]
    layer = roots.packages(suite, *SYSTEM)
    fetch(checks, roots.Root(suite, folder + '/fetch', [layer]), packages)
    root = roots.Root(suite, folder + '/system', [layer], running=False)
    shutil.copy(packages.older, root.path + '/root')
    lab, system = Lab(), None
    try:
        system = Booted(root.path, lab.server)
        root_path = '/proc/%d/root' % system.pid
        first_day(checks, system, lab, root_path)
        if checks.failed:
            return
        rights(checks, system)
        second_instance(checks, system, lab)
        older = re.search(r'assay_([^-]+)-', packages.older)[1]
        change_package(checks, system, lab, root_path, 'upgrade', packages.newer, NEWER)
        change_package(checks, system, lab, root_path, 'rollback', packages.older, older)
        purge(checks, system)
    finally:
        if system:
            system.end()
        lab.down()


def main():
    if os.geteuid() != 0 or not os.path.exists('/dev/net/tun'):
        print('cannot run: needs root and /dev/net/tun')
        sys.exit(77)
    roots.own_namespace()
    checks = Checks()
    folder = tempfile.mkdtemp(prefix='assay-package-')
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
