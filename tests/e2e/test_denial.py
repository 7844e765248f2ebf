#!/usr/bin/python3
"""What cached denial says is what the authority says: NSD on loopback with a zone signed with NSEC,
and one with NSEC3, is asked at random what tests/e2e/denial_oracle.c makes of earlier answers.

  test_denial.py [COUNT]    questions per zone (default 20,000; the long form is 1,000,000)
"""
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time

from checks import Checks

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get('ASSAY_BUILD', os.path.join(TOP, 'build'))
ZONE = 'oracle.example.'
CONFIG = """server:
  database: ""
  zonelistfile: "{here}/zonelist"
  xfrdfile: "{here}/xfrd"
  pidfile: "{here}/pid"
  logfile: "{here}/log"
  zonesdir: "{here}"
  username: ""
  chroot: ""
  ip-address: 127.0.0.1
  port: {port}
  server-count: 1
  ipv4-edns-size: 4096
  rrl-ratelimit: 0
remote-control:
  control-enable: no
zone:
  name: "{zone}"
  zonefile: "{here}/signed.zone"
"""


def records():
    """Hosts, subdomains with nothing of their own, wildcards, aliases, delegations."""
    chosen = random.Random(7)
    lines = [f'{ZONE} 3600 IN SOA ns.{ZONE} admin.{ZONE} 1 7200 3600 1209600 900',
             f'{ZONE} 3600 IN NS ns.{ZONE}', f'ns.{ZONE} 3600 IN A 127.0.0.1',
             f'{ZONE} 3600 IN MX 10 mail.{ZONE}', f'mail.{ZONE} 300 IN A 192.0.2.1']

    def label():
        return ''.join(chosen.choice('abcdefghijklmnopqrstuvwxyz0123456789-')
                       for _ in range(chosen.randint(1, 10))).strip('-') or 'x'
    for n in range(150):
        lines.append(f'{label()}{n}.{ZONE} 600 IN A 192.0.2.{n}')
    for n in range(40):
        lines.append(f'{label()}.ent{n}.{ZONE} 600 IN AAAA 2001:db8::{n}')
        lines.append(f'h.{label()}.deep{n % 5}.{ZONE} 600 IN TXT "text {n}"')
    for n in range(15):
        lines.append(f'*.wild{n}.{ZONE} 600 IN A 198.51.100.{n}')
        lines.append(f'there.wild{n}.{ZONE} 600 IN TXT "here"')
        lines.append(f'alias{n}.{ZONE} 600 IN CNAME ns.{ZONE}')
        lines.append(f'cut{n}.{ZONE} 600 IN NS ns.elsewhere{n}.example.')
        lines.append(f'signed{n}.{ZONE} 600 IN NS ns.elsewhere{n}.example.')
        lines.append(f'signed{n}.{ZONE} 600 IN DS {n + 1} 13 2 ' + 'ab' * 32)
    for n in range(5):
        lines.append(f'moved{n}.{ZONE} 600 IN DNAME target{n}.{ZONE}')
        lines.append(f'*.named{n}.{ZONE} 600 IN CNAME mail.{ZONE}')
    return lines


def sign(here, hashed):
    text = records()
    with open(f'{here}/names', 'w') as stream:
        stream.write('\n'.join(sorted({line.split()[0] for line in text})) + '\n')
    keys = [subprocess.run(['ldns-keygen', '-a', 'ECDSAP256SHA256', *more, ZONE], cwd=here,
                           check=True, capture_output=True, text=True).stdout.strip()
            for more in (['-k'], [])]
    for key in keys:
        with open(f'{here}/{key}.key') as stream:
            text.append(stream.read().strip())
    with open(f'{here}/plain.zone', 'w') as stream:
        stream.write('\n'.join(text) + '\n')
    subprocess.run(['ldns-signzone', '-o', ZONE, '-f', f'{here}/signed.zone',
                    *(['-n', '-t', '0', '-s', 'abcd'] if hashed else []), 'plain.zone', *keys],
                   cwd=here, check=True, capture_output=True)


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def wait_ready(port, server):
    """Until it answers for the zone."""
    query = bytes.fromhex('abcd00000001000000000000') + b''.join(
        bytes([len(part)]) + part.encode() for part in ZONE.rstrip('.').split('.')) + \
        bytes.fromhex('0000060001')
    limit = time.monotonic() + 20
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(0.2)
        client.connect(('127.0.0.1', port))
        while time.monotonic() < limit and server.poll() is None:
            try:
                client.send(query)
                reply = client.recv(4096)
                if reply[3] & 15 == 0 and reply[7] > 0:
                    return True
            except OSError:
                time.sleep(0.05)
    return False


def run(checks, count, hashed):
    kind = 'NSEC3' if hashed else 'NSEC'
    with tempfile.TemporaryDirectory(prefix='assay-oracle-') as here:
        sign(here, hashed)
        port = free_port()
        with open(f'{here}/nsd.conf', 'w') as stream:
            stream.write(CONFIG.format(here=here, port=port, zone=ZONE))
        server = subprocess.Popen(['nsd', '-d', '-c', f'{here}/nsd.conf'],
                                  stderr=subprocess.DEVNULL)
        try:
            if not checks.check(f'{kind}: the authority serves the zone',
                                wait_ready(port, server)):
                return
            done = subprocess.run(
                [f'{BUILD}/tests/e2e/denial_oracle', f'zone={ZONE}', f'port={port}',
                 f'count={count}', f'names={here}/names', f'hashed={int(hashed)}'],
                capture_output=True, text=True, timeout=1100)
        finally:
            server.terminate()
            server.wait(10)
    print(f'#| {kind}: {done.stdout.strip()}')
    result = json.loads(done.stdout or '{}')
    checks.check(f'{kind}: {result.get("questions")} questions, every synthesised answer is the '
                 "authority's", done.returncode == 0 and result.get('differ') == 0, done.stderr)
    share = result.get('synthesised', 0) / max(1, result.get('questions', 0))
    checks.check(f'{kind}: most of what does not exist is denied without the authority',
                 share > 0.3, f'{share:.2f} of all')
    for what in ('nxdomain', 'nodata', 'wildcard', 'alias'):
        checks.check(f'{kind}: {what} was among them', result.get(what, 0) > 0)


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20000
    for needed in ('nsd', 'ldns-signzone', 'ldns-keygen'):
        if shutil.which(needed) is None:
            print(f'{needed} is not installed')
            sys.exit(77)
    checks = Checks()
    for hashed in (False, True):
        checks.run(lambda c, h=hashed: run(c, count, h))
    checks.done()
    sys.exit(checks.failed > 0)


if __name__ == '__main__':
    main()
