"""docs/attacks.md names tests; every one of them must exist and be run."""

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
    if count < 100:
        print('only %d tests found: has the form of the table changed?' % count)
        wrong += 1
    sys.exit(wrong > 0)


if __name__ == '__main__':
    main()
