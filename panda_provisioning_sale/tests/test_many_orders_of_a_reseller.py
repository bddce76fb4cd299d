from odoo.tests import tagged

from .common import OrderCase


@tagged("post_install", "-at_install")
class TestManyOrdersOfAReseller(OrderCase):
    """A reseller may have thousands of orders: what they cost, and what of one of them
    concerns the others."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.reseller = cls.make_partner("Rita Reseller")

    def test_done_orders_are_not_read_again(self):
        done = self.confirm(self.make_order(self.reseller, self.make_partner()))
        waiting = self.make_order(self.reseller, self.make_partner("Bob Babbage"))
        waiting.action_confirm()
        self.process_orders()
        account = self.get_account(self.reseller)
        self.assertEqual(done.panda_status, "done")
        self.assertEqual(account._get_open_orders(), waiting)

    def test_each_run_costs_the_same_however_many_orders_wait(self):
        """E.g. while Panda is out of order: every run searches for settled orders."""
        self.confirm(self.make_order(self.reseller, self.make_partner()))
        waiting, costs = self.env["sale.order"], []
        for number in (10, 30):
            for i in range(number):
                customer = self.make_partner(f"Bob{number} Number{i}")
                order = self.make_order(self.reseller, customer)
                order.action_confirm()
                waiting += order
            self.process_orders()
            self.assertEqual(set(waiting.mapped("panda_status")), {"waiting"})
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.process_orders()
            costs.append(self.env.cr.sql_log_count - before)
        self.assertEqual(costs[0], costs[1])

    def test_unrelated_correction_notifies_nobody_again(self):
        """The reseller's phone number does not correct what the customer lacks."""
        customer = self.make_partner("Carl Customer", email="nonsense")
        order = self.confirm(self.make_order(self.reseller, customer))
        self.assertEqual(order.panda_status, "failed")
        notes = self.get_notes(order)
        self.assertIn("nonsense", notes[0])
        self.reseller.phone = "+32 470 99 88 77"
        self.run_crons()
        self.assertEqual(order.panda_status, "failed")
        self.assertEqual(self.get_notes(order), notes)
