"""Runs of pytest in child processes, each with one module changed in memory.

This process has loaded what takes long (pytest, hypothesis, requests) and nothing of
the addon; a child is a fork of it and so starts at once. The working tree is never
written to: a child reads a copy of it, and the changed module comes from the job.
"""

import ctypes
import gc
import json
import os
import resource
import signal
import sys
import time
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from importlib.machinery import SourceFileLoader
from pathlib import Path

import coverage
import hypothesis
import hypothesis.stateful
import pytest
import requests
from pydantic import BaseModel

from tools.mutants_operators import Mutant
from tools.paths import ROOT

PROFILE, EXAMPLES, SEED = "mutants", 100, 1
"""For hypothesis."""
NO_PLUGINS = ("-p", "no:anyio", "-p", "no:odoo", "-p", "no:unraisableexception")
"""What takes time and is not used."""
SANDBOX_FIXTURE = "server"
"""The fixture of the session with a running Panda."""
LIMIT_BETWEEN = 60
"""Seconds that collecting the tests, or ending the session, may take."""
AT_IMPORT, BETWEEN = "", "between tests"
"""What coverage calls the time before the first test, and what we call the others."""
PR_SET_PDEATHSIG = 1
MOST_MEMORY = 4 << 30
"""Bytes; a loop that a change has made endless may fill a list."""
POLL_SECONDS = 0.005


@dataclass
class Job:
    """A run of tests.

    :param Path folder: the copy of the repository
    :param Path result: the file to write the result to, as JSON
    :param tests: node ids in the order in which they are run, or folders of tests
    :param dict limits: seconds by node id
    :param tools.mutants_operators.Mutant mutant: what is changed
    :param sandbox: the running Panda that the tests share
    """

    folder: Path
    result: Path
    tests: list
    sandbox: object
    limits: dict | None = None
    mutant: Mutant | None = None

    @property
    def log(self):
        return self.result.with_suffix(".log")


def preload(storage):
    """Prepare what every child needs, before the first one is started.

    :param Path storage: where hypothesis may keep its files
    """
    os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = str(storage)
    # The other tracer, of newer Pythons, cannot tell one test from another.
    os.environ["COVERAGE_CORE"] = "ctrace"
    # As the profile of the tests, but a search is short (its seed is an option of
    # pytest below), and no counterexample is made shorter.
    os.environ["PANDA_PROFILE"] = PROFILE
    hypothesis.settings.register_profile(
        PROFILE,
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    # No child has to look for garbage among what is loaded here.
    gc.freeze()


LOADED = (requests.Session, hypothesis.stateful.RuleBasedStateMachine, BaseModel)
"""Imported here for the children."""


# === IN THIS PROCESS === #


class Children:
    """Child processes, as a context manager that leaves none behind."""

    def __init__(self):
        self._jobs = {}

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        for number in self._jobs:
            _kill(number)
            os.waitpid(number, 0)

    def start(self, work, job):
        """Run ``work(job)`` in a child of its own."""
        job.result.unlink(missing_ok=True)
        sys.stdout.flush()
        parent = os.getpid()
        number = os.fork()
        if not number:
            try:
                _become_child(parent)
                work(job)
            finally:
                os._exit(1)
        with suppress(ProcessLookupError, PermissionError):
            os.setpgid(number, number)
        self._jobs[number] = job

    def wait(self):
        """Return a job that has ended and its result.

        The result is empty when the child was ended because a test took too long.
        """
        while True:
            for number in self._jobs:
                ended, status = os.waitpid(number, os.WNOHANG)
                if ended:
                    job = self._jobs.pop(number)
                    _kill(number)
                    return job, _read(job, status)
            time.sleep(POLL_SECONDS)


def _kill(number):
    """End a child and whatever it has started."""
    with suppress(ProcessLookupError):
        os.killpg(number, signal.SIGKILL)


def _read(job, status):
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGALRM:
        return {}
    if job.result.exists():
        return json.loads(job.result.read_text())
    # As when the memory was not enough.
    return {"status": int(pytest.ExitCode.INTERNAL_ERROR), "failed": "pytest broke off"}


# === IN A CHILD === #


def run_changed(job):
    """Run the tests of a job with its module changed, until the first one fails.

    The result is the exit ``status`` of pytest and the name of what ``failed``.
    """
    sys.dont_write_bytecode = True
    if job.mutant:
        _replace(job.folder / job.mutant.module, job.mutant.source)
    plugin = _Chosen(job)
    _run(job, plugin, [])


def observed(modules, left_out):
    """Return the work that runs all tests of a job and looks at ``modules``.

    The result names the ``tests`` and how many ``seconds`` each takes. ``lines`` says
    by module and line which tests run it, as positions in ``tests``, and whether it
    is run :data:`AT_IMPORT`.
    """

    def run(job):
        watched = [str(job.folder / module) for module in modules]
        tracer = coverage.Coverage(data_file=None, config_file=False, include=watched)
        tracer.start()
        names = " or ".join(left_out)
        _run(job, _Observer(job, tracer), ["-k", f"not ({names})"] if names else [])

    return run


def _become_child(parent):
    os.setpgid(0, 0)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def _replace(path, source):
    """Have the module at ``path`` made from another source when it is imported."""
    original = SourceFileLoader.get_code

    def get_code(loader, name):
        if loader.path == str(path):
            return compile(source, loader.path, "exec", dont_inherit=True)
        return original(loader, name)

    SourceFileLoader.get_code = get_code


def _run(job, plugin, options):
    sys.stdout = sys.stderr = log = job.log.open("w")
    for number in (1, 2):
        os.dup2(log.fileno(), number)
    os.chdir(job.folder)
    # Whatever is imported comes from the copy.
    sys.path[:] = [path for path in sys.path if path and Path(path) != ROOT]
    files = dict.fromkeys(test.split("::")[0] for test in job.tests)
    temporary = f"--basetemp={job.result.with_suffix('.tmp')}"
    common = ["-c", "pyproject.toml", "-x", "-q", "--tb=short", temporary]
    common += [f"--hypothesis-seed={SEED}", *NO_PLUGINS]
    plugins = [plugin, _SharedSandbox(job.sandbox)]
    status = pytest.main([*common, *options, *files], plugins=plugins)
    job.result.write_text(json.dumps({"status": int(status), **plugin.result()}))
    log.flush()
    os._exit(0)


class _SharedSandbox:
    """Starts no Panda for each session: it takes longer than most tests do."""

    def __init__(self, sandbox):
        self._sandbox = sandbox

    @pytest.hookimpl(tryfirst=True)
    def pytest_fixture_setup(self, fixturedef, request):
        if fixturedef.argname != SANDBOX_FIXTURE:
            return None
        key = fixturedef.cache_key(request)
        fixturedef.cached_result = (self._sandbox, key, None)
        return self._sandbox


class _Chosen:
    """Runs the tests of a job in their order, none of them for too long."""

    def __init__(self, job):
        self._job = job
        self._failed = ""

    def result(self):
        return {"failed": self._failed}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items):
        found = {item.nodeid: item for item in items}
        items[:] = [found[test] for test in self._job.tests if test in found]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item):
        # The default action of the signal ends the process, whatever it is doing.
        signal.setitimer(signal.ITIMER_REAL, self._job.limits[item.nodeid])
        try:
            return (yield)
        finally:
            signal.setitimer(signal.ITIMER_REAL, LIMIT_BETWEEN)

    def pytest_sessionstart(self):
        signal.setitimer(signal.ITIMER_REAL, LIMIT_BETWEEN)

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self._failed = self._failed or report.nodeid

    def pytest_collectreport(self, report):
        if report.failed:
            self._failed = self._failed or report.nodeid


class _Observer:
    """Notes what each test does, and for how long."""

    def __init__(self, job, tracer):
        self._job = job
        self._tracer = tracer
        self._seconds = defaultdict(float)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item):
        self._tracer.switch_context(item.nodeid)
        try:
            return (yield)
        finally:
            self._tracer.switch_context(BETWEEN)

    def pytest_runtest_logreport(self, report):
        self._seconds[report.nodeid] += report.duration

    def result(self):
        self._tracer.stop()
        data = self._tracer.get_data()
        tests = list(self._seconds)
        numbers = {test: number for number, test in enumerate(tests)}
        numbers[AT_IMPORT] = AT_IMPORT
        lines = {}
        for path in data.measured_files():
            module = Path(path).relative_to(self._job.folder).as_posix()
            lines[module] = {
                line: [numbers[c] for c in contexts if c in numbers]
                for line, contexts in data.contexts_by_lineno(path).items()
            }
        return {
            "tests": tests,
            "seconds": list(self._seconds.values()),
            "lines": lines,
        }
