"""Lists of mutants, and a tree in which each of them is behind a switch at run time.

A list is text; "#" begins a comment. One mutant:

    @ control/validator/nsec3.c           the file; holds until the next "@"
    - set->count == 0 || same(a, b)       what stands there, once in the file; white space is any
    + set->count == 0                     what stands there instead
    | records of two salts in one proof   what goes wrong then
    ! validator-denial                    a test that fails with it (written by run.py --record)
    = why no test can fail with it        instead of "!": it changes nothing that can be seen

"-" is an expression, or, when it ends in ";" or "}", a statement; "+" is of the same kind, and
empty where a statement is left out. "- 2: text" is the second place of several. A field's name in
front (".cut =") and an operator or a comma behind only say where it is: both lines have them.
"""
import pathlib
import re
import shutil
import subprocess
import zlib

NUMBERS = 65536  # MUTANTS_MAX of mutant.h


class ListError(Exception):
    pass


class Mutant:
    def __init__(self, source, line, path):
        self.source, self.line, self.path = source, line, path
        self.number = 0  # the switch
        self.old = self.new = self.what = None
        self.place, self.placed = 1, False
        self.killer = self.equivalent = None
        self.at = 0  # line in the file

    def __str__(self):
        return f'{self.path}:{self.at}: {self.what}'

    @property
    def is_statement(self):
        return self.old.endswith((';', '}'))


def read_list(path):
    mutants, file, last = [], None, None
    for number, line in enumerate(path.read_text().splitlines(), 1):
        mark, text = line[:1], line[1:].strip()
        if mark in ('', '#'):
            continue
        if mark == '@':
            file, last = text, None
            continue
        if mark == '-':
            last = Mutant(path, number, file)
            place = re.match(r'(\d+): ', text)
            if place:
                last.place, last.placed, text = int(place[1]), True, text[place.end():]
            last.old = text
            mutants.append(last)
        elif last is None or file is None or mark not in '+|!=':
            raise ListError(f'{path.name}:{number}: {line!r} is out of place')
        elif mark == '+':
            last.new = text
        elif mark == '|':
            last.what = text
        elif mark == '!':
            last.killer = text
        else:
            last.equivalent = text
    for m in mutants:
        if m.path is None or m.new is None or not m.what:
            raise ListError(f'{path.name}:{m.line}: a mutant has a file, "-", "+" and "|"')
        if not m.is_statement and re.match(r'(if|while|for|return)\b', m.old):
            raise ListError(f'{path.name}:{m.line}: neither an expression nor a statement: {m.old}')
        if not m.is_statement and ASSIGNMENT.search(f'{bare(m.old)} {bare(m.new)}'):
            raise ListError(f'{path.name}:{m.line}: an assignment is a statement: {m.old}')
        if not m.new and not m.is_statement:
            raise ListError(f'{path.name}:{m.line}: an expression needs another in its place')
    return mutants


def read_lists(folder):
    mutants = [m for path in sorted(folder.glob('*.txt')) for m in read_list(path)]
    taken = {0}
    for m in mutants:
        # Made of what it says: another mutant in the list changes no other file of the tree.
        m.number = zlib.crc32(f'{m.path} {m.place} {m.old} {m.new}'.encode()) % NUMBERS
        while m.number in taken:
            m.number = (m.number + 1) % NUMBERS
        taken.add(m.number)
    return mutants


FIELD = re.compile(r'(\.\w+\s+=\s+)?')
BEHIND = re.compile(r'(\s*(\|\||&&|,))?$')
ASSIGNMENT = re.compile(r'(?<![=!<>])=(?!=)')


def bare(text):
    text = text[FIELD.match(text).end():]
    return text[:BEHIND.search(text).start()]


def find(text, m):
    """Where in the file it stands: (begin, end)."""
    pattern = r'\s+'.join(re.escape(word) for word in m.old.split())
    # A name does not go on at either end.
    pattern = (r'(?<![\w>.])' if m.old[0].isalnum() or m.old[0] == '_' else '') + pattern
    pattern += r'(?!\w)' if m.old[-1].isalnum() or m.old[-1] == '_' else ''
    found = [match.span() for match in re.finditer(pattern, text)]
    if len(found) < m.place or (not m.placed and len(found) != 1):
        raise ListError(f'{m.source.name}:{m.line}: {m.path} holds it {len(found)} times: {m.old}')
    end = found[m.place - 1][1]
    if not m.is_statement and re.search(r'\w$', m.old) and text[end:].lstrip().startswith('('):
        raise ListError(f'{m.source.name}:{m.line}: ends between a function and its arguments: {m.old}')
    begin, end = found[m.place - 1]
    begin += FIELD.match(text[begin:end]).end()
    return begin, begin + BEHIND.search(text[begin:end]).start()


def switched(mutants, old):
    """The code for all mutants of one place."""
    if mutants[0].is_statement:
        code = f'{{ {old} }}'
        for m in mutants:
            code = f'if (mutant({m.number})) {{ {m.new} }} else {code}'
        return f'{{ {code} }}'
    code = f'({old})'
    for m in mutants:
        code = f'(mutant({m.number}) ? ({bare(m.new)}) : {code})'
    return code


def instrument(text, mutants):
    places, wrong = {}, []
    for m in mutants:
        try:
            span = find(text, m)
        except ListError as error:
            wrong.append(str(error))
            continue
        m.at = text.count('\n', 0, span[0]) + 1
        places.setdefault(span, []).append(m)
    if wrong:
        raise ListError('\n'.join(wrong))
    return ('#include "tests/mutants/mutant.h"\n#line 1\n' +
            _render(text, 0, len(text), _nest(places), places))


def _nest(spans):
    """[(span, [inner…])…]; refuses two that overlap without one being inside the other."""
    root, stack = [], []
    for span in sorted(spans, key=lambda s: (s[0], -s[1])):
        while stack and stack[-1][0][1] <= span[0]:
            stack.pop()
        if stack and span[1] > stack[-1][0][1]:
            raise ListError(f'two mutants overlap at offsets {stack[-1][0]} and {span}')
        node = (span, [])
        (stack[-1][1] if stack else root).append(node)
        stack.append(node)
    return root


def _render(text, begin, end, nodes, places):
    out, at = [], begin
    for (first, last), inner in nodes:
        out.append(text[at:first])
        old = _render(text, first, last, inner, places)
        out.append(switched(places[(first, last)], old))
        at = last
    out.append(text[at:end])
    return ''.join(out)


def instrumented(top, mutants):
    """The tracked files, and of those that hold mutants what they are with the switches in."""
    files = subprocess.run(['git', '-C', top, 'ls-files', '-co', '--exclude-standard'], check=True,
                           capture_output=True, text=True).stdout.splitlines()
    by_path = {}
    for m in mutants:
        by_path.setdefault(m.path, []).append(m)
    missing = set(by_path) - set(files)
    if missing:
        raise ListError(f'no such file: {", ".join(sorted(missing))}')
    switched_files, wrong = {}, []
    for path, held in by_path.items():
        try:
            switched_files[path] = instrument(pathlib.Path(top, path).read_text(), held).encode()
        except ListError as error:
            wrong.append(str(error))
    if wrong:
        raise ListError('\n'.join(wrong))
    return files, switched_files


def make_tree(top, tree, mutants):
    """A copy of the tracked files with the switches in; what did not change keeps its time."""
    files, switched_files = instrumented(top, mutants)
    wanted = set(files)
    for path in files:
        source, target = pathlib.Path(top, path), pathlib.Path(tree, path)
        if not source.is_file():
            continue
        data = switched_files[path] if path in switched_files else source.read_bytes()
        if target.exists() and target.read_bytes() == data:
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        shutil.copymode(source, target)
    for old in pathlib.Path(tree).rglob('*'):
        relative = old.relative_to(tree).as_posix()
        if old.is_file() and not relative.startswith('build/') and relative not in wanted:
            old.unlink()
