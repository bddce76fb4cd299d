from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain


class PandaSystem(models.Model):
    """One connection to a service provider's account in WatchGuard Cloud."""

    _name = "panda.system"
    _description = "Panda System"
    _inherit = ["provisioning.system.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "sequence, id"
    _check_company_auto = True

    # === FIELDS === #

    name = fields.Char(required=True, default="Panda Antivirus", translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
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
    max_connections = fields.Integer(
        default=8, required=True, help="Requests that may be under way at once."
    )
    requests_per_second = fields.Float(
        default=0, help="Upper limit for the requests of one run; 0 means none."
    )
    request_timeout = fields.Integer(
        default=30, required=True, help="Seconds that Panda may take to answer."
    )
    search_grace = fields.Integer(
        string="Search Delay",
        default=120,
        required=True,
        help="Seconds that Panda may take until a search shows a new account. After "
        "a lost answer nothing is created again before this time is over.",
    )
    activation_patience = fields.Integer(
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

    _max_connections_range = models.Constraint(
        "CHECK(max_connections BETWEEN 1 AND 128)",
        "The number of connections must be between 1 and 128.",
    )
    _positive_times = models.Constraint(
        "CHECK(request_timeout BETWEEN 1 AND 120 AND search_grace >= 0"
        " AND activation_patience > 0 AND requests_per_second >= 0)",
        "Times and limits must be positive; an answer may take 120 seconds at most.",
    )

    # === CRUD METHODS === #

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

    # === BUSINESS METHODS === #

    def _get_domain_for(self, partner):
        """Systems that ``partner`` may be synchronised with."""
        domain = Domain("state", "!=", "disabled")
        domain &= Domain("company_id", "in", self.env.companies.ids)
        if partner.company_id:
            domain &= Domain("company_id", "=", partner.company_id.id)
        return domain

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

    def _get_connection_count(self):
        """Return how many connections are of use at the agreed pace.

        More would wait for their turn so long that their leases might run out.
        """
        self.ensure_one()
        if not self.requests_per_second:
            return self.max_connections
        useful = int(self.requests_per_second * self.request_timeout)
        return min(self.max_connections, max(1, useful))

    # === PROVISIONING SYSTEM === #

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
