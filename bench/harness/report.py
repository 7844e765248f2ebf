"""Tables on standard output, JSON files, pictures and one page of all."""
import json
import os
import time
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

    def machine_words(self):
        build = ', '.join(f'{k}={v}' for k, v in self.machine['build'].items())
        return (f"{self.machine['cpu']}, {self.machine['cpus']} CPUs; kernel "
                f"{self.machine['kernel']}; {self.machine['openssl']}; commit "
                f"{self.machine['commit']} ({build})")

    def lines(self):
        out = [self.machine_words(), '']
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
            picture(os.path.join(machine.OUT, f'{self.name}-{i}.png'), title, unit, bars)

    def page(self):
        """Its part of the page of all benches."""
        out = [f'## {self.name}', ''] + self.lines()
        if self.small:
            return out
        for i, (title, _, _) in enumerate(self.bars):
            out += [f'![{title}]({self.name}-{i}.png)', '']
        return out


def write_page(reports, failures):
    """build/bench/report.md: all figures at a glance, then all that was found. Small runs say so."""
    out = ['# Benchmarks', '']
    if reports:
        out += [f"{reports[0].machine_words()}; {time.strftime('%Y-%m-%d')}", '']
    if any(report.small for report in reports):
        out += ['A small run: it shows that the benches run, and its figures mean nothing.', '']
    rows = [[report.name, *row] for report in reports
            for row in figure_rows(report.figures, report.judged) if row[2] != '–']
    if rows:
        out += table(['bench', 'figure', 'measured', 'must', 'aim', 'verdict', 'what'], rows) + ['']
    out += [f'**{name} failed:** {why}\n' for name, why in failures.items()]
    for report in reports:
        out += report.page()
    os.makedirs(machine.OUT, exist_ok=True)
    with open(os.path.join(machine.OUT, 'report.md'), 'w') as stream:
        stream.write('\n'.join(out))


def picture(path, title, unit, bars):
    """Horizontal bars."""
    import matplotlib
    matplotlib.use('Agg')
    from matplotlib import pyplot
    figure, axes = pyplot.subplots(figsize=(8, 0.9 + 0.32 * len(bars)))
    drawn = axes.barh([label for label, _ in bars], [value for _, value in bars], color='#2f6f9f')
    axes.bar_label(drawn, [f'{number(value)} {unit}' for _, value in bars], padding=4)
    axes.invert_yaxis()
    axes.margins(x=0.2)
    axes.set_title(title, loc='left', fontweight='bold')
    axes.xaxis.set_visible(False)
    axes.spines[['top', 'right', 'bottom']].set_visible(False)
    figure.savefig(path, dpi=100, bbox_inches='tight')
    pyplot.close(figure)


def middle(values):
    """The median, and how far the rounds were apart in parts of it."""
    mid = median(values)
    return mid, (max(values) - min(values)) / mid if mid else 0
