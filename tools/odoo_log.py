"""Reading the log of an Odoo test run."""

import re
import subprocess
from dataclasses import dataclass

from tools.paths import PYTHON, ROOT
from tools.results import Results

RECORD = re.compile(
    r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} \d+ (?P<level>[A-Z]+) \S+ "
    r"(?P<logger>\S+): (?P<text>.*)$"
)
STARTED = re.compile(r"Starting (?P<test>\w+\.\w+) \.\.\.")
SKIPPED = re.compile(r"skipped (?P<test>\w+\.\w+) : (?P<reason>.*)")
BROKEN = re.compile(r"(?:FAIL|ERROR): (?P<what>.*)")
SUBTEST = re.compile(r"Subtest (?P<test>\w+\.\w+) ")
# Odoo's own last word; without it the run broke off.
CLOSING = re.compile(r"\d+ failed, \d+ error\(s\) of (?P<count>\d+) tests")
# Without these a tour would be skipped on a machine where it should run.
NEEDED = ("chrome", "websocket")
CHECKLOG_SETTINGS = ROOT / "checklog-odoo.cfg"


@dataclass
class Record:
    """One entry of the log with the lines that belong to it."""

    level: str
    logger: str
    text: str
    more: str = ""

    def full(self):
        return f"{self.text}\n{self.more}"


def read_records(log):
    """Yield the entries of a log file."""
    record = None
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
        found = RECORD.match(line)
        if found:
            if record:
                yield record
            record = Record(found["level"], found["logger"], found["text"])
        elif record:
            record.more += f"{line}\n"
    if record:
        yield record


def read_results(log, status):
    """Return the results of an Odoo test run.

    :param pathlib.Path log: its log
    :param status: exit status of Odoo; None when it was ended for taking too long
    """
    results = Results()
    started, closing = set(), False
    records = list(read_records(log))
    for record in records:
        test = STARTED.fullmatch(record.text.strip())
        if test and ".tests" in record.logger:
            started.add(_name(record.logger, test["test"]))
        closing = closing or bool(CLOSING.match(record.text))
        _read_skip(record, results)
        _read_failure(record, results)
    results.passed = len(started - results.failed.keys() - results.skipped.keys())
    if status is None or (not closing and not results.failed) or _broke_off(status):
        results.fail("Odoo as a whole", _last_words(records, log, status))
    elif status and not results.failed:
        results.fail("Odoo as a whole", f"Odoo ended with status {status}; see {log}")
    return results


def modules_with_tests(log):
    """Return the names of the Python modules of which a test was started."""
    records = read_records(log)
    return {r.logger for r in records if STARTED.fullmatch(r.text.strip())}


def _broke_off(status):
    return status not in (0, 1)


def _name(logger, test):
    module = logger.removeprefix("odoo.addons.").replace(".tests.", "/")
    return f"{module}: {test}"


def _read_skip(record, results):
    found = SKIPPED.match(record.text)
    if not found:
        return
    name, reason = _name(record.logger, found["test"]), found["reason"].strip()
    if any(word in reason.lower() for word in NEEDED):
        results.fail(name, f"Skipped, but must run: {reason}")
    else:
        results.skipped[name] = reason


def _read_failure(record, results):
    found = BROKEN.match(record.text) if record.level == "ERROR" else None
    if found:
        subtest = SUBTEST.match(found["what"])
        test = subtest["test"] if subtest else found["what"].strip()
        results.fail(_name(record.logger, test), record.full())


def _last_words(records, log, status):
    """Return what an Odoo that broke off complained about last."""
    reason = "took too long" if status is None else f"ended with status {status}"
    bad = [record.full() for record in records if record.level in ("CRITICAL", "ERROR")]
    tail = log.read_text(errors="replace").splitlines()[-15:]
    return f"Odoo {reason} ({log}):\n" + (bad[-1] if bad else "\n".join(tail))


def find_noise(log):
    """Return the warnings and errors in a log that nothing explains, as text."""
    command = [PYTHON, "-m", "checklog_odoo", "--no-echo", "-c", CHECKLOG_SETTINGS, log]
    done = subprocess.run(
        [str(part) for part in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if not done.returncode:
        return ""
    heading = re.search(r"errors that caused failure.*\n", done.stdout)
    return done.stdout[heading.end() :] if heading else done.stdout
