from odoo import api, fields, models

from odoo.addons.panda_provisioning.models.res_partner import INTERNAL


class ProductTemplate(models.Model):
    _name = "product.template"
    _inherit = ["product.template", "panda.guard.mixin"]

    # === FIELDS === #

    panda_provision = fields.Boolean(
        string="Provision in Panda",
        compute="_compute_panda",
        store=True,
        readonly=False,
        precompute=True,
        groups=INTERNAL,
        help="Whoever buys this gets an account in Panda when the order is confirmed.",
    )
    panda_system_id = fields.Many2one(
        "panda.system",
        compute="_compute_panda",
        store=True,
        readonly=False,
        precompute=True,
        index="btree_not_null",
        ondelete="restrict",
        groups=INTERNAL,
        help="Empty for the system of the company that sells.",
    )

    # === COMPUTE METHODS === #

    @api.depends("categ_id")
    def _compute_panda(self):
        """Take over the category's defaults, but never clear what was set.

        Depends on the category alone: changing its defaults later must not change its
        existing products.
        """
        for template in self:
            category = template.categ_id
            template.panda_provision = (
                template.panda_provision or category.panda_provision
            )
            template.panda_system_id = (
                template.panda_system_id or category.panda_system_id
            )
