#!/usr/bin/python3
"""bash completes the verbs of assayctl --help and the words that each takes.

test_completion.py ASSAYCTL SCRIPT
"""
import os
import re
import subprocess
import sys
import tempfile
import unittest

ASSAYCTL, SCRIPT = (os.path.abspath(argument) for argument in sys.argv[1:3])


def complete(*words, program='assayctl'):
    """What bash would offer for the last of these words."""
    code = ('set -u; . "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); '
            '_assayctl; printf "%s\\n" "${COMPREPLY[@]}"')
    run = subprocess.run(['bash', '-c', code, 'bash', SCRIPT, program, *words],
                         capture_output=True, text=True, timeout=60)
    assert run.returncode == 0 and run.stderr == '', run.stderr
    return set(run.stdout.split())


def verbs():
    text = subprocess.run([ASSAYCTL, '--help'], capture_output=True, text=True).stdout
    text = text[text.index('verbs:'):text.index('exit status')]
    return dict(re.findall(r'^  ([a-z]+)\b *(.*)$', text, re.M))


class Completion(unittest.TestCase):
    def test_every_verb_is_offered(self):
        offered = {word for word in complete('') if not word.startswith('-')}
        self.assertEqual(offered, set(verbs()))
        self.assertIn('--socket', complete('--so'))

    def test_a_part_of_a_verb_is_completed(self):
        self.assertEqual(complete('sta'), {'status', 'stats'})
        self.assertEqual(complete('-s', '/nowhere', '--json', 'po'), {'posture'})

    def test_words_of_a_verb_are_offered_and_not_what_they_stand_for(self):
        self.assertEqual(complete('nta', ''), {'--json', 'add', 'remove', 'list'})
        self.assertEqual(complete('flush', '--'), {'--json', '--zone', '--all'})
        self.assertEqual(complete('log', 'd'), {'debug'})
        self.assertEqual(complete('drill', ''), {'--json', 'plan', 'start', 'status', 'stop', 'report'})
        for verb in verbs():
            self.assertFalse([word for word in complete(verb, '') if word != word.lower()], verb)

    def test_scopes_and_faults_of_a_drill_are_offered(self):
        self.assertEqual(complete('drill', 'plan', '--scope', ''),
                         {'upstream:', 'domain:', 'zone:', 'pool:', 'uplink', 'clock'})
        self.assertEqual(complete('drill', 'start', '--fault', 's'), {'servfail', 'strip-rrsig', 'skew='})
        self.assertEqual(complete('drill', 'start', '--fault', 'drop', '--s'), {'--scope', '--share'})

    def test_names_that_have_a_negative_trust_anchor_are_offered(self):
        with tempfile.TemporaryDirectory() as folder:
            program = os.path.join(folder, 'assayctl')
            with open(program, 'w', encoding='utf-8') as stream:
                stream.write('#!/bin/sh\n[ "$*" = "-s /x nta list --json" ] || exit 3\n'
                             'printf \'[\\n  {\\n    "name": "a.example.",\\n    "left_s": 1\\n  },\\n'
                             '  {\\n    "name": "$(id).",\\n  }\\n]\\n\'\n')
            os.chmod(program, 0o755)
            self.assertEqual(complete('-s', '/x', 'nta', 'remove', '', program=program), {'a.example.'})
            # Without a daemon nothing is offered, and nothing said.
            self.assertEqual(complete('nta', 'remove', '', program=program), set())

    def test_nothing_is_offered_for_what_is_no_verb(self):
        self.assertEqual(complete('nonsense', ''), set())

    def test_a_socket_is_a_file(self):
        self.assertIn(SCRIPT, complete('-s', SCRIPT[:-1]))


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1])
