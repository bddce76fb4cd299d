"""Orders of a Panda product, on top of a local Panda and contacts."""

from odoo import Command
from odoo.tests import new_test_user

from odoo.addons.panda_provisioning.tests.common import PandaCase, PandaMixin

__all__ = ["OrderCase", "OrderMixin"]


class OrderMixin(PandaMixin):
    """A salesperson without rights on Panda, and a product to sell."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.salesperson = new_test_user(
            cls.env, "panda-salesperson", groups="sales_team.group_sale_salesman"
        )
        cls.product = cls.make_product()

    def setUp(self):
        super().setUp()
        # A test that changed a rule was rolled back; the patches of models were not.
        self.env["base.automation"]._unregister_hook()
        self.env["base.automation"]._register_hook()

    def get_all_crons(self, env=None):
        """Return the crons that an order needs: that of the orders comes first."""
        orders = self.env.ref("panda_provisioning_sale.ir_cron_take_up_orders")
        return (orders + self.get_crons()).with_env(env or self.env)

    @classmethod
    def make_product(cls, **values):
        """Return what is sold, a Panda product unless ``values`` say otherwise."""
        return cls.env["product.product"].create(
            {"name": "Endpoint Security", "panda_provision": True, **values}
        )

    @classmethod
    def make_order(cls, partner, end_customer=None, products=None, **values):
        """Return a quotation of the salesperson for ``partner``."""
        if end_customer:
            values["panda_end_customer_id"] = end_customer.id
        lines = [
            Command.create({"product_id": product.id, "product_uom_qty": 3})
            for product in products or cls.product
        ]
        return (
            cls.env["sale.order"]
            .with_user(cls.salesperson)
            .create(
                {
                    "partner_id": partner.id,
                    "user_id": cls.salesperson.id,
                    "order_line": lines,
                    **values,
                }
            )
        )

    def assert_parent(self, customer, reseller):
        """The tenant of one contact lies below that of another."""
        accounts = [p._get_panda_account(self.system) for p in (customer, reseller)]
        parents = {t["accountId"]: t["parentId"] for t in self.tenants()}
        self.assertEqual(parents[accounts[0].remote_id], accounts[1].remote_id)


class OrderCase(OrderMixin, PandaCase):
    """Tests that confirm orders and run the crons."""

    def process_orders(self):
        """Create the accounts of requested orders without sending anything."""
        self.run_each(self.get_all_crons()[0])

    def run_crons(self):
        """Run the cron of the orders, then that of the accounts."""
        self.run_each(self.get_all_crons())

    def run_each(self, crons):
        with self.enter_registry_test_mode():
            for cron in crons:
                self.assertIs(cron.method_direct_trigger(), True)

    def confirm(self, order):
        """Confirm, and run the crons until everything has settled."""
        order.action_confirm()
        self.run_crons()
        return order

    def get_notes(self, record):
        """Return the texts of the chatter, newest first."""
        return [str(message.body) for message in record.sudo().message_ids]
