"""Debian systems in folders, made by debootstrap from the mirror that this machine's apt-get uses, and
kept in /var/cache/assay-roots (or $ASSAY_ROOTS): an empty one (about 300 MB), and ones with packages
in, as layers over it. What a test does in one is gone with it.

Whatever mounts must have its own mount namespace (own_namespace()): nothing has to be taken down then.
"""
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys

CACHE = os.environ.get('ASSAY_ROOTS', '/var/cache/assay-roots')
FORBID = '#!/bin/sh\nexit 101\n'  # no service starts while packages are installed
PATH = '/usr/sbin:/usr/bin:/sbin:/bin'


class Missing(Exception):
    """What this machine lacks."""


def own_namespace(*kinds):
    """Starts this program again in namespaces of its own; returns there."""
    if os.environ.get('ASSAY_OWN_NAMESPACE'):
        return
    os.environ['ASSAY_OWN_NAMESPACE'] = '1'
    os.execvp('unshare', ['unshare', '--mount', '--propagation', 'private', *kinds, sys.executable,
                          *sys.argv])


def mirror():
    """What apt-get of this machine asks for Debian's main archive."""
    with open('/etc/os-release') as stream:
        release = dict(line.strip().split('=', 1) for line in stream if '=' in line)
    codename = release.get('VERSION_CODENAME', '').strip('"')
    run = subprocess.run(['apt-get', 'indextargets', '--format', '$(CODENAME) $(REPO_URI)',
                          'Created-By: Packages'], capture_output=True, text=True)
    for line in run.stdout.splitlines():
        name, _, uri = line.partition(' ')
        if name == codename and uri.startswith(('http:', 'https:', 'file:')):
            return uri
    raise Missing('apt-get of this machine has no mirror of %s' % codename)


def remove(folder):
    """Never what is mounted there: /dev is this machine's."""
    subprocess.run(['rm', '-rf', '--one-file-system', folder], stderr=subprocess.DEVNULL)


def run(command, log, **options):
    """Its output goes into the log, of which the end is shown when it fails."""
    with open(log, 'ab') as stream:
        done = subprocess.run(command, stdout=stream, stderr=stream, stdin=subprocess.DEVNULL, **options)
    if done.returncode != 0:
        with open(log, errors='replace') as stream:
            raise RuntimeError('%s ended with %d:\n%s' % (
                ' '.join(command), done.returncode, stream.read()[-3000:]))


def empty(suite):
    """The folder of an empty system, made when there is none yet."""
    if os.geteuid() != 0 or not shutil.which('debootstrap'):
        raise Missing('needs root and debootstrap (scripts/setup package)')
    os.makedirs(CACHE, exist_ok=True)
    folder = os.path.join(CACHE, suite)
    with open(folder + '.lock', 'w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(folder):
            partial = folder + '.partial'
            remove(partial)
            run(['debootstrap', '--variant=minbase', suite, partial, mirror()], folder + '.log')
            os.rename(partial, folder)
    return folder


def overlay(lowers, upper, target):
    work = upper + '.work'
    for path in (upper, work, target):
        os.makedirs(path, exist_ok=True)
    subprocess.run(['mount', '-t', 'overlay', 'overlay', '-o', 'lowerdir=%s,upperdir=%s,workdir=%s' % (
        ':'.join(lowers), upper, work), target], check=True)


def bind_archives(root, suite):
    """Packages are fetched once for all."""
    archives = os.path.join(CACHE, suite + '.archives')
    os.makedirs(os.path.join(archives, 'partial'), exist_ok=True)
    subprocess.run(['mount', '--bind', archives, root + '/var/cache/apt/archives'], check=True)


def prepare(root, suite):
    """What programs in it need: /proc, devices, the archive of packages, names of hosts."""
    bind_archives(root, suite)
    for command in (['mount', '-t', 'proc', 'proc', root + '/proc'],
                    ['mount', '-t', 'sysfs', 'sysfs', root + '/sys'],
                    ['mount', '--rbind', '/dev', root + '/dev'],
                    ['mount', '-t', 'tmpfs', 'tmpfs', root + '/run']):
        subprocess.run(command, check=True)
    shutil.copy('/etc/resolv.conf', root + '/etc/resolv.conf')


class Root:
    """A system that a test may do with what it likes: `layers` are above the empty one. running: programs are
    to run in it as it is, without a first process of its own."""

    def __init__(self, suite, folder, layers=(), running=True):
        self.suite = suite
        self.path = os.path.join(folder, 'root')
        self.log = os.path.join(folder, 'root.log')
        overlay([*reversed(layers), empty(suite)], os.path.join(folder, 'changes'), self.path)
        if running:
            prepare(self.path, suite)
        else:
            # Its network reaches no mirror: what was fetched before is all there is.
            bind_archives(self.path, suite)
            with open(self.path + '/etc/resolv.conf', 'w') as stream:
                stream.write('nameserver 127.0.0.1\n')

    def chroot(self, *command, **options):
        """Runs in it, without anything that the host's environment says."""
        environment = {'PATH': PATH, 'HOME': '/root', 'LANG': 'C.UTF-8', 'DEBIAN_FRONTEND': 'noninteractive',
                       **options.pop('environment', {})}
        return subprocess.run(['chroot', self.path, *command], env=environment, capture_output=True,
                              text=True, stdin=subprocess.DEVNULL, **options)

    def install(self, *packages):
        """By apt-get, without starting services."""
        policy = os.path.join(self.path, 'usr/sbin/policy-rc.d')
        with open(policy, 'w') as stream:
            stream.write(FORBID)
        os.chmod(policy, 0o755)
        try:
            for command in (['apt-get', 'update'],
                            ['apt-get', 'install', '-y', '--no-install-recommends', *packages]):
                done = self.chroot(*command)
                if done.returncode != 0:
                    raise RuntimeError((done.stdout + done.stderr)[-3000:])
        finally:
            os.unlink(policy)


def layer(suite, name, fill):
    """A layer that is kept: what fill(root) does to an empty system. A name that says other contents than
    before makes it anew."""
    mark = hashlib.sha256(name.encode()).hexdigest()[:12]
    folder = os.path.join(CACHE, '%s.%s' % (suite, mark))
    with open(folder + '.lock', 'w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(folder):
            partial = folder + '.partial'
            remove(partial)
            os.makedirs(partial)
            root = Root(suite, partial)
            fill(root)
            subprocess.run(['umount', '--recursive', '--lazy', root.path], check=True)
            os.rename(os.path.join(partial, 'changes'), folder)
            remove(partial)
    return folder


def packages(suite, *names):
    """A layer with these packages."""
    return layer(suite, 'packages: ' + ' '.join(sorted(names)), lambda root: root.install(*names))
