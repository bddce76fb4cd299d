from collections import defaultdict

from markupsafe import escape

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from ..engine.journal import Journal
from ..engine.window import Finished
from ..panda_api.client import PandaClient
from ..panda_api.directory import name_key, same_name
from ..panda_api.errors import PandaError
from ..panda_api.names import propose_username, split_name
from ..panda_api.rules import Problem, problems
from ..panda_api.steps import Role, Snapshot, Step
from .panda_message import PARTNER_FIELDS, field_of

STATES = [
    ("draft", "Not Synchronized"),
    ("waiting", "Waiting for reseller"),
    ("queued", "Queued"),
    ("running", "In Progress"),
    ("synced", "Synchronized"),
    ("retry", "Retry scheduled"),
    ("unknown", "Outcome unknown"),
    ("failed", "Failed"),
]
MOST_URGENT_FIRST = (
    "failed",
    "unknown",
    "retry",
    "running",
    "queued",
    "waiting",
    "synced",
    "draft",
)

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

LINK, OPTIONS, CONTACT, RESELLER, SYSTEM, FORGET, NOW, DONE = (
    "action_link",
    "action_open_options",
    "action_open_contact",
    "action_open_reseller",
    "action_open_system",
    "action_forget_remote",
    "action_synchronize_now",
    "action_mark_done",
)

REMEDIES_OF_CODE = {
    "several_matches": [LINK],
    "name_exists": [LINK, OPTIONS],
    "operator_exists": [LINK, OPTIONS],
    "link_refused": [LINK],
    "account_not_found": [FORGET],
    "parent_not_found": [RESELLER],
    "parent_not_synced": [RESELLER],
    "rejected": [OPTIONS, CONTACT],
    "conflict": [OPTIONS, CONTACT],
    "operator_refused": [OPTIONS, CONTACT],
    "update_refused": [OPTIONS, CONTACT],
    "invalid_credentials": [SYSTEM],
    "token_refused": [SYSTEM],
    "forbidden": [SYSTEM],
    "root_not_found": [SYSTEM],
}
"""What mends an error, where the field at fault does not say."""

REMEDIES_OF_FIELD = {
    "name": [CONTACT],
    "partner_id": [CONTACT],
    "system_id": [SYSTEM],
}
"""What mends a field that is not in Sync Options."""

SHOWN_CANDIDATES = 20
LONGEST_ANSWER = 10
"""Seconds that somebody who looks on waits for one answer."""

DIGITS = "0123456789"

ACTIVITY = "panda_provisioning.mail_activity_type_panda"
AGAIN = "again:"
"""Marks the failure of an account that was in Panda already."""


class PandaAccount(models.Model):
    """The binding of one commercial entity to one Panda system.

    A table of its own, since the engine writes here all day and must neither lock
    nor touch the contact.
    """

    _name = "panda.account"
    _description = "Panda Account"
    _order = "id desc"
    _rec_names_search = ["partner_id", "username", "remote_id"]
    _check_company_auto = True

    # === FIELDS === #

    partner_id = fields.Many2one(
        "res.partner",
        string="Contact",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
    )
    system_id = fields.Many2one(
        "panda.system",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
        default=lambda self: self.env["panda.system"]._get_company_default(),
    )
    company_id = fields.Many2one(
        related="system_id.company_id", store=True, index=True, precompute=True
    )
    role = fields.Selection(
        [(Role.USER.value, "User"), (Role.RESELLER.value, "Reseller")],
        help="User for a customer, Reseller for whoever has customers of their own.",
    )
    username = fields.Char(
        copy=False, help="5 to 65 letters, digits or . - _ +; unique in the system."
    )
    parent_id = fields.Many2one(
        "panda.account",
        string="Parent Account",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        help="The reseller of an end customer; empty for a direct customer.",
    )
    child_ids = fields.One2many("panda.account", "parent_id", string="Customers")

    contact_id = fields.Many2one(
        "res.partner",
        string="Contact Person",
        compute="_compute_contact_id",
        store=True,
        readonly=False,
        index="btree_not_null",
        ondelete="set null",
    )
    first_name = fields.Char(compute="_compute_names", store=True, readonly=False)
    last_name = fields.Char(compute="_compute_names", store=True, readonly=False)
    email = fields.Char(compute="_compute_email", store=True)
    phone = fields.Char(
        compute="_compute_phone",
        store=True,
        help="International form, empty when the contact has no readable number.",
    )

    remote_id = fields.Char(string="Panda ID", copy=False, readonly=True)
    operator_ready = fields.Boolean(
        copy=False, readonly=True, help="The operator exists and has been mailed."
    )
    activation_email = fields.Char(
        copy=False,
        readonly=True,
        help="Where Panda has sent the activation instructions; the operator keeps "
        "this address for good.",
    )
    activation_sent_at = fields.Datetime(
        string="Activation Email Sent",
        copy=False,
        readonly=True,
        help="Empty when the operator was in Panda already.",
    )
    chosen_remote_id = fields.Char(
        copy=False,
        readonly=True,
        help="The account in Panda that somebody wants to be linked.",
    )
    done_elsewhere = fields.Char(
        copy=False,
        readonly=True,
        help="Why this is done although Odoo did not do it.",
    )
    can_be_forgotten = fields.Boolean(compute="_compute_can_be_forgotten")
    adopted = fields.Boolean(string="Was in Panda Already", copy=False, readonly=True)
    state = fields.Selection(
        STATES, string="Status", required=True, default="draft", copy=False,
        readonly=True, group_expand="_group_expand_states",
    )  # fmt: skip
    step = fields.Char(default=Step.FIND_ACCOUNT.value, copy=False, readonly=True)
    marker_at = fields.Datetime(
        copy=False,
        readonly=True,
        help="Set while something may have been created in Panda of which Odoo does "
        "not know the outcome.",
    )
    transaction_id = fields.Char(copy=False, readonly=True)
    sent_name = fields.Char(copy=False, readonly=True)
    sent_email = fields.Char(copy=False, readonly=True)
    sent_fingerprint = fields.Char(
        copy=False,
        readonly=True,
        help="Of what was sent last: the contact may be edited before it is answered.",
    )
    run_token = fields.Char(copy=False, readonly=True)
    resync_requested = fields.Boolean(copy=False, readonly=True)
    create_anyway = fields.Boolean(copy=False)
    attempt_count = fields.Integer(copy=False, readonly=True, aggregator=None)
    next_attempt_at = fields.Datetime(string="Next Try", copy=False, readonly=True)
    failed_at = fields.Datetime(string="Failed On", copy=False, readonly=True)
    error_code = fields.Char(copy=False, readonly=True)
    error_detail = fields.Char(string="In Panda's Words", copy=False, readonly=True)
    error_message = fields.Char(
        string="Reason", compute="_compute_texts", compute_sudo=True
    )
    status_text = fields.Char(compute="_compute_texts", compute_sudo=True)
    explanation = fields.Char(
        string="What Happens Next",
        compute="_compute_texts",
        compute_sudo=True,
        help="What the status means and what happens next.",
    )
    notice = fields.Char(compute="_compute_texts", compute_sudo=True)
    last_sync_at = fields.Datetime(
        string="Last Synchronized", copy=False, readonly=True
    )
    synced_fingerprint = fields.Char(copy=False, readonly=True)
    has_news = fields.Boolean(
        copy=False, readonly=True, help="Came to rest and nobody was told yet."
    )
    announced = fields.Char(
        copy=False,
        readonly=True,
        help="What people were told last, so that nobody is told twice.",
    )
    log_ids = fields.One2many("panda.sync.log", "account_id")

    # === CONSTRAINTS AND INDEXES === #

    # Unique indexes and no unique constraints: merging two bound contacts must fail
    # and not silently drop one of the bindings (base/wizard/base_partner_merge.py).
    _partner_unique = models.UniqueIndex(
        "(system_id, partner_id)", "This contact has an account in this system already."
    )
    _username_unique = models.UniqueIndex(
        "(system_id, lower(username)) WHERE username IS NOT NULL",
        "This username is taken by another contact.",
    )
    _remote_unique = models.UniqueIndex(
        "(system_id, remote_id) WHERE remote_id IS NOT NULL",
        "This account in Panda belongs to another contact already.",
    )
    _email = models.Index("(system_id, lower(email)) WHERE email IS NOT NULL")
    _due = models.Index(
        "(system_id, next_attempt_at, id)"
        " WHERE state IN ('queued', 'retry', 'unknown', 'running')"
    )
    _waiting = models.Index("(system_id, parent_id) WHERE state = 'waiting'")
    _news = models.Index("(system_id, id) WHERE has_news")

    # === COMPUTE METHODS === #

    @api.depends("partner_id.name", "system_id.name")
    def _compute_display_name(self):
        for account in self:
            account.display_name = account.partner_id.display_name or ""

    @api.depends(
        "partner_id",
        "partner_id.is_company",
        "partner_id.child_ids",
        "contact_id.parent_id",
    )
    def _compute_contact_id(self):
        for account in self:
            partner = account.partner_id
            if not partner.is_company:
                account.contact_id = partner
            elif account.contact_id.parent_id != partner:
                account.contact_id = partner._get_panda_person()

    @api.depends("contact_id.name")
    def _compute_names(self):
        for account in self:
            name = account.contact_id.name
            if name:
                account.first_name, account.last_name = split_name(name)
            elif not account.first_name:
                account.first_name = account.last_name = False

    @api.depends("partner_id.email")
    def _compute_email(self):
        for account in self:
            account.email = account.partner_id._get_panda_email()

    @api.depends("contact_id.phone", "partner_id.phone", "partner_id.country_id")
    def _compute_phone(self):
        for account in self:
            account.phone = account.partner_id._get_panda_phone(account.contact_id)

    @api.depends("state", "error_code", "child_ids.error_code")
    def _compute_can_be_forgotten(self):
        """Whether Panda has said that it does not know this account."""
        for account in self:
            codes = account.child_ids.mapped("error_code")
            account.can_be_forgotten = bool(account.remote_id) and (
                account.error_code == "account_not_found" or "parent_not_found" in codes
            )

    @api.depends(
        "state",
        "error_code",
        "next_attempt_at",
        "email",
        "done_elsewhere",
        "parent_id.state",
        "parent_id.error_code",
    )
    @api.depends_context("lang", "tz")
    def _compute_texts(self):
        messages = self.env["panda.message"]
        for account in self:
            account.error_message = messages._error(account)
            account.status_text = messages._status(account)
            account.explanation = messages._explain(account)
            account.notice = (
                account._has_another_login_email()
                and account.state == "synced"
                and messages._login_email(account)
            )

    def _group_expand_states(self, states, _domain):
        """Show the states that there are in the order in which they happen."""
        return [name for name, _label in STATES if name in states]

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

    @api.model
    def get_import_templates(self):
        return [
            {
                "label": self.env._("Import Template for Panda Accounts"),
                "template": "/panda_provisioning/static/xls/panda_accounts.xlsx",
            }
        ]

    # === ACTION METHODS === #

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

    def _resume(self):
        """Take care again of what a person has seen to elsewhere."""
        left_alone = self.filtered(lambda account: account._is_left_alone())
        # Sudo: states belong to the engine.
        left_alone.sudo().write({"state": "draft", "done_elsewhere": False})

    def action_preview(self):
        """Show what would happen if these accounts were synchronised."""
        if len(self.system_id) > 1:
            names = ", ".join(self.system_id.mapped("display_name"))
            raise UserError(
                self.env._("Select accounts of one system only, not of %s.", names)
            )
        return self.env["panda.preview"]._open(self.partner_id, self.system_id)

    def action_check_operator(self):
        """Read the operator from Panda and say how he stands."""
        self.ensure_one()
        self.check_access("read")
        if not self.remote_id or not self.username:
            raise UserError(
                self.env._(
                    "%s is not in Panda yet, so there is no operator to check.",
                    self.display_name,
                )
            )
        remote_id = self.remote_id
        operators = self._ask(
            Step.FIND_OPERATOR, lambda client: client.list_operators(remote_id)
        )
        found = [o for o in operators if o.username.lower() == self.username.lower()]
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success" if found else "warning",
                "sticky": True,
                "message": self._describe_found(found, operators),
                # The form shows what was asked.
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def _describe_found(self, found, operators):
        if not found:
            return self.env._(
                "Panda has no operator %(username)s in %(id)s. It has: %(others)s. Add "
                "the missing one in WatchGuard Cloud.",
                username=self.username,
                id=self.remote_id,
                others=", ".join(o.username for o in operators) or self.env._("nobody"),
            )
        [operator] = found
        mfa = self.env._("on") if operator.mfa else self.env._("off")
        return self.env._(
            "The operator %(username)s exists in Panda, with the e-mail address "
            "%(email)s; multi-factor authentication is %(mfa)s. Panda does not tell "
            "whether anybody has signed in with it yet.",
            username=operator.username,
            email=operator.email,
            mfa=mfa,
        )

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

    # === BUSINESS METHODS === #

    def _get_snapshot(self):
        """Return what the saga would be told of this account.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        return Snapshot(
            key=self.id or 0,
            role=Role(self.role) if self.role else None,
            name=self.partner_id.name or "",
            first_name=self.first_name or "",
            last_name=self.last_name or "",
            email=self.email or "",
            phone=self.phone or "",
            username=self.username or "",
            has_parent=bool(self.parent_id),
        )

    def _is_up_to_date(self):
        """Whether Panda knows all that Odoo knows, or is to be left alone."""
        self.ensure_one()
        return self.state == "synced" and (
            self._is_left_alone()
            or self.synced_fingerprint == self._get_snapshot().fingerprint
        )

    def _is_left_alone(self):
        """Whether a person has seen to it without saying which account it is."""
        self.ensure_one()
        return bool(self.done_elsewhere) and not self.remote_id

    def _is_held_by_a_run(self):
        """Whether a run works on this account; one that was killed holds nothing for
        longer than its lease.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        return (
            self.state == "running"
            and bool(self.run_token)
            and self.next_attempt_at > fields.Datetime.now()
        )

    def _waits_for_reseller(self):
        """Whether nothing can be sent before the reseller is ready."""
        self.ensure_one()
        is_sent = self.remote_id or self.marker_at
        return self.parent_id and not self.parent_id.operator_ready and not is_sent

    def _can_retry(self):
        """Whether *Retry* makes sense."""
        return self.state in ("failed", "retry", "unknown")

    def _is_concerned_by(self, names):
        """Whether editing the fields ``names`` of the contact is a reason to send."""
        self.ensure_one()
        if self.state == "failed":
            at_fault = PARTNER_FIELDS.get(field_of(self.error_code or ""), set())
            return not at_fault.isdisjoint(names)
        return self.state != "waiting"

    @api.model
    def _get_domain_due(self, now):
        """Accounts on which the engine should work now."""
        return Domain("state", "in", ("queued", "retry", "unknown", "running")) & (
            Domain("next_attempt_at", "<=", now)
        )

    # === BUSINESS METHODS - VALIDATION === #
    # Everything that is wrong with an account, found without asking Panda.

    def _get_problems(self, reseller_first=False):
        """Return every :class:`Problem` of this account, saved or not.

        Note: `self.ensure_one()`

        :param reseller_first: whether the reseller is synchronised in the same go,
            so that it does not matter that he is not yet.
        """
        self.ensure_one()
        parent_problems = list(self._get_parent_problems())
        found = [
            *self._get_binding_problems(),
            *(parent_problems or self._get_reseller_problems(reseller_first)),
            *self._get_uniqueness_problems(),
            *problems(self._get_snapshot()),
        ]
        return list(dict.fromkeys(found))

    def _get_binding_problems(self):
        partner, system = self.partner_id, self.system_id
        if not system.active:
            yield Problem("system_id", "system_archived")
        elif system.state == "disabled":
            yield Problem("system_id", "system_disabled")
        elif not system._is_own_database():
            yield Problem("system_id", "system_copied")
        if not partner.active:
            yield Problem("partner_id", "partner_archived")
        if partner.company_id and partner.company_id != system.company_id:
            yield Problem("system_id", "other_company")

    def _get_parent_problems(self):
        """What can never be right about role and parent."""
        parent = self.parent_id
        if parent and self.role == "reseller":
            yield Problem("parent_id", "reseller_with_parent")
        elif parent.partner_id and parent.partner_id == self.partner_id:
            yield Problem("parent_id", "parent_is_self")
        elif parent and parent.system_id != self.system_id:
            yield Problem("parent_id", "parent_other_system")
        elif parent and parent.role != "reseller":
            yield Problem("parent_id", "parent_not_reseller")
        is_new_user = self.role == "user" and not self.remote_id
        if is_new_user and (
            self._origin.child_ids or self.partner_id._count_panda_customers()
        ):
            yield Problem("role", "has_customers")

    def _get_reseller_problems(self, reseller_first):
        """What is not right yet about the reseller."""
        if self.role != "user" or self.remote_id or reseller_first:
            return
        reseller = self.partner_id.panda_reseller_id
        if self.parent_id and not self.parent_id.operator_ready:
            yield Problem("parent_id", "parent_not_synced")
        elif reseller and not self.parent_id:
            ready = reseller._get_panda_account(self.system_id).operator_ready
            yield Problem(
                "parent_id", "parent_missing" if ready else "parent_not_synced"
            )

    def _get_uniqueness_problems(self):
        # Sudo: what others use is taken, whether one may see them or not.
        others = self.sudo().with_context(active_test=False)
        same_system = Domain("system_id", "=", self.system_id._origin.id) & Domain(
            "id", "!=", self._origin.id
        )
        for name, code, domain in (
            ("username", "username_used", Domain.TRUE),
            ("email", "email_used", self._get_domain_first_come()),
        ):
            value = self[name]
            if value and others.search_count(
                same_system & domain & Domain(name, "=ilike", _literal(value)), limit=1
            ):
                yield Problem(name, code)

    def _get_domain_first_come(self):
        """Accounts whose e-mail address nobody else may use, as the engine sees it:
        those in Panda, then whoever came first."""
        in_panda = Domain("remote_id", "!=", False)
        if self.remote_id:
            return in_panda
        came_first = Domain("state", "!=", "draft")
        if self._origin.id:
            came_first &= Domain("id", "<", self._origin.id)
        return in_panda | came_first

    def _is_taken(self, remote_id):
        """Whether ``remote_id`` belongs to another account of Odoo."""
        # Sudo: what others have is taken, whether one may see them or not.
        others = self.sudo().search(
            [("system_id", "=", self.system_id.id), ("remote_id", "=", remote_id)],
            limit=1,
        )
        return bool(remote_id) and bool(others - self.sudo())

    # === BUSINESS METHODS - LOCKED FIELDS === #

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

    # === BUSINESS METHODS - PROPOSALS === #
    # Options for contacts that nobody has set any for, many at once.

    @api.model
    def _get_or_create(self, partners, system, sellers=None):
        """Return the accounts of ``partners``, prepared as Sync Options proposes them;
        so are those of their resellers.

        :param sellers: see `_propose`.
        """
        accounts = self._accept(self._propose(partners, system, sellers), system)
        return self.browse().union(*(accounts[partner] for partner in partners))

    @api.model
    def _accept(self, proposals, system):
        """Create or complete the accounts of ``proposals``, see `_propose`, and return
        ``{partner: account}``."""
        resellers = [values["reseller"] for values in proposals.values()]
        partners = self.env["res.partner"].union(*proposals, *resellers)
        accounts = self._get_by_partner(partners, system)
        for wave in self._in_waves(proposals):
            self._save_proposals(wave, accounts, system)
        return accounts

    def _in_waves(self, proposals):
        """Yield ``proposals`` in parts, whoever has a reseller after him.

        Those who go round in circles come last and together.
        """
        while proposals:
            wave = {
                partner: options
                for partner, options in proposals.items()
                if options["reseller"] not in proposals
            } or proposals
            yield wave
            proposals = {p: v for p, v in proposals.items() if p not in wave}

    def _save_proposals(self, proposals, accounts, system):
        """Create or complete accounts, and note them in ``accounts``."""
        vals_list = []
        for partner, proposed in proposals.items():
            account = accounts[partner]
            values = {
                "role": proposed["role"],
                "username": proposed["username"],
                "parent_id": accounts[proposed["reseller"]].id,
            }
            if account:
                lacking = {n: v for n, v in values.items() if v and not account[n]}
                if lacking:
                    account.write(lacking)
            else:
                vals_list.append(
                    {"partner_id": partner.id, "system_id": system.id, **values}
                )
        for account in self.create(vals_list):
            accounts[account.partner_id] = account

    @api.model
    def _propose(self, partners, system, sellers=None):
        """Return the options of the accounts of ``partners``: what is set already, and
        proposals for the rest. Resellers who were never synchronised are among them.

        :param sellers: ``{partner: whose customer he is}``, where that is not the
            reseller of the contact.
        :return: ``{partner: {"role": str, "username": str, "reseller": partner}}``;
            ``reseller`` is whose account is the Parent Account of one that is not in
            Panda yet.
        """
        proposals = {}
        while partners:
            accounts = self._get_by_partner(partners, system)
            # Whoever the user may not see is not proposed.
            resellers = partners.panda_reseller_id._filtered_access("read")
            resellers = resellers._map_panda_entities()
            nameless = partners.filtered(lambda p, a=accounts: not a[p].username)
            proposed = {values["username"].lower() for values in proposals.values()}
            usernames = self._propose_usernames(nameless, system, proposed)
            for partner in partners:
                account = accounts[partner]
                seller = resellers.get(partner.panda_reseller_id, partner[:0])
                seller = (sellers or {}).get(partner) or seller
                role = account.role or partner._propose_panda_role(seller)
                reseller = account.parent_id.partner_id or seller
                is_fixed = role == "reseller" or account.remote_id or account.marker_at
                proposals[partner] = {
                    "role": role,
                    "username": account.username or usernames[partner],
                    "reseller": partner[:0] if is_fixed else reseller,
                }
            named = partners[:0].union(*(p["reseller"] for p in proposals.values()))
            known = self._get_by_partner(named, system)
            partners = named.filtered(
                lambda p, k=known: p not in proposals and k[p].state in (False, "draft")
            )
        return proposals

    @api.model
    def _get_by_partner(self, partners, system):
        """Return ``{partner: account}``, empty accounts included."""
        accounts = self.search(
            [("partner_id", "in", partners.ids), ("system_id", "=", system.id)]
        )
        found = defaultdict(self.browse)
        found.update({account.partner_id: account for account in accounts})
        return found

    @api.model
    def _propose_username(self, partner, system):
        """Return a legal username that is free in ``system``, from the e-mail or
        the name of ``partner``."""
        return self._propose_usernames(partner, system)[partner]

    @api.model
    def _propose_usernames(self, partners, system, taken=()):
        """Return ``{partner: username}``, all of them free in ``system``.

        :param taken: usernames that nobody may get, in lower case.
        """
        stems = {p: propose_username(p.email or "", p.name or "") for p in partners}
        owners = self._get_username_owners(set(stems.values()), system)
        owners.update(dict.fromkeys(taken))
        numbers = defaultdict(int)
        usernames = {}
        for partner, stem in stems.items():
            key = stem.lower()
            while True:
                numbers[key] += 1
                username = f"{stem}{numbers[key]}" if numbers[key] > 1 else stem
                own_id = partner._origin.id
                if owners.get(username.lower(), own_id) == own_id:
                    break
            owners[username.lower()] = False
            usernames[partner] = username
        return usernames

    def _get_username_owners(self, stems, system):
        """Return ``{username in lower case: id of the contact}`` of all usernames that
        are one of ``stems`` with or without a number."""
        self.flush_model(["username", "system_id", "partner_id"])
        # Past the access rules: a username is taken even by accounts that the user
        # may not see.
        return dict(
            self.env.execute_query(
                SQL(
                    """
                    SELECT lower(username), partner_id FROM panda_account
                    WHERE system_id = %s AND rtrim(lower(username), %s) = ANY(%s)
                    """,
                    system.id or 0,
                    DIGITS,
                    [stem.lower().rstrip(DIGITS) for stem in stems],
                )
            )
        )

    # === BUSINESS METHODS - REMEDIES === #
    # The buttons that lead on from where an account stands.

    def _get_remedies(self):
        """Return the buttons that lead on, the one that mends most surely first.

        Note: `self.ensure_one()`

        :return: ``[{"name": str, "string": str}]``, methods and labels
        """
        self.ensure_one()
        labels = self._get_remedy_labels()
        names = [name for name in self._get_remedy_names() if name in labels]
        return [{"name": name, **labels[name]} for name in dict.fromkeys(names)]

    def _get_remedy_names(self):
        if self.state == "draft":
            return [OPTIONS, DONE]
        if self.state == "waiting":
            return [RESELLER, DONE]
        if self.state == "queued":
            stopped = not self.system_id._may_be_called() or self.system_id._is_paused()
            return [SYSTEM] if stopped else [NOW]
        if self.state in ("failed", "retry", "unknown"):
            return [*self._get_cures(), NOW, DONE]
        return []

    def _get_cures(self):
        """Return what removes the reason why it is not synchronised."""
        code = self.error_code or ""
        at_fault = field_of(code)
        default = [OPTIONS] if at_fault else []
        return REMEDIES_OF_CODE.get(code) or REMEDIES_OF_FIELD.get(at_fault, default)

    def _get_remedy_labels(self):
        """Return label and question of each button that this user may press."""
        at_fault = self.state == "failed" and field_of(self.error_code or "")
        labels = {
            LINK: {"string": self.env._("Link to Existing")},
            OPTIONS: {
                "string": self.env._("Go to the Field")
                if at_fault not in (False, "", "partner_id", "name")
                else self.env._("Sync Options")
            },
            CONTACT: {"string": self.env._("Open Contact")},
            RESELLER: {"string": self.env._("Go to the Reseller")},
            NOW: {"string": self._get_retry_label()},
            DONE: {"string": self.env._("Mark as Done Elsewhere")},
        }
        if not self.parent_id:
            del labels[RESELLER]
        if self.env["panda.system"].has_access("write"):
            labels[SYSTEM] = {"string": self.env._("Open System")}
        if self.can_be_forgotten and self.has_access("unlink"):
            labels[FORGET] = {
                "string": self.env._("Forget Panda Account"),
                "confirm": self.env._(
                    "Only if the account was deleted in Panda: it is created anew "
                    "there, and the customer gets another activation e-mail."
                ),
            }
        return labels

    def _get_retry_label(self):
        if self.state == "unknown":
            return self.env._("Look in Panda Now")
        if self.state == "queued":
            return self.env._("Synchronize Now")
        return self.env._("Retry Now")

    # === BUSINESS METHODS - QUERIES TO PANDA === #
    # What people ask Panda about an account; nothing is changed there.

    def _get_candidates(self):
        """Return ``[{"remote_id", "name", "email", "username"}]``: what this account
        may be in Panda, or who may be its operator when it is known.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        if self.remote_id:
            remote_id, name = self.remote_id, self.partner_id.name
            return self._ask(
                Step.FIND_OPERATOR,
                lambda client: _operators_of(client, remote_id, name),
            )
        name = (self.marker_at and self.sent_name) or self.partner_id.name or ""
        account_type = Role(self.role or Role.USER).account_type
        parent_id = self.parent_id.remote_id or self.system_id.root_account_id
        return self._ask(
            Step.FIND_ACCOUNT,
            lambda client: _namesakes_of(client, parent_id, name, account_type),
        )

    def _ask(self, step, ask):
        """Return what ``ask``, called with a client, has learnt, and log it.

        Commits, as no transaction is open while a request is on the wire.

        :param step: under which the requests are logged.
        """
        system, exchanges = self.system_id, []
        stop = self.env["panda.message"]._explain_stop(system)
        if stop:
            raise UserError(stop)
        transport = system._open_transport(longest=LONGEST_ANSWER)
        self.env["panda.service"]._commit()
        answer = error = None
        with transport:
            try:
                answer = ask(PandaClient(transport, exchanges.append))
            except PandaError as met:
                error = met
        # Sudo: nobody writes the log but the engine.
        journal = Journal(self.sudo().env, system, attended=True)
        journal.record_exchanges([Finished(self, step, None, exchanges)])
        self.env["panda.service"]._commit()
        if error:
            raise UserError(self.env["panda.message"]._refusal(self, error)) from error
        return answer

    # === BUSINESS METHODS - NOTIFICATIONS === #
    # What people are told of an account: one note for each change that matters.

    def _announce(self, *, attended):
        """Tell the followers of the contacts what has become of these accounts.

        :param attended: whether somebody is looking on, who needs no activity.
        """
        news = self.filtered(lambda a: a.announced != a._get_announcement())
        self.env["res.partner"].browse(news.partner_id.ids)._message_log_batch(
            bodies={account.partner_id.id: account._get_news() for account in news}
        )
        failed = news.filtered(lambda a: a.state == "failed")
        (news - failed).filtered("announced")._unschedule_activity()
        if not attended:
            failed._schedule_activity()
        told = news.grouped(lambda account: account._get_announcement())
        for announcement, accounts in told.items():
            accounts.announced = announcement

    def _get_announcement(self):
        """Return what people are told, as a code."""
        if self.state == "failed":
            return f"{AGAIN if self._was_told_ready() else ''}{self.error_code}"
        if self._has_another_login_email():
            return f"email:{self.email}"
        return "synced"

    def _was_told_ready(self):
        """Whether people were told before that this account is in Panda."""
        return (self.announced or "").startswith(("synced", "email:", AGAIN))

    def _has_another_login_email(self):
        """Whether the operator was made with another e-mail address than today's."""
        return bool(self.activation_email) and self.activation_email != self.email

    def _get_news(self):
        lang = self.system_id.responsible_user_id.lang
        return self.env["panda.message"].with_context(lang=lang)._news(self)

    def _unschedule_activity(self):
        """Ask nobody any more, unless another system still needs somebody."""
        partners = self.partner_id
        failing = partners.panda_account_ids.filtered(lambda a: a.state == "failed")
        (partners - failing.partner_id).activity_unlink([ACTIVITY])

    def _schedule_activity(self):
        self.partner_id.activity_unlink([ACTIVITY])
        for account in self:
            responsible = account.system_id.responsible_user_id
            user = self.env["panda.service"]._get_person(responsible)
            account.partner_id.activity_schedule(
                ACTIVITY,
                note=escape(account._get_news()),
                user_id=user.id,
            )


def _literal(text):
    """``text`` as a pattern that matches nothing but itself."""
    return text.replace("\\", "\\\\").replace("_", "\\_").replace("%", "\\%")


def _operators_of(client, remote_id, name):
    return [
        {
            "remote_id": remote_id,
            "name": name,
            "email": operator.email,
            "username": operator.username,
        }
        for operator in client.list_operators(remote_id)
    ]


def _namesakes_of(client, parent_id, name, account_type):
    """Accounts of that name below a parent, with those who may sign in."""
    candidates = []
    children = client.list_children(parent_id, name=name_key(name))
    fitting = [
        child
        for child in children
        if same_name(child.name, name) and child.type in (account_type, 0)
    ]
    for child in fitting[:SHOWN_CANDIDATES]:
        usernames = [o.username for o in client.list_operators(child.id)]
        candidates.append(
            {
                "remote_id": child.id,
                "name": child.name,
                "email": client.get_account(child.id).email,
                "username": ", ".join(usernames),
            }
        )
    return candidates
