from pathlib import Path

from odoo.modules import get_module_path
from odoo.modules.migration import load_script
from odoo.tests import tagged
from odoo.tools import sql

from .common import PandaCase


@tagged("post_install", "-at_install")
class TestMigration(PandaCase):
    """Upgrades keep what earlier versions have stored."""

    def migrate(self, version="19.0.1.1.0", file="pre-migration.py"):
        addon = Path(get_module_path("panda_provisioning"))
        script = load_script(str(addon / "migrations" / version / file), file)
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

    def make_columns_of_19_0_1_1_0(self, uuid):
        """Put secrets and uuid where they were, and empty their new place."""
        self.env.flush_all()
        for name in ("access_password_secret", "api_key_secret", "database_uuid"):
            self.env.cr.execute(f"ALTER TABLE panda_system ADD COLUMN {name} varchar")
        self.env.cr.execute("DELETE FROM panda_system_secret")
        self.env.cr.execute(
            """
            UPDATE panda_system SET access_password_secret = 'canary-password',
                api_key_secret = 'canary-key', database_uuid = %s, database_stamp = NULL
            WHERE id = %s
            """,
            [uuid, self.system.id],
        )
        self.env.invalidate_all()

    def test_19_0_1_2_0(self):
        """Secrets leave the row of the system, and this database is known again."""
        uuid = self.env["ir.config_parameter"].get_param("database.uuid")
        self.make_columns_of_19_0_1_1_0(uuid)
        for _time in range(2):
            self.migrate("19.0.1.2.0", "post-migration.py")
            self.assertEqual(
                self.system._read_secrets(),
                {"access_password": "canary-password", "api_key": "canary-key"},
            )
            stamp = self.system._get_database_stamp()
            self.assertEqual(self.system.sudo().database_stamp, stamp)
        self.env.cr.execute("SELECT * FROM panda_system")
        self.assertNotIn("canary", str(self.env.cr.fetchall()))

    def test_19_0_1_2_0_of_a_copy(self):
        """A copy that is upgraded is still one."""
        self.make_columns_of_19_0_1_1_0("of another database")
        self.migrate("19.0.1.2.0", "post-migration.py")
        self.assertTrue(self.system.is_waiting_for_confirmation)
