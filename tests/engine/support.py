"""One Odoo in this process, on a database with as many connections as a test needs.

Odoo is imported when the first fixture asks for it, never while tests are collected:
the plain tests must not have it.
"""

import threading
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from itertools import count
from types import SimpleNamespace

from urllib3 import PoolManager

from tools import odoo_server
from tools.rpc import system_values

ADDON = "panda_provisioning"
CONNECTIONS = 8
"""Each thread looks at the database too, and Odoo's pool has 64 connections."""
SECONDS = 30
"""After which a run ends, however broken the engine is."""
LOCK_SECONDS = 20
"""After which a statement gives up waiting for a lock."""
SYSTEM = {
    "state": "test",
    "max_connections": CONNECTIONS,
    "requests_per_second": 0,
    "request_timeout": 10,
    "search_delay": 0,
    "activation_timeout": 900,
    "health": "healthy",
    "health_code": None,
    "next_probe_at": None,
    "probe_count": 0,
    "batch_done": 0,
}
"""What every test begins with."""
CONTACT_FIELDS = {"name", "active", "company_id", "panda_reseller_id"}


def now():
    """Naive UTC in whole seconds, as Odoo stores it."""
    return datetime.now(timezone.utc).replace(tzinfo=None, microsecond=0)


def ago(seconds):
    return now() - timedelta(seconds=seconds)


def ahead(seconds):
    return now() + timedelta(seconds=seconds)


def epoch(moment):
    """Seconds since the epoch of a naive UTC datetime."""
    return moment.replace(tzinfo=timezone.utc).timestamp()


@contextmanager
def odoo_in_this_process(server, database):
    """Load Odoo as a cron worker has it, and install the addon."""
    options = odoo_server.odoo_command(server, database, "--no-http")
    from odoo import sql_db
    from odoo.modules.registry import Registry
    from odoo.service.server import load_server_wide_modules
    from odoo.tools import config

    config.parse_config(options[3:], setup_logging=False)  # without: python -m odoo
    load_server_wide_modules()
    Registry.new(database, install_modules=[ADDON])
    try:
        yield
    finally:
        sql_db.close_all()


class World:
    """The database and the local Panda.

    What a test adds, reads and sets goes through a connection of its own, each
    statement a transaction: what :meth:`read` finds is durable.

    :param server: a :class:`tools.postgres.Server`
    """

    def __init__(self, server, database, sandbox):
        self.sandbox = sandbox
        self.database = database
        self._numbers = count(1)
        server.execute(
            f"ALTER DATABASE \"{database}\" SET lock_timeout = '{LOCK_SECONDS}s'"
        )
        self._connection = server.connect(database)
        with self.environment() as env:
            values = {**system_values(sandbox.url), "max_connections": CONNECTIONS}
            # Another address, or it would be the same place.
            by_name = values["base_url"].replace("127.0.0.1", "localhost")
            other = {**values, "name": "Other", "base_url": by_name}
            systems = env["panda.system"].create([values, other])
            self.system, self.other_system = systems.ids
            self.company = systems.company_id.id
            self.other_company = env["res.company"].create({"name": "Other"}).id
            env.cr.commit()

    def close(self):
        self._connection.close()

    def reset(self):
        """Empty both, and give the systems the settings that every test expects."""
        self.execute("TRUNCATE panda_account, panda_system_pace CASCADE")
        self.configure(**SYSTEM)
        self.sandbox.control("POST", "reset")
        self.sandbox.control("PATCH", "settings", {"pending_seconds": 0})

    # === DATABASE === #

    def execute(self, statement, values=None):
        """Run one statement and return its rows as objects, if it has any."""
        with self._connection.cursor() as cursor:
            cursor.execute(statement, values)
            if cursor.description is None:
                return []
            names = [column.name for column in cursor.description]
            return [
                SimpleNamespace(**dict(zip(names, row, strict=True)))
                for row in cursor.fetchall()
            ]

    def configure(self, **columns):
        """Set columns of all systems."""
        self._update("panda_system", "TRUE", columns)

    def add(self, **values):
        """Add a contact with an account and return the id of the account.

        Unless ``values`` say otherwise it lacks nothing, is queued and has been due
        for a minute.
        """
        number = next(self._numbers)
        contact = {name: values.pop(name) for name in CONTACT_FIELDS & values.keys()}
        name = contact.get("name", f"Person Number{number}")
        person = {
            "email": f"person{number}@example.com",
            "phone": "+32470123456",
        }
        stamps = {"create_uid": 1, "write_uid": 1, "create_date": ago(3600)}
        stamps["write_date"] = stamps["create_date"]
        partner = self._insert(
            "res_partner",
            {
                "name": name,
                "complete_name": name,
                "active": True,
                "type": "contact",
                "is_company": False,
                "partner_share": True,
                "lang": "en_US",
                **person,
                **contact,
                **stamps,
            },
        )
        self._update(
            "res_partner", f"id = {partner}", {"commercial_partner_id": partner}
        )
        return self._insert(
            "panda_account",
            {
                "partner_id": partner,
                "contact_id": partner,
                "system_id": self.system,
                "company_id": self.company,
                "role": "user",
                "username": f"person{number}",
                "first_name": "Person",
                "last_name": f"Number{number}",
                "attempt_count": 0,
                "state": "queued",
                "step": "find_account",
                "next_attempt_at": ago(60),
                **person,
                **stamps,
                **values,
            },
        )

    def add_ready_reseller(self, **values):
        """Add a reseller who is in Panda, or is said to be."""
        return self.add(
            **{
                "role": "reseller",
                "state": "synced",
                "step": "done",
                "next_attempt_at": None,
                "remote_id": f"ACC-R{next(self._numbers)}",
                "operator_ready": True,
                **values,
            }
        )

    def read(self, account_id):
        """Return the columns of an account, as every other transaction sees them."""
        [row] = self.execute("SELECT * FROM panda_account WHERE id = %s", [account_id])
        return row

    def states(self):
        """Return how many accounts are in each state."""
        rows = self.execute("SELECT state, count(*) FROM panda_account GROUP BY state")
        return {row.state: row.count for row in rows}

    def set(self, account_id, **columns):
        """Change columns of an account past the engine."""
        self._update("panda_account", f"id = {account_id:d}", columns)

    def _insert(self, table, values):
        columns, marks = ", ".join(values), ", ".join(["%s"] * len(values))
        [row] = self.execute(
            f"INSERT INTO {table} ({columns}) VALUES ({marks}) RETURNING id",
            list(values.values()),
        )
        return row.id

    def _update(self, table, where, columns):
        assignments = ", ".join(f"{name} = %s" for name in columns)
        self.execute(
            f"UPDATE {table} SET {assignments} WHERE {where}", list(columns.values())
        )

    # === ENGINE === #

    @contextmanager
    def environment(self):
        """An environment on a new cursor; what it has not committed is undone."""
        from odoo import SUPERUSER_ID, api
        from odoo.modules.registry import Registry

        threading.current_thread().dbname = self.database
        with Registry(self.database).cursor() as cr:
            yield api.Environment(cr, SUPERUSER_ID, {})
            cr.rollback()

    @contextmanager
    def queue(self, account_ids=None):
        """The queue of one run, on a cursor of its own."""
        from odoo.addons.panda_provisioning.engine.queue import Queue

        with self.environment() as env:
            system = env["panda.system"].browse(self.system)
            queue = Queue(env, system._get_run_settings(), account_ids)
            env.cr.rollback()  # its first statement begins a transaction
            yield queue

    @contextmanager
    def runner(self, account_ids=None, *, seconds=SECONDS, watch=lambda: False):
        """One run, which has not begun, on a cursor of its own."""
        with self.environment() as env:
            system = env["panda.system"].browse(self.system)
            service = env["panda.service"]
            yield service._get_runner(system, seconds, account_ids, watch)

    def run(self, account_ids=None, **options):
        """Let one run do all that is due."""
        with self.runner(account_ids, **options) as runner:
            runner.execute()

    # === PANDA === #

    def fault(self, kind, **rule):
        """Make Panda misbehave, see ``/_control/faults``."""
        self.sandbox.control("POST", "faults", {"fault": kind, **rule})

    def switch(self, **positions):
        """Have Panda behave in one of the ways that its documentation leaves open."""
        self.sandbox.control("PATCH", "switches", positions)

    def panda(self):
        """Return all that Panda holds."""
        return self.sandbox.control("GET", "state")

    def tenants(self):
        """Return the accounts in Panda below the root, oldest first."""
        return [t for t in self.panda()["tenants"] if t["tier"] > 1]

    def count_requests(self, **filters):
        """Return how many requests Panda has seen, those for tokens left out."""
        query = "&".join(f"{k}={v}" for k, v in {"path": "/rest/*", **filters}.items())
        return self.sandbox.control("GET", f"requests/count?{query}")["count"]

    def add_tenant(self, name, email, account_type=2):
        """Have somebody else create an account in Panda and return its ID."""
        from odoo.addons.panda_provisioning.panda_api.client import PandaClient

        with self.environment() as env:
            system = env["panda.system"].browse(self.system)
            with system._open_transport() as transport:
                return PandaClient(transport).create_account(
                    system.root_account_id,
                    account_type=account_type,
                    name=name,
                    first_name="Some",
                    last_name="Body",
                    email=email,
                )


class Spy:
    """Calls ``before`` with each request to Panda's API before it goes out, and
    ``after`` with what that returned when the answer is there.

    A request has ``method``, ``url`` and ``body``.
    """

    def __init__(self, before, after=lambda _seen: None):
        self._before = before
        self._after = after
        self._send = PoolManager.urlopen

    def __enter__(self):
        def send(manager, method, url, **options):
            if "/rest/" not in url:
                return self._send(manager, method, url, **options)
            request = SimpleNamespace(method=method, url=url, body=options["body"])
            seen = self._before(request)
            try:
                return self._send(manager, method, url, **options)
            finally:
                self._after(seen)

        PoolManager.urlopen = send
        return self

    def __exit__(self, *_error):
        PoolManager.urlopen = self._send


# === WHAT A STEP HAS LED TO === #


def row_after(queue, claim, step, *, error=None, wait=0, may_go_on=True, **facts):
    """Return the row of ``claim`` after it has come to ``step``.

    :param error: kind and code of an error.
    """
    from odoo.addons.panda_provisioning.core.snapshot import Outcome, Step
    from odoo.addons.panda_provisioning.core.transition import transition
    from odoo.addons.panda_provisioning.panda_api.errors import ErrorKind, PandaError

    failure = PandaError(ErrorKind(error[0]), error[1]) if error else None
    outcome = Outcome(Step(step), facts, wait=wait, error=failure)
    return transition(
        claim.row, outcome, queue.policy, epoch(now()), may_go_on=may_go_on
    )


def finished(claim, step, **options):
    """Return a finished step of ``claim`` that has led to ``step``."""
    from odoo.addons.panda_provisioning.core.snapshot import Outcome, Step
    from odoo.addons.panda_provisioning.engine.worker_pool import Finished

    return Finished(claim, claim.snapshot.step, Outcome(Step(step), **options), [])
