"""Tables on standard output, JSON files, pictures and one page of all."""
import html
import json
import os
from statistics import median

from . import machine
from .figures import FIGURES, verdict


def number(value):
    if value is None:
        return '–'
    if isinstance(value, str):
        return value
    if isinstance(value, int) and abs(value) >= 10000:
        return f'{value:,}'
    if isinstance(value, int):
        return str(value)
    if abs(value) >= 1000:
        return f'{value:,.0f}'
    return f'{value:.1f}' if abs(value) >= 10 else f'{value:.3f}'


def table(head, rows):
    """Lines of a Markdown table that also reads well as it is."""
    cells = [[str(cell) for cell in head]] + [[number(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]

    def line(row):
        padded = [row[0].ljust(widths[0])] + [c.rjust(w) for c, w in zip(row[1:], widths[1:])]
        return '| ' + ' | '.join(padded) + ' |'
    rule = '|' + '|'.join([':' + '-' * (widths[0] + 1)] +
                          ['-' * (w + 1) + ':' for w in widths[1:]]) + '|'
    return [line(cells[0]), rule] + [line(row) for row in cells[1:]]


def figure_rows(figures, judged):
    rows = []
    for name, value in figures.items():
        if name in FIGURES:
            must, aim, more, words = FIGURES[name]
            sign = '≥' if more else '≤'
            rows.append([name, value, f'{sign} {number(must)}', number(aim),
                         verdict(name, value, judged), words])
        else:
            rows.append([name, value, '–', '–', '–', ''])
    return rows


class Report:
    """What one bench found: sections of tables, and figures."""

    def __init__(self, name, small):
        self.name = name
        self.small = small
        self.judged = not small
        self.machine = machine.describe()
        self.notes, self.sections, self.figures, self.bars = [], [], {}, []
        # As in the last row of a CPU's life: a neighbour takes caches, not only time.
        if self.machine['busy_before'] > 0.1:
            self.note(f"others used {self.machine['busy_before']:.0%} of the CPUs when it began: "
                      'rates are per second of CPU time, but caches and memory were shared')
        if small:
            self.note('--small: shows that it runs, judges nothing')

    def note(self, text):
        self.notes.append(text)

    def section(self, title, head, rows):
        self.sections.append((title, head, rows))

    def picture(self, title, unit, bars):
        """bars: (label, value)."""
        self.bars.append((title, unit, bars))

    def lines(self):
        build = ', '.join(f'{k}={v}' for k, v in self.machine['build'].items())
        out = [f"{self.machine['cpu']}, {self.machine['cpus']} CPUs; kernel "
               f"{self.machine['kernel']}; {self.machine['openssl']}; commit "
               f"{self.machine['commit']} ({build})", '']
        out += [f'- {note}' for note in self.notes] + ([''] if self.notes else [])
        for title, head, rows in self.sections:
            out += [f'**{title}**', ''] + table(head, rows) + ['']
        if self.figures:
            out += ['**Figures**', ''] + table(
                ['figure', 'measured', 'must', 'aim', 'verdict', 'what'],
                figure_rows(self.figures, self.judged)) + ['']
        return out

    def write(self):
        os.makedirs(machine.OUT, exist_ok=True)
        machine.say('\n'.join(self.lines()))
        if self.small:
            return
        sections = [{'title': title, 'head': head, 'rows': rows}
                    for title, head, rows in self.sections]
        with open(os.path.join(machine.OUT, self.name + '.json'), 'w') as stream:
            json.dump({'bench': self.name, 'machine': self.machine, 'judged': self.judged,
                       'figures': self.figures, 'notes': self.notes, 'sections': sections},
                      stream, indent=1)
        for i, (title, unit, bars) in enumerate(self.bars):
            with open(os.path.join(machine.OUT, f'{self.name}-{i}.svg'), 'w') as stream:
                stream.write(picture(title, unit, bars))

    def page(self):
        """Its part of the page of all benches."""
        out = [f'## {self.name}', ''] + self.lines()
        for i, (title, _, _) in enumerate(self.bars):
            out += [f'![{title}]({self.name}-{i}.svg)', '']
        return out


def picture(title, unit, bars):
    """Horizontal bars as SVG."""
    width, left, row, top = 760, 250, 26, 44
    height = top + row * len(bars) + 12
    largest = max([value for _, value in bars] + [1e-9])
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
           'font-family="sans-serif" font-size="13">',
           f'<rect width="{width}" height="{height}" fill="#fff"/>',
           f'<text x="12" y="24" font-size="15" font-weight="bold">{html.escape(title)}</text>']
    for i, (label, value) in enumerate(bars):
        y = top + i * row
        length = (width - left - 120) * value / largest
        out += [f'<text x="{left - 8}" y="{y + 14}" text-anchor="end">{html.escape(label)}</text>',
                f'<rect x="{left}" y="{y}" width="{length:.1f}" height="18" fill="#2f6f9f"/>',
                f'<text x="{left + length + 6:.1f}" y="{y + 14}">{number(value)} '
                f'{html.escape(unit)}</text>']
    return '\n'.join(out + ['</svg>', ''])


def middle(values):
    """The median, and how far the rounds were apart in parts of it."""
    mid = median(values)
    return mid, (max(values) - min(values)) / mid if mid else 0
