#!/usr/bin/python3
"""Starts beside others that run: one that fails harms nobody, says whose the thing is that it
wanted, and leaves with the documented status; after a kill the next one starts at once. Veth pairs
between two namespaces of its own; needs root, exit status 77 without. One TAP line for each check.
"""
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import dns.exception
import dns.message
import dns.query
import dns.rdataclass

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from checks import Checks, wait_for  # noqa: E402
from resolver import ASSAYCTL, ASSAYD, devices, enter  # noqa: E402

IN_USE = 3
SERVER, CLIENT = 'ast-s-%d' % os.getpid(), 'ast-c-%d' % os.getpid()
TEMPLATE = '''\
ports:
  - device: "{device}"
service:
  addresses: [{address}/24]
  tap: {tap}
{service}
cores: {{poll: [{cpu}], mode: adaptive}}
memory: {{cache: 16M, packets: 64M, hugepages: {hugepages}}}
access: {{allow: [{allow}]}}
answers: {{version: assay}}
upstream: {{{upstream}}}
trust: {{state: '{state}'}}
control: {{socket: '{socket}'}}
{more}
'''


def ip(*arguments, check=True):
    return subprocess.run(['ip', *arguments], check=check, capture_output=True, text=True).stdout


def set_up():
    for name in (SERVER, CLIENT):
        ip('netns', 'add', name)
        ip('-n', name, 'link', 'set', 'lo', 'up')
    ip('-n', SERVER, 'link', 'add', 'up0', 'type', 'veth', 'peer', 'name', 'up1')
    for name in ('up0', 'up1'):
        ip('-n', SERVER, 'link', 'set', name, 'up')
    for n in (0, 1):
        ip('-n', CLIENT, 'link', 'add', 'peer%d' % n, 'type', 'veth', 'peer', 'name', 'port%d' % n,
           'netns', SERVER)
        ip('-n', SERVER, 'link', 'set', 'port%d' % n, 'addrgenmode', 'none', 'up')
        ip('-n', CLIENT, 'addr', 'add', '192.0.%d.1/24' % (2 + n), 'dev', 'peer%d' % n)
        ip('-n', CLIENT, 'link', 'set', 'peer%d' % n, 'up')
    enter(CLIENT)


def tear_down():
    for name in (SERVER, CLIENT):
        ip('netns', 'del', name, check=False)


class Daemon:
    """An assayd whose interface, tap, socket and state are all its own, but for what is given."""
    count = 0

    def __init__(self, folder, driver='af_xdp', n=0, **given):
        Daemon.count += 1
        name = '%s/%d' % (folder, Daemon.count)
        values = dict(device=devices('port%d' % n)[driver], address='192.0.%d.53' % (2 + n),
                      tap='tap%d' % n, cpu=sorted(os.sched_getaffinity(0))[-1],
                      state=name + '/trust.state', socket=name + '.sock', hugepages='off', service='',
                      upstream='interface: up0', allow='192.0.%d.0/24' % (2 + n), more='')
        values.update(given)
        os.mkdir(name)
        self.values, self.config, self.log = values, name + '.yaml', name + '.log'
        self.address, self.socket = values['address'], values['socket']
        with open(self.config, 'w') as stream:
            stream.write(TEMPLATE.format(**values))
        self.process = None

    def launch(self, *before):
        """before: a command that starts it."""
        with open(self.log, 'wb') as stream:
            self.process = subprocess.Popen(
                ['ip', 'netns', 'exec', SERVER, *before, ASSAYD, '-c', self.config], stdout=stream,
                stderr=stream)
        return self

    def start(self):
        self.launch()
        wait_for(lambda: self.process.poll() is not None or self.answers_orders(), 20)
        if self.process.poll() is not None or not self.answers_orders():
            raise RuntimeError('assayd does not start:\n' + self.text())
        return self

    def answers_orders(self):
        return subprocess.run([ASSAYCTL, '-s', self.socket, 'status'],
                              capture_output=True).returncode == 0

    def refused(self, *before):
        """Exit status and log of one that must not start."""
        self.launch(*before)
        try:
            status = self.process.wait(120)
        except subprocess.TimeoutExpired:
            status = None
            self.end()
        return status, self.text()

    def text(self):
        with open(self.log, errors='replace') as stream:
            return stream.read()

    def answers(self, limit_s=20):
        """By the packet path and by TCP through the tap."""
        query = dns.message.make_query('version.bind.', 'TXT', dns.rdataclass.CH)
        try:
            for _ in range(4):
                dns.query.udp(query, self.address, timeout=limit_s)
            dns.query.tcp(query, self.address, timeout=limit_s)
        except (dns.exception.DNSException, OSError):
            return False
        return True

    def end(self, how=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(60)


def things(n):
    """What must stay of a daemon that runs on port n."""
    link = ip('-n', SERVER, 'link', 'show', 'port%d' % n)
    tables = subprocess.run(['ip', 'netns', 'exec', SERVER, 'nft', 'list', 'tables'],
                            capture_output=True, text=True).stdout
    return {'xdp': 'prog/xdp' in link, 'tables': sorted(tables.splitlines()),
            'tap': 'tap%d' % n in ip('-n', SERVER, 'link')}


def same_file_twice(checks, folder, driver):
    first = Daemon(folder, driver).start()
    second = Daemon(folder, driver)
    second.config, second.socket = first.config, first.socket
    try:
        checks.check('%s: the first one answers' % driver, first.answers(), first.text())
        before = things(0)
        status, text = second.refused()
        checks.equal('%s: the second one leaves with the status for it' % driver, status, IN_USE)
        checks.check('%s: it names process and configuration of the first' % driver,
                     'process %d, configuration %s' % (first.process.pid, first.config) in text, text)
        checks.equal('%s: all that the first one has is there' % driver, things(0), before)
        checks.check('%s: the first one goes on answering' % driver, first.answers(5), first.text())
        first.end(signal.SIGKILL)
        second.start()
        checks.check('%s: after a kill a start works at once' % driver, second.answers(),
                     second.text())
    finally:
        first.end()
        second.end()


def one_thing_shared(checks, folder, driver):
    first = Daemon(folder, driver).start()
    try:
        shared = {'interface': dict(device=first.values['device']),
                  'tap': dict(tap=first.values['tap']),
                  'control socket': dict(socket=first.values['socket']),
                  'state': dict(state=first.values['state'])}
        other = 'af_packet' if driver == 'af_xdp' else 'af_xdp'
        shared['interface by another driver'] = dict(device=devices('port0')[other])
        before = things(0)
        for what, given in shared.items():
            second = Daemon(folder, driver, 1, **given)
            status, text = second.refused()
            checks.equal('%s: %s shared: status' % (driver, what), status, IN_USE)
            checks.check('%s: %s shared: says whose it is' % (driver, what),
                         what.split()[0] in text and first.config in text, text)
        checks.equal('%s: all that the first one has is there' % driver, things(0), before)
        checks.check('%s: the first one goes on answering' % driver, first.answers(5), first.text())
    finally:
        first.end()


def side_by_side(checks, folder):
    first, second = Daemon(folder, 'af_packet').start(), Daemon(folder, 'af_xdp', 1)
    try:
        before = things(0)
        second.start()
        checks.check('beside: both answer', first.answers() and second.answers(),
                     first.text() + second.text())
        second.end()
        checks.equal('beside: the end of one takes nothing of the other', things(0), before)
        checks.check('beside: the other goes on', first.answers(5), first.text())
    finally:
        first.end()
        second.end()


def a_name_taken_without_rights(checks, folder):
    """Any user may bind the abstract name of a lock."""
    code = ('import os, socket, sys, time; os.setuid(65534); s = socket.socket(socket.AF_UNIX); '
            's.bind("\\0assay/interface/port0"); print(flush=True); time.sleep(600)')
    squatter = subprocess.Popen(['ip', 'netns', 'exec', SERVER, sys.executable, '-c', code],
                                stdout=subprocess.PIPE)
    daemon = Daemon(folder)
    try:
        squatter.stdout.readline()
        daemon.start()
        checks.check('a user without rights keeps nobody from starting', daemon.answers(),
                     daemon.text())
        checks.check('and is named', 'user 65534' in daemon.text(), daemon.text())
    finally:
        daemon.end()
        squatter.kill()
        squatter.wait()


def without_rights(checks, folder, driver):
    daemon = Daemon(folder, driver)
    status, text = daemon.refused('setpriv', '--bounding-set=-all', '--inh-caps=-all')
    lacks = ('CAP_NET_ADMIN', 'CAP_NET_RAW', 'CAP_SYS_ADMIN')[:3 if driver == 'af_xdp' else 2]
    checks.check('%s without rights: refused, and each is named' % driver,
                 status == 1 and all(name in text for name in lacks), '%s\n%s' % (status, text))
    checks.check('%s without rights: in one line' % driver, text.count('\n') == 1, text)


def a_driver_without_xdp(checks, folder):
    """A bridge, as many a NIC: the kernel's generic XDP is not what net_af_xdp asks for."""
    ip('-n', SERVER, 'link', 'add', 'br0', 'type', 'bridge')
    ip('-n', SERVER, 'link', 'set', 'br0', 'addrgenmode', 'none', 'up')
    try:
        status, text = Daemon(folder, device='net_af_xdp0,iface=br0').refused()
        checks.check('a driver without XDP: refused, with the device to write instead', status == 1 and
                     'the driver of br0 has no XDP of its own' in text and
                     'write net_af_packet0,iface=br0' in text, '%s\n%s' % (status, text))
        checks.check('and nothing is left on the interface',
                     'xdp' not in ip('-n', SERVER, 'link', 'show', 'br0'))
        daemon = Daemon(folder, device='net_af_packet0,iface=br0')
        try:
            daemon.start()
            checks.check('which starts', True)
        finally:
            daemon.end()
    finally:
        ip('-n', SERVER, 'link', 'del', 'br0')


def few_descriptors(checks, folder):
    status, text = Daemon(folder).refused('prlimit', '--nofile=12')
    checks.check('few descriptors: said as it is', status == 1 and 'Too many open files' in text,
                 '%s\n%s' % (status, text))


def closed_descriptors(checks, folder):
    daemon = Daemon(folder)
    try:
        daemon.launch('bash', '-c', 'exec "$@" <&- >&- 2>&-', 'closed')
        checks.check('closed descriptors: it answers', wait_for(daemon.answers_orders, 60))
        opened = [os.readlink('/proc/%d/fd/%d' % (daemon.process.pid, fd)) for fd in range(3)]
        checks.equal('closed descriptors: nothing else has their numbers', opened, 3 * ['/dev/null'])
    finally:
        daemon.end()
    checks.equal('closed descriptors: it stops in order', daemon.process.returncode, 0)


def takes_signals(pid):
    with open('/proc/%d/status' % pid) as stream:
        fields = dict(line.split(':\t') for line in stream if ':\t' in line)
    return int(fields['SigBlk'], 16) & 1 << signal.SIGTERM - 1


def ended_while_it_starts(checks, folder):
    daemon = Daemon(folder)
    daemon.launch()
    wait_for(lambda: takes_signals(daemon.process.pid), 20)
    daemon.end()
    checks.equal('told to end while it starts: in order', daemon.process.returncode, 0)
    checks.check('told to end while it starts: it has answered nobody', 'answers' not in daemon.text(),
                 daemon.text())


def socket_removed_below_a_user(checks, folder):
    """The folder that the unit's RuntimeDirectory= makes is root's, and the daemon no longer root."""
    runtime = os.path.join(folder, 'runtime')
    os.mkdir(runtime, 0o755)
    os.chmod(folder, 0o755)
    daemon = Daemon(folder, socket=runtime + '/control.sock', state='', more='user: nobody')
    try:
        daemon.launch('env', 'RUNTIME_DIRECTORY=' + runtime)
        checks.check('it starts as its user', wait_for(daemon.answers_orders, 20), daemon.text())
        os.unlink(daemon.socket)
        checks.check('a control socket that was removed is made anew there', wait_for(daemon.answers_orders, 10),
                     daemon.text())
    finally:
        daemon.end()
    checks.check('and removed at the end', not os.path.exists(daemon.socket))


def hugepages_taken_after_they_were_counted(checks, folder):
    """The kernel's count says that there is one, and nobody gets it: what a neighbour that starts at
    the same moment makes of it."""
    counts = os.path.join(folder, 'counts', 'hugepages-1048576kB')
    os.makedirs(counts)
    for name, count in (('nr', 1), ('free', 1), ('resv', 0), ('surplus', 0), ('nr_overcommit', 0)):
        with open(os.path.join(counts, name + '_hugepages'), 'w') as stream:
            stream.write('%d\n' % count)
    before = ('sh', '-c', 'mount --bind %s /sys/kernel/mm/hugepages && exec "$@"'
              % os.path.dirname(counts), 'sh')
    daemon = Daemon(folder, hugepages='auto')
    daemon.launch(*before)
    wait_for(lambda: daemon.process.poll() is not None or daemon.answers_orders(), 30)
    checks.check('auto: it starts without them, in the same process, and answers',
                 daemon.process.poll() is None and daemon.answers(), daemon.text())
    checks.check('and says so', 'hugepages that were free are gone' in daemon.text(), daemon.text())
    daemon.end()
    checks.equal('it ends as ever', daemon.process.returncode, 0)
    status, text = Daemon(folder, hugepages='require').refused(*before)
    checks.check('require: it does not start, and says what is missing',
                 status == 1 and 'hugepages' in text, '%s\n%s' % (status, text))


def main():
    if os.geteuid() != 0 or not os.path.exists('/dev/net/tun'):
        print('cannot run: needs root and /dev/net/tun')
        sys.exit(77)
    checks = Checks()
    folder = tempfile.mkdtemp(prefix='assay-start-')
    try:
        set_up()
        for driver in ('af_xdp', 'af_packet'):
            checks.run(lambda c: same_file_twice(c, folder, driver))
            checks.run(lambda c: one_thing_shared(c, folder, driver))
            checks.run(without_rights, folder, driver)
        checks.run(side_by_side, folder)
        for part in (a_name_taken_without_rights, few_descriptors, a_driver_without_xdp, closed_descriptors, ended_while_it_starts,
                     socket_removed_below_a_user, hugepages_taken_after_they_were_counted):
            checks.run(part, folder)
    finally:
        tear_down()
        shutil.rmtree(folder, ignore_errors=True)
    checks.done()


if __name__ == '__main__':
    main()
