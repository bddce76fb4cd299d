from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from ..core.error_catalogue import CATALOGUE, Remedy, is_corrected_by_edit
from ..models.panda_account import STATES
from .common import PandaCase

BY_STATE = {
    "draft": ("synchronize", "action_open_options"),
    "waiting": ("Waits for Rita Reseller .* follows by itself", "action_open_reseller"),
    "queued": ("within a minute, by itself", "action_synchronize_now"),
    "running": ("talking to Panda right now", None),
    "synced": ("Changes .* are sent by themselves", "action_check_operator"),
    "retry": (
        r"cannot be reached.*by itself: next try in 4 minutes. 3 of 10 tries",
        "action_synchronize_now",
    ),
    "unknown": (
        "looks there by itself .*creates nothing again before",
        "action_synchronize_now",
    ),
    "failed": ("as soon as it is corrected", "action_open_options"),
}
"""What is read about each state, and the button that leads on. While Odoo talks to
Panda there is nothing for anybody to do."""

AFTER_AN_EDIT = "Odoo tries again by itself as soon as it is corrected."
BY_BUTTON = "When it is mended, retry."


@tagged("post_install", "-at_install")
class TestStates(PandaCase):
    """No state without a sentence that says what happens next, and a way forward."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        reseller = cls.make_partner("Rita Reseller")
        cls.reseller = cls.make_account(
            reseller, role="reseller", username="rita.r", state="queued"
        )
        cls.account = cls.make_account()

    def put(self, state, **values):
        """Bring the account into ``state`` as the engine would leave it."""
        now = fields.Datetime.now()
        error = {"retry": "unreachable", "unknown": "lost_answer"}.get(state)
        self.account.with_context(panda_save_only=True).write(
            {
                "parent_id": self.reseller.id if state == "waiting" else False,
                "operator_ready": state == "synced",
                "remote_id": state == "synced" and "WGC-1-0",
                "marker_at": state == "unknown" and now,
                "error_code": "username_taken" if state == "failed" else error,
                "next_attempt_at": now + timedelta(minutes=4),
                "attempt_count": 3,
                "state": state,
                **values,
            }
        )

    def get_buttons(self, user=None):
        account = self.account.with_user(user or self.user)
        account.invalidate_recordset()
        buttons = [b["name"] for s in account.timeline for b in s.get("buttons", ())]
        for name in buttons:
            self.assertTrue(hasattr(account, name), name)
        return buttons

    def test_every_state_says_what_happens_next(self):
        self.system.search_delay = 600
        self.assertEqual(set(BY_STATE), {name for name, _label in STATES})
        for state, (text, button) in BY_STATE.items():
            with self.subTest(state):
                self.put(state)
                explanation = self.account.with_user(self.user).explanation
                self.assertRegex(explanation, text)
                self.assertTrue(explanation.endswith("."), explanation)
                buttons = self.get_buttons()
                self.assertEqual(buttons[:1], [button] if button else [])

    def test_contact_and_pop_up_say_the_same(self):
        partner = self.account.partner_id.with_user(self.user)
        for state in BY_STATE:
            with self.subTest(state):
                self.put(state)
                partner.invalidate_recordset()
                explanation = self.account.explanation
                self.assertEqual(partner.panda_status_text, explanation)
                status = self.system.with_user(self.user)._provisioning_status(partner)
                said = [status["reason"], status["status"]]
                self.assertEqual(" ".join(filter(None, said)), explanation)

    def test_contact_without_account(self):
        partner = self.make_partner("Nobody").with_user(self.user)
        self.assertIn("Nothing was sent", partner.panda_status_text)

    def test_wrong_credentials_are_mended_before_another_try(self):
        """By whoever may; others can do no more than try again."""
        self.put("retry", error_code="invalid_credentials")
        self.assertEqual(
            self.get_buttons(self.manager)[:2],
            ["action_open_system", "action_synchronize_now"],
        )
        self.assertEqual(self.get_buttons()[:1], ["action_synchronize_now"])

    def test_waiting_tells_how_the_reseller_stands(self):
        self.put("waiting")
        self.assertIn("Rita Reseller (Queued)", self.account.explanation)
        self.reseller.write({"state": "failed", "error_code": "username_taken"})
        self.assertRegex(
            self.account.explanation,
            "Rita Reseller – Failed: Panda has given this username to somebody else",
        )
        self.reseller.write({"state": "retry", "error_code": "unreachable"})
        self.assertRegex(
            self.account.explanation,
            "Retry scheduled: Panda cannot be reached. Odoo goes on with both",
        )

    def test_queued_tells_what_stops_it(self):
        self.put("queued")
        self.system.write(
            {
                "health": "quarantined",
                "health_code": "server_error",
                "health_since": fields.Datetime.now(),
                "next_probe_at": fields.Datetime.now() + timedelta(hours=1),
            }
        )
        self.account.invalidate_recordset()
        self.assertIn("Interrupted since", self.account.explanation)
        self.assertEqual(self.get_buttons(self.manager), ["action_open_system"])
        self.system.state = "disabled"
        self.account.invalidate_recordset()
        self.assertIn("is disabled", self.account.explanation)

    def test_running_waits_for_the_operator(self):
        self.put("running", transaction_id="0")
        self.assertIn("goes on by itself", self.account.explanation)

    def test_unknown_after_the_grace_period(self):
        self.put("unknown", marker_at="2020-01-01")
        self.assertIn("only if it finds nothing", self.account.explanation)

    def test_next_try_as_people_say_it(self):
        for seconds, text in (
            (-60, "within a minute"),
            (30, "within a minute"),
            (100, "in 2 minutes"),
            (3599, "in 60 minutes"),
        ):
            with self.subTest(seconds):
                moment = fields.Datetime.now() + timedelta(seconds=seconds)
                self.put("retry", next_attempt_at=moment)
                self.assertIn(text, self.account.explanation)

    def test_every_error_says_what_to_do_and_has_a_button(self):
        """The first button mends it; trying again is the first one only where that
        is all that can be done."""
        explained = set()
        for code in CATALOGUE:
            with self.subTest(code):
                self.put("failed", error_code=code, error_detail="Panda's words.")
                explanation = self.account.explanation
                self.assertNotIn("%(", explanation)
                is_corrected = is_corrected_by_edit(code)
                ending = AFTER_AN_EDIT if is_corrected else BY_BUTTON
                self.assertTrue(explanation.endswith(f". {ending}"), explanation)
                explained.add(explanation)
                first = self.get_buttons(self.manager)[0]
                # There is nothing to forget and no reseller in this test.
                missing = {Remedy.NOW, Remedy.FORGET, Remedy.RESELLER}
                has_no_other = set(CATALOGUE[code].remedies) <= missing
                self.assertEqual(first == "action_synchronize_now", has_no_other)
        # Some codes mean the same to the reader: refused credentials, an account that
        # Panda does not know. The contact has a phone number, so that it cannot be
        # missing, only unreadable.
        self.assertEqual(len(explained), len(CATALOGUE) - 3)

    def test_what_only_an_administrator_can_mend(self):
        self.put("failed", error_code="forbidden")
        self.assertEqual(self.get_buttons(self.manager)[0], "action_open_system")
        self.assertNotIn("action_open_system", self.get_buttons(self.user))
        self.put("failed", error_code="account_not_found", remote_id="WGC-1-0")
        self.assertEqual(self.get_buttons(self.manager)[0], "action_forget_remote")
        self.assertNotIn("action_forget_remote", self.get_buttons(self.user))

    def test_button_leads_to_the_field(self):
        for code, place in (
            ("username_taken", "username"),
            ("email_invalid", "email"),
            ("parent_missing", "parent_account_id"),
        ):
            with self.subTest(code):
                self.put("failed", error_code=code)
                action = self.account.with_user(self.user).action_open_options()
                self.assertEqual(action["context"]["panda_focus"], place)
                form = self.env[action["res_model"]].get_view(view_type="form")
                self.assertIn(f'name="{place}"', form["arch"])
