from odoo.tests import tagged

from .common import OrderCase


@tagged("post_install", "-at_install")
class TestCancel(OrderCase):
    """Cancelling takes back what was not sent, and never touches a tenant."""

    def test_before_it_was_taken_up(self):
        partner = self.make_partner()
        order = self.make_order(partner)
        order.action_confirm()
        order.action_cancel()
        self.run_crons()
        self.assertFalse(order.panda_status)
        self.assertFalse(self.get_account(partner))

    def test_after_it_has_failed(self):
        """Neither the activity nor the status outlives it; mending wakes nothing."""
        partner = self.make_partner(phone=False)
        order = self.confirm(self.make_order(partner))
        self.assertTrue(order.sudo().activity_ids)
        order.action_cancel()
        self.assertFalse(order.panda_status)
        self.assertFalse(order.sudo().activity_ids)
        partner.phone = "+32 470 12 34 56"
        self.run_crons()
        self.assertEqual(self.tenants(), [])

    def test_what_a_person_asks_for_stays(self):
        """Before the order or after it, and however he asks for it."""
        ways = {
            "synchronize": lambda partner: self.get_own(partner).action_synchronize(),
            "retry": lambda partner: self.get_own(partner).action_retry(),
            "of the contact": lambda partner: partner.with_user(
                self.user
            ).action_panda_synchronize(),
            "sync options": self.press_in_vain,
        }
        for number, (way, ask) in enumerate(ways.items()):
            with self.subTest(way):
                partner = self.make_partner(f"Person{number} Test")
                order = self.make_order(partner)
                order.action_confirm()
                self.take_up()
                ask(partner)
                account = self.get_account(partner)
                state = account.state
                order.action_cancel()
                self.assertIn(state, ("queued", "retry"))
                self.assertEqual(account.state, state)

    def get_own(self, partner):
        return self.get_account(partner).with_user(self.user)

    def press_in_vain(self, partner):
        """Save & Synchronize while Panda is down."""
        self.fault("server_error")
        self.press(partner, role="user")

    def test_what_a_person_has_queued_before_stays(self):
        partner = self.make_partner()
        account = self.make_account(partner)
        account.with_user(self.user).action_synchronize()
        order = self.make_order(partner)
        order.action_confirm()
        self.take_up()
        order.action_cancel()
        self.assertEqual(account.state, "queued")

    def test_tenant_is_never_touched(self):
        partner = self.make_partner()
        order = self.confirm(self.make_order(partner))
        before = self.count_requests()
        order.action_cancel()
        self.run_crons()
        self.assertEqual(self.get_account(partner).state, "synced")
        self.assertEqual(order.panda_status, "done")
        self.assertEqual(self.count_requests(), before)

    def test_what_is_on_its_way_goes_on(self):
        """A marker means that Panda may have it already."""
        partner = self.make_partner()
        order = self.make_order(partner)
        order.action_confirm()
        self.take_up()
        account = self.get_account(partner)
        account.marker_at = "2026-01-01"
        order.action_cancel()
        self.assertEqual(account.state, "queued")

    def test_confirmed_cancelled_and_confirmed_again(self):
        partner = self.make_partner()
        order = self.make_order(partner)
        for is_sent in (False, True, True):
            order.action_confirm()
            if is_sent:
                self.run_crons()
            else:
                self.take_up()
            order.action_cancel()
            order.action_draft()
        self.confirm(order)
        self.assertEqual(order.panda_status, "done")
        self.assertEqual((len(self.tenants()), len(self.mails())), (1, 1))
