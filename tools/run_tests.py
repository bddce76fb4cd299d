"""``make test``: the plain Python tests and the tests of every addon.

Environment: ``ONLY=plain`` or ``ONLY=odoo`` runs a part, ``TAGS`` are Odoo's
``--test-tags``, ``ARGS`` go to pytest, ``TIMEOUT`` is the longest a part may take, in
seconds.
"""

import fcntl
import os
from contextlib import contextmanager

from tools import odoo_tests, plain_tests, processes, runtime
from tools.console import Failure, run_main, say
from tools.jobs import Jobs
from tools.paths import ROOT, RUNTIME
from tools.postgres import postgres
from tools.results import Results, show

AT_ONCE = 4
"""More than there are usually processors: much of it waits for Panda or a browser."""
LIMIT = 2700


def main():
    processes.exit_on_signals()
    runtime.ensure()
    with _only_one_at_a_time():
        say("Testing")
        results = run(os.environ.get("ONLY") or "all")
    show(results)
    return 1 if results.failed else 0


@contextmanager
def _only_one_at_a_time():
    """Two runs in one checkout would take each other's database and log files."""
    with (RUNTIME / "tests.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another test run is going on in this checkout; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def run(part):
    """Run the chosen part of the tests and return the results."""
    if part not in ("all", "plain", "odoo"):
        raise Failure(f"ONLY={part}: say plain or odoo, or leave it away.")
    limit = float(os.environ.get("TIMEOUT") or LIMIT)
    with Jobs(ROOT, AT_ONCE, limit) as jobs:
        for plain in plain_tests.jobs() if part != "odoo" else ():
            jobs.add(plain)
        if part == "plain":
            return jobs.finish()
        return _run_odoo_tests(jobs)


def _run_odoo_tests(jobs):
    found = Results()
    with postgres() as server:
        made = [odoo_tests.job(server, group) for group in odoo_tests.chosen_groups()]
        for job in made:
            job.collect = _remember(job.collect, found)
            jobs.add(job)
        results = jobs.finish()
    if not found.passed and not found.failed:
        results.fail("Odoo tests as a whole", odoo_tests.explain_nothing())
    return results


def _remember(collect, found):
    def collect_and_remember(status):
        results = collect(status)
        found.add(results)
        return results

    return collect_and_remember


if __name__ == "__main__":
    run_main(main)
