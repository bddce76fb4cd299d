from odoo import api, fields, models
from odoo.exceptions import AccessError

from ..models.panda_account import STATES

MIXIN = "provisioning.system.mixin"


class ProvisioningSystems(models.TransientModel):
    """The pop-up that lists the systems a contact can be provisioned into."""

    _name = "provisioning.systems"
    _inherit = ["panda.guard.mixin"]
    _description = "Provisioning Systems"

    partner_id = fields.Many2one("res.partner", required=True, readonly=True)
    line_ids = fields.One2many("provisioning.systems.line", "popup_id", readonly=True)
    may_configure = fields.Boolean(compute="_compute_may_configure")

    def _compute_may_configure(self):
        self.may_configure = self.env["panda.system"].has_access("create")

    @api.constrains("partner_id")
    def _check_access_to_partner(self):
        """Nobody sees how contacts stand that he may not see."""
        # Constraints are checked as superuser.
        self.sudo(False).partner_id.check_access("read")

    @api.model
    def _open(self, partner):
        """Return the action that shows the systems of ``partner``."""
        popup = self.create({"partner_id": partner.id})
        popup.line_ids = [
            fields.Command.create({"res_model": system._name, "res_id": system.id})
            for model in self._get_kinds()
            for system in self.env[model]._provisioning_systems(partner)
        ]
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Provisioning Systems: %s", partner.display_name),
            "res_model": self._name,
            "res_id": popup.id,
            "views": [(False, "form")],
            "target": "new",
            "context": {"dialog_size": "medium"},
        }

    def _get_kinds(self):
        """Names of the models whose records are systems, ours first."""
        kinds = [
            name
            for name in self.env.registry.descendants([MIXIN], "_inherit")
            if not self.env[name]._abstract
        ]
        return sorted(kinds, key=lambda name: (name != "panda.system", name))

    def action_configure(self):
        """Leave for the configuration of systems."""
        self.env["panda.system"].check_access("create")
        return self.env["ir.actions.act_window"]._for_xml_id(
            "panda_provisioning.panda_system_action"
        )


class ProvisioningSystemsLine(models.TransientModel):
    """One system in the pop-up."""

    _name = "provisioning.systems.line"
    _inherit = ["panda.guard.mixin"]
    _description = "Provisioning System of a Contact"

    popup_id = fields.Many2one(
        "provisioning.systems", required=True, ondelete="cascade", index=True
    )
    res_model = fields.Char(required=True)
    res_id = fields.Many2oneReference(model_field="res_model", required=True)
    name = fields.Char(compute="_compute_status")
    state = fields.Selection(STATES, compute="_compute_status")
    status = fields.Char(compute="_compute_status")
    reason = fields.Char(compute="_compute_status")
    username = fields.Char(compute="_compute_status")
    last_sync = fields.Datetime(compute="_compute_status")
    can_retry = fields.Boolean(compute="_compute_status")
    has_details = fields.Boolean(compute="_compute_status")

    @api.depends("res_model", "res_id")
    def _compute_status(self):
        for line in self:
            system = line._get_system()
            line.update(
                {
                    "name": system.display_name,
                    **system._provisioning_status(line.popup_id.partner_id),
                }
            )

    def _get_system(self):
        """Return the record that this line stands for, if the user may see it.

        :raise AccessError: also if it is no system at all.
        """
        self.ensure_one()
        if self.res_model not in self.popup_id._get_kinds():
            raise AccessError(
                self.env._("%s is no provisioning system.", self.res_model)
            )
        system = self.env[self.res_model].browse(self.res_id)
        system.check_access("read")
        return system

    def action_open_options(self):
        """Open Sync Options of this system."""
        return self._get_system()._provisioning_open_options(self.popup_id.partner_id)

    def action_retry(self):
        """Try again what failed, and show what came of it."""
        partner = self.popup_id.partner_id
        action = self._get_system()._provisioning_retry(partner)
        return action or self.env["provisioning.systems"]._open(partner)

    def action_open_details(self):
        """Show what was done in this system."""
        return self._get_system()._provisioning_open_details(self.popup_id.partner_id)
