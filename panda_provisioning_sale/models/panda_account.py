from odoo import fields, models


class PandaAccount(models.Model):
    _inherit = "panda.account"

    sale_order_ids = fields.Many2many(
        "sale.order",
        "panda_account_sale_order_rel",
        "account_id",
        "order_id",
        string="Orders",
        readonly=True,
        copy=False,
        groups="sales_team.group_sale_salesman",
    )
    queued_by_order = fields.Boolean(
        copy=False,
        readonly=True,
        help="Nobody but orders has asked for it, so cancelling them takes it back.",
    )

    # === CRUD METHODS === #

    def write(self, vals):
        result = super().write(vals)
        if "role" in vals or "parent_id" in vals:
            # Sudo: whoever sets up accounts need not see contacts of others.
            self.sudo().partner_id._retry_panda_orders()
        return result

    # === BUSINESS METHODS === #

    def _announce(self, *, attended):
        result = super()._announce(attended=attended)
        # Sudo: whoever synchronises need not see orders.
        self.sudo().sale_order_ids._tell_panda_outcome()
        return result

    def _withdraw(self):
        """Take back what was not sent, as if it had never been asked for."""
        self.write(
            {
                "state": "draft",
                "queued_by_order": False,
                "attempt_count": 0,
                "next_attempt_at": False,
                "error_code": False,
                "error_detail": False,
            }
        )

    def _can_withdraw(self):
        """Whether nothing of this account was sent and nobody else needs it.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        is_sent = self.remote_id or self.marker_at or self.state == "running"
        customers = self.child_ids.filtered(lambda a: a.state != "draft")
        return self.queued_by_order and not (
            is_sent or customers or self.sale_order_ids.filtered("panda_status")
        )
