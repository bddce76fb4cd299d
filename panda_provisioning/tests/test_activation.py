from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import PandaCase


@tagged("post_install", "-at_install")
class TestActivation(PandaCase):
    """When and where the activation e-mail went, and what is known of the operator."""

    def check(self, account):
        """Press *Check Operator* and return the notification."""
        with self.committing() as env:
            action = account.with_env(env).action_check_operator()
        self.env.invalidate_all()
        return action["params"]

    def get_stage(self, account):
        return next(s for s in account.timeline if s["name"] == "activation")

    def test_date_and_address(self):
        account = self.make_synced_account()
        [mail] = self.mails()
        self.assertEqual(account.activation_email, mail["to"])
        age = fields.Datetime.now() - account.activation_sent_at
        self.assertLess(abs(age), timedelta(minutes=1))
        stage = self.get_stage(account)
        self.assertIn(mail["to"], stage["text"])
        self.assertTrue(stage["time"])

    def test_date_stays_when_changes_are_sent(self):
        account = self.make_synced_account()
        self.env.cr.execute(
            "UPDATE panda_account SET activation_sent_at = '2026-01-01'"
        )
        self.env.invalidate_all()
        account.partner_id.name = "Ada King"
        self.run_cron()
        self.assertEqual(account.state, "synced", account.error_message)
        self.assertEqual(self.operators()[0]["lastName"], "King")
        self.assertEqual(str(account.activation_sent_at.date()), "2026-01-01")

    def test_date_is_known_after_a_lost_answer(self):
        """The operator that is found then is the one that was asked for."""
        self.fault("lost_answer", method="POST", path="*/operators", times=1)
        account = self.make_synced_account()
        self.assertEqual(len(self.mails()), 1)
        self.assertTrue(account.activation_sent_at)

    def test_operator_who_was_there_is_not_said_to_be_mailed(self):
        remote_id = self.make_tenant("Ada Lovelace", "ada@example.com")
        self.make_operator(remote_id, "ada.lovelace", "ada@example.com")
        account = self.make_synced_account(username="ada.lovelace")
        self.assertTrue(account.operator_ready)
        self.assertFalse(account.activation_sent_at)
        self.assertIn("no activation e-mail was sent", self.get_stage(account)["text"])

    def test_way_to_have_it_sent_again(self):
        stage = self.get_stage(self.make_synced_account())
        self.assertIn("Operators and Roles", stage["help"])
        self.assertTrue(stage["link"].startswith("https://www.watchguard.com/help"))
        self.assertEqual(stage["buttons"][0]["name"], "action_check_operator")

    def test_check_operator(self):
        account = self.make_synced_account()
        writes = self.count_requests("method=POST&path=/rest/*")
        told = self.check(account)
        self.assertEqual(told["type"], "success")
        self.assertIn("ada@example.com", told["message"])
        self.assertIn("multi-factor authentication is off", told["message"])
        self.assertEqual(self.count_requests("method=POST&path=/rest/*"), writes)
        self.assertEqual(account.log_ids[0].step, "find_operator")

    def test_check_operator_who_is_gone(self):
        account = self.make_synced_account()
        self.env.cr.execute("UPDATE panda_account SET username = 'somebody.else'")
        self.env.invalidate_all()
        told = self.check(account)
        self.assertEqual(told["type"], "warning")
        self.assertIn("It has: ada", told["message"])

    def test_there_is_nobody_to_check_before_the_account_is_in_panda(self):
        with self.assertRaisesRegex(UserError, "no operator to check"):
            self.check(self.make_account())
        self.assertEqual(self.count_requests(), 0)

    def test_forgotten_with_the_account(self):
        account = self.make_synced_account()
        self.assertTrue(account.activation_sent_at)
        self.sandbox.control("DELETE", f"accounts/{account.remote_id}")
        account.partner_id.name = "Ada King"
        self.run_cron()
        account.create_anyway = True
        account.chosen_remote_id = "WGC-1"
        account.with_user(self.manager).action_forget_remote()
        self.assertFalse(account.activation_sent_at)
        self.assertFalse(account.create_anyway or account.chosen_remote_id)
