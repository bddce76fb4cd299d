from odoo import Command
from odoo.tests import tagged

from odoo.addons.panda_provisioning.tests.common import PandaCase

SERVICE = "odoo.addons.panda_provisioning.models.panda_service"


@tagged("-at_install", "post_install")
class TestStateIsSetTo(PandaCase):
    """*State is set to* runs once each time that an account settles."""

    def make_rule(self, outcome, expression="record.state"):
        """Have ``expression`` written on the contact of what settles as ``outcome``."""
        code = f"record.partner_id.write({{'ref': {expression}}})"
        model = self.env["ir.model"]._get("panda.account")
        rule = {"name": f"An account is {outcome}", "model_id": model.id}
        return self.env["base.automation"].create(
            {
                **rule,
                "trigger": "on_state_set",
                "trg_selection_field_id": self.get_choice(outcome).id,
                "action_server_ids": [
                    Command.create({**rule, "state": "code", "code": code})
                ],
            }
        )

    def get_choice(self, outcome):
        return self.env["ir.model.fields.selection"].search(
            [
                ("field_id.model", "=", "panda.account"),
                ("field_id.name", "=", "outcome"),
                ("value", "=", outcome),
            ]
        )

    def test_the_form_offers_how_accounts_settle(self):
        rule = self.make_rule("failed")
        self.assertEqual(rule.trigger_field_ids.name, "outcome")
        self.assertEqual(rule.filter_domain, "[('outcome', '=', 'failed')]")
        choices = rule.trigger_field_ids.selection_ids.mapped("value")
        self.assertEqual(choices, ["synced", "failed"])

    def test_other_models_keep_their_state(self):
        rule = self.env["base.automation"].new(
            {
                "model_id": self.env["ir.model"]._get("panda.system").id,
                "trigger": "on_state_set",
            }
        )
        self.assertEqual(rule.trigger_field_ids.model_id.model, "panda.system")
        self.assertEqual(rule.trigger_field_ids.name, "state")

    def test_the_cron_starts_the_rules_of_what_came_out(self):
        self.make_rule("synced")
        self.make_rule("failed", "record.error_code")
        good = self.make_account(self.make_partner("Good Test"))
        bad = self.make_account(self.make_partner("Bad Test", phone=False))
        self.synchronize_by_cron(good + bad)
        self.assertEqual(good.partner_id.ref, "synced")
        self.assertEqual(bad.partner_id.ref, "phone_missing")

    def test_the_button_starts_them_too(self):
        self.make_rule("synced")
        account = self.make_account()
        self.synchronize(account)
        self.assertEqual(account.partner_id.ref, "synced")

    def test_each_synchronization_starts_them_once(self):
        self.make_rule("synced", "(record.partner_id.ref or '') + '+'")
        account = self.make_synced_account()
        self.run_cron()
        self.assertEqual(account.partner_id.ref, "+")
        account.partner_id.phone = "+32 470 65 43 21"
        self.assertFalse(account.outcome, "empty until it has ended")
        self.run_cron()
        self.assertEqual(account.partner_id.ref, "++")

    def test_mark_as_done_elsewhere_starts_them(self):
        self.make_rule("synced")
        account = self.make_account()
        self.env["panda.mark.done"].create(
            {"account_id": account.id, "reason": "By phone"}
        ).action_confirm()
        self.assertEqual(account.partner_id.ref, "synced")

    def test_a_rule_that_raises_stops_nothing_else(self):
        self.make_rule("synced", "record['no such field']")
        self.make_rule("failed")
        broken = self.make_account(self.make_partner("Good Test"))
        bad = self.make_account(self.make_partner("Bad Test", phone=False))
        with self.assertLogs(SERVICE, "ERROR"):
            self.synchronize_by_cron(broken + bad)
        self.assertEqual(broken.state, "synced")
        self.assertEqual(broken.last_notified, "synced")
        self.assertTrue(broken.notification_error)
        self.assertFalse(broken.outcome)
        self.assertEqual(bad.partner_id.ref, "failed")
