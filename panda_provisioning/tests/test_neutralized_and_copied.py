from contextlib import contextmanager

from odoo.exceptions import UserError, ValidationError
from odoo.modules.neutralize import neutralize_database
from odoo.tests import tagged

from .common import PandaCase


class SilentCase(PandaCase):
    def assert_silent(self, account):
        """Whatever is tried, nothing is sent."""
        before = self.count_requests()
        form, action = self.press(account.partner_id)
        self.assertTrue(form.general_problem)
        self.assertEqual(action["res_id"], form.id)
        account.action_synchronize()
        self.synchronize(account)
        self.make_due(account)
        triggers = self.env["ir.cron.trigger"].search([])
        self.run_cron()
        self.run_cron("ir_cron_reconcile")
        new_triggers = self.env["ir.cron.trigger"].search([]) - triggers
        self.assertFalse(new_triggers, "the cron would call itself for ever")
        self.assertEqual(self.count_requests(), before)
        self.assertEqual(account.state, "queued")
        return form.general_problem

    def assert_no_connection(self, reason):
        """*Test Connection* refuses with ``reason`` and sends nothing."""
        before = self.count_requests()
        with (
            self.committing(self.manager) as env,
            self.assertRaisesRegex(UserError, reason),
        ):
            self.system.with_env(env).action_test_connection()
        self.assertEqual(self.count_requests(), before)


@tagged("post_install", "-at_install")
class TestNeutralize(SilentCase):
    """A copy of a database never calls the real Panda."""

    def neutralize(self):
        """Do what ``odoo neutralize`` does."""
        self.env.flush_all()
        neutralize_database(self.cr)
        self.env.invalidate_all()

    def test_credentials_are_gone(self):
        """Every system is disabled and knows no secret any more, archived ones too."""
        secrets = self.get_connection_values()
        archived = self.system.copy({"active": False, "access_id": "archived"})
        archived.write({"access_password": "secret", "api_key": "secret"})
        self.neutralize()
        for system in self.system | archived:
            self.assertEqual(system.state, "disabled")
            self.assertFalse(system.access_id)
            self.assertEqual(system._read_secrets(), {})
            self.assertFalse(system.has_access_password)
            self.assertFalse(system.has_api_key)
        self.cr.execute("SELECT * FROM panda_system")
        rows = str(self.cr.fetchall())
        self.assertIn("Panda Antivirus", rows)
        self.cr.execute("SELECT count(*) FROM panda_system_secret")
        self.assertEqual(self.cr.fetchall(), [(0,)])
        for secret in ("secret", secrets["access_password"], secrets["api_key"]):
            self.assertNotIn(secret, rows)

    def test_neutralized_sends_nothing(self):
        """Neither a button nor the crons call Panda."""
        account = self.make_account()
        self.neutralize()
        self.env["ir.cron"].search([]).active = True
        self.assertIn("is disabled", self.assert_silent(account))
        self.assert_no_connection("Fill in: Access ID, Access Password")

    def test_switching_on_asks_for_credentials(self):
        """Who switches a neutralized system on must fill it in anew."""
        self.neutralize()
        with self.assertRaisesRegex(ValidationError, "Access ID, Access Password, API"):
            self.system.state = "test"


@tagged("post_install", "-at_install")
class TestCopiedDatabase(SilentCase):
    """A copy does not call Panda, and a production that was moved waits for a word."""

    def pretend_copy(self, kind):
        """Have the database look as a copy does in which ``kind`` differs; where a
        real one would be needed, the stamp is changed instead."""
        uuid, name, oid, cluster = self.system.sudo().database_stamp.split("/")
        if kind == "uuid":
            self.env["ir.config_parameter"].set_param("database.uuid", "a-copy")
            return
        other = {"name": name, "oid": oid, "cluster": cluster, kind: "0"}
        stamp = "/".join((uuid, other["name"], other["oid"], other["cluster"]))
        self.system.sudo().database_stamp = stamp
        self.env.invalidate_all()

    def test_the_stamp_is_of_this_database(self):
        """Uuid, name, oid and cluster are those that PostgreSQL tells."""
        stamp = self.system.sudo().database_stamp.split("/")
        uuid = self.env["ir.config_parameter"].get_param("database.uuid")
        self.assertEqual(stamp[0], uuid)
        self.cr.execute(
            """
            SELECT current_database(), oid::text,
                (SELECT system_identifier::text FROM pg_control_system())
            FROM pg_database WHERE datname = current_database()
            """
        )
        self.assertEqual(tuple(stamp[1:]), self.cr.fetchone())

    def test_copied_database(self):
        """Whatever differs: of ``odoo db duplicate``, pg_dump and another server."""
        for kind in ("uuid", "name", "oid", "cluster"):
            with self.subTest(kind), self.undone():
                account = self.make_account()
                self.pretend_copy(kind)
                self.assertIn("This database is a copy", self.assert_silent(account))
                self.assert_no_connection("This database is a copy")

    @contextmanager
    def undone(self):
        savepoint = self.env.cr.savepoint()
        try:
            yield
        finally:
            savepoint.close(rollback=True)
            self.env.invalidate_all()

    def test_moved_production_is_not_silently_dead(self):
        """The form and the Overview say so, and an activity, without a mail."""
        self.pretend_copy("cluster")
        self.assertTrue(self.system.is_waiting_for_confirmation)
        self.assertIn("This Is the Production", self.system.health_message)
        mails = self.env["mail.mail"].search_count([])
        for _time in range(2):
            self.run_cron()
        [activity] = self.system.activity_ids
        self.assertEqual(activity.user_id, self.manager)
        self.assertEqual(activity.summary, "Is this the production?")
        self.assertIn("This database is a copy", activity.note)
        self.assertEqual(self.env["mail.mail"].search_count([]), mails)

    def test_form_and_overview_have_the_button(self):
        """For those who may press it."""
        for name in ("panda_overview_view_kanban", "panda_system_view_form"):
            view = self.env.ref(f"panda_provisioning.{name}")
            for user, shown in ((self.manager, True), (self.user, False)):
                with self.subTest(name, user=user.login):
                    systems = self.system.with_user(user)
                    view_type = "kanban" if "kanban" in name else "form"
                    arch = systems.get_view(view.id, view_type)["arch"]
                    self.assertEqual("action_confirm_production" in arch, shown)
                    self.assertIn("is_waiting_for_confirmation", arch)

    def test_production_is_confirmed(self):
        account = self.make_account()
        self.pretend_copy("cluster")
        account.action_synchronize()
        self.run_cron()
        self.assertEqual(account.state, "queued")
        self.system.with_user(self.manager).action_confirm_production()
        self.assertFalse(self.system.is_waiting_for_confirmation)
        self.assertFalse(self.system.activity_ids)
        self.assertIn("confirmed", str(self.system.message_ids.mapped("body")))
        self.run_cron()
        self.assertEqual(account.state, "synced", account.error_message)

    def test_copy_that_is_meant(self):
        """Whoever switches the system on says the same."""
        account = self.make_account()
        self.pretend_copy("uuid")
        self.system.state = "disabled"
        self.system.state = "test"
        self.press(account.partner_id)
        self.assertEqual(account.state, "synced", account.error_message)
