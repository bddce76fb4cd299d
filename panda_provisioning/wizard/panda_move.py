from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

FROM_SYSTEM = {
    "compute": "_compute_place",
    "compute_sudo": False,
    "store": True,
    "readonly": False,
    "precompute": True,
    "required": True,
}
"""Options of a field that begins as the system has it."""


class PandaMove(models.TransientModel):
    """Takes a system with accounts to another address or root account.

    It asks for no secret: it would be stored here. They are entered in the system
    afterwards, which is disabled until somebody switches it on.
    """

    _name = "panda.move"
    _inherit = ["panda.guard.mixin"]
    _description = "Move to Another Panda"

    # === FIELDS === #

    system_id = fields.Many2one("panda.system", required=True, readonly=True)
    base_url = fields.Char("New API Address", **FROM_SYSTEM)
    root_account_id = fields.Char("New Root Account", **FROM_SYSTEM)
    accounts = fields.Selection(
        [
            ("link", "Look each of them up there"),
            ("anew", "Start them anew"),
        ],
        string="Existing Accounts",
        required=True,
        default="link",
    )
    known_count = fields.Integer(
        string="Accounts Concerned", compute="_compute_counts", compute_sudo=False
    )
    unknown_count = fields.Integer(compute="_compute_counts", compute_sudo=False)
    accept_unknown = fields.Boolean(string="Forget What May Have Been Created")

    # === COMPUTE METHODS === #

    @api.depends("system_id")
    def _compute_place(self):
        for wizard in self:
            wizard.base_url = wizard.system_id.base_url
            wizard.root_account_id = wizard.system_id.root_account_id

    @api.depends("system_id")
    def _compute_counts(self):
        for wizard in self:
            known = wizard._get_known_accounts()
            wizard.known_count = len(known)
            wizard.unknown_count = len(known.filtered("marker_at"))

    # === CONSTRAINT METHODS === #

    @api.constrains("system_id")
    def _check_access_to_system(self):
        # Constraints are checked as superuser.
        self.sudo(False).system_id.check_access("write")

    # === ACTION METHODS === #

    @api.model
    def _open(self, system):
        """Return the action that asks where to."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Move %s to Another Panda", system.display_name),
            "res_model": self._name,
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_system_id": system.id, "dialog_size": "medium"},
        }

    def action_confirm(self):
        """Move the system, and leave it disabled until it has its credentials."""
        self.ensure_one()
        system = self.system_id
        system.check_access("write")
        system._check_address_right()
        system._lock_accounts()
        accounts = self._get_known_accounts()
        self._check(system, accounts)
        came_from = (system.base_url, system.root_account_id)
        accounts._forget_place(keep_choice=self.accounts == "link")
        system._relocate(self.base_url, self.root_account_id)
        system._message_log(
            body=self.env._(
                "Moved from %(old_root)s at %(old_address)s to %(new_root)s at "
                "%(new_address)s, with %(count)s accounts: %(what)s.",
                old_address=came_from[0],
                old_root=came_from[1],
                new_address=system.base_url,
                new_root=system.root_account_id,
                count=len(accounts),
                what=dict(self._fields["accounts"]._description_selection(self.env))[
                    self.accounts
                ],
            )
        )
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    # === BUSINESS METHODS === #

    def _get_known_accounts(self):
        # Sudo: accounts of all contacts of the system move with it.
        accounts = self.env["panda.account"].sudo()
        known = accounts._get_known_domain()
        # Those that an earlier move has left to be looked up.
        known |= Domain("chosen_remote_id", "!=", False)
        return accounts.search(Domain("system_id", "=", self.system_id.id) & known)

    def _check(self, system, accounts):
        if not system._is_another_place(
            {"base_url": self.base_url, "root_account_id": self.root_account_id}
        ):
            raise UserError(
                self.env._("Enter another address or root account than today's.")
            )
        if accounts.filtered(lambda a: a.state == "running"):
            raise UserError(
                self.env._("Odoo is talking to Panda right now. Try again in a minute.")
            )
        unknown = accounts.filtered("marker_at")
        if unknown and not self.accept_unknown:
            raise UserError(
                self.env._(
                    "Of %(count)s accounts it is not known whether Panda has created "
                    "them: %(names)s. Let Odoo find out, or say that they are to be "
                    "forgotten.",
                    count=len(unknown),
                    names=", ".join(unknown[:5].mapped("display_name")),
                )
            )
