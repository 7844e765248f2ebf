#!/usr/bin/python3
"""1,000,000 fuzzed packets: every packet ends in exactly one counted way, no packet buffer is
lost, and questions are answered as before."""
import os
import subprocess
import sys

import dns.flags
import dns.message
import dns.query

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from checks import Checks, wait_for  # noqa: E402
from resolver import BUILD, Assayd, enter, lab_info  # noqa: E402

COUNT = int(os.environ.get('ASSAY_STORM', '1000000'))
RATE = 60000
TX_BURST = 64


def mac_of(namespace, interface):
    run = subprocess.run(['ip', 'netns', 'exec', namespace, 'cat',
                          '/sys/class/net/%s/address' % interface],
                         capture_output=True, text=True, check=True)
    return run.stdout.strip()


def asked(server, name):
    query = dns.message.make_query(name, 'A', want_dnssec=True)
    return dns.query.udp(query, server, timeout=60)


def quiet(daemon):
    """Counters once no ticket is outstanding and nothing moves any more."""
    last = {}

    def still():
        nonlocal last
        now = daemon.stats()
        same = all(now[k] == last.get(k) for k in ('dataplane.received', 'dataplane.sent'))
        last = now
        return same and now['dataplane.ticket.outstanding'] == 0
    wait_for(still, 30, 0.5)
    return last


def drops(stats):
    return sum(v for k, v in stats.items() if k.startswith('dataplane.drop.'))


def equations(checks, s):
    checks.equal('received = hit + ticketed + exception + dropped by reason',
                 s['dataplane.received'],
                 s['dataplane.hit'] + s['dataplane.ticketed'] + s['dataplane.exception'] + drops(s))
    checks.equal('ticketed = answered + failed + dropped, none outstanding',
                 s['dataplane.ticketed'],
                 s['dataplane.ticket.answered'] + s['dataplane.ticket.failed'] +
                 s['dataplane.ticket.dropped'])
    checks.equal('no ticket is outstanding', s['dataplane.ticket.outstanding'], 0)
    checks.equal('sent = hit + answered + from the host - tx dropped', s['dataplane.sent'],
                 s['dataplane.hit'] + s['dataplane.ticket.answered'] +
                 s['dataplane.from_host'] - s['dataplane.tx_dropped'])


def main():
    checks = Checks()
    info = lab_info()
    client, interface = info['namespaces']['client'], info['client']['interface']
    with Assayd(info) as daemon:
        # Names that the storm asks for may fail upstream; the daemon must only survive it.
        enter(client)
        asked(daemon.service4, 'www.types.nsec.')
        before = quiet(daemon)
        run = subprocess.run(
            [os.path.join(BUILD, 'tests', 'e2e', 'storm'), interface, mac_of(client, interface),
             mac_of(info['namespaces']['resolver'], info['resolver']['port_interface']),
             info['client']['addresses'][0], daemon.service4, str(COUNT), str(RATE), '20261124'],
            capture_output=True, text=True, timeout=300)
        checks.equal('the storm was sent whole', run.stdout.strip(), str(COUNT))
        after = quiet(daemon)
        got = after['dataplane.received'] - before['dataplane.received']
        print('# received %d of %d, hits %d, tickets %d, exceptions %d, drops %d' % (
            got, COUNT, after['dataplane.hit'], after['dataplane.ticketed'],
            after['dataplane.exception'], drops(after)))
        checks.check('most of the storm reached the port', got > COUNT // 2, '%d' % got)
        equations(checks, after)
        kinds = [k for k, v in after.items() if k.startswith('dataplane.drop.') and v > 0]
        checks.check('the storm met at least seven reasons to drop', len(kinds) >= 7, str(kinds))
        buffers = 'dataplane.mbufs_available'
        names = [k for k in after if k.startswith(buffers)] or [
            k for k in after if 'mbuf' in k and 'avail' in k]
        checks.check('packet buffers are counted', bool(names), str(sorted(after)))
        for name in names:
            checks.check('%s is as before (± one burst)' % name,
                         abs(after[name] - before[name]) <= TX_BURST,
                         '%d before, %d after' % (before[name], after[name]))
        reply = asked(daemon.service4, 'www.types.nsec.')
        checks.check('a signed name is still answered with AD', bool(reply.flags & dns.flags.AD))
        checks.equal('the daemon stops with status 0', daemon.stop(), 0)
    checks.done()


if __name__ == '__main__':
    main()
