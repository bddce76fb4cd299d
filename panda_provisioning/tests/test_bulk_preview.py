from collections import Counter

from odoo.tests import tagged

from .bulk_common import BulkCase

LEFT_ALONE = {"none": ("synced",), "problem": (False, "draft")}
"""Outcomes after which nothing is sent, and the states that accounts have then."""


@tagged("post_install", "-at_install")
class TestBulkPreview(BulkCase):
    """What the preview says is what happens, contact by contact, call by call."""

    def make_ready(self):
        """Nothing is known of them anywhere."""
        names = [f"Nova{letter} Newman" for letter in "ABCDEFGHIJKL"]
        yield from (self.make_partner(name) for name in names)
        yield self.make_company("Engines", "Charles Babbage", "Bob Babbage")

    def make_known(self):
        """Panda has them already, with or without an operator."""
        for name, username in [("Kim Known", ""), ("Kurt Known", "kurt.known")]:
            partner = self.make_partner(name)
            self.plant(partner, username=username)
            if username:
                self.make_account(partner, username=username)
            yield partner
        # Like the name of a contact that is not linked yet either.
        yield self.make_partner("Kim Known Junior")

    def make_synced_ones(self):
        yield from (self.make_synced("Sam Synced"), self.make_synced("Sue Synced"))
        edited = self.make_synced("Edda Edited")
        edited.phone = "+32 470 99 99 99"
        yield edited
        namesake = self.make_partner("Sam Synced", email="another.sam@example.com")
        yield namesake

    def make_customers_of_everybody(self):
        """Customers of resellers in every state, in and out of the selection."""
        many, few, absent = map(
            self.make_partner, ("Rita Many", "Rolf Few", "Rosa Absent")
        )
        yield from many + self.make_customers(many, "Cm A", "Cm B", "Cm C", "Cm D")
        yield from few + self.make_customers(few, "Cfa A", "Cfb B")
        yield from self.make_customers(absent, "Cab A")
        ready = self.make_synced("Rene Ready", role="reseller")
        old = self.make_customers(ready, "Crold Customer")
        self.plant(old, self.get_account(ready).remote_id)
        yield from old + self.make_customers(ready, "Crnew A")
        known = self.make_partner("Rick Known")
        customers = self.make_customers(known, "Crka A", "Crkb B")
        remote_id = self.plant(known, role="reseller")
        self.plant(customers[0], remote_id)
        yield from known + customers

    def make_bad_ones(self):
        """Each with what the engine would say of it."""
        yield self.make_partner("Bad Phone", phone=False), "phone_missing"
        yield self.make_partner("Ben Nomail", email=False), "email_missing"
        yield self.make_partner("Bea Badmail", email="bea at home"), "email_invalid"
        yield self.make_partner("Bob Second", email="novaa@example.com"), "email_used"
        yield self.make_company("Nobody Inc"), "first_name_missing"
        archived = self.make_partner("Arno Archived", active=False)
        yield archived, "partner_archived"
        other_mail = self.make_partner("Nina Nameexists")
        self.plant(other_mail, email="nina.else@example.com")
        yield other_mail, "name_exists"
        twice = self.make_partner("Tom Twice")
        self.plant(twice)
        self.plant(twice)
        yield twice, "several_matches"
        operated = self.make_partner("Olga Operated")
        self.plant(operated, username="somebody.else")
        yield operated, "operator_exists"

    def make_everybody(self):
        groups = (
            self.make_ready(),
            self.make_known(),
            self.make_synced_ones(),
            self.make_customers_of_everybody(),
        )
        good = [partner for group in groups for partner in group]
        bad = dict(self.make_bad_ones())
        return self.env["res.partner"].union(*good), bad

    def test_what_is_said_happens(self):
        """Every contact ends as predicted, with exactly as many calls."""
        good, bad = self.make_everybody()
        selected = good.union(*bad)
        preview, rows = self.preview(selected)
        said = {partner: row.outcome for partner, row in rows.items()}
        headings = {partner: row.heading for partner, row in rows.items()}
        absent = (self.env["res.partner"].union(*rows) - selected).mapped("name")
        self.assertEqual(absent, ["Rosa Absent"], "his customer needs him")
        totals = preview.get_totals()
        remote_ids = {partner: partner.panda_remote_id for partner in rows}
        tenants = len(self.tenants())
        requests = self.queue(preview)
        self.assertEqual(totals["requests"], requests)
        self.assertEqual(
            {partner.name: headings[partner] for partner in bad},
            {partner.name: code for partner, code in bad.items()},
        )
        for partner, outcome in said.items():
            with self.subTest(partner.name, outcome=outcome):
                account = self.get_account(partner)
                if outcome in LEFT_ALONE:
                    self.assertIn(account.state, LEFT_ALONE[outcome])
                    self.assertEqual(partner.panda_remote_id, remote_ids[partner])
                    continue
                self.assertEqual(account.state, "synced", account.error_message)
                self.assertEqual(account.adopted, outcome == "link")
        created = sum(
            1
            for partner, outcome in said.items()
            if outcome in ("create", "waiting")
            and not self.get_account(partner).adopted
        )
        self.assertEqual(len(self.tenants()), tenants + created)
        self.assertEqual(Counter(said.values()), totals["outcomes"])
        self.assertEqual(
            set(totals["outcomes"]),
            {"create", "waiting", "link", "update", "none", "problem"},
        )

    def test_problems_are_not_counted(self):
        """Whoever is not sent does not pay for the listing that all share, wherever
        they stand."""
        for position in range(3):
            with self.subTest(position=position):
                names = [f"P{position}{letter} Person" for letter in "ABC"]
                partners = [self.make_partner(name) for name in names]
                self.plant(partners[position], email="somebody@example.org")
                selected = self.env["res.partner"].union(*partners)
                preview, rows = self.preview(selected)
                self.assertEqual(rows[partners[position]].heading, "name_exists")
                said = preview.get_totals()["requests"]
                self.assertEqual(said, self.queue(preview))

    def test_problems_are_those_of_the_engine(self):
        """Who is queued all the same fails with the very problem that was shown."""
        self.make_synced("NovaA Newman")
        bad = dict(self.make_bad_ones())
        partners = self.env["res.partner"].union(*bad)
        _preview, rows = self.preview(partners)
        partners.action_panda_synchronize()
        self.run_cron()
        for partner, code in bad.items():
            with self.subTest(code):
                self.assertEqual(rows[partner].heading, code)
                self.assertEqual(self.get_account(partner).error_code, code)
