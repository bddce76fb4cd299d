from odoo.exceptions import UserError, ValidationError
from odoo.modules.neutralize import neutralize_database
from odoo.tests import tagged

from .common import PandaCase


@tagged("post_install", "-at_install")
class TestNeutralize(PandaCase):
    """A copy of a database never calls the real Panda."""

    def neutralize(self):
        """Do what ``odoo neutralize`` does."""
        self.env.flush_all()
        neutralize_database(self.cr)
        self.env.invalidate_all()

    def assert_silent(self, account):
        """Whatever is tried, nothing is sent."""
        before = self.count_requests()
        form, action = self.press(account.partner_id)
        self.assertTrue(form.general_problem)
        self.assertEqual(action["res_id"], form.id)
        account.action_synchronize()
        self.synchronize(account)
        self.make_due(account)
        triggers = self.env["ir.cron.trigger"].search([])
        self.run_cron()
        self.run_cron("ir_cron_reconcile")
        new_triggers = self.env["ir.cron.trigger"].search([]) - triggers
        self.assertFalse(new_triggers, "the cron would call itself for ever")
        self.assertEqual(self.count_requests(), before)
        self.assertEqual(account.state, "queued")
        return form.general_problem

    def assert_no_connection(self, reason):
        """*Test Connection* refuses with ``reason`` and sends nothing."""
        before = self.count_requests()
        with (
            self.committing(self.manager) as env,
            self.assertRaisesRegex(UserError, reason),
        ):
            self.system.with_env(env).action_test_connection()
        self.assertEqual(self.count_requests(), before)

    def test_credentials_are_gone(self):
        """Every system is disabled and knows no secret any more, archived ones too."""
        secrets = self.get_connection_values()
        archived = self.system.copy({"active": False, "access_id": "archived"})
        archived.write({"access_password": "secret", "api_key": "secret"})
        self.neutralize()
        for system in self.system | archived:
            self.assertEqual(system.state, "disabled")
            self.assertFalse(system.access_id)
            self.assertEqual(system._read_secrets(), {})
            self.assertFalse(system.has_access_password)
            self.assertFalse(system.has_api_key)
        self.cr.execute("SELECT * FROM panda_system")
        rows = str(self.cr.fetchall())
        self.assertIn("Panda Antivirus", rows)
        self.cr.execute("SELECT count(*) FROM panda_system_secret")
        self.assertEqual(self.cr.fetchall(), [(0,)])
        for secret in ("secret", secrets["access_password"], secrets["api_key"]):
            self.assertNotIn(secret, rows)

    def test_neutralized_sends_nothing(self):
        """Neither a button nor the crons call Panda."""
        account = self.make_account()
        self.neutralize()
        self.env["ir.cron"].search([]).active = True
        self.assertIn("is disabled", self.assert_silent(account))
        self.assert_no_connection("Fill in: Access ID, Access Password")

    def test_switching_on_asks_for_credentials(self):
        """Who switches a neutralized system on must fill it in anew."""
        self.neutralize()
        with self.assertRaisesRegex(ValidationError, "Access ID, Access Password, API"):
            self.system.state = "test"

    def test_copied_database(self):
        """A copy that nobody neutralized has another uuid and is cut off too."""
        account = self.make_account()
        self.env["ir.config_parameter"].set_param("database.uuid", "a-copy")
        self.assertIn("This database is a copy", self.assert_silent(account))
        self.assert_no_connection("This database is a copy")

    def test_copy_that_is_meant(self):
        """After a restore on a new server somebody says that this is the one now."""
        account = self.make_account()
        self.env["ir.config_parameter"].set_param("database.uuid", "a-copy")
        self.system.state = "disabled"
        self.system.state = "test"
        self.press(account.partner_id)
        self.assertEqual(account.state, "synced", account.error_message)
