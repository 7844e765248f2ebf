"""scripts/bench failover: faults at fixed times in the lab, under questions at a fixed rate.

The lab's providers are broken and healed while bench_load asks: names that were asked before and
names that never were, of zones with one, two and four providers and TTLs of seconds. Assay, and
with --peers other resolvers on the same lab with the same questions, one after the other.
  --phases NAME,...   some of: {phases};
                      tlds, which are a TLD's servers broken in each way: {tlds}
  --peers [NAME,...]  also {peers}
  --rate N            questions per second ({rate})
  --fresh PERCENT     of never-seen names ({fresh})
  --zones N           signed zones of the lab ({zones})
  --long              outages in full length: ten minutes for the uplink
  --no-assay          the peers alone
  --keep-lab          leave the lab up
Writes build/bench/failover.json, .png and failover-seconds.md."""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

from . import machine
from .failover_flood import Flood
from .failover_phases import BROKEN_TLDS, PHASES, PROVIDERS
from .report import table

RATE, FRESH, ZONES, TTL_S, HOSTS, MORE_HOSTS = 1000, 30, 160, 5, 6, 250
WARM_S, CALM_S, TAIL_S = 7, 5, 6


def lab_modules():
    """The lab is imported late: it reads the names of its namespaces from the environment."""
    os.environ.setdefault('ASSAY_LAB_PREFIX', 'fov')
    os.environ.setdefault('ASSAY_LAB_DIR', '/run/assay-bench-failover')
    sys.path.insert(0, os.path.join(machine.ROOT, 'tests'))
    from lab import faults, lab, network, ordinary, topology
    return faults, lab, network, ordinary, topology


class Names:
    """What is asked, and which zone it belongs to."""

    def __init__(self, folder, ordinary, zones):
        self.zones = zones
        self.known_path, self.fresh_path = folder / 'known', folder / 'fresh'
        self.known = self._write(self.known_path, ordinary, ordinary.hosts()[:HOSTS], 0)
        more = range(ordinary.HOST_COUNT, ordinary.HOST_COUNT + MORE_HOSTS)
        self.fresh = self._write(self.fresh_path, ordinary,
                                 [ordinary.more_host(host) for host in more], more.start)

    def _write(self, path, ordinary, owners, first):
        lines, zone_of = [], []
        for index, zone in enumerate(self.zones):
            number = int(zone['zone'][1:5])
            for host, owner in enumerate(owners, first):
                lines.append(f"{owner}.{zone['zone']} {ordinary.host_address(number, host)}\n")
                zone_of.append(index)
        path.write_text(''.join(lines))
        return zone_of


class Packets(threading.Thread):
    """Packets towards each provider, second by second."""

    def __init__(self, network):
        super().__init__(daemon=True)
        self.network, self.rows, self.over = network, [], threading.Event()

    def run(self):
        with self.network.inside('inet'):
            while not self.over.is_set():
                self.rows.append((time.monotonic(), self.read()))
                self.over.wait(0.5)

    @staticmethod
    def read():
        found = {}
        # /proc/net belongs to the process, this to the thread.
        for line in machine.read('/proc/thread-self/net/dev').splitlines():
            name, _, rest = line.strip().partition(':')
            if name.startswith('to-') and name[3:] in PROVIDERS:
                found[name[3:]] = int(rest.split()[9])
        return found

    def between(self, start, end):
        rows = [row for row in self.rows if start <= row[0] <= end]
        if len(rows) < 2:
            return {}
        return {p: rows[-1][1].get(p, 0) - rows[0][1].get(p, 0) for p in PROVIDERS}


class Bench:
    def __init__(self, options):
        self.options = options
        self.faults, self.lab, self.network, self.ordinary, self.topology = lab_modules()
        self.load = machine.build('bench_load')
        self.lines, self.seconds, self.results = [], [], []

    def run(self):
        self.lab.up(self.options.zones, machine.say, TTL_S, MORE_HOSTS)
        with tempfile.TemporaryDirectory(prefix='bench-failover-') as folder:
            self.folder = pathlib.Path(folder)
            manifest = json.loads(
                pathlib.Path(self.topology.describe()['files']['manifest.json']).read_text())
            zones = [zone for zone in manifest['zones'] if zone['kind'].startswith('ordinary')]
            self.names = Names(self.folder, self.ordinary, zones)
            for phase in self.options.phases:
                for name in self.options.resolvers:
                    self.one(phase, name)

    def one(self, phase, name):
        from .failover_resolvers import RESOLVERS
        for attempt in range(2):  # a start may fail for a neighbour's sake
            try:
                with RESOLVERS[name](self.topology.describe()) as resolver:
                    return self.measure(phase, name, resolver)
            except RuntimeError as error:
                if attempt:
                    self.say(f'{phase.name}, {name}: {error}')
            finally:
                self.faults.heal('all')
        return None

    def say(self, text):
        machine.say(text)
        self.lines.append(text)

    def start_load(self, seconds):
        info = self.topology.describe()
        options = self.options
        # So that there are some left when the fault is over.
        lasting = 100 * len(self.names.fresh) // (options.rate * seconds)
        if lasting < options.fresh:
            self.say(f'- {lasting} % of never-seen names, not {options.fresh}: '
                     'the lab has no more for so many seconds')
        command = ['ip', 'netns', 'exec', info['namespaces']['client'], self.load,
                   info['resolver']['service_addresses'][0], self.names.known_path,
                   self.names.fresh_path, self.folder / 'log', options.rate, seconds,
                   min(options.fresh, lasting), 20261126, *info['client']['addresses'][:9]]
        process = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE,
                                   text=True)
        # It measures others and must not wait for them.
        os.setpriority(os.PRIO_PROCESS, process.pid, -10)
        return process

    def measure(self, phase, name, resolver):
        from .failover_results import Log
        fault_s = phase.long_s if self.options.long and phase.long_s else phase.fault_s
        before_s = WARM_S + CALM_S
        load = self.start_load(before_s + fault_s + phase.back_s + 1)
        packets = Packets(self.network)
        flood = None
        try:
            zero = float(load.stdout.readline().split()[1])
            packets.start()
            until(zero + WARM_S)
            calm = resolver.counters()
            until(zero + before_s)
            calm = difference(resolver.counters(), calm)
            before = resolver.counters()
            began = time.monotonic()
            for words in phase.breaks:
                self.faults.break_it(*words)
            if phase.flood:
                flood = self.flood(phase, name, calm, fault_s)
            until(began + fault_s)
            self.faults.heal('all')
            ended = time.monotonic()
            flooded = flood.end() if flood else None
            during = difference(resolver.counters(), before)
            until(ended + 2)
            servers = resolver.servers() if phase.servers else None
            summary = json.loads(load.communicate(timeout=phase.back_s + 60)[0])
        finally:
            packets.over.set()
            if flood:
                flood.stop()
            if load.poll() is None:
                load.kill()
                load.wait()
        after = difference(resolver.counters(), before)
        log = Log(self.folder / 'log', self.names.zones, self.names.known, self.names.fresh,
                  began - zero, ended - zero)
        self.show(phase, name, log, summary)
        self.shares(phase, packets, began, ended, servers)
        if flooded:
            self.say(f'- flood: {flood.rate} packets/s, {flooded[0]} in all, {flooded[1]} of them '
                     'found no port')
        self.hedges(name, calm)
        self.results[-1].update(counters={'calm': calm, 'fault': during, 'all': after})

    def flood(self, phase, name, calm, seconds):
        """So many times what goes to servers, which for others than Assay is what is asked of
        never-seen names."""
        sent = calm.get('upstream.sent_udp', 0) + calm.get('upstream.sent_tcp', 0)
        misses = sent / CALM_S if name == 'assay' else self.options.rate * self.options.fresh / 100
        return Flood(self.topology, int(phase.flood * misses), seconds)

    def show(self, phase, name, log, summary):
        from .failover_results import judge
        rows = []
        for group in phase.groups:
            members = log.members(group)
            for window, chosen in (('calm', log.calm()), ('fault 0–3 s', log.window(0, 3)),
                                   ('fault 3– s', log.window(3, None)),
                                   ('return 0–2 s', log.window(0, 2, True)),
                                   ('return 2– s', log.window(2, None, True))):
                sums = log.sums(members & chosen)
                if sums:
                    rows.append([group.name, window, *(sums[key] for key in COLUMNS)])
        figures = [judge(log, phase, figure) for figure in phase.figures]
        self.say(f'\n## {phase.name}: {phase.words} — {name}\n')
        self.say('\n'.join(table(['class', 'window', *COLUMNS], rows)) + '\n')
        self.say('\n'.join(table(['class', 'window', 'measured', 'must', 'verdict'], figures)))
        if summary['fresh_over']:
            self.say('- ran out of never-seen names: misses are fewer towards the end')
        seconds = {group.name: log.seconds(group) for group in phase.groups}
        self.results.append({
            'phase': phase.name, 'resolver': name, 'fault_s': round(log.ended - log.began, 2),
            'summary': summary, 'figures': figures, 'seconds': seconds,
            'windows': [dict(zip(('class', 'window', *COLUMNS), row)) for row in rows]})
        self.seconds += seconds_table(phase, name, seconds)

    def shares(self, phase, packets, began, ended, servers):
        calm = packets.between(began - CALM_S, began)
        result = self.results[-1]
        result['packets'] = {'calm': calm, 'fault': packets.between(began, ended),
                             'return': packets.between(ended + 2, ended + 7)}
        if phase.share and sum(calm.values()):
            back = result['packets']['return']
            was = calm[phase.share] / sum(calm.values())
            now = back[phase.share] / max(1, sum(back.values()))
            verdict = 'met' if now >= 0.75 * was else 'missed'
            self.say(f'- provider {phase.share.upper()} carried {was:.0%} of the packets in calm, '
                     f'{now:.0%} from 2 to 7 s after its return: {verdict}')
        if servers:
            used, known = servers
            verdict = 'met' if used >= 0.95 * known else 'missed'
            self.say(f'- servers that may be used 2 s after the return: {used} of {known} '
                     f'(must 95 %): {verdict}')

    def hedges(self, name, calm):
        sent = calm.get('upstream.sent_udp', 0) + calm.get('upstream.sent_tcp', 0)
        if name == 'assay' and sent:
            share = 100 * calm.get('upstream.hedges', 0) / sent
            self.say(f"- hedges in calm: {share:.2f} % of {sent} packets (must 3 %): "
                     f"{'met' if share <= 3 else 'missed'}")

    def write(self):
        os.makedirs(machine.OUT, exist_ok=True)
        out = os.path.join(machine.OUT, 'failover')
        with open(out + '.json', 'w') as stream:
            json.dump({'bench': 'failover', 'machine': machine.describe(),
                       'rate': self.options.rate, 'fresh_percent': self.options.fresh,
                       'ttl_s': TTL_S, 'runs': self.results}, stream, indent=1)
        with open(out + '-seconds.md', 'w') as stream:
            stream.write('\n'.join(self.seconds) + '\n')
        if self.results:
            from .failover_picture import draw
            draw(out + '.png', self.results)


COLUMNS = ('asked', 'failed', 'p50_ms', 'p99_ms', 'max_ms', 'stale', 'unproven', 'wrong')


def seconds_table(phase, name, seconds):
    head = ['second'] + [f'{group}: {what}' for group in seconds
                         for what in ('failed %', 'p99 ms', 'stale %')]
    rows = {}
    for place, values in enumerate(seconds.values()):
        for second, _asked, failed, _p50, p99, stale in values:
            row = rows.setdefault(second, [str(second)] + ['–'] * 3 * len(seconds))
            row[1 + 3 * place:4 + 3 * place] = [failed, p99, stale]
    return ['', f'## {phase.name} — {name}', ''] + table(head, [rows[s] for s in sorted(rows)])


def until(moment):
    time.sleep(max(0, moment - time.monotonic()))


def difference(after, before):
    return {key: value - before.get(key, 0) for key, value in after.items()
            if isinstance(value, int) and value != before.get(key, 0)}


def parse(arguments):
    from .failover_resolvers import RESOLVERS, missing
    names = [phase.name for phase in PHASES]
    tlds = [phase.name for phase in BROKEN_TLDS]
    peers = [name for name in RESOLVERS if name != 'assay']
    parser = argparse.ArgumentParser(
        prog='scripts/bench failover', formatter_class=argparse.RawDescriptionHelpFormatter,
        usage=__doc__.format(phases=', '.join(names), tlds=', '.join(tlds),
                             peers=', '.join(peers), rate=RATE, fresh=FRESH, zones=ZONES))
    parser.add_argument('--phases', default=','.join(names))
    parser.add_argument('--peers', nargs='?', const=','.join(peers), default='')
    parser.add_argument('--rate', type=int, default=RATE)
    parser.add_argument('--fresh', type=int, default=FRESH)
    parser.add_argument('--zones', type=int, default=ZONES)
    for flag in ('--long', '--no-assay', '--keep-lab'):
        parser.add_argument(flag, action='store_true')
    options = parser.parse_args(arguments)
    chosen = options.phases.replace('tlds', ','.join(tlds)).split(',')
    unknown = [name for name in chosen if name not in names + tlds]
    unknown += [name for name in options.peers.split(',') if name and name not in peers]
    if unknown:
        machine.stop(f"there is no {', '.join(unknown)}")
    options.phases = [phase for phase in PHASES + BROKEN_TLDS if phase.name in chosen]
    options.resolvers = [] if options.no_assay else ['assay']
    for name in filter(None, options.peers.split(',')):
        if missing(name):
            machine.say(f'bench: {name} is not installed: left out (scripts/setup)')
        else:
            options.resolvers.append(name)
    return options


def main(arguments):
    os.environ['PATH'] = os.environ.get('PATH', '') + ':/usr/sbin:/sbin'
    bench = Bench(parse(arguments))
    try:
        bench.run()
    finally:
        bench.write()
        if not bench.options.keep_lab:
            bench.lab.down(machine.say)
