"""What breaks under a running daemon is an alarm: what test_alarms and test_alarms_service share. A place of
their own (namespaces, a root server, a disk), and how an alarm is told, and over."""
import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time

import dns.dnssec
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.rrset
from cryptography.hazmat.primitives.asymmetric import ec

from checks import Checks, wait_for
from resolver import ASSAYCTL, Assayd, enter

RESOLVER, CLIENT = ('assay-alarms-%s%d' % (who, os.getpid()) for who in 'rc')
ROOT_SERVER = '198.18.200.2'
METRICS = ('127.0.0.1', 9953)
DAY = 86400


def ip(*words, check=True):
    return subprocess.run(['ip', *words], check=check, capture_output=True, text=True)


def inside(*words, check=True):
    return subprocess.run(['ip', 'netns', 'exec', RESOLVER, *words], check=check, capture_output=True,
                          text=True)


def make_place():
    drop_place()
    for name in (RESOLVER, CLIENT):
        ip('netns', 'add', name)
        ip('-n', name, 'link', 'set', 'lo', 'up')
    ip('link', 'add', 'ap0', 'netns', RESOLVER, 'numrxqueues', '4', 'numtxqueues', '4', 'type', 'veth',
       'peer', 'name', 'ac0', 'netns', CLIENT)
    ip('link', 'add', 'au0', 'netns', RESOLVER, 'type', 'veth', 'peer', 'name', 'as0', 'netns', CLIENT)
    # A veth takes an XDP program only while its peer sends by no more queues than it receives on.
    for name, link in ((RESOLVER, 'ap0'), (CLIENT, 'ac0')):
        ip('netns', 'exec', name, 'ethtool', '-L', link, 'rx', '1', 'tx', '1', check=False)
    for name, link, address in ((RESOLVER, 'ap0', None), (CLIENT, 'ac0', '198.18.201.2/24'),
                                (RESOLVER, 'au0', '198.18.200.1/24'), (CLIENT, 'as0', ROOT_SERVER + '/24')):
        if address:
            ip('-n', name, 'addr', 'add', address, 'dev', link)
        ip('-n', name, 'link', 'set', link, 'up')


def drop_place():
    for name in (RESOLVER, CLIENT):
        ip('netns', 'del', name, check=False)


class Root:
    """A root server of its own with nothing below it; its keys are signed for a month."""

    def __init__(self, folder):
        key = ec.generate_private_key(ec.SECP256R1())
        public = dns.dnssec.make_dnskey(key.public_key(), 13, flags=257)
        now = int(time.time())
        self.sets = {}
        for kind, text in (('DNSKEY', public.to_text()), ('NS', 'ns.root.'),
                           ('SOA', 'ns.root. root. 1 1800 900 604800 60')):
            data = dns.rrset.from_text('.', 3600, 'IN', kind, text)
            sig = dns.dnssec.sign(data, key, dns.name.root, public, inception=now - 10 * DAY,
                                  expiration=now + 20 * DAY)
            self.sets[dns.rdatatype.from_text(kind)] = (
                data, dns.rrset.from_rdata('.', 3600, sig))
        self.hints = os.path.join(folder, 'root.hints')
        self.anchor = os.path.join(folder, 'anchor.ds')
        with open(self.hints, 'w') as stream:
            stream.write('. 3600 IN NS ns.root.\nns.root. 3600 IN A %s\n' % ROOT_SERVER)
        with open(self.anchor, 'w') as stream:
            stream.write('. IN DS %s\n' % dns.dnssec.make_ds('.', public, 'SHA256').to_text())
        self.socket, self.child = None, 0

    def serve(self):
        """In a child, inside of CLIENT's namespace, where the caller is."""
        self.child = os.fork()
        if self.child:
            return
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                sock.bind((ROOT_SERVER, 53))
                while True:
                    wire, client = sock.recvfrom(4096)
                    sock.sendto(self.answer(wire), client)
        finally:
            os._exit(0)

    def answer(self, wire):
        query = dns.message.from_wire(wire)
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.AA
        question = query.question[0]
        if question.name == dns.name.root and question.rdtype in self.sets:
            reply.answer += self.sets[question.rdtype]
        else:
            reply.authority += self.sets[dns.rdatatype.SOA]
        return reply.to_wire()

    def end(self):
        if self.child:
            os.kill(self.child, signal.SIGKILL)
            os.waitpid(self.child, 0)
            self.child = 0


# ---- what is asked of the daemon ----

def health(daemon, *words):
    run = subprocess.run([ASSAYCTL, '-s', daemon.socket, 'health', '--json', *words], capture_output=True,
                         text=True)
    return run.returncode, json.loads(run.stdout) if run.stdout else {'alarms': []}


def alarm(daemon, name, words=''):
    return [a for a in health(daemon)[1]['alarms'] if a['name'] == name and words in a['text']]


def gauge(daemon, name):
    """By a socket that was made in the daemon's namespace."""
    page = http.client.HTTPConnection(*METRICS, timeout=5)
    try:
        with in_namespace(RESOLVER):
            page.connect()
        page.request('GET', '/metrics')
        lines = page.getresponse().read().decode().splitlines()
    except OSError:
        return ''
    finally:
        page.close()
    return [line[-1] for line in lines if line.startswith('assay_alarm{name="%s"' % name)][0]


@contextlib.contextmanager
def in_namespace(name):
    enter(name)
    try:
        yield
    finally:
        enter(CLIENT)


BROKEN = {'alarmed': set(), 'refused': set(), 'silent': set()}


def raised(checks, daemon, what, name, words='', brief=False, limit=3):
    """An alarm that mends itself may be over before it is asked for in every way: brief. limit: seconds, with
    the time that it takes to know it."""
    began = time.monotonic()
    found = wait_for(lambda: alarm(daemon, name, words), limit)
    BROKEN['alarmed' if found else 'silent'].add((daemon.driver, what))
    took = time.monotonic() - began
    if not checks.check('%s: alarm %s after %.1f s' % (what, name, took), bool(found), health(daemon)):
        return
    checks.check('%s: a line of the log, with the remedy' % what,
                 'alarm %s: ' % name in daemon.log_text() and found[0]['remedy'] in daemon.log_text(),
                 daemon.log_text()[-2000:])
    if brief:
        return
    status, told = health(daemon)
    checks.equal('%s: the exit status says it' % what, status,
                 2 if any(a['severity'] == 'critical' for a in told['alarms']) else 1)
    checks.equal('%s: and whether to ask another host' % what, health(daemon, '--service')[1]['well'],
                 not any(a['severity'] == 'critical' for a in health(daemon)[1]['alarms']))
    checks.check('%s: status says it' % what, 'ALARM: ' in daemon.ctl('status').stdout)
    checks.check('%s: the gauge is 1' % what, wait_for(lambda: gauge(daemon, name) == '1', 3, 0.3))


def over(checks, daemon, what, name, words='', limit=3):
    began = time.monotonic()
    gone = wait_for(lambda: not alarm(daemon, name, words), limit)
    checks.check('%s: over %.1f s after it was mended' % (what, time.monotonic() - began), bool(gone),
                 health(daemon))
    checks.check('%s: with a line of the log' % what, 'alarm %s over after' % name in daemon.log_text())
    checks.check('%s: the gauge is 0' % what,
                 wait_for(lambda: alarm(daemon, name) or gauge(daemon, name) == '0', 3, 0.3))


def ask(daemon, name, kind='A'):
    """A response, SERVFAIL where none came in time."""
    query = dns.message.make_query(name, kind, want_dnssec=True)
    try:
        return dns.query.udp(query, daemon.service4, timeout=6)
    except (dns.exception.Timeout, OSError):
        reply = dns.message.make_response(query)
        reply.set_rcode(dns.rcode.SERVFAIL)
        return reply


# ---- the place ----

class Place:
    """Two namespaces, a root server and a small disk; the caller is in the client's namespace."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix='assay-alarms-')
        self.disk = os.path.join(self.folder, 'disk')

    def __enter__(self):
        make_place()
        os.mkdir(self.disk)
        subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=4M,mode=700', 'tmpfs', self.disk], check=True)
        os.chmod(self.folder, 0o711)
        self.root = Root(self.folder)
        enter(CLIENT)
        ip('link', 'set', 'ac0', 'up')
        self.root.serve()
        return self

    def __exit__(self, *error):
        self.root.end()
        subprocess.run(['umount', self.disk])
        subprocess.run(['rm', '-r', self.folder])
        drop_place()

    def make(self, driver='af_packet', extra='', metrics='%s:%d' % METRICS, control_extra='', **changes):
        """A daemon that has not been started."""
        info = {'namespaces': {'resolver': RESOLVER, 'client': CLIENT},
                'resolver': {'port_interface': 'ap0', 'upstream_interface': 'au0',
                             'service_addresses': ['198.18.201.53', '2001:db8:201::53']},
                'files': {'root.hints': self.root.hints, 'anchor.ds': self.root.anchor}}
        values = dict(state=os.path.join(self.disk, 'trust.state'), tickets=64) | changes
        if control_extra:
            values['socket'] = '%s, %s' % (os.path.join(self.folder, 'groups.sock'), control_extra)
        daemon = Assayd(info, driver=driver, extra='metrics: {address: "%s"}\n' % metrics + extra, **values)
        daemon.driver = driver
        return daemon


def main(rows, least):
    """rows(run, place) breaks and mends, by run(function, arguments...); at least so many environments. With
    words on the command line: the functions of these names alone."""
    checks = Checks()
    only = sys.argv[1:]

    def run(function, *arguments):
        if not only or function.__name__ in only:
            checks.run(function, *arguments)
    with Place() as place:
        rows(run, place)
    print('# broken environments: %d alarmed, %d refused, %d silent' % tuple(
        len(BROKEN[key]) for key in ('alarmed', 'refused', 'silent')))
    if not only:
        checks.check('%d broken environments and more, none of them silent' % least,
                     len(BROKEN['alarmed']) + len(BROKEN['refused']) >= least and not BROKEN['silent'], BROKEN)
    checks.done()
