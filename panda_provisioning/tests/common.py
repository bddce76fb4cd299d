"""The base of every test: a local Panda over real HTTP, and factories of records."""

import sys
import time
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch
from urllib.parse import urlsplit

from requests import Session

from odoo import Command
from odoo.tests import HttpCase, TransactionCase, new_test_user

from ..core.pace import Pace
from ..panda_api import transport
from ..panda_api.client import CUSTOMER_TYPE, RESELLER_TYPE, PandaClient

sys.path.append(str(Path(__file__).parents[2] / "sandbox"))
from panda_sandbox.process import SandboxProcess
from panda_sandbox.settings import (
    API_KEY,
    PASSWORDS,
    READ_ONLY_ID,
    READ_WRITE_ID,
    ROOT_ACCOUNT,
)

__all__ = [
    "PASSWORDS",
    "READ_ONLY_ID",
    "OptionsCase",
    "PandaCase",
    "PandaMixin",
    "PandaTourCase",
]

SEND = Session.send


class PandaMixin:
    """An empty sandbox for each test, a system that is connected to it, and users."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = cls.enterClassContext(TemporaryDirectory(prefix="panda-sandbox-"))
        # One per class: Odoo ends whatever process a class of tests leaves behind.
        cls.sandbox = cls.enterClassContext(
            SandboxProcess(Path(folder) / "panda.sqlite")
        )
        # What fails is repeated, but no test waits for that.
        cls.enterClassContext(patch.object(transport, "DELAYS", (0.0, 0.0, 0.0)))
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
                "search_delay": 0,
                "request_timeout": 10,
            }
        )

    @classmethod
    def _request_handler(cls, session, request, /, **options):
        """Let requests to this machine pass with the time-outs that they have."""
        if urlsplit(request.url).hostname in ("127.0.0.1", "localhost"):
            return SEND(session, request, **options)
        options.pop("timeout", None)
        return super()._request_handler(session, request, **options)

    def setUp(self):
        super().setUp()
        self._empty_panda()
        self.addCleanup(self.clear_faults)

    def get_crons(self):
        """Return the scheduled actions of all systems that are switched on."""
        systems = self.env["panda.system"].search([("state", "!=", "disabled")])
        return systems.sudo().cron_id

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

    @classmethod
    def make_company(cls, name, *people, **values):
        """Return a company with ``people``."""
        persons = [Command.create({"name": person}) for person in people]
        return cls.make_partner(name, is_company=True, child_ids=persons, **values)

    @classmethod
    def make_partners_with_accounts(cls, count, **values):
        """Return many contacts that have an account each, synchronized ones unless
        ``values`` say otherwise."""
        partners = cls.env["res.partner"].create(
            [{"name": f"Ada {n}", "email": f"a{n}@example.com"} for n in range(count)]
        )
        for partner in partners:
            username = f"ada.{partner.id}"
            cls.make_account(
                partner, **{"state": "synced", "username": username, **values}
            )
        return partners

    @classmethod
    def make_system(cls, name, **values):
        """Return another system that is switched on."""
        values = {"root_account_id": f"ACC-{name}", **values}
        system = cls.system.copy({"name": name, **values})
        credentials = dict.fromkeys(("access_id", "access_password", "api_key"), "x")
        system.write({**credentials, "state": "test"})
        return system

    @contextmanager
    def committing(self, user=None):
        """An environment that may commit."""
        self.env.flush_all()
        with self.registry.cursor() as cr:
            yield self.env(cr=cr, user=user or self.user)

    def synchronize(self, accounts):
        """Press the button for ``accounts``."""
        with self.committing() as env:
            env["panda.service"]._synchronize_now(accounts.with_env(env))
        self.env.invalidate_all()

    @classmethod
    def get_connection_values(cls):
        """Return the values of the system that connect it to the sandbox."""
        system_sudo = cls.system.sudo()
        secrets = system_sudo._read_secrets()
        return {
            "base_url": system_sudo.base_url,
            "root_account_id": system_sudo.root_account_id,
            "access_id": system_sudo.access_id,
            **{
                name: secrets.get(name, False)
                for name in ("access_password", "api_key")
            },
        }

    @classmethod
    def connect_to(cls, url):
        """Have the system go to another address, with the same credentials."""
        cls.system.write({**cls.get_connection_values(), "base_url": url})

    @classmethod
    def set_pace(cls, counts, day=None, env=None, at=None, **values):
        """Let it be what senders have learnt.

        :param counts: ``{result: requests}``
        :param day: values of a :class:`DailyQuota`.
        :param at: when that was; in the minute to come unless it is given, so that
            the last one does not end while the test runs.
        :param values: fields of :class:`Pace`.
        """
        soon = time.time() + 60
        pace = Pace(**{"wanted_at": soon, **values})
        for result, count in counts.items():
            pace.minutes[result].add(at or soon, count)
        paces = (env or cls.env)["panda.system.pace"].sudo()
        paces.search([("system_id", "=", cls.system.id)]).unlink()
        state = {"pace": pace.as_dict(), "day": day or {}}
        paces.create({"system_id": cls.system.id, "state": state})

    def count_queries(self, work):
        """Return how many statements ``work`` sends with a cold cache."""
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        work()
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    # === SANDBOX === #

    def fault(self, kind, **rule):
        """Make Panda misbehave, see ``/_control/faults``. The test fails if no request
        meets the fault."""
        self.sandbox.control("POST", "faults", {"fault": kind, **rule})

    def clear_faults(self):
        """Let Panda behave again, after every fault has met a request."""
        rules = self.sandbox.control("GET", "faults")["rules"]
        self.sandbox.control("DELETE", "faults")
        idle = [rule for rule in rules if not rule["struck"]]
        self.assertEqual(idle, [], "no request met this fault")

    def reset_panda(self):
        """Empty Panda in the middle of a test."""
        self.clear_faults()
        self._empty_panda()

    def _empty_panda(self):
        self.sandbox.control("POST", "reset")
        self.sandbox.control("PATCH", "settings", {"pending_seconds": 0})

    def plant(self, partner, parent="", *, role="user", username="", email=""):
        """Have Panda know an account of ``partner`` that Odoo knows nothing of."""
        email = email or partner.email
        account_type = RESELLER_TYPE if role == "reseller" else CUSTOMER_TYPE
        remote_id = self.make_tenant(partner.name, email, account_type, parent)
        if username:
            operator_role = "OWNER" if role == "reseller" else "ADMINISTRATOR"
            self.make_operator(remote_id, username, email, operator_role)
        return remote_id

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

    def make_operator(self, account_id, username, email, role="ADMINISTRATOR"):
        """Have somebody else create an operator in Panda."""
        with self.system._open_transport() as transport:
            PandaClient(transport).create_operator(
                account_id,
                username=username,
                first_name="Some",
                last_name="Body",
                email=email,
                phone="32470123456",
                role=role,
            )

    def tenants(self):
        """Return what Panda holds below the root, oldest first."""
        tenants = self.sandbox.control("GET", "state")["tenants"]
        return [tenant for tenant in tenants if tenant["tier"] > 1]

    def operators(self):
        """Return the operators that Panda has, oldest first."""
        return self.sandbox.control("GET", "state")["operators"]

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
        with self.enter_registry_test_mode(), super().committing(user) as env:
            yield env

    def run_cron(self, name=None):
        """Run a cron as Odoo does: the one of each system, or that with an XML id."""
        crons = self.get_crons()
        if name:
            crons = self.env.ref(f"panda_provisioning.{name}")
        with self.enter_registry_test_mode():
            for cron in crons:
                self.assertIs(cron.method_direct_trigger(), True)

    def synchronize_by_cron(self, accounts):
        """Queue ``accounts``, run the cron and return them."""
        accounts.action_synchronize()
        self.run_cron()
        return accounts

    def make_synced_account(self, name="Ada Lovelace", **values):
        """Return an account that is in Panda, synchronized by the cron."""
        account = self.make_account(self.make_partner(name), **values)
        self.synchronize_by_cron(account)
        self.assertEqual(account.state, "synced", account.error_message)
        return account

    def make_failed_account(self, code, partner=None, **values):
        """Return an account that has failed with ``code`` when the cron ran."""
        account = self.make_account(partner, **values)
        self.synchronize_by_cron(account)
        self.assertEqual((account.state, account.error_code), ("failed", code))
        return account

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


class PandaTourCase(PandaMixin, HttpCase):
    """Tests in a browser, where Odoo is in test mode all the time."""


class OptionsCase(PandaCase):
    """Fills in Sync Options wrongly."""

    def assert_refused(self, partner, place, text, user=None, **options):
        """Press the button and read ``text`` at the field ``place``, and nothing
        anywhere else."""
        options = {"role": "user", "username": "ada.lovelace", **options}
        accounts = self.env["panda.account"].search([])
        form, action = self.press(partner, user=user, **options)
        problems = {
            name: form[name]
            for name in form._fields
            if name.endswith("_problem") and form[name]
        }
        self.assertEqual(list(problems), [place], problems)
        self.assertIn(text, problems[place])
        self.assertGreaterEqual(form.problem_count, 1)
        self.assert_sent_nothing()
        self.assertEqual(self.env["panda.account"].search([]), accounts)
        # The browser comes back to the very same form, as it was filled in.
        self.assertEqual((action["res_model"], action["res_id"]), (form._name, form.id))
        self.assertEqual(action["target"], "new")
        typed = form._convert_to_write({name: form[name] for name in options})
        self.assertEqual(
            {name: value or False for name, value in typed.items()},
            {name: value or False for name, value in options.items()},
        )

    def assert_sent_nothing(self):
        self.assertEqual(self.count_requests(), 0)
