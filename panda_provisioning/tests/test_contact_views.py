from lxml import etree

from odoo.tests import tagged
from odoo.tools.safe_eval import safe_eval

from .common import PandaCase

FILTERS = {
    "panda_draft": ["draft"],
    "panda_waiting": ["waiting"],
    "panda_under_way": ["queued", "running", "retry", "unknown"],
    "panda_synced": ["synced"],
    "panda_failed": ["failed"],
}


@tagged("post_install", "-at_install")
class TestContactViews(PandaCase):
    """What contacts show of Panda in lists, cards and searches."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partners = {}
        for state in [state for states in FILTERS.values() for state in states]:
            cls.partners[state] = cls.make_partner(f"{state.title()} Lovelace")
            cls.make_account(
                cls.partners[state],
                state=state,
                username=f"{state}.love",
                role="reseller" if state == "synced" else "user",
                error_code="username_taken" if state == "failed" else False,
            )
        cls.everybody = cls.env["res.partner"].union(*cls.partners.values())

    def get_arch(self, view_type, view=None):
        model = self.env["res.partner"].with_user(self.user)
        view_id = view and self.env.ref(view).id
        return etree.fromstring(model.get_view(view_id, view_type)["arch"])

    def search_by_filter(self, name):
        [node] = self.get_arch("search").xpath(f"//filter[@name='{name}']")
        domain = safe_eval(node.get("domain"))
        ours = [("id", "in", self.everybody.ids)]
        return self.everybody.with_user(self.user).search(ours + domain).sudo()

    def test_a_filter_for_every_state(self):
        self.assertEqual(len(self.everybody), 8)
        for name, states in FILTERS.items():
            with self.subTest(name):
                found = self.search_by_filter(name)
                expected = [self.partners[state].id for state in states]
                self.assertEqual(set(found.ids), set(expected))

    def test_resellers(self):
        found = self.search_by_filter("panda_resellers")
        self.assertEqual(found, self.partners["synced"])

    def test_group_by_reseller(self):
        self.partners["waiting"].panda_reseller_id = self.partners["synced"]
        [node] = self.get_arch("search").xpath("//filter[@name='group_panda_reseller']")
        group_by = safe_eval(node.get("context"))["group_by"]
        groups = self.everybody.formatted_read_group(
            [("id", "in", self.everybody.ids)], [group_by], ["__count"]
        )
        self.assertEqual([group["__count"] for group in groups], [1, 7])

    def test_list_has_the_columns(self):
        arch = self.get_arch("list", "base.view_partner_tree")
        for name in ("sync_status", "role", "username", "remote_id", "last_sync"):
            [column] = arch.xpath(f"//field[@name='panda_{name}']")
            self.assertEqual(column.get("optional"), "hide", name)
        self.assertIn("failed", arch.get("decoration-danger"))

    def test_card_shows_the_status(self):
        arch = self.get_arch("kanban", "base.res_partner_kanban_view")
        [badge] = arch.xpath("//footer/field[@name='panda_sync_status']")
        self.assertEqual(badge.get("widget"), "panda_state_badge")

    def test_explanations_of_a_healthy_list_cost_nothing(self):
        partners = self.make_partners_with_accounts(40)
        status = {"panda_sync_status": {}}
        self.assertEqual(
            self.count_statements(partners, status | {"panda_status_text": {}}),
            self.count_statements(partners, status),
        )

    def test_explanations_of_troubled_ones_do_not_grow_with_the_list(self):
        names = {"panda_sync_status": {}, "panda_status_text": {}}
        values = {"state": "failed", "error_code": "username_taken"}
        few, many = (
            self.make_partners_with_accounts(count, **values) for count in (2, 40)
        )
        self.assertEqual(
            self.count_statements(few, names), self.count_statements(many, names)
        )

    def count_statements(self, partners, names):
        """Return how many statements it takes to list ``partners``."""
        partners = partners.with_user(self.user)
        domain = [("id", "in", partners.ids)]
        names = {"name": {}, "commercial_partner_id": {}, **names}
        # The rights of the user are read once and are not counted.
        rows = partners.web_search_read(domain, names)["records"]
        self.assertEqual(len(rows), len(partners))
        for row in rows:
            self.assertTrue(all(row[name] for name in names), row)
        return self.count_queries(lambda: partners.web_search_read(domain, names))
