from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.panda_provisioning_sale.models.sale_order_provisioning import (
    SaleOrder,
)

from .common import OrderCase

LOGGER = "odoo.addons.panda_provisioning_sale.models.sale_order_provisioning"


@tagged("post_install", "-at_install")
class TestRobust(OrderCase):
    """One order's trouble is nobody else's."""

    @mute_logger(LOGGER)
    def test_order_that_cannot_be_written_stops_nobody(self):
        """Say, because an automation rule of somebody refuses it."""
        bad = self.make_order(self.make_partner("Ada Lovelace", email="nonsense"))
        good = self.make_order(self.make_partner("Bob Babbage"))
        contact = self.make_account(self.make_partner("Carl Customer"))
        contact.action_synchronize()
        telling = SaleOrder._queue_panda_accounts

        def refuse(order):
            if order == bad:
                raise ZeroDivisionError
            return telling(order)

        with (
            patch.object(SaleOrder, "_queue_panda_accounts", refuse),
            patch.object(SaleOrder, "_tell_panda_failure", side_effect=ValueError),
        ):
            (bad + good).action_confirm()
            self.run_crons()
        self.assertEqual((bad.panda_status, good.panda_status), ("failed", "done"))
        self.assertEqual(contact.state, "synced")

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
