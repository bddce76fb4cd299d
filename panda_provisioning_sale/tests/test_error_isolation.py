import threading
from unittest.mock import patch

import psycopg2.errors

from odoo.sql_db import db_connect
from odoo.tests import tagged

from odoo.addons.panda_provisioning_sale.models.panda_service import REQUESTED

from .common import OrderCase

LOGGER = "odoo.addons.panda_provisioning_sale.models.sale_order"


@tagged("post_install", "-at_install")
class TestErrorIsolation(OrderCase):
    """An error of one order affects neither other orders nor the engine, and no
    notification affects a status."""

    def setUp(self):
        super().setUp()
        self.bad = self.make_order(self.make_partner("Ada Lovelace"))
        self.good = self.make_order(self.make_partner("Bob Babbage"))
        self.orders = self.bad + self.good

    def patch_for_bad_order(self, name, side_effect):
        """Patch method ``name`` of orders: ``side_effect`` runs first for the bad one,
        and may raise."""
        original = getattr(type(self.orders), name)

        def patched(order, *args):
            if order == self.bad:
                side_effect(order, *args)
            return original(order, *args)

        return patch.object(type(self.orders), name, patched)

    def refuse(self, *_args):
        raise ZeroDivisionError

    def refuse_status(self, status):
        """Return a side effect for `write`, like a rule that refuses ``status``."""

        def refuse(_order, vals):
            if vals.get("panda_status") == status:
                raise ZeroDivisionError

        return refuse

    def get_statuses(self):
        self.env.invalidate_all()
        return self.bad.panda_status, self.good.panda_status

    def assert_logged(self, logged, *texts):
        """There is one error, about the bad order."""
        self.assertEqual(len(logged.output), len(texts))
        for line, text in zip(logged.output, texts, strict=True):
            self.assertIn(text, line)
            self.assertIn("ZeroDivisionError", line)

    # === REQUEST === #

    def test_failed_request_whose_notification_fails(self):
        """It is failed all the same, and processed once only."""
        contact = self.make_account(self.make_partner("Carl Customer"))
        contact.action_synchronize()
        self.orders.action_confirm()
        with (
            self.patch_for_bad_order("_queue_panda_accounts", self.refuse),
            self.patch_for_bad_order("_notify_panda_failure", self.refuse),
            self.assertLogs(LOGGER, "ERROR") as logged,
        ):
            self.run_crons()
        self.assert_logged(
            logged,
            f"Provisioning order {self.bad.name} in Panda",
            f"Notifying people of order {self.bad.id}",
        )
        self.assertEqual(self.get_statuses(), ("failed", "done"))
        self.assertFalse(self.bad.panda_requested)
        self.assertEqual(contact.state, "synced")

    def test_failed_request_whose_status_is_refused(self):
        """It is failed all the same, so that it does not block the queue, and people
        are notified."""
        self.orders.action_confirm()
        with (
            self.patch_for_bad_order("_queue_panda_accounts", self.refuse),
            self.patch_for_bad_order("write", self.refuse_status("failed")),
            self.assertLogs(LOGGER, "ERROR") as logged,
        ):
            self.run_crons()
        self.assert_logged(
            logged,
            f"Provisioning order {self.bad.name} in Panda",
            f"Setting order {self.bad.id} to failed",
        )
        self.assertEqual(self.get_statuses(), ("failed", "done"))
        self.assertFalse(self.bad.panda_requested)
        self.assertIn("unexpected", self.get_notes(self.bad)[0])
        self.assertEqual(len(self.bad.sudo().activity_ids), 1)

    # === OUTCOME === #

    def test_success_whose_notification_fails(self):
        """The order is done; what the notification had written is rolled back."""

        def write_and_refuse(order):
            order.client_order_ref = "half done"
            order.flush_recordset()
            raise ZeroDivisionError

        self.orders.action_confirm()
        with (
            self.patch_for_bad_order("_notify_panda_success", write_and_refuse),
            self.assertLogs(LOGGER, "ERROR") as logged,
        ):
            self.run_crons()
        self.assert_logged(logged, f"Notifying people of order {self.bad.id}")
        self.assertEqual(self.get_statuses(), ("done", "done"))
        self.assertFalse(self.bad.client_order_ref)
        self.assertFalse(self.bad.sudo().panda_last_notified)
        self.assertIn("In Panda: Bob Babbage", self.get_notes(self.good)[0])
        accounts = self.env["panda.account"].search([])
        self.assertEqual(accounts.mapped("state"), ["synced", "synced"])

    def test_failure_whose_notification_fails(self):
        """The order is failed, says why, and continues after the correction."""
        self.bad.partner_id.sudo().phone = False
        self.orders.action_confirm()
        with (
            self.patch_for_bad_order("_notify_panda_failure", self.refuse),
            self.assertLogs(LOGGER, "ERROR") as logged,
        ):
            self.run_crons()
        self.assert_logged(logged, f"Notifying people of order {self.bad.id}")
        self.assertEqual(self.get_statuses(), ("failed", "done"))
        self.assertIn("has no phone number", str(self.bad.panda_problems))
        self.bad.partner_id.sudo().phone = "+32 470 12 34 56"
        self.run_crons()
        self.assertEqual(self.get_statuses(), ("done", "done"))

    def test_status_is_set_before_people_are_notified(self):
        """Code that extends the notification finds the new status."""
        found = []

        def look(order):
            self.env.flush_all()
            found.append(order.panda_status)

        self.orders.action_confirm()
        with self.patch_for_bad_order("_notify_panda_success", look):
            self.run_crons()
        self.assertEqual(found, ["done"])

    def test_status_is_refused(self):
        """The order keeps waiting, nobody is notified, and the next run tries again."""
        self.orders.action_confirm()
        with (
            self.patch_for_bad_order("write", self.refuse_status("done")),
            self.assertLogs(LOGGER, "ERROR") as logged,
        ):
            self.run_crons()
        self.assert_logged(logged, f"Setting the Panda status of order {self.bad.id}")
        self.assertEqual(self.get_statuses(), ("waiting", "done"))
        self.assertFalse(self.bad.sudo().panda_last_notified)
        self.run_crons()
        self.assertEqual(self.get_statuses(), ("done", "done"))
        self.assertIn("In Panda: Ada Lovelace", self.get_notes(self.bad)[0])

    def test_refusal_that_cannot_be_noted_on_a_contact(self):
        """It stops neither the user nor what is noted on the other contacts."""
        self.system.state = "disabled"
        bad, good = self.orders.partner_id.with_env(self.env)
        note = type(bad)._note_panda_refusal

        def refuse(partner, reason):
            note(partner, reason)
            if partner == bad:
                raise ZeroDivisionError

        logger = "odoo.addons.panda_provisioning_sale.models.res_partner"
        with (
            patch.object(type(bad), "_note_panda_refusal", refuse),
            self.assertLogs(logger, "ERROR") as logged,
        ):
            (bad + good).action_panda_provision()
        self.assert_logged(logged, f"Noting a refusal at the contact {bad.id}")
        self.assertIn("Not synchronized with Panda", self.get_notes(good)[0])
        self.assertNotIn("Not synchronized with Panda", str(self.get_notes(bad)))

    # === OTHER TRANSACTIONS === #

    def test_conflict_while_people_are_notified(self):
        """Not an error of the order: all of it is done again in a new transaction."""
        self.confirm(self.make_order(self.bad.partner_id))
        conflicts = [psycopg2.errors.SerializationFailure]

        def conflict_once(_order):
            if conflicts:
                raise conflicts.pop()

        self.bad.action_confirm()
        with (
            self.patch_for_bad_order("_notify_panda_success", conflict_once),
            self.assertNoLogs(LOGGER, "ERROR"),
        ):
            self.process_orders()
        self.assertFalse(conflicts)
        self.assertEqual(self.bad.panda_status, "done")
        self.assertIn("In Panda: Ada Lovelace", self.get_notes(self.bad)[0])

    def test_another_transaction_processes_orders(self):
        """This one waits for a moment instead of leaving its orders to the next run,
        and never processes orders at the same time."""
        self.bad.action_confirm()
        process, was_released = type(self.bad)._process_panda_request, []
        with db_connect(self.env.cr.dbname).cursor() as other:
            other.execute("SELECT pg_advisory_lock(hashtext(%s))", [REQUESTED])
            release = threading.Timer(
                0.3, other.execute, ["SELECT pg_advisory_unlock_all()"]
            )

            def process_and_look(order, **options):
                was_released.append(release.finished.is_set())
                return process(order, **options)

            with patch.object(
                type(self.bad), "_process_panda_request", process_and_look
            ):
                release.start()
                self.process_orders()
            release.join()
        self.assertEqual(was_released, [True])
        self.assertEqual(self.env["panda.account"].search([]).state, "queued")
