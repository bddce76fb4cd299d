from odoo.tests import tagged

from .common import OrderCase


@tagged("post_install", "-at_install")
class TestReconfirmation(OrderCase):
    """A wrong order is cancelled, corrected and confirmed again: only its last version
    reaches Panda, and what users have chosen stays."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.alice = cls.make_partner("Alice Agent")
        cls.bruno = cls.make_partner("Bruno Broker")
        cls.carl = cls.make_partner("Carl Customer")

    def confirm_and_process(self, orders):
        orders.action_confirm()
        self.process_orders()

    def reopen(self, order, **values):
        """Cancel, set to draft, correct with ``values``."""
        order.action_cancel()
        order.action_draft()
        order.write(values)

    # === CORRECTED PARTIES === #

    def test_other_reseller(self):
        order = self.make_order(self.alice, self.carl)
        self.confirm_and_process(order)
        self.assertEqual(self.carl.panda_reseller_id, self.alice)
        self.reopen(order, partner_id=self.bruno.id)
        self.assertEqual(order.panda_end_customer_id, self.carl)
        self.assertFalse(self.carl.panda_reseller_id)
        self.confirm(order)
        self.assertEqual(self.carl.panda_reseller_id, self.bruno)
        self.assert_parent(self.carl, self.bruno)
        self.assertFalse(self.get_account(self.alice))
        self.assertEqual(len(self.mails()), 2)

    def test_direct_customer_becomes_that_of_a_reseller(self):
        order = self.make_order(self.carl)
        self.confirm_and_process(order)
        self.reopen(order, partner_id=self.bruno.id, panda_end_customer_id=self.carl.id)
        self.confirm(order)
        self.assert_parent(self.carl, self.bruno)

    def test_customer_of_a_reseller_becomes_a_direct_one(self):
        order = self.make_order(self.alice, self.carl)
        self.confirm_and_process(order)
        self.reopen(order, partner_id=self.carl.id)
        self.confirm(order)
        self.assertEqual(self.get_account(self.carl).state, "synced")
        self.assertFalse(self.get_account(self.carl).parent_id)
        self.assertEqual(len(self.tenants()), 1)

    def test_other_customer(self):
        """The status is that of the customer that the order names now."""
        order = self.confirm(self.make_order(self.alice, self.carl))
        cora = self.make_partner("Cora Customer", phone=False)
        self.reopen(order, panda_end_customer_id=cora.id)
        self.assertEqual(
            (order.panda_status, order.panda_customer_state), (False, False)
        )
        self.assertIn("Cora Customer has no phone number", str(order.panda_problems))
        self.confirm(order)
        self.assertEqual(
            (order.panda_status, order.panda_customer_state), ("failed", "failed")
        )
        self.assertEqual(order.panda_reseller_state, "synced")
        cora.phone = "+32 470 12 34 56"
        self.run_crons()
        self.assertEqual(order.panda_status, "done")
        self.assert_parent(cora, self.alice)

    def test_done_order_without_a_correction(self):
        """It is done again, without a request."""
        order = self.confirm(self.make_order(self.alice, self.carl))
        before = self.count_requests()
        self.reopen(order)
        self.confirm(order)
        self.assertEqual(order.panda_status, "done")
        self.assertEqual((len(self.tenants()), len(self.mails())), (2, 2))
        self.assertEqual(self.count_requests(), before)

    # === WITHDRAWAL === #

    def test_unsent_accounts_and_reseller_are_withdrawn(self):
        order = self.make_order(self.alice, self.carl)
        self.confirm_and_process(order)
        self.assertEqual(self.get_account(self.carl).state, "waiting")
        order.action_cancel()
        self.run_crons()
        self.assertFalse(self.env["panda.account"].search([]))
        self.assertFalse(self.carl.panda_reseller_id)
        self.assertEqual(self.count_requests(), 0)

    def test_another_order_needs_the_reseller(self):
        cora = self.make_partner("Cora Customer")
        orders = [self.make_order(self.alice, who) for who in (self.carl, cora)]
        self.confirm_and_process(orders[0] + orders[1])
        orders[0].action_cancel()
        self.run_crons()
        self.assertFalse(self.get_account(self.carl))
        self.assert_parent(cora, self.alice)
        self.assertEqual(orders[1].panda_status, "done")

    def test_another_order_needs_the_customer(self):
        """It decides who the reseller is, now that the first one is cancelled."""
        orders = [self.make_order(who, self.carl) for who in (self.alice, self.bruno)]
        self.confirm_and_process(orders[0] + orders[1])
        self.assertEqual(self.carl.panda_reseller_id, self.alice)
        orders[0].action_cancel()
        self.run_crons()
        self.assertEqual(self.carl.panda_reseller_id, self.bruno)
        self.assert_parent(self.carl, self.bruno)
        self.assertFalse(self.get_account(self.alice))
        self.assertEqual(orders[1].panda_status, "done")

    def test_reseller_keeps_their_own_order(self):
        """Without a customer they become a customer."""
        own, other = self.make_order(self.alice), self.make_order(self.alice, self.carl)
        self.confirm_and_process(own + other)
        self.assertEqual(self.get_account(self.alice).role, "reseller")
        other.action_cancel()
        self.run_crons()
        account = self.get_account(self.alice)
        self.assertEqual((account.role, account.state), ("user", "synced"))
        self.assertEqual((own.panda_status, other.panda_status), ("done", False))

    def test_own_order_of_a_reseller_is_cancelled(self):
        own, other = self.make_order(self.alice), self.make_order(self.alice, self.carl)
        self.confirm_and_process(own + other)
        own.action_cancel()
        self.run_crons()
        self.assert_parent(self.carl, self.alice)
        self.assertEqual((own.panda_status, other.panda_status), (False, "done"))

    # === CHOICES OF USERS === #

    def test_reseller_that_a_user_has_chosen(self):
        self.carl.with_user(self.user).panda_reseller_id = self.bruno
        order = self.make_order(self.alice, self.carl)
        self.confirm_and_process(order)
        self.assertEqual(
            self.get_account(self.carl).parent_id, self.get_account(self.bruno)
        )
        order.action_cancel()
        self.assertEqual(self.carl.panda_reseller_id, self.bruno)

    def test_reseller_that_a_user_has_confirmed(self):
        """Writing the value that an order has written makes it a user's choice."""
        order = self.make_order(self.alice, self.carl)
        self.confirm_and_process(order)
        self.carl.with_user(self.user).panda_reseller_id = self.alice
        order.action_cancel()
        self.assertEqual(self.carl.panda_reseller_id, self.alice)

    def test_account_that_a_user_has_prepared(self):
        account = self.make_account(self.carl, username="chosen.by.hand")
        order = self.make_order(self.alice, self.carl)
        self.confirm_and_process(order)
        self.assertEqual(account.state, "queued")
        order.action_cancel()
        self.assertEqual(
            (account.state, account.role, account.username),
            ("draft", "user", "chosen.by.hand"),
        )

    def test_account_that_a_user_has_prepared_in_part(self):
        """Only what the order has added is withdrawn."""
        account = self.make_account(self.carl, username="chosen.by.hand", role=False)
        order = self.make_order(self.alice, self.carl)
        self.confirm_and_process(order)
        self.assertEqual(account.parent_id, self.get_account(self.alice))
        self.reopen(order, partner_id=self.bruno.id)
        self.assertEqual(
            (account.state, account.role, account.username),
            ("draft", False, "chosen.by.hand"),
        )
        self.confirm(order)
        self.assertEqual(account.username, "chosen.by.hand")
        self.assert_parent(self.carl, self.bruno)

    def test_username_that_a_user_has_chosen(self):
        order = self.make_order(self.alice, self.carl)
        self.confirm_and_process(order)
        account = self.get_account(self.carl)
        account.with_user(self.user).username = "chosen.by.hand"
        order.action_cancel()
        self.assertEqual(
            (account.state, account.role, account.username),
            ("draft", False, "chosen.by.hand"),
        )

    def test_role_that_a_user_has_chosen_is_kept_on_withdrawal(self):
        order = self.make_order(self.carl)
        self.confirm_and_process(order)
        account = self.get_account(self.carl)
        account.with_user(self.user).role = "reseller"
        order.action_cancel()
        self.assertEqual((account.state, account.role), ("draft", "reseller"))

    def test_reseller_of_an_account_that_a_user_has_prepared(self):
        """A draft below it keeps the account, with its role."""
        order = self.make_order(self.alice, self.carl)
        self.confirm_and_process(order)
        reseller = self.get_account(self.alice)
        draft = self.make_account(
            self.make_partner("Cora Customer"), parent_id=reseller.id
        )
        order.action_cancel()
        self.assertEqual((reseller.state, reseller.role), ("draft", "reseller"))
        self.assertEqual(draft.parent_id, reseller)

    # === BECOMING A RESELLER === #

    def test_reseller_orders_for_themselves_first(self):
        """Until then they pass for a customer."""
        own = self.make_order(self.alice)
        self.confirm_and_process(own)
        self.assertEqual(self.get_account(self.alice).role, "user")
        other = self.make_order(self.alice, self.carl)
        self.assertFalse(other.panda_problems)
        self.confirm(other)
        self.assertEqual((own.panda_status, other.panda_status), ("done", "done"))
        self.assertEqual(self.get_account(self.alice).role, "reseller")
        self.assert_parent(self.carl, self.alice)

    def test_both_orders_at_once(self):
        for is_own_first in (True, False):
            with self.subTest(is_own_first=is_own_first):
                number = int(is_own_first)
                reseller = self.make_partner(f"Rita{number} Reseller")
                customer = self.make_partner(f"Cora{number} Customer")
                targets = [reseller, customer]
                if not is_own_first:
                    targets.reverse()
                orders = [self.make_order(reseller, target) for target in targets]
                self.confirm(orders[0] + orders[1])
                self.assertEqual([o.panda_status for o in orders], ["done", "done"])
                self.assert_parent(customer, reseller)

    def test_synchronized_customer_cannot_become_a_reseller(self):
        self.confirm(self.make_order(self.alice))
        order = self.make_order(self.alice, self.carl)
        self.assertIn("not a reseller", str(order.panda_problems))
        self.confirm(order)
        self.assertEqual(order.panda_status, "failed")
        self.assertIn("not a reseller", self.get_notes(order)[0])
        self.assertFalse(self.get_account(self.carl))

    def test_role_that_a_user_has_chosen_is_not_changed(self):
        account = self.make_account(self.alice)
        order = self.confirm(self.make_order(self.alice, self.carl))
        self.assertEqual(order.panda_status, "failed")
        self.assertIn("not a reseller", self.get_notes(order)[0])
        self.assertEqual((account.role, account.state), ("user", "draft"))

    def test_customer_of_a_reseller_does_not_become_one(self):
        """Panda has three tiers."""
        self.confirm_and_process(self.make_order(self.alice, self.carl))
        order = self.make_order(self.carl, self.make_partner("Cora Customer"))
        self.confirm(order)
        self.assertEqual(order.panda_status, "failed")
        self.assert_parent(self.carl, self.alice)
