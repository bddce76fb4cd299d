from odoo import fields, models
from odoo.fields import Domain

from odoo.addons.panda_provisioning.models.panda_account import OPTION_FIELDS

PLACEMENT_FIELDS = {"role", "parent_id"}
"""Where an account belongs in Panda. Orders decide it if no person has."""


class PandaAccount(models.Model):
    _inherit = "panda.account"

    # === FIELDS === #

    by_order = fields.Selection(
        [
            ("queued", "Queued what a person had prepared"),
            ("decided", "Decided on role and parent"),
            ("created", "Created"),
        ],
        string="What Orders Did",
        copy=False,
        readonly=True,
        help="What cancelling the orders takes back. Empty when a person has asked for "
        "the synchronization.",
    )

    # === CRUD METHODS === #

    def write(self, vals):
        result = super().write(vals)
        if "by_order" not in vals and not OPTION_FIELDS.isdisjoint(vals):
            self._keep_on_withdrawal(vals)
        if not PLACEMENT_FIELDS.isdisjoint(vals):
            # Sudo: users who set up accounts need not see all contacts.
            self.sudo().partner_id._retry_panda_orders()
        return result

    def unlink(self):
        orders = self._get_open_orders()
        result = super().unlink()
        # They need an account again, e.g. that of the contact this one was merged into.
        orders.action_panda_provision()
        return result

    def _keep_on_withdrawal(self, names):
        """Let cancelled orders keep the options ``names``, set by a person."""
        is_placed = not PLACEMENT_FIELDS.isdisjoint(names)
        by_order = self.sudo().filtered(lambda a: a._is_placed_by_order())
        by_order.by_order = "queued" if is_placed else "decided"

    # === BUSINESS METHODS === #

    def _on_settled(self):
        result = super()._on_settled()
        self._get_open_orders()._settle_panda()
        return result

    def _withdraw(self):
        """Restore what was before the orders. Other orders that need this account are
        processed again.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        partner = self.partner_id
        if self.by_order == "created" and not self.child_ids:
            self.unlink()
        else:
            self._set_state("draft", **self._get_values_before_orders())
            self._get_open_orders().action_panda_provision()
        partner._withdraw_panda_reseller()

    def _get_values_before_orders(self):
        values = {
            "by_order": False,
            "attempt_count": 0,
            "next_attempt_at": False,
            "error_code": False,
            "error_detail": False,
        }
        if self._is_placed_by_order() and not self.child_ids:
            values |= dict.fromkeys(PLACEMENT_FIELDS, False)
        return values

    def _may_become_reseller(self):
        """Whether this is a customer only because an order has assumed so.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        is_direct = self.role == "user" and not self.parent_id
        return is_direct and self._is_placed_by_order() and not self._is_sent()

    def _may_be_withdrawn(self):
        """Whether nothing of this account was sent and only orders need it.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        customers = self.child_ids.filtered(lambda a: a.state != "draft")
        return bool(self.by_order) and not (self._is_sent() or customers)

    def _may_be_stopped(self):
        """Whether this account is on its way to Panda and only cancelled orders have
        asked for it.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        is_wanted = not self.by_order or self.child_ids or self._get_open_orders()
        return not (self.operator_ready or is_wanted)

    def _is_placed_by_order(self):
        """Whether an order, and no person, has decided on role and parent."""
        return self.by_order in ("decided", "created")

    def _is_sent(self):
        """Whether this account was sent to Panda, or is being sent."""
        return self._may_be_in_panda() or self.state == "running"

    def _get_open_orders(self):
        """Return the orders that need these accounts and are not done."""
        is_open = Domain("panda_status", "in", ("waiting", "failed"))
        # Sudo: users who synchronise accounts need not see orders.
        orders = self.env["sale.order"].sudo()
        return orders.search(is_open & Domain("panda_account_ids", "in", self.ids))
