from odoo import api, fields, models
from odoo.fields import Domain

from ..panda_api.names import split_name
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
