"""What `promtool check metrics` says of a page, by the rules of Prometheus' text format and of its naming
practices (prometheus.io: "Exposition formats", "Metric and label naming")."""
import re

NAME = re.compile(r'^[a-z][a-z0-9_]*$')
UNITS = {'s', 'ms', 'us', 'ns', 'sec', 'b', 'kb', 'mb', 'gb', 'tb', 'pb', 'm', 'h', 'd',
         'milliseconds', 'microseconds', 'nanoseconds', 'minutes', 'hours', 'days', 'bits', 'kilobytes',
         'megabytes', 'gigabytes', 'percent', 'percents'}
RESERVED = ('_bucket', '_sum', '_count')


def complaints_of_name(name, kind):
    words = name.split('_')
    if not NAME.match(name) or '__' in name:
        yield 'is no name in lower case and underscores'
    if kind == 'counter' and not name.endswith('_total'):
        yield 'is a counter without _total'
    if kind != 'counter' and name.endswith('_total'):
        yield 'is no counter, in spite of _total'
    if name.endswith(RESERVED):
        yield 'ends as parts of histograms do'
    if {'counter', 'gauge', 'histogram', 'summary'} & set(words):
        yield 'has its type in its name'
    if UNITS & set(words):
        yield 'is in no base unit, or abbreviates it'


def parse(page):
    """(families: name → (type, help, sum of its samples), complaints)"""
    families, complaints, helped, typed, samples, last = {}, [], {}, {}, {}, None
    if page and not page.endswith('\n'):
        complaints.append('the last line does not end')
    for line in page.splitlines():
        if match := re.match(r'# HELP (\S+) (.*)$', line):
            if match[1] in helped:
                complaints.append('%s: a second HELP' % match[1])
            helped[match[1]] = match[2]
        elif match := re.match(r'# TYPE (\S+) (counter|gauge)$', line):
            if match[1] in typed:
                complaints.append('%s: a second TYPE' % match[1])
            typed[match[1]] = match[2]
        elif match := re.match(r'([^\s{]+)(\{[^{}]*\})? ([0-9]+(?:\.[0-9]+)?)$', line):
            name, labels, value = match[1], match[2] or '', match[3]
            if (name, labels) in samples:
                complaints.append('%s%s: a second sample' % (name, labels))
            if name in families and last != name:
                complaints.append('%s: its samples do not stand together' % name)
            if labels and not re.match(r'\{[a-z_]+="[^"\\]*"(,[a-z_]+="[^"\\]*")*\}$', labels):
                complaints.append('%s: labels %s' % (name, labels))
            samples[name, labels], last = float(value), name
            if not helped.get(name) or name not in typed:
                complaints.append('%s: a sample before its HELP and TYPE' % name)
            families[name] = (typed.get(name), helped.get(name),
                              sum(v for (n, _), v in samples.items() if n == name))
        else:
            complaints.append('not understood: %s' % line)
    complaints += ['%s: no sample' % name for name in typed if name not in families]
    return families, complaints


def lint(page):
    families, complaints = parse(page)
    for name, (kind, _, _) in families.items():
        complaints += ['%s %s' % (name, text) for text in complaints_of_name(name, kind)]
    return complaints
