import threading
from unittest.mock import patch

from odoo.tests import HttpCase, new_test_user, tagged

from .common import OrderMixin

TIMEOUT = 60
"""Seconds until the tour must have written."""


@tagged("post_install", "-at_install")
class TestTours(OrderMixin, HttpCase):
    """An order is confirmed and provisioned in a browser."""

    def test_order_of_a_reseller(self):
        reseller = self.make_partner("Rita Reseller")
        customer = self.make_partner("Carl Customer")
        order = self.make_order(reseller)
        self.play("panda_provisioning_sale_order", order, "panda_requested")
        self.assertEqual((order.state, order.panda_end_customer_id), ("sale", customer))
        self.assertEqual(order.panda_status, "done")
        self.assert_parent(customer, reseller)
        self.assertEqual(len(self.mails()), 2)

    def test_typing_while_the_order_waits(self):
        """A failed request does not end the polling, which does not discard input."""
        order = self.make_order(self.make_partner())
        self.play("panda_provisioning_sale_typing", order, "client_order_ref")
        self.assertEqual(order.panda_status, "done")
        self.assertEqual(len(order.order_line), 1)

    def play(self, tour, order, name):
        """Play ``tour`` on the form of ``order``, and run the crons once ``name`` was
        written."""
        user = new_test_user(
            self.env,
            "panda-seller",
            groups="sales_team.group_sale_salesman_all_leads,"
            "panda_provisioning.group_panda_user",
        )
        orders, is_written = type(order), threading.Event()
        write = orders.write

        def write_and_signal(records, vals):
            result = write(records, vals)
            if name in vals:
                is_written.set()
            return result

        worker = threading.Thread(target=self.run_crons_after, args=[is_written])
        with patch.object(orders, "write", write_and_signal):
            worker.start()
            self.start_tour(f"/odoo/orders/{order.id}", tour, login=user.login)
            worker.join()
        self.env.invalidate_all()

    def run_crons_after(self, is_written):
        """Run the crons, for Odoo's cron thread does not run in tests."""
        if is_written.wait(TIMEOUT):
            # Blocks until the request that has written is over.
            with self.registry.cursor() as cr:
                for cron in self.get_all_crons(self.env(cr=cr)):
                    cron.method_direct_trigger()
