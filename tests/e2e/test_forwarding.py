#!/usr/bin/python3
"""Everything through a pool of two real forwarders, Unbound and Knot Resolver: what they say is
validated here; one of them stops and the answers go on, and it is used again after its return; when
both have stopped, mode only fails with a cause and mode first resolves from the root. The same over
TLS, one of them proved by its name, the other by its key: nothing goes in clear, and what does not
prove who it is, is not asked."""
import base64
import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'differential'))
from checks import Checks, wait_for  # noqa: E402
from peers import peers  # noqa: E402
from resolver import Assayd, enter, lab_info  # noqa: E402

import dns.flags  # noqa: E402
import dns.message  # noqa: E402
import dns.query  # noqa: E402
import dns.rcode  # noqa: E402

ADDRESSES = {'unbound': '198.18.61.1', 'kresd': '198.18.62.1'}
QUESTIONS = 40
ZONE = 'types.nsec.'
CONFIG = '''\
pools:
  - name: pair
    servers:
      - {{address: 198.18.61.1, domain: east}}
      - {{address: 198.18.62.1, domain: west}}
zones:
  - {{name: ., type: forward, pool: pair, mode: {mode}}}
'''
TLS_CONFIG = '''\
pools:
  - name: pair
    servers:
      - {{address: 198.18.61.1, transport: tls, auth-name: {name}, domain: east}}
      - {{address: 198.18.62.1, transport: tls, pins: ['sha256/{pin}'], domain: west}}
zones:
  - {{name: ., type: forward, pool: pair}}
'''
TLS_PEERS = {
    'unbound': '''\
server:
  interface: {{address}}@853
  tls-port: 853
  tls-service-key: "{key}"
  tls-service-pem: "{certificate}"
''',
    'kresd': '''\
net.tls('{certificate}', '{key}')
net.listen('{{address}}', 853, {{{{ kind = 'tls' }}}})
''',
}


def ask(server, name, rdtype='A', timeout=60):
    query = dns.message.make_query(name, rdtype, want_dnssec=True)
    return dns.query.udp_with_fallback(query, server, timeout=timeout)[0]


def is_secure(answer, rcode=dns.rcode.NOERROR):
    return answer.rcode() == rcode and bool(answer.flags & dns.flags.AD)


def edes(answer):
    return [int(option.code) for option in answer.options if option.otype == 15]


class Forwarders:
    """Both of them, at addresses of the lab's inside, which has a way to every authority."""

    def __init__(self, info):
        self.info = info
        self.all = {peer.name: peer for peer in peers()}
        self.workdir = tempfile.mkdtemp(prefix='assay-forwarders-')
        for name, peer in self.all.items():
            peer.address, peer.port = ADDRESSES[name], 53
            key, certificate = self.certify(name)
            peer.template += TLS_PEERS[name].format(key=key, certificate=certificate)

    def certify(self, name):
        """A key and a certificate of its own, each its own authority."""
        key, certificate = (os.path.join(self.workdir, name + end) for end in ('.key', '.pem'))
        subprocess.run(
            ['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256',
             '-nodes', '-days', '2', '-subj', '/CN=nobody', '-addext',
             'subjectAltName=DNS:%s.example' % name, '-keyout', key, '-out', certificate],
            check=True, capture_output=True)
        return key, certificate

    def file(self, name):
        return os.path.join(self.workdir, name + '.pem')

    def pin(self, name):
        """SHA-256 of the SubjectPublicKeyInfo."""
        public = subprocess.run(['openssl', 'x509', '-in', self.file(name), '-pubkey', '-noout'],
                                check=True, capture_output=True).stdout
        form = subprocess.run(['openssl', 'pkey', '-pubin', '-outform', 'der'], input=public,
                              check=True, capture_output=True).stdout
        return base64.b64encode(hashlib.sha256(form).digest()).decode()

    def addresses(self, verb):
        for address in ADDRESSES.values():
            subprocess.run(['ip', '-n', self.info['namespaces']['inet'], 'addr', verb,
                            address + '/32', 'dev', 'lo'], check=verb == 'add')

    def start(self, name):
        with tempfile.TemporaryDirectory(dir=self.workdir) as unused:
            directory = unused  # a name that is free, for each start
        os.mkdir(directory)
        self.all[name].start(self.info, directory, 'inet')

    def answers(self, name):
        """From where Assay asks it."""
        if self.all[name].complaint():
            raise RuntimeError(self.all[name].complaint())
        run = subprocess.run(
            ['ip', 'netns', 'exec', self.info['namespaces']['resolver'], 'dig', '+time=1',
             '+tries=1', '+short', '@' + ADDRESSES[name], '.', 'NS'], capture_output=True, text=True)
        return run.returncode == 0 and run.stdout.strip() != ''

    def __enter__(self):
        self.addresses('add')
        for name in self.all:
            self.start(name)
        for name in self.all:
            if not wait_for(lambda: self.answers(name), 15):
                raise RuntimeError('%s does not answer' % name)
        return self

    def __exit__(self, *error):
        for peer in self.all.values():
            peer.stop()
        self.addresses('del')
        subprocess.run(['rm', '-r', self.workdir], check=False)


class Asker(threading.Thread):
    """Names that nobody has asked for, one after another, until told to stop."""

    def __init__(self, info, server, prefix):
        super().__init__()
        self.info, self.server, self.prefix = info, server, prefix
        self.stopping = threading.Event()
        self.count, self.slowest, self.wrong = 0, 0.0, []

    def run(self):
        enter(self.info['namespaces']['client'])
        while not self.stopping.is_set():
            name = '%s%d.%s' % (self.prefix, self.count, ZONE)
            begun = time.monotonic()
            try:
                answer = ask(self.server, name)
                if not is_secure(answer, dns.rcode.NXDOMAIN):
                    self.wrong.append('%s: %s %s' % (name, dns.rcode.to_text(answer.rcode()),
                                                     answer.options))
            except Exception as error:  # no answer is as bad as a wrong one
                self.wrong.append('%s: %r' % (name, error))
            self.slowest = max(self.slowest, time.monotonic() - begun)
            self.count += 1

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *error):
        self.stopping.set()
        self.join()


def validated(checks, info, daemon):
    with open(os.path.join(info['state_dir'], 'manifest.json')) as stream:
        questions = [q for q in json.load(stream)['questions']
                     if q['expect']['ad'] and not q['expect'].get('varies')]
    step = max(1, len(questions) // QUESTIONS)
    wrong = []
    for question in questions[::step]:
        answer = ask(daemon.service4, question['qname'], question['qtype'])
        if not is_secure(answer, dns.rcode.from_text(question['expect']['rcode'])):
            wrong.append('%s %s: %s' % (question['qname'], question['qtype'], answer))
    checks.check('%d secure answers with AD' % len(questions[::step]), not wrong, '\n'.join(wrong))
    answer = ask(daemon.service4, 'www.bogus.nsec.')
    checks.check('what does not validate is SERVFAIL with a cause, though forwarders hand it out',
                 answer.rcode() == dns.rcode.SERVFAIL and not answer.answer and
                 6 in edes(answer), answer)
    known = daemon.ctl('servers').stdout.splitlines()
    strangers = [line for line in known if line.split()[0] not in ADDRESSES.values()]
    checks.check('nobody but the two was asked', len(known) == 2 and not strangers, known)
    listed = daemon.ctl('servers', ZONE).stdout
    checks.check('the pool is shown', 'pool pair' in listed and '2 known addresses' in listed, listed)


def stands(daemon, name):
    """What is said of a forwarder for the zone."""
    for line in daemon.ctl('servers', ZONE).stdout.splitlines():
        if line.startswith(ADDRESSES[name] + ' '):
            return line.split('; for this zone')[-1]
    return ''


def one_stops(checks, info, daemon, forwarders, name, silent):
    """Ended, so that its host says that nobody is there, or stopped, so that nothing comes."""
    with Asker(info, daemon.service4, name) as asker:
        wait_for(lambda: asker.count >= 20, 5)
        if silent:
            forwarders.all[name].process.send_signal(signal.SIGSTOP)
        else:
            forwarders.all[name].stop()
        out = wait_for(lambda: ', out' in stands(daemon, name), 8)
        at = asker.count
        wait_for(lambda: asker.count >= at + 100, 5)
        if silent:
            forwarders.all[name].process.send_signal(signal.SIGCONT)
        else:
            forwarders.start(name)
        back = wait_for(lambda: ', good' in stands(daemon, name), 10)
    name += ', silent' if silent else ''
    print('# %s stops: %d names, the slowest in %.2f s' % (name, asker.count, asker.slowest))
    checks.check('%s stops: seen as out' % name, out)
    checks.check('%s stops: the answers go on' % name, not asker.wrong and asker.count > 100,
                 '%d asked\n' % asker.count + '\n'.join(asker.wrong))
    checks.check('%s returns: used again' % name, back)


def both_stop_only(checks, daemon, forwarders):
    for peer in forwarders.all.values():
        peer.stop()
    answer = ask(daemon.service4, 'nobody-knows.' + ZONE, timeout=60)
    checks.check('both stop, mode only: SERVFAIL with EDE 22',
                 answer.rcode() == dns.rcode.SERVFAIL and 22 in edes(answer), answer)
    checks.equal('both stop, mode only: nothing is resolved from the root',
                 daemon.stats()['resolver.fallbacks'], 0)


def both_stopped_first(checks, info, daemon):
    with Asker(info, daemon.service4, 'first') as asker:
        wait_for(lambda: asker.count >= 100, 10)
    print('# both stopped, mode first: %d names, the slowest in %.2f s' % (
        asker.count, asker.slowest))
    checks.check('both stopped, mode first: validated answers from the root',
                 not asker.wrong and asker.count >= 100, '\n'.join(asker.wrong))
    checks.check('both stopped, mode first: counted', daemon.stats()['resolver.fallbacks'] > 0)


def sent_in_clear(daemon):
    stats = daemon.stats()
    return stats['upstream.sent_udp'] + stats['upstream.sent_tcp']


def over_tls(checks, info, daemon):
    validated(checks, info, daemon)
    with Asker(info, daemon.service4, 'tls') as asker:
        wait_for(lambda: asker.count >= 200, 15)
    stats = daemon.stats()
    handshakes = stats['upstream.tls_handshakes']
    print('# over TLS: %d names, the slowest in %.2f s; %d handshakes for %d questions' % (
        asker.count, asker.slowest, handshakes, stats['upstream.sent_tls']))
    checks.check('over TLS: validated answers', not asker.wrong and asker.count >= 200,
                 '\n'.join(asker.wrong))
    checks.equal('over TLS: nothing in clear', sent_in_clear(daemon), 0)
    checks.check('over TLS: questions share connections',
                 2 <= handshakes < stats['upstream.sent_tls'] / 4, handshakes)


def not_proven(checks, daemon):
    answer = ask(daemon.service4, 'www.' + ZONE, timeout=60)
    checks.check('who does not prove its name or key is not asked',
                 answer.rcode() == dns.rcode.SERVFAIL and 22 in edes(answer), answer)
    checks.equal('nor asked in clear', sent_in_clear(daemon), 0)
    checks.equal('and nothing was sent at all', daemon.stats()['upstream.sent_tls'], 0)
    told = wait_for(lambda: 'is not asked over TLS' in daemon.log_text(), 3)
    checks.check('the log says so', told, daemon.log_text())


def in_client(function, checks, info, *arguments):
    """dnspython asks from the thread's namespace: a thread of its own, so that ours stays."""
    def run():
        enter(info['namespaces']['client'])
        checks.run(function, *arguments)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()


def upstream(info, ca_file):
    """The interface, and behind it what else stands in that mapping."""
    return '%s, tls-ca-file: %s' % (info['resolver']['upstream_interface'], ca_file)


def main():
    checks = Checks()
    info = lab_info()
    with Forwarders(info) as forwarders:
        trusted = upstream(info, forwarders.file('unbound'))
        with Assayd(info, extra=TLS_CONFIG.format(name='unbound.example', pin=forwarders.pin('kresd')),
                    interface=trusted) as daemon:
            in_client(over_tls, checks, info, info, daemon)
        # The certificate is good, for another name; and the key of somebody else is pinned.
        with Assayd(info, extra=TLS_CONFIG.format(name='other.example', pin=forwarders.pin('unbound')),
                    interface=trusted) as daemon:
            in_client(not_proven, checks, info, daemon)
        with Assayd(info, extra=CONFIG.format(mode='only')) as daemon:
            in_client(validated, checks, info, info, daemon)
            checks.run(one_stops, info, daemon, forwarders, 'unbound', False)
            checks.run(one_stops, info, daemon, forwarders, 'kresd', True)
            in_client(both_stop_only, checks, info, daemon, forwarders)
            checks.equal('the daemon stops with status 0', daemon.stop(), 0)
        with Assayd(info, extra=CONFIG.format(mode='first')) as daemon:
            checks.run(both_stopped_first, info, daemon)
    checks.done()


if __name__ == '__main__':
    main()
