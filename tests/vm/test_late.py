#!/usr/bin/python3
"""What is late or wrong at boot, one by one, under systemd: interfaces, the link, addresses, the file
system of the state, the clock; and a machine that stood still. The unit waits and says for what, and
answers once it is there. Needs root and what `scripts/setup vm` installs, exit status 77 without. One
TAP line for each check."""
import os
import signal
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), 'e2e')]
from checks import Checks, wait_for  # noqa: E402
from machine import Machine, needed  # noqa: E402
import service  # noqa: E402

# Neither the port's interface nor an address for questions to servers is there at boot.
LATE = service.NETWORK.replace('ip addr add 198.51.100.2/24 dev up0\n', '')
VETH_DOWN = service.VETH.replace('ip -n far link set far0 up\n', '').replace('none up', 'none')
PAUSE_S = 50


def says(machine, words):
    """What the daemon tells systemd has all of these words."""
    return wait_for(lambda: all(word in service.status_text(machine) for word in words), 30, 1)


def answered(checks, name, machine):
    return checks.check(name, service.answers(machine).status == 0, service.told(machine))


def nic_link_and_address(checks, machine):
    checks.check('no interface for the port: it says so', says(machine, ['cannot start', 'near0']),
                 service.told(machine))
    machine.run(VETH_DOWN, check=True)
    checks.check('the interface is there and down: it says so', says(machine, ['near0 is down']),
                 service.told(machine))
    machine.run('ip link set near0 up', check=True)
    machine.wait('systemctl is-active assayd')
    checks.equal('once it is up it starts, without a link', service.state(machine), 'active')
    machine.run('ip -n far link set far0 up', check=True)
    machine.run('ip addr add 198.51.100.2/24 dev up0', check=True)
    answered(checks, 'and answers once there is an address for its questions', machine)


def state_read_only(checks, machine):
    checks.check('it is started after the file system of its state', '/var/lib/assay' in machine.run(
        'systemctl show -P RequiresMountsFor assayd').text)
    machine.run('systemctl stop assayd; mount -t tmpfs -o ro tmpfs /var/lib; '
                'systemctl start --no-block assayd', 60, check=True)
    checks.check('read-only: systemctl status says what is wrong', machine.wait(
        'systemctl status --no-pager --full assayd | grep -q STATE_DIRECTORY').status == 0,
                 service.told(machine))
    machine.wait('test "$(systemctl show -P NRestarts assayd)" -ge 2')
    machine.run('mount -o remount,rw /var/lib', check=True)
    answered(checks, 'read-only: it answers once it can be written', machine)


def state_full(checks, machine, anchor):
    machine.put('/etc/assay/assayd.yaml', service.config(anchor, follow='true'))
    machine.run('systemctl stop assayd; umount /var/lib; mount -t tmpfs -o size=64k tmpfs /var/lib; '
                'mkdir /var/lib/assay; dd if=/dev/zero of=/var/lib/fill bs=4k; '
                'systemctl start --no-block assayd', 60)
    answered(checks, 'full: it answers', machine)
    checks.check('full: and says that nothing is kept', says(machine, ['state']), service.told(machine))
    machine.run('rm /var/lib/fill', check=True)
    checks.check('full: the alarm ends with the cause', wait_for(
        lambda: 'state' not in service.status_text(machine), 60, 1), service.told(machine))
    machine.put('/etc/assay/assayd.yaml', service.config(anchor))


def clock_before_ntp(checks, machine):
    machine.run('systemctl stop assayd', 60)
    # The kernel takes no date that is less than its uptime.
    machine.run('date --set "1970-01-02 UTC" && systemctl start --no-block assayd', check=True)
    checks.check('1970: it runs and says that the clock is wrong', says(machine, ['critical clock']),
                 service.told(machine))
    # systemd's watchdog and timers see the jump as well.
    machine.run('date --set @%d' % time.time(), check=True)
    answered(checks, 'a jump of decades: names are validated', machine)
    checks.check('and the alarm is over', wait_for(
        lambda: 'clock' not in service.status_text(machine), 30, 1), service.status_text(machine))
    checks.equal('it was not started again for that', machine.run(
        'systemctl show -P NRestarts assayd').text.strip(), '0')


def age(machine):
    """TTL of the cached answer, and the guest's uptime, suspends included."""
    answer = service.answers(machine).text
    ttl = [int(line.split()[1]) for line in answer.splitlines() if line.startswith('www.vm.test.')]
    return ttl[0], float(machine.run('cut -d" " -f1 /proc/uptime').text)


def a_machine_that_stood_still(checks, machine):
    """Its processors' counter jumps; its clock may jump less (HPET wraps after 43 s)."""
    ttl, up = age(machine)
    machine.process.send_signal(signal.SIGSTOP)
    try:
        time.sleep(PAUSE_S)  # what is tested: nothing can be waited for
    finally:
        machine.process.send_signal(signal.SIGCONT)
    for _ in range(3):
        later, then = age(machine)
    checks.check('the cache aged as the guest did', abs((ttl - later) - (then - up)) <= 10,
                 'TTL %d at %.1f s, %d at %.1f s' % (ttl, up, later, then))
    answered(checks, 'and goes on', machine)
    machine.monitor('stop')
    machine.monitor('cont')
    answered(checks, 'also after a stop by the monitor', machine)


def main():
    needed()
    checks = Checks()
    with Machine(prepare=service.PREPARE) as machine:
        anchor = service.fill(machine.share, LATE)
        machine.boot()
        checks.run(nic_link_and_address, machine)
        checks.run(clock_before_ntp, machine)
        checks.run(a_machine_that_stood_still, machine)
        checks.run(state_read_only, machine)
        checks.run(state_full, machine, anchor)
    checks.done()


if __name__ == '__main__':
    main()
