"""The first day of docs/operations.md, word for word, before the lab's signed mini-Internet: what is the same
whether the system is in a folder or in a virtual machine. The names of the lab stand for those of the document.

A system has run(script, user=None), which gives what subprocess.run gives, and give(path, into): a file of the
host's.
"""
import glob
import json
import os
import re
import shutil
import subprocess
import time

import own_lab
import roots
from checks import wait_for
from resolver import CROWDED

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
NEWER = '99.0.0'
UNIT = 'assayd.service'
# On a server of Debian's these are there.
SYSTEM = ('systemd-sysv', 'iproute2', 'procps')
NAME, ZONE = 'www.types.nsec.', 'types.nsec.'


def blocks(text, mark):
    """Commands of the fenced blocks with this mark, a list for each block."""
    return [[line for line in block.splitlines() if line.strip()]
            for block in re.findall(r'^```%s\n(.*?)^```$' % mark, text, re.M | re.S)]


def document():
    with open(os.path.join(TOP, 'docs/operations.md')) as stream:
        return stream.read()


def suite():
    with open('/etc/os-release') as stream:
        return re.search(r'^VERSION_CODENAME=(\w+)', stream.read(), re.M)[1]


def section(text, heading):
    return re.search(r'^## %s$(.*?)(?=^## |\Z)' % re.escape(heading), text, re.M | re.S)[1]


def said(run):
    return run.stdout + run.stderr


class Packages:
    """An older and a newer one."""

    def __init__(self, checks):
        ready = os.environ.get('ASSAY_PACKAGES')
        self.folder = ready or os.path.join(TOP, 'build', 'package')
        began = time.monotonic()
        if not ready:
            shutil.rmtree(self.folder, ignore_errors=True)
            for arguments in ([], ['--version', NEWER]):
                run = subprocess.run([os.path.join(TOP, 'scripts/package/build'), *arguments, self.folder],
                                     capture_output=True, text=True)
                checks.check('scripts/package/build %s' % ' '.join(arguments), run.returncode == 0,
                             said(run)[-3000:])
            print('#| both packages built in %d s' % (time.monotonic() - began), flush=True)
        files = glob.glob(os.path.join(self.folder, 'assay_*.deb'))
        self.newer = next(path for path in files if NEWER in path)
        self.older = next(path for path in files if NEWER not in path)

    def lintian(self, checks):
        changes = self.older.replace('.deb', '.changes')
        if not shutil.which('lintian'):
            checks.skip('lintian', 'not installed')
            return
        run = subprocess.run(['lintian', '--allow-root', '--fail-on', 'error,warning', changes],
                             capture_output=True, text=True)
        checks.check('lintian has nothing to say', run.returncode == 0 and not run.stdout.strip(),
                     said(run))


class Lab(own_lab.OwnLab):
    """The system stands where its resolver does."""

    def __init__(self):
        super().__init__('ap', 'package')
        self.info = json.loads(subprocess.run([own_lab.COMMAND, 'info', '--json'], check=True,
                                              capture_output=True, text=True).stdout)
        self.server = self.info['namespaces']['resolver']
        self.service = self.info['resolver']['service_addresses'][0]
        self.names = {'192.168.1.53': self.service, 'www.example.com': NAME, 'example.com': ZONE}

    def words(self, command):
        """The lab's names in a command of the document."""
        for old, new in self.names.items():
            command = re.sub(r'(?<![\w.])%s(?![\w])' % re.escape(old), new, command)
        return command

    def client(self, command):
        return subprocess.run(['ip', 'netns', 'exec', self.info['namespaces']['client'], 'bash', '-c', command],
                              capture_output=True, text=True)


def edit(lab, root, pairs):
    """What an administrator would type into the example: an editor that does it."""
    script = '#!/bin/sh\nset -e\n' + ''.join("sed -i 's|%s|%s|' \"$1\"\n" % pair for pair in (
        *pairs, ('192.168.1.53/24', lab.service + '/24')))
    script += ("cat >>\"$1\" <<'END'\naccess: {allow: [198.18.200.0/24]}\n"
               'resolver: {root-hints: /etc/assay/root.hints}\n'
               'trust: {anchor-files: [/etc/assay/anchor.ds]}\nEND\n')
    path = os.path.join(root, 'usr/local/bin/editor')
    with open(path, 'w') as stream:
        stream.write(script)
    os.chmod(path, 0o755)


def validated(lab):
    run = lab.client('dig +tries=1 +time=3 @%s +dnssec %s' % (lab.service, NAME))
    return re.search(r'flags: [^;]*\bad\b', run.stdout) and 'RRSIG' in run.stdout


def journal(system):
    return system.run('journalctl --no-pager -n 30 -u "assayd*"').stdout


def installed(checks, system):
    run = system.run('id -u assay && getent group assay-operators assay-readers && ls -d /etc/assay')
    checks.check('user, groups and folder are there', run.returncode == 0, said(run))
    run = system.run('systemctl is-enabled %s; systemctl is-active %s; systemctl is-failed %s'
                     % (UNIT, UNIT, UNIT))
    checks.equal('the unit is enabled and waits for a configuration', run.stdout.split(),
                 ['enabled', 'inactive', 'inactive'])
    run = system.run('systemctl --failed --plain --no-legend')
    checks.check('nothing has failed', 'assay' not in run.stdout, run.stdout)


def crowded(system):
    """What health says is the work of this machine's other processes alone."""
    run = system.run('assayctl health --json')
    return run.stdout and {alarm['name'] for alarm in json.loads(run.stdout)['alarms']} <= CROWDED


class Transcript:
    """What was typed on that day and what came back, in a file."""

    def __init__(self, name):
        self.path = os.path.join(os.environ.get('ASSAY_BUILD', os.path.join(TOP, 'build')), 'test-logs', name)
        os.makedirs(os.path.dirname(self.path), exist_ok=True)
        self.began = time.monotonic()
        open(self.path, 'w').close()

    def add(self, prompt, command, run):
        with open(self.path, 'a') as stream:
            stream.write('[%6.1f s] %s %s\n%s' % (time.monotonic() - self.began, prompt, command, said(run)))


def first_day(checks, system, lab, transcript):
    text = section(document(), 'The first day')
    system.run('useradd alice; useradd bob')
    for block in re.findall(r'^```(sh|client)\n(.*?)^```$', text, re.M | re.S):
        for line in block[1].splitlines():
            command = lab.words(line)
            if block[0] == 'client':
                # ARP and the client's kernel may need a moment.
                good = wait_for(lambda: validated(lab), 10)
                run = lab.client(command)
                good = good and re.search(r'flags: [^;]*\bad\b', run.stdout)
            else:
                run = system.run(command)
                good = run.returncode == 0 or command == 'assayctl health' and crowded(system)
            transcript.add('client$' if block[0] == 'client' else '#', command, run)
            if not checks.check('first day: ' + line, good, said(run) + journal(system)):
                return
            if block[0] == 'client' and '+tcp' not in line:
                print('#| from an empty system to the first validated answer: %.1f s (commands alone; packages '
                      'of Debian fetched before)' % (time.monotonic() - transcript.began), flush=True)
            if line.startswith('apt-get install'):
                installed(checks, system)
                for name in ('root.hints', 'anchor.ds'):  # the lab's Internet has a root of its own
                    system.give(lab.info['files'][name], '/etc/assay/' + name)
    print('#| what was typed and what came back: %s' % os.path.relpath(transcript.path, TOP), flush=True)


def fetch(checks, root, packages):
    """The system itself will reach nothing but the lab."""
    shutil.copy(packages.older, root.path + '/srv')
    run = root.chroot('bash', '-c', 'apt-get update && apt-get install -y --download-only /srv/assay_*.deb')
    checks.check('what the package depends on is fetched', run.returncode == 0, said(run)[-3000:])
