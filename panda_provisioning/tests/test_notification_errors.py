from unittest.mock import patch

import psycopg2.errors

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..models.panda_service import MAX_CONFLICTS
from .common import PandaCase

SERVICE = "odoo.addons.panda_provisioning.models.panda_service"
REFUSAL = "Another rule refuses\n2026-01-01 INFO forged"


@tagged("post_install", "-at_install")
class TestOneRefusedNotificationEndsNoRun(PandaCase):
    """Where people are told, one's trouble is neither the others' nor the run's."""

    def setUp(self):
        super().setUp()
        self.bad = self.make_account(self.make_partner("Bad Test", phone=False))
        self.good = self.make_account(self.make_partner("Good Test", phone=False))
        self.accounts = self.bad + self.good

    def refusing(self, model, method, error, times=-1):
        """Patch a method of ``model`` to raise for the contact of the bad account."""
        original = getattr(self.registry[model], method)
        left = [times]

        def refuse(records, *args, **kwargs):
            named = repr((records, args, kwargs))
            contact = self.bad.partner_id.id
            if left[0] and (str(contact) in named or contact in records.ids):
                left[0] -= 1
                raise error
            return original(records, *args, **kwargs)

        return patch.object(self.registry[model], method, refuse)

    def assert_others_notified(self):
        """The run ended well, the good one was told, and the bad one says why not."""
        self.assertEqual(self.accounts.mapped("state"), ["failed", "failed"])
        self.assertFalse(any(self.accounts.mapped("notification_pending")))
        self.assertTrue(self.good.partner_id.activity_ids)
        self.assertIn("no phone number", self.good.partner_id.message_ids[0].body)
        self.assertFalse(self.good.notification_error)
        self.assertTrue(self.bad.notification_error)

    def test_chatter_notes_activities_and_what_other_addons_do(self):
        partners, accounts = "res.partner", "panda.account"
        for model, method in (
            (partners, "_message_log_batch"),
            (partners, "activity_schedule"),
            (partners, "activity_unlink"),
            (accounts, "_on_settled"),
            (accounts, "_store_outcome"),
            (accounts, "_notify"),
        ):
            with self.subTest(f"{model}.{method}"):
                self.setUp()
                if model == accounts:
                    patched = self.refusing_account(method)
                else:
                    patched = self.refusing(model, method, UserError(REFUSAL))
                with patched, self.assertLogs(SERVICE, "ERROR") as logged:
                    self.synchronize_by_cron(self.accounts)
                self.assert_others_notified()
                self.assertIn(f"Panda account {self.bad.id}", logged.output[0])
                self.assertIn("Another rule refuses", self.bad.notification_error)
                self.accounts.sudo().state = "draft"
                self.accounts.unlink()

    def refusing_account(self, method):
        original = getattr(self.registry["panda.account"], method)

        def refuse(accounts, *args, **kwargs):
            if self.bad.id in accounts.ids:
                raise UserError(REFUSAL)
            return original(accounts, *args, **kwargs)

        return patch.object(self.registry["panda.account"], method, refuse)

    def test_words_of_others_forge_no_line_of_the_log(self):
        with (
            self.refusing_account("_notify"),
            self.assertLogs(SERVICE, "ERROR") as logged,
        ):
            self.synchronize_by_cron(self.accounts)
        text = "\n".join(logged.output)
        self.assertIn("forged", text)
        self.assertNotRegex(text, r"(?m)^2026-01-01")
        self.assertNotIn("\n", self.bad.notification_error)

    def test_rule_of_the_database(self):
        """Even one that is checked at the end of the transaction only, where it would
        refuse all that is in it."""
        self.env.cr.execute(
            """
            CREATE FUNCTION refuse_note() RETURNS trigger AS $$ BEGIN
                IF NEW.model = 'res.partner' AND NEW.res_id = %s
                    AND NEW.body LIKE '%%Not synchronized%%'
                THEN RAISE EXCEPTION 'refused by the database'; END IF;
                RETURN NEW;
            END $$ LANGUAGE plpgsql;
            CREATE CONSTRAINT TRIGGER refuse_note AFTER INSERT ON mail_message
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse_note()
            """,
            [self.bad.partner_id.id],
        )
        with self.assertLogs(SERVICE, "ERROR") as logged, mute_logger("odoo.sql_db"):
            self.synchronize_by_cron(self.accounts)
        self.assertIn("refused by the database", logged.output[0])
        self.assert_others_notified()
        self.assertIn("unexpected", self.bad.notification_error)

    def test_conflict_that_does_not_end(self):
        """It looks like another transaction that is in the way, and never goes."""
        for error in (
            psycopg2.errors.SerializationFailure,
            psycopg2.errors.LockNotAvailable,
        ):
            with self.subTest(error.__name__):
                self.setUp()
                with (
                    self.refusing("res.partner", "activity_schedule", error()),
                    self.assertLogs(SERVICE, "ERROR"),
                ):
                    self.synchronize_by_cron(self.accounts)
                self.assert_others_notified()
                self.accounts.sudo().state = "draft"
                self.accounts.unlink()

    def test_conflict_that_ends(self):
        """Everybody is told, and once."""
        error = psycopg2.errors.SerializationFailure()
        with (
            self.refusing("res.partner", "activity_schedule", error, MAX_CONFLICTS),
            self.assertNoLogs(SERVICE, "ERROR"),
        ):
            self.synchronize_by_cron(self.accounts)
        for account in self.accounts:
            self.assertEqual(len(account.partner_id.activity_ids), 1)
            self.assertFalse(account.notification_error)

    def test_reason_goes_once_somebody_was_notified(self):
        with self.refusing_account("_notify"), self.assertLogs(SERVICE, "ERROR"):
            self.synchronize_by_cron(self.accounts)
        self.assertTrue(self.bad.notification_error)
        self.synchronize_by_cron(self.bad)
        self.assertFalse(self.bad.notification_error)
        self.assertIn("no phone number", self.bad.partner_id.message_ids[0].body)


@tagged("post_install", "-at_install")
class TestDeletedInFlight(PandaCase):
    """Deleting an account in flight does not end a run."""

    def test_while_a_run_holds_it(self):
        """It is refused: its outcome would have no row."""
        account = self.make_account()
        account.action_synchronize()
        account.sudo().write({"state": "running", "run_token": "a run"})
        for delete in (account.unlink, account.partner_id.unlink):
            with self.assertRaisesRegex(UserError, "being sent to Panda right now"):
                delete()
        account.sudo().state = "queued"
        account.unlink()

    def test_before_people_are_told(self):
        """By the code of another addon, or past the ORM."""
        gone = self.make_account(self.make_partner("Gone Test", phone=False))
        stays = self.make_account(self.make_partner("Stays Test", phone=False))
        on_settled = self.registry["panda.account"]._on_settled

        def settle(accounts):
            self.env.cr.execute("DELETE FROM panda_account WHERE id = %s", [gone.id])
            return on_settled(accounts)

        with (
            patch.object(self.registry["panda.account"], "_on_settled", settle),
            self.assertLogs(SERVICE, "ERROR"),
        ):
            self.synchronize_by_cron(gone + stays)
        self.assertFalse(gone.exists())
        self.assertEqual(stays.state, "failed")
        self.assertTrue(stays.partner_id.activity_ids)

    def test_before_the_run_looks_who_is_to_be_told(self):
        gone = self.make_account(self.make_partner("Gone Test", phone=False))
        stays = self.make_account(self.make_partner("Stays Test", phone=False))
        service = self.registry["panda.service"]
        get_runner = service._get_runner

        def delete_first(service, *args):
            runner = get_runner(service, *args)
            on_settled = runner._listener.on_settled

            def delete_and_settle(account_ids):
                query = "DELETE FROM panda_account WHERE id = %s"
                service.env.cr.execute(query, [gone.id])
                on_settled(account_ids)

            runner._listener.on_settled = delete_and_settle
            return runner

        with (
            patch.object(service, "_get_runner", delete_first),
            self.assertNoLogs(SERVICE, "ERROR"),
        ):
            self.synchronize_by_cron(gone + stays)
        self.assertFalse(gone.exists())
        self.assertTrue(stays.partner_id.activity_ids)
