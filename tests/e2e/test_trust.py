#!/usr/bin/python3
"""Trust anchors of a real daemon: their state on the disk, and what is wrong with it, is never in the
way of the start (ATTACKS O12)."""
import json
import os
import stat
import sys

import dns.flags
import dns.message
import dns.query
import dns.rcode

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from checks import Checks, wait_for  # noqa: E402
from resolver import Assayd, enter, lab_info  # noqa: E402


def ask(daemon, name, qtype='A', cd=False):
    query = dns.message.make_query(name, qtype, want_dnssec=True)
    if cd:
        query.flags |= dns.flags.CD
    return dns.query.udp(query, daemon.service4, timeout=60)


def is_authentic(daemon):
    reply = ask(daemon, 'www.types.nsec.')
    return reply.rcode() == dns.rcode.NOERROR and bool(reply.flags & dns.flags.AD)


def alarms(daemon):
    return daemon.alarms()


def anchors(daemon):
    return json.loads(daemon.ctl('anchors', '--json').stdout)


def text_of(path):
    with open(path) as stream:
        return stream.read()


def o12_unwritable(checks, info):
    with Assayd(info, state='/proc/assay/trust.state') as daemon:
        checks.check('an unwritable state file: it starts and validates', is_authentic(daemon))
        # One cause is one alarm: the folder's takes the place of the file's.
        found = wait_for(lambda: [a for a in alarms(daemon)
                                  if '/proc/assay cannot be written' in a], 10)
        checks.check('status shows an alarm that names the folder', bool(found), alarms(daemon))
        checks.equal('and none of the file beside it', [a for a in alarms(daemon)
                                                       if 'trust.state' in a], [])
        checks.check('for people as well', 'ALARM: /proc/assay cannot be written' in
                     daemon.ctl('status').stdout, daemon.ctl('status').stdout)
        stats = daemon.stats()
        checks.check('it is counted', stats['trust.alarms'] >= 1 and
                     stats['trust.state_write_failures'] >= 1 and
                     stats['trust.state_writes'] == 0, stats)
        told = daemon.log_text().splitlines()
        checks.equal('the file is logged once', len([line for line in told if ' alarm ' not in line and
                                                     '/proc/assay/trust.state' in line]), 1)
        checks.equal('and the folder once as an alarm', len(
            [line for line in told if ' alarm state: /proc/assay cannot be written' in line]), 1)
        checks.equal('it stops with status 0', daemon.stop(), 0)


def o12_kept_over_kill(checks, info):
    daemon = Assayd(info)
    path = os.path.join(daemon.workdir, 'trust.state')
    try:
        daemon.start()
        seen = wait_for(lambda: anchors(daemon)[0].get('last_seen_s'), 15)
        checks.check('the anchor\'s keys are looked at after the start', bool(seen),
                     daemon.ctl('anchors').stdout)
        (zone,) = anchors(daemon)
        checks.check('anchors shows them', zone['zone'] == '.' and zone['automatic'] and
                     not zone['failing'] and 3600 - 60 <= zone['next_s'] <= 15 * 86400 and
                     [k['state'] for k in zone['keys']] == ['valid'], zone)
        checks.check('for people as well', 'automatic (RFC 5011)' in daemon.ctl('anchors').stdout)
        written = wait_for(lambda: os.path.exists(path) and '\nseen ' in text_of(path), 10)
        checks.check('what was seen is on the disk', bool(written))
        checks.equal('nothing is wrong', alarms(daemon), [])
        daemon.kill()
        daemon.start()
        (after,) = anchors(daemon)
        checks.check('and known after SIGKILL, without another look',
                     after['last_seen_s'] == seen and daemon.stats()['trust.probes'] == 0, after)
        checks.check('it validates', is_authentic(daemon))
        daemon.stop()
        damaged = text_of(path).replace('\nseen ', '\nsaw ', 1)
        with open(path, 'w') as stream:
            stream.write(damaged)
        daemon.start()
        found = [a for a in alarms(daemon) if path + ':' in a]
        checks.check('a damaged file: it starts, with an alarm that names the line',
                     bool(found) and is_authentic(daemon), alarms(daemon))
        checks.check('and keeps the file', text_of(path + '.unused') == damaged)
    finally:
        if daemon.process and daemon.process.poll() is None:
            daemon.stop()
        daemon.remove()


def as_another_user(checks, info):
    daemon = Assayd(info, driver='af_packet', extra='user: nobody\n')
    path = os.path.join(daemon.workdir, 'state', 'trust.state')
    os.chmod(daemon.workdir, 0o755)
    with open(daemon.config) as stream:
        config = stream.read().replace(os.path.join(daemon.workdir, 'trust.state'), path)
    with open(daemon.config, 'w') as stream:
        stream.write(config)
    with daemon:
        written = wait_for(lambda: os.path.exists(path) and '\nseen ' in text_of(path), 15)
        checks.check('`user` writes the file in a directory made for it', bool(written),
                     daemon.log_text())
        info = os.stat(path)
        checks.check('it belongs to that user', info.st_uid != 0 and
                     not stat.S_IMODE(info.st_mode) & 0o022, oct(info.st_mode))
        checks.equal('nothing is wrong', alarms(daemon), [])


def sentinel(checks, info):
    with Assayd(info) as daemon:
        tag = anchors(daemon)[0]['keys'][0]['tag']
        there = 'root-key-sentinel-%s-ta-%05d.wild.types.nsec.'
        for when in 'from the servers', 'from the cache':
            reply = ask(daemon, there % ('is', tag))
            checks.check('the sentinel says which root key is trusted, ' + when,
                         reply.rcode() == dns.rcode.NOERROR and bool(reply.flags & dns.flags.AD) and
                         len(reply.answer) > 0, reply)
            reply = ask(daemon, there % ('not', tag))
            checks.check('and fails where it must, ' + when, reply.rcode() == dns.rcode.SERVFAIL and
                         not reply.answer, reply)
        reply = ask(daemon, there % ('not', tag), cd=True)
        checks.equal('but not with CD=1', reply.rcode(), dns.rcode.NOERROR)


def main():
    checks = Checks()
    info = lab_info()
    enter(info['namespaces']['client'])
    checks.run(o12_unwritable, info)
    checks.run(o12_kept_over_kill, info)
    checks.run(as_another_user, info)
    checks.run(sentinel, info)
    checks.done()


if __name__ == '__main__':
    main()
