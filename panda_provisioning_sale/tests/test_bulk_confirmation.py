from odoo.tests import tagged

from .common import OrderCase

ORDERS, CUSTOMERS, RESELLERS = 200, 150, 10


@tagged("post_install", "-at_install")
class TestBulkConfirmation(OrderCase):
    """The orders of a day, confirmed in one transaction."""

    def test_every_contact_gets_one_tenant_below_its_reseller(self):
        resellers = [self.make_partner(f"Reseller{i} Test") for i in range(RESELLERS)]
        customers = [self.make_partner(f"Customer{i} Test") for i in range(CUSTOMERS)]
        orders = self.env["sale.order"].union(
            *(
                self.make_order(
                    resellers[i % CUSTOMERS % RESELLERS], customers[i % CUSTOMERS]
                )
                for i in range(ORDERS)
            )
        )
        orders.action_confirm()
        self.run_crons()
        self.assertEqual(orders.grouped("panda_status").keys(), {"done"})
        tenants = self.tenants()
        self.assertEqual(len(tenants), CUSTOMERS + RESELLERS)
        self.assertEqual(len(self.mails()), CUSTOMERS + RESELLERS)
        self.assert_resellers_first(tenants)

    def assert_resellers_first(self, tenants):
        """Every customer lies below a reseller that was created before."""
        seen, below = {self.system.root_account_id}, 0
        for tenant in tenants:
            self.assertIn(tenant["parentId"], seen)
            seen.add(tenant["accountId"])
            below += tenant["parentId"] != self.system.root_account_id
        self.assertEqual(below, CUSTOMERS)
