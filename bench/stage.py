"""What all measurements stand on: databases to copy and one local Panda."""

import shutil
import sys
from contextlib import contextmanager

from bench.program import odoo_program
from tools import addons, databases, odoo_server, odoo_source
from tools.console import Failure, step
from tools.paths import ROOT, RUNTIME

sys.path.append(str(ROOT / "sandbox"))
from panda_sandbox.process import SandboxProcess

OURS = "panda_provisioning"
JOBS = ["queue_job", "panda_bench_jobs"]
ADDONS = ROOT / "bench" / "addons"
MOST_CONNECTIONS = 64


class Stage:
    """The databases and the sandbox of one go, as a context manager.

    :param tools.postgres.Server server: where the databases are
    :param str name: what its databases and files are called after
    """

    def __init__(self, server, name="bench"):
        self.server = server
        self._name = name
        self._folder = RUNTIME / name
        self._core = addons.core_modules([addons.own_addon(OURS)])
        self._made = []
        self._sandbox = SandboxProcess(self._folder / "panda.sqlite")

    def __enter__(self):
        self._remove_files()
        self._folder.mkdir(parents=True)
        self._sandbox.start()
        return self

    def __exit__(self, *_error):
        self._sandbox.stop()
        for database in reversed(self._made):
            databases.drop(self.server, database)
        self._remove_files()

    @property
    def url(self):
        """Address of the sandbox."""
        return self._sandbox.url

    def new_panda(self, latency):
        """Empty the sandbox; ``latency`` is in milliseconds for each answer."""
        settings = {"pending_seconds": 0, "latency_ms": latency}
        self._sandbox.control("POST", "reset")
        self._sandbox.control("PATCH", "settings", settings)

    def get_state(self):
        """Return all that Panda holds."""
        return self._sandbox.control("GET", "state")

    def misbehave(self, rates):
        """Let Panda do wrong by ``rates``, see ``/_control/faults``."""
        self._sandbox.control("PUT", "faults", {"rates": rates})

    def set_quota(self, quota):
        """Let Panda enforce ``quota``, see ``/_control/settings``, from now on.

        :return: when that began, in seconds since the epoch
        """
        self._sandbox.control("PATCH", "settings", {"quota": quota})
        return self._sandbox.control("GET", "quota")["begin"]

    def get_quota_use(self, begin, end):
        """Return how the quota was used in that time, see ``/_control/quota``."""
        return self._sandbox.control("GET", f"quota?begin={begin}&end={end}")

    def check_panda(self, expected, *, is_finished=True):
        """Raise unless Panda holds so many customers, each once and mailed once.

        :param is_finished: false if some may be missing, since the run was cut short
        """
        state = self.get_state()
        tenants = [each["email"] for each in state["tenants"] if each["tier"] > 1]
        mails = [mail["to"] for mail in state["mails"]]
        for found, what in ((tenants, "holds {} customers"), (mails, "sent {} mails")):
            different = len(set(found))
            if different < len(found) or (is_finished and different != expected):
                raise Failure(
                    f"Panda {what.format(len(found))}, {different} different ones;"
                    f" {expected} were expected."
                )

    # === DATABASES === #

    def plain(self):
        """Return the name of a database with Odoo's own modules only."""
        return self._prepared("plain", [])

    def ours(self):
        """Return the name of a database with the addon, connected to the sandbox."""
        return self._prepared("ours", [OURS])

    def jobs(self):
        """Return the name of a database with queue_job beside the addon."""
        return self._prepared("jobs", [OURS, *JOBS])

    @contextmanager
    def copy(self, database):
        """A copy of a prepared database, without its files."""
        name = f"{self.server.prefix}{self._name}_copy"
        self.server.create_database(name, database)
        try:
            yield name
        finally:
            self.server.drop_database(name)

    @contextmanager
    def odoo(self, module, database, *arguments):
        """A measured process with Odoo on a copy of ``database``."""
        with (
            self.copy(database) as name,
            odoo_program(module, self.server, name, *arguments) as program,
        ):
            yield program

    def _prepared(self, kind, modules):
        name = f"{self._name}_{kind}"
        full_name = self.server.prefix + name
        if full_name in self._made:
            return full_name
        self._made.append(full_name)
        with step(f"Database {full_name}"):
            databases.create(self.server, name, self._core)
            if modules:
                odoo_server.install(self.server, full_name, modules, addons_path())
                self._connect(full_name)
        return full_name

    def _remove_files(self):
        shutil.rmtree(self._folder, ignore_errors=True)

    def _connect(self, database):
        with odoo_program("engine", self.server, database) as program:
            program.call("prepare", url=self.url, connections=MOST_CONNECTIONS)


def addons_path():
    """Return Odoo's option for all folders with addons, the benchmark's too."""
    folders = [*odoo_source.addons_paths(), ROOT, ADDONS]
    return f"--addons-path={','.join(map(str, folders))}"
