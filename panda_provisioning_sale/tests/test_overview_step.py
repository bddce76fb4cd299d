from odoo.tests import new_test_user, tagged

from odoo.addons.panda_provisioning.tests.common import PandaCase


@tagged("post_install", "-at_install")
class TestOverviewStep(PandaCase):
    """The step of the Overview that switches orders on."""

    def get_step(self, user):
        return self.env["panda.system"].with_user(user)._get_step_orders()

    def test_step_is_done_once_a_product_is_provisioned(self):
        products = self.env["product.template"]
        products.search([("panda_provision", "=", True)]).panda_provision = False
        self.assertFalse(self.get_step(self.user)["is_done"])
        products.create({"name": "Antivirus", "panda_provision": True})
        self.assertTrue(self.get_step(self.user)["is_done"])

    def test_button_is_for_users_who_may_edit_products(self):
        self.assertEqual(self.get_step(self.user)["buttons"], [])
        seller = new_test_user(
            self.env,
            "seller",
            groups="panda_provisioning.group_panda_user,product.group_product_manager",
        )
        [button] = self.get_step(seller)["buttons"]
        action = self.env["ir.actions.actions"]._for_xml_id(button["action"])
        self.assertEqual(action["res_model"], "product.template")
