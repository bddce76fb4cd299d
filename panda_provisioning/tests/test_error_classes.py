from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import mute_logger

from ..core.account_lookup import AccountLookup
from .common import PandaCase

LOOK = {"method": "GET", "path": "*/children"}
CREATE = {"method": "POST", "path": "*/accounts/*"}
OPERATOR = {"method": "POST", "path": "*/operators"}

BY_THE_CLOCK = [
    ("server_error", {**LOOK, "body": "html"}, "answered with an error of its own"),
    ("server_error", {**LOOK, "body": "empty"}, "answered with an error of its own"),
    ("truncated", LOOK, "cannot be read"),
    ("timeout", {**LOOK, "seconds": 5}, "did not answer in time"),
    ("throttled", {**LOOK, "retry_after": 900}, "asked to slow down"),
]
"""Faults after which nobody has to do anything, and what is read."""

BY_A_PERSON = [
    ("server_error", {**CREATE, "status": 400}, "refuses the data of this contact"),
    ("server_error", {**CREATE, "status": 409}, "reports a conflict"),
    (
        "server_error",
        {**CREATE, "status": 403, "account": "Person*"},
        "may not do this in Panda",
    ),
    ("server_error", {**OPERATOR, "status": 400}, "refuses the data of this contact"),
    ("server_error", {**OPERATOR, "status": 404}, "does not exist in Panda any more"),
    (
        "transaction_failed",
        {**OPERATOR, "message": "Role is not allowed"},
        "could not create the operator: Role is not allowed",
    ),
]
"""Refusals that come again however often it is tried."""


@tagged("post_install", "-at_install")
class TestErrorClasses(PandaCase):
    """Each class of error, from what Panda does to what the person reads."""

    def synchronize_with(self, fault, rule):
        """Return an account whose try meets ``fault``."""
        self.reset_panda()
        self.system.write({"health": "unknown", "next_probe_at": False})
        self.fault(fault, **rule)
        number = self.env["panda.account"].search_count([])
        partner = self.make_partner(f"Person{number} Test")
        # After the first failures the run would wait some seconds.
        account = self.make_account(partner, attempt_count=2)
        return self.synchronize_by_cron(account)

    def test_what_goes_on_by_the_clock(self):
        self.system.request_timeout = 1
        for fault, rule, text in BY_THE_CLOCK:
            with self.subTest(fault, **rule):
                account = self.synchronize_with(fault, rule)
                self.assertEqual(account.state, "retry")
                self.assertIn(text, account.error_message)
                self.assertIn("next try", account.status_text)
                self.clear_faults()
                self.system.next_probe_at = False
                self.make_due(account)
                self.run_cron()
                self.assertEqual(account.state, "synced", account.error_message)
                self.assertFalse(account.error_message)
                self.assertEqual(len(self.tenants()), 1)

    def test_what_waits_for_a_person(self):
        for fault, rule, text in BY_A_PERSON:
            with self.subTest(fault, **rule):
                account = self.synchronize_with(fault, rule)
                self.assertEqual(account.state, "failed")
                self.assertIn(text, account.error_message)
                self.assertFalse(account.next_attempt_at)
                [activity] = account.partner_id.activity_ids
                self.assertIn(text, activity.note)
                self.clear_faults()
                account.action_retry()
                self.run_cron()
                self.assertEqual(account.state, "synced", account.error_message)
                self.assertEqual(len(self.tenants()), 1)
                self.assertFalse(account.partner_id.activity_ids)

    def test_an_error_of_our_own(self):
        """It stops neither the run nor the account for good."""
        account = self.make_account()
        account.action_synchronize()
        broken = patch.object(
            AccountLookup, "listing", side_effect=ZeroDivisionError("x")
        )
        with broken, mute_logger("odoo.addons.panda_provisioning.core.workflow"):
            self.run_cron()
        self.assertEqual(account.state, "retry")
        self.assertIn("error in this software", account.error_message)
        self.make_due(account)
        self.run_cron()
        self.assertEqual(account.state, "synced")
