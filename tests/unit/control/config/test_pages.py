#!/usr/bin/python3
"""--options, --alarms, the manual pages, the README and --check-config say the same.

test_pages.py ASSAYD ASSAYCTL PAGE-OF-OPTIONS PAGE-OF-ALARMS TOP-OF-THE-SOURCE (the pages as they are
installed, with @OPTIONS@ and @ALARMS@ filled in)
"""
import os
import re
import subprocess
import sys
import tempfile
import unittest

ASSAYD, ASSAYCTL, PAGE, ALARMS_PAGE, TOP = (os.path.abspath(argument) for argument in sys.argv[1:6])
MINIMAL = 'ports:\n  - device: "net_af_xdp0,iface=eth1"\nservice:\n  addresses: [10.0.0.53/24]\n'
# What this host lacks says nothing of the text.
OF_THE_HOST = re.compile(r'there is no (CPU|user|interface|PCI)|hugepages|this host has')


def read(*path):
    with open(os.path.join(TOP, *path), encoding='utf-8') as stream:
        return stream.read()


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def options():
    """path → (default, bounds, words), as --options prints them."""
    found, lines = {}, run(ASSAYD, '--options').stdout.splitlines()
    for line, words in zip(lines[::2], lines[1::2]):
        path, rest = line.split(': ', 1)
        match = re.match(r'(\(.*?\)|\[.*?\]|"[^"]*"|[^,]*)(?:, (.*))?$', rest)
        found[path] = (match[1], match[2], words.strip())
    return found


def plain(text):
    return re.sub(r'\\(.)', r'\1', text)


def check_config(text):
    """The sentences that --check-config says of a text, without those about this host."""
    with tempfile.NamedTemporaryFile('w', suffix='.yaml') as stream:
        stream.write(text)
        stream.flush()
        done = run(ASSAYD, '--check-config', '-c', stream.name)
    lines = [line.replace(stream.name, 'FILE') for line in done.stderr.splitlines()]
    return [line for line in lines if not OF_THE_HOST.search(line)]


class Pages(unittest.TestCase):
    def test_the_page_has_the_options_of_the_program(self):
        with open(PAGE, encoding='utf-8') as stream:
            page = stream.read()
        page = page[page.index('# OPTIONS'):page.index('# EXAMPLES')]
        shown = {}
        for entry in re.split(r'\n(?=\*)', page)[1:]:
            match = re.match(r'\*(.*?)\*\n\t(.*)\.\n\n\tDefault: (.*?)(?:\. Bounds: (.*))?\.\n',
                             entry, re.S)
            self.assertTrue(match, entry)
            shown[plain(match[1])] = (plain(match[3]), match[4], plain(match[2]))
        self.assertEqual(shown, options())

    def test_the_page_has_the_alarms_of_the_program(self):
        with open(ALARMS_PAGE, encoding='utf-8') as stream:
            page = stream.read()
        page = plain(page[page.index('# ALARMS'):page.index('# EXIT STATUS')])
        shown = re.findall(r'^\*([a-z-]+)\* \(([a-z]+)\)\n\t(.*)\. Remedy: (.*)\.$', page, re.M)
        said = [tuple(line.split('\t')) for line in run(ASSAYD, '--alarms').stdout.splitlines()]
        self.assertGreater(len(said), 10)
        self.assertEqual(shown, said)

    def test_what_pages_call_an_option_is_one(self):
        sections = {path.split('.')[0] for path in options() if '.' in path}
        for page in (('docs', 'assayd.yaml.5.scd'), ('docs', 'assayd.8.scd'), ('docs', 'assayctl.8.scd'),
                     ('README.md',)):
            words = re.findall(r'[_*`]((?:%s)\.[a-z-]+(?:\.[a-z-]+)?)[_*`]' % '|'.join(sections),
                               plain(read(*page)))
            # Counters and files are named alike, and lie in control/.
            wrong = [word for word in words if word not in options() and not self.is_counter(word)]
            self.assertEqual(wrong, [], page)

    @staticmethod
    def is_counter(word):
        folder = os.path.join(TOP, 'control')
        group, name = word.split('.', 1)
        done = run('grep', '-rqE', r'(X\(%s,|"%s\.%s")' % (name, group, name), folder)
        return done.returncode == 0 or word in ('trust.state', 'posture.overdue')

    def test_each_default_is_within_the_bounds(self):
        for path, (default, bounds, _) in options().items():
            if default.lstrip('-').isdigit() and bounds:
                least, most = re.match(r'(-?\d+) to (-?\d+)', bounds).groups()
                self.assertTrue(int(least) <= int(default) <= int(most), path)

    def test_examples_can_be_loaded(self):
        texts = re.findall(r'^```\n(.*?)^```', read('docs', 'assayd.yaml.5.scd'), re.S | re.M)
        examples = [text for text in texts if re.search(r'^(ports|pools|zones):', text, re.M)]
        self.assertGreaterEqual(len(examples), 4)
        for text in examples:
            said = check_config(text if 'ports:' in text else MINIMAL + text)
            self.assertEqual(said, [], text)

    def test_the_configuration_of_the_README_can_be_loaded(self):
        text = re.search(r'^ +ports:.*?(?=^\S|\Z)', read('README.md'), re.S | re.M)
        self.assertTrue(text)
        lines = [line for line in text[0].splitlines() if line.strip()]
        indent = min(len(line) - len(line.lstrip()) for line in lines)
        self.assertEqual(check_config('\n'.join(line[indent:] for line in lines) + '\n'), [])

    def test_the_page_of_assayctl_has_its_verbs(self):
        text = run(ASSAYCTL, '--help').stdout
        help_lines = text[text.index('verbs:'):text.index('exit status')]
        verbs = set(re.findall(r'^  ([a-z]+)\b', help_lines, re.M))
        page = read('docs', 'assayctl.8.scd')
        page = page[page.index('# VERBS'):page.index('# DRILLS')]
        self.assertEqual(set(re.findall(r'^\*([a-z]+)\b', page, re.M)), verbs)

    def test_statuses_are_those_of_the_pages(self):
        for program in (ASSAYD, ASSAYCTL):
            self.assertEqual(run(program, '--no-such-option').returncode, 2)
            self.assertEqual(run(program, '--version').returncode, 0)
            self.assertEqual(run(program, '--help').returncode, 0)
        self.assertEqual(run(ASSAYD, 'word').returncode, 2)
        self.assertEqual(run(ASSAYD, '-c').returncode, 2)
        self.assertEqual(run(ASSAYD, '-c', 'a', '-c', 'b').returncode, 2)
        self.assertEqual(run(ASSAYD, '--check-config', '-c', '/nonexistent').returncode, 1)
        self.assertEqual(run(ASSAYD, '-c', '/nonexistent').returncode, 1)


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1])
