from unittest.mock import patch

import psycopg2.errors

from odoo.exceptions import AccessError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.panda_provisioning_sale.models.panda_service import RETRY_DELAYS

from .common import OrderCase

LOGGER = "odoo.addons.panda_provisioning_sale.models.sale_order"


@tagged("post_install", "-at_install")
class TestConfirmation(OrderCase):
    """A confirmed order puts the reseller and the customer into Panda."""

    # === PARTIES === #

    def test_direct_customer(self):
        partner = self.make_partner()
        order = self.confirm(self.make_order(partner))
        account = self.get_account(partner)
        self.assertEqual((account.state, account.role), ("synced", "user"))
        self.assertFalse(account.parent_id)
        self.assertEqual(
            (order.panda_status, order.panda_customer_state), ("done", "synced")
        )
        self.assertEqual((len(self.tenants()), len(self.mails())), (1, 1))

    def test_reseller_buys_for_a_customer(self):
        """The customer's tenant is created below the reseller's."""
        reseller = self.make_partner("Rita Reseller")
        customer = self.make_partner("Carl Customer")
        order = self.confirm(self.make_order(reseller, customer))
        self.assertEqual(customer.panda_reseller_id, reseller)
        self.assertEqual(self.get_account(reseller).role, "reseller")
        self.assertEqual(self.get_account(customer).role, "user")
        self.assertEqual(order.panda_reseller_state, "synced")
        self.assertEqual(order.panda_status, "done")
        self.assert_parent(customer, reseller)
        self.assertEqual(len(self.mails()), 2)

    def test_commercial_entities_are_provisioned(self):
        """People order for their companies."""
        company = self.make_partner("Rita Ltd", is_company=True)
        person = self.make_partner("Rita Reseller", parent_id=company.id)
        client = self.make_partner("Carl Ltd", is_company=True)
        buyer = self.make_partner("Carl Customer", parent_id=client.id)
        order = self.make_order(person, buyer)
        self.confirm(order)
        self.assertEqual(client.panda_reseller_id, company)
        self.assert_parent(client, company)

    def test_end_customer_is_proposed(self):
        company = self.make_partner("Rita Ltd", is_company=True)
        person = self.make_partner("Rita Reseller", parent_id=company.id)
        self.assertEqual(self.make_order(person).panda_end_customer_id, company)

    def test_end_customer_follows_the_customer_until_a_user_chooses(self):
        ada, bob, carl = (
            self.make_partner(f"{name} Test") for name in ("Ada", "Bob", "Carl")
        )
        with Form(self.env["sale.order"].with_user(self.salesperson)) as form:
            form.partner_id = ada
            form.partner_id = bob
            with form.order_line.new() as line:
                line.product_id = self.product
            self.assertEqual(form.panda_end_customer_id, bob)
            form.panda_end_customer_id = carl
            form.partner_id = ada
            self.assertEqual(form.panda_end_customer_id, carl)
            form.partner_id = bob
        order = form.record
        self.assertEqual(order.panda_end_customer_id, carl)
        order.partner_id = ada
        self.assertEqual(order.panda_end_customer_id, carl)
        other = self.make_order(ada)
        other.partner_id = bob
        self.assertEqual(other.panda_end_customer_id, bob)

    def test_reseller_orders_for_themselves(self):
        """They get one account, as a reseller."""
        reseller = self.make_partner("Rita Reseller")
        self.make_partner("Carl Customer", panda_reseller_id=reseller.id)
        self.confirm(self.make_order(reseller))
        account = self.get_account(reseller)
        self.assertEqual((account.role, account.state), ("reseller", "synced"))
        self.assertEqual(len(self.tenants()), 1)

    def test_person_with_an_account_orders_for_their_company(self):
        """They do not become the reseller of their company."""
        person = self.make_partner("Ada Lovelace")
        account = self.make_account(person)
        account.action_synchronize()
        self.run_cron()
        self.assertEqual(account.state, "synced")
        company = self.make_partner("Engines Ltd", is_company=True)
        self.make_partner("Eve Engineer", parent_id=company.id)
        person.parent_id = company
        self.confirm(self.make_order(person))
        self.assertFalse(company.panda_reseller_id)
        own = company._get_panda_account(self.system)
        self.assertEqual((own.state, own.parent_id.id), ("synced", False))

    def test_customer_of_a_reseller_orders_directly(self):
        """Their reseller stays their reseller, and is provisioned too."""
        reseller = self.make_partner("Rita Reseller")
        customer = self.make_partner("Carl Customer", panda_reseller_id=reseller.id)
        self.confirm(self.make_order(customer))
        self.assert_parent(customer, reseller)

    def test_another_reseller_orders(self):
        """The reseller on the contact stays; the order says so before and after."""
        reseller = self.make_partner("Rita Reseller")
        other = self.make_partner("Olga Other")
        customer = self.make_partner("Carl Customer", panda_reseller_id=reseller.id)
        order = self.make_order(other, customer)
        notice = "Carl Customer stays the customer of Rita Reseller"
        self.assertIn(notice, str(order.panda_notices))
        self.assertFalse(order.panda_problems)
        self.confirm(order)
        self.assert_parent(customer, reseller)
        self.assertFalse(self.get_account(other))
        self.assertIn(notice, self.get_notes(order)[0])

    def test_no_notice_where_the_order_decides(self):
        reseller = self.make_partner("Rita Reseller")
        customer = self.make_partner("Carl Customer")
        for partner, end_customer in (
            (customer, None),
            (reseller, None),
            (reseller, customer),
        ):
            order = self.make_order(partner, end_customer)
            self.assertFalse(order.panda_notices)
        self.confirm(order)
        self.assertEqual(
            self.get_notes(order)[0].count("Carl Customer"), 1, "once, with their ID"
        )

    def test_choices_of_users_take_precedence(self):
        """What was set in Sync Options, though not sent yet, is kept."""
        customer = self.make_partner("Carl Customer")
        self.make_account(customer, username="chosen.by.hand")
        self.confirm(self.make_order(self.make_partner("Rita Reseller"), customer))
        account = self.get_account(customer)
        self.assertEqual(
            (account.username, account.state), ("chosen.by.hand", "synced")
        )
        self.assertEqual(len(self.tenants()), 1)
        self.assertFalse(account.parent_id)
        self.assertFalse(customer.panda_reseller_id)

    def test_reseller_that_a_user_has_chosen_in_a_system(self):
        """It is not written on the contact, where it would apply to all systems."""
        reseller = self.make_partner("Rita Reseller")
        customer = self.make_partner("Carl Customer")
        parent = self.make_account(reseller, role="reseller")
        self.make_account(customer, parent_id=parent.id)
        self.confirm(self.make_order(reseller, customer))
        self.assert_parent(customer, reseller)
        self.assertFalse(customer.panda_reseller_id)

    # === TIMING === #

    def test_confirmation_sends_no_request(self):
        order = self.make_order(self.make_partner())
        order.action_confirm()
        self.assertEqual(self.count_requests(), 0)
        self.assertEqual(order.panda_status, "waiting")
        self.assertEqual(order.panda_customer_state, "queued")

    def test_confirmation_triggers_one_cron_once(self):
        triggers = [
            (
                "cron_id",
                "=",
                self.env.ref("panda_provisioning_sale.ir_cron_take_up_orders").id,
            )
        ]
        self.env["ir.cron.trigger"].search(triggers).unlink()
        orders = self.make_order(self.make_partner()) | self.make_order(
            self.make_partner("Bob Babbage")
        )
        orders.action_confirm()
        self.env.cr.flush()
        self.assertEqual(self.env["ir.cron.trigger"].search_count(triggers), 1)

    def test_synchronization_cron_processes_orders_too(self):
        """The cron of the orders may be late or deleted."""
        order = self.make_order(self.make_partner())
        order.action_confirm()
        self.run_cron()
        self.assertEqual(order.panda_status, "done")

    def test_line_without_a_quantity(self):
        order = self.make_order(self.make_partner())
        order.order_line.product_uom_qty = 0
        order.action_confirm()
        self.assertFalse(order.panda_status)
        self.run_crons()
        self.assertFalse(order.panda_status)
        self.assertEqual(self.tenants(), [])

    def test_product_is_removed_before_the_order_is_processed(self):
        order = self.make_order(self.make_partner())
        order.action_confirm()
        self.assertEqual(order.panda_status, "waiting")
        order.order_line.product_uom_qty = 0
        self.run_crons()
        self.assertFalse(order.panda_status)
        self.assertFalse(order.panda_requested)
        self.assertFalse(self.env["panda.account"].search([]))

    def test_cancelled_orders_provision_nothing(self):
        order = self.make_order(self.make_partner())
        order.action_cancel()
        order.action_panda_provision()
        self.assertFalse(order.panda_status)
        self.assertFalse(order.panda_requested)

    def test_rolled_back_confirmation_leaves_nothing(self):
        order = self.make_order(self.make_partner("Rita"), self.make_partner("Carl"))
        with self.assertRaises(ZeroDivisionError), self.env.cr.savepoint():
            order.action_confirm()
            self.assertEqual(order.panda_status, "waiting")
            raise ZeroDivisionError
        self.run_crons()
        self.assertFalse(order.panda_status)
        self.assertEqual(self.count_requests(), 0)
        self.assertFalse(self.env["panda.account"].search([]))

    def test_other_products_are_ignored(self):
        desk = self.make_product(name="Desk", panda_provision=False)
        order = self.confirm(self.make_order(self.make_partner(), products=desk))
        self.assertFalse(order.panda_status)
        self.assertEqual(self.count_requests(), 0)

    def test_rule_is_switched_off(self):
        rule = self.env.ref("panda_provisioning_sale.base_automation_order_confirmed")
        rule.active = False
        order = self.confirm(self.make_order(self.make_partner()))
        self.assertEqual(order.state, "sale")
        self.assertFalse(order.panda_status)

    def test_rule_is_restricted(self):
        rule = self.env.ref("panda_provisioning_sale.base_automation_order_confirmed")
        rule.filter_domain = "[('state', '=', 'sale'), ('client_order_ref', '=', 'P')]"
        orders = [
            self.make_order(
                self.make_partner(f"Person{ref} Test"), client_order_ref=ref
            )
            for ref in "PQ"
        ]
        for order in orders:
            order.action_confirm()
        self.assertEqual([o.panda_status for o in orders], ["waiting", False])

    # === USERS === #

    def test_confirmed_by_the_public_user(self):
        """As superuser, as a payment does."""
        order = self.make_order(self.make_partner())
        public = order.with_user(self.env.ref("base.public_user")).sudo()
        public._validate_order()
        self.run_crons()
        self.assertEqual(order.panda_status, "done")

    def test_confirmed_by_a_payment(self):
        """Of a customer without a login, as payment providers confirm."""
        order = self.make_order(self.make_partner())
        provider = self.env["payment.provider"].create({"name": "Dummy Provider"})
        methods = self.env["payment.method"].with_context(active_test=False)
        transaction = self.env["payment.transaction"].create(
            {
                "provider_id": provider.id,
                "payment_method_id": methods.search([], limit=1).id,
                "reference": "Of a dummy",
                "amount": order.amount_total,
                "currency_id": order.currency_id.id,
                "partner_id": order.partner_id.id,
                "sale_order_ids": order.ids,
            }
        )
        public = transaction.with_user(self.env.ref("base.public_user")).sudo()
        public._set_done()
        public._check_amount_and_confirm_order()
        self.assertEqual(order.state, "sale")
        self.run_crons()
        self.assertEqual(order.panda_status, "done")

    def test_provisioning_needs_write_access_to_the_order(self):
        order = self.make_order(self.make_partner())
        user = new_test_user(self.env, "portal-buyer", groups="base.group_portal")
        with (
            self.assertRaises(AccessError),
            mute_logger("odoo.addons.base.models.ir_rule"),
        ):
            order.with_user(user).action_panda_provision()
        self.assertFalse(order.panda_status)
        order.with_user(self.salesperson).action_panda_provision()
        self.assertEqual(order.panda_status, "waiting")

    # === IDEMPOTENCE === #

    def test_synchronized_account_is_not_sent_again(self):
        partner = self.make_partner()
        self.confirm(self.make_order(partner))
        before = self.count_requests()
        order = self.confirm(self.make_order(partner))
        self.assertEqual(order.panda_status, "done")
        self.assertEqual(self.count_requests(), before)

    def test_done_order_is_provisioned_again(self):
        """It is done again, without a request or a second note."""
        partner = self.make_partner()
        order = self.confirm(self.make_order(partner))
        notes, requests = self.get_notes(order), self.count_requests()
        order.action_panda_provision()
        self.assertEqual(order.panda_status, "waiting")
        self.run_crons()
        self.assertEqual(order.panda_status, "done")
        self.assertEqual(self.get_notes(order), notes)
        self.assertEqual(self.count_requests(), requests)

    def test_many_lines_and_orders_of_one_customer(self):
        partner = self.make_partner()
        products = self.product | self.make_product(name="Email Protection")
        orders = self.env["sale.order"].union(
            *(self.make_order(partner, products=products) for _i in range(3))
        )
        self.confirm(orders)
        self.assertEqual(set(orders.mapped("panda_status")), {"done"})
        self.assertEqual((len(self.tenants()), len(self.mails())), (1, 1))

    # === ERRORS === #

    def test_unexpected_error_does_not_undo_the_confirmation(self):
        """It is logged and noted on the order; the other orders are processed."""
        bad, good = (
            self.make_order(self.make_partner(name)) for name in ("Bad", "Good Person")
        )
        customer = bad.panda_end_customer_id
        create = type(customer)._get_or_create_panda_account

        def fail(partner, *args):
            return 1 / (partner != customer) and create(partner, *args)

        (bad | good).action_confirm()
        with (
            patch.object(type(customer), "_get_or_create_panda_account", fail),
            self.assertLogs(LOGGER, "ERROR") as logged,
        ):
            self.run_crons()
        self.assertEqual(len(logged.output), 1)
        self.assertIn(bad.name, logged.output[0])
        self.assertIn("ZeroDivisionError", logged.output[0])
        self.assertEqual((bad.state, bad.panda_status), ("sale", "failed"))
        self.assertIn("unexpected", self.get_notes(bad)[0])
        self.assertEqual(good.panda_status, "done")

    def test_conflict_with_another_transaction(self):
        """The order is processed again in a new transaction."""
        order = self.make_order(self.make_partner())
        order.action_confirm()
        original, calls = type(order)._queue_panda_accounts, []

        def conflict_once(orders):
            calls.append(orders)
            if len(calls) == 1:
                raise psycopg2.errors.SerializationFailure
            return original(orders)

        with patch.object(type(order), "_queue_panda_accounts", conflict_once):
            self.run_crons()
        self.assertEqual((order.panda_status, len(calls)), ("done", 2))

    def test_conflict_that_outlasts_all_retries(self):
        """The order stays requested, and a later run processes it."""
        order = self.make_order(self.make_partner())
        order.action_confirm()
        conflict = patch.object(
            type(order),
            "_queue_panda_accounts",
            side_effect=psycopg2.errors.SerializationFailure,
        )
        with conflict as queue:
            self.process_orders()
        self.assertEqual(queue.call_count, len(RETRY_DELAYS))
        self.assertTrue(order.panda_requested)
        self.assertEqual(order.panda_status, "waiting")
        self.run_crons()
        self.assertEqual(order.panda_status, "done")

    def test_order_that_always_conflicts_does_not_hold_up_the_next(self):
        first = self.make_order(self.make_partner())
        second = self.make_order(self.make_partner("Bob Buyer"))
        orders = first | second
        orders.action_confirm()
        original = type(orders)._queue_panda_accounts

        def conflict(order):
            if order == first:
                raise psycopg2.errors.SerializationFailure
            return original(order)

        with patch.object(type(orders), "_queue_panda_accounts", conflict):
            self.run_crons()
        self.assertEqual((first.panda_status, second.panda_status), ("waiting", "done"))
        self.run_crons()
        self.assertEqual(first.panda_status, "done")

    def test_accounts_settled_before_the_order_was_linked(self):
        """The engine has finished them while the order was being processed."""
        partner = self.make_partner()
        order = self.make_order(partner)
        order.action_confirm()
        with patch.object(type(self.env["panda.account"]), "_on_settled"):
            self.run_crons()
        self.assertEqual(self.get_account(partner).state, "synced")
        self.assertEqual(order.panda_status, "waiting")
        self.process_orders()
        self.assertEqual(order.panda_status, "done")
        self.assertIn("In Panda: Ada Lovelace (", self.get_notes(order)[0])

    def test_order_waits_during_an_outage(self):
        self.fault("server_error")
        order = self.confirm(self.make_order(self.make_partner()))
        self.assertEqual((order.state, order.panda_status), ("sale", "waiting"))
