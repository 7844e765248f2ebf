#!/usr/bin/python3
"""Start and stop many times, also with SIGKILL, with hugepages where they can be had: nothing is
left that the next start does not clean up, and the first answer comes soon."""
import glob
import os
import statistics
import subprocess
import sys
import time

import dns.flags
import dns.message
import dns.query

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from checks import Checks, wait_for  # noqa: E402
from resolver import Assayd, enter, lab_info  # noqa: E402

ROUNDS = int(os.environ.get('ASSAY_ROUNDS', '50'))
KILL_EVERY = 3
HUGEPAGES = '/sys/kernel/mm/hugepages/hugepages-2048kB/'


def number(path):
    with open(path) as stream:
        return int(stream.read())


class Hugepages:
    """Reserves pages for the run and gives them back."""

    def __enter__(self):
        try:
            self.before = number(HUGEPAGES + 'nr_hugepages')
            if self.before < 96:
                with open(HUGEPAGES + 'nr_hugepages', 'w') as stream:
                    stream.write('96')
            self.there = number(HUGEPAGES + 'nr_hugepages') >= 96
        except OSError:
            self.before, self.there = None, False
        return self

    def __exit__(self, *error):
        if self.before is not None:
            with open(HUGEPAGES + 'nr_hugepages', 'w') as stream:
                stream.write(str(self.before))


def links(namespace):
    run = subprocess.run(['ip', '-n', namespace, '-d', 'link', 'show'], capture_output=True,
                         text=True, check=True)
    names = [line.split(':')[1].strip().split('@')[0] for line in run.stdout.splitlines()
             if line[:1].isdigit()]
    return sorted(names), 'prog/xdp' in run.stdout


def leftovers(namespace):
    names, xdp = links(namespace)
    files = [os.path.join('/dev/hugepages', f) for f in os.listdir('/dev/hugepages')] \
        if os.path.isdir('/dev/hugepages') else []
    run = subprocess.run(['ip', 'netns', 'exec', namespace, 'nft', 'list', 'tables'],
                         capture_output=True, text=True)
    return {'interfaces': names, 'xdp': xdp, 'hugepage files': files,
            'nft': run.stdout.strip(),
            'runtime': sorted(f for f in os.listdir('/var/run/dpdk')) if os.path.isdir(
                '/var/run/dpdk') else []}


def more_than(before, now):
    """What is there now and was not: others that run on this machine may end meanwhile."""
    return {what: [f for f in now[what] if f not in before[what]] if isinstance(now[what], list)
            else now[what] for what in now
            if now[what] != before[what] and (not isinstance(now[what], list) or
                                              set(now[what]) - set(before[what]))}


def first_answer(daemon, started):
    query = dns.message.make_query('www.types.nsec.', 'A', want_dnssec=True)
    reply = dns.query.udp(query, daemon.service4, timeout=60)
    return time.monotonic() - started, bool(reply.flags & dns.flags.AD)


def pages_of_processes():
    """Hugepages that some process has mapped."""
    pages = 0
    for rollup in glob.glob('/proc/[0-9]*/smaps_rollup'):
        try:
            with open(rollup) as stream:
                pages += sum(int(line.split()[1]) for line in stream if 'Hugetlb:' in line) // 2048
        except OSError:
            pass  # it has ended
    return pages


def lost_pages():
    """Hugepages that are neither free nor any process's: others on this machine may use some, and
    come and go."""
    return number(HUGEPAGES + 'nr_hugepages') - number(HUGEPAGES + 'free_hugepages') - pages_of_processes()


def settled(wanted):
    """What is lost once the kernel has let go of the pages of an AF_XDP socket, which it does in
    work of its own, after the process has ended."""
    wait_for(lambda: lost_pages() <= wanted, 10)
    return lost_pages()


def rounds(checks, info, driver, count):
    namespace = info['namespaces']['resolver']
    before = leftovers(namespace)
    times, bad = [], []
    lost = lost_pages() if os.path.isdir(HUGEPAGES) else 0
    for i in range(count):
        daemon = Assayd(info, driver=driver, log='warning')
        try:
            daemon.start()
            seconds, ad = first_answer(daemon, daemon.started)
            times.append(seconds)
            if not ad:
                bad.append('round %d: no AD' % i)
            if i % KILL_EVERY == KILL_EVERY - 1 and i != count - 1:
                daemon.kill()
            elif daemon.stop() != 0:
                bad.append('round %d: status %d\n%s' % (i, daemon.process.returncode,
                                                        daemon.log_text()))
        except Exception as error:
            bad.append('round %d: %s' % (i, error))
        finally:
            if daemon.process and daemon.process.poll() is None:
                daemon.kill()
            daemon.remove()
    checks.check('%s: %d starts and stops, every third by SIGKILL' % (driver, count), not bad,
                 '\n'.join(bad))
    checks.equal('%s: nothing is left behind' % driver, more_than(before, leftovers(namespace)), {})
    if os.path.isdir(HUGEPAGES):
        still = settled(lost)
        checks.check('%s: every hugepage came back' % driver, still <= lost,
                     '%d are nobody\'s, %d before' % (still, lost))
    if times:
        print('# %s: start to first validated answer: median %.2f s, slowest %.2f s' % (
            driver, statistics.median(times), max(times)))


def main():
    checks = Checks()
    info = lab_info()
    enter(info['namespaces']['client'])
    with Hugepages() as pages:
        if not pages.there:
            print('# no hugepages can be reserved here')
        rounds(checks, info, 'af_xdp', ROUNDS)
        rounds(checks, info, 'af_packet', max(3, ROUNDS // 10))
    checks.done()


if __name__ == '__main__':
    main()
