from odoo import models
from odoo.exceptions import UserError

from ..panda_api.steps import Step
from .panda_message import field_of

REMOTE_FIELDS = (
    "remote_id",
    "transaction_id",
    "marker_at",
    "operator_ready",
    "activation_email",
    "activation_sent_at",
    "chosen_remote_id",
    "done_elsewhere",
    "adopted",
    "sent_name",
    "sent_email",
    "sent_fingerprint",
    "synced_fingerprint",
    "announced",
)
"""What is known of an account in Panda."""

PLACES = {
    "role": "role",
    "username": "username",
    "parent_id": "parent_account_id",
    "first_name": "first_name",
    "last_name": "last_name",
    "email": "email",
    "phone": "phone",
}
"""Where Sync Options shows a field of the account."""


class PandaAccount(models.Model):
    """What people can do with an account."""

    _inherit = "panda.account"  # pylint: disable=consider-merging-classes-inherited

    # === SYNCHRONIZING === #

    def action_synchronize(self):
        """Queue these accounts; what is synchronised and unchanged is left alone."""
        self.check_access("write")
        self._resume()
        self.env["panda.service"]._request(self)
        return True  # XML-RPC knows no None

    def action_retry(self):
        """Try again soon, with a fresh count of attempts."""
        return self.action_synchronize()

    def action_synchronize_now(self):
        """Try again and return when it has come to rest."""
        self.check_access("write")
        self._resume()
        self.env["panda.service"]._synchronize_now(self)
        return True  # XML-RPC knows no None

    def action_forget_remote(self):
        """Have an account created anew that was deleted in Panda by hand."""
        self.check_access("unlink")  # administrators only
        for account in self:
            if not account.can_be_forgotten:
                raise UserError(
                    self.env._(
                        "As far as Odoo knows, %s exists in Panda. Synchronize it: if "
                        "Panda does not know it any more, it can be forgotten.",
                        account.display_name,
                    )
                )
        blank = dict.fromkeys(REMOTE_FIELDS, False)
        # Sudo: what is known of Panda belongs to the engine.
        self.sudo().write({**blank, "step": Step.FIND_ACCOUNT.value})
        self.env["panda.service"]._enqueue(self | self.child_ids)
        return True  # XML-RPC knows no None

    def _can_retry(self):
        """Whether *Retry* makes sense."""
        return self.state in ("failed", "retry", "unknown")

    def _resume(self):
        """Take care again of what a person has seen to elsewhere."""
        left_alone = self.filtered(lambda account: account._is_left_alone())
        # Sudo: states belong to the engine.
        left_alone.sudo().write({"state": "draft", "done_elsewhere": False})

    # === GOING ELSEWHERE === #

    def action_open_options(self):
        """Open Sync Options, at the field that is at fault."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["panda.sync.options"]._open(self.partner_id, self.system_id)
        place = PLACES.get(field_of(self.error_code or ""))
        return {**action, "context": {**action["context"], "panda_focus": place}}

    def action_open_contact(self):
        """Open the contact."""
        self.ensure_one()
        self.check_access("read")
        return self.partner_id._get_records_action()

    def action_open_reseller(self):
        """Open the account of the reseller, for whom this one waits."""
        self.ensure_one()
        self.check_access("read")
        return self.parent_id._get_records_action()

    def action_open_system(self):
        """Open the connection."""
        self.ensure_one()
        self.check_access("read")
        return self.system_id._get_records_action()

    def action_open_log(self):
        """Open all that was asked of Panda for this account."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "panda_provisioning.panda_sync_log_action"
        )
        return {**action, "domain": [("account_id", "=", self.id)]}

    def action_link(self):
        """Choose among what Panda has already."""
        self.ensure_one()
        self.check_access("write")
        return self.env["panda.link"]._open(self)

    def action_mark_done(self):
        """Say that this was done in WatchGuard Cloud by hand."""
        self.ensure_one()
        self.check_access("write")
        return self.env["panda.mark.done"]._open(self)
