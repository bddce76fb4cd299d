from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Command, Domain

from odoo.addons.panda_provisioning.models.panda_account import STATES
from odoo.addons.panda_provisioning.models.res_partner import MOST_URGENT_FIRST, USER

ENGINE_FIELDS = {"panda_requested", "panda_status", "panda_account_ids", "panda_told"}
"""What people may read, but not write."""

INTERNAL = "base.group_user"
"""What is said of other contacts is not for the customers who read their orders."""


class SaleOrder(models.Model):
    _inherit = "sale.order"

    # === FIELDS === #

    panda_end_customer_id = fields.Many2one(
        "res.partner",
        string="End Customer",
        compute="_compute_panda_end_customer_id",
        store=True,
        readonly=False,
        precompute=True,
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        help="Who uses what is sold. When the customer of the order buys for somebody "
        "else, that customer becomes the reseller of the contact.",
    )
    panda_proposed_customer_id = fields.Many2one(
        "res.partner",
        compute="_compute_panda_end_customer_id",
        store=True,
        precompute=True,
        help="What was proposed as the end customer; anybody else was chosen.",
    )
    panda_is_relevant = fields.Boolean(compute="_compute_panda_is_relevant")
    panda_requested = fields.Boolean(
        readonly=True,
        copy=False,
        help="Set when the order asks to be provisioned, until a cron takes it up.",
    )
    panda_status = fields.Selection(
        [("waiting", "Waiting"), ("failed", "Failed"), ("done", "Done")],
        string="Panda",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="Done means: reseller and customer were synchronized for this order.",
    )
    panda_account_ids = fields.Many2many(
        "panda.account",
        "panda_account_sale_order_rel",
        "order_id",
        "account_id",
        string="Panda Accounts",
        readonly=True,
        copy=False,
        groups=USER,
    )
    panda_told = fields.Char(
        readonly=True,
        copy=False,
        groups=INTERNAL,
        help="What people were told last, so that nobody is told twice.",
    )
    panda_customer_state = fields.Selection(
        STATES, compute="_compute_panda_states", compute_sudo=True
    )
    panda_reseller_state = fields.Selection(
        STATES, compute="_compute_panda_states", compute_sudo=True
    )

    _panda_requested = models.Index("(id) WHERE panda_requested")

    # === COMPUTE METHODS === #

    @api.depends("partner_id")
    def _compute_panda_end_customer_id(self):
        for order in self:
            proposal = order._propose_panda_customer()
            chosen = order.panda_end_customer_id - order.panda_proposed_customer_id
            order.panda_end_customer_id = chosen or proposal
            order.panda_proposed_customer_id = proposal

    @api.depends("order_line.product_id.panda_provision", "order_line.product_uom_qty")
    def _compute_panda_is_relevant(self):
        for order in self:
            order.panda_is_relevant = bool(order._get_panda_products())

    @api.depends(
        "partner_id",
        "panda_end_customer_id",
        "panda_requested",
        "panda_account_ids.state",
        "panda_account_ids.parent_id",
    )
    def _compute_panda_states(self):
        """Show the account that needs attention most, should there be several."""
        for order in self:
            customer = order._get_panda_customer()
            own = order.panda_account_ids.filtered(
                lambda a, customer=customer: a.partner_id == customer
            )
            order.panda_customer_state = _most_urgent(own) or (
                order.panda_requested and "queued"
            )
            order.panda_reseller_state = _most_urgent(own.parent_id)

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        # A context comes from outside as well.
        defaults = [name.removeprefix("default_") for name in self.env.context]
        self._check_panda_engine_fields(defaults, *vals_list)
        return super().create(vals_list)

    def write(self, vals):
        self._check_panda_engine_fields(vals)
        return super().write(vals)

    def unlink(self):
        # Sudo: whoever deletes a quotation need not know about Panda.
        self.sudo()._withdraw_from_panda()
        return super().unlink()

    def _check_panda_engine_fields(self, *names):
        """Refuse what comes from outside, e.g. over RPC."""
        if not self.env.su and not ENGINE_FIELDS.isdisjoint(set().union(*names)):
            raise AccessError(
                self.env._("How an order stands in Panda is not set by hand.")
            )

    # === ACTION METHODS === #

    def action_panda_provision(self):
        """Put the resellers and end customers of these orders into Panda.

        For buttons, automation rules and server actions. Notes what is wanted and
        returns: calls nobody, waits for nobody. Orders that are cancelled or have no
        product that is provisioned in Panda are left alone.
        """
        self.check_access("write")
        # Sudo: whoever confirms an order need not know about Panda.
        orders = self.sudo().filtered(
            lambda o: (
                o.state != "cancel" and (o.panda_status or o._get_panda_products())
            )
        )
        if orders:
            orders.write({"panda_requested": True, "panda_status": "waiting"})
            self.env["panda.service"]._take_up_orders_soon()
        return True  # XML-RPC knows no None

    def action_open_panda_accounts(self):
        """Open what the status is about, as far as the user may see it."""
        self.ensure_one()
        if not self.env.user.has_group(USER) or not self.panda_account_ids:
            return self._get_panda_customer()._get_records_action()
        return self.panda_account_ids._get_records_action(
            name=self.env._("Panda Accounts")
        )

    def action_draft(self):
        result = super().action_draft()
        # Sudo: whoever writes quotations need not know about Panda.
        drafts = self.sudo().filtered(lambda o: o.state == "draft")
        drafts._withdraw_from_panda()
        drafts._forget_panda()
        return result

    def _action_cancel(self):
        result = super()._action_cancel()
        # Sudo: whoever cancels an order need not know about Panda.
        self.sudo()._withdraw_from_panda()
        return result

    def _confirmation_error_message(self):
        error = super()._confirmation_error_message()
        # What a customer has paid or signed is confirmed as superuser. He could not
        # mend anything.
        if error or self.env.su or not self.company_id.panda_refuse_incomplete:
            return error
        problems = self.sudo()._get_panda_problems()
        if not problems:
            return False
        return "\n".join(
            [
                self.env._("%s cannot be confirmed, Panda would refuse it:", self.name),
                *(f"- {label}: {text}" for label, _url, text in problems),
            ]
        )

    # === BUSINESS METHODS === #

    def _propose_panda_customer(self):
        """Return who orders: his commercial entity, unless it is closed to the company
        that sells, which must not stop the order.

        Note: `self.ensure_one()`
        """
        entity = self.partner_id.commercial_partner_id
        is_closed = entity.company_id - self.company_id.parent_ids
        return self.partner_id if is_closed else entity

    def _get_panda_products(self):
        """Return the products whose buyers are provisioned in Panda."""
        bought = self.order_line.filtered(lambda line: line.product_uom_qty > 0)
        return bought.product_id.filtered("panda_provision")

    def _get_panda_customer(self):
        """Return who is to use what is sold, as he is provisioned.

        Note: `self.ensure_one()`
        """
        customer = self.panda_end_customer_id or self.partner_id
        return customer and customer._get_panda_entity()

    def _forget_panda(self):
        """Start again: what a quotation becomes is decided when it is confirmed."""
        self.write(
            {
                "panda_requested": False,
                "panda_status": False,
                "panda_account_ids": [Command.clear()],
                "panda_told": False,
            }
        )

    @api.model
    def _retry_failed_panda_orders(self, domain):
        """Try failed orders again after something was changed."""
        # Sudo: whoever mends it need not see orders.
        failed = self.sudo().search(Domain("panda_status", "=", "failed") & domain)
        failed.action_panda_provision()


def _most_urgent(accounts):
    """Return the state of the account that needs attention most, or ``False``."""
    return min(accounts.mapped("state"), key=MOST_URGENT_FIRST.index, default=False)
