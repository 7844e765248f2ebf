"""The guest's kernel, where `scripts/setup vm` put it, and the initramfs made of it."""
import glob
import os
import shutil
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
PLACE = os.environ.get('ASSAY_VM_DIR', '/var/cache/assay-vm')
BUSYBOX = '/bin/busybox'
# What must be there before the host's files are, in any order; what they need comes along.
EARLY = ('virtio_pci', 'virtio_console', '9pnet_virtio', '9p', 'overlay')
LATE = ('af_packet', 'nf_tables', 'nft_reject_inet', 'veth', 'bridge', 'tun', 'virtio_net', 'dummy')


class Missing(Exception):
    """Something that `scripts/setup vm` installs."""


def image():
    """Path and version of the newest kernel."""
    found = sorted(glob.glob(os.path.join(PLACE, 'boot', 'vmlinuz-*')))
    for need in ('qemu-system-x86_64', 'cpio'):
        if shutil.which(need) is None:
            raise Missing(need)
    if not found or not os.path.exists(BUSYBOX):
        raise Missing('a kernel in %s, or busybox' % PLACE)
    return found[-1], os.path.basename(found[-1])[len('vmlinuz-'):]


def modules_folder(version):
    return os.path.join(PLACE, 'lib', 'modules', version)


def with_needs(folder, names):
    """Paths of these modules and of what they need, in the order of loading. One that is built in has
    no path."""
    needs = {}
    with open(os.path.join(folder, 'modules.dep')) as stream:
        for line in stream:
            path, rest = line.split(':')
            needs[path] = rest.split()
    by_name = {os.path.basename(path).split('.')[0].replace('-', '_'): path for path in needs}
    order = []
    for name in names:
        path = by_name.get(name.replace('-', '_'))
        if path:
            order += [p for p in reversed(needs[path]) if p not in order]
            order += [path] if path not in order else []
    return order


def unpacked(path, to):
    """Debian 13's modules are compressed."""
    if path.endswith('.xz'):
        with open(to, 'wb') as stream:
            subprocess.run(['xz', '-dc', path], check=True, stdout=stream)
    else:
        shutil.copy(path, to)


def initramfs(folder, version, late=(), clean=True, root_memory='50%'):
    """Makes the archive in a folder; returns its path. `clean` forgets what the root would start."""
    tree = os.path.join(folder, 'initramfs')
    os.makedirs(os.path.join(tree, 'early'))
    os.makedirs(os.path.join(tree, 'bin'))
    shutil.copy(BUSYBOX, os.path.join(tree, 'bin', 'busybox'))
    shutil.copy(os.path.join(HERE, 'init'), os.path.join(tree, 'init'))
    modules = modules_folder(version)
    early = []
    for path in with_needs(modules, EARLY):
        early.append(os.path.basename(path).split('.')[0])
        unpacked(os.path.join(modules, path), os.path.join(tree, 'early', early[-1] + '.ko'))
    with open(os.path.join(tree, 'parameters'), 'w') as stream:
        stream.write('version=%s\nearly="%s"\nlate="%s"\nclean=%s\nroot_memory=%s\n' % (
            version, ' '.join(early), ' '.join((*LATE, *late)), 'yes' if clean else '', root_memory))
    archive = os.path.join(folder, 'initramfs.cpio')
    names = subprocess.run(['find', '.', '-print0'], cwd=tree, check=True, capture_output=True).stdout
    with open(archive, 'wb') as stream:
        subprocess.run(['cpio', '--null', '--create', '--quiet', '--format=newc'], cwd=tree, input=names,
                       stdout=stream, check=True)
    shutil.rmtree(tree)
    return archive
