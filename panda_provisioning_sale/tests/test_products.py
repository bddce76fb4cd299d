from odoo.tests import Form, tagged

from .common import OrderCase


@tagged("post_install", "-at_install")
class TestProducts(OrderCase):
    """Which products provision, and into which system."""

    def test_category_proposes(self):
        category = self.env["product.category"].create(
            {
                "name": "Security",
                "panda_provision": True,
                "panda_system_id": self.system.id,
            }
        )
        template = self.env["product.template"].create(
            {"name": "Endpoint Security", "categ_id": category.id}
        )
        self.assertTrue(template.panda_provision)
        self.assertEqual(template.panda_system_id, self.system)
        template.panda_provision = False
        category.panda_provision = True
        self.assertFalse(template.panda_provision, "the product has the last word")

    def test_form(self):
        with Form(self.env["product.template"]) as form:
            form.name = "Endpoint Security"
            form.panda_provision = True
        self.assertTrue(form.record.panda_provision)

    def test_import(self):
        result = self.env["product.template"].load(
            ["name", "panda_provision", "panda_system_id"],
            [["Endpoint Security", "1", self.system.name], ["Desk", "0", ""]],
        )
        self.assertFalse(result["messages"])
        security, desk = self.env["product.template"].browse(result["ids"])
        self.assertTrue(security.panda_provision)
        self.assertEqual(security.panda_system_id, self.system)
        self.assertFalse(desk.panda_provision)

    def test_each_product_has_its_system(self):
        other = self.system.copy(
            {
                "name": "Panda Elsewhere",
                "state": "disabled",
                "access_id": "other",
                "access_password": "secret",
                "api_key": "key",
            }
        )
        other.state = "test"
        special = self.make_product(name="Elsewhere", panda_system_id=other.id)
        partner = self.make_partner()
        order = self.make_order(partner, products=self.product | special)
        order.action_confirm()
        self.env["panda.service"]._take_up_orders_soon()
        self.assertEqual(order.sudo()._get_panda_systems(), self.system | other)

    def test_system_of_another_company_is_not_used(self):
        company = self.env["res.company"].create({"name": "Elsewhere Ltd"})
        other = self.system.copy({"company_id": company.id})
        product = self.make_product(panda_system_id=other.id)
        order = self.make_order(self.make_partner(), products=product)
        self.assertEqual(order.sudo()._get_panda_systems(), self.system)
