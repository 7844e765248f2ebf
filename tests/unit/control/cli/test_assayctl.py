#!/usr/bin/python3
"""assayctl against a scripted daemon: what it sends, prints and ends with.

test_assayctl.py PATH-OF-ASSAYCTL
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

ASSAYCTL = sys.argv.pop(1)
HELLO = b'{"assay": 1, "version": "0.1.0"}\n'


class Daemon:
    """Listens once, says hello, notes the request, sends the answer, closes."""

    def __init__(self, folder, answer, hello=HELLO):
        self.path = os.path.join(folder, 'control.sock')
        self.answer, self.hello, self.request = answer, hello, None
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(self.path)
        self.socket.listen(1)
        self.socket.settimeout(10)
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self):
        try:
            client, _ = self.socket.accept()
        except OSError:
            return
        with client:
            client.settimeout(10)
            if not self.hello:
                return
            try:
                client.sendall(self.hello)
                stream = client.makefile('rb')
                self.request = stream.readline()
                client.sendall(self.answer)
            except OSError:
                pass

    def end(self):
        self.socket.close()
        self.thread.join()
        os.unlink(self.path)


class AssayctlTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def ctl(self, *words, answer=None, hello=HELLO, **options):
        daemon = Daemon(self.folder.name, json.dumps(answer).encode() + b'\n'
                        if not isinstance(answer, bytes) else answer, hello)
        try:
            done = subprocess.run([ASSAYCTL, '-s', daemon.path, *words], timeout=20,
                                  stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                  **({'stdout': subprocess.PIPE} | options))
        finally:
            # An assayctl that never connected leaves the daemon waiting.
            poke = socket.socket(socket.AF_UNIX)
            poke.settimeout(1)
            try:
                poke.connect(daemon.path)
            except OSError:
                pass
            poke.close()
            daemon.end()
        self.request = json.loads(daemon.request) if daemon.request else None
        return done

    def test_text_is_printed_and_the_status_is_0(self):
        done = self.ctl('lookup', 'www.example.', 'A', answer={'ok': True, 'text': 'one\ntwo\n'})
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, b'one\ntwo\n', b''))
        self.assertEqual(self.request, {'verb': 'lookup', 'arguments': ['www.example.', 'A']})

    def test_options_of_a_verb_are_the_verbs(self):
        self.ctl('flush', '--zone', 'example.', answer={'ok': True, 'text': ''})
        self.assertEqual(self.request, {'verb': 'flush', 'arguments': ['--zone', 'example.']})
        self.ctl('stats', '--all', answer={'ok': True, 'text': ''})
        self.assertEqual(self.request['arguments'], ['--all'])

    def test_json_prints_the_data_wherever_the_option_stands(self):
        for words in (['--json', 'stats'], ['-j', 'stats'], ['stats', '--json']):
            done = self.ctl(*words, answer={'ok': True, 'text': 'no', 'data': {'a.b': 7}})
            self.assertEqual(json.loads(done.stdout), {'a.b': 7})
            self.assertEqual(self.request, {'verb': 'stats', 'arguments': []})

    def test_refusal_is_said_and_the_status_is_1(self):
        done = self.ctl('nta', 'remove', 'x.', answer={'ok': False, 'error': 'no such anchor'})
        self.assertEqual((done.returncode, done.stdout), (1, b''))
        self.assertEqual(done.stderr, b'assayctl: no such anchor\n')

    def test_wrong_usage_is_status_2(self):
        for words in ([], ['--bad'], ['--json']):
            done = subprocess.run([ASSAYCTL, *words], capture_output=True, timeout=20)
            self.assertEqual(done.returncode, 2)
            self.assertIn(b'usage: assayctl', done.stderr)

    def test_words_that_are_no_text_are_not_left_out(self):
        done = self.ctl('flush', b'\xff', '--all', answer={'ok': True, 'text': ''})
        self.assertEqual(done.returncode, 2)
        self.assertIsNone(self.request)
        self.assertIn(b'no UTF-8', done.stderr)

    def test_no_daemon_is_status_3(self):
        path = os.path.join(self.folder.name, 'none')
        done = subprocess.run([ASSAYCTL, '-s', path, 'status'], capture_output=True, timeout=20)
        self.assertEqual(done.returncode, 3)
        self.assertIn(b'is assayd running?', done.stderr)

    def test_wrong_words_look_never_like_no_daemon(self):
        path = os.path.join(self.folder.name, 'none')
        for words, said in (
                (['reload'], b'"reload" is no verb'),
                (['lookup'], b'usage: assayctl lookup NAME [TYPE]'),
                (['lookup', 'a.', 'A', 'x'], b'usage: assayctl lookup'),
                (['status', 'x'], b'usage: assayctl status\n'),
                (['log'], b'usage: assayctl log'),
                (['-j', 'stop', 'now'], b'usage: assayctl stop\n')):
            done = subprocess.run([ASSAYCTL, '-s', path, *words], capture_output=True, timeout=20)
            self.assertEqual((done.returncode, done.stdout), (2, b''), words)
            self.assertIn(said, done.stderr)
        done = subprocess.run([ASSAYCTL, '-s', '/' + 'x' * 200, 'status'], capture_output=True,
                              timeout=20)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b'the path is too long', done.stderr)

    def test_words_that_the_daemon_does_not_understand_are_status_2(self):
        done = self.ctl('lookup', 'x..y', answer={'ok': False, 'error': 'no name', 'misuse': True})
        self.assertEqual((done.returncode, done.stdout), (2, b''))
        self.assertEqual(done.stderr, b'assayctl: no name\n')

    def test_json_is_never_a_sentence(self):
        done = self.ctl('status', '-j', answer={'ok': True, 'text': 'a sentence'})
        self.assertEqual((done.returncode, json.loads(done.stdout)), (0, None))

    def test_health_ends_as_check_plugins_do(self):
        for status in (1, 2):
            done = self.ctl('health', answer={'ok': True, 'unwell': True, 'text': 'x\n',
                                              'data': {'well': False, 'status': status}})
            self.assertEqual(done.returncode, status)

    def test_an_answer_that_something_is_wrong_is_status_1(self):
        for unwell, status in ((True, 1), (False, 0)):
            for words in (['health'], ['health', '--json']):
                done = self.ctl(*words, answer={'ok': True, 'unwell': unwell, 'text': 'critical clock\n',
                                                'data': {'well': not unwell}})
                self.assertEqual((done.returncode, done.stderr), (status, b''), words)
                self.assertIn(b'"well"' if '--json' in words else b'critical clock', done.stdout)

    def test_health_does_not_wait_for_a_daemon_that_stands(self):
        path = os.path.join(self.folder.name, 'stands.sock')
        with socket.socket(socket.AF_UNIX) as stands:
            stands.bind(path)
            stands.listen(1)
            done = subprocess.run([ASSAYCTL, '-s', path, 'health'], capture_output=True, timeout=9)
        self.assertEqual((done.returncode, done.stdout), (3, b''))
        self.assertIn(b'none came in time', done.stderr)

    def test_daemon_that_is_none_is_status_3(self):
        for hello, answer, words in (
                (b'{"assay": 2}\n', b'', b'speaks version 2'),
                (b'HTTP/1.1 400\n', b'', b'no answer from the daemon'),
                (b'', b'', b'it closed the connection'),
                (HELLO, b'', b'it closed the connection'),
                (HELLO, b'{"ok": tr', b'no answer from the daemon')):
            done = self.ctl('status', hello=hello, answer=answer)
            self.assertEqual(done.returncode, 3, done)
            self.assertIn(words, done.stderr)

    def test_output_that_cannot_be_written_is_status_1(self):
        with open('/dev/full', 'wb') as full:
            done = self.ctl('status', answer={'ok': True, 'text': 'one\n'}, stdout=full)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b'could not be written', done.stderr)

    def test_help_lists_verbs_and_statuses(self):
        done = subprocess.run([ASSAYCTL, '--help'], capture_output=True, timeout=20)
        self.assertEqual(done.returncode, 0)
        for word in (b'status', b'stats', b'lookup', b'flush', b'requests', b'log', b'stop',
                     b'exit status'):
            self.assertIn(word, done.stdout)


if __name__ == '__main__':
    unittest.main()
