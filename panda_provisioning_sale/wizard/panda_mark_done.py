from odoo import models


class PandaMarkDone(models.TransientModel):
    _inherit = "panda.mark.done"

    def action_confirm(self):
        result = super().action_confirm()
        # Orders that failed because of this account may be done now.
        self.account_id._get_open_orders().action_panda_provision()
        return result
