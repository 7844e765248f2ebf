#!/usr/bin/python3
"""Asks one resolver every question of a manifest; writes what it said as JSON.

  asker.py MANIFEST ADDRESS PORT OUTPUT      inside the namespace that reaches the resolver
"""
import concurrent.futures
import json
import sys

import dns.exception
import dns.flags
import dns.message
import dns.opcode
import dns.query
import dns.rcode
import dns.rdatatype

TIMEOUT_S = 12
TRIES = 2
AT_ONCE = 12
PAYLOAD = 1232


def records(section):
    """Owner, type and data, without TTL and in no order: owners' case is the server's affair."""
    return sorted('%s %s %s' % (rrset.name.to_text().lower(), dns.rdatatype.to_text(rrset.rdtype),
                                rdata.to_text())
                  for rrset in section for rdata in rrset)


def said(reply):
    return {
        'opcode': dns.opcode.to_text(reply.opcode()),
        'rcode': dns.rcode.to_text(reply.rcode()),
        'flags': ' '.join(sorted(dns.flags.to_text(reply.flags).split())),
        'answer': records(reply.answer),
        'ede': sorted(int(o.code) for o in reply.options if o.otype == 15),
    }


def ask(question, address, port):
    query = dns.message.make_query(question['qname'], question['qtype'], want_dnssec=True,
                                   payload=PAYLOAD)
    failure = ''
    for _ in range(TRIES):
        try:
            reply, _ = dns.query.udp_with_fallback(query, address, timeout=TIMEOUT_S, port=port)
            return said(reply)
        except (dns.exception.DNSException, OSError) as error:
            failure = str(error) or type(error).__name__
    return {'silent': failure}


def main():
    manifest, address, port, output = sys.argv[1:]
    with open(manifest) as stream:
        questions = json.load(stream)['questions']
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda q: ask(q, address, int(port)), questions))
    with open(output, 'w') as stream:
        json.dump(answers, stream)


if __name__ == '__main__':
    main()
