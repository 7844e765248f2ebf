"""Hugepages for a test. They are the machine's, and others on it reserve, use and give back some, too:
who reserves takes turns, adds to what is there, and counts its own by a control group."""
import fcntl
import os
import time

FOLDER = '/sys/kernel/mm/hugepages/hugepages-2048kB/'
RESERVED = FOLDER + 'nr_hugepages'
PAGE_BYTES = 2 << 20
TURN_S = 900  # after which it does not wait for the others any more


def number(path):
    with open(path) as stream:
        return int(stream.read())


def reserve(pages):
    with open(RESERVED, 'w') as stream:
        stream.write(str(max(0, pages)))


class Hugepages:
    """So many free pages more for a while; `there` says whether they could be had."""

    def __init__(self, pages):
        self.pages, self.there, self.turn = pages, False, None

    def __enter__(self):
        try:
            self.turn = open(RESERVED)
            end = time.monotonic() + TURN_S
            while not self.is_ours() and time.monotonic() < end:
                time.sleep(0.1)
            before = number(RESERVED)
            reserve(before + self.pages)
            self.added = number(RESERVED) - before
        except OSError:
            self.added = 0
        self.there = self.added == self.pages
        return self

    def is_ours(self):
        try:
            fcntl.flock(self.turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def __exit__(self, *error):
        if self.added:
            reserve(number(RESERVED) - self.added)
        if self.turn:
            self.turn.close()


class OwnPages:
    """What this process and all that it starts hold, also after they have ended; in_use() is None
    where the kernel does not count it."""

    def __enter__(self):
        self.folder = None
        for top in ('/sys/fs/cgroup', '/sys/fs/cgroup/unified'):
            try:
                with open(top + '/cgroup.controllers') as stream:
                    if 'hugetlb' not in stream.read().split():
                        continue
                with open('/proc/self/cgroup') as stream:
                    self.home = next(top + line.strip()[3:] for line in stream if line.startswith('0::'))
                with open(top + '/cgroup.subtree_control', 'w') as stream:
                    stream.write('+hugetlb')
                folder = '%s/assay-test-%d' % (top, os.getpid())
                os.mkdir(folder)
                self.move(folder)
                self.folder = folder
                break
            except (OSError, StopIteration):
                continue
        return self

    def move(self, folder):
        with open(folder + '/cgroup.procs', 'w') as stream:
            stream.write(str(os.getpid()))

    def in_use(self):
        return number(self.folder + '/hugetlb.2MB.current') // PAGE_BYTES if self.folder else None

    def __exit__(self, *error):
        if self.folder:
            self.move(self.home)
            os.rmdir(self.folder)
