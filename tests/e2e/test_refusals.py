#!/usr/bin/python3
"""What must not start does not start and says why; who may not ask is told so; what cannot be
cached is answered all the same."""
import os
import socket
import subprocess
import sys
import tempfile

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from checks import Checks  # noqa: E402
from resolver import ASSAYD, Assayd, enter, lab_info  # noqa: E402

MINIMAL = 'ports:\n  - device: net_af_packet0,iface=%s\nservice:\n  addresses: [192.0.2.53/24]\n'


def start_fails(text, *words):
    """Runs assayd with a configuration; its message must hold the words."""
    with tempfile.NamedTemporaryFile('w', suffix='.yaml') as stream:
        stream.write(text)
        stream.flush()
        run = subprocess.run([ASSAYD, '-c', stream.name], capture_output=True, text=True, timeout=60)
        shown = (run.stdout + run.stderr).replace(stream.name, 'FILE')
        return run.returncode == 1 and all(w in shown for w in words), shown


def broken_configuration(checks, info):
    checks.check('an unknown key is named with its line',
                 *start_fails(MINIMAL % 'x' + 'speed: 1\n', 'FILE:5', 'speed'))
    checks.check('an impossible value is named with its line',
                 *start_fails(MINIMAL % 'x' + 'memory: {cache: 1K}\n', 'FILE:5', 'memory.cache'))
    socket_path = os.path.join(tempfile.gettempdir(), 'assayd-refusals-%d.sock' % os.getpid())
    rest = 'trust: {state: ""}\ncontrol: {socket: %s}\nmemory: {cache: 16M, packets: 64M}\n' % socket_path
    checks.check('a port that is not there is named',
                 *start_fails(MINIMAL % 'nowhere9' + rest, 'nowhere9'))
    run = subprocess.run([ASSAYD, '-c', '/nonexistent.yaml'], capture_output=True, text=True)
    checks.check('a missing file is named',
                 run.returncode == 1 and '/nonexistent.yaml' in run.stderr, run.stderr)
    huge = 'trust: {state: ""}\nmemory: {cache: 900G}\n'
    checks.check('memory that is not there is a sentence',
                 *start_fails(MINIMAL % 'nowhere9' + huge, 'memory'))


def missing_rights(checks, info):
    name = 'rights%d' % os.getpid()
    subprocess.run(['ip', 'link', 'add', name[:15], 'up', 'type', 'veth', 'peer', 'name', 'p' + name[:14]], check=True)
    try:
        start_without_rights(checks, name[:15])
    finally:
        subprocess.run(['ip', 'link', 'delete', name[:15]], check=True)


def start_without_rights(checks, interface):
    with tempfile.NamedTemporaryFile('w', suffix='.yaml') as stream:
        stream.write(MINIMAL % interface + 'memory: {cache: 16M}\n')
        stream.flush()
        os.chmod(stream.name, 0o644)
        run = subprocess.run(['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', ASSAYD,
                              '-c', stream.name], capture_output=True, text=True, timeout=60)
        shown = run.stdout + run.stderr
        checks.check('missing rights are a sentence', run.returncode == 1 and len(shown) > 40 and
                     ('root' in shown or 'CAP_' in shown or 'permi' in shown.lower()), shown)


def ask(server, name, qtype, source=None, tcp=False, flags=None, **options):
    query = dns.message.make_query(name, qtype, **options)
    if flags is not None:
        query.flags = flags
    send = dns.query.tcp if tcp else dns.query.udp
    return send(query, server, timeout=60, source=source)


def ede(reply):
    return [int(o.code) for o in reply.options if o.otype == 15]


def uncacheable(checks, daemon):
    server = daemon.service4
    first = ask(server, 'zero.types.nsec.', 'A', want_dnssec=True)
    checks.check('TTL 0 is answered', len(first.answer) > 0 and bool(first.flags & dns.flags.AD),
                 first)
    checks.equal('TTL 0 stays 0', first.answer[0].ttl, 0)
    before = daemon.stats()['dataplane.ticketed']
    ask(server, 'zero.types.nsec.', 'A', want_dnssec=True)
    checks.check('TTL 0 is not cached', daemon.stats()['dataplane.ticketed'] > before)
    reply = ask(server, 'www.types.nsec.', 'ANY', want_dnssec=True, payload=1232)
    kinds = {r.rdtype for r in reply.answer} - {dns.rdatatype.RRSIG}
    checks.check('ANY is one RRset, not HINFO (RFC 8482 section 4.1)',
                 len(kinds) == 1 and dns.rdatatype.HINFO not in kinds, reply)
    reply = ask(server, 'www.types.nsec.', 'RRSIG', payload=1232, use_edns=0)
    checks.check('RRSIG is answered', any(r.rdtype == dns.rdatatype.RRSIG for r in reply.answer),
                 reply)
    reply = ask(server, 'www.bogus.nsec.', 'A', want_dnssec=True)
    checks.equal('bogus data is SERVFAIL', dns.rcode.to_text(reply.rcode()), 'SERVFAIL')
    cd = dns.flags.RD | dns.flags.CD
    reply = ask(server, 'www.bogus.nsec.', 'A', flags=cd, want_dnssec=True)
    checks.check('CD=1 gets the bogus data, without AD',
                 len(reply.answer) > 0 and not reply.flags & dns.flags.AD, reply)
    reply = ask(server, 'www.bogus.nsec.', 'A', want_dnssec=True)
    checks.check('and CD=0 still fails afterwards', reply.rcode() == dns.rcode.SERVFAIL and
                 not reply.answer, reply)
    reply = ask(server, 'big.types.nsec.', 'TXT', want_dnssec=True, payload=1232)
    checks.check('too large for UDP is TC with empty sections',
                 bool(reply.flags & dns.flags.TC) and not reply.answer, reply)
    reply = ask(server, 'big.types.nsec.', 'TXT', tcp=True, want_dnssec=True)
    checks.check('and whole over TCP', len(reply.answer) > 0, reply)


def protocol(checks, daemon):
    server = daemon.service4
    reply = ask(server, 'www.types.nsec.', 'A', flags=0, use_edns=0)
    reply2 = ask(server, 'never-asked.types.nsec.', 'A', flags=0, use_edns=0)
    checks.check('RD=0 is answered from the cache only', reply.rcode() in (0, 5), reply)
    checks.check('RD=0 on a miss is REFUSED with EDE 20',
                 reply2.rcode() == dns.rcode.REFUSED and 20 in ede(reply2), reply2)
    reply = ask(server, 'www.types.nsec.', 128, use_edns=0)
    checks.check('NXNAME is FORMERR with EDE 30',
                 reply.rcode() == dns.rcode.FORMERR and 30 in ede(reply), reply)
    query = dns.message.make_query('www.types.nsec.', 'A')
    query.use_edns(edns=1, payload=1232)
    checks.equal('EDNS version 1 is BADVERS', dns.query.udp(query, server, timeout=60).rcode(),
                 dns.rcode.BADVERS)
    query = dns.message.make_query('www.types.nsec.', 'A')
    query.set_opcode(4)
    checks.equal('NOTIFY is NOTIMP', dns.query.udp(query, server, timeout=60).rcode(),
                 dns.rcode.NOTIMP)
    reply = ask(server, 'WwW.TyPeS.nSeC.', 'A')
    checks.equal('the question comes back byte for byte',
                 reply.question[0].name.to_text(), 'WwW.TyPeS.nSeC.')
    reply = ask(server, 'localhost.', 'A')
    checks.check('localhost is answered here', '127.0.0.1' in str(reply), reply)
    reply = ask(server, '1.0.168.192.in-addr.arpa.', 'PTR')
    checks.equal('private reverse zones are answered here', reply.rcode(), dns.rcode.NXDOMAIN)
    order = {tuple(r.to_text() for r in ask(server, 'many.types.nsec.', 'A').answer[0])
             for _ in range(8)}
    checks.check('A records rotate', len(order) > 1)


def closed_by_default(checks, info):
    access = 'allow: [198.18.200.1/32], drop: [198.18.200.3/32]'
    with Assayd(info, access=access) as daemon:
        reply = ask(daemon.service4, 'www.types.nsec.', 'A', source='198.18.200.1')
        checks.equal('an allowed client is answered', reply.rcode(), dns.rcode.NOERROR)
        reply = ask(daemon.service4, 'www.types.nsec.', 'A', source='198.18.200.2', use_edns=0)
        checks.check('G3: another one is REFUSED with EDE 18',
                     reply.rcode() == dns.rcode.REFUSED and 18 in ede(reply), reply)
        try:
            query = dns.message.make_query('www.types.nsec.', 'A')
            dns.query.udp(query, daemon.service4, timeout=1, source='198.18.200.3')
            dropped = False
        except dns.exception.Timeout:
            dropped = True
        checks.check('a dropped one hears nothing', dropped)
        checks.check('and is counted', daemon.stats()['dataplane.drop.acl_drop'] >= 1)


def host_stack(checks, info, daemon):
    run = subprocess.run(['ping', '-c', '3', '-i', '0.2', '-W', '2', daemon.service4],
                         capture_output=True, text=True)
    checks.check('each ping is answered once', '3 received' in run.stdout and
                 'DUP' not in run.stdout, run.stdout)
    run = subprocess.run(['ping', '-c', '3', '-i', '0.2', '-W', '2', daemon.service6],
                         capture_output=True, text=True)
    checks.check('also over IPv6', '3 received' in run.stdout and 'DUP' not in run.stdout,
                 run.stdout + run.stderr)
    with socket.socket() as stream:
        stream.settimeout(3)
        stream.connect((daemon.service4, 53))
    checks.check('TCP connects', True)


def main():
    checks = Checks()
    info = lab_info()
    checks.run(broken_configuration, info)
    checks.run(missing_rights, info)
    enter(info['namespaces']['client'])
    with Assayd(info) as daemon:
        checks.run(host_stack, info, daemon)
        checks.run(uncacheable, daemon)
        checks.run(protocol, daemon)
        checks.equal('the daemon stops with status 0', daemon.stop(), 0)
    checks.run(closed_by_default, info)
    checks.done()


if __name__ == '__main__':
    main()
