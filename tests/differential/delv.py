"""delv over Assay: it fetches everything with CD=1 and validates for itself, with the lab's anchor.
What it thinks of a name is compared with what Assay told a client that asked with CD=0."""
import concurrent.futures
import shutil
import subprocess

import dns.exception
import dns.rdata

BINARY = shutil.which('delv', path='/usr/bin:/bin:/usr/local/bin')
FIELDS = ('verdict', 'rcode', 'answer')
AT_ONCE = 4
LIMIT_S = 40


def chosen(manifest):
    """Questions in zones that are signed, or meant to look so."""
    zones = {zone['zone']: zone for zone in manifest['zones']}
    return [q for q in manifest['questions']
            if zones[q['zone']]['signed'] or zones[q['zone']]['broken']]


def record(line):
    """A line of delv's in the form of asker.records(), or '' for none."""
    words = line.split(None, 4)
    if len(words) < 5:
        return ''
    owner, _, _, rdtype, rdata = words
    try:
        return '%s %s %s' % (owner.lower(), rdtype, dns.rdata.from_text('IN', rdtype, rdata))
    except dns.exception.DNSException:
        return line


def read(stdout, stderr):
    lines = stdout.splitlines()
    verdicts = [line for line in lines if line.startswith('; ') and
                line.endswith(('fully validated', 'unsigned answer'))]
    if not verdicts:
        return {'verdict': 'failed', 'rcode': 'SERVFAIL', 'answer': [],
                'why': (stdout + stderr).strip()[-200:]}
    secure = all(line.endswith('fully validated') for line in verdicts)
    return {
        'verdict': 'secure' if secure else 'insecure',
        'rcode': 'NXDOMAIN' if 'ncache nxdomain' in stderr else 'NOERROR',
        'answer': sorted(filter(None, (record(x) for x in lines if x and x[0] != ';'))),
    }


def ask(info, server, question):
    command = ['ip', 'netns', 'exec', info['namespaces']['client'], BINARY, '@' + server,
               '-a', info['files']['anchor.key'], '+root=.', question['qname'], question['qtype']]
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S)
    except subprocess.TimeoutExpired:
        return {'silent': 'no end within %d s' % LIMIT_S}
    return read(run.stdout, run.stderr)


def ask_all(info, server, questions):
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda q: ask(info, server, q), questions))


def of_answer(said):
    """What Assay said, in delv's terms."""
    if 'silent' in said:
        return said
    if said['rcode'] == 'SERVFAIL':
        return {**said, 'verdict': 'failed'}
    return {**said, 'verdict': 'secure' if 'AD' in said['flags'].split() else 'insecure'}
