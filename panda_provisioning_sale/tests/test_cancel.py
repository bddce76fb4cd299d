from odoo.tests import tagged

from .common import OrderCase


@tagged("post_install", "-at_install")
class TestCancel(OrderCase):
    """Cancelling takes back what was not sent, and never touches a tenant."""

    def take_up(self):
        with self.enter_registry_test_mode():
            cron = self.env.ref("panda_provisioning_sale.ir_cron_take_up_orders")
            self.assertIs(cron.method_direct_trigger(), True)

    def test_cancelled_before_it_was_taken_up(self):
        partner = self.make_partner()
        order = self.make_order(partner)
        order.action_confirm()
        order.action_cancel()
        self.run_crons()
        self.assertFalse(order.panda_status)
        self.assertFalse(self.get_account(partner))

    def test_cancelled_before_it_was_sent(self):
        reseller = self.make_partner("Rita Reseller")
        customer = self.make_partner("Carl Customer")
        order = self.make_order(reseller, customer)
        order.action_confirm()
        self.take_up()
        self.assertEqual(self.get_account(customer).state, "waiting")
        order.action_cancel()
        accounts = self.get_account(reseller) | self.get_account(customer)
        self.assertEqual(set(accounts.mapped("state")), {"draft"})
        self.run_crons()
        self.assertEqual(self.count_requests(), 0)

    def test_another_order_needs_the_reseller(self):
        reseller = self.make_partner("Rita Reseller")
        customers = [self.make_partner(f"{name} Customer") for name in ("Carl", "Cora")]
        orders = [self.make_order(reseller, customer) for customer in customers]
        for order in orders:
            order.action_confirm()
        self.take_up()
        orders[0].action_cancel()
        self.run_crons()
        self.assertEqual(self.get_account(customers[0]).state, "draft")
        self.assertEqual(self.get_account(customers[1]).state, "synced")
        self.assertEqual(orders[1].panda_status, "done")

    def test_another_order_needs_the_customer(self):
        partner = self.make_partner()
        orders = [self.make_order(partner) for _i in range(2)]
        for order in orders:
            order.action_confirm()
        self.take_up()
        orders[0].action_cancel()
        self.assertEqual(self.get_account(partner).state, "queued")

    def test_what_a_person_has_queued_stays(self):
        partner = self.make_partner()
        account = self.make_account(partner)
        account.with_user(self.user).action_synchronize()
        order = self.make_order(partner)
        order.action_confirm()
        self.take_up()
        order.action_cancel()
        self.assertEqual(account.state, "queued")

    def test_tenant_is_never_touched(self):
        partner = self.make_partner()
        order = self.confirm(self.make_order(partner))
        before = self.count_requests()
        order.action_cancel()
        self.run_crons()
        self.assertEqual(self.get_account(partner).state, "synced")
        self.assertEqual(order.panda_status, "done")
        self.assertEqual(self.count_requests(), before)

    def test_what_is_on_its_way_goes_on(self):
        """A marker means that Panda may have it already."""
        partner = self.make_partner()
        order = self.make_order(partner)
        order.action_confirm()
        self.take_up()
        account = self.get_account(partner)
        account.marker_at = "2026-01-01"
        order.action_cancel()
        self.assertEqual(account.state, "queued")

    def test_confirmed_cancelled_and_confirmed_again(self):
        partner = self.make_partner()
        order = self.make_order(partner)
        for is_sent in (False, True, True):
            order.action_confirm()
            if is_sent:
                self.run_crons()
            else:
                self.take_up()
            order.action_cancel()
            order.action_draft()
        self.confirm(order)
        self.assertEqual(order.panda_status, "done")
        self.assertEqual((len(self.tenants()), len(self.mails())), (1, 1))
