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

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(TOP, 'tests', 'e2e')]
import roots  # noqa: E402
from booted import Booted  # noqa: E402
from checks import Checks, wait_for  # noqa: E402
from first_day import (NEWER, SYSTEM, Lab, Packages, Transcript, blocks, document, edit, fetch,  # noqa: E402
                       first_day, journal, said, section, suite, validated)


def rights(checks, system):
    for user, order, status in (('alice', 'status', 0), ('alice', 'flush --all', 0), ('bob', 'status', 0),
                                ('bob', 'flush --all', 1), ('nobody', 'status', 3)):
        run = system.run('assayctl ' + order, user=user)
        checks.equal('%s: assayctl %s ends with' % (user, order), run.returncode, status)
    run = system.run('ps -o user= -C assayd')
    checks.equal('the daemon runs as its user', set(run.stdout.split()), {'assay'})
    system.run('rm /run/assay/control.sock')
    checks.check('which makes a control socket that was removed anew',
                 wait_for(lambda: system.run('assayctl status', user='alice').returncode == 0, 10), journal(system))


def second_instance(checks, system, lab):
    own = blocks(section(document(), 'Several on one machine'), 'yaml')[0]
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
    commands = blocks(document(), mark)[0]
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
    # State may be on a file system of its own, whose folder cannot be removed.
    run = system.run('rm -rf /var/lib/assay && mkdir -p /var/lib/assay && '
                     'mount -t tmpfs tmpfs /var/lib/assay && touch /var/lib/assay/trust.state')
    checks.equal('state on a file system of its own', run.returncode, 0)
    run = system.run('rm /etc/assay/root.hints /etc/assay/anchor.ds; apt-get purge -y assay')
    checks.equal('purge', run.returncode, 0)
    checks.equal('that file system is empty', system.run('ls -A /var/lib/assay').stdout, '')
    system.run('umount /var/lib/assay; rmdir /var/lib/assay')
    found = system.run("find / -xdev -name '*assay*'; find /run -name '*assay*'").stdout.split()
    left = [path for path in found if not re.match(LEFT_BY_POLICY, path)]
    checks.equal('purge leaves nothing', left, [])
    links = system.run('ip -brief link; nft list tables').stdout
    checks.check('no tap and no table is left', 'assay' not in links, links)


def follow(checks, folder):
    packages = Packages(checks)
    packages.lintian(checks)
    layer = roots.packages(suite(), *SYSTEM)
    fetch(checks, roots.Root(suite(), folder + '/fetch', [layer]), packages)
    root = roots.Root(suite(), folder + '/system', [layer], running=False)
    shutil.copy(packages.older, root.path + '/root')
    lab, system = Lab(), None
    try:
        system = Booted(root.path, lab.server)
        root_path = '/proc/%d/root' % system.pid
        port = lab.info['resolver']['port_interface']
        lab.names['eth1'] = port
        edit(lab, root_path, (('iface=eth1"', 'iface=%s,force_copy=1,busy_budget=0"' % port),
                              ('interface: eth0', 'interface: ' + lab.info['resolver']['upstream_interface'])))
        first_day(checks, system, lab, Transcript('first-day-package.txt'))
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
