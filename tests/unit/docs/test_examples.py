#!/usr/bin/python3
"""Every example is a configuration that assayd takes, but for what another host has.

test_examples.py ASSAYD FOLDER
"""
import glob
import os
import re
import subprocess
import sys
import unittest

ASSAYD, FOLDER = (os.path.abspath(argument) for argument in sys.argv[1:3])
OF_THE_HOST = re.compile(r'there is no (CPU|user|group|interface|PCI)|hugepages|this host has')


class Examples(unittest.TestCase):
    def test_each_is_taken(self):
        found = sorted(glob.glob(os.path.join(FOLDER, '*.yaml')))
        self.assertEqual([os.path.basename(path) for path in found],
                         ['enterprise.yaml', 'isp.yaml', 'lab.yaml'])
        for path in found:
            run = subprocess.run([ASSAYD, '--check-config', '-c', path], capture_output=True,
                                 text=True, timeout=60)
            said = [line for line in run.stderr.splitlines() if not OF_THE_HOST.search(line)]
            self.assertEqual(said, [], path)

    def test_what_they_lack_would_be_said(self):
        with open(os.path.join(FOLDER, 'lab.yaml')) as stream:
            text = stream.read().replace('adaptive', 'adaptiv', 1).replace('memory:', 'memmory:', 1)
        path = os.path.join(os.environ.get('MESON_BUILD_ROOT', '/tmp'), 'broken-example.yaml')
        with open(path, 'w') as stream:
            stream.write(text)
        run = subprocess.run([ASSAYD, '--check-config', '-c', path], capture_output=True, text=True,
                             timeout=60)
        self.assertEqual(run.returncode, 1)
        self.assertIsNone(OF_THE_HOST.search(run.stderr), run.stderr)


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1])
