from odoo import api, models
from odoo.fields import Domain


class PandaSystem(models.Model):
    _inherit = "panda.system"

    # === CRUD METHODS === #

    def write(self, vals):
        result = super().write(vals)
        if vals.get("state", "disabled") != "disabled":
            # Orders may have found no system at all.
            self.env["sale.order"]._retry_failed_panda_orders(
                Domain("company_id", "in", self.company_id.ids)
            )
        return result

    # === BUSINESS METHODS === #

    @api.model
    def _get_of_company(self, partner, company):
        """Return the system that ``company`` puts ``partner`` into, maybe empty."""
        systems = self.with_context(allowed_company_ids=company.ids)
        return systems.search(systems._get_domain_for(partner), limit=1)
