#!/usr/bin/python3
"""Generated worlds in front of assayd itself: every answer is judged by the model of tests/oracle,
with Unbound, Knot Resolver, BIND and PowerDNS as second judges.

  test_oracle.py [QUESTIONS [WORLDS [SEED]]]    (600 1 1; the long form is 5000 4)

The servers of a world, the questions and the other resolvers are in one network namespace, assayd in
another beside it. A resolver that is not installed is left out.
"""
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), 'differential')]
from checks import Checks, wait_for  # noqa: E402
from peers import all_peers  # noqa: E402
from resolver import BUILD, Assayd  # noqa: E402

REAL = os.path.join(BUILD, 'tests', 'oracle', 'real')
# RFC 2544: nothing that a world uses.
CLIENT, SERVICE, SERVICE6 = '198.18.0.1', '198.18.0.53', 'fd53:0:0:1::53'
GATEWAY, SOURCE = '198.18.1.1', '198.18.1.2'
NETS = ('192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24', '192.5.6.0/24')
LIMIT_S = 1200


class Place:
    """Two namespaces, and what assayd and the other resolvers have to know of them."""

    def __init__(self, workdir):
        self.names = {'client': 'oc%d' % os.getpid(), 'resolver': 'or%d' % os.getpid()}
        self.workdir = workdir
        self.info = {
            'namespaces': self.names,
            'resolver': {'service_addresses': [SERVICE, SERVICE6], 'port_interface': 'port0',
                         'upstream_interface': 'up0'},
            'files': {name: os.path.join(workdir, name)
                      for name in ('root.hints', 'anchor.ds', 'anchor.key')},
        }

    def ip(self, *words, check=True):
        subprocess.run(['ip', *words], check=check, capture_output=True, text=True)

    def inside(self, place, *command):
        return ['ip', 'netns', 'exec', self.names[place], *command]

    def __enter__(self):
        client, resolver = self.names['client'], self.names['resolver']
        for name in self.names.values():
            self.ip('netns', 'add', name)
        for ours, theirs in (('client0', 'port0'), ('servers0', 'up0')):
            self.ip('-n', client, 'link', 'add', ours, 'type', 'veth', 'peer', 'name', theirs,
                    'netns', resolver)
        self.ip('-n', client, 'addr', 'add', CLIENT + '/24', 'dev', 'client0')
        self.ip('-n', client, 'addr', 'add', GATEWAY + '/24', 'dev', 'servers0')
        self.ip('-n', resolver, 'addr', 'add', SOURCE + '/24', 'dev', 'up0')
        for name, links in ((client, ('lo', 'client0', 'servers0')),
                            (resolver, ('lo', 'port0', 'up0'))):
            for link in links:
                self.ip('-n', name, 'link', 'set', link, 'up')
        self.ip('-n', resolver, 'route', 'add', 'default', 'via', GATEWAY)
        # Every address of a world is one of the host's.
        for net in NETS:
            self.ip('-n', client, 'route', 'add', 'local', net, 'dev', 'lo')
        subprocess.run(self.inside('client', 'ethtool', '-K', 'client0', 'tx', 'off'),
                       capture_output=True, check=False)
        return self

    def __exit__(self, *error):
        for name in self.names.values():
            self.ip('netns', 'del', name, check=False)


def answers(place, address, port):
    probe = place.inside('client', 'dig', '+time=1', '+tries=1', '-p', str(port), '@' + address,
                         '.', 'NS')
    return subprocess.run(probe, capture_output=True).returncode == 0


def start_peers(place, workdir):
    """Those that are there and answer."""
    up = []
    for peer in all_peers():
        if not peer.binary:
            continue
        peer.start(place.info, workdir, 'client')
        if wait_for(lambda: peer.complaint() or answers(place, peer.address, peer.port), 20) is True:
            up.append(peer)
        else:
            print('# %s is left out: %s' % (peer.name, peer.complaint()))
            peer.stop()
    return up


def play(checks, place, workdir, seed, questions):
    files = place.info['files']
    with subprocess.Popen(
            place.inside('client', REAL, '--seed', str(seed), '--questions', str(questions),
                         '--hints', files['root.hints'], '--anchor', files['anchor.ds'],
                         '--keys', files['anchor.key']),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as real:
        if real.stdout.readline() != 'ready\n':
            raise RuntimeError('the servers of world %d do not start' % seed)
        peers = []
        try:
            with Assayd(place.info, driver='af_packet') as assayd:
                peers = start_peers(place, workdir)
                lines = ['assayd %s 53' % assayd.service4]
                lines += ['%s %s %d' % (peer.name, peer.address, peer.port) for peer in peers]
                said, _ = real.communicate('\n'.join(lines) + '\n\n', timeout=LIMIT_S)
        finally:
            for peer in peers:
                peer.stop()
    last = said.rstrip().split('\n')[-1]
    print('#| ' + last)
    checks.check('world %d: %d questions, none wrong, no difference that nothing explains' %
                 (seed, questions), real.returncode == 0, said)


def main():
    questions, worlds, seed = [int(word) for word in sys.argv[1:]] + [600, 1, 1][len(sys.argv) - 1:]
    checks = Checks()
    for world in range(seed, seed + worlds):
        workdir = tempfile.mkdtemp(prefix='assay-oracle-')
        try:
            with Place(workdir) as place:
                play(checks, place, workdir, world, questions)
        except Exception as error:
            checks.check('world %d is played' % world, False, error)
        finally:
            shutil.rmtree(workdir, ignore_errors=True)
    checks.done()


if __name__ == '__main__':
    main()
