from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..core import pace
from ..core.retry_policy import MAX_ATTEMPTS
from ..engine.queue import Queue
from ..models.panda_system import RECOVERY
from .common import PandaCase

SERVICE = "odoo.addons.panda_provisioning.models.panda_service"
ACCOUNTS = "/rest/platform/accounts/*"
OPERATORS = "/rest/platform/operator-mgmt/*"


@tagged("post_install", "-at_install")
class TestEngine(PandaCase):
    """Every account reaches Panda once, whatever happens on the way."""

    def enqueue(self, *accounts):
        accounts = self.env["panda.account"].union(*accounts)
        accounts.with_user(self.user).action_synchronize()
        return accounts

    # === QUEUE === #

    def test_cron_synchronizes_what_is_queued(self):
        accounts = self.enqueue(
            *(self.make_account(self.make_partner(f"Person{i} Test")) for i in range(7))
        )
        self.assertEqual(set(accounts.mapped("state")), {"queued"})
        self.run_cron()
        self.assertEqual(set(accounts.mapped("state")), {"synced"})
        self.assertEqual(len(self.tenants()), 7)
        self.assertEqual(len(self.mails()), 7)

    def test_queueing_calls_nobody_and_triggers_the_cron(self):
        cron = self.system.sudo().cron_id
        triggers = [("cron_id", "=", cron.id)]
        before = self.env["ir.cron.trigger"].search_count(triggers)
        self.enqueue(self.make_account())
        self.assertEqual(self.env["ir.cron.trigger"].search_count(triggers), before + 1)
        self.assertEqual(self.count_requests(), 0)

    def test_each_system_has_a_scheduled_action_of_its_own(self):
        """It comes and goes with the system, and again if somebody has deleted it."""
        other = self.system.copy({"name": "Another"})
        crons = (self.system + other).sudo().cron_id
        self.assertEqual(len(crons), 2)
        self.assertIn("Another", other.sudo().cron_id.name)
        other.unlink()
        self.assertEqual(crons.exists(), self.system.sudo().cron_id)
        crons.exists().unlink()
        self.enqueue(self.make_account())
        self.run_cron()
        self.assertEqual(self.system.account_ids.state, "synced")

    def test_an_archived_or_disabled_system_is_not_worked_on(self):
        account = self.enqueue(self.make_account())
        cron = self.system.sudo().cron_id
        for values in ({"active": False}, {"active": True, "state": "disabled"}):
            self.system.write(values)
            with self.enter_registry_test_mode():
                cron.method_direct_trigger()
            self.assertEqual((account.state, self.count_requests()), ("queued", 0))

    def test_children_of_a_parent_are_listed_for_all_of_them(self):
        self.enqueue(
            *(self.make_account(self.make_partner(f"Person{i} Test")) for i in range(9))
        )
        self.run_cron()
        # Once when there is nobody, once for the names that Panda has stored, which
        # takes another page to show that there are no more.
        self.assertEqual(self.count_requests("method=GET&path=*/children"), 3)

    def test_an_account_that_is_up_to_date_is_not_sent_again(self):
        account = self.make_synced_account()
        before = self.count_requests()
        self.enqueue(account)
        self.run_cron()
        self.assertEqual(self.count_requests(), before)

    # === UNKNOWN OUTCOMES === #

    def test_lost_answer_to_the_account(self):
        self.fault("lost_answer", method="POST", path=ACCOUNTS, times=1)
        account = self.enqueue(self.make_account())
        self.run_cron()
        self.assertEqual(account.state, "synced")
        self.assertFalse(account.adopted, "it is our own, not one of before")
        self.assertEqual(len(self.tenants()), 1)

    def test_lost_answer_to_the_operator(self):
        self.fault("lost_answer", method="POST", path=OPERATORS, times=1)
        account = self.enqueue(self.make_account())
        self.run_cron()
        self.assertEqual(account.state, "synced")
        self.assertEqual(len(self.mails()), 1)

    def test_lost_request(self):
        """What never arrived is created after all."""
        self.fault("lost_request", method="POST", path=ACCOUNTS, times=1)
        account = self.enqueue(self.make_account())
        self.run_cron()
        self.assertEqual(account.state, "synced")
        self.assertEqual(len(self.tenants()), 1)

    def test_nothing_is_created_again_within_the_grace_period(self):
        self.system.search_delay = 60
        self.fault("lost_answer", method="POST", path=ACCOUNTS, times=1, lag_calls=2)
        account = self.enqueue(self.make_account())
        self.run_cron()
        self.assertEqual(account.state, "unknown")
        self.assertGreater(account.next_attempt_at, fields.Datetime.now())
        self.make_due(account)
        self.run_cron()
        self.assertEqual(account.state, "unknown")
        self.make_due(account)
        self.run_cron()
        self.assertEqual(account.state, "synced")
        self.assertEqual(len(self.tenants()), 1)

    def test_killed_after_the_account_was_created(self):
        """A marker without an outcome is looked into when its lease has run out."""
        account = self.enqueue(self.make_account())
        self.fault("transaction_failed", path=OPERATORS, times=1)
        self.run_cron()
        self.assertEqual((len(self.tenants()), len(self.mails())), (1, 0))
        self.env.cr.execute(
            """UPDATE panda_account SET state = 'running', step = 'create_account',
            remote_id = NULL, error_code = NULL, marker_at = now() at time zone 'UTC',
            next_attempt_at = '2020-01-01', run_token = 'of a dead process'"""
        )
        account.invalidate_recordset()
        self.run_cron()
        self.assertEqual(account.state, "synced")
        self.assertEqual(len(self.tenants()), 1)
        self.assertEqual(len(self.mails()), 1)

    def test_running_is_left_to_its_run_until_the_lease_ends(self):
        account = self.enqueue(self.make_account())
        account.write(
            {
                "state": "running",
                "run_token": "of a living process",
                "next_attempt_at": fields.Datetime.add(fields.Datetime.now(), hours=1),
            }
        )
        self.run_cron()
        self.assertEqual(account.state, "running")
        self.assertEqual(self.count_requests("path=/rest/*"), 0)

    def test_stuck_transaction(self):
        """What Panda never finishes is looked into, not repeated blindly."""
        self.system.activation_timeout = 1
        self.fault("transaction_stuck", method="POST", path=OPERATORS, times=1)
        account = self.enqueue(self.make_account())
        for _run in range(4):
            self.run_cron()
            self.make_due(account.filtered(lambda a: a.state != "synced"))
        self.assertEqual(account.state, "synced")
        self.assertEqual(len(self.tenants()), 1)
        self.assertEqual(len(self.mails()), 1)

    # === RESUMED AT EVERY STEP === #

    def test_refused_username_is_mended(self):
        """The account exists, the operator does not: no second account."""
        self.enqueue(self.make_account(username="elsewhere"))
        self.run_cron()
        self.env.cr.execute("UPDATE panda_account SET username = 'not.in.odoo'")
        self.env.invalidate_all()
        account = self.make_account(
            self.make_partner("Bob Babbage"), username="elsewhere"
        )
        self.enqueue(account)
        self.run_cron()
        self.assertEqual(
            (account.state, account.error_code), ("failed", "username_taken")
        )
        self.assertTrue(account.remote_id)
        account.with_user(self.user).username = "somewhere"
        self.assertEqual(account.state, "queued", "mending the field is a new try")
        self.run_cron()
        self.assertEqual(account.state, "synced", account.error_message)
        self.assertEqual(len(self.tenants()), 2)

    # === EXISTING TENANTS === #

    def forget(self, account):
        """Let Odoo forget an account that Panda has."""
        self.env.cr.execute("DELETE FROM panda_account WHERE id = %s", [account.id])
        self.env.invalidate_all()

    def test_existing_tenant_is_linked(self):
        partner = self.make_partner()
        first = self.enqueue(self.make_account(partner))
        self.run_cron()
        remote_id = first.remote_id
        self.forget(first)
        account = self.enqueue(self.make_account(partner))
        self.run_cron()
        self.assertEqual((account.state, account.remote_id), ("synced", remote_id))
        self.assertTrue(account.adopted)
        self.assertIn("Linked to", partner.message_ids[0].body)
        self.assertEqual((len(self.tenants()), len(self.mails())), (1, 1))

    def test_namesake_with_another_email(self):
        """A person decides: the same customer, or another of the same name."""
        partner = self.make_partner()
        self.forget(self.enqueue(self.make_account(partner)))
        account = self.make_account(partner)
        self.enqueue(account)
        self.run_cron()
        self.forget(account)
        partner.email = "other@example.com"
        account = self.enqueue(self.make_account(partner, username="ada.again"))
        self.run_cron()
        self.assertEqual((account.state, account.error_code), ("failed", "name_exists"))
        self.assertEqual(len(self.tenants()), 1)
        account.with_user(self.user).create_anyway = True
        self.enqueue(account)
        self.run_cron()
        self.assertEqual(account.state, "synced")
        self.assertEqual(len(self.tenants()), 2)

    # === PARENT GATE === #

    def test_what_fails_after_one_account_does_not_end_the_run(self):
        """Another addon raises for one account: the others are notified."""
        bad = self.enqueue(self.make_account(self.make_partner("Bad Test")))
        good = self.enqueue(self.make_account(self.make_partner("Good Test")))
        accounts, on_settled = type(bad), type(bad)._on_settled

        def settle(records):
            if bad.id in records.ids:
                raise ValueError("from another addon")
            return on_settled(records)

        with (
            patch.object(accounts, "_on_settled", settle),
            self.assertLogs(SERVICE, "ERROR") as logged,
        ):
            self.run_cron()
        self.assertEqual((bad + good).mapped("state"), ["synced", "synced"])
        self.assertEqual((bad + good).mapped("last_notified"), ["synced", "synced"])
        self.assertFalse(any((bad + good).mapped("notification_pending")))
        self.assertEqual(len(logged.records), 1)

    def test_an_account_that_was_queued_again_is_not_notified(self):
        """It failed and was corrected while it was sent: that is no failure to tell."""
        account = self.enqueue(self.make_account())
        account.sudo().write({"state": "failed", "resync_requested": True})
        account.sudo().notification_pending = True
        self.env.flush_all()
        queue = Queue(self.env, self.system._get_run_settings())
        self.assertTrue(queue.requeue_edited(account.ids))
        self.assertEqual(queue.take_notifications(), [])

    def test_reseller_then_customers_in_one_run(self):
        reseller = self.make_account(
            self.make_partner("Rita Reseller"), role="reseller"
        )
        customers = [
            self.make_account(self.make_partner(f"Person{i} T"), parent_id=reseller.id)
            for i in range(4)
        ]
        accounts = self.enqueue(*customers)
        self.assertEqual(set(accounts.mapped("state")), {"waiting"})
        self.assertEqual(reseller.state, "queued", "nobody waits for a draft")
        self.run_cron()
        self.assertEqual(set(accounts.mapped("state")), {"synced"})
        parents = {tenant["parentId"] for tenant in self.tenants()[1:]}
        self.assertEqual(parents, {reseller.remote_id})

    def test_failed_reseller_is_named(self):
        partner = self.make_partner("Rita Reseller", email="nonsense")
        reseller = self.make_account(partner, role="reseller")
        customer = self.make_account(
            self.make_partner("Carl Customer"), parent_id=reseller.id
        )
        self.enqueue(customer)
        self.run_cron()
        self.assertEqual((reseller.state, customer.state), ("failed", "waiting"))
        self.assertEqual(customer.attempt_count, 0)
        self.assertIn("Rita Reseller", customer.status_text)
        self.assertIn("Failed", customer.status_text)
        partner.email = "rita@example.com"
        self.run_cron()
        self.assertEqual((reseller.state, customer.state), ("synced", "synced"))

    # === ERROR POLICY === #

    def test_outage_is_tried_again_and_then_left_to_a_person(self):
        # The system as a whole is in order; a namesake that is there cannot be read.
        self.fault("server_error", method="GET", account="Ada Lovelace")
        partner = self.make_partner()
        self.make_tenant(partner.name, partner.email)
        account = self.enqueue(self.make_account(partner))
        self.run_cron()
        self.assertEqual(account.state, "retry")
        tried = account.attempt_count
        self.assertIn(tried, (3, 4), "the run has waited for some seconds")
        first_wait = account.next_attempt_at - fields.Datetime.now()
        notes = len(partner.message_ids)
        for _attempt in range(MAX_ATTEMPTS - tried):
            self.make_due(account)
            self.run_cron()
        self.assertLess(first_wait.total_seconds(), 60)
        self.assertEqual((account.state, account.attempt_count), ("failed", 10))
        self.assertEqual(len(partner.message_ids), notes + 1, "one note, not ten")
        self.assertEqual(partner.activity_ids.user_id, self.manager)
        self.clear_faults()
        self.enqueue(account)
        self.run_cron()
        self.assertEqual(account.state, "synced")
        self.assertFalse(partner.activity_ids, "done is done")
        self.assertEqual(len(partner.message_ids), notes + 2)

    def test_data_errors_wait_for_the_field_at_fault(self):
        partner = self.make_partner(email="nonsense")
        account = self.enqueue(self.make_account(partner))
        self.run_cron()
        self.assertEqual(
            (account.state, account.error_code), ("failed", "email_invalid")
        )
        self.assertFalse(account.next_attempt_at)
        self.assertEqual(self.count_requests("path=/rest/*"), 0)
        partner.phone = "+32 470 99 99 99"
        self.assertEqual(account.state, "failed")
        partner.email = "ada@example.com"
        self.assertEqual(account.state, "queued")
        self.run_cron()
        self.assertEqual(account.state, "synced")

    def test_throttling_pauses_the_whole_system(self):
        self.fault("throttled", path=ACCOUNTS, retry_after=120, times=1)
        accounts = self.enqueue(
            *(self.make_account(self.make_partner(f"Person{i} T")) for i in range(3))
        )
        self.run_cron()
        self.assertEqual(self.system.health, "throttled")
        wait = (self.system.next_probe_at - fields.Datetime.now()).total_seconds()
        self.assertAlmostEqual(wait, 120, delta=5)
        self.assertEqual(set(accounts.mapped("attempt_count")), {0})
        before = self.count_requests()
        self.make_due(accounts)
        self.run_cron()
        self.assertEqual(self.count_requests(), before)
        self.system.next_probe_at = "2020-01-01 00:00:00"
        self.run_cron()
        self.assertEqual(set(accounts.mapped("state")), {"synced"})
        self.assertEqual(self.system.health, "healthy")

    def test_a_refusal_is_waited_for_by_the_run(self):
        """It costs no attempt, and nobody hears of it."""
        self.fault("throttled", path=ACCOUNTS, times=2)
        account = self.synchronize_by_cron(self.make_account())
        self.assertEqual((account.state, account.attempt_count), ("synced", 0))
        self.assertEqual(self.system.health, "healthy")

    def test_a_failure_that_passes_costs_nothing(self):
        for fault in ("server_error", "lost_answer", "truncated"):
            with self.subTest(fault):
                self.reset_panda()
                self.fault(fault, method="GET", times=2)
                account = self.make_account(self.make_partner(f"{fault} Person"))
                self.synchronize_by_cron(account)
                self.assertEqual((account.state, account.attempt_count), ("synced", 0))

    def test_when_the_requests_of_a_day_are_used_up_odoo_waits_for_the_next(self):
        self.system.requests_per_day = 2
        account = self.synchronize_by_cron(self.make_account())
        self.assertEqual((account.state, account.attempt_count), ("retry", 0))
        self.assertEqual(self.count_requests(), 2)
        words = "The daily limit of requests is used up. Odoo goes on at midnight UTC."
        self.assertEqual(account.error_message, words)
        self.assertEqual(self.system.health, "throttled")
        self.assertIn("used up", self.system.health_message)
        at = self.system.next_probe_at
        self.assertEqual((at.hour, at.minute), (0, 0))
        self.assertGreater(at, fields.Datetime.now())
        self.system.requests_per_day = 0  # what was changed is tried at once
        self.make_due(account)
        self.run_cron()
        self.assertEqual(account.state, "synced")
        self.assertEqual(self.system.health, "healthy")

    def test_one_account_that_is_forbidden_stops_nobody_else(self):
        self.fault("server_error", status=403, path=ACCOUNTS, account="Person0 T")
        accounts = self.enqueue(
            *(self.make_account(self.make_partner(f"Person{i} T")) for i in range(2))
        )
        for _run in range(2):
            self.run_cron()
        self.assertEqual(accounts.mapped("state"), ["failed", "synced"])
        self.assertEqual(accounts[0].error_code, "forbidden")
        self.assertEqual(self.system.health, "healthy")

    # === QUARANTINE === #

    @mute_logger("odoo.addons.mail.models.mail_mail")
    def test_refused_credentials_quarantine_the_system(self):
        self.system.api_key = "wrong"
        accounts = self.enqueue(
            *(self.make_account(self.make_partner(f"Person{i} T")) for i in range(9))
        )
        self.run_cron()
        self.assertEqual(self.system.health, "quarantined")
        self.assertIn("API key", self.system.health_message)
        self.assertEqual(set(accounts.mapped("attempt_count")), {0})
        self.assertLessEqual(set(accounts.mapped("state")), {"queued", "retry"})
        self.assertLess(self.count_requests("path=/rest/*"), 12 + 9)
        alerts = len(self.system.message_ids)
        self.assertEqual(self.system.activity_ids.user_id, self.manager)
        first_wait = self.system.next_probe_at - fields.Datetime.now()
        self.system.next_probe_at = "2020-01-01 00:00:00"
        self.run_cron()
        self.assertGreater(
            self.system.next_probe_at - fields.Datetime.now(), first_wait
        )
        self.assertEqual(len(self.system.message_ids), alerts, "one alert")
        self.system.api_key = "sandbox-api-key"
        self.system.next_probe_at = "2020-01-01 00:00:00"
        self.make_due(accounts)
        self.run_cron()
        self.assertEqual(self.system.health, "healthy")
        self.assertEqual(set(accounts.mapped("state")), {"synced"})
        self.assertEqual(len(self.system.message_ids), alerts, "not yet")
        self.system.health_since -= timedelta(seconds=RECOVERY)
        self.run_cron()
        self.assertEqual(len(self.system.message_ids), alerts + 1, "one note")
        self.assertFalse(self.system.activity_ids)

    @patch.multiple(pace, DOWN_AFTER=1, WALL_LONGEST=pace.WALL_SHORTEST)
    def test_a_run_of_outages_quarantines_the_system(self):
        self.sandbox.control("PATCH", "settings", {"latency_ms": 50})
        self.fault("server_error", path="/rest/*")
        accounts = self.enqueue(
            *(self.make_account(self.make_partner(f"Person{i} T")) for i in range(30))
        )
        self.run_cron()
        self.assertEqual(self.system.health, "quarantined")
        self.assertLess(self.count_requests("path=/rest/*"), 30)
        self.assertEqual(set(accounts.mapped("attempt_count")), {0})
        self.assertFalse(self.system.activity_ids, "it may pass by itself")

    def test_unknown_root_account_interrupts_the_system(self):
        """It is nobody's account that is at fault."""
        self.system.root_account_id = "ACC-9"
        account = self.enqueue(self.make_account())
        self.run_cron()
        self.assertEqual(self.system.health, "quarantined")
        self.assertEqual((account.state, account.attempt_count), ("retry", 0))

    def test_few_accounts_at_an_address_where_nothing_listens(self):
        """Also for few, it is the system that is down."""
        self.connect_to("http://127.0.0.1:9")
        account = self.enqueue(self.make_account())
        for _run in range(3):
            self.make_due(account)
            self.system.next_probe_at = False
            self.run_cron()
        self.assertEqual(self.system.health, "quarantined")
        self.assertEqual((account.state, account.attempt_count), ("retry", 0))
