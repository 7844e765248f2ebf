"""The resolvers that Assay is compared with: Debian's packages, in the lab's resolver namespace."""
import os
import shutil
import subprocess
import time

PATH = '/usr/sbin:/usr/bin:/sbin:/bin'
ADDRESS = '127.0.0.1'

UNBOUND = '''\
server:
  interface: {address}
  port: {port}
  access-control: 198.18.0.0/15 allow
  do-daemonize: no
  username: ""
  chroot: ""
  directory: "{directory}"
  pidfile: ""
  use-syslog: no
  verbosity: 0
  root-hints: "{hints}"
  trust-anchor-file: "{anchor}"
  module-config: "validator iterator"
  do-not-query-localhost: no
  harden-algo-downgrade: no
  aggressive-nsec: no
  val-sig-skew-min: 0
  val-sig-skew-max: 0
  edns-buffer-size: 1232
  max-udp-size: 1232
  minimal-responses: yes
  outbound-msg-retry: 5
  num-threads: 1
  rrset-cache-size: {cache_mib}m
  msg-cache-size: {cache_mib}m
  key-cache-size: {cache_mib}m
remote-control:
  control-enable: no
'''

KRESD = '''\
log_target('stderr')
net.listen('{address}', {port}, {{ kind = 'dns' }})
net.bufsize(1232)
cache.size = {cache_mib} * MB
for _, name in ipairs({{'ta_signal_query', 'ta_update', 'detect_time_skew', 'detect_time_jump'}}) do
	pcall(modules.unload, name)
end
modules.load('policy')
modules.load('hints > iterate')
trust_anchors.remove('.')
trust_anchors.add([[
{anchor_text}]])
hints.root_file('{hints}')
policy.add(policy.all(policy.PASS))
'''

RECURSOR = '''\
local-address={address}
local-port={port}
query-local-address=0.0.0.0, ::
config-dir={directory}
socket-dir={directory}
hint-file={hints}
lua-config-file={directory}/anchor
allow-from=127.0.0.0/8
dont-query=127.0.0.0/8
dnssec=validate
edns-outgoing-bufsize=1232
udp-truncation-threshold=1232
threads=1
pdns-distributes-queries=no
security-poll-suffix=
daemon=no
write-pid=no
loglevel=3
quiet=yes
'''

NAMED = '''\
options {{
	directory "{directory}";
	pid-file none;
	session-keyfile none;
	lock-file none;
	listen-on port {port} {{ {address}; }};
	listen-on-v6 {{ none; }};
	allow-recursion {{ any; }};
	dnssec-validation yes;
	empty-zones-enable no;
	minimal-responses yes;
	edns-udp-size 1232;
	max-udp-size 1232;
	max-cache-size {cache_mib}m;
}};
include "{anchor_keys}";
zone "." {{ type hint; file "{hints}"; }};
controls {{ }};
logging {{ category default {{ null; }}; }};
'''


class Peer:
    """One resolver: start() in a namespace, stop()."""

    def __init__(self, name, binary, template, arguments, port):
        self.name, self.template, self.arguments, self.port = name, template, arguments, port
        self.binary = shutil.which(binary, path=PATH)
        self.process = None
        self.address = ADDRESS
        self.cache_mib = 16

    def start(self, info, workdir, place='resolver'):
        directory = os.path.join(workdir, self.name)
        os.mkdir(directory)
        with open(info['files']['anchor.ds']) as stream:
            anchor_text = stream.read()
        config = os.path.join(directory, 'recursor.conf')
        with open(config, 'w') as stream:
            stream.write(self.template.format(
                address=self.address, port=self.port, directory=directory,
                hints=info['files']['root.hints'], anchor=info['files']['anchor.ds'],
                anchor_keys=info['files']['anchor.key'], cache_mib=self.cache_mib,
                anchor_text=anchor_text))
        if self.name == 'pdns-recursor':  # takes its anchors from Lua only
            write_lua_anchors(os.path.join(directory, 'anchor'), anchor_text)
        self.log = os.path.join(directory, 'log')
        with open(self.log, 'wb') as log:
            self.process = subprocess.Popen(
                ['ip', 'netns', 'exec', info['namespaces'][place], self.binary,
                 *(a.format(config=config, directory=directory) for a in self.arguments)],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def complaint(self):
        """Why it is not running, or ''."""
        if self.process.poll() is None:
            return ''
        with open(self.log, errors='replace') as log:
            return '%s ended with %d: %s' % (self.name, self.process.returncode, log.read()[-400:])

    def stop(self):
        if not self.process or self.process.poll() is not None:
            return
        self.process.terminate()
        end = time.monotonic() + 3
        while self.process.poll() is None and time.monotonic() < end:
            time.sleep(0.02)
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


def write_lua_anchors(path, anchor_text):
    with open(path, 'w') as stream:
        stream.write('clearDS(".")\n')
        for line in anchor_text.splitlines():
            stream.write('addDS(".", "%s")\n' % ' '.join(line.split()[4:]))


def peers():
    return [
        Peer('unbound', 'unbound', UNBOUND, ['-c', '{config}'], 5461),
        Peer('kresd', 'kresd', KRESD, ['-n', '-q', '-c', '{config}', '{directory}'], 5462),
    ]


def all_peers():
    """Those that answers are compared with, and others whose cost is."""
    return peers() + [
        Peer('pdns-recursor', 'pdns_recursor', RECURSOR, ['--config-dir={directory}'], 5463),
        Peer('named', 'named', NAMED, ['-f', '-n', '1', '-c', '{config}'], 5464),
    ]
