from odoo.tests import Form, tagged

from .common import OrderCase


@tagged("post_install", "-at_install")
class TestProductSettings(OrderCase):
    """Which products provision, and into which system."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.desks, cls.security = cls.env["product.category"].create(
            [
                {"name": "Desks"},
                {
                    "name": "Security",
                    "panda_provision": True,
                    "panda_system_id": cls.system.id,
                },
            ]
        )

    def make_template(self, category, **values):
        return self.env["product.template"].create(
            {"name": "Something", "categ_id": category.id, **values}
        )

    def test_category_proposes(self):
        template = self.make_template(self.security)
        self.assertTrue(template.panda_provision)
        self.assertEqual(template.panda_system_id, self.system)
        self.assertFalse(self.make_template(self.desks).panda_provision)

    def test_product_has_the_last_word(self):
        template = self.make_template(self.security, panda_provision=False)
        self.assertFalse(template.panda_provision)
        self.security.write({"panda_provision": True, "panda_system_id": False})
        self.assertFalse(template.panda_provision)
        self.assertEqual(template.panda_system_id, self.system)

    def test_category_applies_to_new_products_only(self):
        template = self.make_template(self.desks)
        self.desks.panda_provision = True
        self.assertFalse(template.panda_provision)

    def test_change_of_category(self):
        """Its defaults are taken over, but never clear what was set."""
        template = self.make_template(self.desks)
        template.categ_id = self.security
        self.assertTrue(template.panda_provision)
        self.assertEqual(template.panda_system_id, self.system)
        template.categ_id = self.desks
        self.assertTrue(template.panda_provision)
        self.assertEqual(template.panda_system_id, self.system)

    def test_form(self):
        """The category proposes while the form is filled in, the user decides."""
        with Form(self.env["product.template"]) as form:
            form.name = "Endpoint Security"
            self.assertFalse(form.panda_provision)
            form.categ_id = self.security
            self.assertTrue(form.panda_provision)
            form.panda_provision = False
        self.assertFalse(form.record.panda_provision)

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
