"""The tests that need no Odoo: pytest, and what its report says."""

import os
import shlex
from xml.etree import ElementTree as ET

from tools import processes, python_packages
from tools.jobs import Job
from tools.paths import LOGS, PYTHON, ROOT, RUNTIME
from tools.results import Results

FOLDERS = (
    "tests/plain",
    "sandbox/tests",
    "tools/tests",
    "tests/chaos",
    "tests/command_line",
    "tests/screens",
    # Last: it loads Odoo into this process.
    "tests/engine",
)
REPORT = LOGS / "plain-tests.xml"
LOG = LOGS / "plain-tests.log"


def job():
    """Return the job that runs pytest, or None while there are no plain tests."""
    folders = [folder for folder in FOLDERS if (ROOT / folder).exists()]
    if not folders:
        return None
    arguments = shlex.split(os.environ.get("ARGS", ""))
    paths = [a for a in arguments if (ROOT / a.split("::")[0]).exists()]
    command = [PYTHON, "-m", "pytest", "-c", "pyproject.toml", f"--junitxml={REPORT}"]
    command.append("--continue-on-collection-errors")
    command += arguments if paths else [*arguments, *folders]
    REPORT.unlink(missing_ok=True)
    environment = python_packages.environment()
    environment["HYPOTHESIS_STORAGE_DIRECTORY"] = str(RUNTIME / "hypothesis")
    return Job("plain tests", command, LOG, environment, collect)


def collect(status):
    """Return the results pytest wrote down.

    :param status: exit status of pytest; None when it was ended for taking too long
    """
    results = _read() if REPORT.exists() else Results()
    if status != 0 and not results.failed:
        reason = "took too long" if status is None else f"ended with status {status}"
        log = processes.last_lines(LOG.read_text(errors="replace"))
        results.fail("plain tests as a whole", f"pytest {reason}:\n{log}")
    return results


def _read():
    results = Results()
    for case in ET.parse(REPORT).iter("testcase"):
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
