from odoo import api, models
from odoo.fields import Domain


class PandaSystem(models.Model):
    _inherit = "panda.system"

    # === CRUD METHODS === #

    def write(self, vals):
        result = super().write(vals)
        if vals.get("state", "disabled") != "disabled" or vals.get("active"):
            # Orders may have failed because there was no usable system.
            self.env["sale.order"]._retry_failed_panda_orders(
                Domain("company_id", "child_of", self.company_id.ids)
            )
        return result

    # === BUSINESS METHODS === #

    @api.model
    def _get_of_company(self, partner, company):
        """Return the system in which ``company`` provisions ``partner``, maybe empty.

        A branch without a system of its own uses that of the company above it.
        """
        lineage = company.parent_ids
        systems = self.with_context(allowed_company_ids=lineage.ids)
        found = systems.search(systems._get_domain_for(partner))
        rank = {company: number for number, company in enumerate(lineage)}
        return found.sorted(lambda s: rank[s.company_id], reverse=True)[:1]

    # === FIRST STEPS === #

    def _get_step_orders(self):
        # Sudo: users who see the guide need not see products.
        provisioned = self.env["product.template"].sudo()
        ticked = Domain("panda_provision", "=", True)
        return {
            **super()._get_step_orders(),
            "text": self.env._(
                "Tick Provision in Panda on the products whose buyers need an account "
                "in Panda. Confirming an order does the rest."
            ),
            "is_done": bool(provisioned.search_count(ticked, limit=1)),
            "buttons": [
                {
                    "label": self.env._("Products"),
                    "action": "sale.product_template_action",
                }
            ]
            if self.env["product.template"].has_access("write")
            else [],
        }
