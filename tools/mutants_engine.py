"""``make mutants ENGINE=1``: lines of the addon changed by hand, one at a time.

``tools/engine_mutants.toml`` says what is changed and which tests must fail then. They
run on a real PostgreSQL, from copies of the repository below ``.runtime``: the tests
of Odoo in a copy of a database with the addon installed, those of pytest in databases
that they make themselves.
"""

import re
import time
from contextlib import ExitStack
from dataclasses import dataclass, replace

import tomlkit

from tools import addons, databases, odoo_log, odoo_server, odoo_source, processes
from tools.console import Failure, say, step
from tools.mutants_copy import FOLDER, copy_repository
from tools.paths import LOGS, PYTHON, ROOT, RUNTIME
from tools.postgres import postgres
from tools.stamps import fingerprint

LIST = ROOT / "tools" / "engine_mutants.toml"
FIELDS = {"name", "file", "old", "new", "tests"}
SHARED = ("venv", "odoo", "node", "browser", "stamps")
"""What a copy takes from the set-up of this checkout."""
LIMIT = 900
"""Seconds after which a run of tests has failed."""
POLL_SECONDS = 0.2
TAG = re.compile(r"/(?P<addon>\w+)(:(?P<case>\w+))?(\.(?P<test>\w+))?")
BROKEN = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)
PASSED, FAILED, INTERRUPTED = 0, 1, 2
"""Exit statuses of pytest; with the last one some tests could not be loaded."""


# === THE LIST === #


@dataclass(frozen=True)
class Entry:
    """A change made by hand.

    :param str old: text that stands once in the file; ``new`` is put in its place
    :param tuple tests: of Odoo in the form of ``--test-tags``, of pytest as node ids
    """

    name: str
    file: str
    old: str
    new: str
    tests: tuple

    def changed(self):
        """Return the changed text of the file."""
        return _changed(vars(self))


def read_entries(path=LIST):
    """Return the entries of the list.

    :raise Failure: when one does not fit the code as it is
    """
    entries, bad = {}, []
    for values in tomlkit.parse(path.read_text()).unwrap().get("mutant", []):
        name = values.get("name", "without a name")
        problem = _problem(values)
        if problem or name in entries:
            bad.append(f"{name}: {problem or 'stands there twice'}")
        else:
            entries[name] = Entry(**{**values, "tests": tuple(values["tests"])})
    if bad:
        raise Failure(f"Entries of {path.name} that do not fit:\n" + "\n".join(bad))
    return list(entries.values())


def _problem(values):
    """Say what is the matter with an entry; nothing is an empty text."""
    if values.keys() != FIELDS:
        return f"it must consist of {', '.join(sorted(FIELDS))}"
    file = ROOT / values["file"]
    found = file.read_text().count(values["old"]) if file.exists() else 0
    if found != 1:
        return f"`old` stands {found} times in {values['file']}, not once"
    if file.suffix == ".py" and not _is_python(_changed(values)):
        return "what it makes is no Python"
    if not values["tests"]:
        return "it names no test"
    bad = [t for t in values["tests"] if t.startswith("/") and not TAG.fullmatch(t)]
    if bad:
        return f"{bad[0]} is not of the form /addon:Class.test_name"
    return ""


def _changed(values):
    text = (ROOT / values["file"]).read_text()
    return text.replace(values["old"], values["new"])


def _is_python(text):
    try:
        compile(text, "changed", "exec", dont_inherit=True)
    except SyntaxError:
        return False
    return True


# === TRYING === #


def run(only, at_once):
    """Try the entries, show the outcome and return the exit status.

    :param only: names of entries; none means all
    :param int at_once: how many copies of the repository to work with
    """
    entries = [e for e in read_entries() if not only or e.name in only]
    if not entries:
        raise Failure(f"ONLY={','.join(only)}: {LIST.name} has no such entry.")
    say("Changing lines of the addon")
    with postgres() as server, ExitStack() as stack:
        prepared = _prepare(server, entries)
        stack.callback(databases.drop, server, prepared)
        copies = [
            stack.enter_context(Copy(server, number, prepared))
            for number in range(min(at_once, len(entries)))
        ]
        _check_unchanged(copies[0], entries)
        return show(entries, dict(_try(copies, entries)))


def _prepare(server, entries):
    """Return the name of a database with the addons whose tests are to be run."""
    tags = (TAG.fullmatch(test) for entry in entries for test in entry.tests)
    names = sorted({tag["addon"] for tag in tags if tag})
    core = addons.core_modules([addons.own_addon(name) for name in names])
    database = databases.create(server, "mutants", core)
    if names:
        with step(f"Install {', '.join(names)}"):
            odoo_server.install(server, database, names)
    return database


def _check_unchanged(copy, entries):
    """Raise unless all tests named exist, and pass while nothing is changed."""
    tests = dict.fromkeys(test for entry in entries for test in entry.tests)
    with step("The tests as they are"):
        copy.begin(tests)
        while not copy.is_done():
            time.sleep(POLL_SECONDS)
    if copy.failed:
        raise Failure(f"Without a change {copy.failed} fails, too; see {copy.log}")
    for tag in tests:
        if tag.startswith("/") and not any(is_meant(tag, *test) for test in copy.ran):
            raise Failure(f"{LIST.name}: Odoo has run no test for {tag}.")


def is_meant(tag, module, test):
    """Whether a test, as the log of Odoo names it, is among those of a tag."""
    wanted = TAG.fullmatch(tag)
    case, _dot, name = test.partition(".")
    return (
        f".{wanted['addon']}." in module
        and wanted["case"] in (None, case)
        and wanted["test"] in (None, name)
    )


def _try(copies, entries):
    """Yield the name of each entry, and which test failed if one did."""
    todo, free, busy = list(entries), list(copies), {}
    while todo or busy:
        while todo and free:
            copy, entry = free.pop(), todo.pop(0)
            copy.begin(entry.tests, entry)
            busy[copy] = entry
        for copy in [copy for copy in busy if copy.is_done()]:
            entry = busy.pop(copy)
            free.append(copy)
            by = f" by {copy.failed}" if copy.failed else ""
            say(f"  {'killed' if by else 'survived'}: {entry.name}{by}")
            yield entry.name, copy.failed
        time.sleep(POLL_SECONDS)


def show(entries, failed):
    """Print survivors and figures, and return the exit status.

    :param dict failed: by name of the entry which test has failed; may be empty
    """
    survivors = [entry for entry in entries if not failed[entry.name]]
    for entry in survivors:
        old, new = (text.strip("\n") for text in (entry.old, entry.new))
        lines = [f"    - {line}" for line in old.splitlines()]
        lines += [f"    + {line}" for line in new.splitlines()]
        say("\n".join([f"\nSurvivor: {entry.name} ({entry.file})", *lines]))
    killed = len(entries) - len(survivors)
    say(f"\nmutants: {len(entries)}")
    say(f"killed: {killed}")
    say(f"mutation_score: {killed / len(entries):.3f}")
    return 1 if survivors else 0


# === A COPY OF THE REPOSITORY === #


class Copy:
    """A copy of the repository in which one change is made after the other.

    It is a checkout of its own, so that tests in two copies at a time do not take each
    other's databases and files.

    :param tools.postgres.Server server: where its databases are
    :param int number: tells it from the other copies
    :param str prepared: the database that the tests of Odoo get a copy of
    """

    def __init__(self, server, number, prepared):
        self.folder = copy_repository(FOLDER / f"engine-{number}")
        prefix = f"panda_{fingerprint(str(self.folder))[:6]}_"
        self._main = server
        self._server = replace(server, prefix=prefix)
        self._prepared = prepared
        self._database = f"{prefix}odoo"
        self._entry = None
        self._runs = []
        self._process = None
        self._ends_at = 0
        self.log = LOGS / f"mutants-engine-{number}.log"
        self.failed = ""
        self.ran = set()

    def __enter__(self):
        self._drop_databases()
        runtime = self.folder / ".runtime"
        runtime.mkdir()
        for name in SHARED:
            (runtime / name).symlink_to(RUNTIME / name)
        self._take_templates(runtime / "data" / "filestore")
        return self

    def __exit__(self, *_error):
        if self._process:
            processes.stop(self._process)
        self._drop_databases()

    def _drop_databases(self):
        for name in self._server.own_databases():
            self._server.drop_database(name)

    def _take_templates(self, folder):
        """Have tests that make databases find those that are prepared already."""
        folder.mkdir(parents=True)
        start = f"{self._main.prefix}template_"
        for name in self._main.own_databases():
            files = databases.FILES / name
            if name.startswith(start) and files.exists():
                own = f"{self._server.prefix}template_{name.removeprefix(start)}"
                (folder / own).symlink_to(files)
                self._server.create_database(own, name)

    # === ONE CHANGE === #

    def begin(self, tests, entry=None):
        """Make a change and start the tests that are to notice it."""
        tags = [test for test in tests if test.startswith("/")]
        nodes = [test for test in tests if not test.startswith("/")]
        self._runs = [
            *([(self._start_odoo, self._read_odoo, tags)] if tags else []),
            *([(self._start_pytest, self._read_pytest, nodes)] if nodes else []),
        ]
        self.failed = ""
        self._entry = entry
        if entry:
            (self.folder / entry.file).write_text(entry.changed())
        self._start_next()

    def is_done(self):
        """Go on with what has been begun; whether it is at its end."""
        status = self._process.poll()
        if status is None and time.monotonic() < self._ends_at:
            return False
        processes.stop(self._process)
        self._process = None
        _start, read, _tests = self._runs.pop(0)
        self.failed = "taking too long" if status is None else read(status)
        if self._runs and not self.failed:
            self._start_next()
            return False
        if self._entry:
            original = (ROOT / self._entry.file).read_text()
            (self.folder / self._entry.file).write_text(original)
        return True

    def _start_next(self):
        start, _read, tests = self._runs[0]
        self.log.unlink(missing_ok=True)
        command, environment = start(tests)
        # What was compiled from a changed file must not be found again.
        environment["PYTHONDONTWRITEBYTECODE"] = "1"
        self._process = processes.start(
            command, self.log, env=environment, cwd=self.folder
        )
        self._ends_at = time.monotonic() + LIMIT

    def _start_odoo(self, tags):
        self._server.create_database(self._database, self._prepared)
        folders = [*odoo_source.addons_paths(), self.folder]
        command = odoo_server.odoo_command(
            self._server,
            self._database,
            f"--addons-path={','.join(map(str, folders))}",
            f"--test-tags={','.join(tags)}",
            f"--http-port={processes.free_port()}",
        )
        return command, odoo_server.environment()

    def _read_odoo(self, status):
        self.ran = set()
        for record in odoo_log.read_records(self.log):
            started = odoo_log.STARTED.fullmatch(record.text.strip())
            if started:
                self.ran.add((record.logger, started["test"]))
        if not self.ran:
            raise Failure(f"Odoo has run no test; see {self.log}")
        return next(iter(odoo_log.read_results(self.log, status).failed), "")

    def _start_pytest(self, nodes):
        server = self._server
        named = {"PGHOST": server.host, "PGPORT": server.port, "PGUSER": server.user}
        environment = {name: value for name, value in named.items() if value}
        command = [PYTHON, "-m", "pytest", "-c", "pyproject.toml", "-x", *nodes]
        return command, {**odoo_server.environment(), **environment}

    def _read_pytest(self, status):
        if status == PASSED:
            return ""
        found = BROKEN.search(self.log.read_text(errors="replace"))
        if status not in (FAILED, INTERRUPTED) or not found:
            raise Failure(f"pytest ended with status {status}; see {self.log}")
        return found[1]
