from odoo import fields, models


class ProductCategory(models.Model):
    _inherit = "product.category"

    panda_provision = fields.Boolean(
        string="Provision in Panda",
        help="What new products of this category propose.",
    )
    panda_system_id = fields.Many2one(
        "panda.system", help="What new products of this category propose."
    )
