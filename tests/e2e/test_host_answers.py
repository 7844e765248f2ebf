#!/usr/bin/python3
"""Questions over UDP are answered by us, ARP, ND and TCP by the host's own stack behind the tap: a packet filter, a
route or a setting of the host that keeps it from that is an alarm, in words that say what to look at, though
every question over UDP is answered. Nobody beside hears of the questions that find it out."""
import contextlib
import os
import re
import select
import socket
import subprocess
import sys

import dns.exception
import dns.message
import dns.query

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from alarms import RESOLVER, alarm, health, inside, ip, main, over, raised  # noqa: E402
from checks import wait_for  # noqa: E402
from resolver import TOP  # noqa: E402

# As distributions ship it, but for the service's own ports: what `assayd` answers itself never comes by it.
FILTER = '''
table inet host {
    chain input {
        type filter hook input priority 0; policy drop;
        ct state established,related accept
        iif lo accept
        tcp dport 22 accept
        %s
    }
}
'''
ND = 'icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept'
# What operations.md says has to be let in, as it stands there.
with open(os.path.join(TOP, 'docs', 'operations.md')) as manual:
    OPEN = '; '.join(re.findall(r'^ +(iifname "assay0" .* accept)$', manual.read(), re.M))


@contextlib.contextmanager
def packet_filter(rules):
    subprocess.run(['ip', 'netns', 'exec', RESOLVER, 'nft', '-f', '-'], input=FILTER % rules, text=True, check=True)
    try:
        yield
    finally:
        inside('nft', 'delete', 'table', 'inet', 'host')


def answered(daemon, how, address, limit_s=20):
    query = dns.message.make_query('version.bind.', 'TXT', 'CH')
    with contextlib.suppress(dns.exception.DNSException, OSError):
        return bool(how(query, address, timeout=limit_s))
    return False


def everybody_is_beside(daemon):
    """They have asked, so that the host's stack knows them."""
    ip('addr', 'replace', '2001:db8:201::2/64', 'dev', 'ac0', 'nodad')
    return all(answered(daemon, how, address) for how in (dns.query.udp, dns.query.tcp)
               for address in (daemon.service4, daemon.service6))


def quiet(checks, daemon):
    """Without anything in the way, and with a packet filter that lets in what the manual says, nothing is told."""
    looks = daemon.stats()['control.canary_rounds']
    wait_for(lambda: daemon.stats()['control.canary_rounds'] > looks + 4, 20)
    checks.equal('nothing is in the way', daemon.alarms(), [])
    checks.equal('the manual says what is to be let in', OPEN.count('accept'), 3)
    with packet_filter(OPEN):
        looks = daemon.stats()['control.canary_rounds']
        wait_for(lambda: daemon.stats()['control.canary_rounds'] > looks + 4, 20)
        checks.equal('what the manual says is let in', daemon.alarms(), [])
        ip('neigh', 'flush', 'dev', 'ac0')
        checks.check('and everybody is answered', everybody_is_beside(daemon))


def broken(checks, daemon, what, name, words):
    raised(checks, daemon, what, name, words, limit=6)
    checks.check('%s: UDP is answered as ever' % what, answered(daemon, dns.query.udp, daemon.service4))


def filters(checks, daemon):
    what = 'a packet filter that drops TCP'
    with packet_filter(ND):
        broken(checks, daemon, what, 'tcp-lost', 'to let tcp dport 53 in on assay0')
        checks.equal('%s: both families' % what, len(wait_for(
            lambda: len(alarm(daemon, 'tcp-lost')) == 2 and alarm(daemon, 'tcp-lost'), 5) or []), 2)
        checks.check('%s: so it is' % what, not answered(daemon, dns.query.tcp, daemon.service4, 2))
        checks.check('%s: ARP and ND are well' % what, not alarm(daemon, 'tap'), health(daemon))
    over(checks, daemon, what, 'tcp-lost')
    what = 'a packet filter that refuses TCP'
    with packet_filter(ND + '; tcp dport 53 reject with tcp reset'):
        broken(checks, daemon, what, 'tcp-lost', 'to let tcp dport 53 in on assay0')
    over(checks, daemon, what, 'tcp-lost')
    what = 'a packet filter that drops neighbour discovery'
    with packet_filter('tcp dport 53 accept'):
        broken(checks, daemon, what, 'tap', 'does not answer neighbour discovery')
    over(checks, daemon, what, 'tap')


def routes(checks, daemon):
    what = 'a route that swallows the answers'
    ip('-n', RESOLVER, 'route', 'add', 'blackhole', '198.18.201.2/32')
    broken(checks, daemon, what, 'tcp-lost', 'ip route get 198.18.201.53 from 198.18.201.2 iif assay0')
    ip('-n', RESOLVER, 'route', 'del', 'blackhole', '198.18.201.2/32')
    over(checks, daemon, what, 'tcp-lost')


def one_client_is_shut_out(checks, daemon):
    """By a route of the operator's, in spite of the access list: said, and no reason to withdraw the host."""
    what = 'one client of two is shut out'
    ip('addr', 'add', '198.18.201.3/24', 'dev', 'ac0')
    query = dns.message.make_query('version.bind.', 'TXT', 'CH')
    checks.check('%s: the other one is beside' % what,
                 bool(dns.query.tcp(query, daemon.service4, timeout=20, source='198.18.201.3')))
    inside('sysctl', '-qw', 'net.ipv4.conf.assay0.rp_filter=1')
    ip('-n', RESOLVER, 'route', 'add', 'blackhole', '198.18.201.2/32')
    raised(checks, daemon, what, 'tcp-lost', 'from 198.18.201.2 to', limit=6)
    looks = daemon.stats()['control.canary_rounds']
    told = wait_for(lambda: alarm(daemon, 'tap') or daemon.stats()['control.canary_rounds'] > looks + 5, 20)
    checks.check('%s: nothing critical' % what, told is True, health(daemon))
    ip('-n', RESOLVER, 'route', 'del', 'blackhole', '198.18.201.2/32')
    inside('sysctl', '-qw', 'net.ipv4.conf.assay0.rp_filter=0')
    over(checks, daemon, what, 'tcp-lost')
    ip('addr', 'del', '198.18.201.3/24', 'dev', 'ac0')


def settings(checks, daemon):
    what = 'ARP that is told to ignore'
    inside('sysctl', '-qw', 'net.ipv4.conf.assay0.arp_ignore=8')
    broken(checks, daemon, what, 'tap', 'does not answer ARP from 198.18.201.2 for 198.18.201.53')
    inside('sysctl', '-qw', 'net.ipv4.conf.assay0.arp_ignore=0')
    over(checks, daemon, what, 'tap')


def is_of_a_probe(frame):
    """A segment from port 53, or an ICMP error; nobody has asked for either."""
    kind = frame[12:14]
    if kind == b'\x08\x00':
        return frame[23] == 6 and frame[34:36] == b'\0\x35' or frame[23] == 1 and frame[34] == 3
    return kind == b'\x86\xdd' and (frame[20] == 6 and frame[54:56] == b'\0\x35' or frame[20] == 58 and frame[54] == 1)


def nobody_hears(checks, daemon):
    """What the host's stack says to our own questions stays inside, and no connection is left half open."""
    heard = []
    for what in ('', 'reject with tcp reset', 'reject'):
        with packet_filter(ND + ('; tcp dport 53 ' + what if what else '; tcp dport 53 accept')), \
                socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)) as tap:
            wait_for(lambda: bool(alarm(daemon, 'tcp-lost')) == bool(what), 6)
            tap.bind(('ac0', 0))
            while select.select([tap], [], [], 0)[0]:  # of before, our own connections among it
                tap.recv(4096)
            looks = daemon.stats()['control.canary_rounds']
            wait_for(lambda: daemon.stats()['control.canary_rounds'] > looks + 3, 20)
            while select.select([tap], [], [], 0)[0]:
                frame = tap.recv(4096)
                if is_of_a_probe(frame):
                    heard.append((what, frame.hex()))
    checks.equal('nobody hears of it', heard, [])
    over(checks, daemon, 'nothing drops TCP any more', 'tcp-lost')
    checks.equal('no connection is left half open', inside('ss', '-Htn', 'state', 'syn-recv').stdout, '')


def rows(run, place):
    for driver, functions in (('af_packet', (quiet, filters, routes, one_client_is_shut_out, settings, nobody_hears)), ('af_xdp', (quiet, filters))):
        with place.make(driver=driver) as daemon:
            if not wait_for(lambda: everybody_is_beside(daemon), 20):
                raise RuntimeError('no answers: ' + daemon.log_text())
            for function in functions:
                run(function, daemon)


if __name__ == '__main__':
    main(rows, 5)
