import threading
from unittest.mock import patch

from odoo.sql_db import db_connect
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.panda_provisioning_sale.models.panda_service import PRECOMMIT

from .common import OrderCase

MODELS = "odoo.addons.panda_provisioning_sale.models"


@tagged("post_install", "-at_install")
class TestRobust(OrderCase):
    """One order's trouble is nobody else's."""

    @mute_logger(f"{MODELS}.sale_order_provisioning")
    def test_order_that_cannot_be_written_stops_nobody(self):
        """Say, because an automation rule of somebody refuses it."""
        bad = self.make_order(self.make_partner("Ada Lovelace", email="nonsense"))
        good = self.make_order(self.make_partner("Bob Babbage"))
        contact = self.make_account(self.make_partner("Carl Customer"))
        contact.action_synchronize()
        orders = type(bad)
        queue = orders._queue_panda_accounts

        def refuse(order):
            if order == bad:
                raise ZeroDivisionError
            return queue(order)

        with (
            patch.object(orders, "_queue_panda_accounts", refuse),
            patch.object(orders, "_tell_panda_failure", side_effect=ValueError),
        ):
            (bad + good).action_confirm()
            self.run_crons()
        self.assertEqual((bad.panda_status, good.panda_status), ("failed", "done"))
        self.assertEqual(contact.state, "synced")

    @mute_logger(f"{MODELS}.sale_order_news")
    def test_order_that_cannot_be_told_stops_nobody(self):
        """Neither the others, nor the contacts, nor the engine; it is told later."""
        bad = self.make_order(self.make_partner("Ada Lovelace"))
        good = self.make_order(self.make_partner("Bob Babbage"))
        orders = type(bad)
        tell = orders._tell_panda_success

        def refuse(order):
            order.client_order_ref = "half done"
            order.flush_recordset()
            if order == bad:
                raise ZeroDivisionError
            return tell(order)

        with patch.object(orders, "_tell_panda_success", refuse):
            (bad + good).action_confirm()
            self.run_crons()
        accounts = self.env["panda.account"].search([])
        self.assertEqual(accounts.mapped("state"), ["synced", "synced"])
        self.assertEqual((bad.panda_status, good.panda_status), ("waiting", "done"))
        self.assertFalse(bad.client_order_ref)
        self.assertTrue(good.client_order_ref)
        self.run_crons()
        self.assertEqual(bad.panda_status, "done")

    def test_somebody_else_takes_orders_up(self):
        """Who comes second waits for a moment instead of leaving it to the next run."""
        order = self.make_order(self.make_partner())
        order.action_confirm()
        with db_connect(self.env.cr.dbname).cursor() as other:
            other.execute("SELECT pg_advisory_lock(hashtext(%s))", [PRECOMMIT])
            release = threading.Timer(
                0.3, other.execute, ["SELECT pg_advisory_unlock_all()"]
            )
            release.start()
            self.take_up()
            release.join()
        self.assertEqual(self.env["panda.account"].search([]).state, "queued")

    def test_orders_that_are_done_are_not_looked_at(self):
        """A reseller may have thousands of them."""
        reseller = self.make_partner("Rita Reseller")
        done = self.confirm(self.make_order(reseller, self.make_partner()))
        waiting = self.make_order(reseller, self.make_partner("Bob Babbage"))
        waiting.action_confirm()
        self.take_up()
        account = self.get_account(reseller)
        self.assertEqual(done.panda_status, "done")
        self.assertEqual(account._get_open_orders(), waiting)

    def test_orders_that_wait_on_cost_next_to_nothing(self):
        """Thousands may, while Panda is out of order; each run looks at them."""
        reseller = self.make_partner("Rita Reseller")
        self.confirm(self.make_order(reseller, self.make_partner()))
        costs = []
        for number in (10, 30):
            for i in range(number):
                customer = self.make_partner(f"Bob{number} Number{i}")
                self.make_order(reseller, customer).action_confirm()
            self.take_up()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.take_up()
            costs.append(self.env.cr.sql_log_count - before)
        self.assertEqual(costs[0], costs[1])

    def test_person_with_an_account_of_his_own_orders_for_his_company(self):
        """He does not become its reseller."""
        person = self.make_partner("Ada Lovelace")
        account = self.make_account(person)
        account.action_synchronize()
        self.run_cron()
        company = self.make_partner("Engines Ltd", is_company=True)
        self.make_partner("Eve Engineer", parent_id=company.id)
        person.parent_id = company
        self.confirm(self.make_order(person))
        self.assertFalse(company.panda_reseller_id)
        own = company._get_panda_account(self.system)
        self.assertEqual((own.state, own.parent_id.id), ("synced", False))

    def test_failed_orders_of_a_reseller_are_not_told_again(self):
        """His phone number does not mend what his customers lack."""
        reseller = self.make_partner("Rita Reseller")
        customer = self.make_partner("Carl Customer", email="nonsense")
        order = self.confirm(self.make_order(reseller, customer))
        self.assertEqual(order.panda_status, "failed")
        notes = self.get_notes(order)
        reseller.phone = "+32 470 99 88 77"
        self.run_crons()
        self.assertEqual(order.panda_status, "failed")
        self.assertEqual(self.get_notes(order), notes)

    def test_line_that_is_not_bought(self):
        order = self.make_order(self.make_partner())
        order.order_line.product_uom_qty = 0
        self.confirm(order)
        self.assertFalse(order.panda_status)
        self.assertEqual(self.tenants(), [])
