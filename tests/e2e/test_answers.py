#!/usr/bin/python3
"""Every question of the lab's manifest: RCODE, AD, EDE and answer of the real daemon, cold and
then from the cache; delv agrees on every signed name; counters say who answered."""
import json
import os
import subprocess
import sys

import dns.edns
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdata
import dns.rdatatype

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from checks import Checks  # noqa: E402
from resolver import Assayd, enter, lab_info  # noqa: E402

TIMEOUT = 60


def ask(server, question, tcp=False, cd=False):
    query = dns.message.make_query(question['qname'], question['qtype'], want_dnssec=True,
                                   payload=1232)
    if cd:
        query.flags |= dns.flags.CD
    if tcp:
        return dns.query.tcp(query, server, timeout=TIMEOUT), True
    reply = dns.query.udp(query, server, timeout=TIMEOUT)
    if reply.flags & dns.flags.TC:
        return dns.query.tcp(query, server, timeout=TIMEOUT), True
    return reply, False


def ede_codes(reply):
    return [int(o.code) for o in reply.options if o.otype == 15]


def answer_texts(reply, qtype):
    wanted = dns.rdatatype.from_text(qtype)
    return sorted(rdata.to_text() for rrset in reply.answer for rdata in rrset
                  if rrset.rdtype == wanted)


def differences(question, reply, tcp):
    """What does not agree with the oracle; [] when all does."""
    expect = question['expect']
    varies = expect.get('varies') or []
    wrong = []
    rcode = dns.rcode.to_text(reply.rcode())
    ad = bool(reply.flags & dns.flags.AD)
    if rcode != expect['rcode'] and 'rcode' not in varies:
        wrong.append('rcode %s, not %s' % (rcode, expect['rcode']))
    if ad != expect['ad'] and 'ad' not in varies:
        wrong.append('ad %s, not %s' % (ad, expect['ad']))
    codes = expect.get('ede')
    if codes is not None and 'ede' not in varies:
        codes = codes if isinstance(codes, list) else [codes]
        if not set(codes) & set(ede_codes(reply)):
            wrong.append('ede %s, not one of %s' % (ede_codes(reply), codes))
    if expect.get('answer') is not None and 'answer' not in varies:
        wanted = sorted(normal(text, question['qtype']) for text in expect['answer'])
        got = answer_texts(reply, question['qtype'])
        if got != wanted:
            wrong.append('answer %s, not %s' % (got, wanted))
    if expect.get('tcp') and not tcp:
        wrong.append('was not truncated over UDP')
    if rcode == 'SERVFAIL' and not ede_codes(reply):
        wrong.append('SERVFAIL without EDE')
    return wrong


def normal(text, qtype):
    return dns.rdata.from_text('IN', qtype, text).to_text()


def manifest_agrees(checks, info, server, round_name):
    with open(info['files']['manifest.json']) as stream:
        questions = json.load(stream)['questions']
    wrong = []
    for question in questions:
        what = '%s %s (%s)' % (question['qname'], question['qtype'], question['why'])
        try:
            reply, tcp = ask(server, question)
        except Exception as error:
            wrong.append('%s: %s' % (what, error or type(error).__name__))
            continue
        found = differences(question, reply, tcp)
        if found:
            wrong.append('%s: %s' % (what, '; '.join(found)))
    checks.check('%s: %d of %d questions agree with the lab' % (
        round_name, len(questions) - len(wrong), len(questions)), questions and not wrong,
        '\n'.join(wrong))
    return questions


def delv_agrees(checks, info, server, questions, limit):
    """delv validates for itself, with the lab's anchor, over our answers."""
    secure = [q for q in questions if q['expect']['ad'] and q['expect']['rcode'] == 'NOERROR'
              and q['expect'].get('answer') and q['qtype'] not in ('CAA',)]
    wrong = []
    step = max(1, len(secure) // limit)
    chosen = secure[::step]
    for question in chosen:
        run = subprocess.run(
            ['delv', '@' + server, '-a', info['files']['anchor.key'], '+root=.', question['qname'],
             question['qtype']], capture_output=True, text=True)
        if '; fully validated' not in run.stdout:
            wrong.append('%s %s: %s' % (question['qname'], question['qtype'],
                                        (run.stdout + run.stderr).strip()[-300:]))
    checks.check('delv agrees on %d of %d signed names' % (len(chosen) - len(wrong), len(chosen)),
                 chosen and not wrong, '\n'.join(wrong))


def main():
    checks = Checks()
    info = lab_info()
    limit = int(os.environ.get('ASSAY_DELV', '40'))
    with Assayd(info) as daemon:
        enter(info['namespaces']['client'])
        questions = manifest_agrees(checks, info, daemon.service4, 'cold over IPv4')
        before = daemon.stats()
        manifest_agrees(checks, info, daemon.service4, 'warm over IPv4')
        after = daemon.stats()
        manifest_agrees(checks, info, daemon.service6, 'warm over IPv6')
        hits = after['dataplane.hit'] - before['dataplane.hit']
        checks.check('the poll-mode core answered most of the warm round', hits > len(questions) // 2,
                     '%d hits' % hits)
        delv_agrees(checks, info, daemon.service4, questions, limit)
        checks.equal('the daemon stops with status 0', daemon.stop(), 0)
    checks.done()


if __name__ == '__main__':
    main()
