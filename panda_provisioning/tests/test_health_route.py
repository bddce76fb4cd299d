from datetime import timedelta

from odoo import fields
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from ..core.connection_check import Finding
from .common import PandaMixin


@tagged("post_install", "-at_install")
class TestHealthRoute(PandaMixin, HttpCase):
    """A program that watches over Odoo sees how the systems stand."""

    def ask(self, user=None):
        headers = {}
        if user:
            keys = self.env["res.users.apikeys"].with_user(user).sudo()
            tomorrow = fields.Datetime.now() + timedelta(days=1)
            key = keys._generate("rpc", "of a test", tomorrow)
            headers = {"Authorization": f"bearer {key}"}
        return self.url_open("/panda/health", headers=headers)

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

    @mute_logger("odoo.http")
    def test_who_may_ask(self):
        employee = new_test_user(self.env, "some-employee", groups="base.group_user")
        for user, status in ((None, 401), (employee, 403)):
            response = self.ask(user)
            self.assertEqual(response.status_code, status)
            self.assertNotIn(self.system.name, response.text)

    def test_systems_of_other_companies_are_not_told(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.make_system("Theirs", company_id=other.id)
        self.assertEqual(self.get_problem(), "")
