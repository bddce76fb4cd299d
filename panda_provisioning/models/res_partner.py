from collections import defaultdict

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools.mail import email_normalize, email_split

from ..core.error_catalogue import MADE_OF_CONTACT
from ..core.names import split_name
from ..core.validation import EMAIL
from .panda_account import MOST_URGENT_FIRST, STATES

CONCERNING = set().union(*MADE_OF_CONTACT.values()) | {
    "company_id",
    "is_company",
    "panda_reseller_id",
    "parent_id",
    "type",
}
"""Fields that are sent to Panda, or that decide whether anything may be sent."""

NAME_PARTS = ("firstname", "lastname")

SHOWN_FIELDS = (
    "partner_id",
    "system_id",
    "parent_id",
    "state",
    "role",
    "username",
    "remote_id",
    "last_sync_at",
    "error_code",
    "error_detail",
    "next_attempt_at",
    "attempt_count",
    "marker_at",
    "transaction_id",
    "done_elsewhere",
)
"""All that a contact shows of its account and its state, read at once."""

USER = "panda_provisioning.group_panda_user"
INTERNAL = "base.group_user"
"""Who may read how a contact stands, in the words of engine and Panda: not the contact
itself, who can read every other field of its own over RPC."""


class ResPartner(models.Model):
    _name = "res.partner"
    _inherit = ["res.partner", "panda.guard.mixin"]

    # === FIELDS === #

    panda_account_ids = fields.One2many(
        "panda.account", "partner_id", string="Panda Accounts", groups=USER
    )
    panda_reseller_id = fields.Many2one(
        "res.partner",
        string="Reseller",
        index="btree_not_null",
        tracking=True,
        domain="[('id', '!=', id), ('parent_id', '=', False)]",
        groups=INTERNAL,
        help="The reseller who sells to this customer: its Parent Account in Panda.",
    )
    panda_customer_ids = fields.One2many(
        "res.partner",
        "panda_reseller_id",
        string="Customers of this Reseller",
        groups=INTERNAL,
    )
    panda_sync_status = fields.Selection(
        STATES,
        string="Provisioning Sync Status",
        compute="_compute_panda",
        search="_search_panda_sync_status",
        compute_sudo=True,
        # Hidden from customers in the portal when it is computed, not by groups: the
        # list of contacts, which colours its rows by it, is there for all groups.
    )
    panda_role = fields.Selection(
        [("user", "User"), ("reseller", "Reseller")],
        compute="_compute_panda",
        search="_search_panda_role",
        compute_sudo=True,
        groups=INTERNAL,
    )
    panda_username = fields.Char(
        compute="_compute_panda",
        search="_search_panda_username",
        compute_sudo=True,
        groups=INTERNAL,
    )
    panda_remote_id = fields.Char(
        string="Panda ID",
        compute="_compute_panda",
        search="_search_panda_remote_id",
        compute_sudo=True,
        groups=INTERNAL,
    )
    panda_last_sync = fields.Datetime(
        string="Last Panda Sync",
        compute="_compute_panda",
        search="_search_panda_last_sync",
        compute_sudo=True,
        groups=INTERNAL,
    )
    panda_status_text = fields.Char(
        string="What Happens Next",
        compute="_compute_panda",
        compute_sudo=True,
        groups=INTERNAL,
        help="What the status means and what happens next.",
    )

    # === COMPUTE METHODS === #

    @api.depends("commercial_partner_id")
    @api.depends_context("allowed_company_ids", "lang", "tz", "uid")
    def _compute_panda(self):
        """Show the account that needs attention most, of any visible company."""
        shown = self._get_shown_panda_accounts()
        is_shown = self._is_panda_status_shown()
        for partner in self:
            own = shown[partner.id]
            account = own or shown[partner.commercial_partner_id.id]
            partner.panda_sync_status = is_shown and (account.state or "draft")
            partner.panda_role = account.role
            partner.panda_username = account.username
            partner.panda_remote_id = account.remote_id
            partner.panda_last_sync = account.last_sync_at
            partner.panda_status_text = self.env["panda.message"]._explain(account)

    def _get_shown_panda_accounts(self):
        """Return ``{contact id: account}``, empty accounts included."""
        accounts = self.env["panda.account"].search_fetch(
            Domain("partner_id", "in", (self | self.commercial_partner_id).ids)
            & Domain("company_id", "in", self._get_panda_companies().ids),
            SHOWN_FIELDS,
        )
        shown = defaultdict(lambda: self.env["panda.account"])
        for account in accounts.sorted(
            lambda a: MOST_URGENT_FIRST.index(a.state), reverse=True
        ):
            shown[account.partner_id.id] = account
        return shown

    def _get_panda_companies(self):
        """Return the companies whose accounts the user may see here.

        A client can name any company in the context, which superuser code takes as it
        is.
        """
        companies = self.env.companies
        is_bot = self.env.uid == SUPERUSER_ID
        return companies if is_bot else companies & self.env.user.company_ids

    def _is_panda_status_shown(self):
        return self.env.uid == SUPERUSER_ID or self.env.user.has_group(INTERNAL)

    def _search_panda_sync_status(self, operator, value):
        if operator != "in":
            return NotImplemented
        domains = []
        for position, state in enumerate(MOST_URGENT_FIRST):
            if state in value or (state == "draft" and False in value):
                more_urgent = self._panda_domain(
                    "state", "in", MOST_URGENT_FIRST[:position]
                )
                has_state = (
                    Domain.TRUE
                    if state == "draft"
                    else self._panda_domain("state", "in", [state])
                )
                domains.append(has_state & ~more_urgent)
        return Domain.OR(domains)

    def _search_panda_role(self, operator, value):
        return self._search_panda("role", operator, value)

    def _search_panda_username(self, operator, value):
        return self._search_panda("username", operator, value)

    def _search_panda_remote_id(self, operator, value):
        return self._search_panda("remote_id", operator, value)

    def _search_panda_last_sync(self, operator, value):
        return self._search_panda("last_sync_at", operator, value)

    def _search_panda(self, name, operator, value):
        if operator in Domain.NEGATIVE_OPERATORS:
            return NotImplemented
        if operator == "in" and False in value:
            without = ~self._panda_domain(name, "!=", False)
            return without | self._panda_domain(name, "in", set(value) - {False})
        return self._panda_domain(name, operator, value)

    def _panda_domain(self, name, operator, value):
        """Contacts whose account matches, or that of whose commercial entity.

        Conditions on fields that are searched like this are not refused by the groups
        of the field.
        """
        if not self._is_panda_status_shown():
            return Domain.FALSE
        # Sudo: the status is shown to everybody, whatever his rights on accounts.
        accounts = self.env["panda.account"].sudo()
        visible = Domain("company_id", "in", self._get_panda_companies().ids)
        matching = accounts._search(visible & Domain(name, operator, value))
        matching = matching.subselect("partner_id")
        with_own = accounts._search(visible).subselect("partner_id")
        return Domain("id", "in", matching) | (
            Domain("commercial_partner_id", "in", matching)
            & Domain("id", "not in", with_own)
        )

    # === CONSTRAINT METHODS === #

    @api.constrains("panda_reseller_id")
    def _check_panda_reseller_id(self):
        for partner in self:
            if partner.panda_reseller_id.commercial_partner_id == partner:
                raise ValidationError(
                    self.env._("A contact cannot be its own reseller.")
                )
            # Sudo: whoever edits a contact need not know about Panda.
            accounts = partner.panda_reseller_id.sudo().panda_account_ids
            if accounts.filtered(lambda a: a.role == "user" and a.remote_id):
                raise ValidationError(
                    self.env._(
                        "%s is a User in Panda, which cannot make it a reseller.",
                        partner.panda_reseller_id.display_name,
                    )
                )
        if self._has_cycle("panda_reseller_id"):
            raise ValidationError(
                self.env._("Two contacts cannot be each other's reseller.")
            )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        partners = super().create(vals_list)
        parents = partners.parent_id
        if parents:
            # A new contact person may be the one that Panda asks for.
            self.env["panda.service"]._partner_changed(parents, {"name"})
        return partners

    def write(self, vals):
        result = super().write(vals)
        names = CONCERNING & vals.keys()
        if not vals.keys().isdisjoint(self._get_panda_name_fields()):
            names.add("name")
        if names:
            self.env["panda.service"]._partner_changed(self, names)
        return result

    def unlink(self):
        self.check_access("unlink")
        # Sudo: whoever may delete a contact need not know about Panda. What is in
        # Panda stays, and so does its contact: the account refuses to be deleted.
        accounts = self.env["panda.account"].sudo()
        accounts.search([("partner_id", "in", self.ids)]).unlink()
        orphaned = accounts.search([("contact_id", "in", self.ids)])
        result = super().unlink()
        # Somebody else is the contact person now.
        self.env.add_to_compute(orphaned._fields["contact_id"], orphaned)
        self.env["panda.service"]._enqueue(
            orphaned.filtered(lambda account: account.state != "draft")
        )
        return result

    @api.model
    def get_import_templates(self):
        ours = {
            "label": self.env._("Import Template for Contacts in Panda"),
            "template": "/panda_provisioning/static/xls/panda_contacts.xlsx",
        }
        return [*super().get_import_templates(), ours]

    # === ACTION METHODS === #

    def action_open_panda_systems(self):
        """Open the pop-up of the systems that this contact can be provisioned into."""
        self.ensure_one()
        return self.env["provisioning.systems"]._open(self._get_panda_entity())

    def action_panda_synchronize(self):
        """Synchronise these contacts with the Panda system of their company.

        For buttons, automation rules and server actions: queues and returns at once.
        What was chosen in Sync Options counts; the rest is proposed as there.
        """
        self.env["panda.service"]._request(self._get_or_create_panda_accounts())
        return True  # XML-RPC knows no None

    def panda_provision(self, options=None, wait=False):
        """Synchronize these contacts and tell how they stand; for other programs.

        What is not among the options is proposed as in Sync Options. A contact that
        lacks something is not sent, and does not keep the others from being sent.

        :param dict options: ``role`` (``user`` or ``reseller``) and ``create_anyway``;
            for a single contact also ``username``, ``first_name`` and ``last_name``
        :param bool wait: whether to return when they have come to rest, after 25
            seconds at most, and not at once. Commits before anything is sent.
        :return: a dictionary for each contact, in their order: ``id``, ``state``,
            ``panda_id``, and if something is wrong ``code``, ``field`` and ``message``;
            false for what there is not
        :raise UserError: for other options, or without a system
        """
        self._check_panda_options(options or {})
        accounts = self._get_or_create_panda_accounts()
        if options:
            accounts.with_context(panda_save_only=True).write(options)
        ready = accounts.filtered(lambda a: not a._get_problems(reseller_first=True))
        if wait:
            ready.action_synchronize_now()
        else:
            ready.action_synchronize()
        accounts.invalidate_recordset()
        answers = {a.partner_id: a._get_answer(is_sent=a in ready) for a in accounts}
        entities = self._map_panda_entities()
        return [{"id": each.id, **answers[entities[each]]} for each in self]

    def _check_panda_options(self, options):
        known = {"role", "create_anyway"}
        if len(self) == 1:
            known |= {"username", "first_name", "last_name"}
        unknown = options.keys() - known
        if unknown:
            message = self.env._(
                "These options cannot be given: %(unknown)s. Possible are %(known)s.",
                unknown=", ".join(sorted(unknown)),
                known=", ".join(sorted(known)),
            )
            raise UserError(message)

    def _get_or_create_panda_accounts(self):
        """Return the accounts of these contacts in the systems of their companies."""
        accounts = self.env["panda.account"]
        accounts.check_access("create")
        systems = self.env["panda.system"]
        for partners in self._get_panda_entities().grouped("company_id").values():
            system = systems._get_default(partners[:1])
            accounts |= accounts._get_or_create(partners, system)
        return accounts

    def action_preview_panda(self):
        """Show what would happen if these contacts were synchronised."""
        return self.env["panda.preview"]._open(self)

    # === BUSINESS METHODS === #

    def _get_panda_entity(self):
        """Return who is provisioned for this contact, see `_map_panda_entities`.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        return self._map_panda_entities()[self]

    def _get_panda_entities(self):
        """Return who is provisioned for these contacts, each of them once."""
        return self.browse().union(*self._map_panda_entities().values())

    def _map_panda_entities(self):
        """Return ``{contact: who is provisioned for it}``: its commercial entity.

        A person that has an account of his own keeps it when he joins a company.
        """
        # Sudo: what is in Panda stays there, whoever looks.
        accounts = self.env["panda.account"].sudo()
        found = accounts.search([("partner_id", "in", self._origin.ids)])
        own = set(found.partner_id.ids)
        return {
            partner: partner
            if partner._origin.id in own
            else partner.commercial_partner_id
            for partner in self
        }

    def _get_panda_account(self, system):
        """Return the account of this contact in ``system``, maybe empty.

        Note: `self.ensure_one()`
        """
        return self.env["panda.account"].search(
            [
                ("partner_id", "=", self._get_panda_entity()._origin.id),
                ("system_id", "=", system._origin.id),
            ]
        )

    def _get_or_create_panda_account(self, system=None, reseller=None):
        """Return the account of this contact, prepared as Sync Options proposes it.

        Note: `self.ensure_one()`

        :param reseller: whose customer he is in this system, when nobody has decided
            that yet and it is not the reseller of the contact.
        """
        self.ensure_one()
        system = system or self.env["panda.system"]._get_default(self)
        sellers = reseller and {self: reseller}
        return self.env["panda.account"]._get_or_create(self, system, sellers)

    def _propose_panda_role(self, reseller):
        """Return the role of an account that nobody has chosen one for.

        Note: `self.ensure_one()`

        :param reseller: whose customer he is, maybe nobody's.
        """
        is_reseller = not reseller and self._count_panda_customers()
        return "reseller" if is_reseller else "user"

    def _count_panda_customers(self):
        """Return how many active contacts name this one as their reseller."""
        # Sudo: customers of other salespeople count too.
        partner_sudo = self._origin.sudo().with_context(active_test=True)
        return len(partner_sudo.panda_customer_ids)

    # === BUSINESS METHODS - PAYLOAD === #
    # What is sent of a contact, in the form in which it is sent.

    def _get_panda_person(self, company):
        """Return the contact person of this company, maybe empty.

        :param company: whose users see them; people of other companies are none.
        """
        people = self.child_ids.filtered(
            lambda p: (
                p.type == "contact"
                and not p.is_company
                and p.name
                and p.company_id <= company.parent_ids
            )
        )
        return people.sorted(lambda p: not p.email)[:1]

    @api.model
    def _get_panda_name_fields(self):
        """Return the fields that first and last name are made of."""
        # OCA's partner_firstname stores them apart.
        return NAME_PARTS if NAME_PARTS[0] in self._fields else ("name",)

    def _get_panda_names(self):
        """Return first and last name as Panda gets them, for other addons to extend;
        then `_get_panda_name_fields` has to name their fields."""
        self.ensure_one()
        if self._get_panda_name_fields() == NAME_PARTS:
            return self.firstname or "", self.lastname or ""
        return split_name(self.name or "")

    def _get_panda_email(self):
        """Return the bare e-mail address, or what cannot be read as one."""
        email = (self.email or "").strip()
        if EMAIL.fullmatch(email):
            return email.lower()
        several = len(email_split(email)) > 1
        address = not several and email_normalize(email)
        # Odoo reads "ada lovelace@example.com" as Lovelace's address.
        is_sure = "<" in email or address == email.lower()
        return (is_sure and address) or email or False

    def _get_panda_phone(self, person):
        """Return the number of ``person`` or of this contact in international form,
        ``False`` when none is readable."""
        country = person.country_id or self.country_id
        for number in filter(None, (person.phone, self.phone)):
            phone = self._phone_format(number=number, country=country)
            if phone:
                return phone
        return False
