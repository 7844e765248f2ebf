"""Checks that print one TAP line each; a script ends with done()."""
import sys
import time
import traceback


class Checks:
    def __init__(self):
        self.count = 0
        self.failed = 0
        self.skipped = 0

    def check(self, name, good, detail=''):
        self.count += 1
        if not good:
            self.failed += 1
        line = '%s %d - %s' % ('ok' if good else 'not ok', self.count, name)
        print(line, flush=True)
        if not good and detail:
            for text in str(detail).splitlines()[:40]:
                print('# ' + text, flush=True)
        return good

    def equal(self, name, got, wanted):
        return self.check(name, got == wanted, 'got %r, wanted %r' % (got, wanted))

    def skip(self, name, why):
        self.count += 1
        self.skipped += 1
        print('ok %d - %s # SKIP %s' % (self.count, name, why), flush=True)

    def run(self, function, *arguments):
        """A function that raises is one failed check; the others still run."""
        try:
            function(self, *arguments)
        except Exception:  # reported whole, as a failure
            self.check(function.__name__, False, traceback.format_exc())

    def done(self):
        print('1..%d' % self.count, flush=True)
        sys.exit(1 if self.failed else 0)


# Waits end when what they wait for is there; how long that may take decides nothing.
PATIENCE = 8


def wait_for(condition, limit_s, step_s=0.05):
    """Polls until condition() is true; its last value is returned. The limit is for an idle machine:
    a crowded one gets more."""
    end = time.monotonic() + PATIENCE * limit_s
    while True:
        value = condition()
        if value or time.monotonic() >= end:
            return value
        time.sleep(step_s)
