from ast import literal_eval
from unittest.mock import patch

from lxml import etree

from odoo.exceptions import UserError
from odoo.fields import Command, Domain
from odoo.tests import Form, tagged

from .common import OrderCase


@tagged("post_install", "-at_install")
class TestProblemsAndNotices(OrderCase):
    """An order says what Panda lacks, before and after the confirmation, and continues
    after the correction."""

    def test_banner_names_every_problem_with_a_link(self):
        reseller = self.make_partner("Rita Reseller", email=False)
        customer = self.make_partner("Carl", phone=False)
        banner = str(self.make_order(reseller, customer).panda_problems)
        self.assertIn("Rita Reseller has no e-mail address", banner)
        self.assertIn("Carl has no phone number", banner)
        self.assertIn("Enter the last name", banner)
        self.assertIn(f"/odoo/contacts/{reseller.id}", banner)
        self.assertIn(f"/odoo/contacts/{customer.id}", banner)

    def test_no_banner_for_complete_contacts(self):
        partner = self.make_partner()
        self.assertFalse(self.make_order(partner).panda_problems)
        reseller = self.make_partner("Rita Reseller")
        self.assertFalse(self.make_order(reseller, partner).panda_problems)

    def test_no_banner_without_a_panda_product(self):
        desk = self.make_product(name="Desk", panda_provision=False)
        order = self.make_order(self.make_partner(email=False), products=desk)
        self.assertFalse(order.panda_problems)

    def test_banner_while_the_quotation_is_filled_in(self):
        partner = self.make_partner(email=False)
        with Form(self.env["sale.order"].with_user(self.salesperson)) as form:
            form.partner_id = partner
            self.assertFalse(form.panda_problems)
            with form.order_line.new() as line:
                line.product_id = self.product
            self.assertIn("no e-mail address", str(form.panda_problems))
            form.panda_end_customer_id = self.make_partner("Carl Customer")
            self.assertIn("no e-mail address", str(form.panda_problems))

    def test_banner_writes_nothing(self):
        customer = self.make_partner(phone=False)
        order = self.make_order(self.make_partner("Rita Reseller"), customer)
        self.assertIn("has no phone number", str(order.panda_problems))
        self.env.flush_all()
        self.assertFalse(self.env["panda.account"].search([]))
        self.assertFalse(customer.panda_reseller_id)

    def test_incomplete_order_is_refused_if_the_company_wants_that(self):
        self.env.company.panda_refuse_incomplete = True
        order = self.make_order(self.make_partner(phone=False))
        with self.assertRaisesRegex(UserError, "has no phone number"):
            order.action_confirm()
        self.assertEqual((order.state, order.panda_status), ("draft", False))
        order.partner_id.sudo().phone = "+32 470 12 34 56"
        order.action_confirm()
        self.assertEqual(order.state, "sale")

    def test_paid_orders_are_never_refused(self):
        self.env.company.panda_refuse_incomplete = True
        order = self.make_order(self.make_partner(phone=False))
        order.with_user(self.env.ref("base.public_user")).sudo().action_confirm()
        self.assertEqual(order.state, "sale")

    def test_missing_data_is_notified_and_corrected(self):
        """One note and one activity; the correction alone makes the order continue."""
        partner = self.make_partner(phone=False)
        order = self.confirm(self.make_order(partner))
        self.assertEqual((order.state, order.panda_status), ("sale", "failed"))
        self.assertEqual(self.get_account(partner).state, "failed")
        self.assertIn("has no phone number", str(order.panda_problems))
        self.assertIn("has no phone number", self.get_notes(order)[0])
        [activity] = order.sudo().activity_ids
        self.assertEqual(activity.user_id, self.salesperson)
        self.assertIn("has no phone number", str(activity.note))
        reasons = [n for n in self.get_notes(order) if "has no phone number" in n]
        self.assertEqual(len(reasons), 1)
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
        self.assertIn("nonsense", self.get_notes(order)[0])
        reseller.email = "rita@example.com"
        self.run_cron()
        self.assertEqual(order.panda_status, "done")

    def test_refusal_of_panda_is_notified(self):
        """A username that is used in Panda by somebody Odoo does not know."""
        stranger = self.make_partner("Ada Lovelace")
        self.confirm(self.make_order(stranger))
        account = self.get_account(stranger)
        username = account.username
        account.write({"remote_id": False, "marker_at": False})
        account.unlink()
        other = self.make_partner("Ada Byron", email="ada.byron@example.org")
        self.make_account(other, username=username)
        order = self.confirm(self.make_order(other))
        self.assertEqual(order.panda_status, "failed", self.get_notes(order))
        self.assertIn("given this username", str(order.panda_problems))
        self.assertIn("given this username", self.get_notes(order)[0])
        self.get_account(other).with_user(self.user).username = "ada.byron"
        self.run_cron()
        self.assertEqual(order.panda_status, "done")

    def test_no_system(self):
        """Failed orders continue when one is switched on."""
        self.system.state = "disabled"
        order = self.make_order(self.make_partner())
        self.assertIn("There is no Panda system", str(order.panda_problems))
        self.confirm(order)
        self.assertEqual((order.state, order.panda_status), ("sale", "failed"))
        self.assertIn("There is no Panda system", self.get_notes(order)[0])
        self.system.state = "test"
        self.run_crons()
        self.assertEqual(order.panda_status, "done")

    def test_contact_of_another_company(self):
        """It blocks no confirmation; the order continues after the correction."""
        company = self.env["res.company"].create({"name": "Elsewhere Ltd"})
        parent = self.make_partner("Ada Ltd", is_company=True)
        person = self.make_partner("Ada Lovelace", parent_id=parent.id)
        parent.company_id = company
        person.company_id = False
        order = self.make_order(person)
        self.confirm(order)
        self.assertEqual((order.state, order.panda_status), ("sale", "failed"))
        self.assertIn("There is no Panda system", self.get_notes(order)[0])
        parent.company_id = False
        self.run_crons()
        self.assertEqual(order.panda_status, "done")
        self.assertEqual(self.get_account(parent).state, "synced")

    def test_account_is_marked_as_done(self):
        """What a user has done in WatchGuard Cloud is done for the order too."""
        partner = self.make_partner(phone=False)
        order = self.confirm(self.make_order(partner))
        self.assertEqual(order.panda_status, "failed")
        wizards = self.env["panda.mark.done"].with_user(self.user)
        account = self.get_account(partner)
        wizard = wizards.create({"account_id": account.id, "reason": "By hand, by me"})
        wizard.action_confirm()
        self.run_crons()
        self.assertEqual(order.panda_status, "done")
        self.assertFalse(order.sudo().activity_ids)

    def test_product_is_added_after_the_confirmation(self):
        """No rule is triggered; the order says so and offers to provision."""
        desk = self.make_product(name="Desk", panda_provision=False)
        order = self.confirm(self.make_order(self.make_partner(), products=desk))
        self.assertFalse(order.panda_notices)
        values = {"product_id": self.product.id, "product_uom_qty": 1}
        order.order_line = [Command.create(values)]
        self.assertIn("Nothing has asked", str(order.panda_notices))
        order.action_panda_provision()
        self.run_crons()
        self.assertEqual(order.panda_status, "done")
        self.assertFalse(order.panda_notices)

    def test_reseller_with_the_role_of_a_customer(self):
        """The order does not change the role, which a user has chosen."""
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

    def test_synchronized_customers_are_not_validated(self):
        """They are in Panda already, whatever it would require of a new account."""
        partner = self.make_partner()
        self.confirm(self.make_order(partner))
        account = self.get_account(partner)
        account.sudo().phone = False
        self.assertEqual(account.state, "synced")
        order = self.make_order(partner)
        self.assertFalse(order.panda_problems)
        account.sudo().state = "queued"
        order.invalidate_recordset()
        self.assertIn("Ada Lovelace, Phone", str(order.panda_problems))

    def test_done_order_stays_done(self):
        """Whatever fails when the contact is edited later."""
        partner = self.make_partner()
        order = self.confirm(self.make_order(partner))
        partner.email = "nonsense"
        self.run_cron()
        self.assertEqual(self.get_account(partner).state, "failed")
        self.assertEqual(order.panda_status, "done")

    def test_filters_and_group(self):
        """Those of the search view, for users without rights on Panda."""
        done, failed, waiting = orders = [
            self.make_order(self.make_partner(name, **values))
            for name, values in (
                ("Ada Lovelace", {}),
                ("Bob Babbage", {"phone": False}),
                ("Carl Customer", {}),
            )
        ]
        self.confirm(done + failed)
        waiting.action_confirm()
        model = self.env["sale.order"].with_user(self.salesperson)
        view = etree.fromstring(model.get_view(view_type="search")["arch"])
        ours = Domain("id", "in", [order.id for order in orders])
        for name, order in (("done", done), ("failed", failed), ("waiting", waiting)):
            with self.subTest(name):
                [node] = view.xpath(f"//filter[@name='panda_{name}']")
                domain = literal_eval(node.get("domain"))
                self.assertEqual(model.search(ours & Domain(domain)), order)
        [node] = view.xpath("//filter[@name='panda_status']")
        group_by = literal_eval(node.get("context"))["group_by"]
        groups = dict(model._read_group(ours, [group_by], ["id:recordset"]))
        self.assertEqual(groups, {"done": done, "failed": failed, "waiting": waiting})

    def test_archived_salesperson(self):
        """The responsible user gets the activity instead."""
        order = self.make_order(self.make_partner(phone=False))
        order.action_confirm()
        self.salesperson.active = False
        self.run_crons()
        self.assertEqual(order.sudo().activity_ids.user_id, self.manager)

    def test_nobody_to_assign_the_activity_to(self):
        """Neither a salesperson nor a responsible user, and the administrator's XML ID
        was deleted: the user of the cron gets it."""
        order = self.make_order(self.make_partner(phone=False), user_id=False)
        self.system.responsible_user_id = False
        order.action_confirm()
        self.env["ir.model.data"].search(
            [("module", "=", "base"), ("name", "=", "user_admin")]
        ).unlink()
        self.run_crons()
        self.assertEqual(order.panda_status, "failed")
        root = self.env.ref("base.user_root")
        self.assertEqual(order.sudo().activity_ids.user_id, root)

    def test_reason_of_a_refusal_is_kept(self):
        """The banner shows it after the transaction is over."""
        order = self.make_order(self.make_partner())
        order.action_confirm()
        refusal = patch.object(
            type(self.env["res.partner"]),
            "_get_or_create_panda_account",
            side_effect=UserError("The moon is in the seventh house."),
        )
        with refusal:
            self.run_crons()
        self.assertEqual(order.panda_status, "failed")
        self.assertIn("seventh house", self.get_notes(order)[0])
        self.assertIn("seventh house", str(order.panda_problems))

    def test_same_reason_is_noted_once(self):
        """Failing again adds no note, but restores a deleted activity."""
        order = self.confirm(self.make_order(self.make_partner(phone=False)))
        notes = self.get_notes(order)
        self.assertIn("has no phone number", notes[0])
        order.sudo().activity_ids.unlink()
        order.action_panda_provision()
        self.run_crons()
        self.assertEqual(order.panda_status, "failed")
        self.assertEqual(self.get_notes(order), notes)
        self.assertEqual(len(order.sudo().activity_ids), 1)
