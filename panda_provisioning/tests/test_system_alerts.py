from datetime import timedelta
from itertools import pairwise

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..core.connection_check import Finding
from ..engine.runner import CONFLICTS
from ..models.panda_system import ALERT_AFTER, RECOVERY
from .common import PandaCase

PASSING = ("unreachable", "server_error", "lost_answer", "unreadable", "throttled")
FOR_PEOPLE = (
    *("invalid_credentials", "wrong_api_key", "unknown_root_account"),
    *("read_only_access_id", "root_account_is_customer", "forbidden"),
    *("certificate", "invalid_url", "blocked"),
)


@tagged("post_install", "-at_install")
class TestOneAlertPerTrouble(PandaCase):
    """A connection that comes and goes does not flood anybody."""

    def setUp(self):
        super().setUp()
        self.messages = self.system.message_ids
        self.mails = self.env["mail.mail"].search([])

    def get_new(self):
        """Return what people got since the test began: messages and mails."""
        self.env.flush_all()
        mails = self.env["mail.mail"].search([]) - self.mails
        return self.system.message_ids - self.messages, mails

    def let_recovery_last(self, seconds=RECOVERY):
        self.system.health_since = fields.Datetime.now() - timedelta(seconds=seconds)

    def let_trouble_last(self, seconds=ALERT_AFTER):
        self.system.trouble_since = fields.Datetime.now() - timedelta(seconds=seconds)

    def test_flapping(self):
        """Twelve times up and down, for changing reasons: one message, one mail."""
        waits = []
        for number in range(12):
            code = ("invalid_credentials", "server_error", "unreachable")[number % 3]
            self.system._interrupt(Finding(code))
            now = fields.Datetime.now()
            waits.append((self.system.next_probe_at - now).total_seconds())
            self.system._set_healthy()
            self.assertFalse(self.system.next_probe_at)
        messages, mails = self.get_new()
        self.assertEqual((len(messages), len(mails)), (1, 1))
        self.assertEqual(len(self.system.activity_ids), 1)
        # Whatever the code, the next probe comes later, up to the longest wait.
        for wait, longer in pairwise(waits[:6]):
            self.assertGreater(longer, 1.5 * wait)
        self.assertGreaterEqual(min(waits[7:]), 900)

    def test_recovery_is_told_once_it_lasts(self):
        self.system._interrupt(Finding("wrong_api_key"))
        self.system._set_healthy()
        self.system._set_healthy()
        self.assertEqual(len(self.get_new()[0]), 1, "not yet")
        self.let_recovery_last()
        for _time in range(2):
            self.run_cron()
        messages, mails = self.get_new()
        self.assertIn("answers again", messages[0].body)
        self.assertEqual((len(messages), len(mails)), (2, 1))
        self.assertFalse(self.system.activity_ids)
        self.assertFalse(self.system.probe_count)

    def test_recovery_after_throttling_is_told_too(self):
        self.system._interrupt(Finding("wrong_api_key"))
        self.system._pause(Finding("throttled", retry_after=1))
        self.system._set_healthy()
        self.let_recovery_last()
        self.system._set_healthy()
        self.assertIn("answers again", self.get_new()[0][0].body)

    def test_the_cron_comes_when_it_has_lasted(self):
        self.system._interrupt(Finding("wrong_api_key"))
        self.system._set_healthy()
        due = self.env["ir.cron.trigger"].search([]).mapped("call_at")
        ends_at = self.system.health_since + timedelta(seconds=RECOVERY)
        self.assertTrue(any(abs(at - ends_at) < timedelta(minutes=2) for at in due))

    def test_new_trouble_is_told_again(self):
        for _time in range(2):
            self.system._interrupt(Finding("wrong_api_key"))
            self.system._set_healthy()
            self.let_recovery_last()
            self.system._set_healthy()
        messages, mails = self.get_new()
        self.assertEqual((len(messages), len(mails)), (4, 2))

    def test_the_activity_says_what_is_wrong_now(self):
        self.system._interrupt(Finding("invalid_credentials"))
        self.system._interrupt(Finding("wrong_api_key"))
        [activity] = self.system.activity_ids
        self.assertIn("API key", activity.note)
        self.assertEqual(len(self.get_new()[0]), 1)

    @mute_logger("odoo.addons.panda_provisioning.models.panda_system", "odoo.sql_db")
    def test_a_refused_note_ends_no_run(self):
        """Another rule refuses messages: the health is noted all the same."""
        self.env.flush_all()
        self.cr.execute(
            "ALTER TABLE mail_message ADD CHECK (model != 'panda.system') NOT VALID"
        )
        self.system._interrupt(Finding("wrong_api_key"))
        self.assertEqual(self.system.health, "quarantined")
        self.system._set_healthy()
        self.let_recovery_last()
        self.system._set_healthy()
        self.assertEqual(self.system.health, "healthy")
        self.assertFalse(self.get_new()[0])

    def test_a_conflict_is_not_taken_for_a_refusal(self):
        """The run does it again, which it could not if it did not hear of it."""
        conflict = CONFLICTS[0]("of the test")

        def meet(*args, **kwargs):
            raise conflict

        self.patch(type(self.system), "message_post", meet)
        with self.assertRaises(CONFLICTS[0]):
            self.system._interrupt(Finding("wrong_api_key"))

    # === WHAT PASSES BY ITSELF === #

    def test_what_is_over_within_minutes_is_told_to_nobody(self):
        """Neither that it is interrupted nor that it answers again."""
        for code in PASSING:
            self.system._interrupt(Finding(code))
            self.assertEqual(self.system.health, "quarantined", "the card says so")
            self.let_trouble_last(ALERT_AFTER - 10)
            self.system._interrupt(Finding(code))
            self.system._set_healthy()
            self.assertTrue(self.system.trouble_since, "it may come back")
            self.let_recovery_last(ALERT_AFTER)
            self.run_cron()
            self.assertFalse(self.system.trouble_since)
        self.assertEqual([len(each) for each in self.get_new()], [0, 0])
        self.assertFalse(self.system.activity_ids)

    def test_what_lasts_is_told_by_a_later_probe(self):
        self.connect_to("http://127.0.0.1:9")
        self.env.flush_all()
        self.messages = self.system.message_ids  # the address is tracked
        self.system._interrupt(Finding("unreachable"))
        self.assertFalse(self.get_new()[0])
        self.let_trouble_last()
        for _probe in range(2):
            self.system.next_probe_at = "2020-01-01 00:00:00"
            self.run_cron()
        messages, mails = self.get_new()
        self.assertEqual((len(messages), len(mails)), (1, 1))
        [activity] = self.system.activity_ids
        self.assertIn("Nothing that looks like Panda answers", activity.note)
        self.system._set_healthy()
        self.let_recovery_last(ALERT_AFTER)
        self.system._set_healthy()
        self.assertTrue(self.system.activity_ids, "not yet")
        self.let_recovery_last()
        self.system._set_healthy()
        self.assertIn("answers again", self.get_new()[0][0].body)
        self.assertFalse(self.system.activity_ids)

    def test_what_comes_and_goes_for_long_is_told(self):
        self.system._interrupt(Finding("unreachable"))
        self.let_trouble_last()
        self.system._set_healthy()
        self.assertFalse(self.get_new()[0])
        self.system._interrupt(Finding("timeout"))
        self.assertEqual(len(self.get_new()[0]), 1)

    def test_what_a_person_must_correct_is_told_at_once(self):
        for code in FOR_PEOPLE:
            with self.subTest(code):
                told = len(self.get_new()[0])
                self.system._interrupt(Finding("unreachable"))
                self.system._interrupt(Finding(code))
                self.assertEqual(len(self.get_new()[0]), told + 1)
                self.system._set_healthy()
                self.let_recovery_last()
                self.system._set_healthy()
                self.assertFalse(self.system.trouble_notified_at)
