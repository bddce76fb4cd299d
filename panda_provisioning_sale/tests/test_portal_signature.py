from odoo.tests import HttpCase, new_test_user, tagged

from .common import OrderMixin

SIGNATURE = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
    "YPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
"""A PNG of one pixel."""


@tagged("post_install", "-at_install")
class TestPortalSignature(OrderMixin, HttpCase):
    """Customers sign their quotations in the portal, over HTTP."""

    def sign(self, order):
        order.require_payment = False
        answer = self.make_jsonrpc_request(
            f"/my/orders/{order.id}/accept",
            {
                "access_token": order.sudo()._portal_ensure_token(),
                "name": "Ada Lovelace",
                "signature": SIGNATURE,
            },
        )
        self.assertNotIn("error", answer)
        self.env.invalidate_all()
        self.assertEqual((order.state, order.panda_status), ("sale", "waiting"))

    def sign_and_wait(self, order):
        self.sign(order)
        for cron in self.get_all_crons():
            self.assertIs(cron.method_direct_trigger(), True)
        self.assertEqual(order.panda_status, "done")

    def test_signed_by_a_portal_user(self):
        user = new_test_user(
            self.env, "portal-buyer", groups="base.group_portal", name="Ada Lovelace"
        )
        user.partner_id.write({"email": "ada@example.com", "phone": "+32 470 12 34 56"})
        self.authenticate(user.login, user.login)
        self.sign_and_wait(self.make_order(user.partner_id))
        self.assertEqual(len(self.mails()), 1)

    def test_signed_with_the_link_and_no_login(self):
        reseller = self.make_partner("Rita Reseller")
        customer = self.make_partner("Carl Customer")
        self.sign_and_wait(self.make_order(reseller, customer))
        self.assert_parent(customer, reseller)

    def test_incomplete_orders_can_be_signed(self):
        """Customers could not correct what is missing."""
        self.env.company.panda_refuse_incomplete = True
        self.sign(self.make_order(self.make_partner(phone=False)))
