"""docs/attacks.md names tests; every one of them must exist and be run. A row stands there once, and a
test that is named after a row finds it there; of some rows every test is named, and some have one that is
named after them."""

import glob
import os
import re
import sys

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..')
CITED = re.compile(r'`((?:unit|scenario)/[a-z0-9_/]+)(?:: (\w+))?`((?:, `\w+`)*)')


def source_of(cited):
    folder, name = cited.rsplit('/', 1)
    path = os.path.join(TOP, 'tests', folder, 'test_%s.c' % name)
    if not os.path.exists(path):
        return None
    with open(path, encoding='utf-8') as file:
        return file.read()


ROW = re.compile(r'^\| ([A-Z]\d+) ', re.MULTILINE)
NAMED_AFTER = re.compile(r'^static void (([a-zA-Z]\d+)_\w+)\(void \*\*\w+\)', re.MULTILINE)
HAVE_ONE = {'O11', 'O12', 'O13', 'O22', 'O26', 'O27', 'O28', 'O29', 'O30', 'O31'}
WHOLE = {'A15', 'A16', 'B14', 'B15', 'B16', 'B17', 'C11', 'D14'}


def rows_that_are_wrong(text):
    rows = ROW.findall(text)
    for row in sorted({row for row in rows if rows.count(row) > 1}):
        yield 'row %s stands there more than once' % row
    known, named = set(re.findall(r'\w+', text)), set()
    for path in sorted(glob.glob(os.path.join(TOP, 'tests', '**', 'test_*.c'), recursive=True)):
        with open(path, encoding='utf-8') as file:
            tests = NAMED_AFTER.findall(file.read())
        for name, row in tests:
            named.add(row.upper())
            if row.upper() not in rows:
                yield '%s: there is no row %s' % (name, row.upper())
            elif row.upper() in WHOLE and name not in known:
                yield '%s: row %s does not name it' % (name, row.upper())
    for row in sorted(HAVE_ONE - named):
        yield 'no test is named after row %s' % row


def main():
    with open(os.path.join(TOP, 'docs', 'attacks.md'), encoding='utf-8') as file:
        text = file.read()
    wrong, count = 0, 0
    for cited, first, others in CITED.findall(text):
        source = source_of(cited)
        names = ([first] if first else []) + re.findall(r'\w+', others)
        count += len(names)
        if source is None:
            print('no file of %s' % cited)
            wrong += 1
            continue
        for name in names:
            # Defined, and listed in main().
            if len(re.findall(r'\b%s\b' % name, source)) < 2:
                print('%s does not run %s' % (cited, name))
                wrong += 1
    for what in rows_that_are_wrong(text):
        print(what)
        wrong += 1
    if count < 100:
        print('only %d tests found: has the form of the table changed?' % count)
        wrong += 1
    sys.exit(wrong > 0)


if __name__ == '__main__':
    main()
