"""The tests that Odoo does not run: pytest, and what its report says."""

import os
import shlex
from functools import partial
from itertools import chain
from xml.etree import ElementTree as ET

from tools import processes, python_packages
from tools.jobs import Job
from tools.paths import LOGS, PYTHON, ROOT, RUNTIME
from tools.results import Results

GROUPS = {
    "plain tests": ("tests/plain", "sandbox/tests", "tools/tests"),
    "integration tests": (
        "tests/chaos",
        "tests/command_line",
        "tests/rpc",
        "tests/lifecycle",
        "tests/screens",
        # Last: it loads Odoo into this process.
        "tests/engine",
    ),
}
"""Folders of tests by the job that runs them."""


def jobs():
    """Return the jobs that run pytest: one for each group, or one for all tests that
    ``ARGS`` choose, which may be none of a group."""
    arguments = shlex.split(os.environ.get("ARGS", ""))
    if not arguments:
        return [_job(name, folders) for name, folders in GROUPS.items()]
    if not any((ROOT / argument.split("::")[0]).exists() for argument in arguments):
        arguments += chain(*GROUPS.values())
    return [_job("plain tests", arguments)]


def _job(name, arguments):
    file = LOGS / name.replace(" ", "-")
    log, report = file.with_suffix(".log"), file.with_suffix(".xml")
    command = [PYTHON, "-m", "pytest", "-c", "pyproject.toml", f"--junitxml={report}"]
    command += ["--continue-on-collection-errors", *arguments]
    report.unlink(missing_ok=True)
    environment = python_packages.environment()
    environment["HYPOTHESIS_STORAGE_DIRECTORY"] = str(RUNTIME / "hypothesis")
    return Job(name, command, log, environment, partial(collect, name, log, report))


def collect(name, log, report, status):
    """Return the results pytest wrote down.

    :param name: of the job
    :param status: exit status of pytest; None when it was ended for taking too long
    """
    results = _read(report) if report.exists() else Results()
    if status != 0 and not results.failed:
        reason = "took too long" if status is None else f"ended with status {status}"
        output = processes.last_lines(log.read_text(errors="replace"))
        results.fail(f"{name} as a whole", f"pytest {reason}:\n{output}")
    return results


def _read(report):
    results = Results()
    for case in ET.parse(report).iter("testcase"):
        name = f"{case.get('classname')}.{case.get('name')}"
        skipped = case.find("skipped")
        broken = [*case.findall("failure"), *case.findall("error")]
        if broken:
            details = (part.text or part.get("message") or "" for part in broken)
            results.fail(name, "\n".join(details))
        elif skipped is not None:
            results.skipped[name] = skipped.get("message", "")
        else:
            results.passed += 1
    return results
