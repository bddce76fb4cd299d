import json
from dataclasses import asdict

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..core.prefetch import Prefetch
from .panda_preview_plan import Plan
from .panda_preview_texts import HEADINGS, OUTCOMES, REMARKS

EDITED_ON_CONTACT = {"name", "email", "phone", "panda_reseller_id"}
"""What is edited on the contact; everything else is an option of its account."""


class PandaPreview(models.Model):
    """What would happen to each of the contacts in the context, without a table.

    Its rows are made whenever they are read, so that they show what has been corrected
    meanwhile. Reading them asks nobody but the database: what Panda has said is in
    the context.
    """

    _name = "panda.preview"
    _inherit = ["panda.guard.mixin"]
    _description = "Panda Preview"
    _auto = False
    _order = "sequence"

    # === FIELDS === #

    sequence = fields.Integer(readonly=True)
    partner_id = fields.Many2one("res.partner", string="Contact", readonly=True)
    account_id = fields.Many2one("panda.account", readonly=True)
    name = fields.Char()
    email = fields.Char()
    phone = fields.Char()
    panda_reseller_id = fields.Many2one(
        "res.partner",
        string="Reseller",
        domain="[('id', '!=', id), ('parent_id', '=', False)]",
    )
    role = fields.Selection([("user", "User"), ("reseller", "Reseller")])
    username = fields.Char()
    first_name = fields.Char()
    last_name = fields.Char()
    create_anyway = fields.Boolean(
        string="Create Another",
        help="Panda has an account of this name, which belongs to somebody else.",
    )
    outcome = fields.Selection(OUTCOMES, readonly=True)
    heading = fields.Selection(
        HEADINGS, string="What Happens", readonly=True, group_expand="_expand_heading"
    )
    # Not in the rows: two thousand texts take longer than all the rest.
    remark = fields.Text(compute="_compute_remark")
    requests = fields.Integer(readonly=True, help="Calls that Panda is going to get.")
    account_is_locked = fields.Boolean(readonly=True)
    operator_is_locked = fields.Boolean(readonly=True)

    @api.depends("outcome")
    @api.depends_context("lang")
    def _compute_remark(self):
        """Say what is wrong with a contact, or what happens to it."""
        remarks = self._get_remarks(self._get_plan(), self.ids)
        for row in self:
            row.remark = remarks.get(row.id)

    @api.model
    def _expand_heading(self, values, domain):
        """The headings that there are, in their order."""
        return [value for value, _label in HEADINGS if value in values]

    # === CRUD METHODS === #

    @property
    def _table_query(self):
        columns = SQL(", ").join(
            SQL("%s %s", SQL.identifier(name), SQL(field.column_type[1]))
            for name, field in self._fields.items()
            if field.store
        )
        rows = self._get_rows()
        return SQL(
            "SELECT * FROM json_to_recordset(%s) AS row(%s)", json.dumps(rows), columns
        )

    def write(self, vals):  # pylint: disable=method-required-super
        """Mend the contacts and the options of their accounts."""
        self.check_access("write")
        self._check_values(vals)
        partners = self.env["res.partner"].browse(self.ids)
        contact_values = {n: v for n, v in vals.items() if n in EDITED_ON_CONTACT}
        option_values = {n: v for n, v in vals.items() if n not in EDITED_ON_CONTACT}
        if contact_values:
            partners.write(contact_values)
        system = self._get_system()
        if "panda_reseller_id" in vals:
            self._follow_reseller(partners, system)
        if option_values:
            self._set_options(partners, system, option_values)
        self._forget_plan()
        return True

    @api.model
    def _get_engine_fields(self):
        return {name for name, field in self._fields.items() if field.readonly}

    def _follow_reseller(self, partners, system):
        """Have the reseller of the contact proposed as Parent Account anew."""
        accounts = self.env["panda.account"]._get_by_partner(partners, system).values()
        for account in accounts:
            if account.parent_id and "parent_id" not in account._get_locked_fields():
                account.with_context(panda_save_only=True).parent_id = False

    def _set_options(self, partners, system, values):
        """Keep ``values`` on the accounts; one that has failed is tried again if they
        correct it, as it is after an edit of the contact."""
        accounts = self.env["panda.account"]
        proposals = accounts._propose(partners, system)
        nobody = self.env["res.partner"]  # is proposed again until all is queued
        chosen = {
            partner: proposals[partner] | values | {"reseller": nobody}
            for partner in partners
        }
        if values.get("role") == "reseller":
            values = {**values, "parent_id": False}
        for account in accounts._accept(chosen, system).values():
            account.write(values)

    # === ACTION METHODS === #

    @api.model
    def action_open(self, partner_ids, system_id=False):
        """Ask Panda about contacts and show what would happen to them.

        :param system_id: the system of the company when it is not given.
        """
        partners = self.env["res.partner"].browse(partner_ids)
        return self._open(partners, self.env["panda.system"].browse(system_id))

    @api.model
    def _open(self, partners, system=None):
        """Return the action that shows the preview of ``partners``."""
        plan = self.env["panda.service"]._plan(partners, system)
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "panda_provisioning.panda_preview_action"
        )
        return {
            **action,
            "context": {
                "panda_system_id": plan.system.id,
                "panda_partner_ids": partners.ids,
                "panda_prefetch": asdict(plan.prefetch),
                "panda_totals": self._prepare_totals(plan),
                "read_group_expand": True,
                "search_default_group_by_heading": True,
            },
        }

    @api.model
    def get_totals(self):
        """Return what is shown above the list."""
        self.check_access("read")
        return self._prepare_totals(self._get_plan())

    def action_queue(self):
        """Queue these contacts, or all that there are, except those with problems."""
        self.check_access("write")
        plan = self._get_plan()
        chosen = set(self.ids)
        lines = [each for each in plan.sent if not chosen or each.partner.id in chosen]
        if not lines:
            raise UserError(self.env._("There is nothing to send."))
        accounts = self.env["panda.service"]._queue_plan(plan, lines)
        self._forget_plan()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "panda_provisioning.panda_account_action"
        )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("%s contacts have been queued.", len(accounts)),
                "next": {
                    **action,
                    "name": self.env._("Queued Accounts"),
                    "domain": [("id", "in", accounts.ids)],
                },
            },
        }

    # === BUSINESS METHODS === #

    def _get_system(self):
        """Return the system of the context, if the user may see it."""
        system_id = self.env.context.get("panda_system_id")
        if not system_id:
            raise UserError(
                self.env._(
                    "Select contacts and choose Synchronize with Panda in the Actions "
                    "menu."
                )
            )
        system = self.env["panda.system"].browse(system_id)
        system.check_access("read")
        return system

    def _get_plan(self):
        """Return the :class:`Plan` of what is in the context, played with what was
        read; it is made once in a transaction."""
        cache, key = self.env.cr.cache, (self.env.uid, self.env.context)
        if self._name not in cache or cache[self._name][0] != key:
            partner_ids = self.env.context.get("panda_partner_ids", [])
            partners = self.env["res.partner"].browse(partner_ids)
            prefetch = Prefetch(**self.env.context.get("panda_prefetch", {}))
            plan = Plan(self._get_system(), partners, prefetch)
            for _snapshots in plan.play():
                pass  # whatever is known of Panda is in the prefetch
            cache[self._name] = key, plan
        return cache[self._name][1]

    def _forget_plan(self):
        """Have the rows made anew: something has changed."""
        self.env.cr.cache.pop(self._name, None)
        self.invalidate_model()

    def _get_rows(self):
        """Return the rows of what is in the context."""
        has_context = "panda_system_id" in self.env.context
        return self._prepare_rows(self._get_plan()) if has_context else []

    @api.model
    def _prepare_totals(self, plan):
        """Return the totals of ``plan``, for people."""
        systems = self.env["panda.system"].search([("state", "!=", "disabled")])
        return {
            **plan.totals,
            "outcomes": dict(plan.totals["outcomes"]),  # XML-RPC knows no others
            "trouble": self._get_trouble(plan),
            "system_id": plan.system.id,
            "systems": [[system.id, system.display_name] for system in systems],
        }

    def _get_trouble(self, plan):
        """Return why Panda was not asked about all of ``plan``, or ``False``."""
        account = self.env["panda.account"].new({"system_id": plan.system.id})
        code = plan.prefetch.trouble
        return bool(code) and self.env["panda.message"]._problem(account, code)

    @api.model
    def _prepare_rows(self, plan):
        """Return the rows of ``plan``, with its columns as they are read from JSON."""
        order = {value: place for place, (value, _label) in enumerate(HEADINGS)}
        rows = [self._prepare_row(line) for line in plan.lines.values()]
        rows.sort(key=lambda row: order[row["heading"]])
        return [{**row, "sequence": i} for i, row in enumerate(rows)]

    def _prepare_row(self, line):
        partner, snapshot = line.partner, line.claim.snapshot
        locked = line.account._get_locked_fields() if line.account else ()
        heading = line.codes[0] if line.codes else line.outcome
        return {
            "id": partner.id,
            "partner_id": partner.id,
            "account_id": line.account.id or None,
            "name": partner.name or None,
            "email": partner.email or None,
            "phone": partner.phone or None,
            "panda_reseller_id": partner.panda_reseller_id.id or None,
            "role": snapshot.role and snapshot.role.value,
            "username": snapshot.username or None,
            "first_name": snapshot.first_name or None,
            "last_name": snapshot.last_name or None,
            "create_anyway": snapshot.create_anyway,
            "outcome": line.outcome,
            "heading": heading,
            "requests": line.requests,
            "account_is_locked": "role" in locked,
            "operator_is_locked": "username" in locked,
        }

    @api.model
    def _get_remarks(self, plan, partner_ids):
        """Return ``{contact id: what is said about it}``."""
        wanted = set(partner_ids)
        return {
            line.partner.id: self._get_remark(line, plan) or None
            for line in plan.lines.values()
            if line.partner.id in wanted
        }

    def _get_remark(self, line, plan):
        """Return what is said about ``line``: all its problems, or what happens."""
        if line.codes:
            account = self._get_draft(line, plan)
            messages = self.env["panda.message"]
            codes = dict.fromkeys(line.codes)
            return " ".join(messages._problem(account, code) for code in codes)
        key = line.outcome
        if line.ending and not line.ending.is_sure:
            key = "unread"
        elif line.is_added:
            key = "added"
        reseller = line.options.get("reseller")
        values = {
            # Sudo: its name is on the contact for all to see, as of any many2one.
            "reseller": reseller.sudo().display_name if reseller else "",
            "remote_id": line.ending.snapshot.remote_id if line.ending else "",
        }
        return REMARKS[key] and str(self.env._(REMARKS[key])) % values

    def _get_draft(self, line, plan):
        """Return the account of ``line`` as it would be, to speak about it."""
        snapshot = line.claim.snapshot
        return self.env["panda.account"].new(
            {
                "partner_id": line.partner.id,
                "system_id": plan.system.id,
                "parent_id": line.options["parent"].id,
                "email": snapshot.email,
                "error_detail": line.detail,
            },
            origin=line.account,
        )
