import json
import time
from datetime import timedelta
from functools import partial

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import PandaCase

SHOWN = ["name", "state", "health", "health_message", "overview", "overview_graph"]


@tagged("post_install", "-at_install")
class TestOverview(PandaCase):
    """What the card of a system shows, and what it hears of a run."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.system.health = "healthy"

    def make_accounts(self, count, **values):
        partners = [self.make_partner(f"Person{i} Test") for i in range(count)]
        accounts = [self.make_account(partner, **values) for partner in partners]
        return self.env["panda.account"].union(*accounts)

    def make_systems(self, count):
        """Return systems that have an account each."""
        systems = self.env["panda.system"].create(
            [{"name": f"System {number}"} for number in range(count)]
        )
        for system in systems:
            self.make_account(self.make_partner(system.name), system_id=system.id)
        return systems

    def read_card(self, user=None):
        """Return the card as the browser gets it, in a request of its own."""
        system = self.system.with_user(user or self.user)
        system.invalidate_recordset()
        [card] = system.read(SHOWN)
        return card

    def get_counts(self, card):
        states = card["overview"]["states"]
        return {each["state"]: each["count"] for each in states if each["count"]}

    def enqueue(self, accounts):
        accounts.with_user(self.user).action_synchronize()
        return accounts

    def get_news(self):
        """Return what was sent to those who look at the system, oldest first."""
        channel = [self.env.cr.dbname, "panda.system", self.system.id]
        sent = self.env["bus.bus"].search(
            [("channel", "=", json.dumps(channel, separators=(",", ":")))], order="id"
        )
        return [json.loads(each.message)["payload"] for each in sent]

    # === CARD === #

    def test_accounts_are_counted_by_status(self):
        accounts = self.make_accounts(6)
        accounts[:3].state = "synced"
        accounts[3].state = "failed"
        accounts[4].state = "waiting"
        self.make_systems(1)
        self.assertEqual(
            self.get_counts(self.read_card()),
            {"synced": 3, "failed": 1, "waiting": 1, "draft": 1},
        )

    def test_what_needs_somebody_comes_first(self):
        states = [each["state"] for each in self.read_card()["overview"]["states"]]
        self.assertEqual(states[0], "failed")
        self.assertEqual(states[-2:], ["synced", "draft"])

    def test_a_count_opens_the_accounts_it_counts(self):
        accounts = self.make_accounts(3)
        accounts[0].state = "failed"
        self.make_systems(1)
        system = self.system.with_user(self.user)
        for state, expected in (("failed", accounts[0]), (None, accounts)):
            action = system.action_open_accounts(state)
            opened = self.env[action["res_model"]].search(action["domain"])
            self.assertEqual(opened, expected)

    def test_graph_shows_the_last_thirty_days(self):
        today = fields.Datetime.now()
        synced, failed, old = self.make_accounts(3)
        synced.write({"state": "synced", "last_sync_at": today})
        failed.write({"state": "failed", "failed_at": today - timedelta(days=2)})
        old.write({"state": "synced", "last_sync_at": today - timedelta(days=40)})
        successes, failures = json.loads(self.read_card()["overview_graph"])
        self.assertEqual(
            (successes["key"], failures["key"]), ("Synchronized", "Failed")
        )
        values = [
            [each["value"] for each in s["values"]] for s in (successes, failures)
        ]
        self.assertEqual(values[0], [0] * 29 + [1])
        self.assertEqual(values[1], [0] * 27 + [1, 0, 0])
        days = [each["label"] for each in successes["values"]]
        self.assertEqual(days, sorted(days))
        self.assertEqual(len(set(days)), 30)

    def test_days_are_those_of_who_looks(self):
        """Shortly before midnight in London it is tomorrow in Tokyo."""
        synced = self.make_account()
        last = fields.Datetime.now().replace(hour=23, minute=30)
        synced.write({"state": "synced", "last_sync_at": last})
        for tz, day in (("UTC", last), ("Asia/Tokyo", last + timedelta(days=1))):
            rows = self.system.with_context(tz=tz)._count_accounts()
            self.assertEqual(rows[0][2], day.date(), tz)

    def test_next_try_is_told(self):
        account = self.make_account()
        self.assertFalse(self.read_card()["overview"]["next_try"])
        at = fields.Datetime.to_datetime("2030-01-02 03:04:05")
        account.write({"state": "retry", "next_attempt_at": at})
        user = self.user
        user.tz = "UTC"
        self.assertIn("01/02/2030", self.read_card()["overview"]["next_try"])
        self.system.write({"health": "quarantined", "next_probe_at": at})
        card = self.read_card()
        self.assertFalse(card["overview"]["next_try"], "the probe comes first")
        self.assertIn("01/02/2030", card["health_message"])

    def test_as_many_queries_for_many_systems_as_for_one(self):
        systems = self.make_systems(5).with_user(self.user)
        # What is read once for all is read before it counts.
        self.env.invalidate_all()
        self.assertEqual(len(systems.read(SHOWN)), 5)
        many, one = (
            self.count_queries(partial(shown.read, SHOWN))
            for shown in (systems, systems[:1])
        )
        self.assertGreater(one, 0)
        self.assertEqual(many, one)

    def test_who_sees_it(self):
        self.assertEqual(self.read_card(user=self.user)["name"], "Panda Antivirus")
        action = self.env.ref("panda_provisioning.panda_overview_action")
        [view] = action.view_ids.filtered(lambda each: each.view_mode == "kanban")
        for user, is_shown in ((self.user, False), (self.manager, True)):
            systems = self.env["panda.system"].with_user(user)
            arch = systems.get_view(view.view_id.id, "kanban")["arch"]
            self.assertEqual("action_test_connection" in arch, is_shown, user.login)
        outsider = self.env.ref("base.public_user")
        with self.assertRaises(AccessError):
            self.read_card(user=outsider)

    # === LIVE === #

    def test_a_run_tells_how_far_it_is(self):
        self.sandbox.control("PATCH", "settings", {"latency_ms": 100})
        accounts = self.make_accounts(60)
        accounts[0].partner_id.email = "nonsense"
        self.enqueue(accounts)
        started = time.monotonic()
        self.run_cron()
        seconds = time.monotonic() - started
        *told, last = self.get_news()
        self.assertEqual(last["progress"], None, "the card is read anew")
        self.assertGreaterEqual(len(told), 2)
        self.assertLessEqual(len(told), seconds, "at most once a second")
        done = [news["progress"]["done"] for news in told]
        self.assertEqual(done, sorted(set(done)), "it gets on")
        for news in told:
            progress = news["progress"]
            self.assertEqual(news["system_id"], self.system.id)
            self.assertEqual(progress["done"] + progress["left"], 60)
            self.assertEqual(sum(progress["counts"].values()), 60)
            self.assertEqual(progress["counts"]["failed"], 1)
            self.assertAlmostEqual(
                progress["seconds_left"], progress["left"] / progress["rate"]
            )
        self.assertEqual(self.get_counts(self.read_card()), {"synced": 59, "failed": 1})

    def test_customers_who_wait_for_a_reseller_on_his_way_are_left_to_do(self):
        reseller = self.make_account(
            self.make_partner("Rita Reseller"), role="reseller"
        )
        self.enqueue(self.make_accounts(5, parent_id=reseller.id))
        self.sandbox.control("PATCH", "settings", {"latency_ms": 600})
        self.run_cron()
        first = self.get_news()[0]["progress"]
        self.assertEqual(first["done"] + first["left"], 6)

    def test_a_batch_goes_on_in_the_next_run(self):
        """A cron works for a minute at a time; the bar does not begin anew."""
        self.sandbox.control("PATCH", "settings", {"latency_ms": 100})
        self.system.max_connections = 2  # few in hand, so that some are soon done
        self.enqueue(self.make_accounts(60))
        with self.committing(self.env.ref("base.user_root")) as env:
            system = self.system.with_env(env)
            env["panda.service"]._get_runner(system, seconds=4).execute()
        self.system.max_connections = 8
        done = self.system.batch_done
        self.assertTrue(0 < done < 60, done)
        self.assertEqual(self.read_card()["overview"]["done"], done)
        first = [news["progress"] for news in self.get_news()]
        self.assertTrue(first)
        self.assertNotIn(None, first)
        self.run_cron()
        told = [news["progress"] for news in self.get_news()]
        self.assertIsNone(told[-1])
        told = list(filter(None, told))
        self.assertGreater(len(told), len(first))
        for progress in told:
            self.assertEqual(progress["done"] + progress["left"], 60)
        self.assertEqual(self.system.batch_done, 0)

    def test_a_button_and_an_idle_cron_tell_nobody(self):
        account = self.make_account()
        self.synchronize(account)
        self.assertEqual(account.state, "synced", account.error_message)
        self.assertEqual(self.get_news(), [])
        self.run_cron()
        self.assertEqual(self.get_news(), [])

    def test_an_interruption_is_told(self):
        self.system.api_key = "wrong"
        self.enqueue(self.make_accounts(3))
        self.run_cron()
        self.assertEqual(self.system.health, "quarantined")
        self.assertIn({"system_id": self.system.id, "progress": None}, self.get_news())
