from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from odoo.addons.panda_provisioning_sale.models.sale_order import ENGINE_FIELDS

from .common import OrderCase

REFUSAL = "set by the synchronization only"


@tagged("post_install", "-at_install")
class TestAccessRights(OrderCase):
    """Salespeople confirm orders; only the crons write the outcome."""

    def test_users_cannot_set_engine_fields(self):
        """Not even Panda administrators, who may read all of them."""
        order = self.make_order(self.make_partner())
        self.salesperson.group_ids += self.env.ref(
            "panda_provisioning.group_panda_manager"
        )
        orders = self.env["sale.order"].with_user(self.salesperson)
        values = {"partner_id": order.partner_id.id}
        self.assertTrue(orders.create(values))
        self.assertEqual(len(ENGINE_FIELDS), 4)
        for name in ENGINE_FIELDS:
            with self.subTest(name):
                with self.assertRaisesRegex(AccessError, REFUSAL):
                    order.with_user(self.salesperson).write({name: False})
                with self.assertRaisesRegex(AccessError, REFUSAL):
                    orders.create({**values, name: False})

    def test_context_defaults_cannot_set_engine_fields(self):
        """Clients can send a context."""
        # Who may see all of these fields at all.
        self.salesperson.group_ids += self.env.ref(
            "panda_provisioning.group_panda_manager"
        )
        orders = self.env["sale.order"].with_user(self.salesperson)
        values = {"partner_id": self.make_partner().id}
        defaults = {
            "panda_requested": True,
            "panda_status": "done",
            "panda_account_ids": self.make_account().ids,
            "panda_last_notified": "forged",
        }
        self.assertEqual(defaults.keys(), ENGINE_FIELDS)
        for name, value in defaults.items():
            with self.subTest(name):
                order = orders.with_context(**{f"default_{name}": value}).create(values)
                self.assertFalse(order.sudo()[name])
                # What is no field of the engine may have a default, of course.
                named = orders.with_context(default_client_order_ref="by default")
                self.assertEqual(named.create(values).client_order_ref, "by default")

    def test_forms_name_nobody_of_another_company(self):
        """The texts about an order are made as superuser, of whoever is named in it."""
        other = self.env["res.company"].create({"name": "Other"})
        secret = self.make_partner("Secret Person", phone=False, company_id=other.id)
        own = self.make_partner("Own Person", phone=False)
        order = self.make_order(own).with_user(self.salesperson)
        spec = {"panda_problems": {}, "partner_id": {}, "panda_end_customer_id": {}}
        for name in ("partner_id", "panda_end_customer_id"):
            with self.subTest(name):
                with self.assertRaises(AccessError):
                    order.onchange({name: secret.id}, [name], spec)
                with self.assertRaises(AccessError):
                    order.write({name: secret.id})
                order.onchange({name: own.id}, [name], spec)

    def test_products_name_no_system_that_one_may_not_see(self):
        """By its name alone, whoever reads products would know of it."""
        other = self.env["res.company"].create({"name": "Other"})
        theirs = self.make_system("Theirs", company_id=other.id)
        user = new_test_user(
            self.env,
            "product-manager",
            groups="product.group_product_manager,panda_provisioning.group_panda_user",
        )
        template = self.product.product_tmpl_id
        category = self.env["product.category"].create({"name": "Panda"})
        for record in (template.with_user(user), category.with_user(user)):
            with self.subTest(record._name):
                record.panda_system_id = self.system
                with self.assertRaises(AccessError):
                    record.panda_system_id = theirs.id
                with self.assertRaises(AccessError):
                    record.create({"name": "New", "panda_system_id": theirs.id})

    def test_context_defaults_do_not_block_a_confirmation(self):
        """They do not apply to an order that exists already."""
        order = self.make_order(self.make_partner())
        order.with_context(default_panda_status="waiting").action_confirm()
        self.assertEqual(order.state, "sale")

    def test_users_cannot_change_what_is_withdrawn(self):
        partner = self.make_partner().with_user(self.user)
        account = self.make_account(partner.sudo(False)).with_user(self.user)
        for record, writable, name in (
            (partner, {"phone": "+32 470 99 88 77"}, "panda_reseller_by_order"),
            (account, {"username": "chosen.by.hand"}, "by_order"),
        ):
            with self.subTest(name):
                record.write(writable)
                with self.assertRaisesRegex(AccessError, name):
                    record.write({name: False})

    def test_banner_links_respect_access_rights(self):
        """Salespeople without rights on Panda get a link to the contact instead."""
        customer = self.make_partner("Carl Customer")
        account = self.make_account(customer, username="carl")
        reseller = self.make_partner("Rita Reseller")
        product = self.make_product(panda_system_id=self.system.id)
        order = self.make_order(reseller, customer, products=product)
        self.system.state = "disabled"
        panda_user = new_test_user(
            self.env,
            "panda-seller",
            groups="sales_team.group_sale_salesman_all_leads,"
            "panda_provisioning.group_panda_user",
        )
        for user, sees_panda in ((self.salesperson, False), (panda_user, True)):
            with self.subTest(user.login):
                banner = str(order.with_user(user).panda_problems)
                self.assertIn("is disabled", banner)
                self.assertIn("5 to 65", banner)
                for url in (
                    f"/odoo/panda.system/{self.system.id}",
                    f"/odoo/panda.account/{account.id}",
                ):
                    self.assertEqual(f'href="{url}"' in banner, sees_panda, url)
                contact = f'href="/odoo/contacts/{customer.id}"'
                self.assertEqual(contact in banner, not sees_panda)

    def test_form_of_a_salesperson_without_rights_on_panda(self):
        """They see the whole form, whatever the state of the order."""
        order = self.make_order(self.make_partner(phone=False))
        spec = {"panda_problems": {}, "panda_notices": {}, "panda_customer_state": {}}

        def read():
            [form] = order.with_user(self.salesperson).web_read(spec)
            lacks_phone = "has no phone number" in str(form["panda_problems"])
            return lacks_phone, form["panda_customer_state"]

        self.assertEqual(read(), (True, False))
        order.action_confirm()
        self.assertEqual(read(), (False, "queued"))
        self.run_crons()
        self.assertEqual(read(), (True, "failed"))
        order.action_cancel()
        self.assertEqual(read(), (False, False))

    def test_portal_customers_cannot_read_about_others(self):
        """They may read their orders, over RPC every field of them."""
        reseller = self.make_partner("Rita Reseller")
        customer = self.make_partner("Carl Customer", panda_reseller_id=reseller.id)
        user = new_test_user(self.env, "portal-buyer", groups="base.group_portal")
        order = self.make_order(user.partner_id, customer)
        self.assertIn("Rita Reseller", str(order.panda_notices))
        theirs = order.with_user(user)
        self.assertEqual(theirs.read(["name"])[0]["name"], order.name)
        for name in ("panda_notices", "panda_problems", "panda_last_notified"):
            with self.subTest(name), self.assertRaisesRegex(AccessError, name):
                theirs.read([name])
