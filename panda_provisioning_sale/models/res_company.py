from odoo import fields, models

from odoo.addons.panda_provisioning.models.res_partner import INTERNAL


class ResCompany(models.Model):
    _inherit = "res.company"

    panda_refuse_incomplete = fields.Boolean(
        string="Refuse Orders That Panda Cannot Use",
        groups=INTERNAL,
        help="Orders of Panda products are not confirmed while something is missing "
        "that Panda asks for. Orders that customers confirm themselves, by paying or "
        "signing, are confirmed all the same.",
    )
