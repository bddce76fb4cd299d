from odoo.tests import tagged

from .common import PandaCase


@tagged("post_install", "-at_install")
class TestChatter(PandaCase):
    """What a colleague should know is noted at the contact, once, and no more."""

    def notes(self, account):
        """Return what was noted of synchronising, the oldest first."""
        created, *notes = account.partner_id.message_ids.sorted("id")
        self.assertIn("created", created.body)
        return [note.body for note in notes]

    def start(self, username="ada.lovelace", **values):
        account = self.make_account(self.make_partner(**values), username=username)
        return self.synchronize_by_cron(account)

    def test_created(self):
        """Its ID and where the activation e-mail went; nothing of the steps."""
        account = self.start()
        [note] = self.notes(account)
        self.assertIn(account.remote_id, note)
        self.assertIn("The activation e-mail went to ada@example.com", note)

    def test_created_after_a_failure(self):
        """Not "again": it is there for the first time."""
        account = self.start(phone=False)
        account.partner_id.phone = "+32 470 12 34 56"
        self.run_cron()
        failure, success = self.notes(account)
        self.assertIn("no phone number", failure)
        self.assertIn("The activation e-mail went to", success)
        self.assertNotIn("again", success)

    def test_synchronized_again(self):
        account = self.start()
        for number in (1, 2):
            self.fault("transaction_failed", method="PATCH", message="No.", times=1)
            account.partner_id.name = f"Ada King {number}"
            self.run_cron()
            self.assertEqual(account.state, "failed")
            account.action_retry()
            self.run_cron()
        notes = self.notes(account)[1:]
        self.assertEqual(len(notes), 4, notes)
        self.assertIn("refuses the change", notes[2])
        self.assertIn("Synchronized with Panda Antivirus again", notes[3])

    def test_the_same_failure_is_told_once(self):
        account = self.start(phone=False)
        for _press in range(2):
            account.action_retry()
            self.assertEqual(account.state, "queued")
            self.run_cron()
            self.assertEqual(account.state, "failed")
        self.assertEqual(len(self.notes(account)), 1)

    def test_changes_are_nobodys_news(self):
        account = self.start()
        account.partner_id.name = "Ada King"
        self.run_cron()
        self.assertEqual(self.tenants()[0]["name"], "Ada King")
        self.assertEqual(len(self.notes(account)), 1)

    def test_linked(self):
        """With the address that the operator there has."""
        remote_id = self.make_tenant("Ada Lovelace", "ada@example.com")
        self.make_operator(remote_id, "ada.lovelace", "countess@example.com")
        account = self.start()
        [note] = self.notes(account)
        self.assertIn(f"Linked to {remote_id}", note)
        self.assertIn("countess@example.com", note)
        self.assertIn("keeps countess@example.com", account.notice)
