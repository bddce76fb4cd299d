import time
from collections import defaultdict

from markupsafe import escape

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from ..core import states
from ..core.account_lookup import Listing
from ..core.choice import find_chosen, may_be_chosen
from ..core.error_catalogue import (
    ACCOUNT_GONE,
    CATALOGUE,
    PARENT_GONE,
    Remedy,
    contact_fields_of,
    field_of,
)
from ..core.names import propose_username
from ..core.printable import printable
from ..core.snapshot import COLUMNS, Role, Snapshot, Step
from ..core.validation import (
    EMAIL_LIMIT,
    USERNAME_LIMIT,
    Problem,
    binding_codes,
    find_problems,
    is_email_used,
    parent_codes,
)
from ..engine.queue import get_email_owners
from ..engine.request_log import RequestLog
from ..engine.state_gate import check_transition
from ..engine.worker_pool import Finished
from ..panda_api.client import PandaClient
from ..panda_api.errors import PandaError
from ..panda_api.responses import is_account_id
from .panda_error_texts import LABELS

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
MOST_URGENT_FIRST = tuple(state.value for state in states.MOST_URGENT_FIRST)
RETRIABLE = tuple(state.value for state in states.RETRIABLE)
AT_REST = tuple(state.value for state in states.AT_REST)
SETTLED = tuple(state.value for state in states.SETTLED)
OUTCOMES = [(state, label) for state, label in STATES if state in SETTLED]

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
    "remote_created_at",
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
    "last_notified",
)
"""What is known of an account in Panda."""
NOTHING_KNOWN = {
    **dict.fromkeys(REMOTE_FIELDS, False),
    "create_anyway": False,
    "step": Step.FIND_ACCOUNT.value,
}
FOCUSED_FIELDS = {
    "role": "role",
    "username": "username",
    "parent_id": "parent_account_id",
    "first_name": "first_name",
    "last_name": "last_name",
    "email": "email",
    "phone": "phone",
}
"""Where Sync Options shows a field of the account."""


SHOWN_CANDIDATES = 20
LONGEST_ANSWER = 10
"""Seconds that somebody who looks on waits for one answer."""
LONGEST_QUERY = 25
"""Seconds that they wait for all of them."""

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
    _inherit = ["panda.guard.mixin"]
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
        check_company=True,
        domain="['|', ('id', '=', partner_id), ('parent_id', '=', partner_id)]",
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
    remote_created_at = fields.Datetime(
        string="Created in Panda",
        copy=False,
        readonly=True,
        help="Empty when the account was in Panda already.",
    )
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
        string="Chosen Panda ID",
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
    outcome = fields.Selection(
        OUTCOMES,
        copy=False,
        readonly=True,
        help="How the last synchronization ended; empty until it has. Unlike the "
        "status it is always written by the ORM, so automation rules may watch it.",
    )
    step = fields.Char(default=Step.FIND_ACCOUNT.value, copy=False, readonly=True)
    marker_at = fields.Datetime(
        copy=False,
        readonly=True,
        help="Set while something may have been created in Panda of which Odoo does "
        "not know the outcome.",
    )
    transaction_id = fields.Char(copy=False, readonly=True)
    sent_name = fields.Char(
        string="Name in Panda",
        copy=False,
        readonly=True,
        help="As it was sent last, or as Panda has listed it since.",
    )
    sent_email = fields.Char(copy=False, readonly=True)
    sent_fingerprint = fields.Char(
        copy=False,
        readonly=True,
        help="Of what was sent last: the contact may be edited before it is answered.",
    )
    run_token = fields.Char(copy=False, readonly=True)
    resync_requested = fields.Boolean(copy=False, readonly=True)
    is_withdrawn = fields.Boolean(
        copy=False,
        readonly=True,
        help="Whoever asked for the account no longer wants it: nothing more is sent, "
        "unless the operator exists already.",
    )
    create_anyway = fields.Boolean(
        copy=False,
        help="Somebody has agreed to another account of this name, until there is one.",
    )
    attempt_count = fields.Integer(copy=False, readonly=True, aggregator=None)
    next_attempt_at = fields.Datetime(string="Next Try", copy=False, readonly=True)
    failed_at = fields.Datetime(string="Failed On", copy=False, readonly=True)
    error_code = fields.Selection(LABELS, string="Error", copy=False, readonly=True)
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
    notification_pending = fields.Boolean(
        copy=False, readonly=True, help="Finished; notification pending."
    )
    last_notified = fields.Char(
        copy=False,
        readonly=True,
        help="The last notification, so that no notification is sent twice.",
    )
    notification_error = fields.Char(
        string="Nobody Was Notified",
        copy=False,
        readonly=True,
        help="Why people did not hear how this account stands.",
    )
    log_ids = fields.One2many("panda.sync.log", "account_id")

    # === CONSTRAINTS AND INDEXES === #

    # Unique indexes and no unique constraints: merging two bound contacts must fail
    # and not silently drop one of the bindings (base/wizard/base_partner_merge.py).
    _partner_unique = models.UniqueIndex(
        "(system_id, partner_id)", "This contact has an account in this system already."
    )
    _username_unique = models.UniqueIndex(
        f"(system_id, lower(username)) WHERE length(username) <= {USERNAME_LIMIT}",
        "This username is taken by another contact.",
    )
    _remote_unique = models.UniqueIndex(
        "(system_id, remote_id) WHERE remote_id IS NOT NULL",
        "This account in Panda belongs to another contact already.",
    )
    _email = models.Index(
        f"(system_id, lower(email)) WHERE length(email) <= {EMAIL_LIMIT}"
    )
    _due = models.Index(
        "(system_id, next_attempt_at, id)"
        f" WHERE state IN {tuple(state.value for state in states.CLAIMABLE)}"
    )
    _waiting = models.Index("(system_id, parent_id) WHERE state = 'waiting'")
    _notification_pending = models.Index("(system_id, id) WHERE notification_pending")

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
        "company_id",
    )
    def _compute_contact_id(self):
        for account in self:
            partner = account.partner_id
            if not partner.is_company:
                account.contact_id = partner
            elif account.contact_id.parent_id != partner:
                account.contact_id = partner._get_panda_person(account.company_id)

    @api.depends(
        lambda self: [
            f"contact_id.{name}"
            for name in self.env["res.partner"]._get_panda_name_fields()
        ]
    )
    def _compute_names(self):
        for account in self:
            person = account.contact_id
            if person.name:
                account.first_name, account.last_name = person._get_panda_names()
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
            codes = set(account.child_ids.mapped("error_code"))
            is_gone = account.error_code in ACCOUNT_GONE or codes & PARENT_GONE
            account.can_be_forgotten = bool(account.remote_id and is_gone)

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
            snapshot = account._get_snapshot(account._get_parent_surroundings())
            code = next(parent_codes(snapshot), None)
            if code:
                raise ValidationError(self.env["panda.message"]._problem(account, code))

    @api.constrains("contact_id", "partner_id")
    def _check_contact_id(self):
        """Whoever is the contact person is sent to Panda and shown by name."""
        for account in self:
            partner, contact = account.partner_id, account.contact_id
            if contact and partner not in (contact, contact.parent_id):
                raise ValidationError(
                    self.env._(
                        "%(person)s is not a contact person of %(contact)s.",
                        person=contact.display_name,
                        contact=partner.display_name,
                    )
                )

    # === CRUD METHODS === #

    def write(self, vals):
        self._check_locked_fields(vals)
        result = super().write(vals)
        if vals.get("create_anyway"):
            # Sudo: what is known of Panda belongs to the engine. Whoever wants another
            # account no longer wants the one that was chosen.
            self.filtered("chosen_remote_id").sudo().chosen_remote_id = False
        corrected = self.filtered(lambda a: a._is_corrected_by(vals))
        if corrected and not self.env.context.get("panda_save_only"):
            self.env["panda.service"]._enqueue(corrected)
        if PERSON_FIELDS & vals.keys():
            sent = self.filtered(lambda a: a.state in ("synced", "running"))
            self.env["panda.service"]._enqueue(sent)
        return result

    def _is_corrected_by(self, names):
        """Whether setting the options ``names`` is a reason to try again."""
        if self.state == "waiting":
            return not {"parent_id", "role"}.isdisjoint(names)
        at_fault = field_of(self.error_code)
        if self.state != "failed" or at_fault != "partner_id":
            return self.state == "failed" and at_fault in names
        return not OPTION_FIELDS.isdisjoint(names)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_bound(self):
        for account in self:
            # A request may be on the wire, whose outcome would have no row.
            if account.state == "running":
                raise UserError(
                    self.env._(
                        "%s is being sent to Panda right now. Try again soon.",
                        account.display_name,
                    )
                )
            if account._may_be_in_panda():
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
        self.check_access("read")
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
        elsewhere = self.filtered(lambda account: account._is_handled_elsewhere())
        # Sudo: states belong to the engine.
        elsewhere.sudo()._set_state("draft", done_elsewhere=False)

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
        operators = self._query_panda(
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
        # Sudo: what is known of Panda belongs to the engine.
        self.sudo().write(NOTHING_KNOWN)
        self.env["panda.service"]._enqueue(self | self.child_ids)
        return True  # XML-RPC knows no None

    def action_open_options(self):
        """Open Sync Options, at the field that is at fault."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["panda.sync.options"]._open(self.partner_id, self.system_id)
        place = FOCUSED_FIELDS.get(field_of(self.error_code))
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

    def _set_state(self, state, **values):
        """Put these accounts into ``state`` and write ``values`` with it.

        The gate for every change of state by the ORM; the engine's statements go
        through ``engine.state_gate`` as well.

        :raise IllegalTransition: in tests, see `check_transition`.
        """
        for account in self:
            check_transition(account.id, account.state, state)
        self.write({"state": state, "outcome": False, **values})

    def _stop(self):
        """Send nothing more of these accounts, until somebody asks for them again.

        A create that may have been sent is still looked for, not repeated.
        """
        self.is_withdrawn = True
        # The run that holds the account looks at it again before it sends anything.
        self.filtered(lambda a: a.state == "running").resync_requested = True

    def _get_snapshot(self, surroundings=None):
        """Return the :class:`Snapshot` of this account, saved or not.

        Note: `self.ensure_one()`

        :param dict surroundings: see `_get_surroundings`; without them the snapshot
            is good for its payload and fingerprint only.
        """
        self.ensure_one()
        return Snapshot.build(
            {
                **{name: self[name] for name in COLUMNS},
                "id": self.id or 0,
                "name": self.partner_id.name,
                "parent_remote_id": self.parent_id.remote_id,
                **(surroundings or {}),
            },
            self.system_id.root_account_id or "",
        )

    def _is_up_to_date(self):
        """Whether Panda has everything that Odoo has, or nothing is to be sent."""
        self.ensure_one()
        return self.state == "synced" and (
            self._is_handled_elsewhere()
            or self.synced_fingerprint == self._get_snapshot().fingerprint
        )

    def _is_handled_elsewhere(self):
        """Whether a person has seen to it without saying which account it is."""
        self.ensure_one()
        return bool(self.done_elsewhere) and not self.remote_id

    def _may_be_in_panda(self):
        """Whether an account was created in Panda, or a create may have been sent."""
        return bool(self.remote_id or self.marker_at)

    @api.model
    def _get_known_domain(self):
        """Return which accounts Panda has, may have soon, or has in the words of a
        person."""
        return Domain.OR(
            Domain(*condition)
            for condition in (
                ("remote_id", "!=", False),
                ("marker_at", "!=", False),
                ("done_elsewhere", "!=", False),
                ("state", "=", "running"),
            )
        )

    def _forget_place(self, *, keep_choice):
        """Forget what is known, as superuser: the system is about to be another Panda.

        :param keep_choice: whether each is to be looked up by its ID there.
        """
        for account in self:
            known = account.remote_id or account.chosen_remote_id
            chosen = keep_choice and known
            account._set_state(
                "draft",
                **NOTHING_KNOWN | {"chosen_remote_id": chosen},
                run_token=False,
                attempt_count=0,
                next_attempt_at=False,
                last_sync_at=False,
                failed_at=False,
                error_code=False,
                error_detail=False,
            )

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
        """Whether nothing can be sent before the reseller is ready.

        Note: `self.ensure_one()`
        """
        if not self.parent_id:  # the usual case, for many at once
            return False
        is_ready = self.parent_id.operator_ready
        return self._get_snapshot({"parent_ready": is_ready}).waits_for_reseller

    def _can_retry(self):
        """Whether *Retry* makes sense."""
        return self.state in RETRIABLE

    def _is_affected_by(self, names):
        """Whether editing the fields ``names`` of the contact is a reason to send."""
        self.ensure_one()
        if self.state == "failed":
            return not contact_fields_of(self.error_code).isdisjoint(names)
        return self.state != "waiting"

    # === BUSINESS METHODS - VALIDATION === #
    # Everything that is wrong with an account, found without asking Panda.

    def _get_problems(self, reseller_first=False):
        """Return every :class:`Problem` of this account, saved or not.

        Note: `self.ensure_one()`

        :param reseller_first: whether the reseller is synchronised in the same go,
            so that it does not matter that he is not yet.
        """
        self.ensure_one()
        return find_problems(self._get_snapshot(self._get_surroundings(reseller_first)))

    def _get_answer(self, *, is_sent):
        """Return how this account stands, as plain values for other programs.

        :param bool is_sent: whether it lacked nothing, so that its own error counts.
        """
        problems = [] if is_sent else self._get_problems(reseller_first=True)
        code = problems[0].code if problems else self.error_code
        messages = self.env["panda.message"]
        message = messages._problem(self, code) if problems else self.error_message
        return {
            "state": self.state,
            "panda_id": self.remote_id,
            "code": code,
            "field": bool(code) and field_of(code),
            "message": message,
        }

    def _get_binding_problems(self):
        """Return what keeps the contact from being in this system at all."""
        snapshot = self._get_snapshot(self._get_binding_surroundings())
        return [Problem(code) for code in binding_codes(snapshot)]

    def _get_surroundings(self, reseller_first=False):
        """Return the fields of :class:`Surroundings`.

        :param reseller_first: see `_get_problems`.
        """
        reseller = self.partner_id.panda_reseller_id
        is_open = bool(reseller) and not (self.parent_id or reseller_first)
        return {
            **self._get_binding_surroundings(),
            **self._get_parent_surroundings(),
            "parent_ready": reseller_first or self.parent_id.operator_ready,
            "names_reseller": is_open,
            # Sudo: of whomever the user may not see, that it is ready and no more.
            "reseller_ready": is_open
            and reseller.sudo()._get_panda_account(self.system_id).operator_ready,
            "username_used": self._is_username_used(),
            "email_used": self._is_email_used(),
        }

    def _get_binding_surroundings(self):
        partner, system = self.partner_id, self.system_id
        is_shared = not partner.company_id
        return {
            "system_problem": system._get_problem_code(),
            "partner_active": partner.active,
            "other_company": not is_shared and partner.company_id != system.company_id,
        }

    def _get_parent_surroundings(self):
        parent, partner = self.parent_id, self.partner_id
        is_new_user = self.role == "user" and not self.remote_id
        return {
            "parent_is_self": bool(parent) and parent.partner_id == partner,
            "parent_in_other_system": bool(parent)
            and parent.system_id != self.system_id,
            "parent_is_reseller": not parent or parent.role == "reseller",
            "has_customers": is_new_user
            and bool(self._origin.child_ids or partner._count_panda_customers()),
        }

    def _is_username_used(self):
        """Whether another account in this system has the username, ignoring case."""
        if not self.username:
            return False
        # Sudo: what others use is taken, whether one may see them or not.
        others = self.sudo().with_context(active_test=False)
        domain = Domain("system_id", "=", self.system_id._origin.id)
        domain &= Domain("id", "!=", self._origin.id)
        domain &= Domain("username", "=ilike", _literal(self.username))
        return bool(others.search_count(domain, limit=1))

    def _is_email_used(self):
        """Whether another account in this system may use the e-mail address instead,
        whether the user may see that account or not."""
        if not self.email:
            return False
        self.flush_model(["email", "state", "remote_id", "system_id"])
        email, system_id = self.email.lower(), self.system_id._origin.id
        return is_email_used(
            self._origin.id or 0,
            get_email_owners(self.env, system_id, [email])[email],
            is_in_panda=bool(self.remote_id),
        )

    def _verify_remote_id(self, remote_id):
        """Refuse an account of Panda that cannot be this one: it must exist below the
        right parent, be of the right type and belong to nobody else.

        Asks Panda, so it commits. The run does the same with what was chosen in *Link
        to Existing*.

        Note: `self.ensure_one()`

        :raise UserError: also when Panda cannot be asked.
        """
        self.ensure_one()
        if self.parent_id and not self.parent_id.remote_id:
            raise UserError(
                self.env._(
                    "%s is not in Panda yet, so nothing can be below it.",
                    self.parent_id.display_name,
                )
            )
        self._check_remote_id(remote_id)
        if self._is_taken(remote_id) or not self._find_chosen(remote_id):
            self._refuse_remote_id(remote_id)

    def _check_remote_id(self, remote_id):
        """Refuse what cannot be the ID of this account, without asking Panda."""
        parent_id = self._get_snapshot().parent_remote_id
        root_id = self.system_id.root_account_id or ""
        if not may_be_chosen(remote_id, parent_id=parent_id, root_id=root_id):
            self._refuse_remote_id(remote_id)

    def _refuse_remote_id(self, remote_id):
        text = self.env["panda.message"]._problem(self, "link_refused", remote_id)
        raise UserError(text)

    def _find_chosen(self, remote_id):
        """Return what Panda knows of ``remote_id``, if it may be this account."""
        snapshot, root_id = self._get_snapshot(), self.system_id.root_account_id or ""
        try:
            return self._query_panda(
                Step.FIND_ACCOUNT,
                lambda client: find_chosen(
                    client,
                    remote_id,
                    parent_id=snapshot.parent_remote_id,
                    root_id=root_id,
                    account_type=(snapshot.role or Role.USER).account_type,
                ),
            )
        except UserError as error:
            raise UserError(
                self.env._(
                    "%(id)s cannot be looked up in Panda, so it is not accepted: "
                    "%(reason)s",
                    id=printable(remote_id),
                    reason=error,
                )
            ) from error

    def _is_taken(self, remote_id):
        """Whether ``remote_id`` belongs to another account of Odoo."""
        # Sudo: what others have is taken, whether one may see them or not.
        others = self.sudo().search(
            [("system_id", "=", self.system_id.id), ("remote_id", "=", remote_id)],
            limit=1,
        )
        return bool(remote_id) and bool(others - self.sudo())

    # === BUSINESS METHODS - LOCKED FIELDS === #

    @api.model
    def _get_engine_fields(self):
        return self._fields.keys() - OPTION_FIELDS

    def _check_locked_fields(self, vals):
        """Role and parent are fixed by the account in Panda, the username by its
        operator: the API changes none of them (docs/watchguard-api.md#fixed-values)."""
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
        if self._may_be_in_panda() or is_running:
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
                is_fixed = role == "reseller" or account._may_be_in_panda()
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
        """Return the buttons that lead on, the most promising one first.

        Note: `self.ensure_one()`

        :return: ``[{"name": str, "string": str}]``, methods and labels
        """
        self.ensure_one()
        labels = self._get_remedy_labels()
        names = [name for name in self._get_remedy_names() if name in labels]
        return [{"name": name.value, **labels[name]} for name in dict.fromkeys(names)]

    def _get_remedy_names(self):
        if self.state == "draft":
            return [Remedy.OPTIONS, Remedy.DONE]
        if self.state == "waiting":
            return [Remedy.RESELLER, Remedy.DONE]
        if self.state == "queued":
            stopped = not self.system_id._may_be_called() or self.system_id._is_paused()
            return [Remedy.SYSTEM] if stopped else [Remedy.NOW]
        if self.state in RETRIABLE:
            return [*self._get_error_remedies(), Remedy.NOW, Remedy.DONE]
        return []

    def _get_error_remedies(self):
        """Return what removes the reason why it is not synchronised."""
        entry = CATALOGUE.get(self.error_code or "")
        return entry.remedies if entry else ()

    def _get_remedy_labels(self):
        """Return label and question of each button that this user may press."""
        at_fault = self.state == "failed" and field_of(self.error_code)
        labels = {
            Remedy.LINK: {"string": self.env._("Link to Existing")},
            Remedy.OPTIONS: {
                "string": self.env._("Go to the Field")
                if at_fault not in (False, "", "partner_id", "name")
                else self.env._("Sync Options")
            },
            Remedy.CONTACT: {"string": self.env._("Open Contact")},
            Remedy.RESELLER: {"string": self.env._("Go to the Reseller")},
            Remedy.NOW: {"string": self._get_retry_label()},
            Remedy.DONE: {"string": self.env._("Mark as Done Elsewhere")},
        }
        if not self.parent_id:
            del labels[Remedy.RESELLER]
        if self.env["panda.system"].has_access("write"):
            labels[Remedy.SYSTEM] = {"string": self.env._("Open System")}
        if self.can_be_forgotten and self.has_access("unlink"):
            labels[Remedy.FORGET] = {
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
        """Return the values of ``panda.link.line``: what this account may be in Panda,
        or who may be its operator when it is known.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        if self.remote_id:
            remote_id, name = self.remote_id, self.partner_id.name
            return self._query_panda(
                Step.FIND_OPERATOR,
                lambda client: _operators_of(client, remote_id, name),
            )
        name = (self.marker_at and self.sent_name) or self.partner_id.name or ""
        parent_id = self.parent_id.remote_id or self.system_id.root_account_id
        is_asked = self.error_code in ("name_exists", "several_matches")
        hints = (self.error_detail or "").split(", ") if is_asked else []
        return self._query_panda(
            Step.FIND_ACCOUNT,
            lambda client: _twins_of(client, parent_id, name, hints),
        )

    def _query_panda(self, step, ask):
        """Return what ``ask``, called with a client, has learnt, and log it.

        Commits, as no transaction is open while a request is on the wire.

        :param step: under which the requests are logged.
        """
        system, exchanges = self.system_id, []
        stop = self.env["panda.message"]._explain_stop(system)
        if stop:
            raise UserError(stop)
        ends_at = time.monotonic() + LONGEST_QUERY
        transport = system._open_transport(longest=LONGEST_ANSWER, ends_at=ends_at)
        self.env["panda.service"]._commit()
        answer = error = None
        with transport:
            try:
                answer = ask(PandaClient(transport, exchanges.append))
            except PandaError as met:
                error = met
        # Sudo: nobody writes the log but the engine.
        request_log = RequestLog(self.sudo().env, system.id)
        request_log.record([Finished(self, step, None, exchanges)], set(self.ids))
        self.env["panda.service"]._commit()
        if error:
            text = self.env["panda.message"]._problem(self, error.code, error.detail)
            raise UserError(text) from error
        return answer

    # === BUSINESS METHODS - NOTIFICATIONS === #

    def _on_settled(self):
        """Do what follows once these accounts are synchronized or have failed.

        For other addons to extend. Called after each synchronization and failure,
        before people are notified, and when an account is marked as done elsewhere;
        never with a request on the wire. What raises is logged and rolled back for the
        account at fault alone; after a conflict of transactions all is done again.
        """

    def _store_outcome(self):
        """Write by the ORM how these accounts have settled, for automation rules.

        Apart from `_on_settled`, so that a rule that raises stops nothing else.
        """
        for state, accounts in self.grouped("state").items():
            # Those that somebody has queued again meanwhile settle once more.
            if state in SETTLED:
                accounts.outcome = state

    def _notify(self, *, attended):
        """Tell the followers of the contacts how these accounts stand: one note for
        each change that matters.

        :param bool attended: whether a person is looking on, who needs no activity.
        """
        changed = self.filtered(lambda a: a.last_notified != a._get_notification_key())
        self.env["res.partner"].browse(changed.partner_id.ids)._message_log_batch(
            bodies={a.partner_id.id: a._get_notification() for a in changed}
        )
        failed = changed.filtered(lambda a: a.state == "failed")
        (changed - failed).filtered("last_notified")._unschedule_activity()
        if not attended:
            failed._schedule_activity()
        keys = changed.grouped(lambda account: account._get_notification_key())
        for key, accounts in keys.items():
            accounts.last_notified = key

    def _get_notification_key(self):
        """Return what the notification is about, as a code."""
        if self.state == "failed":
            return f"{AGAIN if self._was_notified_ready() else ''}{self.error_code}"
        if self._has_another_login_email():
            return f"email:{self.email}"
        return "synced"

    def _was_notified_ready(self):
        """Whether an earlier notification said that this account is in Panda."""
        return (self.last_notified or "").startswith(("synced", "email:", AGAIN))

    def _has_another_login_email(self):
        """Whether the operator was made with another e-mail address than today's."""
        return bool(self.activation_email) and self.activation_email != self.email

    def _get_notification(self):
        lang = self.system_id.responsible_user_id.lang
        return self.env["panda.message"].with_context(lang=lang)._notification(self)

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
                note=escape(account._get_notification()),
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


def _twins_of(client, parent_id, name, hints):
    """Accounts below a parent that likely have that name, or one of the IDs ``hints``,
    with those who may sign in; those of ``hints`` come first."""
    listing = Listing(0, client.list_children(parent_id))
    twins = listing.twins(name)
    twins += [c for c in listing.children if c.id in hints and c not in twins]
    # What has no usable ID can be neither read nor linked.
    usable = [child for child in twins if is_account_id(child.id)]
    usable.sort(key=lambda child: child.id not in hints)
    return [
        {"remote_id": child.id, "name": child.name, **_details_of(client, child.id)}
        for child in usable[:SHOWN_CANDIDATES]
    ]


def _details_of(client, remote_id):
    """What a candidate shows besides its name; one that cannot be read does not keep
    the others from being shown."""
    try:
        operators = client.list_operators(remote_id)
        email = client.get_account(remote_id).email
    except PandaError:
        return {"is_unreadable": True}
    return {"email": email, "username": ", ".join(o.username for o in operators)}
