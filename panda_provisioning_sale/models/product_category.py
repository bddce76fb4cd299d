from odoo import fields, models

from odoo.addons.panda_provisioning.models.res_partner import INTERNAL


class ProductCategory(models.Model):
    _name = "product.category"
    _inherit = ["product.category", "panda.guard.mixin"]

    panda_provision = fields.Boolean(
        string="Provision in Panda",
        groups=INTERNAL,
        help="What new products of this category propose.",
    )
    panda_system_id = fields.Many2one(
        "panda.system",
        groups=INTERNAL,
        help="What new products of this category propose.",
    )
