from odoo.tests import TransactionCase, tagged

from .translations import check_template


@tagged("post_install", "-at_install")
class TestTranslations(TransactionCase):
    def test_template_is_up_to_date(self):
        check_template(self, "panda_provisioning")
