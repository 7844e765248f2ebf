#!/usr/bin/python3
"""Asks Assay, Unbound and Knot Resolver every question of the lab's manifest and compares opcode,
RCODE, header flags and answer section; has delv judge every signed and bogus name for itself.
TAP on standard output, a line per peer, and the counts in one line at the end.

A difference is a failure unless explained.py says why it is meant; all are printed. The lab is
that of ASSAY_LAB_PREFIX and ASSAY_LAB_DIR when both are set and it is up, else a small one of
this run's own. A peer that is not installed is skipped; exit status 77 when none is.
"""
import concurrent.futures
import json
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), 'e2e')]

OWN_LAB = not (os.environ.get('ASSAY_LAB_PREFIX') and os.environ.get('ASSAY_LAB_DIR'))
if OWN_LAB:
    os.environ['ASSAY_LAB_PREFIX'] = 'ad%d' % os.getpid()
    os.environ['ASSAY_LAB_DIR'] = '/run/assay-differential-%d' % os.getpid()

from checks import Checks, wait_for  # noqa: E402
import delv  # noqa: E402
from explained import explain  # noqa: E402
from peers import peers  # noqa: E402
from resolver import Assayd, lab, lab_info  # noqa: E402

OWN_ZONES = '60'
FIELDS = ('opcode', 'rcode', 'flags', 'answer')
ASK_LIMIT_S = 400


def start_asking(info, namespace, address, port, output):
    return subprocess.Popen(
        ['ip', 'netns', 'exec', info['namespaces'][namespace], sys.executable,
         os.path.join(HERE, 'asker.py'), info['files']['manifest.json'], address, str(port),
         output])


def finish(process):
    try:
        return process.wait(ASK_LIMIT_S) == 0
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return False


def answers_of(info, namespace, address, port, workdir, name):
    output = os.path.join(workdir, name + '.json')
    if not finish(start_asking(info, namespace, address, port, output)):
        raise RuntimeError('not every question could be put to ' + name)
    with open(output) as stream:
        return json.load(stream)


def differing(fields, ours, theirs):
    if 'silent' in ours or 'silent' in theirs:
        return ['silent'] if ('silent' in ours) != ('silent' in theirs) else []
    return [field for field in fields if ours[field] != theirs[field]]


def shown(fields, ours, theirs):
    lines = []
    for field in fields:
        a, b = ours.get(field), theirs.get(field)
        if field == 'answer':
            lines += ['    only Assay: ' + x for x in a if x not in b]
            lines += ['    only peer:  ' + x for x in b if x not in a]
        else:
            lines.append('    %s: Assay %s, peer %s' % (field, a or 'answers', b or 'answers'))
    return lines


def compare(checks, name, questions, ours, theirs, fields=FIELDS):
    unexplained, reasons = [], {}
    for question, a, b in zip(questions, ours, theirs):
        different = differing(fields, a, b)
        if not different:
            continue
        reason = explain(name, different, question, a, b)
        what = '%s %s (%s)' % (question['qname'], question['qtype'], question['why'])
        if reason is None:
            unexplained.append([what] + shown(different, a, b))
        else:
            reasons.setdefault(reason, []).append(what)
    for reason, cases in sorted(reasons.items()):
        print('# %s, %d times: %s' % (name, len(cases), reason))
        for case in cases:
            print('#   ' + case)
    explained = sum(map(len, reasons.values()))
    checks.check('%s: %d questions, %d differences explained, no other' % (
        name, len(questions), explained), not unexplained,
        '\n'.join(line for lines in unexplained for line in lines))
    return '%s %d compared, %d same, %d explained, %d unexplained' % (
        name, len(questions), len(questions) - explained - len(unexplained), explained,
        len(unexplained))


def ask_peer(info, workdir, peer):
    """Its answers, or why there are none."""
    peer.start(info, workdir)
    try:
        probe = ['ip', 'netns', 'exec', info['namespaces']['resolver'], 'dig', '+time=1',
                 '+tries=1', '-p', str(peer.port), '@' + peer.address, '.', 'NS']
        up = wait_for(lambda: peer.complaint() or subprocess.run(
            probe, capture_output=True).returncode == 0, 20)
        if up is not True:
            return peer.complaint() or peer.name + ' does not answer'
        return answers_of(info, 'resolver', peer.address, peer.port, workdir, peer.name)
    finally:
        peer.stop()


def ask_everybody(info, workdir, server, present, for_delv):
    """All at the same time: most of it is waiting for servers that do not answer."""
    with concurrent.futures.ThreadPoolExecutor() as pool:
        ours = pool.submit(answers_of, info, 'client', server, 53, workdir, 'assayd')
        theirs = [pool.submit(ask_peer, info, workdir, peer) for peer in present]
        judged = pool.submit(delv.ask_all, info, server, for_delv)
        return ours.result(), [future.result() for future in theirs], judged.result()


def run(checks, workdir, present):
    info = lab_info()
    with open(info['files']['manifest.json']) as stream:
        manifest = json.load(stream)
    questions = manifest['questions']
    for_delv = delv.chosen(manifest) if delv.BINARY else []
    with Assayd(info) as assayd:
        ours, theirs, judged = ask_everybody(info, workdir, assayd.service4, present, for_delv)
    silent = [q['qname'] for q, a in zip(questions, ours) if 'silent' in a]
    checks.check('Assay answers every question', not silent, '\n'.join(silent))
    counts = []
    for peer, said in zip(present, theirs):
        if isinstance(said, str):
            checks.check(peer.name + ' answers', False, said)
        else:
            counts.append(compare(checks, peer.name, questions, ours, said))
    if for_delv:
        known = {(q['qname'], q['qtype']): delv.of_answer(a) for q, a in zip(questions, ours)}
        counts.append(compare(checks, 'delv', for_delv,
                              [known[q['qname'], q['qtype']] for q in for_delv], judged,
                              delv.FIELDS))
    print('#| ' + '; '.join(counts))


def main():
    checks = Checks()
    all_peers = peers()
    present = [peer for peer in all_peers if peer.binary]
    if not present:
        print('skipped: neither unbound nor knot-resolver is installed')
        return 77
    for name in [peer.name for peer in all_peers if not peer.binary] + ['delv'] * (not delv.BINARY):
        checks.skip(name, 'is not installed')
    workdir = tempfile.mkdtemp(prefix='assay-differential-')
    try:
        if OWN_LAB:
            lab('up', '--zones', OWN_ZONES)
        run(checks, workdir, present)
    except Exception as error:  # reported whole: there is nothing to compare without
        checks.check('the comparison runs', False, getattr(error, 'stderr', '') or error)
    finally:
        if OWN_LAB:
            lab('down', check=False)
        shutil.rmtree(workdir, ignore_errors=True)
    checks.done()


if __name__ == '__main__':
    sys.exit(main())
