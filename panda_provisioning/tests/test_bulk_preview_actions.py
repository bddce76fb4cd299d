import xmlrpc.client

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from ..models import panda_service
from .bulk_common import BulkCase


@tagged("post_install", "-at_install")
class TestBulkPreviewActions(BulkCase):
    """What is wrong is mended in the preview, and what is right is queued."""

    def reread(self, preview, partner):
        """Return the row of ``partner`` as a reload of the list shows it."""
        _preview, rows = self.read_preview(preview.env.context)
        return rows[partner]

    # === NOTHING IS WRITTEN === #

    def test_nothing_is_written(self):
        """PostgreSQL itself refuses writes while the preview is made and read, and
        Panda gets nothing but questions."""
        partners = self.make_partner() + self.make_partner("Nomail", email=False)
        reseller = self.make_partner("Rita Reseller")
        partners += self.make_customers(reseller, "Carl Customer")
        self.plant(partners[0])
        sent = self.count_requests("method=POST&path=/rest/*")
        asked = self.count_requests("method=GET&path=/rest/*")
        self.cr.flush()
        self.cr.execute("SET TRANSACTION READ ONLY")
        preview, rows = self.preview(partners)
        self.assertEqual(len(rows), 4)
        preview.web_read_group([], ["heading"])
        preview.web_search_read([], {"name": {}, "remark": {}})
        preview.get_totals()
        self.assertEqual(self.count_requests("method=POST&path=/rest/*"), sent)
        self.assertEqual(self.count_requests("method=PATCH"), 0)
        self.assertEqual(self.count_requests("method=DELETE"), 0)
        self.assertGreater(self.count_requests("method=GET&path=/rest/*"), asked)
        self.cr.execute("SHOW transaction_read_only")
        self.assertEqual(self.cr.fetchone(), ("on",), "the test would not notice")

    # === MEND === #

    def test_mend_contact(self):
        """What belongs to the contact is written there, with the user's rights."""
        partner = self.make_partner(email=False, phone=False)
        preview, rows = self.preview(partner)
        self.assertIn("no e-mail address", rows[partner].remark)
        self.assertIn("no phone number", rows[partner].remark)
        rows[partner].write({"email": "ada@example.com"})
        self.assertEqual(partner.email, "ada@example.com")
        self.assertEqual(self.reread(preview, partner).heading, "phone_missing")
        rows[partner].write({"phone": "+32 470 12 34 56"})
        self.assertEqual(self.reread(preview, partner).outcome, "create")
        self.assertFalse(partner.panda_account_ids, "no option was chosen")

    def test_mend_many(self):
        """The same change for several contacts at once."""
        partners = self.make_partner() + self.make_partner("Bob Babbage")
        reseller = self.make_partner("Rita Reseller")
        preview, rows = self.preview(partners)
        preview.browse(partners.ids).write({"panda_reseller_id": reseller.id})
        self.assertEqual(partners.panda_reseller_id, reseller)
        _preview, rows = self.read_preview(preview.env.context)
        for partner in partners:
            self.assertEqual(rows[partner].outcome, "waiting")
            self.assertIn("Rita Reseller", rows[partner].remark)
        self.assertIn(reseller, rows, "he is needed, so he is shown")

    def test_choose_options(self):
        """Role, username and names are kept on an account that is not sent yet."""
        partner = self.make_company("Engines")
        preview, rows = self.preview(partner)
        self.assertEqual(rows[partner].heading, "first_name_missing")
        rows[partner].write({"first_name": "Ada", "last_name": "Lovelace"})
        rows[partner].write({"role": "reseller", "username": "the.engines"})
        row = self.reread(preview, partner)
        self.assertEqual((row.outcome, row.role), ("create", "reseller"))
        account = self.get_account(partner)
        self.assertEqual((account.state, account.username), ("draft", "the.engines"))
        self.queue(preview)
        self.assertEqual((account.state, account.role), ("synced", "reseller"))
        self.assertEqual([m["username"] for m in self.mails()], ["the.engines"])

    def test_namesake(self):
        """An account of the same name that belongs to somebody else is no obstacle to
        who says so."""
        partner = self.make_partner()
        self.plant(partner, email="another.ada@example.com")
        preview, rows = self.preview(partner)
        self.assertEqual(rows[partner].heading, "name_exists")
        rows[partner].write({"create_anyway": True})
        self.assertEqual(self.reread(preview, partner).outcome, "create")
        self.queue(preview)
        self.assertEqual(partner.panda_sync_status, "synced")
        self.assertEqual(len(self.tenants()), 2)

    def test_mend_refusal(self):
        """What Panda has refused stands until it is mended here, which sends it."""
        other = self.make_tenant("Other", "other@example.com")
        self.make_operator(other, "taken.name", "other@example.com")
        account = self.make_account(username="taken.name")
        self.synchronize(account)
        partner = account.partner_id
        preview, rows = self.preview(partner)
        self.assertEqual(rows[partner].heading, "username_taken")
        rows[partner].write({"username": "free.name"})
        self.assertNotEqual(self.reread(preview, partner).outcome, "problem")
        self.queue(preview)
        self.assertEqual((account.state, account.username), ("synced", "free.name"))

    def test_change_reseller_of_draft(self):
        """Another reseller on the contact is another Parent Account."""
        old, new = self.make_partner("Otto Old"), self.make_partner("Nora New")
        [customer] = self.make_customers(old, "Carl Customer")
        customer._get_or_create_panda_account(self.system)
        preview, rows = self.preview(customer)
        rows[customer].write({"panda_reseller_id": new.id})
        self.queue(preview)
        account = self.get_account(customer)
        self.assertEqual((account.state, account.parent_id.partner_id), ("synced", new))

    def test_usernames_are_unique(self):
        """Proposals do not collide, neither with each other nor with others."""
        self.make_account(self.make_partner("Olga Other"), username="namesake")
        people = self.env["res.partner"].union(
            *(
                self.make_partner(f"Person {letter}", email=f"namesake@{letter}.com")
                for letter in "abc"
            )
        )
        _preview, rows = self.preview(people)
        self.assertEqual(
            [rows[partner].username for partner in people],
            ["namesake2", "namesake3", "namesake4"],
        )

    def test_name_not_asked_about(self):
        """A name that Panda was not asked about is said to be so, until it is."""
        partner = self.make_partner()
        preview, rows = self.preview(partner)
        self.assertNotIn("Check Again", rows[partner].remark or "")
        rows[partner].write({"name": "Augusta King"})
        self.assertIn("Check Again", self.reread(preview, partner).remark)
        self.plant(partner)
        _preview, rows = self.preview(partner)
        self.assertEqual(rows[partner].outcome, "link")

    # === QUEUE === #

    def test_queue_some(self):
        """Only who was selected is queued, and the reseller whom he needs."""
        reseller, other = self.make_partner("Rita Reseller"), self.make_partner()
        [customer] = self.make_customers(reseller, "Carl Customer")
        preview, rows = self.preview(reseller + other + customer)
        self.queue(preview, [rows[customer]])
        self.assertEqual(customer.panda_sync_status, "synced")
        self.assertEqual(reseller.panda_sync_status, "synced")
        self.assertFalse(other.panda_account_ids)

    def test_problems_do_not_hinder(self):
        """What is wrong stays where it is, the rest is queued."""
        good, bad = self.make_partner(), self.make_partner("Nomail", email=False)
        customers = self.make_customers(bad, "Carl Customer")
        preview, rows = self.preview(good + bad + customers)
        self.assertEqual(rows[customers].heading, "reseller_problem")
        self.queue(preview)
        self.assertEqual(good.panda_sync_status, "synced")
        self.assertFalse((bad + customers).panda_account_ids)
        with self.assertRaisesRegex(UserError, "nothing to send"):
            preview.browse(bad.id).action_queue()

    def test_customer_of_a_reseller_that_has_failed(self):
        """Nothing is sent for it before its reseller is corrected."""
        reseller = self.make_partner("Rita Reseller")
        [customer] = self.make_customers(reseller, "Carl Customer")
        account = self.make_account(reseller, role="reseller")
        account.sudo().write({"state": "failed", "error_code": "rejected"})
        _preview, rows = self.preview(customer)
        self.assertEqual(rows[customer].heading, "reseller_failed")
        self.assertIn("Rita Reseller has failed", rows[customer].remark)

    def test_queue_leads_to_the_accounts(self):
        partner = self.make_partner()
        preview, _rows = self.preview(partner)
        action = preview.action_queue()["params"]["next"]
        self.assertEqual(action["res_model"], "panda.account")
        found = self.env["panda.account"].search(action["domain"])
        self.assertEqual(found.partner_id, partner)

    # === WHO AND WHERE === #

    def test_other_company(self):
        """Contacts of another company are shown as problems."""
        company = self.env["res.company"].create({"name": "Elsewhere"})
        self.user.company_ids += company
        partner = self.make_partner()
        foreign = self.make_partner("Fay Foreign", company_id=company.id)
        _preview, rows = self.preview(partner + foreign)
        self.assertEqual(rows[foreign].heading, "other_company")
        self.assertEqual(rows[partner].outcome, "create")

    def test_hidden_reseller(self):
        """A reseller whom one may not see hinders his own customers only."""
        company = self.env["res.company"].create({"name": "Elsewhere"})
        reseller = self.make_partner("Rita Reseller", company_id=company.id)
        [customer] = self.make_customers(reseller, "Carl Customer")
        partner = self.make_partner()
        self.env.invalidate_all()
        _preview, rows = self.preview(partner + customer)
        self.assertEqual(rows.keys(), {partner, customer})
        self.assertEqual(rows[customer].heading, "reseller_hidden")
        self.assertIn("may not see the reseller", rows[customer].remark)
        self.assertEqual(rows[partner].outcome, "create")

    def test_nobody_chosen(self):
        """As in a tab that was opened by its address."""
        preview = self.env["panda.preview"].with_user(self.user)
        self.assertFalse(preview.search([]))
        for method in (preview.get_totals, preview.action_queue):
            with self.assertRaisesRegex(UserError, "Select contacts"):
                method()

    def test_over_rpc(self):
        """Other programs get plain values."""
        preview, _rows = self.preview(self.make_partner())
        told = (preview.env.context["panda_totals"], preview.get_totals())
        for totals in told:
            self.assertEqual(totals["outcomes"], {"create": 1})
        received, _method = xmlrpc.client.loads(xmlrpc.client.dumps(told))
        self.assertEqual(received, told)

    def test_accounts_of_two_systems(self):
        other = self.system.copy({"name": "Second"})
        accounts = self.make_account() + self.make_account(
            self.make_partner("Bob Babbage"), system_id=other.id
        )
        with self.assertRaisesRegex(UserError, "one system only"):
            accounts.action_preview()

    def test_persons_stand_for_their_company(self):
        company = self.make_company("Engines", "Ada Love", "Bob Bab")
        _preview, rows = self.preview(company + company.child_ids)
        self.assertEqual(list(rows), [company])

    def test_panda_is_out_of_reach(self):
        """The preview says so and shows what is known without Panda."""
        self.connect_to("http://127.0.0.1:9")
        partner, bad = self.make_partner(), self.make_partner("Nomail", email=False)
        preview, rows = self.preview(partner + bad)
        self.assertIn("cannot be reached", preview.get_totals()["trouble"])
        self.assertEqual(rows[bad].heading, "email_missing")
        self.assertEqual(rows[partner].outcome, "create")
        self.assertIn("Check Again", rows[partner].remark)

    def test_panda_takes_too_long(self):
        """The preview ends in time and says what to do."""
        self.patch(panda_service, "PREVIEW_SECONDS", 0)
        partner = self.make_partner()
        preview, rows = self.preview(partner)
        self.assertIn("Select fewer", preview.get_totals()["trouble"])
        self.assertIn("not been asked", rows[partner].remark)
        self.assertEqual(self.count_requests(), 0)

    def test_copied_database(self):
        """A copy of the database asks Panda nothing."""
        self.system.sudo().database_stamp = "another database"
        with self.assertRaisesRegex(UserError, "is a copy"):
            self.preview(self.make_partner())
        self.assertEqual(self.count_requests(), 0)

    def test_rights(self):
        """Only users of Panda preview, and nobody mends what he may not write."""
        partner = self.make_partner()
        stranger = new_test_user(self.env, "other", groups="base.group_partner_manager")
        with self.assertRaises(AccessError):
            self.preview(partner, user=stranger)
        reader = new_test_user(
            self.env, "reader", groups="panda_provisioning.group_panda_user"
        )
        preview, rows = self.preview(partner, user=reader)
        with self.assertRaises(AccessError):
            rows[partner].write({"email": "x@example.com"})
        strange = preview.with_user(stranger).browse(partner.id)
        for forbidden in (
            strange.get_totals,
            strange.action_queue,
            lambda: strange.action_open(partner.ids),
            lambda: strange.write({"email": "x@example.com"}),
            lambda: strange.read(["username"]),
        ):
            with self.assertRaises(AccessError):
                forbidden()
