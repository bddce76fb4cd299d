from odoo import api, models
from odoo.exceptions import AccessError, UserError, ValidationError

from .panda_message import field_of

PERSON_FIELDS = {"contact_id", "first_name", "last_name"}

OPTION_FIELDS = {
    "partner_id",
    "system_id",
    "role",
    "username",
    "parent_id",
    "contact_id",
    "first_name",
    "last_name",
    "create_anyway",
}
"""What a person may set; everything else belongs to the engine."""


class PandaAccount(models.Model):
    """What may be changed of an account, by whom, and what is done about it then."""

    _inherit = "panda.account"

    # === CONSTRAINT METHODS === #

    @api.constrains("parent_id", "role", "system_id", "partner_id")
    def _check_parent(self):
        for account in self:
            codes = [problem.code for problem in account._get_parent_problems()]
            if codes:
                raise ValidationError(
                    self.env["panda.message"]._problem(account, codes[0])
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        self._check_engine_fields(*vals_list)
        return super().create(vals_list)

    def write(self, vals):
        self._check_engine_fields(vals)
        self._check_locked_fields(vals)
        result = super().write(vals)
        concerned = self.filtered(lambda a: a._is_mended_by(vals))
        if concerned and not self.env.context.get("panda_save_only"):
            self.env["panda.service"]._enqueue(concerned)
        if PERSON_FIELDS & vals.keys():
            told = self.filtered(lambda a: a.state in ("synced", "running"))
            self.env["panda.service"]._enqueue(told)
        return result

    def _is_mended_by(self, names):
        """Whether setting the options ``names`` is a reason to try again."""
        if self.state == "waiting":
            return not {"parent_id", "role"}.isdisjoint(names)
        at_fault = field_of(self.error_code or "")
        if self.state != "failed" or at_fault != "partner_id":
            return self.state == "failed" and at_fault in names
        return not OPTION_FIELDS.isdisjoint(names)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_bound(self):
        for account in self:
            if account.remote_id or account.marker_at:
                raise UserError(
                    self.env._(
                        "%s has an account in Panda, which deleting would not remove. "
                        "Archive the contact instead, so that the account stays "
                        "known.",
                        account.display_name,
                    )
                )

    def _check_engine_fields(self, *vals_list):
        """Refuse states and remote ids that come from outside, e.g. over RPC."""
        names = {name for vals in vals_list for name in vals} - OPTION_FIELDS
        if names and not self.env.su:
            raise AccessError(
                self.env._(
                    "These fields are set by the synchronization only: %s.",
                    ", ".join(sorted(names)),
                )
            )

    def _check_locked_fields(self, vals):
        """Role and parent are fixed by the account in Panda, the username by its
        operator: the API changes none of them (panda-api 8.5)."""
        for account in self:
            locked = account._get_locked_fields()
            changed = {
                name
                for name in locked & set(vals)
                if self._fields[name].convert_to_cache(vals[name], account)
                != self._fields[name].convert_to_cache(account[name], account)
            }
            if changed:
                raise UserError(
                    self.env._(
                        "%(account)s exists in Panda or is being sent right now, so "
                        "this cannot be changed any more: %(fields)s.",
                        account=account.display_name,
                        fields=", ".join(
                            self._fields[name]._description_string(self.env)
                            for name in sorted(changed)
                        ),
                    )
                )

    def _get_locked_fields(self):
        """Names of the options that Panda does not let anybody change any more."""
        self.ensure_one()
        locked = {"partner_id", "system_id"}
        is_running = self.state == "running"  # a run may be sending what it has read
        if self.remote_id or self.marker_at or is_running:
            locked |= {"role", "parent_id"}
        is_operator_sent = self.transaction_id or (self.remote_id and self.marker_at)
        if self.operator_ready or is_operator_sent or is_running:
            locked.add("username")
        return locked
