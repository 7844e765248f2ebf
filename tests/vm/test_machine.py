#!/usr/bin/python3
"""The virtual machine itself: what the other tests here take for granted. Needs root and what
`scripts/setup vm` installs, exit status 77 without. One TAP line for each check."""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), 'e2e')]
from checks import Checks  # noqa: E402
from machine import Machine, needed  # noqa: E402

PREPARE = '''
echo "made before systemd" >/etc/prepared
mkdir -p /etc/systemd/system/multi-user.target.wants
printf '[Service]\\nType=oneshot\\nExecStart=touch /run/started\\n' >/etc/systemd/system/early.service
ln -s ../early.service /etc/systemd/system/multi-user.target.wants/
'''


def commands(checks, machine):
    result = machine.run('echo out; echo err >&2; exit 3')
    checks.equal('status and both outputs come back', tuple(result), (3, 'out\n', 'err\n'))
    checks.equal('a command that hangs is ended', machine.run('sleep 1000', 0.5).status, 124)
    machine.put('/etc/assay/deep/file', b'\x00\xff' * 50000)
    checks.check('files go both ways', machine.get('/etc/assay/deep/file') == b'\x00\xff' * 50000)
    checks.check('not into the root that is shared', not os.path.exists('/etc/assay/deep'))
    checks.equal('what was prepared is there', machine.run('cat /etc/prepared').text,
                 'made before systemd\n')


def boot_ends(checks, machine):
    checks.equal('the boot ends, and nothing has failed', machine.settled(), 'running')
    checks.equal('with what was enabled', machine.run('test -e /run/started').status, 0)
    checks.equal('systemd is the first process', machine.run('cat /proc/1/comm').text, 'systemd\n')


def nics_hear_each_other(checks, machine):
    machine.run('ip netns add far')
    for index, (name, more) in enumerate((('near', ''), ('far', '-n far'))):
        machine.run('''
            was=$(ip -o link | sed -n 's/^[0-9]*: \\([^:]*\\):.*%s.*/\\1/p')
            ip link set $was down && ip link set $was name %s
            [ -z "%s" ] || ip link set %s netns far
            ip %s addr add 192.0.2.%d/24 dev %s
            ip %s link set %s up''' % (machine.mac(index), name, more, name, more, index + 1, name,
                                       more, name), check=True)
    checks.equal('two NICs of one hub hear each other',
                 machine.wait('ping -c 1 -W 5 192.0.2.2').status, 0)
    machine.monitor('set_link', name='nic1', up=False)
    checks.equal('the link can be taken down',
                 machine.wait('ip netns exec far grep -q 0 /sys/class/net/far/carrier').status, 0)


def its_end(checks, machine):
    process, folder = machine.process, machine.folder
    machine.end()
    checks.check('nothing is left of it', process.poll() is not None and not os.path.exists(folder))


def main():
    needed()
    checks = Checks()
    with Machine(prepare=PREPARE, nics=[('e1000e', 0), ('virtio-net-pci', 0)],
                 modules=['e1000e']) as machine:
        machine.boot()
        for part in (commands, boot_ends, nics_hear_each_other, its_end):
            checks.run(part, machine)
    checks.done()


if __name__ == '__main__':
    main()
