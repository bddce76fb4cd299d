"""What every test stands on: a local Panda over real HTTP, and contacts."""

import sys
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from requests import Session

from odoo.tests import TransactionCase, new_test_user

from ..panda_api.client import CUSTOMER_TYPE, PandaClient

sys.path.append(str(Path(__file__).parents[2] / "sandbox"))
from panda_sandbox.process import SandboxProcess
from panda_sandbox.settings import (
    API_KEY,
    PASSWORDS,
    READ_ONLY_ID,
    READ_WRITE_ID,
    ROOT_ACCOUNT,
)

__all__ = ["PASSWORDS", "READ_ONLY_ID", "PandaCase", "PandaMixin"]

SEND = Session.send


class PandaMixin:
    """A sandbox without traces of other tests, a system and people."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = cls.enterClassContext(TemporaryDirectory(prefix="panda-sandbox-"))
        # One per class: Odoo ends whatever process a class of tests leaves behind.
        cls.sandbox = cls.enterClassContext(
            SandboxProcess(Path(folder) / "panda.sqlite")
        )
        cls.user = new_test_user(
            cls.env,
            "panda-user",
            groups="panda_provisioning.group_panda_user,base.group_partner_manager",
        )
        cls.manager = new_test_user(
            cls.env,
            "panda-manager",
            groups="panda_provisioning.group_panda_manager,base.group_partner_manager",
        )
        cls.env["panda.system"].search([]).state = "disabled"
        cls.system = cls.env["panda.system"].create(
            {
                "name": "Panda Antivirus",
                "state": "test",
                "base_url": cls.sandbox.url,
                "root_account_id": ROOT_ACCOUNT,
                "access_id": READ_WRITE_ID,
                "access_password": PASSWORDS[READ_WRITE_ID],
                "api_key": API_KEY,
                "responsible_user_id": cls.manager.id,
                "search_grace": 0,
                "request_timeout": 10,
            }
        )

    @classmethod
    def _request_handler(cls, session, request, /, **options):
        """Let requests to this machine pass with the time-outs that they have."""
        if urlsplit(request.url).hostname == "127.0.0.1":
            return SEND(session, request, **options)
        options.pop("timeout", None)
        return super()._request_handler(session, request, **options)

    def setUp(self):
        super().setUp()
        self.sandbox.control("POST", "reset")
        self.sandbox.control("PATCH", "settings", {"pending_seconds": 0})

    @classmethod
    def make_partner(cls, name="Ada Lovelace", **values):
        """Return a contact that lacks nothing."""
        email = f"{name.split()[0].lower()}@example.com"
        return cls.env["res.partner"].create(
            {
                "name": name,
                "email": email,
                "phone": "+32 470 12 34 56",
                "country_id": cls.env.ref("base.be").id,
                **values,
            }
        )

    @classmethod
    def make_account(cls, partner=None, **values):
        """Return an account that lacks nothing."""
        partner = partner or cls.make_partner()
        return cls.env["panda.account"].create(
            {
                "partner_id": partner.id,
                "system_id": cls.system.id,
                "role": "user",
                "username": cls.env["panda.account"]._propose_username(
                    partner, cls.system
                ),
                **values,
            }
        )

    def fault(self, kind, **rule):
        """Make Panda misbehave, see ``/_control/faults``."""
        self.sandbox.control("POST", "faults", {"fault": kind, **rule})

    def make_tenant(self, name, email, account_type=CUSTOMER_TYPE, parent_id=None):
        """Have somebody else create an account in Panda and return its ID."""
        with self.system._open_transport() as transport:
            return PandaClient(transport).create_account(
                parent_id or self.system.root_account_id,
                account_type=account_type,
                name=name,
                first_name="Some",
                last_name="Body",
                email=email,
            )

    def make_operator(self, account_id, username, email):
        """Have somebody else create an operator in Panda."""
        with self.system._open_transport() as transport:
            PandaClient(transport).create_operator(
                account_id,
                username=username,
                first_name="Some",
                last_name="Body",
                email=email,
                phone="32470123456",
                role="ADMINISTRATOR",
            )

    def tenants(self):
        """Return what Panda holds below the root, oldest first."""
        tenants = self.sandbox.control("GET", "state")["tenants"]
        return [tenant for tenant in tenants if tenant["tier"] > 1]

    def mails(self):
        """Return the activation mails that Panda has sent."""
        return self.sandbox.control("GET", "outbox")

    def count_requests(self, query=""):
        """Return how many requests Panda has seen."""
        return self.sandbox.control("GET", f"requests/count?{query}")["count"]


class PandaCase(PandaMixin, TransactionCase):
    """Tests that run the engine, whose commits become savepoints."""

    @contextmanager
    def committing(self, user=None):
        """An environment that may commit."""
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            yield self.env(cr=cr, user=user or self.user)

    def synchronize(self, accounts):
        """Press the button for ``accounts``."""
        with self.committing() as env:
            env["panda.service"]._synchronize_now(accounts.with_env(env))

    def run_cron(self, name="ir_cron_synchronize"):
        """Run a cron as Odoo does."""
        with self.enter_registry_test_mode():
            cron = self.env.ref(f"panda_provisioning.{name}")
            self.assertIs(cron.method_direct_trigger(), True)

    def make_due(self, accounts):
        """Let the time of the next try come."""
        accounts.next_attempt_at = "2020-01-01 00:00:00"

    def press(self, partner, user=None, **options):
        """Fill in Sync Options, press Save & Synchronize and return the form and
        the action that the browser gets."""
        with self.committing(user) as env:
            form = env["panda.sync.options"].create(
                {"partner_id": partner.id, "system_id": self.system.id, **options}
            )
            action = form.action_save_and_synchronize()
        return form.with_env(self.env), action

    def get_account(self, partner):
        """Return the account of ``partner`` in the system of the test."""
        return partner._get_panda_account(self.system)
