from odoo import Command
from odoo.tests import tagged

from .common import OrderCase


@tagged("post_install", "-at_install")
class TestRecipes(OrderCase):
    """The rules of the manual, on other models than orders."""

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

    def test_when_the_invoice_is_paid(self):
        """Instead of when the order is confirmed."""
        self.env.ref(
            "panda_provisioning_sale.base_automation_order_confirmed"
        ).active = False
        self.make_rule(
            "account.move",
            "records.line_ids.sale_line_ids.order_id.action_panda_provision()",
            trigger="on_create_or_write",
            filter_pre_domain="[('payment_state', 'not in', ('in_payment', 'paid'))]",
            # While it is still being written, a draft has nothing left to pay.
            filter_domain="[('state', '=', 'posted'),"
            " ('payment_state', 'in', ('in_payment', 'paid'))]",
        )
        order = self.make_order(self.make_partner())
        order.action_confirm()
        invoice = self.make_invoice(order)
        self.assertFalse(order.panda_status)
        self.pay(invoice)
        self.assertEqual(order.panda_status, "waiting")
        self.run_crons()
        self.assertEqual(order.panda_status, "done")

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

    def test_when_a_contact_gets_a_tag(self):
        """No order at all: any contact can be provisioned."""
        tag = self.env["res.partner.category"].create({"name": "Panda"})
        self.make_rule(
            "res.partner",
            "records.action_panda_synchronize()",
            trigger="on_create_or_write",
            filter_pre_domain=f"[('category_id', 'not in', {tag.ids})]",
            filter_domain=f"[('category_id', 'in', {tag.ids})]",
        )
        partner = self.make_partner()
        partner.with_user(self.user).category_id = [Command.link(tag.id)]
        self.run_crons()
        self.assertEqual(self.get_account(partner).state, "synced")
