from odoo.tests import tagged

from .common import PandaCase


@tagged("post_install", "-at_install")
class TestSaveAndSynchronize(PandaCase):
    """The two recipes of the manual, without a browser."""

    def test_direct_customer(self):
        """A direct customer is created below the root and is mailed."""
        partner = self.make_partner()
        _form, action = self.press(partner, role="user", username="ada.lovelace")
        account = self.get_account(partner)
        self.assertEqual(account.state, "synced", account.error_message)
        [tenant] = self.tenants()
        self.assertEqual(tenant["accountId"], account.remote_id)
        self.assertEqual(tenant["parentId"], self.system.root_account_id)
        self.assertEqual((tenant["type"], tenant["name"]), (2, "Ada Lovelace"))
        [mail] = self.mails()
        self.assertEqual(mail["to"], "ada@example.com")
        self.assertEqual(mail["username"], "ada.lovelace")
        self.assertEqual(action["tag"], "display_notification")
        self.assertIn(account.remote_id, action["params"]["message"])
        self.assertIn("ada@example.com", action["params"]["message"])

    def test_reseller(self):
        """A reseller becomes a service provider with an owner."""
        partner = self.make_partner()
        self.press(partner, role="reseller", username="ada.lovelace")
        self.assertEqual(self.get_account(partner).state, "synced")
        self.assertEqual([tenant["type"] for tenant in self.tenants()], [1])
        [operator] = self.operators()
        self.assertEqual(operator["role"], "OWNER")

    def test_end_customer(self):
        """The Parent Account is filled in, and Panda knows of the relation."""
        reseller = self.make_partner("Rita Reseller")
        self.press(reseller, role="reseller", username="rita.r")
        customer = self.make_partner("Carl Customer", panda_reseller_id=reseller.id)
        form, _action = self.press(customer, role="user", username="carl.c")
        self.assertEqual(form.parent_account_id, self.get_account(reseller))
        child = self.tenants()[-1]
        self.assertEqual(child["parentId"], self.get_account(reseller).remote_id)
        self.assertEqual(customer.panda_sync_status, "synced")

    def test_reseller_in_the_same_go(self):
        """One press creates the reseller, then his customer."""
        reseller = self.make_partner("Rita Reseller")
        customer = self.make_partner("Carl Customer", panda_reseller_id=reseller.id)
        self.press(customer, role="user", username="carl.c", synchronize_reseller=True)
        names = [tenant["name"] for tenant in self.tenants()]
        self.assertEqual(names, ["Rita Reseller", "Carl Customer"])
        self.assertEqual(len(self.mails()), 2)

    def test_pressed_twice(self):
        """A second press changes nothing in Panda."""
        partner = self.make_partner()
        self.press(partner, role="user", username="ada.lovelace")
        before = self.count_requests()
        self.press(partner)
        self.assertEqual(self.count_requests(), before)
        self.assertEqual(len(self.tenants()), 1)
