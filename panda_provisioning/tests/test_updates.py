from odoo.tests import tagged

from .common import PandaCase

UPDATES = "method=PATCH&path=/rest/*"


@tagged("post_install", "-at_install")
class TestUpdates(PandaCase):
    """What changes on a synchronised contact reaches Panda, once."""

    def setUp(self):
        super().setUp()
        self.partner = self.make_partner()
        self.account = self.make_account(self.partner)
        self.account.action_synchronize()
        self.run_cron()
        self.assertEqual(self.account.state, "synced")

    def test_edits_are_one_update_with_the_last_state(self):
        for name in ("Ada King", "Ada Byron", "Ada King-Noel"):
            self.partner.name = name
        self.assertEqual(self.account.state, "queued")
        self.run_cron()
        self.assertEqual(self.account.state, "synced")
        self.assertEqual(self.count_requests(UPDATES), 2, "account and operator")
        self.assertEqual(self.tenants()[0]["name"], "Ada King-Noel")
        self.assertEqual(self.operators()[0]["lastName"], "King-Noel")
        self.assertEqual(len(self.mails()), 1)

    def test_phone(self):
        self.partner.phone = "+32 470 00 11 22"
        self.run_cron()
        self.assertEqual(self.operators()[0]["phone"], "32470001122")

    def test_email_is_changed_where_panda_allows_it(self):
        """The operator keeps his address, and that is said once."""
        self.partner.email = "ada@new.example"
        self.run_cron()
        self.assertEqual(self.tenants()[0]["email"], "ada@new.example")
        self.assertEqual(self.operators()[0]["email"], "ada@example.com")
        self.assertIn("ada@example.com", self.account.notice)
        notes = self.partner.message_ids
        self.assertIn("keeps ada@example.com", notes[0].body)
        self.partner.name = "Ada King"
        self.run_cron()
        self.assertEqual(self.partner.message_ids, notes)

    def test_contact_person(self):
        """A company's person is who signs in."""
        company = self.make_partner("Bytes Ltd", is_company=True)
        person = self.make_partner("Carl Sagan", parent_id=company.id)
        account = self.make_account(company)
        self.synchronize_by_cron(account)
        self.assertEqual(account.state, "synced", account.error_message)
        person.name = "Carla Sagan"
        self.run_cron()
        self.assertEqual(self.operators()[-1]["firstName"], "Carla")

    def test_what_does_not_concern_panda(self):
        self.partner.write(
            {"comment": "Likes engines", "website": "https://ada.example"}
        )
        self.assertEqual(self.account.state, "synced")

    def test_edit_and_undo_sends_nothing(self):
        self.partner.name = "Ada King"
        self.partner.name = "Ada Lovelace"
        self.run_cron()
        self.assertEqual(self.account.state, "synced")
        self.assertEqual(self.count_requests(UPDATES), 0)

    def test_edit_while_it_is_sent(self):
        """An edit during a run is neither lost nor lets the run fail."""
        self.account.write({"state": "running", "next_attempt_at": "2020-01-01"})
        self.partner.name = "Ada King"
        self.assertEqual(self.account.state, "running")
        self.assertTrue(self.account.resync_requested)
        self.account.step = "update_account"
        self.run_cron()
        self.assertEqual(self.tenants()[0]["name"], "Ada King")
        self.assertEqual(self.account.state, "synced")

    def test_moved_to_another_company_while_it_is_sent(self):
        """The run that has it looks at it again before it sends anything."""
        self.account.write({"state": "running", "next_attempt_at": "2020-01-01"})
        self.partner.company_id = self.env["res.company"].create({"name": "Elsewhere"})
        self.assertTrue(self.account.resync_requested)

    def test_refused_update_waits_for_a_person(self):
        self.fault("transaction_failed", method="PATCH", message="Name is not allowed")
        self.partner.name = "Ada King"
        self.run_cron()
        self.assertEqual(self.account.state, "failed")
        self.assertIn("Name is not allowed", self.account.error_message)
        self.assertTrue(self.account.operator_ready, "customers of his need not wait")

    def test_archiving_touches_nothing(self):
        before = self.count_requests()
        self.partner.active = False
        self.run_cron()
        self.assertEqual(self.count_requests(), before)
        self.assertEqual(self.account.state, "synced")

    def test_import_past_the_orm_is_found(self):
        """What nobody has noticed, the daily look finds."""
        self.env.cr.execute(
            "UPDATE res_partner SET name = 'Ada Byron', write_date = now() + '1h'"
            " WHERE id = %s",
            [self.partner.id],
        )
        self.env.invalidate_all()
        self.run_cron("ir_cron_reconcile")
        self.run_cron()
        self.assertEqual(self.tenants()[0]["name"], "Ada Byron")

    def test_synchronisation_does_not_touch_the_contact(self):
        self.env.cr.execute("UPDATE res_partner SET write_date = '2020-01-01'")
        self.env.invalidate_all()
        self.partner.panda_account_ids.write({"synced_fingerprint": "other"})
        self.account.action_synchronize()
        self.run_cron()
        self.assertEqual(self.count_requests(UPDATES), 2)
        self.assertEqual(str(self.partner.write_date), "2020-01-01 00:00:00")

    def test_edit_between_account_and_operator(self):
        """Found by its old name, and told the new one."""
        self.system.search_delay = 60
        partner = self.make_partner("Grace Hopper")
        account = self.make_account(partner)
        # A listing takes two calls.
        self.fault("lost_answer", method="POST", path="*/accounts/*", lag_calls=2)
        self.synchronize_by_cron(account)
        self.assertEqual(account.state, "unknown")
        self.clear_faults()
        partner.write({"name": "Grace Murray", "email": "murray@example.com"})
        self.make_due(account)
        self.run_cron()
        self.assertEqual(account.state, "synced", account.error_message)
        self.assertEqual(len(self.tenants()), 2)
        self.assertEqual(self.tenants()[-1]["name"], "Grace Murray")
        self.assertEqual(self.tenants()[-1]["email"], "murray@example.com")
