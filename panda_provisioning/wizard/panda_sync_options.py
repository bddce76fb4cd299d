from odoo import api, fields, models

from ..core.error_catalogue import field_of, may_create_anyway

PROBLEM_FIELDS = {
    "role": "role_problem",
    "username": "username_problem",
    "parent_id": "parent_problem",
    "name": "name_problem",
    "first_name": "person_problem",
    "last_name": "person_problem",
    "email": "email_problem",
    "phone": "phone_problem",
}
"""Where on the form a problem of a field of the account is shown."""


class PandaSyncOptions(models.TransientModel):
    """Sync Options of one contact in one Panda system."""

    _name = "panda.sync.options"
    _inherit = ["panda.guard.mixin"]
    _description = "Panda Sync Options"

    # === FIELDS === #

    partner_id = fields.Many2one(
        "res.partner", string="Contact", required=True, readonly=True
    )
    system_id = fields.Many2one("panda.system", required=True, readonly=True)
    account_id = fields.Many2one("panda.account", compute="_compute_account_id")
    remote_id = fields.Char(related="account_id.remote_id", related_sudo=False)

    role = fields.Selection(
        [("user", "User"), ("reseller", "Reseller")],
        compute="_compute_role",
        compute_sudo=False,
        store=True,
        readonly=False,
        precompute=True,
        help="User for your direct customer or the customer of a reseller, Reseller "
        "for your reseller.",
    )
    username = fields.Char(
        compute="_compute_username",
        compute_sudo=False,
        store=True,
        readonly=False,
        precompute=True,
        help="5 to 65 characters: letters without accents, digits and . - _ + only. "
        "The customer signs in with it.",
    )
    parent_account_id = fields.Many2one(
        "panda.account",
        compute="_compute_parent_account_id",
        compute_sudo=False,
        store=True,
        readonly=False,
        precompute=True,
        domain="[('system_id', '=', system_id), ('role', '=', 'reseller'),"
        " ('partner_id', '!=', partner_id)]",
        help="The reseller of an end customer; empty for a direct customer.",
    )
    first_name = fields.Char(
        compute="_compute_names",
        compute_sudo=False,
        store=True,
        readonly=False,
        precompute=True,
    )
    last_name = fields.Char(
        compute="_compute_names",
        compute_sudo=False,
        store=True,
        readonly=False,
        precompute=True,
    )
    create_anyway = fields.Boolean(
        string="Create another account of this name",
        help="Panda has an account with this name already. Tick this when it belongs "
        "to somebody else.",
    )
    name = fields.Char(related="partner_id.name", related_sudo=False)
    email = fields.Char(related="partner_id.email", related_sudo=False, readonly=False)
    phone = fields.Char(related="partner_id.phone", related_sudo=False, readonly=False)
    email_hint = fields.Char(compute="_compute_problems")
    phone_hint = fields.Char(compute="_compute_problems")

    reseller_id = fields.Many2one(
        related="partner_id.panda_reseller_id", related_sudo=False
    )
    reseller_is_ready = fields.Boolean(compute="_compute_reseller")
    reseller_status = fields.Char(compute="_compute_reseller")
    synchronize_reseller = fields.Boolean(
        string="Synchronize the reseller first",
        help="Both are synchronized in one go: the reseller, then this customer.",
    )

    account_is_locked = fields.Boolean(compute="_compute_locks")
    operator_is_locked = fields.Boolean(compute="_compute_locks")

    role_problem = fields.Char(compute="_compute_problems")
    username_problem = fields.Char(compute="_compute_problems")
    parent_problem = fields.Char(compute="_compute_problems")
    name_problem = fields.Char(compute="_compute_problems")
    person_problem = fields.Char(compute="_compute_problems")
    email_problem = fields.Char(compute="_compute_problems")
    phone_problem = fields.Char(compute="_compute_problems")
    general_problem = fields.Char(compute="_compute_problems")
    problem_count = fields.Integer(compute="_compute_problems")
    may_create_anyway = fields.Boolean(compute="_compute_problems")
    system_state = fields.Selection(related="system_id.state", related_sudo=False)
    health_message = fields.Char(related="system_id.health_message", related_sudo=False)

    # === COMPUTE METHODS === #

    @api.depends("partner_id", "system_id")
    def _compute_account_id(self):
        for options in self:
            options.account_id = options.partner_id._get_panda_account(
                options.system_id
            )

    @api.depends("partner_id", "system_id")
    def _compute_role(self):
        for options in self:
            partner = options.partner_id
            reseller = partner.panda_reseller_id
            is_implied = reseller or partner._count_panda_customers()
            options.role = options.account_id.role or (
                is_implied and partner._propose_panda_role(reseller)
            )

    @api.depends("partner_id", "system_id")
    def _compute_username(self):
        for options in self:
            options.username = options.account_id.username or (
                options.partner_id
                and options.account_id._propose_username(
                    options.partner_id, options.system_id
                )
            )

    @api.depends("partner_id", "system_id", "role")
    def _compute_parent_account_id(self):
        for options in self:
            account = options.account_id
            if account._may_be_in_panda():
                options.parent_account_id = account.parent_id
            elif options.role == "reseller":
                options.parent_account_id = False
            else:
                reseller = options._get_reseller()
                known = (
                    reseller._get_panda_account(options.system_id)
                    if reseller
                    else account
                )
                ready = known.filtered(
                    lambda a: a.operator_ready and a.role == "reseller"
                )
                options.parent_account_id = account.parent_id or ready

    @api.depends("partner_id", "system_id")
    def _compute_names(self):
        for options in self:
            draft = options._get_draft({})
            options.first_name = draft.first_name
            options.last_name = draft.last_name

    @api.depends("parent_account_id", "reseller_id", "role")
    def _compute_reseller(self):
        for options in self:
            account = options._get_reseller_account()
            options.reseller_is_ready = account.operator_ready
            options.reseller_status = account.status_text or self.env._(
                "Not Synchronized"
            )

    @api.depends("account_id")
    def _compute_locks(self):
        for options in self:
            locked = (
                options.account_id._get_locked_fields() if options.account_id else ()
            )
            options.account_is_locked = "role" in locked
            options.operator_is_locked = "username" in locked

    @api.depends(
        "role",
        "username",
        "parent_account_id",
        "first_name",
        "last_name",
        "email",
        "phone",
        "synchronize_reseller",
        "create_anyway",
    )
    def _compute_problems(self):
        for options in self:
            draft = options._get_draft()
            options.email_hint = not options.operator_is_locked and self.env._(
                "The activation e-mail goes to %s.", draft.email
            )
            options.phone_hint = self.env._("Sent as %s.", draft.phone)
            options.update(
                dict.fromkeys((*PROBLEM_FIELDS.values(), "general_problem"), False)
            )
            # Which ends the choice of an account, too.
            options.may_create_anyway = bool(
                options.account_id.chosen_remote_id
            ) or may_create_anyway(options._get_refusal())
            problems = options._describe_problems(draft)
            options.problem_count = len(problems)
            for field, text in problems:
                place = PROBLEM_FIELDS.get(field, "general_problem")
                options[place] = " ".join(filter(None, (options[place], text)))

    def _describe_problems(self, draft):
        """Return ``[(field of the account, text)]`` of all that is wrong now, or of
        what Panda has refused and nobody has changed since."""
        messages = self.env["panda.message"]
        found = [
            (problem.field, messages._problem(draft, problem.code))
            for problem in draft._get_problems(self.synchronize_reseller)
        ]
        refusal = self._get_refusal()
        if refusal and not found and not self.create_anyway:
            found.append((field_of(refusal), self.account_id.error_message))
        reseller = self._get_reseller_account()
        if self.synchronize_reseller and reseller.state == "failed":
            found.append(("parent_id", reseller.error_message))
        return found

    def _get_refusal(self):
        """Return the code of what Panda refused, unless it was changed since."""
        account = self.account_id
        if account.state != "failed":
            return False
        changed = {name for name in self._get_values() if self._is_changed(name)}
        return (
            account.error_code if field_of(account.error_code) not in changed else False
        )

    def _is_changed(self, name):
        return (self.account_id[name] or False) != (self._get_draft()[name] or False)

    # === CONSTRAINT METHODS === #

    @api.constrains("partner_id", "system_id")
    def _check_access_to_both(self):
        """The options are filled in as superuser, but not for what one may not see."""
        options = self.sudo(False)  # constraints are checked as superuser too
        options.partner_id.check_access("read")
        options.system_id.check_access("read")

    # === ACTION METHODS === #

    @api.model
    def _open(self, partner, system):
        """Return the action that shows Sync Options of ``partner`` in ``system``."""
        options = self.create({"partner_id": partner.id, "system_id": system.id})
        return options._reopen()

    def action_save(self):
        """Keep the options without synchronising."""
        self.ensure_one()
        self._save()
        return {"type": "ir.actions.act_window_close"}

    def action_save_and_synchronize(self):
        """Keep the options and synchronise now.

        Returns to the form, with all that was typed, when something must be corrected.
        """
        self.ensure_one()
        if self._get_draft()._get_problems(self.synchronize_reseller):
            return self._reopen()
        was_ready = self.account_id.operator_ready
        accounts = self._save()
        if self.synchronize_reseller:
            accounts |= accounts.parent_id
        accounts.action_synchronize_now()
        return self._get_result(accounts[0], was_ready)

    def action_open_reseller(self):
        """Go to Sync Options of the reseller."""
        self.ensure_one()
        reseller = self.parent_account_id.partner_id or self.reseller_id
        return self._open(reseller._get_panda_entity(), self.system_id)

    def action_open_contact(self):
        """Go to the contact."""
        self.ensure_one()
        return self.partner_id._get_records_action()

    # === BUSINESS METHODS === #

    def _get_values(self):
        """Return the options as values of ``panda.account``."""
        values = {
            "username": self.username,
            "first_name": self.first_name,
            "last_name": self.last_name,
            "create_anyway": self.create_anyway,
        }
        if not self.account_is_locked:
            values |= {"role": self.role, "parent_id": self.parent_account_id.id}
        return values

    def _get_draft(self, values=None):
        """Return the account as it would be saved, without saving it."""
        values = self._get_values() if values is None else values
        return self.env["panda.account"].new(
            {"partner_id": self.partner_id, "system_id": self.system_id, **values},
            origin=self.account_id,
        )

    def _get_reseller(self):
        """Return the reseller of the contact, if the user may see it."""
        return self.partner_id.panda_reseller_id._filtered_access("read")

    def _get_reseller_account(self):
        """Return the account under which this one would be created, maybe empty."""
        reseller = self._get_reseller()
        if self.parent_account_id or not reseller:
            return self.parent_account_id
        return reseller._get_panda_account(self.system_id)

    def _save(self):
        """Write the options to the account and return it."""
        values = self._get_values()
        if self.synchronize_reseller and not self.parent_account_id:
            reseller = self.reseller_id._get_panda_entity()
            parent = reseller._get_or_create_panda_account(self.system_id)
            values["parent_id"] = parent.id
        if self.account_id:
            # What is at fault may be edited without being sent at once.
            self.account_id.with_context(panda_save_only=True).write(values)
            return self.account_id
        return self.account_id.create(
            {"partner_id": self.partner_id.id, "system_id": self.system_id.id, **values}
        )

    def _get_result(self, account, was_ready):
        """Return what the operator sees after the synchronisation.

        :param was_ready: whether the operator was there before.
        """
        account.invalidate_recordset()
        waits_in_vain = (
            account.state == "waiting" and account.parent_id.state == "failed"
        )
        if account.state == "failed" or waits_in_vain:
            return self._reopen()
        if account.state == "synced":
            return self._notify("success", self._success_message(account, was_ready))
        message = self.env._(
            "The options are saved. %(reason)s %(status)s.",
            reason=account.error_message or account.system_id.health_message or "",
            status=account.status_text,
        )
        return self._notify("warning", message)

    def _success_message(self, account, was_ready):
        if was_ready:
            text = self.env._(
                "%(contact)s is up to date in Panda, as %(id)s. It was activated with "
                "%(email)s."
            )
        elif account.adopted:
            text = self.env._(
                "%(contact)s is linked to %(id)s, which was in Panda already. Its "
                "operator has the e-mail address %(email)s."
            )
        else:
            text = self.env._(
                "%(contact)s is in Panda as %(id)s. The activation e-mail went to "
                "%(email)s."
            )
        return text % {
            "contact": account.display_name,
            "id": account.remote_id,
            "email": account.activation_email,
        }

    def _notify(self, kind, message):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": kind,
                "message": message,
                "sticky": kind != "success",
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def _reopen(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._(
                "%(system)s: Sync Options of %(contact)s",
                system=self.system_id.display_name,
                contact=self.partner_id.display_name,
            ),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "new",
            # Larger than the pop-up from which it may have been opened.
            "context": {"dialog_size": "large"},
        }
