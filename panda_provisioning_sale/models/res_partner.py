import psycopg2
from markupsafe import escape

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import NO_ACCESS, Domain

from odoo.addons.panda_provisioning.models.panda_account import ACTIVITY

RETRY_FIELDS = {"company_id", "panda_reseller_id"}
"""What decides on system and place, so that an order may have failed for it before
there was an account."""


class ResPartner(models.Model):
    _inherit = "res.partner"

    panda_reseller_by_order = fields.Boolean(
        copy=False,
        groups=NO_ACCESS,
        help="An order has named the reseller, and nobody has confirmed it.",
    )

    # === CRUD METHODS === #

    def write(self, vals):
        result = super().write(vals)
        if "panda_reseller_id" in vals and "panda_reseller_by_order" not in vals:
            # Sudo: the mark is closed to everybody.
            self.sudo().panda_reseller_by_order = False
        if not RETRY_FIELDS.isdisjoint(vals):
            self._retry_panda_orders()
        return result

    # === ACTION METHODS === #

    def action_panda_provision(self):
        """Synchronise these contacts with Panda, whatever stands against it.

        For automation rules: never stops whoever has set one off. What cannot be done
        is noted on the contact, with an activity.
        """
        self.env["panda.account"].check_access("create")
        for partner in self:
            try:
                with self.env.cr.savepoint():
                    partner.action_panda_synchronize()
            except UserError as error:
                partner._tell_panda_refusal(str(error))
            except psycopg2.IntegrityError:
                partner._tell_panda_refusal(
                    self.env._("Somebody else was doing it too. Synchronize it again.")
                )
        return True  # XML-RPC knows no None

    # === BUSINESS METHODS === #

    def _tell_panda_refusal(self, reason):
        note = escape(self.env._("Not synchronized with Panda: %s", reason))
        self._message_log(body=note)
        self.activity_unlink([ACTIVITY])
        user = self.env["panda.service"]._get_person(self.user_id)
        self.activity_schedule(ACTIVITY, note=note, user_id=user.id)

    def _withdraw_panda_reseller(self):
        """Forget the reseller whom orders have named, unless an account has one."""
        for partner in self.filtered("panda_reseller_by_order"):
            if not partner.panda_account_ids.parent_id:
                partner.panda_reseller_id = False

    def _retry_panda_orders(self):
        """Try the orders again that have failed and have to do with these contacts."""
        entities = self.commercial_partner_id.ids
        self.env["sale.order"]._retry_failed_panda_orders(
            Domain("partner_id.commercial_partner_id", "in", entities)
            | Domain("panda_end_customer_id.commercial_partner_id", "in", entities)
        )
