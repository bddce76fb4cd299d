from odoo import api, fields, models
from odoo.exceptions import UserError


class PandaLink(models.TransientModel):
    """Chooses which account or operator in Panda a contact is."""

    _name = "panda.link"
    _inherit = ["panda.guard.mixin"]
    _description = "Link to Existing"

    account_id = fields.Many2one("panda.account", required=True, readonly=True)
    remote_id = fields.Char(related="account_id.remote_id", related_sudo=False)
    line_ids = fields.One2many("panda.link.line", "link_id", readonly=True)

    @api.constrains("account_id")
    def _check_access_to_account(self):
        # Constraints are checked as superuser.
        self.sudo(False).account_id.check_access("write")

    @api.model
    def _open(self, account):
        """Read the candidates from Panda and return the action that shows them."""
        if account.operator_ready or account.state == "running":
            raise UserError(
                self.env._("%s is linked already.", account.display_name)
                if account.operator_ready
                else self.env._("Odoo is talking to Panda right now. Try again soon.")
            )
        candidates = account._get_candidates()
        link = self.create({"account_id": account.id})
        link.line_ids = [fields.Command.create(values) for values in candidates]
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Link %s to Existing", account.display_name),
            "res_model": self._name,
            "res_id": link.id,
            "views": [(False, "form")],
            "target": "new",
            "context": {"dialog_size": "large"},
        }

    def action_retry(self):
        """Go on without a choice."""
        return self._synchronize()

    def _choose(self, line):
        """Have the engine link what ``line`` stands for.

        It takes nobody's word: whether the account is free and below the right one
        is looked up again.
        """
        account = self.account_id
        account.check_access("write")
        if line.is_unreadable:
            raise UserError(
                self.env._(
                    "%s could not be read in Panda, so it cannot be linked. Close and "
                    "open Link to Existing again.",
                    line.remote_id,
                )
            )
        if account.remote_id:
            account.with_context(panda_save_only=True).username = line.username
        else:
            account._check_remote_id(line.remote_id or "")
            # Sudo: what is known of Panda belongs to the engine.
            account.sudo().with_context(panda_save_only=True).write(
                {"chosen_remote_id": line.remote_id, "create_anyway": False}
            )
        return self._synchronize()

    def _synchronize(self):
        account = self.account_id
        account.action_synchronize_now()
        account.invalidate_recordset()
        close = {"type": "ir.actions.act_window_close"}
        if account.state != "synced":
            return close  # the form below tells why
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._(
                    "%(contact)s is linked to %(id)s.",
                    contact=account.display_name,
                    id=account.remote_id,
                ),
                "next": close,
            },
        }


class PandaLinkLine(models.TransientModel):
    """One account or operator that Panda has."""

    _name = "panda.link.line"
    _inherit = ["panda.guard.mixin"]
    _description = "Candidate for a Link"

    link_id = fields.Many2one("panda.link", required=True, ondelete="cascade")
    remote_id = fields.Char(string="Panda ID", readonly=True)
    name = fields.Char(readonly=True)
    email = fields.Char(readonly=True)
    username = fields.Char(string="Operators", readonly=True)
    is_unreadable = fields.Boolean(
        readonly=True, help="Panda lists the account, but does not show it."
    )
    is_bound = fields.Boolean(compute="_compute_is_bound")

    @api.depends("remote_id", "link_id")
    def _compute_is_bound(self):
        """Whether it belongs to another contact."""
        for line in self:
            line.is_bound = line.link_id.account_id._is_taken(line.remote_id)

    def action_choose(self):
        """Link this one."""
        self.ensure_one()
        self.check_access("write")
        return self.link_id._choose(self)
