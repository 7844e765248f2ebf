"""From the log of bench_load to figures: per class of zone, per window, per second."""
import numpy

DTYPE = numpy.dtype([('sent_ms', '<u4'), ('latency_us', '<u4'), ('name', '<u4'), ('flags', 'u1'),
                     ('rcode', 'u1'), ('ede', 'u1'), ('spare', 'u1')])
FRESH, AD, WRONG, STALE, UNSENT = 1, 2, 4, 8, 16
LIMIT_US = 4_000_000
CALM_S = 5


class Log:
    """One run: what was asked when, and what came of it."""

    def __init__(self, path, zones, known, fresh, began, ended):
        """known, fresh: the zone's index of each line. began, ended: of the fault, in seconds."""
        self.rows = numpy.fromfile(path, DTYPE)
        self.began, self.ended = began, ended
        self.at = self.rows['sent_ms'] / 1000
        self.fresh = (self.rows['flags'] & FRESH) != 0
        self.zones = zones
        self.zone = numpy.where(self.fresh, _pick(fresh, self.rows['name']),
                                _pick(known, self.rows['name']))
        slow = self.rows['latency_us'] > LIMIT_US
        self.failed = slow | ~numpy.isin(self.rows['rcode'], (0, 3))
        self.good = ~self.failed & ((self.rows['flags'] & WRONG) == 0)
        self.seen = self._seen_before()

    def _seen_before(self):
        """Known names that were answered well before the fault."""
        before = self.good & ~self.fresh & (self.at < self.began)
        answered = numpy.zeros(int(self.rows['name'].max()) + 1, bool)
        answered[self.rows['name'][before]] = True
        return ~self.fresh & answered[self.rows['name']]

    def members(self, group):
        chosen = numpy.array([group.zones(zone) for zone in self.zones], bool)[self.zone]
        if group.asked == 'known':
            chosen &= self.seen
        elif group.asked == 'fresh':
            chosen &= self.fresh
        return chosen

    def window(self, start, end, back=False):
        zero = self.ended if back else self.began
        limit = zero + end if end is not None else (self.at.max() + 1 if back else self.ended)
        return (self.at >= zero + start) & (self.at < limit)

    def calm(self):
        return (self.at >= self.began - CALM_S) & (self.at < self.began)

    def sums(self, chosen):
        rows = self.rows[chosen]
        count = len(rows)
        if count == 0:
            return None
        latency = numpy.where(self.failed[chosen] & (rows['rcode'] == 255), LIMIT_US,
                              numpy.minimum(rows['latency_us'], LIMIT_US))
        signed = numpy.array([zone['signed'] for zone in self.zones], bool)[self.zone[chosen]]
        wrong = (rows['flags'] & WRONG) != 0
        return {
            'asked': count,
            'failed': round(100 * float(self.failed[chosen].sum()) / count, 3),
            'p50_ms': round(float(numpy.percentile(latency, 50)) / 1000, 2),
            'p99_ms': round(float(numpy.percentile(latency, 99)) / 1000, 2),
            'max_ms': round(float(latency.max()) / 1000, 1),
            'stale': round(100 * float(((rows['flags'] & STALE) != 0).sum()) / count, 2),
            'unproven': int((wrong & signed).sum()),
            'wrong': int((wrong & ~signed).sum()),
            'ad_on_wrong': int((wrong & ((rows['flags'] & AD) != 0)).sum()),
            'unsent': int(((rows['flags'] & UNSENT) != 0).sum()),
        }

    def seconds(self, group):
        """Per second from the calm on: second, asked, failed %, p50, p99, stale %."""
        chosen = self.members(group)
        first = -CALM_S
        last = int(self.at.max() - self.began)
        out = []
        for second in range(first, last + 1):
            sums = self.sums(chosen & (self.at >= self.began + second) &
                             (self.at < self.began + second + 1))
            if sums:
                out.append([second, sums['asked'], sums['failed'], sums['p50_ms'], sums['p99_ms'],
                            sums['stale']])
        return out


def _pick(zone_of, names):
    zone_of = numpy.asarray(zone_of if len(zone_of) else [0])
    return zone_of[numpy.minimum(names, len(zone_of) - 1)]


def judge(log, phase, figure):
    """(words, measured, verdict) of one figure."""
    group = next(g for g in phase.groups if g.name == figure.group)
    members = log.members(group)
    sums = log.sums(members & log.window(figure.start, figure.end, figure.back))
    calm = log.sums(members & log.calm())
    end = '' if figure.end is None else f'{figure.end:g}'
    when = f"{'return' if figure.back else 'fault'} {figure.start:g}–{end} s"
    if sums is None or calm is None:
        return [figure.group, when, 'nothing asked', '', 'missed']
    tests = []
    if figure.failed is not None:
        tests.append((f"failed {sums['failed']:.2f} %", f'≤ {figure.failed:g} %',
                      sums['failed'] <= figure.failed))
    if figure.answered is not None:
        got = 100 - sums['failed']
        tests.append((f'answered {got:.2f} %', f'≥ {figure.answered:g} %',
                      got >= figure.answered))
    if figure.unproven is not None:
        tests.append((f"unproven {sums['unproven']}", f'≤ {figure.unproven}',
                      sums['unproven'] <= figure.unproven))
    if figure.p99_ms is not None:
        tests.append((f"p99 {sums['p99_ms']:.1f} ms", f'≤ {figure.p99_ms:g} ms',
                      sums['p99_ms'] <= figure.p99_ms))
    if figure.times_calm is not None:
        limit = max(figure.times_calm * calm['p99_ms'], calm['p99_ms'] + 5)
        tests.append((f"p99 {sums['p99_ms']:.1f} ms (calm {calm['p99_ms']:.1f})",
                      f'≤ {limit:.1f} ms', sums['p99_ms'] <= limit))
    return [figure.group, when, ', '.join(t[0] for t in tests), ', '.join(t[1] for t in tests),
            'met' if all(t[2] for t in tests) else 'missed']
