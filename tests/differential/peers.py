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
remote-control:
  control-enable: no
'''

KRESD = '''\
log_target('stderr')
net.listen('{address}', {port}, {{ kind = 'dns' }})
net.bufsize(1232)
cache.size = 16 * MB
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


class Peer:
    """One resolver: start() in a namespace, stop()."""

    def __init__(self, name, binary, template, arguments, port):
        self.name, self.template, self.arguments, self.port = name, template, arguments, port
        self.binary = shutil.which(binary, path=PATH)
        self.process = None
        self.address = ADDRESS

    def start(self, info, workdir):
        directory = os.path.join(workdir, self.name)
        os.mkdir(directory)
        with open(info['files']['anchor.ds']) as stream:
            anchor_text = stream.read()
        config = os.path.join(directory, 'configuration')
        with open(config, 'w') as stream:
            stream.write(self.template.format(
                address=self.address, port=self.port, directory=directory,
                hints=info['files']['root.hints'], anchor=info['files']['anchor.ds'],
                anchor_text=anchor_text))
        self.log = os.path.join(directory, 'log')
        with open(self.log, 'wb') as log:
            self.process = subprocess.Popen(
                ['ip', 'netns', 'exec', info['namespaces']['resolver'], self.binary,
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


def peers():
    return [
        Peer('unbound', 'unbound', UNBOUND, ['-c', '{config}'], 5461),
        Peer('kresd', 'kresd', KRESD, ['-n', '-q', '-c', '{config}', '{directory}'], 5462),
    ]
