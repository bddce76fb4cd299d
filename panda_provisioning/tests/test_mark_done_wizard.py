from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from ..panda_api.client import RESELLER_TYPE
from .common import PandaCase

REASON = "Ann did it in WatchGuard Cloud"


@tagged("post_install", "-at_install")
class TestMarkDone(PandaCase):
    """What a person has done by hand, with a reason."""

    def failed(self, name="Ada Lovelace", code="phone_missing", **values):
        """Return an account that has failed and whose contact has no phone number."""
        partner = self.make_partner(name, phone=False)
        return self.make_failed_account(code, partner, **values)

    def mark(self, account, user=None, **values):
        """Press *Mark as Done Elsewhere*, fill in and confirm."""
        with self.committing(user) as env:
            action = account.with_env(env).action_mark_done()
            wizard = env[action["res_model"]].with_context(**action["context"])
            wizard.create({"reason": REASON, **values}).action_confirm()
        self.env.invalidate_all()

    def test_customer_without_id(self):
        """Synchronized, with a note; nobody is asked for anything any more."""
        account = self.failed()
        self.assertTrue(account.partner_id.activity_ids)
        account.create_anyway = True
        self.mark(account)
        self.assertEqual((account.state, account.done_elsewhere), ("synced", REASON))
        self.assertFalse(account.create_anyway)
        self.assertIn(REASON, account.explanation)
        self.assertIn(REASON, account.timeline[0]["text"])
        self.assertIn(REASON, account.partner_id.message_ids[0].body)
        self.assertEqual(
            account.partner_id.message_ids[0].author_id, self.user.partner_id
        )
        self.assertFalse(account.partner_id.activity_ids)
        self.assertEqual(self.count_requests(), 0)

    def test_without_id_it_is_handled_elsewhere(self):
        """By edits, the reconciliation and what runs without anybody's asking."""
        account = self.failed()
        self.mark(account)
        account.partner_id.write({"name": "Ada King", "phone": "+32 470 12 34 56"})
        account.with_user(self.user).first_name = "Augusta"
        account.last_sync_at = "2020-01-01"
        self.run_cron("ir_cron_reconcile")
        self.run_cron()
        account.partner_id.with_user(self.user).action_panda_synchronize()
        self.run_cron()
        self.assertEqual((account.state, self.count_requests()), ("synced", 0))

    def test_until_somebody_synchronizes_it_again(self):
        for press in ("action_synchronize", "action_retry"):
            with self.subTest(press):
                account = self.failed(f"{press.title()} Person")
                account.partner_id.phone = "+32 470 12 34 56"
                self.env["panda.account"].browse(account.id).state = "failed"
                self.mark(account)
                getattr(account.with_user(self.user), press)()
                self.run_cron()
                self.assertEqual(account.state, "synced", account.error_message)
                self.assertTrue(account.remote_id)
                self.assertFalse(account.done_elsewhere)

    def test_save_and_synchronize_takes_it_up(self):
        account = self.failed()
        self.mark(account)
        account.partner_id.phone = "+32 470 12 34 56"
        self.press(account.partner_id, role="user", username="ada.lovelace")
        self.assertTrue(account.remote_id)
        self.assertEqual(len(self.tenants()), 1)

    def test_with_id_changes_are_sent(self):
        account = self.failed()
        remote_id = self.make_tenant("Ada Lovelace", "ada@example.com")
        self.make_operator(remote_id, account.username, "ada@example.com")
        self.mark(account, remote_id=f" {remote_id} ")
        self.assertEqual((account.remote_id, account.state), (remote_id, "synced"))
        account.partner_id.write({"name": "Ada King", "phone": "+32 470 12 34 56"})
        self.run_cron()
        self.assertEqual(account.state, "synced", account.error_message)
        self.assertEqual([t["name"] for t in self.tenants()], ["Ada King"])

    def test_with_id_it_must_be_known_who_signs_in(self):
        """Odoo sends changes then, of the operator too."""
        for name in ("role", "username"):
            with self.subTest(name):
                account = self.failed(
                    f"{name.title()} Person", f"{name}_missing", **{name: False}
                )
                with self.assertRaisesRegex(UserError, "in Sync Options first"):
                    self.mark(account, remote_id="WGC-1-0")
                self.mark(account)
                self.assertEqual(account.state, "synced")

    def test_reseller_needs_an_id_and_wakes_his_customers(self):
        reseller = self.failed("Rita Reseller", role="reseller")
        customer = self.make_account(
            self.make_partner("Carl Customer"), parent_id=reseller.id
        )
        self.synchronize_by_cron(customer)
        self.assertEqual(customer.state, "waiting")
        with self.assertRaisesRegex(UserError, "Panda ID of the reseller"):
            self.mark(reseller)
        remote_id = self.make_tenant("Rita Reseller", "rita@example.com", 1)
        self.mark(reseller, remote_id=remote_id)
        self.run_cron()
        self.assertEqual(customer.state, "synced", customer.error_message)
        self.assertEqual(self.tenants()[-1]["parentId"], remote_id)

    def test_id_of_another_contact_is_refused(self):
        other = self.make_account(remote_id="WGC-1-taken", state="synced")
        account = self.failed("Olga Other", username="olga.other")
        with self.assertRaisesRegex(UserError, "another contact"):
            self.mark(account, remote_id=other.remote_id)

    def test_only_an_account_that_may_be_this_one_is_accepted(self):
        """Else the next edit would rename it in Panda, our own root for example."""
        reseller = self.make_tenant("Rita", "rita@example.com", RESELLER_TYPE)
        elsewhere = self.make_tenant("Ada", "a@example.com", parent_id=reseller)
        taken = self.make_tenant("Olga Other", "olga@example.com")
        self.make_account(
            self.make_partner("Olga Other"), remote_id=taken, state="synced"
        )
        account = self.failed()
        root = self.system.root_account_id
        for remote_id in (
            *(root, root.lower(), f"{root}/children", "..", ".", "%2e%2e", "x" * 100),
            *(reseller, elsewhere, taken, "WGC-1-00000000000000000000"),
            "WGC-1-1\x1b[2J",
        ):
            with self.subTest(remote_id), self.assertRaises(UserError):
                self.mark(account, remote_id=remote_id)
            self.assertEqual((account.state, account.remote_id), ("failed", False))
        account.partner_id.write({"name": "Ada King", "phone": "+32 470 12 34 56"})
        self.assertEqual(
            {tenant["name"] for tenant in self.tenants()}, {"Rita", "Ada", "Olga Other"}
        )
        self.assertEqual(self.count_requests("method=PATCH"), 0)

    def test_customer_of_a_reseller_must_be_below_it(self):
        reseller = self.make_synced_account("Rita Reseller", role="reseller")
        account = self.failed(parent_id=reseller.id)
        beside = self.make_tenant("Ada Lovelace", "ada@example.com")
        below = self.make_tenant(
            "Ada Lovelace", "ada@example.com", parent_id=reseller.remote_id
        )
        for remote_id in (beside, reseller.remote_id):
            with self.subTest(remote_id), self.assertRaises(UserError):
                self.mark(account, remote_id=remote_id)
        self.mark(account, remote_id=below)
        self.assertEqual((account.state, account.remote_id), ("synced", below))

    def test_below_a_reseller_that_is_not_in_panda_there_is_nothing(self):
        reseller = self.make_account(
            self.make_partner("Rita Reseller"), role="reseller"
        )
        account = self.make_account(parent_id=reseller.id)
        remote_id = self.make_tenant("Ada Lovelace", "ada@example.com")
        with self.assertRaisesRegex(UserError, "Rita Reseller is not in Panda yet"):
            self.mark(account, remote_id=remote_id)

    def test_without_panda_no_id_is_accepted(self):
        """What cannot be looked up is not believed; without an ID it is."""
        account = self.failed()
        remote_id = self.make_tenant("Ada Lovelace", "ada@example.com")
        self.fault("server_error", method="GET", path="*/accounts/*")
        with self.assertRaisesRegex(UserError, "is not accepted: .*error of its own"):
            self.mark(account, remote_id=remote_id)
        self.clear_faults()
        self.system.state = "disabled"
        with self.assertRaisesRegex(UserError, "is not accepted: .*disabled"):
            self.mark(account, remote_id=remote_id)
        self.assertEqual((account.state, account.remote_id), ("failed", False))
        self.mark(account)
        self.assertEqual(account.state, "synced")

    def test_nothing_to_mark(self):
        account = self.make_account(remote_id="WGC-1-taken", state="synced")
        with self.assertRaisesRegex(UserError, "nothing to mark"):
            self.mark(account)

    def test_who_may(self):
        account = self.failed()
        stranger = new_test_user(self.env, "stranger", groups="base.group_user")
        with self.assertRaises(AccessError):
            self.mark(account, user=stranger)
        with self.assertRaises(AccessError):
            account.with_user(self.user).done_elsewhere = REASON
