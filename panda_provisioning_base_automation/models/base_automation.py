from odoo import models


class BaseAutomation(models.Model):
    _inherit = "base.automation"

    def _get_trigger_specific_field(self):
        """Let *State is set to* watch the outcome of an account: the engine writes its
        state past the ORM, where no rule can see it."""
        if self.trigger == "on_state_set" and self.model_name == "panda.account":
            return self.env["ir.model.fields"]._get("panda.account", "outcome")
        return super()._get_trigger_specific_field()
