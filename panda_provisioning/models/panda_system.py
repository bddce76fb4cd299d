import math
import random
from datetime import timedelta
from urllib.parse import urlsplit

from markupsafe import escape

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import NO_ACCESS, Domain

from ..core.connection_check import check_connection
from ..core.error_catalogue import passes_by_itself
from ..core.printable import get_logger
from ..core.retry_policy import probe_wait
from ..core.secret_box import UnusableKey
from ..engine.pace_store import PaceStore
from ..engine.runner import CONFLICTS, RunSettings
from ..engine.send_budget import SendBudget
from ..panda_api.credentials import Credentials
from ..panda_api.sandbox import is_sandbox_host
from ..panda_api.transport import Transport

_logger = get_logger(__name__)

MANAGER = "panda_provisioning.group_panda_manager"
ACTIVITY = "panda_provisioning.mail_activity_type_panda"
CONNECTION = {"base_url", "root_account_id", "access_id"}
PACE = {"requests_per_second", "requests_per_day"}
SECRETS = {"access_password", "api_key"}
"""What a manager types in and nobody ever reads."""
WEEK = 7 * 24 * 3600
LIMITS = {
    "max_connections": (1, 128),
    "requests_per_second": (0, 1000),
    "requests_per_day": (0, 10**9),
    "request_timeout": (1, 120),
    "search_delay": (0, WEEK),
    "activation_timeout": (1, WEEK),
}
"""The least and the most of what may be entered."""
ALERT_AFTER = 300
"""Seconds that trouble which may pass by itself must last until people are notified."""
NO_TURN = {"not_sent", "throttled", "daily_limit"}
"""Codes of a check for which nothing could be sent."""
RECOVERY = 900
"""Seconds that a system must have answered until its trouble counts as over; only
:data:`ALERT_AFTER` if nobody was notified of it."""


class PandaSystem(models.Model):
    """One connection to a service provider's account in WatchGuard Cloud."""

    _name = "panda.system"
    _description = "Panda System"
    _inherit = [
        "panda.guard.mixin",
        "provisioning.system.mixin",
        "mail.thread",
        "mail.activity.mixin",
    ]
    _order = "sequence, id"
    _check_company_auto = True

    # === FIELDS === #

    name = fields.Char(required=True, default="Panda Antivirus", translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
        tracking=True,
    )
    state = fields.Selection(
        [("disabled", "Disabled"), ("test", "Test Mode"), ("enabled", "Enabled")],
        required=True,
        default="disabled",
        copy=False,
        tracking=True,
        help="In test mode everything works as when enabled, but records are marked "
        "as belonging to a test system and the address may be a local one.",
    )
    base_url = fields.Char(
        string="API Address",
        required=True,
        default="https://api.usa.cloud.watchguard.com",
        tracking=True,
        help="The base API URL shown in WatchGuard Cloud under Administration > "
        "Managed Access > Enable API Access.",
    )
    root_account_id = fields.Char(
        copy=False,
        tracking=True,
        help="Your own service provider account, e.g. ACC-1234567. Resellers and "
        "direct customers are created below it.",
    )
    access_id = fields.Char(
        string="Access ID",
        groups=MANAGER,
        copy=False,
        help="The read-write Access ID, not the read-only one.",
    )
    access_password = fields.Char(
        compute="_compute_secrets",
        inverse="_inverse_access_password",
        groups=MANAGER,
        help="Stored when you type it and never shown again.",
    )
    api_key = fields.Char(
        string="API Key",
        compute="_compute_secrets",
        inverse="_inverse_api_key",
        groups=MANAGER,
        help="Stored when you type it and never shown again.",
    )
    has_access_password = fields.Boolean(compute="_compute_secrets", groups=MANAGER)
    has_api_key = fields.Boolean(compute="_compute_secrets", groups=MANAGER)
    has_unreadable_secrets = fields.Boolean(compute="_compute_secrets", groups=MANAGER)
    max_connections = fields.Integer(
        default=8, required=True, help="Requests that may be under way at once."
    )
    requests_per_second = fields.Float(
        default=0,
        help="Upper limit for all requests to this system, whoever sends them; 0 means "
        "none. Odoo slows down by itself when Panda refuses requests.",
    )
    requests_per_day = fields.Integer(
        default=0,
        help="Upper limit for the requests of one day (UTC); 0 means none. When it is "
        "used up, Odoo goes on at midnight UTC.",
    )
    request_timeout = fields.Integer(
        default=30, required=True, help="Seconds that Panda may take to answer."
    )
    search_delay = fields.Integer(
        default=120,
        required=True,
        help="Seconds that Panda may take until a search shows a new account. After "
        "a lost answer nothing is created again before this time is over.",
    )
    activation_timeout = fields.Integer(
        default=900,
        required=True,
        help="Seconds that the creation of an operator may stay pending in Panda "
        "before it is looked into.",
    )
    responsible_user_id = fields.Many2one(
        "res.users",
        default=lambda self: self.env.user,
        string="Responsible",
        domain=[("share", "=", False)],
        help="Told when the connection fails and when accounts need a decision.",
    )
    account_ids = fields.One2many("panda.account", "system_id")
    cron_id = fields.Many2one(
        "ir.cron",
        string="Scheduled Action",
        groups=NO_ACCESS,
        readonly=True,
        copy=False,
        help="Synchronizes the accounts of this system. Each system has its own, so "
        "that several workers share the systems and none waits for another one.",
    )

    health = fields.Selection(
        [
            ("unknown", "Not Checked"),
            ("healthy", "Healthy"),
            ("throttled", "Paused"),
            ("quarantined", "Interrupted"),
        ],
        default="unknown",
        required=True,
        readonly=True,
        copy=False,
    )
    health_code = fields.Char(readonly=True, copy=False)
    health_since = fields.Datetime(readonly=True, copy=False)
    health_message = fields.Char(compute="_compute_health_message")
    next_probe_at = fields.Datetime(readonly=True, copy=False)
    probe_count = fields.Integer(readonly=True, copy=False)
    trouble_since = fields.Datetime(
        readonly=True,
        copy=False,
        help="When the system was interrupted first; empty once it has answered for a "
        "while.",
    )
    trouble_notified_at = fields.Datetime(
        readonly=True,
        copy=False,
        help="When people were notified that the system does not work; empty once they "
        "were notified that it does again.",
    )

    # === CONSTRAINTS AND INDEXES === #

    _max_connections_range = models.Constraint(
        "CHECK(max_connections BETWEEN 1 AND 128)",
        "The number of connections must be between 1 and 128.",
    )
    _positive_times = models.Constraint(
        "CHECK(request_timeout BETWEEN 1 AND 120 AND search_delay >= 0"
        " AND activation_timeout > 0 AND requests_per_second >= 0)",
        "Times and limits must be positive; an answer may take 120 seconds at most.",
    )

    # === COMPUTE METHODS === #

    def _compute_secrets(self):
        # Sudo: the secrets are closed to everybody, managers included.
        names = self.env["panda.system.secret"].sudo()._get_names(self._origin)
        for system in self:
            found, unreadable = names.get(system._origin.id, ((), ()))
            system.access_password = system.api_key = False
            system.has_access_password = "access_password" in found
            system.has_api_key = "api_key" in found
            system.has_unreadable_secrets = bool(unreadable)

    def _inverse_access_password(self):
        self._keep_secret("access_password")

    def _inverse_api_key(self):
        self._keep_secret("api_key")

    def _keep_secret(self, name):
        """Move a secret that was typed to where nobody reads it."""
        # Sudo: the target is closed to everybody, managers included.
        secrets = self.env["panda.system.secret"].sudo()
        for system in self:
            if system[name]:
                try:
                    secrets._keep(system, name, "".join(system[name].split()))
                except UnusableKey:
                    messages = self.env["panda.message"]
                    raise UserError(
                        messages._system_problem(system, "secrets_unreadable")
                    ) from None
        self._forget_known_secrets()

    def _forget_known_secrets(self):
        """Look again which secrets there are."""
        names = ["has_access_password", "has_api_key", "has_unreadable_secrets"]
        self.invalidate_recordset([*names, *SECRETS], flush=False)

    @api.depends("state", "health", "health_code", "health_since", "next_probe_at")
    @api.depends_context("lang", "tz")
    def _compute_health_message(self):
        messages = self.env["panda.message"]
        for system in self:
            code = system._get_problem_code()
            system.health_message = (
                messages._system_problem(system, code)
                if code in ("system_copied", "secrets_unreadable")
                else messages._health(system)
            )

    # === CONSTRAINT METHODS === #

    @api.constrains("base_url", "state")
    def _check_base_url(self):
        for system in self:
            url = urlsplit(system.base_url or "")
            is_sandbox = is_sandbox_host(url.hostname) and system.state != "enabled"
            if not url.hostname or url.scheme not in ("https", "http"):
                raise ValidationError(
                    self.env._(
                        "The API address must look like "
                        "https://api.usa.cloud.watchguard.com."
                    )
                )
            if url.scheme == "http" and not is_sandbox:
                raise ValidationError(
                    self.env._(
                        "The API address must start with https://. Only a sandbox in "
                        "test mode may do without, on this machine or beside it under "
                        "a name without a dot, such as http://sandbox:8470."
                    )
                )
            if url.username or url.password or url.query or url.fragment:
                raise ValidationError(
                    self.env._("Give the API address without credentials or query.")
                )

    @api.constrains("state", "root_account_id", "access_id")
    def _check_complete(self):
        for system in self.filtered(lambda s: s.state != "disabled"):
            missing = system._get_missing_labels()
            if missing:
                raise ValidationError(
                    self.env._(
                        "%(system)s cannot be switched on yet. Fill in: %(fields)s.",
                        system=system.name,
                        fields=missing,
                    )
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        self.check_access("create")
        for vals in vals_list:
            self._check_limits(self._add_missing_default_values(vals))
        # Switched on last: the secrets, which that asks for, are kept after creation.
        disabled = [{**vals, "state": "disabled"} for vals in vals_list]
        systems = super().create(disabled)
        for system, vals in zip(systems, vals_list, strict=True):
            if vals.get("state", "disabled") != "disabled":
                system.state = vals["state"]
        systems._ensure_cron()
        return systems

    def write(self, vals):
        self._check_limits(vals)
        secrets = {name: vals[name] for name in SECRETS & vals.keys()}
        if secrets:
            # First of all: switching on in the same go asks for them.
            super().write(secrets)
            vals = {name: value for name, value in vals.items() if name not in secrets}
        result = super().write(vals)
        if secrets or (CONNECTION | PACE) & vals.keys():
            # What was mended is tried at once.
            self.sudo().filtered("next_probe_at").next_probe_at = fields.Datetime.now()
        return result

    @api.model
    def _check_limits(self, vals):
        """Refuse what the database would refuse: its error, in the answer and in the
        log, quotes the whole row.

        :raise ValidationError: that names the field.
        """
        for name in LIMITS.keys() & vals.keys():
            least, most = LIMITS[name]
            value = self._fields[name].convert_to_cache(vals[name], self) or 0
            if not least <= value <= most:  # so for what is no number, too (NaN)
                raise ValidationError(
                    self.env._(
                        "%(field)s must be between %(least)s and %(most)s.",
                        field=self._fields[name]._description_string(self.env),
                        least=least,
                        most=most,
                    )
                )
        entered = self._fields.keys() - LIMITS.keys() - self._get_engine_fields()
        for name in entered & vals.keys():
            if self._fields[name].required and not vals[name]:
                raise ValidationError(
                    self.env._(
                        "Fill in: %s.",
                        self._fields[name]._description_string(self.env),
                    )
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        # Sudo: those of other companies count too.
        accounts = self.env["panda.account"].sudo()
        in_panda = Domain("remote_id", "!=", False)
        for system in self:
            own = Domain("system_id", "=", system.id)
            if accounts.search_count(own & in_panda, limit=1):
                raise UserError(
                    self.env._(
                        "%s has accounts in Panda. Archive it instead of deleting it, "
                        "so that it stays known which contact is which account.",
                        system.name,
                    )
                )

    @api.ondelete(at_uninstall=True)
    def _unlink_cron(self):
        # Sudo: closed to everybody.
        self.sudo().cron_id.unlink()

    # === ACTION METHODS === #

    def action_test_connection(self):
        """Try the connection and tell which of its values is wrong."""
        self.ensure_one()
        self.check_access("write")
        finding = self._test_connection()
        connected = finding.is_connected
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success" if connected else "danger",
                "sticky": not connected,
                "title": self.env._("Connection works")
                if connected
                else self.env._("Connection failed"),
                "message": self.env["panda.message"]._finding(self, finding),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    # === BUSINESS METHODS === #

    @api.model
    def _get_default(self, partner):
        """Return the system of ``partner`` when nobody has chosen one."""
        system = self.search(self._get_domain_for(partner), limit=1)
        if not system:
            raise UserError(
                self.env._(
                    "There is no Panda system for %s. A Panda administrator can set "
                    "one up under Panda > Configuration.",
                    partner.display_name,
                )
            )
        return system

    @api.model
    def _get_company_default(self):
        """Return the first system of the company, maybe none."""
        domain = Domain("state", "!=", "disabled")
        return self.search(
            domain & Domain("company_id", "=", self.env.company.id), limit=1
        )

    def _get_domain_for(self, partner):
        """Systems that ``partner`` may be synchronised with."""
        domain = Domain("state", "!=", "disabled")
        domain &= Domain("company_id", "in", self.env.companies.ids)
        if partner.company_id:
            domain &= Domain("company_id", "=", partner.company_id.id)
        return domain

    # === BUSINESS METHODS - CONNECTION === #

    def _test_connection(self):
        """Try the connection and return the :class:`Finding`.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        if not self._is_own_database():
            messages = self.env["panda.message"]
            raise UserError(messages._system_problem(self, "system_copied"))
        missing = self._get_missing_labels()
        if missing:
            raise UserError(
                self.env._(
                    "%(system)s cannot be tested yet. Fill in: %(fields)s.",
                    system=self.name,
                    fields=missing,
                )
            )
        transport, root = self._open_transport(), self.root_account_id or ""
        # No transaction is open while a request is on the wire.
        self.env["panda.service"]._commit()
        with transport:
            finding = check_connection(transport, root)
        if finding.is_connected:
            self._set_healthy()
        return finding

    @api.model
    def _get_engine_fields(self):
        return {
            *("health", "health_code", "health_since", "next_probe_at"),
            *("trouble_since", "trouble_notified_at", "probe_count", "batch_done"),
            "cron_id",
        }

    def _get_missing_labels(self):
        """Return what is lacking to connect, for people."""
        system_sudo = self.sudo()  # closed to users
        required = {
            "root_account_id": system_sudo.root_account_id,
            "access_id": system_sudo.access_id,
            "access_password": system_sudo.has_access_password,
            "api_key": system_sudo.has_api_key,
        }
        missing = [self._fields[name] for name, value in required.items() if not value]
        return ", ".join(field._description_string(self.env) for field in missing)

    def _may_be_called(self):
        """Whether requests may be sent at all, from this database.

        Note: `self.ensure_one()`
        """
        return not self._get_problem_code()

    def _get_problem_code(self):
        """Return the code of what keeps this system from being called, or ``""``."""
        if not self.active:
            return "system_archived"
        if self.state == "disabled":
            return "system_disabled"
        if not self._is_own_database():
            return "system_copied"
        # Sudo: what is known of the secrets is for managers.
        return "secrets_unreadable" if self.sudo().has_unreadable_secrets else ""

    def _open_transport(
        self, max_connections=None, longest=None, ends_at=math.inf, urgent=True
    ):
        """Return a :class:`Transport`; the one place where secrets are read.

        Note: `self.ensure_one()`

        :param urgent: whether a person waits, whose requests go first.
        :param longest: seconds that an answer may take, if less than set.
        :param ends_at: when everything is cut, in seconds of `time.monotonic`.
        """
        self.ensure_one()
        system_sudo = self.sudo()  # secrets are closed to everybody
        secrets = system_sudo._read_secrets()
        return Transport(
            system_sudo.base_url,
            Credentials(
                access_id=system_sudo.access_id or "",
                password=secrets.get("access_password", ""),
                api_key=secrets.get("api_key", ""),
            ),
            max_connections=max_connections or system_sudo.max_connections,
            limiter=SendBudget(
                PaceStore(self.env.cr.dbname, self.id),
                most=system_sudo.requests_per_second,
                per_day=system_sudo.requests_per_day,
                urgent=urgent,
            ),
            timeout=min(filter(None, (system_sudo.request_timeout, longest))),
            ends_at=ends_at,
        )

    def _read_secrets(self):
        """Return the secrets by name, as superuser.

        :raise UserError: if they cannot be decrypted.
        """
        try:
            return self.env["panda.system.secret"]._get(self)
        except UnusableKey:
            messages = self.env["panda.message"]
            raise UserError(
                messages._system_problem(self, "secrets_unreadable")
            ) from None

    def _get_run_settings(self, connections=1):
        """Return the :class:`RunSettings` of this system.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        return RunSettings(
            system_id=self.id,
            base_url=self.base_url,
            root_account_id=self.root_account_id,
            request_timeout=self.request_timeout,
            search_delay=self.search_delay,
            activation_timeout=self.activation_timeout,
            connections=connections,
            batch_done=self.batch_done,
        )

    def _get_connection_count(self):
        """Return how many connections are of use at the agreed pace.

        More would wait for their turn so long that their leases might run out.
        """
        self.ensure_one()
        if not self.requests_per_second:
            return self.max_connections
        useful = int(self.requests_per_second * self.request_timeout)
        return min(self.max_connections, max(1, useful))

    # === BUSINESS METHODS - SCHEDULED ACTION === #

    @api.model
    def _cron_synchronize(self, system_id):
        """Work on all that is due in one system."""
        system = self.browse(system_id).exists().filtered("active")
        if system and system.state != "disabled":
            self.env["panda.service"]._synchronize_system(system)

    def _trigger(self, at=None):
        """Have the accounts of these systems worked on soon.

        :param datetime at: not before that time.
        """
        self._ensure_cron()
        # Sudo: whoever queues an account may not read crons.
        for cron in self.sudo().cron_id:
            cron._trigger(at)

    def _ensure_cron(self):
        """Give a scheduled action to those that have none, as it may be deleted."""
        # Sudo: whoever creates a system may not create crons.
        for system in self.sudo().filtered(lambda s: not s.cron_id):
            system.cron_id = self.env["ir.cron"].sudo().create(system._prepare_cron())
            # With an XML id, it is deleted with the addon.
            self.env["ir.model.data"].sudo().create(
                {
                    "module": "panda_provisioning",
                    "name": f"ir_cron_synchronize_{system.id}",
                    "model": "ir.cron",
                    "res_id": system.cron_id.id,
                    "noupdate": True,
                }
            )

    def _prepare_cron(self):
        return {
            "name": self.env._("Panda: Synchronize accounts of %s", self.name),
            "model_id": self.env["ir.model"]._get_id(self._name),
            "state": "code",
            "code": f"model._cron_synchronize({self.id})",
            "user_id": self.env.ref("base.user_root").id,
            # What is queued triggers it at once; the schedule is the safety net.
            "interval_number": 10,
            "interval_type": "minutes",
            "priority": 5,
        }

    # === BUSINESS METHODS - HEALTH === #
    # While a system is in quarantine no account is tried and none loses an attempt;
    # the cron probes at growing intervals.

    def _is_paused(self):
        """Whether nothing may be sent before :attr:`next_probe_at`.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        return bool(self.next_probe_at) and self.next_probe_at > fields.Datetime.now()

    def _pause(self, error):
        """Send nothing for as long as Panda asks; ``error`` is a throttling."""
        self._wait_for_probe("throttled", error.code, error.retry_after)

    def _interrupt(self, finding):
        """Stop sending until a probe finds the system in order; ``finding`` says
        what was wrong.

        The responsible person hears of it once, however often it comes and goes and
        whatever else goes wrong, until the system has answered for :data:`RECOVERY`;
        and not at all of what has passed by itself within :data:`ALERT_AFTER`.
        """
        if finding.code in NO_TURN and self.health == "quarantined":
            # A probe that could not be sent says nothing new.
            self._wait_for_probe(self.health, self.health_code, finding.retry_after)
            return
        is_other = self.health_code != finding.code
        self._wait_for_probe("quarantined", finding.code, finding.retry_after)
        now = fields.Datetime.now()
        if not self.trouble_since:
            self.sudo().trouble_since = now
        if self.trouble_notified_at:
            if is_other:
                self._tell(lambda: self._note_interruption(finding))
        elif not passes_by_itself(finding.code) or (
            now - self.trouble_since >= timedelta(seconds=ALERT_AFTER)
        ):
            self.sudo().trouble_notified_at = now
            self._tell(lambda: self._notify_interruption(finding))

    def _set_healthy(self):
        """Note that the system answers as it should."""
        for system in self:
            if system.health != "healthy":
                system._set_health("healthy", False, next_probe_at=False)
                system._notify_overview()
                system._trigger()
                if system.trouble_since:
                    system._trigger(system._get_recovery_time())
            system._recover()

    def _recover(self):
        """Note that the trouble is over, once it has been for long enough."""
        if self.health != "healthy" or (
            self.trouble_since and self._get_recovery_time() > fields.Datetime.now()
        ):
            return
        if self.probe_count:
            self.sudo().probe_count = 0
        if self.trouble_since:
            was_notified = bool(self.trouble_notified_at)
            self.sudo().write({"trouble_since": False, "trouble_notified_at": False})
            if was_notified:
                self._tell(self._notify_recovery)

    def _get_recovery_time(self):
        seconds = RECOVERY if self.trouble_notified_at else ALERT_AFTER
        return self.health_since + timedelta(seconds=seconds)

    def _wait_for_probe(self, health, code, retry_after):
        """Send nothing until the next probe, which comes the later the more of them
        were in vain."""
        probes = self.probe_count + 1
        wait = probe_wait(retry_after, probes, random.uniform)
        # One second more, since the current one has begun already.
        next_at = fields.Datetime.now() + timedelta(seconds=wait + 1)
        self._set_health(health, code, next_probe_at=next_at, probe_count=probes)
        self._notify_overview()

    def _set_health(self, health, code, **values):
        if (self.health, self.health_code) != (health, code):
            values |= {
                "health": health,
                "health_code": code,
                "health_since": fields.Datetime.now(),
            }
        # Sudo: whoever tests the connection does not set its health.
        self.sudo().write(values)

    # === BUSINESS METHODS - NOTIFICATIONS === #

    def _tell(self, work):
        """Do ``work``, which tells people; what refuses it ends no run.

        :raise CONFLICTS: if another transaction was in the way.
        """
        try:
            with self.env["panda.service"]._checked_savepoint():
                work()
        except CONFLICTS:
            raise  # the run does it again
        except Exception:
            if self.env.cr.closed:
                raise  # the connection to the database is lost
            _logger.exception("Telling people about the Panda system %s", self.id)

    def _notify_interruption(self, finding):
        user = self.env["panda.service"]._get_person(self.responsible_user_id)
        self._note_interruption(finding)
        message = self._get_finding_text(finding, user)
        self.message_post(body=message, partner_ids=user.partner_id.ids)

    def _note_interruption(self, finding):
        """Have the activity say what is wrong; whoever was told is not told again."""
        user = self.env["panda.service"]._get_person(self.responsible_user_id)
        summary = self.with_context(lang=user.lang).env._("Panda is interrupted")
        text = self._get_finding_text(finding, user)
        self._schedule_quietly(ACTIVITY, summary, text, user)

    def _get_finding_text(self, finding, user):
        system = self.with_context(lang=user.lang)
        return system.env["panda.message"]._finding(system, finding)

    def _schedule_quietly(self, activity, summary, text, user):
        """Have one ``activity`` for ``user``, without a mail that it was assigned."""
        self.activity_unlink([activity])
        self.with_context(mail_activity_quick_update=True).activity_schedule(
            activity, summary=summary, note=escape(text), user_id=user.id
        )

    def _notify_recovery(self):
        system = self.with_context(lang=self.responsible_user_id.lang)
        self.activity_unlink([ACTIVITY])
        self.message_post(
            body=system.env._("Panda answers again. What was waiting is being sent.")
        )

    # === BUSINESS METHODS - PROVISIONING SYSTEM === #

    @api.model
    def _provisioning_systems(self, partner):
        return self.search(self._get_domain_for(partner))

    def _provisioning_status(self, partner):
        account = partner._get_panda_account(self)
        return {
            "state": account.state or "draft",
            "status": self.env["panda.message"].sudo()._next(account.sudo()),
            "reason": account.error_message,
            "username": account.username,
            "last_sync": account.last_sync_at,
            "can_retry": account._can_retry(),
            "has_details": bool(account),
        }

    def _provisioning_open_options(self, partner):
        return self.env["panda.sync.options"]._open(partner, self)

    def _provisioning_retry(self, partner):
        partner._get_panda_account(self).action_synchronize_now()

    def _provisioning_open_details(self, partner):
        return partner._get_panda_account(self)._get_records_action(
            name=self.env._("Synchronization Details")
        )
