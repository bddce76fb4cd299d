from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    panda_refuse_incomplete = fields.Boolean(
        related="company_id.panda_refuse_incomplete", readonly=False
    )
