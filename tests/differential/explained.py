"""Differences between Assay and its peers that are meant, each with its reason.

A row holds for a peer ('unbound', 'kresd', 'delv' or '' for any), some fields, and the questions
that `matches` says yes to; it gets the question, what Assay said and what the peer said.
"""


def unreachable(question, ours, theirs):
    return ours.get('rcode') == 'SERVFAIL' and 22 in ours['ede'] and 'silent' in theirs


def too_many_iterations(question, ours, theirs):
    return 27 in ours['ede'] and set(theirs['flags'].split()) - set(ours['flags'].split()) == {'AD'}


def alias_loop(question, ours, theirs):
    return ours['rcode'] == theirs['rcode'] == 'SERVFAIL' and not ours['answer'] and \
        all(' CNAME ' in record for record in theirs['answer'])


def unsigned_below_shared_servers(question, ours, theirs):
    return theirs['rcode'] == 'SERVFAIL' and ours['rcode'] == question['expect']['rcode'] and \
        '.same.' in '.' + question['zone']


def too_many_iterations_for_delv(question, ours, theirs):
    return 27 in ours['ede'] and (ours['verdict'], theirs['verdict']) == ('insecure', 'secure')


def opted_out_denial(question, ours, theirs):
    return ours['rcode'] == theirs['rcode'] and theirs['verdict'] == 'secure' and \
        question['zone'].endswith('optout.') and not question['expect']['ad']


def dname_at_the_name_asked(question, ours, theirs):
    """Apart from the DNAME and what is made from it, both must say the same."""
    def others(records):
        return [r for r in records if ' DNAME ' not in r and
                not (r.startswith(question['qname'].lower() + ' CNAME '))]

    def dnames(records):
        return sorted(r.split(' ', 1)[1] for r in records if ' DNAME ' in r)
    return others(ours['answer']) == others(theirs['answer']) and dnames(ours['answer']) and \
        dnames(ours['answer']) == dnames(theirs['answer'])


# peer, fields, matches, reason
ROWS = [
    ('', {'silent'}, unreachable,
     'No server answers. Assay says SERVFAIL with EDE 22 within its time limit (RFC 8914 §4.23, '
     'RFC 9520 §3.2); the peer still tries when the client has given up.'),
    ('unbound', {'flags'}, too_many_iterations,
     'RFC 9276 §3.2: above a limit of its own a validator treats NSEC3 as insecure. Assay\'s limit '
     'is 50 iterations, Unbound 1.17\'s is 150.'),
    ('kresd', {'answer'}, alias_loop,
     'RFC 1034 §3.6.2: a loop of aliases is an error. Both say SERVFAIL; Assay sends no records '
     'along with a failure.'),
    ('kresd', {'rcode', 'answer'}, unsigned_below_shared_servers,
     'The name is in an unsigned zone below an empty non-terminal of a signed one, all on the same '
     'servers. The lab and Unbound agree with Assay; Knot Resolver finds no zone cut and fails.'),
    ('delv', {'verdict'}, opted_out_denial,
     'RFC 5155 §9.2: AD is not set where an opt-out NSEC3 covers the next closer name. delv only '
     'says that the records it saw are signed.'),
    ('delv', {'verdict'}, too_many_iterations_for_delv,
     'RFC 9276 §3.2: above 50 iterations NSEC3 is insecure for Assay; delv\'s limit is 150.'),
    ('delv', {'answer'}, dname_at_the_name_asked,
     'RFC 6672 §3.1: the DNAME stands at its own owner, with a CNAME made from it. delv prints the '
     'DNAME under the name that was asked and no CNAME; the rest is the same.'),
]


def explain(peer, fields, question, ours, theirs):
    """The reason why these fields may differ, or None."""
    for row_peer, row_fields, matches, reason in ROWS:
        if row_peer in ('', peer) and set(fields) <= set(row_fields) and \
                matches(question, ours, theirs):
            return reason
    return None
