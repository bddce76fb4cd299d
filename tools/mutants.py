"""``make mutants``: change the decisions one at a time; the tests must notice.

ONLY=core/transition.py,… changes these modules only, JOBS runs so many tests at once
(default: one for each processor), RESET=1 forgets the results of earlier goes.
ENGINE=1 makes the changes of ``tools/engine_mutants.toml`` instead, to the addon, and
runs the tests named there; ONLY then takes names of entries.

A mutant that no test notices is a rule without a test. One that cannot be noticed,
because what the module does is the same, is listed in
``tools/equivalent_mutants.toml`` with the reason.
"""

import fcntl
import os
from contextlib import contextmanager

from tools import processes, runtime
from tools.console import Failure, run_main, say
from tools.paths import ROOT, RUNTIME

CORE = ("panda_provisioning/core",)
"""Files, or folders with all that is in them: the decisions."""
CLIENT = (
    "panda_provisioning/panda_api/child_pages.py",
    "panda_provisioning/panda_api/client.py",
    "panda_provisioning/panda_api/credentials.py",
    "panda_provisioning/panda_api/error_classification.py",
    "panda_provisioning/panda_api/errors.py",
    "panda_provisioning/panda_api/responses.py",
)
"""The pure parts of the client."""
LEAST_SCORE = 0.95
"""What CORE must reach."""


def main():
    processes.exit_on_signals()
    runtime.ensure()
    at_once = int(os.environ.get("JOBS") or os.cpu_count())
    only = [name for name in os.environ.get("ONLY", "").split(",") if name]
    with _only_one_at_a_time():
        if os.environ.get("ENGINE") == "1":
            from tools import mutants_engine

            return mutants_engine.run(only, at_once)
        return run(only, at_once)


@contextmanager
def _only_one_at_a_time():
    """Two goes in one checkout would take each other's copies and results."""
    with (RUNTIME / "mutants.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Failure("make mutants is at work in this checkout.") from None
        yield


def run(only, at_once):
    """Try the mutants of plain Python, show the outcome and return the exit status."""
    from tools.mutants_plain import Plain, forget
    from tools.mutants_report import Equivalents, Report

    modules = find_modules((*CORE, *CLIENT))
    chosen = [m for m in modules if not only or any(m.endswith(f"/{o}") for o in only)]
    if not chosen:
        raise Failure(f"ONLY={','.join(only)}: no module of core or the client.")
    if os.environ.get("RESET") == "1":
        forget()
    say("Changing one thing at a time")
    plain = Plain(modules, chosen)
    equivalents = Equivalents(plain.mutants, modules, chosen)
    report = Report(plain.mutants, plain.run(at_once), equivalents)
    report.show()
    core = report.score(find_modules(CORE))
    if core < LEAST_SCORE:
        say(f"The score of core must be {LEAST_SCORE} or more.")
    return 1 if core < LEAST_SCORE or report.wrong else 0


def find_modules(paths):
    """Return the modules that ``paths`` stand for, as paths below the root."""
    found = []
    for path in (ROOT / name for name in paths):
        if not path.exists():
            raise Failure(f"There is no {path}; see the lists in tools/mutants.py.")
        found += sorted(path.rglob("*.py")) if path.is_dir() else [path]
    return [path.relative_to(ROOT).as_posix() for path in found]


if __name__ == "__main__":
    run_main(main)
