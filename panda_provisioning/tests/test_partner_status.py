from contextlib import contextmanager

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from ..models.panda_account import STATES
from .common import PandaCase

NAMES = [name for name, _label in STATES]


@tagged("post_install", "-at_install")
class TestPartnerStatus(PandaCase):
    """What a contact shows of its accounts, and how it is found by that."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partners = {
            state: cls.make_partner(f"{state.title()} Lovelace") for state in NAMES
        }
        for state, partner in cls.partners.items():
            if state != "draft":
                cls.make_account(partner, state=state, username=f"{state}.love")
        cls.everybody = cls.env["res.partner"].union(*cls.partners.values())

    def find(self, *leaf, user=None):
        """Return those of :attr:`everybody` who are found by a condition."""
        partners = self.env["res.partner"].with_user(user or self.user)
        return partners.search([("id", "in", self.everybody.ids), leaf]).sudo()

    def test_status(self):
        """Every state of the account is the status of the contact."""
        for state, partner in self.partners.items():
            self.assertEqual(partner.with_user(self.user).panda_sync_status, state)

    def test_search_status(self):
        """Contacts are found by every state, also by those who have no account."""
        for state, partner in self.partners.items():
            with self.subTest(state):
                self.assertEqual(self.find("panda_sync_status", "=", state), partner)
                others = self.everybody - partner
                self.assertEqual(self.find("panda_sync_status", "!=", state), others)
        some = self.partners["synced"] + self.partners["draft"]
        self.assertEqual(
            self.find("panda_sync_status", "in", ["synced", "draft"]), some
        )
        self.assertEqual(
            self.find("panda_sync_status", "not in", ["synced", "draft"]),
            self.everybody - some,
        )

    def test_customers_in_the_portal(self):
        """They read nothing of it on their own contact, and find nothing out by it."""
        customer = new_test_user(self.env, "some-customer", groups="base.group_portal")
        partner = customer.partner_id
        account = self.make_account(partner, state="failed", error_code="rejected")
        self.assertEqual(partner.with_user(self.user).panda_sync_status, "failed")
        own = partner.with_user(customer)
        self.assertFalse(own.read(["panda_sync_status"])[0]["panda_sync_status"])
        leaves = [
            ("panda_sync_status", operator, state)
            for operator in ("=", "!=")
            for state in (*NAMES, False)
        ]
        found = {
            state: [
                bool(own.search([("id", "=", partner.id), leaf])) for leaf in leaves
            ]
            for state in NAMES
            if account.write({"state": state})
        }
        self.assertEqual(len({tuple(answers) for answers in found.values()}), 1)
        account.remote_id = "WGC-1-secret"
        for name in ("panda_status_text", "panda_remote_id", "panda_username"):
            with self.subTest(name):
                with self.assertRaises(AccessError):
                    own.read([name])
                if name == "panda_status_text":
                    continue  # nobody searches for it
                value = partner[name]
                found = own.search([("id", "=", partner.id), (name, "=", value)])
                self.assertFalse(found)
                found = partner.search([("id", "=", partner.id), (name, "=", value)])
                self.assertTrue(found)

    def test_search_set_or_not(self):
        """Not set means the same as not synchronized."""
        draft = self.partners["draft"]
        self.assertEqual(self.find("panda_sync_status", "=", False), draft)
        self.assertEqual(
            self.find("panda_sync_status", "!=", False), self.everybody - draft
        )

    def test_most_urgent(self):
        """With several accounts the one that needs attention counts."""
        partner = self.partners["synced"]
        second = self.make_system("Second")
        self.make_account(partner, system_id=second.id, state="failed")
        self.assertEqual(partner.panda_sync_status, "failed")
        failed = self.find("panda_sync_status", "=", "failed")
        self.assertEqual(failed, partner + self.partners["failed"])
        self.assertFalse(self.find("panda_sync_status", "=", "synced"))

    def test_person_of_company(self):
        """A person shows, and is found by, what its company is."""
        company = self.partners["synced"]
        company.is_company = True
        person = company.child_ids.create({"name": "Person", "parent_id": company.id})
        self.get_account(company).state = "synced"
        self.everybody += person
        self.assertEqual(person.panda_sync_status, "synced")
        self.assertEqual(person.panda_username, "synced.love")
        self.assertEqual(
            self.find("panda_sync_status", "=", "synced"), company + person
        )
        self.assertNotIn(person, self.find("panda_sync_status", "=", "draft"))

    def test_companies(self):
        """Accounts in companies that are not chosen do not count."""
        company = self.env["res.company"].create({"name": "Other"})
        second = self.make_system("Second", company_id=company.id)
        partner = self.partners["draft"]
        self.make_account(partner, system_id=second.id, state="synced")
        self.assertEqual(partner.with_user(self.user).panda_sync_status, "draft")
        self.assertEqual(self.find("panda_sync_status", "=", "draft"), partner)
        self.user.company_ids += company
        user = self.user
        both = partner.with_user(user).with_context(
            allowed_company_ids=(self.env.company + company).ids
        )
        self.assertEqual(both.panda_sync_status, "synced")
        found = both.search([("panda_sync_status", "=", "draft")]).sudo()
        self.assertNotIn(partner, found)

    def test_other_fields(self):
        """Role, username, Panda ID and time are shown and searched for."""
        partner = self.make_partner()
        self.press(partner, role="user", username="ada.lovelace")
        account = self.get_account(partner)
        self.everybody += partner
        for name, value in {
            "panda_role": "user",
            "panda_username": "ada.lovelace",
            "panda_remote_id": account.remote_id,
            "panda_last_sync": account.last_sync_at,
        }.items():
            with self.subTest(name):
                self.assertEqual(partner.with_user(self.user)[name], value)
                self.assertIn(partner, self.find(name, "=", value))
                self.assertNotIn(partner, self.find(name, "!=", value))
                self.assertNotIn(partner, self.find(name, "=", False))
                self.assertIn(partner, self.find(name, "!=", False))
        draft = self.partners["draft"]
        self.assertEqual(self.find("panda_last_sync", "!=", False), partner)
        self.assertIn(draft, self.find("panda_username", "=", False))
        self.assertIn(draft, self.find("panda_username", "!=", "ada.lovelace"))
        self.assertEqual(self.find("panda_username", "ilike", "A.LOVEL"), partner)
        self.assertNotIn(partner, self.find("panda_username", "not ilike", "lovel"))

    def test_follows_the_account(self):
        """The status on the contact is that of the moment."""
        account = self.get_account(self.partners["synced"])
        partner = account.partner_id
        self.assertEqual(partner.panda_sync_status, "synced")
        account.state = "failed"
        partner.invalidate_recordset()
        self.assertEqual(partner.panda_sync_status, "failed")


@tagged("post_install", "-at_install")
class TestPartnerQueries(PandaCase):
    """The status costs next to nothing."""

    def count_extra(self, work, names):
        """Return how many statements more it takes to show the fields ``names``."""
        columns = {"name": {}, "email": {}, "commercial_partner_id": {}}
        work(columns)  # rights and rules are known from now on
        work(columns | names)
        without = self.count_queries(lambda: work(columns))
        return self.count_queries(lambda: work(columns | names)) - without

    def test_list(self):
        """A list of 80 contacts takes two statements more at most."""
        partners = self.make_partners_with_accounts(80)
        model = partners.with_user(self.user)
        domain = [("id", "in", partners.ids)]
        extra = self.count_extra(
            lambda columns: model.web_search_read(domain, columns, limit=80),
            {"panda_sync_status": {}, "panda_username": {}, "panda_remote_id": {}},
        )
        self.assertGreater(extra, 0)
        self.assertLessEqual(extra, 2)

    def test_form(self):
        """A form takes three statements more at most."""
        partner = self.make_partners_with_accounts(1).with_user(self.user)
        extra = self.count_extra(
            partner.web_read,
            {
                name: {}
                for name in partner._fields
                if name.startswith("panda_") and name != "panda_account_ids"
            },
        )
        self.assertGreater(extra, 0)
        self.assertLessEqual(extra, 3)

    def test_write(self):
        """Writing what Panda is not told of does not even look at the accounts."""
        partner = self.make_partners_with_accounts(1)
        account = self.get_account(partner)
        partner.write({"comment": "warm"})
        self.env.invalidate_all()
        queries = []
        with contextmanager(self._patchExecute)(queries):
            partner.write({"comment": "A note", "function": "Countess"})
            self.env.flush_all()
        written = [query for query in queries if 'UPDATE "res_partner"' in query]
        self.assertTrue(written, queries)
        self.assertFalse([query for query in queries if "panda_account" in query])
        self.assertEqual(account.state, "synced")

    def test_contact_that_joins_a_company_keeps_its_account(self):
        partner = self.make_partner()
        self.press(partner, role="user", username="ada.lovelace")
        partner.parent_id = self.make_partner("Analytical Engines", is_company=True)
        self.assertEqual(partner.panda_sync_status, "synced")
        self.assertEqual(self.get_account(partner).partner_id, partner)
        found = partner.search([("panda_sync_status", "=", "synced")])
        self.assertEqual(found, partner)
