"""dnsperf as a client in the lab. What it got no answer to is looked for along the way: whether the
daemon lost it, or a machine that has other things to do."""
import glob
import re
import subprocess

from checks import wait_for

PATIENCE_S = 30  # for a process that waits for its turn; the daemon says something within 7
# A poll-mode core that waited so long for a CPU did not empty its ring meanwhile.
NO_CPU_S = 0.2
# Of a question that reached the port. The other reasons to drop are no questions' or no good ones'.
UNANSWERED = ['dataplane.ticket.failed', 'dataplane.ticket.dropped', 'dataplane.tx_dropped'] + [
    'dataplane.drop.' + reason for reason in ('miss_full', 'no_mbuf', 'render')]


def waited_s(process):
    """How long poll-mode cores were ready to run and had no CPU."""
    total = 0
    for task in glob.glob('/proc/%d/task/*' % process.pid):
        with open(task + '/comm') as stream:
            if stream.read().startswith('assay-poll'):
                with open(task + '/schedstat') as delays:
                    total += int(delays.read().split()[1]) / 1e9
    return total


class Dnsperf:
    """One run; its figures are there after finish()."""

    def __init__(self, info, daemon, names, *options):
        self.client, self.interface = info['namespaces']['client'], info['client']['interface']
        self.daemon = daemon
        self.before = self.look()
        self.process = subprocess.Popen(
            self.inside('dnsperf', '-s', daemon.service4, '-d', names, '-t', str(PATIENCE_S), '-b',
                        '200', *options),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def inside(self, *command):
        return ['ip', 'netns', 'exec', self.client, *command]

    def read(self, path):
        return subprocess.run(self.inside('cat', path), check=True, capture_output=True, text=True).stdout

    def look(self):
        udp = [line.split()[1:] for line in self.read('/proc/net/snmp').splitlines()
               if line.startswith('Udp:')]
        return {
            **self.daemon.stats(),
            'no room at the client': int(dict(zip(*udp))['RcvbufErrors']),
            'no room in the wire': int(self.read('/sys/class/net/%s/statistics/tx_dropped' %
                                                 self.interface)),
            'waited_s': waited_s(self.daemon.process),
        }

    def finish(self, limit_s=600):
        """Its output; every question that the daemon had then has been answered."""
        try:
            self.text = self.process.communicate(timeout=limit_s)[0]
        finally:
            self.end()
        wait_for(lambda: self.daemon.stats()['dataplane.ticket.outstanding'] == 0, 30)
        self.after = self.look()
        return self.text

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def field(self, name):
        found = re.search(re.escape(name) + r':\s+([\d.]+)', self.text)
        return int(float(found.group(1))) if found else 0

    def codes(self):
        found = re.search(r'Response codes:\s+(.*)', self.text)
        return dict(re.findall(r'(\w+) (\d+)', found.group(1))) if found else {}

    def moved(self, name):
        return self.after[name] - self.before.get(name, 0)

    def losses(self):
        """Questions that were lost: (by the daemon, for no known reason, by the machine)."""
        daemon = sum(self.moved(name) for name in UNANSWERED if name in self.after)
        reached = sum(self.moved(name) for name in ('dataplane.hit', 'dataplane.ticketed',
                                                    'dataplane.drop.miss_full'))
        on_the_way = self.field('Queries sent') - reached
        lost = self.field('Queries lost')
        machine = self.moved('no room in the wire') + self.moved('no room at the client')
        missed = sum(self.moved(name) for name in self.after
                     if re.match(r'port\.\d+\.rx_(missed|no_mbuf)$', name))
        if self.moved('waited_s') < NO_CPU_S:
            daemon += missed
        else:
            machine += missed
        return daemon, max(0, max(lost, on_the_way) - machine), min(lost, machine)

    def nothing_lost(self, checks, name):
        daemon, unexplained, machine = self.losses()
        if machine:
            print('# %s: %d of %d lost by the machine; poll-mode cores had no CPU for %.1f s' % (
                name, machine, self.field('Queries sent'), self.moved('waited_s')))
        said = '\n'.join('%s +%s' % (k, self.moved(k)) for k in sorted(self.after)
                         if self.moved(k) and not k.startswith(('resolver.', 'upstream.', 'cache.')))
        summary = '\n'.join(line for line in self.text.splitlines() if 'Timeout' not in line)
        checks.check('%s: nothing lost' % name, self.field('Queries sent') > 0 and
                     (daemon, unexplained) == (0, 0),
                     '%d by the daemon, %d unexplained, %d by the machine\n%s\n%s' % (
                         daemon, unexplained, machine, said, summary))
