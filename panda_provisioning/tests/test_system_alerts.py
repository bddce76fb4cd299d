from datetime import timedelta
from itertools import pairwise

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..core.connection_check import Finding
from ..engine.runner import CONFLICTS
from ..models.panda_system import RECOVERY
from .common import PandaCase


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

    def let_recovery_last(self):
        since = fields.Datetime.now() - timedelta(seconds=RECOVERY)
        self.system.health_since = since

    def test_flapping(self):
        """Twelve times up and down, for changing reasons: one message, one mail."""
        waits = []
        for number in range(12):
            code = ("unreachable", "server_error", "invalid_credentials")[number % 3]
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
        self.system._interrupt(Finding("unreachable"))
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
        self.system._interrupt(Finding("unreachable"))
        self.system._pause(Finding("throttled", retry_after=1))
        self.system._set_healthy()
        self.let_recovery_last()
        self.system._set_healthy()
        self.assertIn("answers again", self.get_new()[0][0].body)

    def test_the_cron_comes_when_it_has_lasted(self):
        self.system._interrupt(Finding("unreachable"))
        self.system._set_healthy()
        due = self.env["ir.cron.trigger"].search([]).mapped("call_at")
        ends_at = self.system.health_since + timedelta(seconds=RECOVERY)
        self.assertTrue(any(abs(at - ends_at) < timedelta(minutes=2) for at in due))

    def test_new_trouble_is_told_again(self):
        for _time in range(2):
            self.system._interrupt(Finding("unreachable"))
            self.system._set_healthy()
            self.let_recovery_last()
            self.system._set_healthy()
        messages, mails = self.get_new()
        self.assertEqual((len(messages), len(mails)), (4, 2))

    def test_the_activity_says_what_is_wrong_now(self):
        self.system._interrupt(Finding("unreachable"))
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
        self.system._interrupt(Finding("unreachable"))
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
            self.system._interrupt(Finding("unreachable"))
