from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .common import OrderCase

ENGINE_FIELDS = ("panda_requested", "panda_status", "panda_account_ids", "panda_told")


@tagged("post_install", "-at_install")
class TestRights(OrderCase):
    """Salespeople confirm; what becomes of it is written by crons only."""

    def test_nobody_sets_how_an_order_stands(self):
        order = self.make_order(self.make_partner())
        self.salesman.group_ids += self.env.ref(
            "panda_provisioning.group_panda_manager"
        )
        values = {"partner_id": order.partner_id.id}
        for name in ENGINE_FIELDS:
            orders = self.env["sale.order"].with_user(self.salesman)
            with self.subTest(name):
                with self.assertRaises(AccessError):
                    order.with_user(self.salesman).write({name: False})
                with self.assertRaises(AccessError):
                    orders.create({**values, name: False})

    def test_defaults_set_nothing_either(self):
        """A context comes from outside as well."""
        orders = self.env["sale.order"].with_user(self.salesman)
        values = {"partner_id": self.make_partner().id}
        for name in ENGINE_FIELDS:
            sly = orders.with_context(**{f"default_{name}": "done"})
            with self.subTest(name), self.assertRaises(AccessError):
                sly.create(values)

    def test_marks_of_orders_are_closed(self):
        partner = self.make_partner().with_user(self.user)
        account = self.make_account(partner.sudo(False)).with_user(self.user)
        for record, name in (
            (partner, "panda_reseller_by_order"),
            (account, "by_order"),
        ):
            with self.subTest(name), self.assertRaises(AccessError):
                record.write({name: False})

    def test_links_lead_where_one_may_go(self):
        """Salespeople who know nothing of Panda are led to the contact at most."""
        reseller = self.make_partner("Rita Reseller")
        self.make_account(reseller)
        product = self.make_product(panda_system_id=self.system.id)
        order = self.make_order(reseller, self.make_partner(), products=product)
        self.system.state = "disabled"
        insider = new_test_user(
            self.env,
            "panda-insider",
            groups="sales_team.group_sale_salesman_all_leads,"
            "panda_provisioning.group_panda_user",
        )
        for user, sees_panda in ((self.salesman, False), (insider, True)):
            with self.subTest(user.login):
                banner = str(order.with_user(user).panda_problems)
                self.assertIn("is disabled", banner)
                self.assertIn("not a reseller", banner)
                self.assertEqual("/odoo/panda.system/" in banner, sees_panda)
                self.assertEqual("/odoo/panda.account/" in banner, False)
                self.assertIn("/odoo/contacts/", banner)

    def test_form_of_a_plain_salesman(self):
        """He sees the whole form, whatever the state of the order."""
        order = self.make_order(self.make_partner(phone=False))
        for step in (order.action_confirm, self.run_crons, order.action_cancel):
            step()
            form = order.with_user(self.salesman).web_read(
                {"panda_problems": {}, "panda_notices": {}, "panda_customer_state": {}}
            )
            self.assertIn("panda_customer_state", form[0])

    def test_defaults_do_not_hinder_a_confirmation(self):
        """They say nothing about an order that is there already."""
        order = self.make_order(self.make_partner())
        order.with_context(default_panda_status="waiting").action_confirm()
        self.assertEqual(order.state, "sale")

    def test_customers_do_not_read_of_others(self):
        """In the portal they read their orders, over RPC every field of them."""
        reseller = self.make_partner("Rita Reseller")
        customer = self.make_partner("Carl Customer", panda_reseller_id=reseller.id)
        user = new_test_user(self.env, "portal-buyer", groups="base.group_portal")
        order = self.make_order(user.partner_id, customer)
        self.assertIn("Rita Reseller", str(order.panda_notices))
        theirs = order.with_user(user)
        self.assertEqual(theirs.read(["name"])[0]["name"], order.name)
        for name in ("panda_notices", "panda_problems", "panda_told"):
            with self.subTest(name), self.assertRaises(AccessError):
                theirs.read([name])
