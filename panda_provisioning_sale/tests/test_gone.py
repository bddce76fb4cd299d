from psycopg2 import IntegrityError

from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import OrderCase


@tagged("post_install", "-at_install")
class TestGone(OrderCase):
    """Something that an order needs, or the order itself, is deleted meanwhile."""

    def make_order_taken_up(self, *parties):
        order = self.make_order(*parties)
        order.action_confirm()
        self.take_up()
        return order

    def test_contacts_are_merged(self):
        """The account of one is dropped; its order goes on with that of the other."""
        partners = self.make_partner("Ada One") + self.make_partner("Ada Two")
        orders = [self.make_order_taken_up(partner) for partner in partners]
        merge = self.env["base.partner.merge.automatic.wizard"].sudo()
        merge._merge(partners.ids, partners[1])
        self.run_crons()
        self.assertEqual([o.panda_status for o in orders], ["done", "done"])
        self.assertEqual((len(self.tenants()), len(self.mails())), (1, 1))

    def test_account_is_deleted(self):
        """An order that waits for it asks for it again."""
        partner = self.make_partner()
        order = self.make_order_taken_up(partner)
        self.get_account(partner).with_user(self.manager).unlink()
        self.run_crons()
        self.assertEqual(order.panda_status, "done")
        self.assertEqual(self.get_account(partner).state, "synced")

    def test_end_customer_cannot_be_deleted(self):
        """Nobody takes his place unnoticed, least of all the reseller."""
        customer = self.make_partner("Carl Customer")
        order = self.make_order(self.make_partner("Rita Reseller"), customer)
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            customer.unlink()
            self.env.flush_all()
        self.assertEqual(order.panda_end_customer_id, customer)

    def test_quotation_is_deleted(self):
        """One that a rule of somebody has provisioned before it was confirmed."""
        order = self.make_order(self.make_partner())
        order.action_panda_provision()
        self.take_up()
        order.sudo().unlink()
        self.run_crons()
        self.assertFalse(self.env["panda.account"].search([]))
        self.assertEqual(self.tenants(), [])

    def test_quotation_is_taken_back(self):
        """Sent, and provisioned by such a rule; then it is a draft again."""
        order = self.make_order(self.make_partner())
        order.action_quotation_sent()
        order.action_panda_provision()
        self.take_up()
        order.action_draft()
        self.run_crons()
        self.assertFalse(order.panda_status)
        self.assertEqual(self.tenants(), [])

    def test_cancelled_past_the_action(self):
        """Say, by an import."""
        order = self.make_order(self.make_partner())
        order.action_confirm()
        order.sudo().state = "cancel"
        self.run_crons()
        self.assertFalse(order.panda_status)
        self.assertEqual(self.tenants(), [])
