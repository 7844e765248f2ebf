#!/usr/bin/python3
"""A provider stops answering while dnsperf asks for names with a second provider and TTLs shorter
than the outage, so that misses occur: no SERVFAIL, nothing lost; the slowest answer is reported.
Before it: cached names are answered by the poll-mode cores."""
import os
import re
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from checks import Checks  # noqa: E402
from dnsperf import Dnsperf  # noqa: E402
from resolver import Assayd, lab, lab_info  # noqa: E402

OUTAGE_S = int(os.environ.get('ASSAY_OUTAGE', '15'))


def dnsperf(info, daemon, names, *options):
    run = Dnsperf(info, daemon, names, *options)
    run.finish()
    return run


def distinct(names):
    with open(names) as stream:
        lines = {line.split()[0].rstrip('.') for line in stream if line.strip()}
    return len(lines), len({'.'.join(n.split('.')[-2:]) for n in lines})


def lasting(info, daemon):
    """The names whose TTL is longer than this test: those with short TTLs are for outages."""
    with open(info['files']['names-multi.dnsperf']) as stream:
        brief = {'.'.join(line.split()[0].split('.')[-2:]) for line in stream}
    names = os.path.join(daemon.workdir, 'lasting.dnsperf')
    with open(info['files']['names.dnsperf']) as stream, open(names, 'w') as out:
        out.writelines(line for line in stream
                       if '.'.join(line.split()[0].split('.')[-2:]) not in brief)
    return names


def cached(checks, info, daemon):
    names = lasting(info, daemon)
    count, zones = distinct(names)
    checks.check('at least 10,000 names of 100 zones', count >= 10000 and zones >= 100,
                 '%d names, %d zones' % (count, zones))
    dnsperf(info, daemon, names, '-n', '1', '-q', '100').nothing_lost(checks, 'warm-up')
    # What took its time the first time is cached by now.
    dnsperf(info, daemon, names, '-n', '1', '-q', '100')
    run = dnsperf(info, daemon, names, '-n', '10', '-q', '100')
    sent, answered = run.field('Queries sent'), run.field('Queries completed')
    checks.check('100,000 queries', sent >= 100000, run.text)
    run.nothing_lost(checks, 'from the cache')
    checks.equal('all NOERROR', run.codes(), {'NOERROR': str(answered)})
    hits = run.moved('dataplane.hit')
    print('# %d queries, %d (%.2f %%) answered by the poll-mode cores' % (
        sent, hits, 100.0 * hits / max(sent, 1)))
    checks.check('99 % of them answered by the poll-mode cores', hits >= 0.99 * answered,
                 '%d of %d' % (hits, answered))


def outage(checks, info, daemon, provider):
    names = info['files']['names-multi.dnsperf']
    dnsperf(info, daemon, names, '-n', '1', '-q', '50')
    run = Dnsperf(info, daemon, names, '-l', str(OUTAGE_S), '-Q', '2000', '-q', '1000')
    try:
        time.sleep(1)  # the outage begins while questions are under way
        lab('break', provider, 'drop')
        out = run.finish(OUTAGE_S + 60)
    finally:
        run.end()
        lab('heal', provider)
    misses = run.moved('dataplane.ticketed')
    latency = re.search(r'Average Latency.*', out)
    print('# provider %s: %d misses; %s' % (provider, misses, latency.group(0) if latency else ''))
    checks.check('provider %s down: misses occurred' % provider, misses > 100, str(misses))
    run.nothing_lost(checks, 'provider %s down' % provider)
    checks.equal('provider %s down: no SERVFAIL' % provider, run.codes().get('SERVFAIL', '0'), '0')
    checks.check('provider %s down: all NOERROR' % provider, list(run.codes()) == ['NOERROR'], out)


def main():
    checks = Checks()
    info = lab_info()
    with Assayd(info) as daemon:
        checks.run(cached, info, daemon)
        for provider in ('a', 'c'):
            checks.run(outage, info, daemon, provider)
        checks.equal('the daemon stops with status 0', daemon.stop(), 0)
    checks.done()


if __name__ == '__main__':
    main()
