#!/usr/bin/python3
"""The systemd unit: systemd's own checks of it, and that what it allows (capabilities, the filter of
system calls) starts every kind of kernel port, also again; it never gives up on a NIC that is late.
Needs root, exit status 77 without. One TAP line for each check.

    test_unit.py --rights UNIT [-CALL] COMMAND...   runs the command with the unit's rights
"""
import ctypes
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from checks import Checks, wait_for  # noqa: E402
from resolver import ASSAYD, TOP  # noqa: E402
import test_start as start  # noqa: E402

UNIT = os.path.join(TOP, 'docs', 'assayd.service')
EXPOSURE_MAX = 4.5  # of `systemd-analyze security`: below 5 is "OK"
CALLS = '/usr/include/x86_64-linux-gnu/asm/unistd_64.h'
PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, FILTER_MODE = 22, 38, 2
ARCH_X86_64, ALLOW, EPERM_INSTEAD = 0xc000003e, 0x7fff0000, 0x00050001


def settings(path, name):
    """All values of one setting, which may stand in several lines."""
    with open(path) as stream:
        lines = re.findall(r'^%s=(.*)$' % name, stream.read(), re.M)
    return ' '.join(lines).split()


# ---- the rights of a unit ----

def calls_of(name):
    """System calls of a set, by name, sets inside it too."""
    if not name.startswith('@'):
        return {name}
    text = subprocess.run(['systemd-analyze', 'syscall-filter', name], check=True,
                          capture_output=True, text=True).stdout
    found = set()
    for line in text.splitlines()[1:]:
        word = line.strip()
        if word and not word.startswith('#'):
            found |= calls_of(word)
    return found


def filter_calls(names):
    """Allows these and answers all others with EPERM, as SystemCallFilter= does."""
    with open(CALLS) as stream:
        numbers = dict(re.findall(r'#define __NR_(\w+)\s+(\d+)', stream.read()))
    code = [(0x20, 0, 0, 4), (0x15, 1, 0, ARCH_X86_64), (0x06, 0, 0, EPERM_INSTEAD),
            (0x20, 0, 0, 0)]
    for name in sorted(names & set(numbers)):
        code += [(0x15, 0, 1, int(numbers[name])), (0x06, 0, 0, ALLOW)]
    code.append((0x06, 0, 0, EPERM_INSTEAD))
    program = b''.join(struct.pack('=HBBI', *line) for line in code)
    buffer = ctypes.create_string_buffer(program, len(program))
    head = struct.pack('@HP', len(code), ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 or \
            libc.prctl(PR_SET_SECCOMP, FILTER_MODE, head, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), 'seccomp')


def with_rights(unit, command):
    """Replaces this process."""
    without = set()
    while command[0].startswith('-'):
        without.add(command.pop(0)[1:])
    caps = ['-all'] + ['+' + c[len('CAP_'):].lower() for c in settings(unit, 'CapabilityBoundingSet')]
    if os.environ.get('ASSAY_BOUND') is None:
        os.environ['ASSAY_BOUND'] = '1'
        os.execvp('setpriv', ['setpriv', '--bounding-set', ','.join(caps), '--inh-caps=-all',
                              '--no-new-privs', sys.executable, os.path.abspath(__file__),
                              '--rights', unit, *('-' + c for c in without), *command])
    names = {'execve', 'exit', 'exit_group', 'rt_sigreturn'}  # systemd always allows @default
    for name in settings(unit, 'SystemCallFilter') + ['@default']:
        names |= calls_of(name)
    filter_calls(names - without)
    os.execvp(command[0], command)


class UnitDaemon(start.Daemon):
    """As systemd would start it."""

    def launch(self, without=(), environment=None):
        with open(self.log, 'wb') as stream:
            self.process = subprocess.Popen(
                ['ip', 'netns', 'exec', start.SERVER, sys.executable, os.path.abspath(__file__),
                 '--rights', UNIT, *('-' + call for call in without), ASSAYD, '-c', self.config],
                stdout=stream, stderr=stream, env={**os.environ, **(environment or {})})
        return self


# ---- checks ----

def systemds_own_checks(checks, folder):
    path = os.path.join(folder, 'assayd.service')
    with open(UNIT) as stream:
        text = stream.read().replace('@bindir@/assayd', ASSAYD)
    with open(path, 'w') as stream:
        stream.write(text)
    run = subprocess.run(['systemd-analyze', 'verify', '--man=no', path], capture_output=True,
                         text=True)
    complaints = [line for line in run.stderr.splitlines() if 'assayd' in line]
    checks.check('systemd-analyze verify has nothing to say', run.returncode == 0 and not complaints,
                 run.stdout + run.stderr)
    run = subprocess.run(['systemd-analyze', 'security', '--offline=true', path],
                         capture_output=True, text=True)
    found = re.search(r'Overall exposure level for assayd.service: ([0-9.]+)', run.stdout)
    checks.check('systemd-analyze security: at most %.1f' % EXPOSURE_MAX,
                 found and float(found[1]) <= EXPOSURE_MAX, run.stdout[-300:] + run.stderr)


def every_kernel_port_starts(checks, folder, driver):
    """Also the second time, when the state belongs to `user`."""
    daemon = UnitDaemon(folder, driver)
    with open(daemon.config, 'a') as stream:
        stream.write('user: nobody\n')
    state = os.path.dirname(daemon.values['state'])
    for time in ('first', 'second'):
        # systemd gives a state directory back to the unit's own user before each start.
        shutil.chown(state, 0, 0)
        daemon.process = None
        try:
            daemon.launch(environment={'STATE_DIRECTORY': state})
            wait_for(lambda: daemon.process.poll() is not None or daemon.answers_orders(), 20)
            checks.check('%s: starts and answers with the rights of the unit, %s time' % (
                driver, time), daemon.process.poll() is None and daemon.answers(), daemon.text())
            checks.check('%s: the state is locked, %s time' % (driver, time),
                         os.path.exists(daemon.values['state'] + '.lock'), os.listdir(state))
        finally:
            daemon.end()
        checks.equal('%s: and stops, %s time' % (driver, time), daemon.process.returncode, 0)
    left = start.things(0)
    checks.equal('%s: nothing is left' % driver, (left['xdp'], left['tables'], left['tap']),
                 (False, [], False))


def the_filter_filters(checks, folder):
    """Without bpf(2) AF_XDP cannot start: what the other checks say means something."""
    daemon = UnitDaemon(folder)
    daemon.launch(without=['bpf'])
    try:
        status = daemon.process.wait(120)
    except subprocess.TimeoutExpired:
        status = None
        daemon.end()
    checks.equal('without bpf(2) AF_XDP does not start', status, 1)


def a_late_nic_is_waited_for(checks, folder):
    """systemd's part is played here: start it again, as often as the unit says."""
    checks.equal('the unit never gives up', settings(UNIT, 'StartLimitIntervalSec'), ['0'])
    path = os.path.join(folder, 'notify')
    notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notify.bind(path)
    notify.settimeout(120)
    daemon = UnitDaemon(folder)
    start.ip('-n', start.SERVER, 'link', 'set', 'port0', 'down')
    try:
        daemon.launch(environment={'NOTIFY_SOCKET': path})
        checks.equal('a start with the link down fails', daemon.process.wait(120), 1)
        checks.check('and tells systemd why', b'port0 is down' in notify.recv(4096), daemon.text())
        start.ip('-n', start.SERVER, 'link', 'set', 'port0', 'up')
        daemon.launch(environment={'NOTIFY_SOCKET': path})
        checks.equal('once it is up, the next one is ready', notify.recv(4096).split(b'\n')[0],
                     b'READY=1')
        # The client's kernel drops what it sends until it has seen its own end come up.
        checks.check('and answers', wait_for(lambda: daemon.answers(1), 20), daemon.text())
    finally:
        start.ip('-n', start.SERVER, 'link', 'set', 'port0', 'up')
        daemon.end()
        notify.close()


def main():
    if sys.argv[1:2] == ['--rights']:
        with_rights(sys.argv[2], sys.argv[3:])
    if os.geteuid() != 0 or not os.path.exists('/dev/net/tun'):
        print('cannot run: needs root and /dev/net/tun')
        sys.exit(77)
    checks = Checks()
    folder = tempfile.mkdtemp(prefix='assay-unit-')
    os.chmod(folder, 0o755)
    systemd = shutil.which('systemd-analyze') is not None
    try:
        start.set_up()
        if systemd:
            checks.run(systemds_own_checks, folder)
        else:
            checks.skip('systemd-analyze', 'not installed')
        if systemd and shutil.which('setpriv') and os.path.exists(CALLS):
            for driver in ('af_xdp', 'af_packet'):
                checks.run(every_kernel_port_starts, folder, driver)
            checks.run(the_filter_filters, folder)
            checks.run(a_late_nic_is_waited_for, folder)
        else:
            checks.skip('the rights of the unit', 'needs systemd-analyze, setpriv and an x86-64')
    finally:
        start.tear_down()
        shutil.rmtree(folder, ignore_errors=True)
    checks.done()


if __name__ == '__main__':
    main()
