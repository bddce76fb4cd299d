from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .common import PandaCase


@tagged("post_install", "-at_install")
class TestRemedies(PandaCase):
    """No state without a way forward, and nothing is said that is not so."""

    def test_account_deleted_in_panda_is_created_anew(self):
        account = self.make_synced_account()
        self.sandbox.control("DELETE", f"accounts/{account.remote_id}")
        account.partner_id.name = "Ada King"
        self.run_cron()
        self.assertEqual(account.state, "failed")
        self.assertIn("Forget Panda Account", account.error_message)
        with self.assertRaises(AccessError):
            account.with_user(self.user).action_forget_remote()
        account.with_user(self.manager).action_forget_remote()
        self.run_cron()
        self.assertEqual(account.state, "synced", account.error_message)
        self.assertEqual([t["name"] for t in self.tenants()], ["Ada King"])

    def test_account_that_panda_knows_is_not_forgotten(self):
        account = self.make_synced_account()
        with self.assertRaisesRegex(UserError, "Odoo knows, .* exists in"):
            account.with_user(self.manager).action_forget_remote()
        self.assertTrue(account.remote_id)

    def test_undone_edit_is_told_too(self):
        """Whatever was sent in between."""
        account = self.make_synced_account()
        partner = account.partner_id
        self.fault("transaction_failed", method="PATCH", message="No.", times=1)
        partner.name = "Ada King"
        self.run_cron()
        self.assertEqual(
            (account.state, self.tenants()[0]["name"]), ("failed", "Ada King")
        )
        self.assertIn("refuses the change", account.error_message)
        partner.name = "Ada Lovelace"
        self.run_cron()
        self.assertEqual(account.state, "synced", account.error_message)
        self.assertEqual(self.tenants()[0]["name"], "Ada Lovelace")

    def test_options_are_fixed_while_they_are_sent(self):
        account = self.make_account()
        account.write({"state": "running", "run_token": "of a run"})
        with self.assertRaisesRegex(UserError, "is being sent"):
            account.with_user(self.user).role = "reseller"

    def test_reseller_left_out_is_asked_about(self):
        """Nobody becomes a direct customer by oversight."""
        reseller = self.make_synced_account("Rita Reseller", role="reseller")
        account = self.make_account(self.make_partner("Carl Customer"))
        account.partner_id.panda_reseller_id = reseller.partner_id
        self.synchronize_by_cron(account)
        self.assertEqual(
            (account.state, account.error_code), ("failed", "parent_missing")
        )
        account.with_user(self.user).parent_id = reseller
        self.run_cron()
        self.assertEqual(account.state, "synced", account.error_message)
        self.assertEqual(self.tenants()[-1]["parentId"], reseller.remote_id)

    def test_contact_person_who_is_deleted_is_replaced(self):
        company = self.make_partner("Bytes Ltd", is_company=True)
        first = self.make_partner("Carl Sagan", parent_id=company.id)
        self.make_partner("Dora Maar", parent_id=company.id)
        account = self.make_account(company, contact_id=first.id)
        self.synchronize_by_cron(account)
        first.unlink()
        self.run_cron()
        operators = self.operators()
        self.assertEqual([each["firstName"] for each in operators], ["Dora"])

    def test_first_name_typed_on_a_synchronised_account_is_sent(self):
        account = self.make_synced_account()
        account.with_user(self.user).first_name = "Augusta"
        self.run_cron()
        self.assertEqual(self.tenants()[0]["firstName"], "Augusta")

    def test_owner_of_an_email_is_not_blocked_by_who_came_later(self):
        owner = self.make_synced_account()
        other = self.make_account(self.make_partner("Eve Other", email=owner.email))
        self.synchronize_by_cron(other)
        self.assertEqual((other.state, other.error_code), ("failed", "email_used"))
        self.assertEqual([p.code for p in owner._get_problems()], [])

    def test_customer_without_parent_waits_no_more(self):
        reseller = self.make_account(
            self.make_partner("Rita Reseller"), role="reseller"
        )
        reseller.partner_id.email = "nonsense"
        customer = self.make_account(
            self.make_partner("Carl Customer"), parent_id=reseller.id
        )
        self.synchronize_by_cron(customer)
        self.assertEqual(customer.state, "waiting")
        self.assertIn("Carl Customer", reseller.partner_id.message_ids[0].body)
        customer.with_user(self.user).parent_id = False
        self.run_cron()
        self.assertEqual(customer.state, "synced")

    def test_each_others_resellers(self):
        one, two = self.make_partner("Rita One"), self.make_partner("Sara Two")
        one.panda_reseller_id = two
        with self.assertRaisesRegex(ValidationError, "each other's"):
            two.panda_reseller_id = one

    def test_user_in_panda_is_nobodys_reseller(self):
        account = self.make_synced_account()
        with self.assertRaisesRegex(ValidationError, "is a User in Panda"):
            self.make_partner("Carl Customer", panda_reseller_id=account.partner_id.id)

    def test_message_says_what_this_press_has_done(self):
        account = self.make_synced_account()
        partner, username = account.partner_id, account.username
        _form, action = self.press(partner)
        self.assertIn("is up to date in Panda", action["params"]["message"])
        self.env.cr.execute("DELETE FROM panda_account WHERE id = %s", [account.id])
        self.env.invalidate_all()
        _form, action = self.press(partner, role="user", username=username)
        self.assertIn("which was in Panda already", action["params"]["message"])
        self.assertEqual(len(self.mails()), 1)

    def test_button_does_not_wait_for_a_slow_activation(self):
        """The cron goes on with it."""
        self.sandbox.control("PATCH", "settings", {"pending_seconds": 60})
        _form, action = self.press(self.make_partner(), role="user", username="ada.lo")
        self.assertEqual(action["params"]["type"], "warning")
        self.assertIn("In Progress", action["params"]["message"])
        [account] = self.env["panda.account"].search([("username", "=", "ada.lo")])
        self.assertEqual((account.state, account.run_token), ("running", False))
        self.assertTrue(account.transaction_id)
