from odoo import models
from odoo.fields import Domain


class ResPartner(models.Model):
    _inherit = "res.partner"

    # === CRUD METHODS === #

    def write(self, vals):
        result = super().write(vals)
        if "panda_reseller_id" in vals:
            self._retry_panda_orders()
        return result

    # === BUSINESS METHODS === #

    def _is_settled_in_panda(self):
        """Whether it is decided already below whom this contact is in Panda.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        return bool(
            self.panda_reseller_id
            or self.panda_account_ids.filtered("role")
            or self._count_panda_customers()
        )

    def _retry_panda_orders(self):
        """Try the orders again that have failed and have to do with these contacts."""
        entities = self.commercial_partner_id.ids
        self.env["sale.order"]._retry_failed_panda_orders(
            Domain("partner_id.commercial_partner_id", "in", entities)
            | Domain("panda_end_customer_id.commercial_partner_id", "in", entities)
        )
