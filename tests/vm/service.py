"""assayd as it is installed, in a virtual machine: program and unit of this build, a signed zone on a
server in a namespace of the guest, and a client there, both behind one link or behind a NIC."""
import os
import shutil
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
BUILD = os.environ.get('ASSAY_BUILD', os.path.join(TOP, 'build'))
SERVICE, CLIENT, SERVER = '192.0.2.53', '192.0.2.1', '198.51.100.1'
ASK = 'ip netns exec far dig +time=1 +tries=1 +dnssec @%s www.vm.test A' % SERVICE

ZONE = '''\
$ORIGIN vm.test.
$TTL 60
@ SOA ns hostmaster 1 3600 600 86400 60
@ NS ns
ns A %s
www 3600 A 192.0.2.99
''' % SERVER

CONFIG = '''\
ports:
  - device: "{device}"
service:
  addresses: [%s/24]
  tap: {tap}
cores: {{poll: [1], control: 0, mode: adaptive}}
memory: {{cache: 16M, packets: 64M, hugepages: {hugepages}, tickets: 512}}
access: {{allow: [192.0.2.0/24]}}
resolver: {{local-zones: false}}
upstream: {{interface: up0}}
trust: {{auto-update: {follow}}}
zones:
  - {{name: vm.test, type: stub, servers: [%s], anchors: ['{anchor}']}}
{more}
''' % (SERVICE, SERVER)


# far: the client and the server. The client's link to the port is far0.
NETWORK = '''\
set -e
ip netns add far
ip link add up0 type veth peer name up1 netns far
ip addr add 198.51.100.2/24 dev up0
ip link set up0 up
ip -n far addr add %s/24 dev up1
ip -n far link set up1 up
ip -n far link set lo up
''' % SERVER

VETH = '''\
ip link add near0 type veth peer name far0 netns far
ip link set near0 addrgenmode none up
ip -n far addr add %s/24 dev far0
ip -n far link set far0 up
''' % CLIENT

# Both by the MAC of a NIC: its name, and the PCI device below it.
NICS = '''\
by_mac() { ip -o link | sed -n "s/^[0-9]*: \\([^:@]*\\).*$1.*/\\1/p"; }
device() { readlink -f "/sys/class/net/$(by_mac "$1")/device" | sed 's|/virtio[0-9]*$||; s|.*/||'; }
'''


def to_far(mac):
    """Commands that make a NIC the client's link."""
    return NICS + '''
ip link set "$(by_mac %s)" name far0
ip link set far0 netns far
ip -n far addr add %s/24 dev far0
ip -n far link set far0 up
''' % (mac, CLIENT)


def to_vfio(mac):
    """Commands that give a NIC to vfio-pci and print its PCI address."""
    return NICS + '''
device=$(device %s)
echo vfio-pci >/sys/bus/pci/devices/$device/driver_override
echo $device >/sys/bus/pci/devices/$device/driver/unbind
echo $device >/sys/bus/pci/drivers_probe
[ "$(basename "$(readlink /sys/bus/pci/devices/$device/driver)")" = vfio-pci ] && echo $device
''' % mac


UNIT_NETWORK = '''\
[Unit]
Before=network.target nsd-far.service
DefaultDependencies=no
After=sysinit.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh /vm/network
[Install]
WantedBy=multi-user.target
'''

UNIT_NSD = '''\
[Unit]
After=network-far.service
Requires=network-far.service
[Service]
NetworkNamespacePath=/run/netns/far
ExecStart=/usr/sbin/nsd -d -c /vm/zone/nsd.conf
[Install]
WantedBy=multi-user.target
'''

PREPARE = '''
cp /vm/assayd /vm/assayctl /usr/bin/
mkdir -p /etc/assay
cp /vm/assayd.yaml /etc/assay/
for unit in assayd network-far nsd-far; do
	cp /vm/$unit.service /etc/systemd/system/
	systemctl enable --quiet $unit
done
'''


def signed_zone(folder, zone='vm.test', text=ZONE, before='20200101', after='20400101'):
    """Makes key and zone; returns the anchor."""
    os.makedirs(folder)
    key = subprocess.run(['ldns-keygen', '-a', 'ECDSAP256SHA256', '-k', zone], cwd=folder, check=True,
                         capture_output=True, text=True).stdout.strip()
    with open(os.path.join(folder, 'plain'), 'w') as stream:
        stream.write(text)
    subprocess.run(['ldns-signzone', '-i', before, '-e', after, '-f', 'signed', 'plain', key], cwd=folder,
                   check=True, capture_output=True)
    with open(os.path.join(folder, 'nsd.conf'), 'w') as stream:
        stream.write('server:\n  ip-address: %s\n  zonesdir: /vm/zone\n  pidfile: ""\n  database: ""\n'
                     '  username: ""\n  xfrdfile: /run/nsd.xfrd\n  zonelistfile: /run/nsd.zones\n'
                     '  logfile: /run/nsd.log\n  xfrdir: /run\n'
                     'remote-control:\n  control-enable: no\n'
                     'zone:\n  name: "%s"\n  zonefile: signed\n' % (SERVER, zone))
    with open(os.path.join(folder, key + '.ds')) as stream:
        return ' '.join(stream.read().split())


def unit():
    with open(os.path.join(TOP, 'docs', 'assayd.service')) as stream:
        return stream.read().replace('@bindir@', '/usr/bin')


def config(anchor, device='net_af_xdp0,iface=near0,force_copy=1,busy_budget=0', hugepages='off', follow='false',
           tap='assay0', more=''):
    return CONFIG.format(device=device, hugepages=hugepages, anchor=anchor, follow=follow, tap=tap, more=more)


def fill(share, network=NETWORK + VETH, **zone):
    """Puts all of it into a machine's share, before it boots with PREPARE; returns the anchor. zone: as
    signed_zone() has it."""
    anchor = signed_zone(os.path.join(share, 'zone'), **zone)
    shutil.copy(os.path.join(BUILD, 'control', 'assayd'), share)
    shutil.copy(os.path.join(BUILD, 'control', 'cli', 'assayctl'), share)
    for name, text in (('assayd.service', unit()), ('network-far.service', UNIT_NETWORK),
                       ('nsd-far.service', UNIT_NSD), ('network', network),
                       ('assayd.yaml', config(anchor))):
        with open(os.path.join(share, name), 'w') as stream:
            stream.write(text)
    return anchor


def answers(machine, limit_s=60):
    """A validated answer to the client. The last result of asking."""
    return machine.wait(ASK + ' | tee /run/answer | grep -q "flags:.* ad" && cat /run/answer', limit_s)


def state(machine):
    return machine.run('systemctl is-active assayd').text.strip()


def status_text(machine):
    """What the daemon last said to systemd."""
    return machine.run('systemctl show --property StatusText --value assayd').text.strip()


def leftovers(machine):
    """What a daemon that has stopped must not have left, in words."""
    return machine.run('''
        ip -o link | grep -oE "assay0|prog/xdp"
        nft list tables
        ls -d /run/assay/*.sock /dev/hugepages/* 2>/dev/null
        pgrep -a assayd''').text


def told(machine):
    """What there is to read when it went wrong."""
    return machine.run('systemctl status --no-pager --full assayd; journalctl --no-pager -b -u assayd | tail -30;'
                       ' cat /run/answer; journalctl -b --no-pager -u nsd-far | tail -5').text
