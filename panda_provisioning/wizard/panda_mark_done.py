from odoo import api, fields, models
from odoo.exceptions import UserError

from ..core.snapshot import Step


class PandaMarkDone(models.TransientModel):
    """Says that an account was seen to by hand, in WatchGuard Cloud."""

    _name = "panda.mark.done"
    _inherit = ["panda.guard.mixin"]
    _description = "Mark as Done Elsewhere"

    account_id = fields.Many2one("panda.account", required=True, readonly=True)
    role = fields.Selection(related="account_id.role", related_sudo=False)
    reason = fields.Char(
        required=True, help="Who did what, and where. It is noted at the contact."
    )
    known_remote_id = fields.Char(
        string="Known Panda ID", related="account_id.remote_id", related_sudo=False
    )
    remote_id = fields.Char(
        string="Panda ID",
        compute="_compute_remote_id",
        compute_sudo=False,
        store=True,
        readonly=False,
        precompute=True,
        help="Of the account in WatchGuard Cloud, e.g. WGC-1-123abc. With it Odoo "
        "sends changes of the contact; without it Odoo leaves the account alone.",
    )

    @api.depends("account_id")
    def _compute_remote_id(self):
        for wizard in self:
            wizard.remote_id = wizard.account_id.remote_id

    @api.constrains("account_id")
    def _check_access_to_account(self):
        # Constraints are checked as superuser.
        self.sudo(False).account_id.check_access("write")

    @api.model
    def _open(self, account):
        """Return the action that asks for the reason."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Mark %s as Done Elsewhere", account.display_name),
            "res_model": self._name,
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_account_id": account.id, "dialog_size": "medium"},
        }

    def action_confirm(self):
        """Take the person's word for what was done, and none for which account of
        Panda it is: changes are sent there from now on.

        Asks Panda about an ID that is not known yet, so it commits.
        """
        self.ensure_one()
        account = self.account_id
        account.check_access("write")
        remote_id = account.remote_id or "".join((self.remote_id or "").split())
        self._check(account, remote_id)
        if remote_id != (account.remote_id or ""):
            account._verify_remote_id(remote_id)
            self._check(account, remote_id)  # a run may have taken it meanwhile
        # Sudo: states and remote ids belong to the engine.
        account.sudo()._set_state("synced", **self._get_values(account, remote_id))
        account.partner_id._message_log(
            body=self.env._(
                "Marked as done elsewhere for %(system)s: %(reason)s",
                system=account.system_id.display_name,
                reason=self.reason,
            )
        )
        account.sudo()._unschedule_activity()
        account.sudo()._on_settled()
        account.sudo()._store_outcome()
        # Who has waited for this reseller can be created now.
        waiting = account.child_ids.filtered(lambda a: a.state == "waiting")
        self.env["panda.service"]._enqueue(waiting)
        return {"type": "ir.actions.act_window_close"}

    def _check(self, account, remote_id):
        if account.state in ("synced", "running"):
            raise UserError(
                self.env._(
                    "%s is synchronized or being synchronized, so there is nothing to "
                    "mark.",
                    account.display_name,
                )
            )
        if account.role == "reseller" and not remote_id:
            raise UserError(
                self.env._(
                    "Enter the Panda ID of the reseller: its customers are created "
                    "below it."
                )
            )
        if remote_id and not (account.role and account.username):
            raise UserError(
                self.env._(
                    "Choose a role and enter a username in Sync Options first, those "
                    "that the account has in Panda. Or leave out the Panda ID: then "
                    "Odoo leaves the account alone."
                )
            )
        if account._is_taken(remote_id):
            raise UserError(
                self.env._("%s belongs to another contact already.", remote_id)
            )

    def _get_values(self, account, remote_id):
        """Return what is known now; of an account without ID nothing is sent."""
        step = Step.DONE if remote_id else Step.FIND_ACCOUNT
        fingerprint = account._get_snapshot().fingerprint
        return {
            "done_elsewhere": self.reason,
            "remote_id": remote_id or False,
            "operator_ready": bool(remote_id),
            "step": step.value,
            "marker_at": False,
            "transaction_id": False,
            "run_token": False,
            "chosen_remote_id": False,
            "create_anyway": False,
            "sent_fingerprint": fingerprint,
            "synced_fingerprint": fingerprint,
            "last_sync_at": fields.Datetime.now(),
            "next_attempt_at": False,
            "attempt_count": 0,
            "error_code": False,
            "error_detail": False,
            "failed_at": False,
            "last_notified": "synced",
            "notification_pending": False,
        }
