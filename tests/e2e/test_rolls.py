#!/usr/bin/python3
"""Keys roll in one step while caches hold the old DNSKEY and DS RRsets: ZSK, KSK with its DS, and
algorithm. Questions go on all the time, most of them for what no cache has: no SERVFAIL, and AD on
every answer, before, while and after."""
import os
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from checks import Checks, wait_for  # noqa: E402
from resolver import Assayd, enter, lab, lab_info  # noqa: E402

import dns.flags  # noqa: E402
import dns.message  # noqa: E402
import dns.query  # noqa: E402
import dns.rcode  # noqa: E402

ZONES = ['roll.nsec.', 'roll.nsec3.']
STEPS = [
    ('ZSK', ['--zsk']),
    ('KSK and ZSK, with the DS', []),
    ('algorithm', ['--algorithm', '15']),
    ('ZSK again', ['--zsk']),
]
AFTER = 40  # turns once a step is done


def ask(server, name, rdtype):
    query = dns.message.make_query(name, rdtype, want_dnssec=True)
    return dns.query.udp(query, server, timeout=60)


def describe(name, rdtype, answer):
    edes = [option.to_text() for option in answer.options]
    return '%s %s: %s%s %s' % (name, rdtype, dns.rcode.to_text(answer.rcode()),
                               ' AD' if answer.flags & dns.flags.AD else '', ' '.join(edes))


class Asker(threading.Thread):
    """Asks, from the client's place in the lab, one question after another until told to stop."""

    def __init__(self, info, daemon):
        super().__init__()
        self.info, self.daemon, self.server = info, daemon, daemon.service4
        self.stopping = threading.Event()
        self.count = 0
        self.wrong = []

    def run(self):
        enter(self.info['namespaces']['client'])
        while not self.stopping.is_set():
            self.turn()

    def turn(self):
        for zone in ZONES:
            self.daemon.ctl('flush', 'www.' + zone)  # its keys and DS stay
            self.one('n%d.%s' % (self.count, zone), 'A', dns.rcode.NXDOMAIN)
            self.one('www.' + zone, 'TYPE%d' % (60000 + self.count % 5000), dns.rcode.NOERROR)
            self.one('www.' + zone, 'A', dns.rcode.NOERROR)
            self.one('www.' + zone, 'TXT', dns.rcode.NOERROR)
        self.count += 1

    def one(self, name, rdtype, rcode):
        try:
            answer = ask(self.server, name, rdtype)
        except Exception as error:  # a lost answer is as bad as a wrong one
            self.wrong.append('%s %s: %r' % (name, rdtype, error))
            return
        if answer.rcode() != rcode or not answer.flags & dns.flags.AD:
            self.wrong.append(describe(name, rdtype, answer))


def step(checks, info, daemon, words, options):
    asker = Asker(info, daemon)
    asker.start()
    try:
        wait_for(lambda: asker.count >= AFTER or not asker.is_alive(), 10)
        checks.check('%s: all is well before' % words, not asker.wrong, '\n'.join(asker.wrong))
        asker.wrong = []
        for zone in ZONES:
            lab('roll', zone, *options)
        done = asker.count
        wait_for(lambda: asker.count >= done + AFTER or not asker.is_alive(), 10)
    finally:
        asker.stopping.set()
        asker.join()
    print('# %s: %d questions' % (words, 8 * asker.count))
    checks.check('%s: no SERVFAIL, AD on every answer' % words, not asker.wrong,
                 '%d wrong\n' % len(asker.wrong) + '\n'.join(asker.wrong))
    checks.check('%s: enough was asked after it' % words, asker.count >= done + AFTER, asker.count)


def main():
    checks = Checks()
    info = lab_info()
    with Assayd(info) as daemon:
        for words, options in STEPS:
            checks.run(step, info, daemon, words, options)
        checks.equal('the daemon stops with status 0', daemon.stop(), 0)
    checks.done()


if __name__ == '__main__':
    main()
