from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from .common import OptionsCase


@tagged("post_install", "-at_install")
class TestBadParent(OptionsCase):
    """A Parent Account that cannot be one."""

    def make_parent(self, name="Rita Reseller", **values):
        """Return the account of a reseller who is in Panda."""
        partner = self.make_partner(name)
        username = f"{name.split()[0].lower()}.r"
        self.press(partner, role="reseller", username=username)
        self.reset_panda()
        account = self.get_account(partner)
        self.assertTrue(account.operator_ready)
        account.write(values)
        return account

    def make_elsewhere(self, company):
        """Return the account of a reseller in another system."""
        system = self.system.copy({"name": "Panda Europe", "company_id": company.id})
        reseller = self.make_partner("Rita Reseller")
        return self.make_account(
            reseller,
            system_id=system.id,
            role="reseller",
            remote_id="ACC-1",
            operator_ready=True,
            state="synced",
        )

    def test_not_a_reseller(self):
        """A customer has no customers of his own."""
        parent = self.make_account(
            self.make_partner("Carl Customer"),
            remote_id="ACC-1",
            operator_ready=True,
            state="synced",
        )
        self.assert_refused(
            self.make_partner(),
            "parent_problem",
            "The Parent Account is not a reseller",
            parent_account_id=parent.id,
        )

    def test_not_synchronized(self):
        """The reseller is not in Panda yet, chosen or known from the contact."""
        reseller = self.make_partner("Rita Reseller")
        text = "The reseller Rita Reseller is not synchronized yet"
        known = self.make_partner("Carl Customer", panda_reseller_id=reseller.id)
        self.assert_refused(known, "parent_problem", text)
        parent = self.make_account(reseller, role="reseller")
        self.assert_refused(
            self.make_partner(), "parent_problem", text, parent_account_id=parent.id
        )

    def test_known_reseller_left_out(self):
        """A customer of a reseller is not made a direct customer by oversight."""
        reseller = self.make_parent().partner_id
        customer = self.make_partner("Carl Customer", panda_reseller_id=reseller.id)
        self.assert_refused(
            customer,
            "parent_problem",
            "Rita Reseller is the reseller of this contact",
            parent_account_id=False,
        )

    def test_other_system(self):
        """The reseller is in another system."""
        self.assert_refused(
            self.make_partner(),
            "parent_problem",
            "in another system or company",
            parent_account_id=self.make_elsewhere(self.env.company).id,
        )

    def test_other_company(self):
        """The reseller is in the system of another company."""
        company = self.env["res.company"].create({"name": "Other"})
        self.user.company_ids += company
        self.assert_refused(
            self.make_partner(),
            "parent_problem",
            "in another system or company",
            parent_account_id=self.make_elsewhere(company).id,
        )

    def test_itself(self):
        """A contact is not its own reseller, by the form or by the contact."""
        partner = self.make_partner()
        account = self.make_account(partner, role="reseller")
        self.assert_refused(
            partner,
            "parent_problem",
            "An account cannot be its own Parent Account",
            parent_account_id=account.id,
        )
        with self.assertRaisesRegex(UserError, "cannot be its own reseller"):
            partner.panda_reseller_id = partner

    def test_own_person(self):
        """Nor is the company of a contact that is its person."""
        company = self.make_company("Analytical Engines", "Ada Lovelace")
        with self.assertRaisesRegex(UserError, "cannot be its own reseller"):
            company.panda_reseller_id = company.child_ids

    def test_reseller_with_parent(self):
        """Panda has three tiers: a reseller is below nobody but the root."""
        self.assert_refused(
            self.make_partner(),
            "parent_problem",
            "A reseller has no Parent Account",
            role="reseller",
            parent_account_id=self.make_parent().id,
        )

    def test_save_refuses_what_can_never_be_right(self):
        """*Save* alone keeps no impossible parent either."""
        parent = self.make_parent()
        partner = self.make_partner()
        form = self.env["panda.sync.options"].create(
            {"partner_id": partner.id, "system_id": self.system.id}
        )
        form.write({"role": "reseller", "parent_account_id": parent.id})
        with self.assertRaisesRegex(ValidationError, "A reseller has no Parent"):
            form.action_save()

    def test_reseller_deleted_in_panda(self):
        """Panda does not know the reseller any more."""
        reseller = self.make_partner("Rita Reseller")
        self.press(reseller, role="reseller", username="rita.r")
        parent = self.get_account(reseller)
        self.sandbox.control("DELETE", f"accounts/{parent.remote_id}")
        customer = self.make_partner("Carl Customer", panda_reseller_id=reseller.id)
        form, action = self.press(customer, role="user", username="carl.c")
        self.assertIn("deleted there", form.parent_problem)
        self.assertIn("Rita Reseller", form.parent_problem)
        self.assertEqual(action["res_id"], form.id)
        self.assertEqual((form.username, form.parent_account_id), ("carl.c", parent))
        self.assertEqual(self.tenants(), [])
