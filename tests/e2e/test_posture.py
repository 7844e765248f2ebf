#!/usr/bin/python3
"""What `assayctl posture` says of zones of many kinds is what the lab's manifest says: whether they
are secure, with which algorithms, denied how, at how many providers. Looking asks nobody."""
import json
import os
import sys

import dns.message
import dns.query

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from checks import Checks, wait_for  # noqa: E402
from resolver import Assayd, enter, lab_info  # noqa: E402

PER_KIND = 4
DENIALS = {'nsec': 'NSEC', 'nsec3': 'NSEC3', 'optout': 'NSEC3'}


def chosen(zones):
    """Some of each kind, with different algorithms and denials first."""
    kinds = {}
    for zone in zones:
        kinds.setdefault(zone['kind'], {}).setdefault(
            (tuple(zone['algorithm']), zone['denial'], len(zone['providers'])), zone)
    return [zone for kind in kinds.values() for zone in list(kind.values())[:PER_KIND]]


def ask(daemon, name, qtype):
    query = dns.message.make_query(name, qtype, want_dnssec=True)
    return dns.query.udp(query, daemon.service4, timeout=60)


def posture(daemon, *arguments):
    return json.loads(daemon.ctl('posture', *arguments, '--json').stdout)


def networks(addresses):
    return {address.rsplit('.', 1)[0] for address in addresses if ':' not in address}


def differences(zone, seen):
    """What does not agree with the manifest; [] when all does."""
    wrong = []
    if not seen['known']:
        return ['it is not known']
    own = seen['chain'][-1]
    if (seen['status'] == 'secure') != zone['secure']:
        wrong.append('status %s, secure %s' % (seen['status'], zone['secure']))
    if zone['secure']:
        keys = sorted({key['algorithm'] for key in own['keys']})
        if keys != sorted(zone['algorithm']):
            wrong.append('algorithms %s, not %s' % (keys, zone['algorithm']))
        denial = seen.get('denial', {})
        if denial.get('kind') != DENIALS[zone['denial']]:
            wrong.append('denial %s, not %s' % (denial, zone['denial']))
        if denial.get('kind') == 'NSEC3' and denial['iterations'] != zone['iterations']:
            wrong.append('%s iterations, not %s' % (denial['iterations'], zone['iterations']))
        if not any(s['class'] == 'DNSKEY' and s['left_s'] > 0 for s in seen['signatures']):
            wrong.append('no DNSKEY signature')
        if any(f['severity'] == 'ALARM' for f in seen['findings']):
            wrong.append('alarms: %s' % seen['findings'])
    got = networks(server['address'] for server in seen['servers'])
    if got != networks(zone['addresses']):
        wrong.append('networks %s, not %s' % (got, networks(zone['addresses'])))
    # Each provider has a network of each family; every server is in both of its provider's.
    cut = min(len(set(zone['nameservers'])), 2 * len(zone['providers']))
    if seen['minimal_cut'] != cut:
        wrong.append('losing %s takes it down, not %s' % (seen['minimal_cut'], cut))
    return wrong


def kinds_agree(checks, daemon, zones):
    wrong = []
    for zone in zones:
        ask(daemon, zone['zone'], 'SOA')
        ask(daemon, 'no-such-name.' + zone['zone'], 'A')
        found = differences(zone, posture(daemon, zone['zone']))
        if found:
            wrong.append('%s (%s): %s' % (zone['zone'], zone['kind'], '; '.join(found)))
    checks.check('%d of %d zones of all kinds agree with the lab' % (
        len(zones) - len(wrong), len(zones)), zones and not wrong, '\n'.join(wrong))


def broken_are_alarms(checks, daemon, zones):
    wrong = []
    for zone in zones:
        for name in (zone['zone'], 'no-such-name.' + zone['zone'], 'nor-this.' + zone['zone']):
            ask(daemon, name, 'SOA')
        seen = posture(daemon, zone['zone'])
        worst = seen['findings'][0] if seen['findings'] else {}
        if seen['status'] == 'secure' or worst.get('severity') != 'ALARM':
            wrong.append('%s (%s): %s, %s' % (zone['zone'], zone['kind'], seen['status'], worst))
    checks.check('%d of %d broken zones are an alarm' % (len(zones) - len(wrong), len(zones)),
                 zones and not wrong, '\n'.join(wrong))


def looking_asks_nobody(checks, daemon):
    unknown = posture(daemon, 'never-asked.nsec.')
    top = posture(daemon, '--top', '20')
    text = daemon.ctl('posture', '--top').stdout
    checks.equal('a zone that was not asked for is not known', unknown['known'], False)
    checks.check('the hottest have a line each', len(top['zones']) == 20 and
                 len(text.splitlines()) >= 11, text)
    heats = [zone['questions'] for zone in top['zones']]
    checks.equal('the hottest first', heats, sorted(heats, reverse=True))

    def sent_while_looking():
        before = daemon.stats()['upstream.sent_udp']
        posture(daemon, 'never-asked.nsec.')
        posture(daemon, '--top', '20')
        return daemon.stats()['upstream.sent_udp'] - before

    # The daemon asks for reasons of its own as well, but not all the time.
    checks.check('looking asks nobody', wait_for(lambda: sent_while_looking() == 0, 10, 0.2))


def main():
    checks = Checks()
    info = lab_info()
    with open(info['files']['manifest.json']) as stream:
        zones = json.load(stream)['zones']
    # An island on the servers of its insecure parent is nothing but names of that.
    whole = [zone for zone in zones if not zone['broken'] and zone['role'] != 'root' and
             zone['kind'] != 'same-servers-island']
    bogus = [zone for zone in zones if zone['kind'] in (
        'wrong-signature', 'wrong-dnskey-signature', 'rrsigs-missing', 'expired', 'not-yet-valid',
        'ds-without-dnskey', 'unsigned-under-ds')]
    with Assayd(info) as daemon:
        enter(info['namespaces']['client'])
        kinds_agree(checks, daemon, chosen(whole))
        broken_are_alarms(checks, daemon, bogus)
        looking_asks_nobody(checks, daemon)
        checks.equal('the daemon stops with status 0', daemon.stop(), 0)
    checks.done()


if __name__ == '__main__':
    main()
