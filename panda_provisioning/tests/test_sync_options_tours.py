from odoo.tests import tagged

from .common import PandaTourCase


@tagged("post_install", "-at_install")
class TestSyncOptionsTours(PandaTourCase):
    """The two recipes of the manual, word for word, in a browser."""

    def walk(self, name, partner):
        """Walk a tour that begins on the details page of ``partner``."""
        self.start_tour(f"/odoo/contacts/{partner.id}", name, login=self.user.login)
        return partner._get_panda_account(self.system)

    def test_direct_customer(self):
        account = self.walk("panda_provisioning_direct_customer", self.make_partner())
        self.assertEqual((account.state, account.role), ("synced", "user"))
        [tenant] = self.tenants()
        self.assertEqual(tenant["parentId"], self.system.root_account_id)
        self.assertEqual([m["username"] for m in self.mails()], ["tour.user"])

    def test_end_customer_of_a_reseller(self):
        """First the reseller, then his customer."""
        reseller = self.make_partner("Rita Reseller")
        customer = self.make_partner("Carl Customer", panda_reseller_id=reseller.id)
        parent = self.walk("panda_provisioning_reseller", reseller)
        self.assertEqual((parent.state, parent.role), ("synced", "reseller"))
        account = self.walk("panda_provisioning_end_customer", customer)
        self.assertEqual((account.state, account.parent_id), ("synced", parent))
        self.assertEqual(self.tenants()[1]["parentId"], parent.remote_id)
        self.assertEqual(len(self.mails()), 2)

    def test_refused_username(self):
        """A refusal keeps the dialog; what was mended goes through at once."""
        other = self.make_partner("Olga Other")
        self.walk("panda_provisioning_direct_customer", other)
        self.env.cr.execute(
            "UPDATE panda_account SET username = 'elsewhere' WHERE partner_id = %s",
            [other.id],
        )
        self.env.invalidate_all()
        account = self.walk("panda_provisioning_refused", self.make_partner())
        self.assertEqual((account.state, account.username), ("synced", "free.name"))
        self.assertEqual(len(self.tenants()), 2)
