from datetime import timedelta

from odoo import fields
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from ..core.connection_check import Finding
from ..core.metrics import CONTENT_TYPE
from ..panda_api.limiter import Result
from .common import PandaMixin


@tagged("post_install", "-at_install")
class TestHealthRoute(PandaMixin, HttpCase):
    """A program that watches over Odoo sees how the systems stand."""

    def ask(self, user=None, route="/panda/health"):
        headers = {}
        if user:
            keys = self.env["res.users.apikeys"].with_user(user).sudo()
            tomorrow = fields.Datetime.now() + timedelta(days=1)
            key = keys._generate("rpc", "of a test", tomorrow)
            headers = {"Authorization": f"bearer {key}"}
        return self.url_open(route, headers=headers)

    def get_problem(self):
        response = self.ask(self.user)
        answer = response.json()
        [system] = answer["systems"]
        self.assertEqual(answer["ok"], response.status_code == 200)
        self.assertEqual(bool(system["problem"]), response.status_code == 503)
        self.assertEqual(bool(system["problem"]), bool(system["message"]))
        self.assertEqual(system["id"], self.system.id)
        return system["problem"]

    def test_a_system_that_works(self):
        self.assertEqual(self.get_problem(), "")

    def test_a_system_that_is_interrupted(self):
        self.system._interrupt(Finding("unreachable"))
        self.assertEqual(self.get_problem(), "unreachable")

    def test_a_production_that_waits_for_confirmation(self):
        self.env["ir.config_parameter"].set_param("database.uuid", "moved")
        self.assertEqual(self.get_problem(), "system_copied")
        self.system.with_user(self.manager).action_confirm_production()
        self.assertEqual(self.get_problem(), "")

    def get_report(self):
        [report] = self.ask(self.user).json()["systems"]
        return report

    def test_accounts_are_counted_by_status_and_failures_by_code(self):
        self.make_partners_with_accounts(2)
        self.make_partners_with_accounts(1, state="failed", error_code="phone_missing")
        self.make_account(self.make_partner("Still Draft"))
        report = self.get_report()
        counts = {state: n for state, n in report["accounts"].items() if n}
        self.assertEqual(counts, {"synced": 2, "failed": 1, "draft": 1})
        self.assertEqual(len(report["accounts"]), 8, "every state has a number")
        self.assertEqual(report["failures"], {"phone_missing": 1})

    def test_the_age_of_the_account_that_waits_longest(self):
        self.assertEqual(self.get_report()["oldest_due_s"], 0)
        now = fields.Datetime.now()
        for state, minutes in (("queued", -10), ("queued", -2), ("retry", 30)):
            self.make_partners_with_accounts(
                1, state=state, next_attempt_at=now + timedelta(minutes=minutes)
            )
        self.assertAlmostEqual(self.get_report()["oldest_due_s"], 600, delta=60)

    def test_the_pace_that_was_learnt(self):
        self.assertEqual(self.get_report()["pace"]["rate"], 0)
        self.set_pace({Result.REFUSED: 3, Result.ACCEPTED: 7}, learnt=18.0)
        pace = self.get_report()["pace"]
        self.assertEqual(pace["rate"], 18)
        self.assertEqual(pace["requests"], {"accepted": 7, "refused": 3, "failed": 0})

    def test_an_interruption_says_since_when(self):
        self.assertEqual(self.get_report()["interrupted_since"], "")
        self.system._interrupt(Finding("unreachable"))
        since = self.system.trouble_since.isoformat()
        self.assertEqual(self.get_report()["interrupted_since"], since)

    def test_the_same_for_prometheus(self):
        self.make_partners_with_accounts(1, state="failed", error_code="phone_missing")
        self.system.name = 'Panda "EU"'
        response = self.ask(self.user, "/panda/metrics")
        self.assertEqual(response.headers["Content-Type"], CONTENT_TYPE)
        name = 'system="Panda \\"EU\\""'
        self.assertIn(f"panda_up{{{name}}} 1\n", response.text)
        failed = f'panda_failures{{{name},code="phone_missing"}} 1\n'
        self.assertIn(failed, response.text)
        self.system._interrupt(Finding("unreachable"))
        response = self.ask(self.user, "/panda/metrics")
        self.assertEqual(response.status_code, 200, "Prometheus reads nothing else")
        self.assertIn(f"panda_up{{{name}}} 0\n", response.text)

    @mute_logger("odoo.http")
    def test_who_may_ask(self):
        employee = new_test_user(self.env, "some-employee", groups="base.group_user")
        for route in ("/panda/health", "/panda/metrics"):
            for user, status in ((None, 401), (employee, 403)):
                response = self.ask(user, route)
                self.assertEqual(response.status_code, status)
                self.assertNotIn(self.system.name, response.text)

    def test_systems_of_other_companies_are_not_told(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.make_system("Theirs", company_id=other.id)
        self.assertEqual(self.get_problem(), "")
