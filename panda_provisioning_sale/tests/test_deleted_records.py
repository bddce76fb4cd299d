from psycopg2 import IntegrityError

from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import OrderCase


@tagged("post_install", "-at_install")
class TestDeletedRecords(OrderCase):
    """A record that an order needs, or the order itself, is deleted or cancelled past
    its action while the order waits."""

    def make_processed_order(self, *parties):
        order = self.make_order(*parties)
        order.action_confirm()
        self.process_orders()
        return order

    def test_contacts_are_merged(self):
        """One account is deleted; its order continues with the other one."""
        partners = self.make_partner("Ada One") + self.make_partner("Ada Two")
        orders = [self.make_processed_order(partner) for partner in partners]
        merge = self.env["base.partner.merge.automatic.wizard"].sudo()
        merge._merge(partners.ids, partners[1])
        self.run_crons()
        self.assertEqual([o.panda_status for o in orders], ["done", "done"])
        self.assertEqual((len(self.tenants()), len(self.mails())), (1, 1))

    def test_account_is_deleted(self):
        """An order that waits for the account requests a new one."""
        partner = self.make_partner()
        order = self.make_processed_order(partner)
        account = self.get_account(partner)
        account.with_user(self.manager).unlink()
        self.assertFalse(account.exists())
        self.run_crons()
        self.assertEqual(order.panda_status, "done")
        self.assertEqual(self.get_account(partner).state, "synced")

    def test_end_customer_cannot_be_deleted(self):
        """Otherwise the reseller would become the end customer unnoticed."""
        customer = self.make_partner("Carl Customer")
        order = self.make_order(self.make_partner("Rita Reseller"), customer)
        with (
            self.assertRaises(IntegrityError) as refusal,
            mute_logger("odoo.sql_db"),
        ):
            customer.unlink()
            self.env.flush_all()
        self.assertIn("panda_end_customer_id", str(refusal.exception))
        self.assertEqual(order.panda_end_customer_id, customer)

    def test_quotation_is_deleted(self):
        """One that an automation rule had provisioned before the confirmation."""
        partner = self.make_partner()
        order = self.make_order(partner)
        order.action_panda_provision()
        self.process_orders()
        self.assertEqual(self.get_account(partner).state, "queued")
        order.sudo().unlink()
        self.run_crons()
        self.assertFalse(self.env["panda.account"].search([]))
        self.assertEqual(self.tenants(), [])

    def test_sent_quotation_becomes_a_draft_again(self):
        """One that an automation rule had provisioned when it was sent."""
        partner = self.make_partner()
        order = self.make_order(partner)
        order.action_quotation_sent()
        order.action_panda_provision()
        self.process_orders()
        self.assertEqual(self.get_account(partner).state, "queued")
        order.action_draft()
        self.run_crons()
        self.assertFalse(order.panda_status)
        self.assertFalse(self.get_account(partner))
        self.assertEqual(self.tenants(), [])

    def test_cancelled_past_the_action(self):
        """E.g. by an import, which writes the state directly."""
        order = self.make_order(self.make_partner())
        order.action_confirm()
        self.assertEqual(order.panda_status, "waiting")
        order.sudo().state = "cancel"
        self.run_crons()
        self.assertFalse(order.panda_status)
        self.assertEqual(self.tenants(), [])
