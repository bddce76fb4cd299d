import secrets

from odoo.tests import tagged

from ..core.validation import find_problems
from ..engine.queue import Queue, look_at
from .bulk_common import BulkCase


@tagged("post_install", "-at_install")
class TestValidationEverywhere(BulkCase):
    """The form, the preview and the engine see the same problems of an account."""

    def setUp(self):
        super().setUp()
        self.colleague = self.make_partner("Cleo Colleague")
        self.partner = self.make_partner("Ada Lovelace")
        self.account = self.make_account(self.partner).sudo()

    def see(self):
        """Return the codes that form, engine and preview find, in this order."""
        self.env.flush_all()
        form = [p.code for p in self.account._get_problems(reseller_first=True)]
        root_id = self.system.root_account_id
        [claim] = look_at(self.env, self.system.id, root_id, self.account.ids)
        engine = [p.code for p in find_problems(claim.snapshot)]
        # The system is that of the first contact.
        _preview, rows = self.preview(self.colleague + self.partner)
        row = rows[self.partner]
        return form, engine, [row.heading] if row.outcome == "problem" else []

    def check(self, *codes):
        for codes_seen in self.see():
            self.assertEqual(codes_seen[:1], list(codes))

    def test_nothing_is_wrong(self):
        self.check()

    def test_archived_contact(self):
        self.partner.active = False
        self.check("partner_archived")

    def test_contact_of_another_company(self):
        company = self.env["res.company"].create({"name": "Elsewhere"})
        self.user.company_ids += company
        self.partner.company_id = company
        self.check("other_company")

    def test_user_with_customers(self):
        customer = self.make_partner("Carl Customer", panda_reseller_id=self.partner.id)
        self.check("has_customers")
        customer.active = False
        self.check()

    def test_user_with_accounts_below_it(self):
        customer = self.make_account(self.make_partner("Carl Customer")).sudo()
        self.env.cr.execute(
            "UPDATE panda_account SET parent_id = %s WHERE id = %s",
            [self.account.id, customer.id],
        )
        customer.invalidate_recordset()
        self.check("has_customers")

    def test_missing_email(self):
        self.partner.email = False
        self.check("email_missing")

    def test_texts_that_no_index_takes(self):
        """They are stored, and refused in words."""
        long = secrets.token_hex(5000)
        self.partner.email = f"{long}@example.com"
        self.check("email_invalid")
        self.partner.email = "ada@example.com"
        self.account.username = long
        self.check("username_invalid")

    def test_email_of_an_older_account(self):
        older, self.account = (
            self.account,
            self.make_account(
                self.make_partner("Bob Younger", email="bob@example.com")
            ).sudo(),
        )
        self.partner = self.account.partner_id
        older.write({"state": "queued"})
        self.partner.email = older.email.upper()
        form, _engine, preview = self.see()
        self.assertEqual((form, preview), (["email_used"], ["email_used"]))
        # The engine looks the owners up for all that it claims at once.
        self.account.write({"state": "queued", "next_attempt_at": "2020-01-01"})
        self.env.flush_all()
        queue = Queue(self.env, self.system._get_run_settings(), self.account.ids)
        [claim] = queue.claim(1)
        self.assertEqual(
            [p.code for p in find_problems(claim.snapshot)], ["email_used"]
        )
