"""Counts the test functions of a meson run: passed, failed, skipped.

cmocka programs say how many functions ran; any other program is one test."""
import json
import re
import sys


def count(test):
    output = (test.get('stdout') or '') + (test.get('stderr') or '')
    if test['result'] == 'SKIP':
        return 0, 0, 1
    if '[==========] Running 0 test' in output:
        return 0, 1, 0  # nothing was tested
    good = sum(int(n) for n in re.findall(r'\[  PASSED  \] (\d+) test', output))
    bad = sum(int(n) for n in re.findall(r'\[  FAILED  \] (\d+) test', output))
    skipped = sum(int(n) for n in re.findall(r'\[  SKIPPED \] (\d+) test', output))
    if test['result'] not in ('OK', 'EXPECTEDFAIL'):
        return good, max(bad, 1), skipped
    return max(good, 0 if skipped else 1), bad, skipped


def main():
    total = [0, 0, 0]
    try:
        with open(sys.argv[1]) as stream:
            for line in stream:
                for i, value in enumerate(count(json.loads(line))):
                    total[i] += value
    except OSError:
        total[1] += 1
    print(*total)


main()
