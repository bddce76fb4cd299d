import psycopg2
from markupsafe import escape

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import NO_ACCESS, Domain

from odoo.addons.panda_provisioning.models.panda_account import ACTIVITY
from odoo.addons.panda_provisioning.models.panda_service import CONFLICTS, get_logger

_logger = get_logger(__name__)

RETRY_FIELDS = {"company_id", "panda_reseller_id"}
"""Fields that decide on system and reseller: an order may have failed because of them
before it had an account."""


class ResPartner(models.Model):
    _inherit = "res.partner"

    # === FIELDS === #

    panda_reseller_by_order = fields.Boolean(
        copy=False,
        groups=NO_ACCESS,
        help="An order has named the reseller, and nobody has confirmed it.",
    )

    # === CRUD METHODS === #

    def write(self, vals):
        result = super().write(vals)
        if "panda_reseller_id" in vals and "panda_reseller_by_order" not in vals:
            # Sudo: no user has access to this field.
            self.sudo().panda_reseller_by_order = False
        if not RETRY_FIELDS.isdisjoint(vals):
            self._retry_panda_orders()
        return result

    # === ACTION METHODS === #

    def action_panda_provision(self):
        """Synchronise these contacts with Panda, noting what is impossible on them.

        For automation rules: an error on a contact must not stop the user whose edit
        has triggered the rule. It becomes a note and an activity on the contact.
        """
        self.env["panda.account"].check_access("create")
        self.check_access("write")  # what is impossible is noted on them
        for partner in self:
            try:
                with self.env.cr.savepoint():
                    partner.action_panda_synchronize()
            except UserError as error:
                partner._notify_panda_refusal(str(error))
            except psycopg2.IntegrityError:
                partner._notify_panda_refusal(
                    self.env._("Somebody else was doing it too. Synchronize it again.")
                )
        return True  # XML-RPC cannot return None

    # === BUSINESS METHODS === #

    def _notify_panda_refusal(self, reason):
        """Note ``reason`` at this contact and ask somebody to act, unless another rule
        refuses that, which must not stop the user either."""
        try:
            with self.env.cr.savepoint():
                self._note_panda_refusal(reason)
        except CONFLICTS:
            raise  # with another transaction; Odoo does all of it again
        except Exception:
            _logger.exception("Noting a refusal at the contact %s", self.id)

    def _note_panda_refusal(self, reason):
        note = escape(self.env._("Not synchronized with Panda: %s", reason))
        self._message_log(body=note)
        self.activity_unlink([ACTIVITY])
        user = self.env["panda.service"]._get_person(self.user_id)
        self.activity_schedule(ACTIVITY, note=note, user_id=user.id)

    def _withdraw_panda_reseller(self):
        """Clear the reseller that orders have set, unless an account has one."""
        for partner in self.filtered("panda_reseller_by_order"):
            if not partner.panda_account_ids.parent_id:
                partner.panda_reseller_id = False

    def _retry_panda_orders(self):
        """Request the failed orders of these contacts again."""
        entities = self.commercial_partner_id.ids
        self.env["sale.order"]._retry_failed_panda_orders(
            Domain("partner_id.commercial_partner_id", "in", entities)
            | Domain("panda_end_customer_id.commercial_partner_id", "in", entities)
        )
