from datetime import timedelta

from lxml import etree

from odoo import fields
from odoo.tests import tagged
from odoo.tools.safe_eval import safe_eval

from ..models.panda_account import STATES
from .common import PandaCase

NAMES = [name for name, _label in STATES]


@tagged("post_install", "-at_install")
class TestAccountViews(PandaCase):
    """The list, the board and the saved filters of accounts."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.accounts = {}
        for name in reversed(NAMES):
            partner = cls.make_partner(f"{name.title()} Lovelace")
            cls.accounts[name] = cls.make_account(
                partner, state=name, username=f"{name}.love"
            )
        cls.everybody = cls.env["panda.account"].union(*cls.accounts.values())

    def get_arch(self, view_type):
        model = self.env["panda.account"].with_user(self.user)
        return etree.fromstring(model.get_view(view_type=view_type)["arch"])

    def search_by(self, xpath, words=""):
        [node] = self.get_arch("search").xpath(xpath)
        domain = safe_eval(
            node.get("domain") or node.get("filter_domain"), {"self": words}
        )
        ours = [("id", "in", self.everybody.ids)]
        return self.everybody.with_user(self.user).search(ours + domain).sudo()

    def test_the_form_says_that_a_chosen_account_is_looked_for(self):
        path = "//div[@role='status'][.//field[@name='chosen_remote_id']]"
        [alert] = self.get_arch("form").xpath(path)
        self.assertEqual(alert.get("invisible"), "not chosen_remote_id")
        self.assertIn("An account in Panda was chosen", alert.text)

    def test_filters(self):
        self.accounts["synced"].role = "reseller"
        self.accounts["failed"].failed_at = fields.Datetime.now()
        self.accounts["draft"].write({"state": "synced", "done_elsewhere": "By hand"})
        for name, states in {
            "needs_me": ["failed"],
            "waiting": ["waiting"],
            "failed_this_week": ["failed"],
            "resellers": ["synced"],
            "under_way": ["queued", "running", "retry", "unknown"],
            "done_elsewhere": ["draft"],
        }.items():
            with self.subTest(name):
                found = self.search_by(f"//filter[@name='{name}']")
                self.assertEqual(
                    set(found.ids), {self.accounts[state].id for state in states}
                )

    def test_what_failed_before_this_week(self):
        failed = self.accounts["failed"]
        for days, expected in ((0, failed), (8, failed.browse())):
            failed.failed_at = fields.Datetime.now() - timedelta(days=days)
            found = self.search_by("//filter[@name='failed_this_week']")
            self.assertEqual(found, expected, f"{days} days ago")

    def test_date_of_a_failure_is_noted(self):
        account = self.make_account(self.make_partner("Nora Nophone", phone=False))
        self.synchronize_by_cron(account)
        age = fields.Datetime.now() - account.failed_at
        self.assertLess(age, timedelta(minutes=1))
        account.partner_id.phone = "+32 470 12 34 56"
        self.run_cron()
        self.assertEqual((account.state, account.failed_at), ("synced", False))

    def test_one_search_for_name_username_id_and_email(self):
        account = self.accounts["synced"]
        account.remote_id = "WGC-1-abcdef"
        for words in ("Synced Love", "synced.love", "abcdef", "synced@example"):
            with self.subTest(words):
                found = self.search_by("//field[@filter_domain]", words)
                self.assertEqual(found, account)

    def test_columns_of_the_board_come_in_the_order_of_events(self):
        self.assertEqual(self.get_columns(), NAMES)
        self.accounts["queued"].state = "synced"
        self.assertEqual(self.get_columns(), [n for n in NAMES if n != "queued"])

    def get_columns(self):
        board = self.everybody.with_context(read_group_expand=True)
        domain = [("id", "in", self.everybody.ids)]
        groups = board.web_read_group(domain, ["state"])["groups"]
        return [group["state"] for group in groups]

    def test_nobody_drags_a_state(self):
        board = self.get_arch("kanban")
        self.assertEqual(board.get("records_draggable"), "0")
        self.assertEqual(board.get("default_group_by"), "state")
