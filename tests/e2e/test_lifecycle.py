#!/usr/bin/python3
"""Start and stop many times, also with SIGKILL, with hugepages where they can be had: nothing is
left that the next start does not clean up, and the first answer comes soon."""
import os
import re
import statistics
import subprocess
import sys
import time

import dns.flags
import dns.message
import dns.query

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from checks import Checks, wait_for  # noqa: E402
from hugepages import Hugepages, OwnPages  # noqa: E402
from resolver import Assayd, enter, lab_info  # noqa: E402

ROUNDS = int(os.environ.get('ASSAY_ROUNDS', '50'))
KILL_EVERY = 3
PAGES = 192  # for two of them: what one that was killed holds is not there at once


def links(namespace):
    run = subprocess.run(['ip', '-n', namespace, '-d', 'link', 'show'], capture_output=True,
                         text=True, check=True)
    names = [line.split(':')[1].strip().split('@')[0] for line in run.stdout.splitlines()
             if line[:1].isdigit()]
    return sorted(names), 'prog/xdp' in run.stdout


def leftovers(namespace, pids):
    """What the processes of these numbers may have left: others on this machine have files, too."""
    names, xdp = links(namespace)
    run = subprocess.run(['ip', 'netns', 'exec', namespace, 'nft', 'list', 'tables'],
                         capture_output=True, text=True)
    files = [os.path.join(folder, name) for folder in ('/var/run/dpdk', '/dev/hugepages')
             if os.path.isdir(folder) for name in os.listdir(folder)]
    ours = {'assay-%d' % pid for pid in pids}
    return {'interfaces': names, 'xdp': xdp, 'nft': run.stdout.strip(),
            'files': [f for f in files if ours & set(re.findall(r'^assay-\d+', os.path.basename(f)))]}


def first_answer(daemon, started):
    query = dns.message.make_query('www.types.nsec.', 'A', want_dnssec=True)
    reply = dns.query.udp(query, daemon.service4, timeout=60)
    return time.monotonic() - started, bool(reply.flags & dns.flags.AD)


def rounds(checks, info, driver, count, pages):
    namespace = info['namespaces']['resolver']
    before = leftovers(namespace, [])
    times, bad, pids, most = [], [], [], 0
    for i in range(count):
        daemon = Assayd(info, driver=driver, log='warning', hugepages='auto')
        try:
            daemon.start()
            pids.append(daemon.process.pid)
            seconds, ad = first_answer(daemon, daemon.started)
            times.append(seconds)
            most = max(most, pages.in_use() or 0)
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
    checks.equal('%s: nothing is left behind' % driver, leftovers(namespace, pids), before)
    if most:
        # The kernel takes the memory of an AF_XDP socket apart after the process has ended.
        wait_for(lambda: pages.in_use() == 0, 10)
        checks.equal('%s: every hugepage of up to %d came back' % (driver, most), pages.in_use(), 0)
    else:
        print('# %s: ran without hugepages, or nobody counts them' % driver)
    if times:
        print('# %s: start to first validated answer: median %.2f s, slowest %.2f s' % (
            driver, statistics.median(times), max(times)))


def main():
    checks = Checks()
    info = lab_info()
    enter(info['namespaces']['client'])
    with Hugepages(PAGES) as reserved, OwnPages() as pages:
        if not reserved.there:
            print('# no hugepages can be reserved here')
        rounds(checks, info, 'af_xdp', ROUNDS, pages)
        rounds(checks, info, 'af_packet', max(3, ROUNDS // 10), pages)
    checks.done()


if __name__ == '__main__':
    main()
