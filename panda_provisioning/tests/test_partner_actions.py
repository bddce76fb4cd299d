from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged

from .common import PandaCase


@tagged("post_install", "-at_install")
class TestPartnerActions(PandaCase):
    """What else is done with contacts: resellers, bulk, archiving, deleting."""

    def make_synced(self, name="Ada Lovelace", **values):
        """Return a contact that is in Panda."""
        partner = self.make_partner(name, **values)
        username = f"{name.split()[0].lower()}.love"
        self.press(partner, role="user", username=username)
        self.assertEqual(self.get_account(partner).state, "synced")
        return partner

    # === RESELLER === #

    def test_reseller_decides_role_and_parent(self):
        """Naming a reseller makes the one a Reseller and the other his customer."""
        reseller = self.make_partner("Rita Reseller")
        customer = self.make_partner("Carl Customer", panda_reseller_id=reseller.id)
        customer.action_panda_synchronize()
        account = self.get_account(customer)
        self.assertEqual((account.role, account.parent_id.role), ("user", "reseller"))
        self.assertEqual(account.parent_id.partner_id, reseller)
        self.assertEqual(account.state, "waiting")
        self.run_cron()
        self.assertEqual(account.state, "synced", account.error_message)
        self.assertEqual(self.tenants()[-1]["parentId"], account.parent_id.remote_id)

    def test_reseller_is_tracked(self):
        """A change of the reseller is noted on the contact."""
        customer = self.make_partner("Carl Customer")
        self.cr.flush()
        customer.panda_reseller_id = self.make_partner("Rita Reseller")
        self.cr.flush()
        [value] = customer.message_ids.tracking_value_ids
        self.assertEqual(value.new_value_char, "Rita Reseller")

    def test_own_reseller(self):
        """Nobody is his own reseller."""
        partner = self.make_partner()
        with self.assertRaisesRegex(ValidationError, "cannot be its own reseller"):
            partner.panda_reseller_id = partner

    # === OTHER PROGRAMS === #

    def provision(self, partners, *arguments, **options):
        return partners.with_user(self.user).panda_provision(*arguments, **options)

    def test_one_call_provisions_and_answers_for_each_contact(self):
        """Whoever lacks something is told what, and keeps nobody waiting."""
        good, bad = self.make_partner(), self.make_partner("Bob Babbage", phone="")
        with self.committing(self.user) as env:
            [first, second] = (good + bad).with_env(env).panda_provision(wait=True)
        [tenant] = self.tenants()
        self.assertEqual(
            first,
            {
                "id": good.id,
                "state": "synced",
                "panda_id": tenant["accountId"],
                "code": False,
                "field": False,
                "message": False,
            },
        )
        self.assertIn("phone", second.pop("message"))
        self.assertEqual(
            second,
            {
                "id": bad.id,
                "state": "draft",
                "panda_id": False,
                "code": "phone_missing",
                "field": "phone",
            },
        )

    def test_without_waiting_the_contacts_are_queued(self):
        partner = self.make_partner()
        options = {"role": "reseller", "username": "ada.the.first"}
        [answer] = self.provision(partner, options)
        self.assertEqual((answer["state"], self.count_requests()), ("queued", 0))
        self.run_cron()
        [answer] = self.provision(partner)
        self.assertEqual(answer["state"], "synced")
        [tenant] = self.tenants()
        self.assertEqual((tenant["type"], answer["code"]), (1, False))
        self.assertEqual(self.get_account(partner).username, "ada.the.first")

    def test_what_panda_refuses_is_answered_with_its_code(self):
        self.fault("transaction_failed", message="Username already exists.")
        partner = self.make_partner()
        with self.committing(self.user) as env:
            [answer] = partner.with_env(env).panda_provision(wait=True)
        self.assertEqual(
            (answer["state"], answer["code"], answer["field"]),
            ("failed", "username_taken", "username"),
        )
        self.assertTrue(answer["message"] and answer["panda_id"])

    def test_an_option_that_cannot_be_given_is_an_error(self):
        """And not a window to correct it in."""
        both = self.make_partner() + self.make_partner("Bob Babbage")
        cases = ((both, {"username": "one.for.both"}), (both[0], {"state": "synced"}))
        for partners, options in cases:
            with self.assertRaisesRegex(UserError, "options cannot be given"):
                self.provision(partners, options)
        with self.assertRaises(ValueError):
            self.provision(both, {"role": "owner"})
        self.assertFalse(both.panda_account_ids)

    # === BULK === #

    def test_synchronize_many(self):
        """Automation queues a recordset and returns at once."""
        partners = self.make_partner() + self.make_partner("Bob Babbage")
        partners.with_user(self.user).action_panda_synchronize()
        accounts = partners.panda_account_ids
        self.assertEqual(accounts.mapped("state"), ["queued", "queued"])
        self.assertEqual(self.count_requests(), 0)
        self.run_cron()
        self.assertEqual(set(accounts.mapped("state")), {"synced"})
        self.assertEqual(len(self.mails()), 2)

    def test_synchronize_again(self):
        """What is synchronised and unchanged is left alone."""
        partner = self.make_synced()
        before = self.count_requests()
        partner.action_panda_synchronize()
        self.run_cron()
        self.assertEqual(self.get_account(partner).state, "synced")
        self.assertEqual(self.count_requests(), before)

    def test_synchronize_persons(self):
        """Persons stand for their company, which is synchronised once."""
        company = self.make_company("Engines", "Ada Love", "Bob Bab")
        (company + company.child_ids).action_panda_synchronize()
        self.run_cron()
        self.assertEqual([tenant["name"] for tenant in self.tenants()], ["Engines"])

    def test_synchronize_incomplete(self):
        """What is wrong with one contact does not hinder the others."""
        good, bad = self.make_partner(), self.make_partner("Bob Babbage", email=False)
        (bad + good).action_panda_synchronize()
        self.run_cron()
        self.assertEqual(good.panda_sync_status, "synced")
        account = self.get_account(bad)
        self.assertEqual(
            (account.state, account.error_code), ("failed", "email_missing")
        )

    def test_synchronize_without_system(self):
        """Without a system it is said who can set one up."""
        self.system.state = "disabled"
        with self.assertRaisesRegex(UserError, "Panda administrator can set one up"):
            self.make_partner().action_panda_synchronize()

    def test_synchronize_without_group(self):
        """Only users of Panda may start a synchronisation."""
        user = new_test_user(self.env, "other", groups="base.group_partner_manager")
        with self.assertRaises(AccessError):
            self.make_partner().with_user(user).action_panda_synchronize()

    # === ARCHIVE AND DELETE === #

    def test_archive(self):
        """Archiving a contact touches nothing in Panda."""
        partner = self.make_synced()
        before = self.count_requests()
        partner.action_archive()
        self.run_cron()
        self.run_cron("ir_cron_reconcile")
        self.run_cron()
        self.assertEqual(self.get_account(partner).state, "synced")
        self.assertEqual(self.count_requests(), before)
        self.assertEqual(len(self.tenants()), 1)

    def test_delete_in_panda(self):
        """A contact that is in Panda is not deleted, and the way out is named."""
        partner = self.make_synced()
        for user in (self.user, self.manager, self.env.user):
            with self.assertRaisesRegex(UserError, "Archive the contact instead"):
                partner.with_user(user).unlink()
        self.assertTrue(partner.exists())
        with self.assertRaisesRegex(UserError, "Archive the contact instead"):
            self.get_account(partner).with_user(self.manager).unlink()

    def test_delete_maybe_in_panda(self):
        """Nor is one that may be in Panda, for all Odoo knows."""
        partner = self.make_partner()
        self.make_account(partner, state="unknown", marker_at="2026-01-01 00:00:00")
        with self.assertRaisesRegex(UserError, "Archive the contact instead"):
            partner.unlink()

    def test_delete_never_sent(self):
        """Options that were saved and never sent do not hold a contact."""
        partner = self.make_partner()
        account = self.make_account(partner)
        partner.with_user(self.user).unlink()
        self.assertFalse(account.exists())

    # === MERGE === #

    def merge(self, kept, gone):
        """Merge two contacts as the wizard does."""
        wizard = self.env["base.partner.merge.automatic.wizard"].create(
            {
                "partner_ids": [Command.set((kept + gone).ids)],
                "dst_partner_id": kept.id,
            }
        )
        wizard.action_merge()
        self.env.invalidate_all()

    def test_merge_two_accounts(self):
        """Two accounts in Panda cannot become one, so the contacts stay two."""
        ada, bob = self.make_synced(), self.make_synced("Bob Babbage")
        accounts = (ada + bob).panda_account_ids
        self.assertEqual(len(accounts), 2)
        with self.assertRaisesRegex(UserError, "Archive the contact that is not") as no:
            self.merge(ada, bob)
        for account in accounts:
            self.assertIn(account.partner_id.name, str(no.exception))
            self.assertIn(account.remote_id, str(no.exception))
        self.assertEqual((ada + bob).exists(), ada + bob)
        self.assertEqual(accounts.exists(), accounts)

    def test_merge_into_one_that_is_not_in_panda(self):
        """The account follows the contact that stays, with what that one is called."""
        gone, kept = self.make_synced(), self.make_partner("Bob Babbage")
        account = self.get_account(gone)
        remote_id = account.remote_id
        self.merge(kept, gone)
        self.assertFalse(gone.exists())
        self.assertEqual(account.partner_id, kept)
        self.assertEqual(kept.panda_remote_id, remote_id)
        self.run_cron()
        self.assertEqual(account.state, "synced", account.error_message)
        [tenant] = self.tenants()
        self.assertEqual((tenant["accountId"], tenant["name"]), (remote_id, kept.name))

    def test_merge_into_one_that_is_in_panda(self):
        """Options of the other that were never sent are dropped."""
        kept, gone = self.make_synced(), self.make_partner("Bob Babbage")
        draft = self.make_account(gone)
        account = self.get_account(kept)
        self.merge(kept, gone)
        self.assertFalse(draft.exists())
        self.assertEqual(kept.panda_account_ids, account)

    def test_merge_resellers(self):
        """Customers follow their reseller."""
        kept, gone = self.make_partner("Rita Reseller"), self.make_partner("Rita Res")
        customer = self.make_partner("Carl Customer", panda_reseller_id=gone.id)
        self.merge(kept, gone)
        self.assertEqual(customer.panda_reseller_id, kept)
