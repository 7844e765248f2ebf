"""The resolvers that scripts/bench failover asks: Assay, and Debian's others with stale on."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

from . import machine

sys.path.insert(0, os.path.join(machine.ROOT, 'tests', 'e2e'))

from resolver import Assayd  # noqa: E402

START_S = 20


class Assay:
    name = 'assay'

    def __init__(self, info):
        self.daemon = Assayd(info, log='warning', cache='64M')

    def __enter__(self):
        self.daemon.start()
        return self

    def __exit__(self, *error):
        self.daemon.__exit__(*error)

    def counters(self):
        return self.daemon.stats()

    def servers(self):
        """Remembered servers that are not out, of all."""
        lines = [line for line in self.daemon.ctl('servers', check=False).stdout.splitlines()
                 if line and not line.startswith('alarm')]
        return sum(', out' not in line for line in lines), len(lines)


class Peer:
    """A daemon in the lab's resolver namespace, on the service address."""
    program = ''

    def __init__(self, info):
        self.info = info
        self.namespace = info['namespaces']['resolver']
        self.interface = info['resolver']['port_interface']
        self.address = info['resolver']['service_addresses'][0]
        self.workdir = pathlib.Path(tempfile.mkdtemp(prefix=f'bench-{self.name}-'))
        self.workdir.chmod(0o755)
        self.process = None

    def files(self):
        return self.info['files']

    def write(self, name, text):
        path = self.workdir / name
        path.write_text(text)
        return str(path)

    def ip(self, *words):
        subprocess.run(['ip', '-n', self.namespace, *words], check=True, capture_output=True)

    def __enter__(self):
        try:
            self.ip('addr', 'add', self.address + '/24', 'dev', self.interface)
            log = open(self.workdir / 'log', 'ab')
            self.process = subprocess.Popen(
                ['ip', 'netns', 'exec', self.namespace, *self.command()], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, cwd=self.workdir)
            log.close()
            self.wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def wait(self):
        end = time.monotonic() + START_S
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            done = subprocess.run(
                ['ip', 'netns', 'exec', self.info['namespaces']['client'], 'dig', '+time=1',
                 '+tries=1', '@' + self.address, '.', 'NS'], capture_output=True, text=True,
                check=False)
            if 'status: NOERROR' in done.stdout:
                return
            time.sleep(0.1)
        raise RuntimeError(f'{self.name} does not answer: '
                           + (self.workdir / 'log').read_text(errors='replace')[-600:])

    def __exit__(self, *_error):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        subprocess.run(['ip', '-n', self.namespace, 'addr', 'del', self.address + '/24', 'dev',
                        self.interface], check=False, capture_output=True)
        shutil.rmtree(self.workdir, ignore_errors=True)

    def counters(self):
        return {}

    def servers(self):
        return None


class Unbound(Peer):
    name, program = 'unbound', 'unbound'

    def command(self):
        return ['unbound', '-d', '-c', self.write('unbound.conf', f'''server:
  interface: {self.address}
  access-control: 0.0.0.0/0 allow
  do-daemonize: no
  username: ""
  chroot: ""
  directory: "{self.workdir}"
  pidfile: ""
  use-syslog: no
  root-hints: "{self.files()['root.hints']}"
  trust-anchor-file: "{self.files()['anchor.ds']}"
  module-config: "validator iterator"
  num-threads: 1
  outgoing-range: 8192
  num-queries-per-thread: 4096
  so-rcvbuf: 4m
  msg-cache-size: 64m
  rrset-cache-size: 128m
  edns-buffer-size: 1232
  prefetch: yes
  aggressive-nsec: no
  infra-keep-probing: yes
  serve-expired: yes
  serve-expired-ttl: 86400
  serve-expired-reply-ttl: 30
  serve-expired-client-timeout: 1800
  ede: yes
  ede-serve-expired: yes
  do-not-query-localhost: no
  local-zone: "168.192.in-addr.arpa." nodefault
remote-control:
  control-enable: no
''')]


class Knot(Peer):
    name, program = 'knot', 'kresd'

    def command(self):
        self.write('kresd.conf', f'''net.listen('{self.address}', 53, {{ kind = 'dns' }})
modules = {{ 'hints > iterate', 'serve_stale < cache', 'predict' }}
hints.root_file('{self.files()['root.hints']}')
trust_anchors.add_file('{self.files()['anchor.ds']}', true)
cache.size = 128 * MB
''')
        return ['kresd', '-n', '-q', '-c', 'kresd.conf', str(self.workdir)]


class Bind(Peer):
    name, program = 'bind', 'named'

    def command(self):
        hints = self.files()['root.hints']
        anchor = pathlib.Path(self.files()['anchor.key']).read_text()
        return ['named', '-f', '-n', '1', '-c', self.write('named.conf', f'''options {{
  directory "{self.workdir}";
  pid-file none;
  session-keyfile none;
  listen-on {{ {self.address}; }};
  listen-on-v6 {{ none; }};
  recursion yes;
  allow-query {{ any; }};
  allow-recursion {{ any; }};
  dnssec-validation yes;
  synth-from-dnssec no;
  stale-cache-enable yes;
  stale-answer-enable yes;
  max-stale-ttl 86400;
  stale-answer-ttl 30;
  stale-answer-client-timeout off;
  resolver-query-timeout 10000;
  recursive-clients 10000;
  max-cache-size 256m;
  edns-udp-size 1232;
  empty-zones-enable no;
}};
controls {{ }};
zone "." {{ type hint; file "{hints}"; }};
{anchor}''')]


class Recursor(Peer):
    name, program = 'powerdns', 'pdns_recursor'

    def command(self):
        anchors = ''.join(
            f"addTA('.', '{' '.join(line.split()[4:])}')\n"
            for line in pathlib.Path(self.files()['anchor.ds']).read_text().splitlines() if line)
        lua = self.write('anchors.lua', "clearTA('.')\n" + anchors)
        self.write('recursor.conf', f'''local-address={self.address}
allow-from=0.0.0.0/0
daemon=no
write-pid=no
socket-dir={self.workdir}
hint-file={self.files()['root.hints']}
lua-config-file={lua}
dnssec=validate
threads=1
query-local-address=0.0.0.0, ::
serve-stale-extensions=2880
aggressive-nsec-cache-size=0
refresh-on-ttl-perc=10
max-mthreads=8192
extended-resolution-errors=yes
dont-query=
security-poll-suffix=
quiet=yes
loglevel=3
''')
        return ['pdns_recursor', f'--config-dir={self.workdir}']


RESOLVERS = {each.name: each for each in (Assay, Unbound, Knot, Bind, Recursor)}


def missing(name):
    path = os.environ.get('PATH', '') + ':/usr/sbin:/sbin'
    return name != 'assay' and shutil.which(RESOLVERS[name].program, path=path) is None
