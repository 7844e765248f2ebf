#!/usr/bin/python3
"""What `assayctl explain` and clients are told of every broken name of the lab, of a zone whose
servers fail in different ways, and of its return: one cause, the same text; and that our own path is
lost."""
import json
import os
import socket
import sys

import dns.exception
import dns.message
import dns.query
import dns.rcode

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from checks import Checks, wait_for  # noqa: E402
from resolver import Assayd, enter, lab, lab_info  # noqa: E402

TIMEOUT = 60
ZONE = 'types.nsec'
VALIDATION = (6, 7, 8, 9, 10, 12)


def ask(daemon, name, qtype='A'):
    query = dns.message.make_query(name, qtype, want_dnssec=True, payload=1232)
    return dns.query.udp(query, daemon.service4, timeout=TIMEOUT)


def ede(reply):
    """(code, text) of the first Extended DNS Error."""
    for option in reply.options:
        if option.otype == 15:
            return int(option.code), option.text or ''
    return None, ''


def explain(daemon, *arguments):
    return json.loads(daemon.ctl('--json', 'explain', *arguments).stdout)['failures']


def servers_of(daemon, failure):
    """Its own, or those of what it needs."""
    chain = failure.get('chain', {})
    if 'needs' not in chain:
        return failure['servers']
    needed = explain(daemon, chain['needs'], chain['needs_type'])
    return servers_of(daemon, needed[0]) if needed else []


def strangers(manifest, failure, servers):
    """Addresses that are no server of the failed name's zone or of one above."""
    known = set()
    for zone in manifest['zones']:
        if ('.' + failure['name']).endswith('.' + zone['zone'].lstrip('.')):
            known.update(zone['addresses'])
    return [s['address'] for s in servers if 'address' in s and s['address'] not in known]


def wrong_with(daemon, manifest, question):
    """What does not agree for one broken name; [] when all does."""
    code, text = ede(ask(daemon, question['qname'], question['qtype']))
    failures = explain(daemon, question['qname'], question['qtype'])
    if not failures:
        return ['%s is not explained' % question['qname']]
    failure, wrong = failures[0], []
    expected = question['expect'].get('ede') or [code]
    servers = servers_of(daemon, failure)
    if failure['ede'] not in expected:
        wrong.append('EDE %d, not one of %s' % (failure['ede'], expected))
    if (failure['ede'], failure['cause']) != (code, text):
        wrong.append('clients are told %s %s, operators %s' % (code, text, failure['cause']))
    if 'loop' not in question['why'] and not servers:
        wrong.append('no server is named')
    if failure['ede'] in VALIDATION and 'chain' not in failure:
        wrong.append('no link of the chain of trust is named')
    wrong += ['%s is none of its servers' % a for a in strangers(manifest, failure, servers)]
    return ['%s: %s' % (question['qname'], words) for words in wrong]


def broken_names(checks, daemon, manifest):
    wrong, count = [], 0
    for question in manifest['questions']:
        if question['expect']['rcode'] == 'SERVFAIL':
            count += 1
            wrong += wrong_with(daemon, manifest, question)
    checks.check('%d broken names: one cause for clients and operators' % count,
                 count >= 20 and not wrong, '\n'.join(wrong))
    text = daemon.ctl('explain', 'www.expired.nsec', 'A').stdout
    checks.check('what has expired is named with key tag, algorithm and time',
                 'key tag ' in text and ', algorithm ' in text and ', expired since 2' in text, text)
    alias = daemon.ctl('explain', 'to-bogus.types.nsec', 'A').stdout
    checks.check('an alias leads to what is broken', ' is an alias of ' in alias, alias)


def different_failures(checks, info, daemon, manifest):
    zone = next(z for z in manifest['zones'] if z['zone'] == ZONE + '.')
    provider_of = {a: p for p, facts in info['providers'].items() for a in facts['zone']}
    word = {'a': 'REFUSED', 'b': 'timeout'}
    name = 'never-asked.' + ZONE + '.'
    ask(daemon, 'www.' + ZONE)
    lab('break', ZONE, 'refuse', '--at', 'a')
    lab('break', ZONE, 'drop', '--at', 'b')
    try:
        code, text = ede(ask(daemon, name))
        failure = explain(daemon, name, 'A')[0]
        checks.equal('servers that fail: EDE', code, 22)
        checks.equal('servers that fail: clients and operators read the same', failure['cause'], text)
        checks.check('servers that fail: the zone comes first', text.startswith(ZONE + '.: '), text)
        told = {s['address']: s['cause'] for s in failure['servers']}
        checks.equal('servers that fail: each with its own cause', told,
                     {a: word[provider_of[a]] for a in zone['addresses'] if a in told})
        checks.equal('servers that fail: both causes', set(told.values()), set(word.values()))
        checks.check('servers that fail: both in the text',
                     all(w in text for w in word.values()), text)
        line = daemon.ctl('explain', '--last', '1', ZONE).stdout
        checks.check('the last failure of the zone is this one', name in line, line)
    finally:
        lab('heal', ZONE)
    checks.check('it is seen that this is over',
                 wait_for(lambda: ask(daemon, name).rcode() == dns.rcode.NXDOMAIN, 10))
    checks.check('it is said that this is over', explain(daemon, name, 'A')[0]['over'])


def good_name(checks, daemon):
    before = daemon.stats()['explain.kept']
    reply = ask(daemon, 'www.z0000.nsec')
    checks.equal('a good name', dns.rcode.to_text(reply.rcode()), 'NOERROR')
    text = daemon.ctl('explain', 'www.z0000.nsec').stdout
    checks.check('a good name has no failure, and its servers are shown',
                 'no failure of www.z0000.nsec. is recorded' in text and ' rtt ' in text, text)
    checks.equal('a good name leaves no record', daemon.stats()['explain.kept'], before)


def alarms(daemon):
    return daemon.alarms()


def send_some(daemon, names):
    """Questions whose answers nobody waits for."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        for name in names:
            client.sendto(dns.message.make_query(name, 'A').to_wire(), (daemon.service4, 53))


def our_own_path(checks, info, daemon):
    """A lost path is an alarm of `status` and a line of the log, and so is its return."""
    with open(info['files']['names.dnsperf']) as stream:
        names = list(dict.fromkeys(line.split()[0] for line in stream))[:120]
    send_some(daemon, names[:60])
    wait_for(lambda: ask(daemon, names[0]).rcode() == dns.rcode.NOERROR, 5)
    fresh = iter(range(1000000))

    def is_told():
        send_some(daemon, ['x%d.%s' % (next(fresh), name) for name in names[::6]])
        return [alarm for alarm in alarms(daemon) if alarm.startswith('our own path is lost: ')]

    try:
        for provider in 'abcd':
            lab('break', provider, 'drop')
        checks.check('a lost path is an alarm', wait_for(is_told, 10, 0.2), alarms(daemon))
        checks.check('and a line of the log', wait_for(
            lambda: 'our own path is lost: ' in daemon.log_text(), 5), daemon.log_text()[-2000:])
    finally:
        lab('heal', 'all')
    checks.check('that ends with it', wait_for(lambda: not is_told(), 20, 0.2), alarms(daemon))
    checks.check('as the log says', wait_for(
        lambda: 'alarm path-lost over after ' in daemon.log_text(), 5), daemon.log_text()[-2000:])


def main():
    checks = Checks()
    info = lab_info()
    with open(info['files']['manifest.json']) as stream:
        manifest = json.load(stream)
    with Assayd(info) as daemon:
        enter(info['namespaces']['client'])
        checks.run(good_name, daemon)
        checks.run(broken_names, daemon, manifest)
        checks.run(different_failures, info, daemon, manifest)
        checks.run(our_own_path, info, daemon)
        checks.equal('the daemon stops with status 0', daemon.stop(), 0)
    checks.done()


if __name__ == '__main__':
    main()
