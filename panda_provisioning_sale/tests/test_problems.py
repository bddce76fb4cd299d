from odoo.exceptions import UserError
from odoo.tests import Form, tagged

from .common import OrderCase


@tagged("post_install", "-at_install")
class TestProblems(OrderCase):
    """What Panda will lack is told before, and after, and goes on when mended."""

    def test_banner_names_everything_with_a_way_to_mend_it(self):
        reseller = self.make_partner("Rita Reseller", email=False)
        customer = self.make_partner("Carl", phone=False)
        banner = str(self.make_order(reseller, customer).panda_problems)
        self.assertIn("Rita Reseller has no e-mail address", banner)
        self.assertIn("Carl has no phone number", banner)
        self.assertIn("Enter the last name", banner)
        self.assertIn(f"/odoo/contacts/{reseller.id}", banner)
        self.assertIn(f"/odoo/contacts/{customer.id}", banner)

    def test_no_banner_without_a_problem(self):
        partner = self.make_partner()
        self.assertFalse(self.make_order(partner).panda_problems)
        reseller = self.make_partner("Rita Reseller")
        self.assertFalse(self.make_order(reseller, partner).panda_problems)

    def test_no_banner_without_a_panda_product(self):
        desk = self.make_product(name="Desk", panda_provision=False)
        order = self.make_order(self.make_partner(email=False), products=desk)
        self.assertFalse(order.panda_problems)

    def test_banner_while_the_quotation_is_written(self):
        partner = self.make_partner(email=False)
        with Form(self.env["sale.order"].with_user(self.salesman)) as form:
            form.partner_id = partner
            self.assertFalse(form.panda_problems)
            with form.order_line.new() as line:
                line.product_id = self.product
            self.assertIn("no e-mail address", str(form.panda_problems))
            form.panda_end_customer_id = self.make_partner("Carl Customer")
            self.assertIn("no e-mail address", str(form.panda_problems))

    def test_banner_writes_nothing(self):
        order = self.make_order(self.make_partner("Rita Reseller"), self.make_partner())
        self.assertFalse(order.panda_problems)
        self.assertFalse(self.env["panda.account"].search([]))

    def test_refusal(self):
        self.env.company.panda_refuse_incomplete = True
        order = self.make_order(self.make_partner(phone=False))
        with self.assertRaisesRegex(UserError, "has no phone number"):
            order.action_confirm()
        self.assertEqual(order.state, "draft")
        order.partner_id.sudo().phone = "+32 470 12 34 56"
        order.action_confirm()
        self.assertEqual(order.state, "sale")

    def test_paid_orders_are_never_refused(self):
        self.env.company.panda_refuse_incomplete = True
        order = self.make_order(self.make_partner(phone=False))
        order.with_user(self.env.ref("base.public_user")).sudo().action_confirm()
        self.assertEqual(order.state, "sale")

    def test_missing_data_is_told_and_mended(self):
        """One note and one activity; what was missing is typed in, and it goes on."""
        partner = self.make_partner(phone=False)
        order = self.confirm(self.make_order(partner))
        self.assertEqual((order.state, order.panda_status), ("sale", "failed"))
        self.assertEqual(self.get_account(partner).state, "failed")
        self.assertIn("has no phone number", str(order.panda_problems))
        self.assertIn("has no phone number", self.get_notes(order)[0])
        self.assertEqual(order.sudo().activity_ids.user_id, self.salesman)
        notes = len(self.get_notes(order))
        self.assertEqual(self.count_requests("path=/rest/*"), 0)
        partner.phone = "+32 470 12 34 56"
        self.assertEqual(order.panda_status, "waiting")
        self.run_cron()
        self.assertEqual(order.panda_status, "done")
        self.assertFalse(order.sudo().activity_ids)
        self.assertEqual(len(self.get_notes(order)), notes + 1)
        self.assertIn("In Panda: Ada Lovelace (", self.get_notes(order)[0])

    def test_missing_data_of_the_reseller(self):
        reseller = self.make_partner("Rita Reseller", email="nonsense")
        order = self.confirm(self.make_order(reseller, self.make_partner()))
        self.assertEqual(order.panda_status, "failed")
        self.assertEqual(order.panda_reseller_state, "failed")
        reseller.email = "rita@example.com"
        self.run_cron()
        self.assertEqual(order.panda_status, "done")

    def test_what_panda_refuses_is_told(self):
        """A username that somebody has elsewhere, which only Panda knows."""
        self.confirm(self.make_order(self.make_partner()))
        self.env.cr.execute("UPDATE panda_account SET username = 'gone'")
        self.env.invalidate_all()
        other = self.make_partner("Ada Byron", email="ada.lovelace@example.org")
        self.make_account(other, username="ada.lovelace")
        self.env.cr.execute(
            "UPDATE panda_account SET username = (SELECT 'ada.lovelace')"
            " WHERE partner_id = %s",
            [other.id],
        )
        order = self.confirm(self.make_order(other))
        self.assertEqual(order.panda_status, "failed", self.get_notes(order))
        self.assertIn("given this username", str(order.panda_problems))
        self.get_account(other).with_user(self.user).username = "ada.byron"
        self.run_cron()
        self.assertEqual(order.panda_status, "done")

    def test_no_system(self):
        """Whoever switches one on lets the orders that failed go on."""
        self.system.state = "disabled"
        order = self.make_order(self.make_partner())
        self.assertIn("There is no Panda system", str(order.panda_problems))
        self.confirm(order)
        self.assertEqual((order.state, order.panda_status), ("sale", "failed"))
        self.assertIn("There is no Panda system", self.get_notes(order)[0])
        self.system.state = "test"
        self.run_crons()
        self.assertEqual(order.panda_status, "done")

    def test_reseller_who_is_a_customer(self):
        """Two tiers cannot be guessed: told before and after, mended by his role."""
        reseller = self.make_partner("Rita Reseller")
        account = self.make_account(reseller)
        order = self.make_order(reseller, self.make_partner())
        self.assertIn("not a reseller", str(order.panda_problems))
        self.confirm(order)
        self.assertEqual((order.state, order.panda_status), ("sale", "failed"))
        account.with_user(self.user).role = "reseller"
        self.run_crons()
        self.assertEqual(order.panda_status, "done")
        self.assert_parent(order.sudo().panda_end_customer_id, reseller)

    def test_customers_panda_has_are_not_judged(self):
        partner = self.make_partner()
        self.confirm(self.make_order(partner))
        self.assertFalse(self.make_order(partner).panda_problems)

    def test_later_trouble_is_not_the_orders(self):
        """An order that is done stays done, whatever is edited years later."""
        partner = self.make_partner()
        order = self.confirm(self.make_order(partner))
        partner.email = "nonsense"
        self.run_cron()
        self.assertEqual(self.get_account(partner).state, "failed")
        self.assertEqual(order.panda_status, "done")

    def test_filter_and_group(self):
        orders = self.confirm(
            self.make_order(self.make_partner())
            | self.make_order(self.make_partner("Bob Babbage", phone=False))
        )
        groups = self.env["sale.order"]._read_group(
            [("id", "in", orders.ids)], ["panda_status"], ["__count"]
        )
        self.assertEqual(dict(groups), {"done": 1, "failed": 1})
