"""``make matrix``: the plain tests and one installation with other libraries.

A set is a file of ``tools/matrix`` and a Python. ``ONLY=odoo,debian12`` chooses some.
"""

import os
import re
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tools import (
    addons,
    databases,
    odoo_server,
    odoo_source,
    plain_tests,
    processes,
    python_packages,
    runtime,
    stamps,
)
from tools.console import Failure, run_main, say, step
from tools.paths import LOGS, PYTHON, ROOT, RUNTIME
from tools.postgres import postgres
from tools.results import Results, show

PINS = ROOT / "tools" / "matrix"
SEARCHES = ("histories", "names", "pace", "repeats", "send_budget")
"""Of the plain tests: long searches, and what waits for clocks of ours."""
HOSTILE = "hostile_server"
"""Waits for minutes for what servers do; one set with an old urllib3 runs it."""
AT_ONCE = 4
"""More than there are usually processors: the tests wait most of the time."""
SHOWN = ("urllib3", "requests", "cryptography")
TEST_TOOLS = {
    *("pytest", "exceptiongroup", "iniconfig", "packaging", "pluggy", "pygments"),
    *("tomli", "hypothesis", "sortedcontainers"),
}
DECIDED = {"certifi", "charset-normalizer", "idna", "requests", "urllib3"}
"""What the sandbox pins and the sets decide."""


@dataclass(frozen=True)
class Set:
    """Libraries and the Python they are installed for.

    :param pins: name of a file in ``tools/matrix``
    :param version: of Python, empty for the one that ``make setup`` took
    :param is_long: whether the longest test is run, too
    """

    name: str
    pins: str
    version: str = ""
    is_long: bool = False

    @property
    def folder(self):
        return RUNTIME / "matrix" / self.name

    @property
    def python(self):
        return self.folder / "bin" / "python"


SETS = (
    Set("odoo", "odoo", is_long=True),
    Set("odoo-3.10", "odoo", "3.10"),
    Set("odoo-3.12", "odoo", "3.12"),
    Set("odoo-3.13", "odoo", "3.13"),
    Set("debian12", "debian12", "3.11"),
    Set("debian13", "debian13", "3.13"),
    Set("newest", "newest", "3.13"),
)
"""Odoo 19 does not run on Python 3.14: its OrderedSet is none for weak references."""


def main():
    processes.exit_on_signals()
    runtime.ensure()
    chosen = choose(os.environ.get("ONLY", ""))
    results = Results()
    with postgres() as server, ThreadPoolExecutor(AT_ONCE) as pool:
        lines = []
        for line in pool.map(lambda each: run(each, server, results), chosen):
            say(line)
            lines.append(line)
    show(results)
    say("\n".join(lines))
    return 1 if results.failed else 0


def choose(only):
    """Return the sets that ``ONLY`` names, all if it names none."""
    known = {each.name: each for each in SETS}
    names = only.split(",") if only else known
    if unknown := set(names) - set(known):
        raise Failure(f"ONLY={','.join(unknown)}: say some of {', '.join(known)}.")
    return [known[name] for name in names]


def find_python(version):
    """Return a Python of that version, None if the machine has none."""
    if not version:
        return PYTHON
    # The programs of pyenv on the PATH need a setting of the folder they run in.
    root = Path(os.environ.get("PYENV_ROOT") or "~/.pyenv").expanduser()
    found = sorted(root.glob(f"versions/{version}.*/bin/python{version}"))
    return found[-1] if found else shutil.which(f"python{version}")


def run(chosen, server, results):
    """Test a set and return its line; what came of it is added to ``results``."""
    base = find_python(chosen.version)
    if not base:
        return f"{chosen.name:9} not run: there is no Python {chosen.version} here"
    try:
        with step(f"{chosen.name}: packages"):
            _create_environment(chosen, base)
    except Failure as failure:
        results.fail(f"{chosen.name}: packages", str(failure))
        return f"{chosen.name:9} not run: its packages could not be installed"
    with step(f"{chosen.name}: plain tests"):
        found = _run_tests(chosen)
    with step(f"{chosen.name}: installation"):
        error = _install_addons(chosen, server)
    results.passed += found.passed
    for name, detail in found.failed.items():
        results.fail(f"{chosen.name}: {name}", detail)
    if error:
        results.fail(f"{chosen.name}: installation", error)
    tests, outcome = found.closing_line(), "FAILED" if error else "ok"
    return f"{chosen.name:9} {_versions(chosen)}; tests: {tests}; install: {outcome}"


def _create_environment(chosen, base):
    pins = PINS / f"{chosen.pins}.txt"
    tests = chosen.folder / "tests.txt"
    needs = "\n".join(test_requirements())
    today = time.strftime("%F") if chosen.pins == "newest" else ""
    key = stamps.fingerprint(base, pins, needs, today)
    name = f"matrix-{chosen.name}"
    if stamps.is_current(name, key):
        return
    stamps.remove(name)
    stamps.empty_folder(chosen.folder)
    processes.run(
        [base, "-m", "venv", chosen.folder],
        failed=f"No virtual environment could be made with {base}.",
    )
    tests.write_text(needs)
    python_packages.pip_install(["-r", pins, "-r", tests], python=chosen.python)
    odoo_source.link(chosen.folder)
    stamps.write(name, key)


def test_requirements():
    """Return the pins of pytest and of the sandbox, without what the sets decide."""
    sandbox = (ROOT / "sandbox/requirements.txt").read_text().splitlines()
    tools = (ROOT / "tools/requirements/development.txt").read_text().splitlines()
    return [
        *(line for line in sandbox if name_of(line) not in DECIDED),
        *(line for line in tools if name_of(line) in TEST_TOOLS),
    ]


def name_of(line):
    """Return the package that a line of requirements names."""
    return re.split(r"[=; ]", line, maxsplit=1)[0].lower().replace("_", "-")


def _run_tests(chosen):
    name = f"matrix-{chosen.name}"
    log, report = LOGS / f"{name}.log", LOGS / f"{name}.xml"
    report.unlink(missing_ok=True)
    command = [chosen.python, "-m", "pytest", "-c", "pyproject.toml", "tests/plain"]
    left_out = SEARCHES if chosen.is_long else (*SEARCHES, HOSTILE)
    command += [f"--ignore=tests/plain/test_{part}.py" for part in left_out]
    status, output = processes.capture([*command, f"--junitxml={report}"], cwd=ROOT)
    log.write_text(output)
    return plain_tests.collect(name, log, report, status)


def _install_addons(chosen, server):
    """Install the addons and return what went wrong, if anything did."""
    ours = addons.own_addons()
    names = [addon.name for addon in ours]
    name = re.sub(r"\W", "_", f"matrix_{chosen.name}")
    database = databases.create(server, name, addons.core_modules(ours))
    try:
        odoo_server.install(server, database, names, python=chosen.python)
        installed = "SELECT name FROM ir_module_module WHERE state = 'installed'"
        rows = server.execute(installed, database=database)
        missing = set(names) - {name for (name,) in rows}
        return f"not installed: {', '.join(missing)}" if missing else ""
    except Failure as failure:
        return str(failure)
    finally:
        databases.drop(server, database)


def _versions(chosen):
    script = (
        "import platform; from importlib.metadata import version\n"
        "print('python', platform.python_version(), end='')\n"
        f"for name in {SHOWN}: print(',', name, version(name), end='')"
    )
    return processes.run([chosen.python, "-c", script], failed="No versions.")


if __name__ == "__main__":
    run_main(main)
