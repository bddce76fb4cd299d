from pathlib import Path

from odoo.modules import get_module_path
from odoo.modules.migration import load_script
from odoo.tests import tagged
from odoo.tools import sql

from .common import OrderCase


@tagged("post_install", "-at_install")
class TestMigration(OrderCase):
    """Upgrades keep what earlier versions have stored."""

    def migrate(self, version, file):
        """Run a script of ``version`` as an upgrade does."""
        addon = Path(get_module_path("panda_provisioning_sale"))
        script = load_script(str(addon / "migrations" / version / file), file)
        script.migrate(self.env.cr, "19.0.1.0.0")

    def test_19_0_1_1_0(self):
        order = self.confirm(self.make_order(self.make_partner(phone=False)))
        reason = order.sudo().panda_last_notified
        self.assertIn("has no phone number", reason)
        cron = self.get_all_crons()[0]
        code = cron.code
        cron.code = "model._cron_take_up_orders()"
        self.env.flush_all()
        sql.rename_column(
            self.env.cr, "sale_order", "panda_last_notified", "panda_told"
        )
        self.migrate("19.0.1.1.0", "pre-migration.py")
        self.env.invalidate_all()
        self.assertEqual(order.sudo().panda_last_notified, reason)
        self.assertEqual(cron.code, code)
        order.action_panda_provision()
        self.run_crons()
        self.migrate("19.0.1.1.0", "pre-migration.py")
        self.env.invalidate_all()
        self.assertEqual(order.sudo().panda_last_notified, reason)
