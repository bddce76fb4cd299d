from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from ..core.address import get_origin, get_place
from ..panda_api.sandbox import local_url

ADDRESS_RIGHT = "panda_provisioning.group_panda_address"
PLACE = ("base_url", "root_account_id")


class PandaSystem(models.Model):
    """Where a system is: its address, its root account and its company.

    What is known of accounts is true for one place. It is locked as long as anything
    is known; *Move to Another Panda* begins anew or looks everything up again.
    """

    _inherit = "panda.system"

    # === FIELDS === #

    is_place_locked = fields.Boolean(compute="_compute_is_place_locked")

    # === CONSTRAINTS AND INDEXES === #

    # What `_check_place_is_free` does not see: what is being entered at the same time.
    _place_unique = models.UniqueIndex(
        "(lower(base_url), lower(root_account_id)) WHERE root_account_id IS NOT NULL",
        "Another system is connected to this root account at this address.",
    )

    # === COMPUTE METHODS === #

    @api.depends(
        "account_ids.remote_id",
        "account_ids.marker_at",
        "account_ids.done_elsewhere",
        "account_ids.state",
    )
    def _compute_is_place_locked(self):
        # Sudo: accounts of other companies' contacts count too.
        accounts = self.env["panda.account"].sudo()
        locking = Domain("system_id", "in", self.ids) & accounts._get_known_domain()
        groups = accounts._read_group(locking, ["system_id"])
        locked = {system.id for (system,) in groups}
        for system in self:
            system.is_place_locked = system._origin.id in locked

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        self.check_access("create")
        for vals in vals_list:
            values = self._add_missing_default_values(vals)
            self._check_place_is_free(*(values.get(name) for name in PLACE))
        return super().create(vals_list)

    def write(self, vals):
        self.check_access("write")
        for system in self.filtered(lambda s: s._is_another_place(vals)):
            system._check_place_is_free(*system._get_new_place(vals))
        elsewhere = self.filtered(lambda s: s._leaves_origin(vals))
        elsewhere._check_address_right()
        self._check_place_lock(vals)
        elsewhere._clear_secrets()  # before those are kept that were typed with it
        result = super().write(vals)
        elsewhere._check_complete()
        self.env["panda.system.pace"]._forget(elsewhere)
        if vals.get("state", "disabled") != "disabled":
            self._look_up_again()
        if "company_id" in vals:
            # The rules were checked for the company it was in.
            self.check_access("write")
        return result

    # === ACTION METHODS === #

    def action_move(self):
        """Open *Move to Another Panda*."""
        self.ensure_one()
        self.check_access("write")
        self._check_address_right()
        return self.env["panda.move"]._open(self)

    # === BUSINESS METHODS - ADDRESS === #

    def _get_place(self):
        return get_place(self.base_url or "", self.root_account_id or "")

    def _leaves_origin(self, vals):
        """Whether ``vals`` have another scheme, host or port."""
        return "base_url" in vals and get_origin(vals["base_url"]) != get_origin(
            self.base_url
        )

    def _check_address_right(self):
        """Refuse who may not decide where credentials and contacts are sent.

        :raise AccessError: if the environment is not that of superuser code.
        """
        if self and not (self.env.su or self.env.user.has_group(ADDRESS_RIGHT)):
            raise AccessError(
                self.env._(
                    "The address decides where contacts are sent. Changing it takes a "
                    "right of its own: Panda Provisioning / Administrator and "
                    "Addresses."
                )
            )

    def _check_place_lock(self, vals):
        """Refuse another place or company while anything is known of accounts there.

        :raise UserError: also for superuser code: it is not about rights.
        """
        moving = self.filtered(lambda s: s._is_locked_out(vals))
        moving._lock_accounts()
        for system in moving:
            if system.is_place_locked:
                raise UserError(
                    self.env._(
                        "%s has accounts in Panda, or some are being created, so its "
                        "address and its root account are locked. Use Move to Another "
                        "Panda.",
                        system.name,
                    )
                )
        for system in self:
            company_id = vals.get("company_id", system.company_id.id)
            if company_id != system.company_id.id and system.sudo().account_ids:
                raise UserError(
                    self.env._(
                        "%s has accounts of contacts of its company, so it stays in "
                        "it. Create another system for the other company.",
                        system.name,
                    )
                )

    def _get_new_place(self, vals):
        """Return address and root account as they will be."""
        return tuple(vals.get(name, self[name]) or "" for name in PLACE)

    def _is_another_place(self, vals):
        return get_place(*self._get_new_place(vals)) != self._get_place()

    def _is_locked_out(self, vals):
        """Whether ``vals`` lead to another place; a sandbox on this machine may change
        its port."""
        if not self._is_another_place(vals):
            return False
        base_url, root_account_id = self._get_new_place(vals)
        is_sandbox = local_url(self.base_url) and local_url(base_url)
        return not is_sandbox or root_account_id != self.root_account_id

    def _check_place_is_free(self, base_url, root_account_id):
        """Refuse a second system for one place: two of them would not know of each
        other's accounts.

        :raise ValidationError: also if the other one is archived or in another company.
        """
        if not root_account_id:
            return
        # Sudo: systems of other companies count too.
        others = self.sudo().with_context(active_test=False)
        found = others.search(
            [("id", "not in", self.ids), ("root_account_id", "!=", False)]
        )
        place = get_place(base_url or "", root_account_id)
        if place in [system._get_place() for system in found]:
            raise ValidationError(
                self.env._(
                    "Another system is connected to the root account %(root)s at "
                    "%(address)s already, maybe an archived one or one of another "
                    "company. Two of them would not know of each other's accounts.",
                    root=root_account_id,
                    address=base_url,
                )
            )

    def _lock_accounts(self):
        """Have no run take an account before the end of the transaction."""
        if self:
            self.env["panda.account"].flush_model()
            self.env.cr.execute(
                SQL(
                    "SELECT FROM panda_account WHERE system_id IN %s FOR UPDATE",
                    self._ids,
                )
            )
            self.sudo().account_ids.invalidate_recordset(flush=False)
            self.invalidate_recordset(["is_place_locked"], flush=False)

    def _relocate(self, base_url, root_account_id):
        """Go to another place, of which nothing is known, to be switched on there."""
        place = {"base_url": base_url, "root_account_id": root_account_id}
        self.write({"state": "disabled", **place})

    def _look_up_again(self):
        """Queue the accounts that *Move to Another Panda* has left to be looked up."""
        # Sudo: accounts of all contacts of the system moved with it.
        accounts = self.env["panda.account"].sudo()
        domain = Domain("system_id", "in", self.ids) & Domain("state", "=", "draft")
        chosen = accounts.search(domain & Domain("chosen_remote_id", "!=", False))
        if chosen:
            self.env["panda.service"]._enqueue(chosen)

    def _clear_secrets(self):
        """Forget the secrets, which were meant for another address."""
        # Sudo: the secrets are closed to everybody, managers included.
        self.env["panda.system.secret"].sudo()._forget(self)
        self._forget_known_secrets()
        for system in self:
            system._message_log(
                body=self.env._(
                    "The address changes, so Access Password and API Key were cleared."
                )
            )
