from pathlib import Path

from odoo.modules import get_module_path
from odoo.modules.migration import load_script
from odoo.tests import tagged
from odoo.tools import sql

from .common import PandaCase


@tagged("post_install", "-at_install")
class TestMigration(PandaCase):
    """Upgrades keep what earlier versions have stored."""

    def migrate(self):
        file = "pre-migration.py"
        addon = Path(get_module_path("panda_provisioning"))
        script = load_script(str(addon / "migrations/19.0.1.1.0" / file), file)
        script.migrate(self.env.cr, "19.0.1.0.0")
        self.env.invalidate_all()

    def test_19_0_1_1_0(self):
        account = self.make_account().sudo()
        account.write({"last_notified": "synced", "notification_pending": True})
        self.system.write({"search_delay": 77, "activation_timeout": 88})
        self.env.flush_all()
        for table, new, old in (
            ("panda_account", "last_notified", "announced"),
            ("panda_account", "notification_pending", "has_news"),
            ("panda_system", "search_delay", "search_grace"),
            ("panda_system", "activation_timeout", "activation_patience"),
        ):
            sql.rename_column(self.env.cr, table, new, old)
        for _time in range(2):  # a script may be run again after a failed upgrade
            self.migrate()
            self.assertEqual(account.last_notified, "synced")
            self.assertTrue(account.notification_pending)
            self.assertEqual(self.system.search_delay, 77)
            self.assertEqual(self.system.activation_timeout, 88)
