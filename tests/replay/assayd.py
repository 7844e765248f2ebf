"""Adapter of assayd for a runner of replay scenarios (.rpl): configuration, network, clock.

The runner's network namespace holds the scripted servers and the client. assayd lives in a second
one beside it, as it would on a machine of its own: its port is one end of a veth pair to the
client, and a second pair leads to the servers, to the addresses of the scenario and to no others.

  ASSAY_BUILD          build directory (default: build)
  ASSAY_REPLAY_DRIVER  af_xdp (default) or af_packet
  ASSAY_REPLAY_LOG     log level (default: info)
"""
import ipaddress
import json
import os
import struct
import time

from rplib.adapter import Adapter, Unsupported

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get('ASSAY_BUILD', os.path.join(TOP, 'build'))

# RFC 2544 and ULA: nothing that a scenario uses.
CLIENT, SERVICE, SERVICE6 = '198.18.0.1', '198.18.0.53', 'fd53:0:0:1::53'
GATEWAY, SOURCE = '198.18.1.1', '198.18.1.2'
GATEWAY6, SOURCE6 = 'fd53:0:0:2::1', 'fd53:0:0:2::2'
# An anchor for a zone that no scenario has, beside the scenario's own: what those do not cover, or
# cannot be used for, is without one, and so unsigned.
ELSEWHERE = 'anchor.elsewhere.invalid. DS 12345 13 2 ' + '5a' * 32
SERVERS_MAX = 16


def device(interface):
    return {
        'af_xdp': 'net_af_xdp0,iface=%s,force_copy=1,busy_budget=0' % interface,
        'af_packet': 'net_af_packet0,iface=%s' % interface,
    }[os.environ.get('ASSAY_REPLAY_DRIVER', 'af_xdp')]


def whole(name):
    return name if name.endswith('.') else name + '.'


def hints(servers):
    lines = []
    for name, addresses in servers:
        lines.append('. 3600000 IN NS %s\n' % whole(name))
        for address in addresses:
            lines.append('%s 3600000 IN %s %s\n' % (
                whole(name), 'AAAA' if ':' in address else 'A', address))
    return ''.join(lines)


def yaml(value, depth=0):
    """Mappings, sequences and plain values; a JSON string is a YAML string."""
    indent = '  ' * depth
    if isinstance(value, dict):
        lines = []
        for key, child in value.items():
            nested = isinstance(child, (dict, list)) and child
            lines.append('%s%s:%s' % (
                indent, key, '\n' + yaml(child, depth + 1) if nested else ' ' + json.dumps(child)))
        return '\n'.join(lines)
    return '\n'.join(indent + '- ' + json.dumps(child) for child in value)


class Assayd(Adapter):
    name = 'assayd'
    binary = os.path.join(BUILD, 'control', 'assayd')
    listen_on_lo = False
    faketime = False
    client_source = CLIENT
    features = frozenset({'prefetch'})

    # ---- network ----

    def inside(self, ctx, *command):
        return ('nsenter', '--net=' + ctx.path('resolver.ns'), '--') + command

    def setup(self, ctx):
        namespace = ctx.write('resolver.ns', '')
        ctx.run('unshare', '--net=' + namespace, 'true')
        batch = ctx.write('links', '\n'.join((
            'link add client0 type veth peer name port0 netns ' + namespace,
            'link add servers0 type veth peer name up0 netns ' + namespace,
            'link set client0 addrgenmode none',
            'addr add %s/24 dev client0' % CLIENT,
            'addr add %s/24 dev servers0' % GATEWAY,
            'addr add %s/64 dev servers0 nodad' % GATEWAY6,
            'link set client0 up', 'link set servers0 up')) + '\n')
        ctx.run('ip', '-batch', batch)
        # lo stays down: 127.0.0.0/8 leads to the servers too, where a scenario has them there.
        commands = ['link set port0 addrgenmode none', 'link set port0 allmulticast on',
                    'link set port0 up',
                    'addr add %s/24 dev up0' % SOURCE,
                    'addr add %s/64 dev up0 nodad' % SOURCE6, 'link set up0 up']
        # What the scenario does not name is unreachable at once, not silent.
        for text in ctx.upstream_addresses:
            try:
                address = ipaddress.ip_address(text)
            except ValueError:
                continue
            if not (address.is_unspecified or address.is_multicast or text == '::1'):
                commands.append('route replace %s via %s' % (
                    text, GATEWAY6 if address.version == 6 else GATEWAY))
        ctx.run('sysctl', '-qw', 'net.ipv4.conf.servers0.route_localnet=1')
        ctx.run(*self.inside(ctx, 'sysctl', '-qw', 'net.ipv4.conf.all.route_localnet=1'))
        batch = ctx.write('routes', '\n'.join(commands) + '\n')
        ctx.run(*self.inside(ctx, 'ip', '-force', '-batch', batch), check=False)
        # A veth hands over packets whose checksums nobody has finished.
        for interface in ('client0', 'servers0'):
            ctx.run('ethtool', '-K', interface, 'tx', 'off')
        for interface in ('port0', 'up0'):
            ctx.run(*self.inside(ctx, 'ethtool', '-K', interface, 'tx', 'off'))

    def target(self, ctx):
        return SERVICE, 53

    # ---- clock ----

    def set_offset(self, ctx, seconds):
        with open(ctx.path('clock'), 'r+b' if os.path.exists(ctx.path('clock')) else 'wb') as file:
            file.write(struct.pack('=q', int(seconds)))

    def set_time(self, ctx, epoch):
        since = epoch - (ctx.epoch if ctx.epoch is not None else time.time())
        self.set_offset(ctx, self.base + round(since))
        time.sleep(0.12)  # two heartbeats: the poll-mode core knows as well
        return True

    # ---- configuration ----

    def zones(self, settings):
        out = []
        for zone in settings.stubs + settings.forwards:
            if not zone['addrs'] or len(zone['addrs']) > SERVERS_MAX:
                raise Unsupported('zone by host name, or with more than 16 servers')
            out.append('- {name: %s, type: %s, servers: %s, mode: %s, tcp: %s}' % (
                json.dumps(zone['name']), 'forward' if zone in settings.forwards else 'stub',
                json.dumps(zone['addrs']), 'first' if zone['first'] else 'only',
                json.dumps(bool(zone['tcp']))))
        return out

    def resolver(self, ctx):
        settings = ctx.settings
        out = {'local-zones': False,
               'stale': 86400 if settings.serve_expired.get('serve-expired') == 'yes' else 0}
        if settings.root_hints:
            out['root-hints'] = ctx.write('root.hints', hints(settings.root_hints))
        if settings.qmin is not None:
            out['qname-minimisation'] = settings.qmin
        if settings.cache_max_ttl is not None:
            out['ttl-max'] = settings.cache_max_ttl
        if settings.cache_min_ttl is not None:
            out['ttl-min'] = settings.cache_min_ttl
        return out

    def configure(self, ctx):
        settings = ctx.settings
        self.base = round(ctx.epoch - time.time()) if ctx.epoch is not None else 0
        self.set_offset(ctx, self.base)
        trust = {'anchors': settings.trust_anchors + [ELSEWHERE],
                 'insecure': [whole(name) for name in settings.domain_insecure]}
        if not settings.validate:
            trust = {'validate': False}
        trust['state'] = ''  # several run side by side, and nothing of the machine's is touched
        config = {
            'service': {'addresses': [SERVICE + '/24', SERVICE6 + '/64'], 'tap': 'tap0'},
            'cores': {'mode': 'adaptive'},
            'memory': {'cache': '16M', 'packets': '64M', 'hugepages': 'off', 'tickets': 256},
            'access': {'allow': ['0.0.0.0/0', '::/0']},
            'answers': {'identity': 'replay'},
            'upstream': {'ipv4': settings.do_ip4, 'ipv6': settings.do_ip6,
                         'ask-loopback': not settings.donotquery_localhost},
            'resolver': self.resolver(ctx),
            'trust': trust,
            'control': {'socket': ctx.path('control.sock')},
            'log': os.environ.get('ASSAY_REPLAY_LOG', 'info'),
            'test-clock': ctx.path('clock'),
        }
        text = 'ports:\n  - device: %s\n%s\n' % (json.dumps(device('port0')), yaml(config))
        zones = self.zones(settings)
        if zones:
            text += 'zones:\n' + '\n'.join('  ' + zone for zone in zones) + '\n'
        ctx.write('assayd.yaml', text)

    def command(self, ctx):
        return list(self.inside(ctx, self.binary, '-c', ctx.path('assayd.yaml')))


ADAPTER = Assayd
