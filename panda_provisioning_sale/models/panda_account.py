from odoo import fields, models
from odoo.fields import Domain

from odoo.addons.panda_provisioning.models.panda_account import OPTION_FIELDS

PLACE_FIELDS = {"role", "parent_id"}
"""Where an account belongs in Panda, which orders may guess."""


class PandaAccount(models.Model):
    _inherit = "panda.account"

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
            self._keep_from_orders(vals)
        if not PLACE_FIELDS.isdisjoint(vals):
            # Sudo: whoever sets up accounts need not see contacts of others.
            self.sudo().partner_id._retry_panda_orders()
        return result

    def unlink(self):
        orders = self._get_open_orders()
        result = super().unlink()
        # They decide afresh: contacts may have been merged.
        orders.action_panda_provision()
        return result

    def _keep_from_orders(self, names):
        """Have cancelled orders leave alone what a person has set."""
        is_placed = not PLACE_FIELDS.isdisjoint(names)
        guessed = self.sudo().filtered(lambda a: a._is_guessed())
        guessed.by_order = "queued" if is_placed else "decided"

    # === BUSINESS METHODS === #

    def _announce(self, *, attended):
        result = super()._announce(attended=attended)
        self._get_open_orders()._tell_panda_outcome()
        return result

    def _get_open_orders(self):
        """Return the orders that need these accounts and are not done."""
        is_open = Domain("panda_status", "in", ("waiting", "failed"))
        # Sudo: whoever synchronises need not see orders.
        orders = self.env["sale.order"].sudo()
        return orders.search(is_open & Domain("panda_account_ids", "in", self.ids))

    def _is_guessed(self):
        """Whether orders have decided where this account belongs, and no person."""
        return self.by_order in ("decided", "created")

    def _is_sent(self):
        """Whether Panda may know this account."""
        return bool(self.remote_id or self.marker_at or self.state == "running")

    def _may_become_reseller(self):
        """Whether it was but a guess that this is a customer.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        is_direct = self.role == "user" and not self.parent_id
        return is_direct and self._is_guessed() and not self._is_sent()

    def _may_be_withdrawn(self):
        """Whether nothing of this account was sent and nobody but orders wants it.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        customers = self.child_ids.filtered(lambda a: a.state != "draft")
        return bool(self.by_order) and not (self._is_sent() or customers)

    def _withdraw(self):
        """Take back what was not sent, as if no order had ever asked for it. Orders
        that need it all the same decide afresh.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        partner = self.partner_id
        if self.by_order == "created" and not self.child_ids:
            self.unlink()
        else:
            self.write(self._get_values_before_orders())
            self._get_open_orders().action_panda_provision()
        partner._withdraw_panda_reseller()

    def _get_values_before_orders(self):
        values = {
            "state": "draft",
            "by_order": False,
            "attempt_count": 0,
            "next_attempt_at": False,
            "error_code": False,
            "error_detail": False,
        }
        if self._is_guessed() and not self.child_ids:
            values |= dict.fromkeys(PLACE_FIELDS, False)
        return values
