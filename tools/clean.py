"""``make clean``: stop what runs from .runtime, and remove it."""

import os
import shutil
import signal
import time
from contextlib import suppress
from pathlib import Path

from tools import postgres, processes
from tools.console import Failure, run_main, say
from tools.paths import PYTHON, ROOT, RUNTIME

PATIENCE = 20


def main():
    if not RUNTIME.exists():
        say("Nothing to remove.")
        return 0
    if postgres.is_given() and PYTHON.exists():
        processes.run(
            [PYTHON, "-m", "tools.drop_databases"],
            failed="The databases on the given PostgreSQL could not be removed.",
            cwd=ROOT,
        )
    _stop_processes()
    shutil.rmtree(RUNTIME)
    say("Removed .runtime")
    return 0


def _stop_processes():
    deadline = time.monotonic() + PATIENCE
    for number in _processes():
        with suppress(ProcessLookupError):
            os.kill(number, signal.SIGTERM)
    while _processes():
        if time.monotonic() > deadline:
            numbers = ", ".join(map(str, _processes()))
            raise Failure(f"Processes {numbers} run from .runtime and do not stop.")
        time.sleep(0.1)


def _processes():
    """Return the numbers of the processes whose program lies in .runtime."""
    entries = (entry for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return [int(entry.name) for entry in entries if _runs_from_here(entry)]


def _runs_from_here(entry):
    inside = f"{RUNTIME}/"
    with suppress(OSError):
        started_as = (entry / "cmdline").read_bytes().split(b"\0")[0]
        return os.fsdecode(started_as).startswith(inside)
    return False


if __name__ == "__main__":
    run_main(main)
