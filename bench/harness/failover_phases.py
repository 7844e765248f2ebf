"""What scripts/bench failover does to the lab, when, and what must come of it."""
import dataclasses

PROVIDERS = 'abcd'


def together(letter):
    return lambda zone: letter in zone['providers'] and len(zone['providers']) > 1


def alone(letter):
    return lambda zone: zone['providers'] == [letter]


def without(letter):
    return lambda zone: letter not in zone['providers']


def signed(choose):
    return lambda zone: zone['signed'] and choose(zone)


def everything(_zone):
    return True


@dataclasses.dataclass(frozen=True)
class Group:
    """Questions that are looked at together. asked: known (cached before the fault), fresh (never
    asked before) or any."""
    name: str
    zones: object
    asked: str = 'any'


@dataclasses.dataclass(frozen=True)
class Figure:
    """What one group must do in a window of seconds, counted from when the fault began or, after
    'back', from when it ended; None: to the end of it."""
    group: str
    start: float
    end: float | None
    back: bool = False
    failed: float | None = None      # per cent at most
    unproven: int | None = None      # at most
    p99_ms: float | None = None      # at most
    times_calm: float | None = None  # p99 at most so many times that of calm (or calm + 5 ms)
    answered: float | None = None    # per cent at least


@dataclasses.dataclass(frozen=True)
class Phase:
    name: str
    words: str
    breaks: tuple  # (target, kind) or (target, kind, provider)
    fault_s: int
    back_s: int
    groups: tuple
    figures: tuple
    long_s: int = 0  # of the fault with --long
    share: str = ''  # provider whose share of packets must be back within 5 s
    flood: int = 0  # packets to random ports, so many times the packets sent to servers
    servers: bool = False  # 95 % of the servers used before must be used again within 2 s


def _provider(name, words, kind, letter='a', fault_s=15):
    mine = f'{letter.upper()} and others'
    return Phase(
        name, words, ((letter, kind),), fault_s, 8,
        (Group(mine, together(letter)), Group(f'not {letter.upper()}', without(letter))),
        (Figure(mine, 0, None, failed=0), Figure(mine, 3, None, p99_ms=40),
         Figure(f'not {letter.upper()}', 0, None, failed=0, times_calm=1.5)))


DROP = Phase(
    'drop', 'provider A drops everything, then returns', (('a', 'drop'),), 20, 12,
    (Group('A and others', together('a')), Group('not A', without('a')),
     Group('A only, cached before', alone('a'), 'known'), Group('A only, any', alone('a'))),
    (Figure('A and others', 0, None, failed=0, p99_ms=40),
     Figure('A and others', 3, None, times_calm=2),
     Figure('not A', 0, None, failed=0, times_calm=1.5),
     Figure('A only, cached before', 0, None, failed=0.1, p99_ms=1900),
     Figure('A only, cached before', 6, None, p99_ms=100),
     Figure('A only, any', 2, 10, back=True, failed=0, times_calm=1.5)),
    share='a')

BOGUS = Phase(
    'bogus', 'provider B serves bogus copies, then good ones', (('b', 'bogus'),), 15, 10,
    (Group('signed, B and others', signed(together('b'))),
     Group('signed, B only', signed(alone('b'))), Group('not B', without('b'))),
    (Figure('signed, B and others', 0, None, failed=0, unproven=0, p99_ms=10),
     Figure('signed, B only', 0, None, unproven=0),
     Figure('signed, B only', 0, 2, back=True, failed=1),
     Figure('signed, B only', 2, None, back=True, failed=0, times_calm=1.5)))

ALL_DOWN = Phase(
    'all-down', 'all providers drop everything, then return',
    tuple((letter, 'drop') for letter in PROVIDERS), 60, 10,
    (Group('cached before', everything, 'known'), Group('never asked', everything, 'fresh')),
    (Figure('cached before', 0, None, answered=100),
     Figure('never asked', 2, None, back=True, answered=99)))

TLD = Phase(
    'tld', 'the servers of a TLD drop everything for over twice its TTLs', (('nsec.', 'drop'),),
    20, 8,
    (Group('below it, never asked', lambda zone: zone['parent'] == 'nsec.', 'fresh'),
     Group('below it, any', lambda zone: zone['parent'] == 'nsec.'),
     Group('other TLDs', lambda zone: zone['parent'] != 'nsec.')),
    (Figure('below it, never asked', 0, None, failed=0),
     Figure('below it, never asked', 3, None, p99_ms=40),
     Figure('other TLDs', 0, None, failed=0, times_calm=1.5)))

UPLINK = Phase(
    'uplink', 'our own path is lost, then returns',
    tuple((letter, 'drop') for letter in PROVIDERS), 75, 8,
    (Group('cached before', everything, 'known'), Group('never asked', everything, 'fresh')),
    (Figure('cached before', 0, None, answered=100),
     Figure('never asked', 2, None, back=True, answered=99)),
    long_s=600, servers=True)

FLOOD = Phase(
    'flood', 'packets to random ports of the upstream address, ten times the misses', (), 15, 6,
    (Group('misses', everything, 'fresh'), Group('cached before', everything, 'known')),
    (Figure('misses', 0, None, failed=0, unproven=0, times_calm=1.5),
     Figure('cached before', 0, None, failed=0, unproven=0, times_calm=1.5)), flood=10)

PHASES = (DROP, BOGUS,
          _provider('servfail', 'provider A answers SERVFAIL', 'servfail'),
          _provider('refuse', 'provider A answers REFUSED', 'refuse'),
          _provider('late', 'provider A answers 1.5 s late', 'delay=1500'),
          FLOOD, ALL_DOWN, TLD, UPLINK)


def _tld(name, words, kind, at=PROVIDERS):
    """At all servers of a TLD, or those at some providers, for over twice its TTLs."""
    zones = Group('below it, known zones', lambda zone: zone['parent'] == 'nsec.')
    fresh = Group('below it, never asked', lambda zone: zone['parent'] == 'nsec.', 'fresh')
    others = Group('other TLDs', lambda zone: zone['parent'] != 'nsec.')
    return Phase(
        f'tld-{name}', f'the servers of a TLD {words}',
        tuple(('nsec.', kind, letter) for letter in at), 20, 8, (zones, fresh, others),
        (Figure(zones.name, 0, None, failed=0), Figure(zones.name, 1, None, p99_ms=40),
         Figure(fresh.name, 0, None, failed=0), Figure(fresh.name, 1, None, p99_ms=40),
         Figure(zones.name, 1, None, back=True, failed=0, times_calm=1.5),
         Figure(others.name, 0, None, failed=0, times_calm=1.5)))


BROKEN_TLDS = tuple(
    _tld(name + suffix, words + place, kind, at)
    for suffix, place, at in (('', '', PROVIDERS), ('-3of4', ' at three of four providers', 'abc'),
                              ('-2of4', ' at two of four providers', 'ab'))
    for name, words, kind in (
        ('bogus', 'are bogus', 'bogus'), ('stripped', 'leave out signatures', 'strip-rrsig'),
        ('silent', 'are silent', 'drop'), ('servfail', 'answer SERVFAIL', 'servfail'),
        ('refused', 'answer REFUSED', 'refuse')))
