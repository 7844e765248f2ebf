#!/usr/bin/python3
"""The shipped unit under systemd: boot to the first validated answer, ports of every kind that the
manual names with the unit's own capabilities and filter of system calls, restart, crash, stop. Needs
root and what `scripts/setup vm` installs, exit status 77 without. One TAP line for each check."""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), 'e2e')]
from checks import Checks  # noqa: E402
from machine import Machine, needed  # noqa: E402
import service  # noqa: E402
from test_unit import EXPOSURE_MAX  # noqa: E402

IOMMU = ('disable-legacy=on', 'iommu_platform=on')
NICS = [('e1000e', 0), ('virtio-net-pci', 0, *IOMMU), ('virtio-net-pci', 0)]


def boot_to_the_first_answer(checks, machine):
    checks.check('after a boot the client gets a validated answer',
                 service.answers(machine, 120).status == 0, service.told(machine))
    checks.equal('the unit is active', service.state(machine), 'active')
    print('#| first validated answer %s s after the kernel began (emulated)' %
          machine.run('cut -d" " -f1 /proc/uptime').text.strip())


def its_rights(checks, machine):
    text = machine.run('cat /proc/$(systemctl show -P MainPID assayd)/status').text
    fields = dict(line.split(':\t', 1) for line in text.splitlines() if ':\t' in line)
    checks.equal('the filter of system calls is on', fields.get('Seccomp'), '2')
    checks.equal('no new privileges', fields.get('NoNewPrivs'), '1')
    # NET_BIND_SERVICE 10, NET_ADMIN 12, NET_RAW 13
    checks.equal('only what the unit says is kept once the ports are open',
                 int(fields.get('CapEff', '-1'), 16), 1 << 10 | 1 << 12 | 1 << 13)
    run = machine.run('systemd-analyze verify --man=no /etc/systemd/system/assayd.service', 60)
    checks.check('systemd-analyze verify has nothing to say',
                 run.status == 0 and 'assayd' not in run.error, run.error)
    run = machine.run('systemd-analyze security --no-pager assayd', 60)
    found = [line for line in run.text.splitlines() if 'Overall exposure' in line]
    checks.check('systemd-analyze security: at most %.1f' % EXPOSURE_MAX,
                 found and float(found[0].split(':')[1].split()[0]) <= EXPOSURE_MAX, run.text[-300:])


def restart_and_crash(checks, machine):
    machine.run('systemctl restart assayd', 60)
    checks.check('a restart answers again', service.answers(machine).status == 0, service.told(machine))
    machine.run('systemctl kill --signal=KILL --kill-whom=main assayd')
    machine.wait('test "$(systemctl show -P NRestarts assayd)" -ge 1')
    checks.check('after a crash systemd starts it, and it answers', service.answers(machine).status == 0,
                 service.told(machine))


def stop(checks, machine, kind):
    machine.run('systemctl stop assayd', 60)
    checks.equal('%s: stopped' % kind, service.state(machine), 'inactive')
    checks.equal('%s: nothing is left' % kind, service.leftovers(machine), '')


def port(checks, machine, kind, device, anchor, hugepages='off'):
    machine.put('/etc/assay/assayd.yaml', service.config(anchor, device, hugepages))
    started = machine.run('systemctl start assayd', 60)
    checks.check('%s: starts, and a validated answer comes by it' % kind,
                 started.status == 0 and service.answers(machine).status == 0, service.told(machine))
    stop(checks, machine, kind)


def pci_ports(checks, machine, anchor):
    """The client's link becomes a NIC that hears those of the ports."""
    machine.run('ip link del near0', check=True)
    machine.run(service.to_far(machine.mac(2)), check=True)
    for index, kind in enumerate(('e1000e on vfio-pci', 'virtio on vfio-pci')):
        device = machine.run(service.to_vfio(machine.mac(index)), check=True).text.strip()
        port(checks, machine, kind, device, anchor, 'auto')
    machine.run('sysctl -q vm.nr_hugepages=128')
    port(checks, machine, 'virtio on vfio-pci with hugepages', device, anchor, 'require')


def nothing_was_refused(checks, machine):
    killed = machine.run('dmesg | grep -iE "seccomp|type=1326|segfault"; '
                         'journalctl -b --no-pager | grep -E "core-dump|SIGSYS|timed out. Terminating"').text
    checks.equal('no call was killed, nothing crashed or hung', killed, '')


def main():
    needed()
    checks = Checks()
    with Machine(prepare=service.PREPARE, nics=NICS, iommu=True, memory_mb=1536,
                 modules=['e1000e', 'vfio-pci', 'vfio_iommu_type1']) as machine:
        anchor = service.fill(machine.share)
        machine.boot()
        for part in (boot_to_the_first_answer, its_rights, restart_and_crash):
            checks.run(part, machine)
        checks.run(stop, machine, 'net_af_xdp')
        checks.run(port, machine, 'net_af_packet', 'net_af_packet0,iface=near0', anchor)
        checks.run(pci_ports, machine, anchor)
        checks.run(nothing_was_refused, machine)
    checks.done()


if __name__ == '__main__':
    main()
