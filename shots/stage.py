"""A running Odoo with customers in every state, and its Panda."""

import shutil
import sys
import time
from contextlib import ExitStack

from shots.people import PEOPLE
from tools import addons, databases, odoo_server
from tools.console import Failure
from tools.paths import ROOT, RUNTIME
from tools.rpc import Odoo

sys.path.append(str(ROOT / "sandbox"))
from panda_sandbox.process import SandboxProcess

FOLDER = RUNTIME / "shots"
PATIENCE = 60
SLOW = {"search_delay": 86400, "max_connections": 1}
"""Nothing that is unknown becomes known meanwhile; requests come in one order."""
FAULTS = {
    "username": [
        {"fault": "transaction_failed", "message": "Username already exists."}
    ],
    "outage": [{"fault": "server_error"}],
    "lost": [{"fault": "lost_answer", "method": "POST", "lag_seconds": 86400}],
}
"""What Panda does to the accounts of whom :mod:`shots.people` says so."""
ALIKE = (
    # In the order of the accounts: that of the answers is not always the same.
    """UPDATE panda_sync_log SET
        duration_ms = 80 + mod(account_id * 13 + length(step) * 37, 140),
        date = TIMESTAMP '2026-11-16 08:00:00' + account_id * INTERVAL '1 minute'""",
    """UPDATE panda_account SET
        last_sync_at = last_sync_at - mod(id * 5, 29) * INTERVAL '1 day',
        failed_at = failed_at - mod(id, 7) * INTERVAL '1 day'""",
    # The colour of an avatar comes from the time at which its contact was created.
    "UPDATE res_partner SET create_date = '2026-01-05 08:00:00'",
)
"""Makes alike at each run what no picture can hide."""


class Stage:
    """A context manager; :attr:`ids` are the records that screens are opened on.

    Nothing is in Panda, nor in Odoo, before the first screen that needs it.
    """

    def __init__(self, server, name="shots"):
        self.server = server
        self._name = name
        self._running = ExitStack()
        self.ids = {}

    def __enter__(self):
        with ExitStack() as running:
            ours = addons.own_addons()
            core = addons.core_modules(ours)
            self.database = databases.create(self.server, self._name, core)
            running.callback(databases.drop, self.server, self.database)
            names = [addon.name for addon in ours]
            odoo_server.install(self.server, self.database, names)
            folder = FOLDER / self._name
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            sandbox = SandboxProcess(folder / "panda.sqlite")
            self.sandbox = running.enter_context(sandbox)
            self.odoo = running.enter_context(
                odoo_server.OdooServer(self.server, self.database)
            )
            self.client = Odoo(self.odoo.url, self.database)
            self._running = running.pop_all()
        return self

    def __exit__(self, *_error):
        self._running.close()

    def call(self, model, method, *arguments, **options):
        return self.client.call(model, method, *arguments, **options)

    def prepare(self, screen):
        """Bring about what ``screen`` needs; those of an empty app come first."""
        if screen.is_filled and not self.ids:
            self._fill()

    def _fill(self):
        """Let all of :data:`PEOPLE` come and be synchronised, as far as it goes."""
        self.sandbox.control("PATCH", "settings", {"pending_seconds": 0})
        self.ids["system"] = self.client.connect_sandbox(self.sandbox.url, **SLOW)
        for person in PEOPLE:
            self.ids[person.key] = self._make_contact(person)
            self._arrange_faults(person)
        sent = [person for person in PEOPLE if person.sent]
        self._synchronize([person for person in sent if person.fault != "outage"])
        # By itself: among many, a single account is not looked for.
        self._synchronize([person for person in sent if person.fault == "outage"])
        self._make_orders()
        for statement in ALIKE:
            self.server.execute(statement, database=self.database)

    # === CONTACTS === #

    def _make_contact(self, person):
        domain = [("code", "=", person.country.upper())]
        [country] = self.call("res.country", "search", domain)
        [company] = self.call(
            *("res.partner", "create"),
            [
                {
                    "name": person.name,
                    "is_company": True,
                    "email": person.email,
                    "phone": person.phone,
                    "country_id": country,
                    "panda_reseller_id": self.ids.get(person.reseller, False),
                }
            ],
        )
        contact = {"name": person.contact, "parent_id": company, "type": "contact"}
        self.call("res.partner", "create", [contact])
        return company

    def _arrange_faults(self, person):
        for fault in FAULTS.get(person.fault, ()):
            self.sandbox.control("POST", "faults", {**fault, "account": person.name})

    def _synchronize(self, people):
        partners = [self.ids[person.key] for person in people]
        self.call("res.partner", "action_panda_synchronize", partners)
        ours = [("partner_id", "in", partners)]
        fields = ["partner_id", "state"]
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            rows = self.call("panda.account", "search_read", ours, fields=fields)
            if not {row["state"] for row in rows} & {"queued", "running"}:
                break
            time.sleep(0.1)
        else:
            raise Failure(f"Still not at rest: {rows}")
        accounts = {row["partner_id"][0]: row["id"] for row in rows}
        for person in people:
            self.ids[f"{person.key}_account"] = accounts[self.ids[person.key]]

    # === ORDERS === #

    def _make_orders(self):
        [product] = self.call(
            *("product.product", "create"),
            [
                {
                    "name": "Panda Endpoint Protection, one year",
                    "type": "service",
                    "list_price": 29,
                    "panda_provision": True,
                }
            ],
        )
        self.ids["order"] = self._make_order(product, "northwind", "olive")
        self.call("sale.order", "action_confirm", [self.ids["order"]])
        self.ids["quotation"] = self._make_order(product, "tejidos", "tejidos")

    def _make_order(self, product, customer, end_customer):
        line = {"product_id": product, "product_uom_qty": 12}
        values = {
            "partner_id": self.ids[customer],
            "panda_end_customer_id": self.ids[end_customer],
            "order_line": [(0, 0, line)],
        }
        [order] = self.call("sale.order", "create", [values])
        return order
