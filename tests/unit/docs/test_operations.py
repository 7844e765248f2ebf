#!/usr/bin/python3
"""docs/operations.md speaks of what there is: every alarm, and no verb, option or example that is not.

test_operations.py ASSAYD ASSAYCTL TOP-OF-THE-SOURCE
"""
import os
import re
import subprocess
import sys
import unittest

ASSAYD, ASSAYCTL, TOP = (os.path.abspath(argument) for argument in sys.argv[1:4])


def said(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout


def text():
    with open(os.path.join(TOP, 'docs/operations.md'), encoding='utf-8') as stream:
        return stream.read()


class Operations(unittest.TestCase):
    maxDiff = None

    def test_every_alarm_has_a_row_and_every_row_is_an_alarm(self):
        table = text()[text().index('## Alarms'):]
        rows = re.findall(r'^\| `([a-z-]+)` \| (.+) \|$', table, re.M)
        alarms = [line.split('\t')[0] for line in said(ASSAYD, '--alarms').splitlines()]
        self.assertEqual(sorted(name for name, _ in rows), sorted(alarms))
        for name, words in rows:
            self.assertGreater(len(words), 60, name)

    def test_verbs_are_there(self):
        there = set(re.findall(r'^  ([a-z]+)\b', said(ASSAYCTL, '--help'), re.M))
        named = set(re.findall(r'assayctl (?:-s \S+ )?([a-z]+)', text()))
        self.assertGreater(len(named), 8)
        self.assertEqual(named - there, set())

    def test_options_are_there(self):
        there = set(re.findall(r'^([a-z][a-z.-]*):', said(ASSAYD, '--options'), re.M))
        groups = {path.split('.')[0] for path in there if '.' in path}
        named = {path for path in re.findall(r'`([a-z]+\.[a-z-]+)(?::[^`]*)?`', text())
                 if path.split('.')[0] in groups}
        self.assertGreater(len(named), 10)
        self.assertEqual(named - there, set())

    def test_examples_are_there(self):
        named = set(re.findall(r'\b([a-z]+\.yaml)\b', text())) - {'assayd.yaml'}
        self.assertEqual(named, set(os.listdir(os.path.join(TOP, 'docs/examples'))))


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1])
