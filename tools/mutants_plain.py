"""Mutants of plain Python: which tests might notice each, and whether they do."""

import json
import sys
import time
from contextlib import ExitStack

from tools import mutants_runs
from tools.console import Failure, say, step
from tools.mutants_choice import Choice, Mentions
from tools.mutants_copy import FOLDER, copy_repository
from tools.mutants_operators import find_enums, find_mutants
from tools.mutants_runs import Children, Job
from tools.paths import RUNTIME
from tools.stamps import fingerprint

TESTS = "tests/plain"
BESIDE_TESTS = "sandbox/panda_sandbox"
"""What the tests stand on: when it changes, every result is out of date."""
LEFT_OUT = ("test_the_search_finds_every_rule_that_is_broken",)
"""They test the search for counterexamples, not the code, and take long."""

SANDBOX_OPTIONS = ("--pending", "0")
"""As the fixture of the tests has it."""

OBSERVED = FOLDER / "observed.json"
RESULTS = FOLDER / "results.json"
REPORT_EVERY = 30

KILLED, LATE, SURVIVED = "killed", "late", "survived"
PASSED, NOTHING_RUN = 0, 5
"""Exit statuses of pytest with which a mutant survives. It ends with others than that
of a failed test when a changed module cannot be imported."""


def forget():
    """Forget what earlier goes have found."""
    OBSERVED.unlink(missing_ok=True)
    RESULTS.unlink(missing_ok=True)


class Plain:
    """The mutants of some modules, and what the tests make of them.

    :param modules: paths below the root of all modules that may be changed
    :param chosen: those of ``modules`` that are
    """

    def __init__(self, modules, chosen):
        self._modules = modules
        self._copy = copy_repository(FOLDER / "copy")
        _check_left_out(self._copy / TESTS)
        sources = {module: (self._copy / module).read_text() for module in modules}
        enums = find_enums(sources.values())
        self.mutants = [
            mutant
            for module in chosen
            for mutant in find_mutants(module, sources[module], enums)
        ]
        self._content = _Content(self._copy, modules)

    def run(self, at_once):
        """Return the outcome of each of the mutants, in their order.

        :param int at_once: how many runs of the tests at a time
        """
        mutants_runs.preload(RUNTIME / "hypothesis")
        choice = Choice(self._observe(), Mentions(self._copy, self._modules, TESTS))
        known = _Known(self._content)
        outcomes = [known.get(mutant) for mutant in self.mutants]
        waiting = [i for i, outcome in enumerate(outcomes) if not outcome]
        say(f"  {len(outcomes)} mutants, {len(waiting)} of them to be tried")
        told_at = time.monotonic()
        try:
            for done, (index, outcome, by) in enumerate(
                self._try(choice, waiting, at_once)
            ):
                outcomes[index] = outcome
                known.put(self.mutants[index], outcome, by)
                if time.monotonic() - told_at > REPORT_EVERY:
                    told_at = time.monotonic()
                    known.save()
                    alive = outcomes.count(SURVIVED)
                    say(f"  {done + 1} of {len(waiting)} tried, {alive} survive")
        finally:
            known.save()
        return outcomes

    def _observe(self):
        """Run all tests without a change, unless that was done."""
        key = self._content.everything
        if OBSERVED.exists():
            found = json.loads(OBSERVED.read_text())
            if found["key"] == key:
                return found
        path = FOLDER / "observe.json"
        work = mutants_runs.observed(self._modules, LEFT_OUT)
        with step("The tests as they are"), self._sandbox(path) as sandbox:
            found = _pass(work, Job(self._copy, path, [TESTS], sandbox))
            # In the order and way in which they are run with a change, too.
            choice = Choice(found, Mentions(self._copy, self._modules, TESTS))
            tests = choice.in_order(found["tests"])
            job = Job(self._copy, path, tests, sandbox, choice.limits)
            _pass(mutants_runs.run_changed, job)
        OBSERVED.write_text(json.dumps({"key": key, **found}))
        return found

    def _sandbox(self, path):
        """A running Panda for the tests that write their result to ``path``."""
        folder = str(self._copy / "sandbox")
        if folder not in sys.path:
            sys.path.append(folder)
        from panda_sandbox.process import SandboxProcess

        return SandboxProcess(path.with_suffix(".db"), args=SANDBOX_OPTIONS)

    def _try(self, choice, waiting, at_once):
        """Yield position, outcome and what it is due to for each mutant waiting."""
        todo, running = waiting[::-1], {}
        with ExitStack() as stack:
            children = stack.enter_context(Children())
            free = {
                path: stack.enter_context(self._sandbox(path))
                for path in (FOLDER / f"try-{number}.json" for number in range(at_once))
            }
            while todo or running:
                while todo and free:
                    index = todo.pop()
                    mutant = self.mutants[index]
                    tests = choice.tests_for(mutant)
                    if not tests:
                        yield index, SURVIVED, ""
                        continue
                    path, sandbox = free.popitem()
                    running[path] = index
                    limits = {test: choice.limits[test] for test in tests}
                    job = Job(self._copy, path, tests, sandbox, limits, mutant)
                    children.start(mutants_runs.run_changed, job)
                if running:
                    job, result = children.wait()
                    outcome, by = _outcome(job, result)
                    if outcome == LATE:
                        # It may still be busy with what was asked of it last.
                        job.sandbox.restart()
                    if by:
                        choice.note_killer(job.mutant, by)
                    free[job.result] = job.sandbox
                    yield running.pop(job.result), outcome, by


def _check_left_out(folder):
    words = "\n".join(path.read_text() for path in folder.rglob("test_*.py"))
    gone = [name for name in LEFT_OUT if f"def {name}(" not in words]
    if gone:
        raise Failure(f"LEFT_OUT in tools/mutants_plain.py: no test {', '.join(gone)}.")


def _pass(work, job):
    """Run tests, all of which must pass, and return the result."""
    with Children() as children:
        children.start(work, job)
        _job, result = children.wait()
    if not result or result["status"] != PASSED:
        raise Failure(f"Tests fail without a change, too; see {job.log}")
    return result


def _outcome(job, result):
    """Return what became of a mutant, and which test it was due to."""
    if not result:
        return LATE, ""
    survives = result["status"] in (PASSED, NOTHING_RUN)
    return (SURVIVED, "") if survives else (KILLED, result["failed"])


# === RESULTS OF EARLIER GOES === #


class _Content:
    """What results depend on, as short texts."""

    def __init__(self, folder, modules):
        tests = sorted((folder / TESTS).rglob("*.py"))
        beside = sorted((folder / BESIDE_TESTS).rglob("*.py"))
        own = {path for path in tests if path.name.startswith("test_")}
        self._folder = folder
        self._seen = {}
        self._shared = fingerprint(*beside, *(p for p in tests if p not in own))
        self._tests = fingerprint(self._shared, *sorted(own))
        self._modules = [folder / module for module in modules]
        self.everything = fingerprint(self._tests, *self._modules)

    def of(self, mutant, outcome, by):
        """What a result depends on beside the changed module.

        A test that has failed fails as long as it is the same. Whether the others
        pass depends on everything.
        """
        is_one_test = outcome == KILLED and "::" in by
        name = by.split("::")[0] if is_one_test else mutant.module
        if name not in self._seen:
            path = self._folder / name
            others = (module for module in self._modules if module != path)
            parts = (self._shared, path) if is_one_test else (self._tests, *others)
            self._seen[name] = fingerprint(*parts)
        return self._seen[name]


class _Known:
    """Results that are kept from one go to the next."""

    def __init__(self, content):
        self._content = content
        self._results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}

    def get(self, mutant):
        """Return the outcome of an earlier go if nothing has changed since."""
        outcome, by, seen = self._results.get(_key(mutant), (None, "", ""))
        if outcome and self._content.of(mutant, outcome, by) == seen:
            return outcome
        return None

    def put(self, mutant, outcome, by):
        seen = self._content.of(mutant, outcome, by)
        self._results[_key(mutant)] = (outcome, by, seen)

    def save(self):
        draft = RESULTS.with_suffix(".new")
        draft.write_text(json.dumps(self._results))
        draft.rename(RESULTS)


def _key(mutant):
    return fingerprint(mutant.module, mutant.source)
