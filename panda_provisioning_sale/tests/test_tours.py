import threading
import time

from odoo.tests import HttpCase, new_test_user, tagged

from .common import OrderMixin

CRONS = (
    "panda_provisioning_sale.ir_cron_take_up_orders",
    "panda_provisioning.ir_cron_synchronize",
)
PATIENCE = 60


@tagged("post_install", "-at_install")
class TestTours(OrderMixin, HttpCase):
    """The recipe of the manual, in a browser."""

    def test_order_of_a_reseller(self):
        user = new_test_user(
            self.env,
            "panda-seller",
            groups="sales_team.group_sale_salesman_all_leads,"
            "panda_provisioning.group_panda_user",
        )
        reseller = self.make_partner("Rita Reseller")
        customer = self.make_partner("Carl Customer")
        order = self.make_order(reseller)
        worker = threading.Thread(target=self.run_crons_after, args=[order.id])
        worker.start()
        self.start_tour(
            f"/odoo/orders/{order.id}",
            "panda_provisioning_sale_order",
            login=user.login,
        )
        worker.join()
        self.env.invalidate_all()
        self.assertEqual((order.state, order.panda_end_customer_id), ("sale", customer))
        self.assertEqual(order.panda_status, "done")
        self.assert_parent(customer, reseller)
        self.assertEqual(len(self.mails()), 2)

    def run_crons_after(self, order_id):
        """Do what Odoo's cron thread does, which does not run in a test."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            time.sleep(0.5)
            with self.registry.cursor() as cr:
                env = self.env(cr=cr)
                if env["sale.order"].browse(order_id).panda_status:
                    for name in CRONS:
                        env.ref(name).method_direct_trigger()
                    return
