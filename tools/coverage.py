"""``make coverage``: which branches of the decisions, the client and the engine are run
by the tests. Below the floor in ``pyproject.toml`` it fails.

Failed tests are shown, and are for ``make test`` to judge: measuring makes the code
slower, and some tests allow it little time.
"""

from tools import odoo_tests, plain_tests, processes, runtime
from tools.console import run_main, say
from tools.jobs import Jobs
from tools.paths import PYTHON, ROOT, RUNTIME
from tools.postgres import postgres
from tools.results import show
from tools.stamps import empty_folder

AT_ONCE = 2
LIMIT = 5400
ADDON = "panda_provisioning"
MEASURE = (PYTHON, "-m", "coverage")


def main():
    processes.exit_on_signals()
    runtime.ensure()
    empty_folder(RUNTIME / "coverage")
    with postgres() as server, Jobs(ROOT, AT_ONCE, LIMIT) as jobs:
        made = [
            odoo_tests.job(server, group)
            for group in odoo_tests.groups()
            if ADDON in group.names
        ]
        for job in [*made, *plain_tests.jobs()]:
            job.command = [*MEASURE, "run", *job.command[1:]]
            jobs.add(job)
        results = jobs.finish()
    show(results)
    processes.run(
        [*MEASURE, "combine", "--quiet"], failed="Nothing was measured.", cwd=ROOT
    )
    status, output = processes.capture([*MEASURE, "report"], cwd=ROOT)
    say(output.rstrip())
    return 1 if status else 0


if __name__ == "__main__":
    run_main(main)
