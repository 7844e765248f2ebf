#!/usr/bin/python3
"""Debian 13: the sources of this checkout are built there with warnings as errors, its unit tests run, the
daemon answers a validated question from the lab's Internet, and the package builds and installs: all in a
debootstrapped root. Needs root and debootstrap, exit status 77 without. One TAP line for each check.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.join(TOP, 'tests', 'package'), os.path.join(TOP, 'tests', 'e2e')]
import roots  # noqa: E402
from checks import Checks, wait_for  # noqa: E402
from own_lab import OwnLab  # noqa: E402

SUITE = 'trixie'
TOOLS = ('debhelper', 'dpkg-dev', 'pkgconf', 'fakeroot')  # to build the package
NAME = 'www.types.nsec.'


def said(run):
    return (run.stdout + run.stderr)[-3000:]


def copy_sources(folder):
    """Those that git knows, as they are now."""
    os.makedirs(folder)
    files = subprocess.run(['git', '-c', 'safe.directory=*', 'ls-files', '-z', '--cached', '--others',
                            '--exclude-standard'], cwd=TOP, check=True, capture_output=True).stdout
    pack = subprocess.Popen(['tar', '--null', '--ignore-failed-read', '-T', '-', '-cf', '-'], cwd=TOP,
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    unpack = subprocess.Popen(['tar', '-C', folder, '-xf', '-'], stdin=pack.stdout)
    pack.stdin.write(files)
    pack.stdin.close()
    unpack.wait()


def tool_layer():
    """What scripts/setup --build installs there. Its lists are part of the name: others make it anew."""
    with open(os.path.join(TOP, 'scripts/setup')) as stream:
        script = stream.read()
    lists = re.search(r'^build=".*?^run=".*?"$', script, re.M | re.S)[0]

    def fill(root):
        root.install(*TOOLS)
        path = os.path.join(root.path, 'srv/setup')
        with open(path, 'w') as stream:
            stream.write(script)
        os.chmod(path, 0o755)
        run = root.chroot('/srv/setup', '--build')
        if run.returncode != 0:
            raise RuntimeError(said(run))
    return roots.layer(SUITE, 'setup --build: %s %s' % (lists, TOOLS), fill)


def step(checks, root, name, command, **environment):
    began = time.monotonic()
    run = root.chroot('bash', '-c', 'cd /srv/assay && ' + command, environment=environment)
    good = checks.check(name, run.returncode == 0, said(run))
    print('#| %s: %d s' % (name, time.monotonic() - began), flush=True)
    return run.stdout if good else None


# ---- end to end ----

def in_root(root):
    """A program that runs another one in the root, for the daemon of the end-to-end tests."""
    path = os.path.join(os.path.dirname(root), 'in-root')
    with open(path, 'w') as stream:
        stream.write('#!/bin/sh\nexec chroot %s "$@"\n' % root)
    os.chmod(path, 0o755)
    return path


def answers(checks, root):
    lab = OwnLab('ad', 'debian13')  # the daemon comes from the root
    try:
        sys.path.insert(0, os.path.join(TOP, 'tests', 'e2e'))
        import resolver
        info = resolver.lab_info()
        hints, anchor = ('/srv/' + name for name in ('root.hints', 'anchor.ds'))
        shutil.copy(info['files']['root.hints'], root + hints)
        shutil.copy(info['files']['anchor.ds'], root + anchor)
        daemon = resolver.Assayd(info, hints=hints, anchor=anchor)
        # Its folder is the same inside.
        os.makedirs(root + daemon.workdir, exist_ok=True)
        subprocess.run(['mount', '--bind', daemon.workdir, root + daemon.workdir], check=True)
        daemon.program = [in_root(root), '/srv/assay/build13/control/assayd']
        try:
            daemon.start(1200)
            ask = ['ip', 'netns', 'exec', info['namespaces']['client'], 'dig', '+tries=1', '+time=3',
                   '@' + daemon.service4, '+dnssec', NAME]

            def validated():
                return re.search(r'flags: [^;]*\bad\b', subprocess.run(
                    ask, capture_output=True, text=True).stdout)
            checks.check('assayd of Debian 13 gives a validated answer', wait_for(validated, 10),
                         daemon.log_text())
            checks.equal('and stops', daemon.stop(), 0)
        finally:
            if daemon.process and daemon.process.poll() is None:
                daemon.kill()
            subprocess.run(['umount', root + daemon.workdir])
            daemon.remove()
    finally:
        lab.down()


# ---- all ----

def follow(checks, folder):
    root = roots.Root(SUITE, folder, [tool_layer()])
    copy_sources(root.path + '/srv/assay')
    checks.check('nothing is missing', step(checks, root, 'scripts/setup --build',
                                            'scripts/setup --build') == '')
    versions = root.chroot('bash', '-c', 'gcc -dumpfullversion; pkg-config --modversion libdpdk libssl '
                           'libmicrohttpd').stdout.split()
    print('#| gcc %s, DPDK %s, OpenSSL %s, libmicrohttpd %s' % tuple(versions), flush=True)
    if step(checks, root, 'it is built', 'meson setup build13 -Dbench=false -Doptimization=1 -Ddebug=false && '
            'ninja -C build13 && ! grep -rn "warning:" build13/meson-logs') is None:
        return
    # One that waits for a second beside a busy machine gets eight.
    step(checks, root, 'unit tests pass', 'meson test -C build13 --no-rebuild --suite unit '
         '--timeout-multiplier 8 --print-errorlogs')
    checks.run(answers, root.path)
    if step(checks, root, 'the package is built', 'scripts/package/build /srv/package') is not None:
        step(checks, root, 'and installed', 'apt-get install -y --no-install-recommends '
             '/srv/package/assay_*.deb && assayd --version && assayctl --version')
        step(checks, root, 'and purged', 'apt-get purge -y assay && [ ! -e /etc/assay ] && [ ! -e /var/lib/assay ]')


def main():
    if os.geteuid() != 0 or not os.path.exists('/dev/net/tun'):
        print('cannot run: needs root and /dev/net/tun')
        sys.exit(77)
    roots.own_namespace()
    checks = Checks()
    # Builds take 1 GB: not in memory.
    folder = tempfile.mkdtemp(prefix='debian13-', dir=os.environ.get('ASSAY_ROOTS_WORK', '/var/tmp'))
    try:
        checks.run(follow, folder)
    except roots.Missing as missing:
        print('cannot run: %s' % missing)
        sys.exit(77)
    finally:
        subprocess.run(['umount', '--lazy', '--recursive', folder + '/root'], stderr=subprocess.DEVNULL)
        roots.remove(folder)
    checks.done()


if __name__ == '__main__':
    main()
