#!/usr/bin/python3
"""Brings up a small lab of its own and checks it with real packets.

One line per check. Runs beside another lab: own namespaces and own state directory. Exit
status 77: a package that the lab needs is missing.
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
_HERE = pathlib.Path(__file__).resolve().parent
_WORK = tempfile.TemporaryDirectory(prefix="assay-test-lab-")
os.environ["ASSAY_LAB_DIR"] = _WORK.name + "/state"
os.environ["ASSAY_LAB_PREFIX"] = f"lt{os.getpid()}"
sys.path.insert(0, str(_HERE.parent))


from lab import checks_faults, checks_life, lab, state  # noqa: E402
from lab.probe import Report  # noqa: E402


def main():
    try:
        lab.check_machine()
    except state.LabError as error:
        print(f"skipped: {error}")
        return 77
    report = Report()
    began = time.monotonic()
    try:
        for check in checks_life.COMING_UP + checks_faults.ALL + checks_life.GOING_DOWN:
            report.run(check)
    finally:
        subprocess.run([str(_HERE.parent.parent / "scripts/lab"), "down"], check=False,
                       capture_output=True)
        _WORK.cleanup()
    print(f"{report.passed} passed, {report.failed} failed, {time.monotonic() - began:.0f} s")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
