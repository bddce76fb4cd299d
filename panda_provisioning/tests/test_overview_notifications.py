import json
import threading
import time
from unittest.mock import patch

from odoo import Command
from odoo.tests import new_test_user, tagged
from odoo.tests.common import release_test_lock

from odoo.addons.bus.models.bus import dispatch
from odoo.addons.bus.tests.common import WebsocketCase

from .common import PandaMixin, PandaTourCase

ACCOUNTS = 500
PATIENCE = 60


def get_channel(system):
    """Return under which name those who listen to ``system`` are kept."""
    return (system.env.cr.dbname, "panda.system", system.id)


@tagged("post_install", "-at_install")
class TestOverviewChannel(PandaMixin, WebsocketCase):
    """Who hears of a run: those who may see the system, and asked for it."""

    def listen(self, user):
        """Return a socket of ``user`` that asks for the news of the system."""
        session = self.authenticate(user, user)
        socket = self.websocket_connect(cookie=f"session_id={session.sid}")
        last = self.env["bus.bus"]._bus_last_id()
        self.subscribe(socket, [f"panda.system_{self.system.id}"], last)
        return socket

    def test_people_of_the_company_hear(self):
        progress = {"done": 1, "left": 2}
        for user in (self.user, self.manager):
            socket = self.listen(user.login)
            self.system._notify_overview(progress)
            self.trigger_notification_dispatching([self.system])
            [news] = [each["message"] for each in json.loads(socket.recv())]
            self.assertEqual(news["type"], "panda_provisioning.overview")
            self.assertEqual(
                news["payload"], {"system_id": self.system.id, "progress": progress}
            )

    def test_nobody_else_is_subscribed(self):
        company = self.env["res.company"].create({"name": "Other"})
        new_test_user(self.env, "internal")
        new_test_user(
            self.env,
            "foreigner",
            groups="panda_provisioning.group_panda_manager",
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )
        for login in ("internal", "foreigner", None):
            self.listen(login)
            self.assertNotIn(get_channel(self.system), dispatch._channels_to_ws, login)
        self.listen(self.user.login)
        self.assertIn(get_channel(self.system), dispatch._channels_to_ws)


@tagged("post_install", "-at_install")
class TestOverviewTour(PandaTourCase):
    """The Overview in a real browser, while a run is under way."""

    def setUp(self):
        super().setUp()
        self.sandbox.control("PATCH", "settings", {"latency_ms": 40})
        self.system.requests_per_second = 1000
        partners = self.env["res.partner"].create(
            [
                {
                    "name": f"Person{number} Test",
                    "email": f"person{number}@example.com",
                    "phone": "+32 470 12 34 56",
                }
                for number in range(ACCOUNTS)
            ]
        )
        accounts = self.env["panda.account"].create(
            [
                {
                    "partner_id": partner.id,
                    "system_id": self.system.id,
                    "role": "user",
                    "username": f"person{number}",
                }
                for number, partner in enumerate(partners)
            ]
        )
        accounts.action_synchronize()

    def test_bulk(self):
        """Watch 500 accounts being synchronized."""
        worker = threading.Thread(
            target=self.run_engine, args=(get_channel(self.system),)
        )
        worker.start()
        try:
            self.start_tour(
                "/odoo/panda",
                "panda_provisioning_overview",
                login=self.user.login,
                timeout=2 * PATIENCE,
            )
        finally:
            with release_test_lock():
                worker.join()
        self.assertEqual(len(self.tenants()), ACCOUNTS)

    def run_engine(self, channel):
        """Do what the worker of crons does, once the browser listens."""
        deadline = time.monotonic() + PATIENCE
        while channel not in dispatch._channels_to_ws:
            if time.monotonic() > deadline:
                return  # the tour says what is missing
            time.sleep(0.1)
        service = type(self.env["panda.service"])
        commit = service._commit

        def commit_and_make_room(*args, **options):
            """A test has one connection for all: let others have it meanwhile."""
            commit(*args, **options)
            with release_test_lock():
                time.sleep(0.01)

        with (
            patch.object(service, "_commit", commit_and_make_room),
            self.registry.cursor() as cr,
        ):
            # After the card was read, so that only the run can have told of it.
            env = self.env(cr=cr)
            self.set_pace({"refused": 3}, env=env, learnt=18.0)
            self.system.with_env(env)._cron_synchronize(self.system.id)
