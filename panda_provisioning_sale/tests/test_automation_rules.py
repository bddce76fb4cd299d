from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools.convert import convert_file

from .common import OrderCase


@tagged("post_install", "-at_install")
class TestAutomationRules(OrderCase):
    """The automation rules of the manual, and the one that comes with the addon."""

    def make_rule(self, model, code, **values):
        """Return a rule as an administrator makes it."""
        model = self.env["ir.model"]._get(model)
        rule = self.env["base.automation"].create(
            {"name": "A rule of ours", "model_id": model.id, **values}
        )
        self.env["ir.actions.server"].create(
            {
                "name": "Provision in Panda",
                "model_id": model.id,
                "base_automation_id": rule.id,
                "usage": "base_automation",
                "state": "code",
                "code": code,
            }
        )
        return rule

    def test_provision_when_the_invoice_is_paid(self):
        """Instead of when the order is confirmed."""
        self.env.ref(
            "panda_provisioning_sale.base_automation_order_confirmed"
        ).active = False
        self.make_rule(
            "account.move",
            "records.line_ids.sale_line_ids.order_id.action_panda_provision()",
            trigger="on_create_or_write",
            filter_pre_domain="[('payment_state', 'not in', ('in_payment', 'paid'))]",
            # A draft that is still being written has nothing left to pay.
            filter_domain="[('move_type', '=', 'out_invoice'),"
            " ('state', '=', 'posted'),"
            " ('payment_state', 'in', ('in_payment', 'paid'))]",
        )
        paid, _refunded, cancelled = orders = [
            self.make_order(self.make_partner(f"{name} Test"))
            for name in ("Ada", "Bob", "Carl")
        ]
        for order in orders:
            order.action_confirm()
        invoices = [self.make_invoice(order) for order in orders]
        self.assertEqual([o.panda_status for o in orders], [False] * 3)
        cancelled._action_cancel()
        refund = self.refund(invoices[1])
        self.assertIn(refund.payment_state, ("paid", "in_payment"))
        self.pay(invoices[0])
        self.pay(invoices[2])
        self.assertEqual([o.panda_status for o in orders], ["waiting", False, False])
        self.run_crons()
        self.assertEqual(paid.panda_status, "done")
        self.assertEqual(len(self.tenants()), 1)

    def test_a_rule_on_the_status_of_orders(self):
        """It runs when the engine has settled the accounts of the order."""
        status = self.env["ir.model.fields"]._get("sale.order", "panda_status")
        for outcome in ("done", "failed"):
            self.make_rule(
                "sale.order",
                f"record.write({{'client_order_ref': '{outcome}'}})",
                trigger="on_create_or_write",
                trigger_field_ids=status.ids,
                filter_domain=f"[('panda_status', '=', '{outcome}')]",
            )
        good = self.make_order(self.make_partner("Good Test"))
        bad = self.make_order(self.make_partner("Bad Test", phone=False))
        for order in (good, bad):
            order.action_confirm()
            self.assertFalse(order.client_order_ref)
        self.run_crons()
        self.assertEqual([good.panda_status, bad.panda_status], ["done", "failed"])
        self.assertEqual(good.client_order_ref, "done")
        self.assertEqual(bad.client_order_ref, "failed")

    def refund(self, invoice):
        """Return a credit note that reconciles an invoice which nobody has paid."""
        refund = invoice._reverse_moves()
        refund.action_post()
        return refund

    def make_invoice(self, order):
        company = self.env.company
        if not company.chart_template:
            self.env["account.chart.template"].try_loading(
                "generic_coa", company, install_demo=False
            )
        self.product.invoice_policy = "order"
        order.order_line.invalidate_recordset()
        invoice = order.sudo()._create_invoices()
        invoice.action_post()
        return invoice

    def pay(self, invoice):
        wizard = self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        )
        wizard.create({})._create_payments()
        self.env.flush_all()

    def make_rule_on_tag(self):
        """Make the rule of the manual; return a function that puts the tag on a
        contact, as a user without rights on Panda."""
        tag = self.env["res.partner.category"].create({"name": "Panda"})
        self.make_rule(
            "res.partner",
            "records.action_panda_provision()",
            trigger="on_create_or_write",
            filter_pre_domain=f"[('category_id', 'not in', {tag.ids})]",
            filter_domain=f"[('category_id', 'in', {tag.ids})]",
        )
        clerk = new_test_user(
            self.env, "clerk", groups="base.group_user,base.group_partner_manager"
        )
        return lambda partner: partner.with_user(clerk).write(
            {"category_id": [Command.link(tag.id)]}
        )

    def test_provision_when_a_contact_gets_a_tag(self):
        """Without an order, for any user who puts the tag."""
        put_tag = self.make_rule_on_tag()
        partner = self.make_partner()
        put_tag(partner)
        self.run_crons()
        self.assertEqual(self.get_account(partner).state, "synced")

    def test_rule_on_contacts_blocks_nobody(self):
        """What is impossible is noted on the contact; the tag is there."""
        put_tag = self.make_rule_on_tag()
        partners = self.make_partner() + self.make_partner("Bob Babbage")
        self.make_account(partners[0])
        customer = self.make_partner("Carl Customer", panda_reseller_id=partners[0].id)
        self.system.state = "disabled"
        put_tag(partners[1])
        self.assertIn("There is no Panda system", self.get_notes(partners[1])[0])
        self.assertEqual(len(partners[1].category_id), 1)
        self.assertEqual(len(partners[1].activity_ids), 1)
        self.system.state = "test"
        put_tag(customer)
        self.assertEqual(len(customer.category_id), 1)
        self.assertIn("not a reseller", self.get_notes(customer)[0])

    def test_provisioning_contacts_needs_rights_on_panda(self):
        partner = self.make_partner()
        with self.assertRaisesRegex(AccessError, "panda.account"):
            partner.with_user(self.salesperson).action_panda_provision()
        self.assertFalse(self.get_account(partner))
        partner.with_user(self.user).action_panda_provision()
        self.assertEqual(self.get_account(partner).state, "queued")

    def test_deleted_rule_does_not_come_back(self):
        """An upgrade of the addon keeps what the administrator has decided."""
        name = "panda_provisioning_sale.base_automation_order_confirmed"
        self.env.ref(name).unlink()
        convert_file(
            self.env,
            "panda_provisioning_sale",
            "data/base_automation_data.xml",
            {},
            mode="update",
            noupdate=True,
        )
        self.assertFalse(self.env.ref(name, raise_if_not_found=False))
