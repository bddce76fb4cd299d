from odoo.tests import tagged

from .common import OrderCase


@tagged("post_install", "-at_install")
class TestCancellation(OrderCase):
    """Cancelling withdraws what was not sent, and never touches a tenant."""

    def test_before_the_order_was_processed(self):
        partner = self.make_partner()
        order = self.make_order(partner)
        order.action_confirm()
        self.assertEqual(order.panda_status, "waiting")
        order.action_cancel()
        self.run_crons()
        self.assertFalse(order.panda_status)
        self.assertFalse(self.get_account(partner))

    def test_after_the_order_has_failed(self):
        """Activity and status are cleared; a correction does not start it again."""
        partner = self.make_partner(phone=False)
        order = self.confirm(self.make_order(partner))
        self.assertEqual(order.panda_status, "failed")
        self.assertEqual(len(order.sudo().activity_ids), 1)
        order.action_cancel()
        self.assertFalse(order.panda_status)
        self.assertFalse(order.sudo().activity_ids)
        partner.phone = "+32 470 12 34 56"
        self.run_crons()
        self.assertFalse(order.panda_status)
        self.assertEqual(self.tenants(), [])

    def test_account_requested_by_a_person_stays_queued(self):
        """By whatever button, after the order was confirmed."""
        ways = {
            "synchronize": lambda partner: self.get_own(partner).action_synchronize(),
            "retry": lambda partner: self.get_own(partner).action_retry(),
            "of the contact": lambda partner: partner.with_user(
                self.user
            ).action_panda_synchronize(),
            "sync options": self.press_during_outage,
        }
        for number, (way, ask) in enumerate(ways.items()):
            with self.subTest(way):
                partner = self.make_partner(f"Person{number} Test")
                order = self.make_order(partner)
                order.action_confirm()
                self.process_orders()
                ask(partner)
                account = self.get_account(partner)
                state = account.state
                self.assertIn(state, ("queued", "retry"))
                order.action_cancel()
                self.assertFalse(order.panda_status)
                self.assertEqual(account.state, state)

    def get_own(self, partner):
        return self.get_account(partner).with_user(self.user)

    def press_during_outage(self, partner):
        """Save & Synchronize while Panda is out of order."""
        self.fault("server_error")
        self.press(partner, role="user")

    def test_account_queued_by_a_person_before_the_order_stays_queued(self):
        partner = self.make_partner()
        account = self.make_account(partner)
        account.with_user(self.user).action_synchronize()
        order = self.make_order(partner)
        order.action_confirm()
        self.process_orders()
        self.assertEqual(order.sudo().panda_account_ids, account)
        order.action_cancel()
        self.assertFalse(order.panda_status)
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

    def lose_the_create(self, partner):
        """Return an order of ``partner`` whose create may have reached Panda."""
        order = self.make_order(partner)
        order.action_confirm()
        self.process_orders()
        account = self.get_account(partner)
        account.marker_at = "2026-01-01"
        return order, account

    def test_account_that_may_be_in_panda_is_looked_for_and_not_created(self):
        """A marker means that a create request may have reached Panda. Nobody wants a
        second request."""
        partner = self.make_partner()
        order, account = self.lose_the_create(partner)
        order.action_cancel()
        self.assertEqual(account.state, "queued")
        self.run_crons()
        self.assertEqual((account.state, account.error_code), ("failed", "withdrawn"))
        self.assertIn("was cancelled", account.error_message)
        self.assertEqual((self.tenants(), self.mails()), ([], []))

    def test_account_that_is_in_panda_gets_no_operator_any_more(self):
        """It is linked, so that it can be found again; no activation mail goes out."""
        partner = self.make_partner()
        order, account = self.lose_the_create(partner)
        tenant = self.make_tenant(partner.name, partner.email)
        order.action_cancel()
        self.run_crons()
        self.assertEqual((account.state, account.error_code), ("failed", "withdrawn"))
        self.assertEqual(account.remote_id, tenant)
        self.assertEqual(self.mails(), [])

    def test_withdrawn_account_is_created_when_somebody_asks_again(self):
        ways = {
            "retry": lambda _order, account: account.with_user(
                self.user
            ).action_synchronize(),
            "order": lambda order, _account: (
                order.action_draft(),
                order.action_confirm(),
            ),
        }
        for number, (way, ask) in enumerate(ways.items()):
            with self.subTest(way):
                partner = self.make_partner(f"Person{number} Test")
                order, account = self.lose_the_create(partner)
                order.action_cancel()
                self.run_crons()
                self.assertEqual(account.state, "failed")
                ask(order, account)
                self.run_crons()
                self.assertEqual(self.get_account(partner).state, "synced")

    def test_account_that_another_order_needs_goes_on(self):
        partner = self.make_partner()
        order, account = self.lose_the_create(partner)
        other = self.make_order(partner)
        other.action_confirm()
        self.process_orders()
        order.action_cancel()
        self.run_crons()
        self.assertEqual((account.state, other.panda_status), ("synced", "done"))

    def test_confirmed_cancelled_and_confirmed_again(self):
        partner = self.make_partner()
        order = self.make_order(partner)
        for is_sent in (False, True, True):
            order.action_confirm()
            if is_sent:
                self.run_crons()
            else:
                self.process_orders()
            order.action_cancel()
            order.action_draft()
        self.confirm(order)
        self.assertEqual(order.panda_status, "done")
        self.assertEqual((len(self.tenants()), len(self.mails())), (1, 1))
