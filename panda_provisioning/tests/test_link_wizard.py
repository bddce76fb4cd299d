from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from ..models import panda_account
from ..panda_api.client import RESELLER_TYPE
from .common import PandaCase

EMAIL = "ada@example.com"


@tagged("post_install", "-at_install")
class TestLink(PandaCase):
    """Linking a contact to what Panda has already, and never creating it twice."""

    def open(self, account, user=None):
        """Press *Link to Existing* and return the wizard."""
        with self.committing(user) as env:
            action = account.with_env(env).action_link()
        link = self.env["panda.link"].browse(action["res_id"])
        return link.with_user(user or self.user)

    def choose(self, line):
        with self.committing() as env:
            line.with_env(env).action_choose()
        self.env.invalidate_all()

    def assert_linked(self, account, remote_id, tenants):
        self.assertEqual(account.state, "synced", account.error_message)
        self.assertEqual(account.remote_id, remote_id)
        self.assertTrue(account.adopted)
        self.assertFalse(account.chosen_remote_id)
        self.assertEqual(len(self.tenants()), tenants)

    def test_same_name_with_another_email(self):
        remote_id = self.make_tenant("Ada Lovelace", "office@example.com")
        account = self.make_failed_account("name_exists")
        [line] = self.open(account).line_ids
        self.assertEqual(
            (line.remote_id, line.email), (remote_id, "office@example.com")
        )
        self.choose(line)
        self.assert_linked(account, remote_id, tenants=1)

    def test_account_of_another_name_that_the_run_has_found(self):
        """By its e-mail address, after a create whose outcome is not known."""
        self.make_tenant("Somebody Else", "else@example.com")
        namesake = self.make_tenant("Ada Lovelace", "office@example.com")
        found = self.make_tenant("A. L.", "al@example.com")
        account = self.make_failed_account("name_exists")
        account.sudo().error_detail = found
        lines = self.open(account).line_ids
        self.assertEqual(lines.mapped("remote_id"), [found, namesake])

    def test_all_accounts_that_the_run_has_found_come_first(self):
        """However many namesakes there are."""
        namesake = self.make_tenant("Ada Lovelace", "office@example.com")
        found = [
            self.make_tenant(f"A. L. {number}", f"al{number}@example.com")
            for number in range(2)
        ]
        account = self.make_failed_account("name_exists")
        account.sudo().error_detail = ", ".join([namesake, *found])
        with patch.object(panda_account, "SHOWN_CANDIDATES", 3):
            self.make_tenant("Ada Lovelace", "ada@home.example.com")
            lines = self.open(account).line_ids
        self.assertEqual(lines.mapped("remote_id"), [namesake, *found])

    def test_one_that_cannot_be_read_keeps_no_other_one_away(self):
        """It is shown, and not linked."""
        for number, what in enumerate(("*/OperatorsByAccountId", "*/WGC-1-*")):
            with self.subTest(what):
                name = f"Ada Lovelace {number}"
                both = {self.make_tenant(name, f"{n}@example.com") for n in range(2)}
                partner = self.make_partner(name, email=f"ada{number}@example.com")
                account = self.make_failed_account(
                    "name_exists", partner, username=f"ada.lovelace{number}"
                )
                self.fault("server_error", method="GET", path=what, status=404, times=1)
                lines = self.open(account).line_ids
                self.clear_faults()
                self.assertEqual(set(lines.mapped("remote_id")), both)
                unreadable = lines.filtered("is_unreadable")
                self.assertEqual(unreadable.mapped("name"), [name])
                self.assertEqual(unreadable.mapped("email"), [False])
                with self.assertRaisesRegex(UserError, "could not be read"):
                    self.choose(unreadable)
                self.assertFalse(account.chosen_remote_id)
                good = lines - unreadable
                self.choose(good)
                self.assert_linked(account, good.remote_id, tenants=2 * number + 2)

    def test_one_of_several(self):
        first = self.make_tenant("Ada Lovelace", EMAIL)
        second = self.make_tenant("Ada Lovelace", EMAIL)
        self.make_operator(second, "ada.l", "other@example.com")
        account = self.make_failed_account("several_matches")
        lines = self.open(account).line_ids
        self.assertEqual(set(lines.mapped("remote_id")), {first, second})
        chosen = lines.filtered(lambda line: line.remote_id == second)
        self.assertEqual(chosen.username, "ada.l")
        self.choose(chosen)
        self.assert_linked(account, second, tenants=2)

    def test_operator_of_another_username(self):
        remote_id = self.make_tenant("Ada Lovelace", EMAIL)
        self.make_operator(remote_id, "countess", EMAIL)
        account = self.make_failed_account("operator_exists")
        [line] = self.open(account).line_ids
        self.assertEqual((line.username, line.email), ("countess", EMAIL))
        self.choose(line)
        self.assert_linked(account, remote_id, tenants=1)
        self.assertEqual(account.username, "countess")
        self.assertFalse(account.activation_sent_at)
        self.assertEqual([mail["username"] for mail in self.mails()], ["countess"])

    def test_customer_of_a_reseller_is_looked_for_below_him(self):
        parent = self.make_account(
            self.make_partner("Rita Reseller"), role="reseller", username="rita.r"
        )
        self.synchronize_by_cron(parent)
        self.make_tenant("Ada Lovelace", "elsewhere@example.com")
        below = self.make_tenant(
            "Ada Lovelace", "office@example.com", parent_id=parent.remote_id
        )
        account = self.make_failed_account("name_exists", parent_id=parent.id)
        [line] = self.open(account).line_ids
        self.assertEqual(line.remote_id, below)
        self.choose(line)
        self.assert_linked(account, below, tenants=3)

    def test_what_belongs_to_another_contact_is_refused(self):
        """Even if it was taken after the choice was offered."""
        remote_id = self.make_tenant("Ada Lovelace", "office@example.com")
        account = self.make_failed_account("name_exists")
        link = self.open(account)
        self.assertFalse(link.line_ids.is_bound)
        other = self.make_partner("Olga Other")
        self.make_account(other, remote_id=remote_id, state="synced")
        link.line_ids.invalidate_recordset()
        self.assertTrue(link.line_ids.is_bound)
        self.choose(link.line_ids)
        self.assertEqual(
            (account.state, account.error_code), ("failed", "link_refused")
        )
        self.assertFalse(account.remote_id)
        self.assertEqual(len(self.tenants()), 1)

    def test_what_is_elsewhere_or_of_another_role_is_refused(self):
        """The engine looks again and takes nobody's word for it."""
        self.make_tenant("Ada Lovelace", "office@example.com")
        account = self.make_failed_account("name_exists")
        reseller = self.make_tenant("Rita", "rita@example.com", RESELLER_TYPE)
        elsewhere = self.make_tenant("Ada", "a@example.com", parent_id=reseller)
        for remote_id in (reseller, elsewhere, "WGC-1-00000000000000000000"):
            with self.subTest(remote_id):
                link = self.open(account)
                link.line_ids.remote_id = remote_id
                self.choose(link.line_ids)
                self.assertEqual(account.error_code, "link_refused")
                self.assertIn("cannot be linked", account.error_message)
                self.assertFalse(account.remote_id)
                self.assertEqual(
                    account.chosen_remote_id, remote_id, "a person's choice"
                )
        self.assertEqual(len(self.tenants()), 3)

    def test_the_root_and_what_is_no_id_is_refused(self):
        """At once, before anything is asked for."""
        self.make_tenant("Ada Lovelace", "office@example.com")
        account = self.make_failed_account("name_exists")
        link = self.open(account)
        asked = self.count_requests()
        for remote_id in (self.system.root_account_id, "..", "", False):
            with self.subTest(remote_id):
                link.line_ids.remote_id = remote_id
                with self.assertRaisesRegex(UserError, "cannot be linked"):
                    self.choose(link.line_ids)
                self.assertFalse(account.chosen_remote_id)
        self.assertEqual(self.count_requests(), asked)

    def test_a_choice_ends_with_the_wish_for_another_account(self):
        """In Sync Options, which offer that as long as an account is chosen."""
        self.make_tenant("Ada Lovelace", "office@example.com")
        account = self.make_failed_account("name_exists")
        self.assertFalse(account.create_anyway)
        for values in ({"error_code": "link_refused"}, {"state": "draft"}):
            account.sudo().write({"chosen_remote_id": "WGC-1-0", **values})
            form = self.env["panda.sync.options"].with_user(self.user)
            form = form.create(
                {"partner_id": account.partner_id.id, "system_id": self.system.id}
            )
            self.assertTrue(form.may_create_anyway)
            form.action_save()
            self.assertEqual(account.chosen_remote_id, "WGC-1-0", "nobody has said so")
            form.create_anyway = True
            form.action_save()
            self.assertFalse(account.chosen_remote_id)
        self.synchronize_by_cron(account)
        self.assertEqual(account.state, "synced", account.error_message)
        self.assertEqual(len(self.tenants()), 2)

    def test_a_choice_ends_the_wish_for_another_account(self):
        """And replaces an earlier choice."""
        remote_id = self.make_tenant("Ada Lovelace", "office@example.com")
        account = self.make_failed_account("name_exists")
        account.create_anyway = True
        account.sudo().chosen_remote_id = "WGC-1-0"
        line = self.open(account).line_ids
        self.fault("truncated", method="GET", path="*/accounts/*")
        self.choose(line)
        self.assertEqual(account.chosen_remote_id, remote_id)
        self.assertFalse(account.create_anyway)
        self.clear_faults()

    def test_choice_survives_an_outage(self):
        remote_id = self.make_tenant("Ada Lovelace", "office@example.com")
        account = self.make_failed_account("name_exists")
        link = self.open(account)
        self.fault("truncated", method="GET", path="*/accounts/*")
        self.choose(link.line_ids)
        self.assertEqual(account.state, "retry")
        self.clear_faults()
        self.system.next_probe_at = False
        self.make_due(account)
        self.run_cron()
        self.assert_linked(account, remote_id, tenants=1)

    def test_nothing_found_leads_on(self):
        remote_id = self.make_tenant("Ada Lovelace", "office@example.com")
        account = self.make_failed_account("name_exists")
        self.sandbox.control("DELETE", f"accounts/{remote_id}")
        link = self.open(account)
        self.assertFalse(link.line_ids)
        with self.committing() as env:
            link.with_env(env).action_retry()
        self.env.invalidate_all()
        self.assertEqual(account.state, "synced", account.error_message)

    def test_looking_writes_nothing_to_panda(self):
        self.make_tenant("Ada Lovelace", "office@example.com")
        account = self.make_failed_account("name_exists")
        asked = self.count_requests("method=GET&path=/rest/*")
        sent = self.count_requests("path=/rest/*") - asked
        self.open(account)
        looked = self.count_requests("method=GET&path=/rest/*")
        self.assertGreater(looked, asked)
        self.assertEqual(self.count_requests("path=/rest/*") - looked, sent)

    def test_outage_is_told(self):
        self.make_tenant("Ada Lovelace", "office@example.com")
        account = self.make_failed_account("name_exists")
        self.fault("server_error", method="GET", path="*/children", body="html")
        with self.assertRaisesRegex(UserError, "error of its own"):
            self.open(account)
        self.assertEqual(account.log_ids[0].http_status, 500)

    def test_who_may(self):
        self.make_tenant("Ada Lovelace", "office@example.com")
        account = self.make_failed_account("name_exists")
        stranger = new_test_user(self.env, "stranger", groups="base.group_user")
        with self.assertRaises(AccessError):
            self.open(account, user=stranger)
        link = self.open(account)
        with self.assertRaises(AccessError):
            link.line_ids.with_user(self.manager).action_choose()
        with self.assertRaisesRegex(UserError, "set by the synchronization"):
            account.with_user(self.user).chosen_remote_id = "WGC-1"
