from contextlib import contextmanager

import psycopg2
from markupsafe import Markup, escape

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain

from odoo.addons.panda_provisioning.models.panda_account import (
    ACTIVITY,
    AT_REST,
    MOST_URGENT_FIRST,
    STATES,
)
from odoo.addons.panda_provisioning.models.panda_service import CONFLICTS, get_logger
from odoo.addons.panda_provisioning.models.res_partner import INTERNAL, USER

_logger = get_logger(__name__)

ENGINE_FIELDS = {
    "panda_requested",
    "panda_status",
    "panda_account_ids",
    "panda_last_notified",
}
"""Fields that users may read and only the engine may write."""

BANNER_LIST = Markup('<ul class="mb-0">%s</ul>')
BANNER_ITEM = Markup("<li>%s: %s</li>")
BANNER_LINK = Markup('<a class="text-reset text-decoration-underline" href="%s">%s</a>')


class SaleOrder(models.Model):
    _name = "sale.order"
    _inherit = ["sale.order", "panda.guard.mixin"]

    # === FIELDS === #

    panda_end_customer_id = fields.Many2one(
        "res.partner",
        string="End Customer",
        compute="_compute_panda_end_customer_id",
        store=True,
        readonly=False,
        precompute=True,
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        groups=INTERNAL,
        help="Who uses what is sold. When the customer of the order buys for somebody "
        "else, that customer becomes the reseller of the contact.",
    )
    panda_proposed_customer_id = fields.Many2one(
        "res.partner",
        compute="_compute_panda_end_customer_id",
        store=True,
        precompute=True,
        groups=INTERNAL,
        help="What was proposed as the end customer; anybody else was chosen.",
    )
    panda_is_relevant = fields.Boolean(
        compute="_compute_panda_is_relevant", groups=INTERNAL
    )
    panda_requested = fields.Boolean(
        readonly=True,
        copy=False,
        groups=INTERNAL,
        help="Set when the order asks to be provisioned, until a cron takes it up.",
    )
    panda_status = fields.Selection(
        [("waiting", "Waiting"), ("failed", "Failed"), ("done", "Done")],
        string="Panda",
        readonly=True,
        copy=False,
        index="btree_not_null",
        groups=INTERNAL,
        help="Done means: reseller and customer were synchronized for this order.",
    )
    panda_account_ids = fields.Many2many(
        "panda.account",
        "panda_account_sale_order_rel",
        "order_id",
        "account_id",
        string="Panda Accounts",
        readonly=True,
        copy=False,
        groups=USER,
    )
    panda_last_notified = fields.Char(
        readonly=True,
        copy=False,
        groups=INTERNAL,
        help="What people were told last, so that nobody is told twice.",
    )
    panda_customer_state = fields.Selection(
        STATES, compute="_compute_panda_states", compute_sudo=True, groups=INTERNAL
    )
    panda_reseller_state = fields.Selection(
        STATES, compute="_compute_panda_states", compute_sudo=True, groups=INTERNAL
    )
    panda_problems = fields.Html(
        compute="_compute_panda_banners", compute_sudo=True, groups=INTERNAL
    )
    panda_notices = fields.Html(
        compute="_compute_panda_banners", compute_sudo=True, groups=INTERNAL
    )

    _panda_requested = models.Index("(id) WHERE panda_requested")

    # === COMPUTE METHODS === #

    @api.depends("partner_id")
    def _compute_panda_end_customer_id(self):
        for order in self:
            proposal = order._propose_panda_customer()
            chosen = order.panda_end_customer_id - order.panda_proposed_customer_id
            order.panda_end_customer_id = chosen or proposal
            order.panda_proposed_customer_id = proposal

    @api.depends("order_line.product_id.panda_provision", "order_line.product_uom_qty")
    def _compute_panda_is_relevant(self):
        for order in self:
            order.panda_is_relevant = bool(order._get_panda_products())

    @api.depends(
        "partner_id",
        "panda_end_customer_id",
        "panda_requested",
        "panda_account_ids.state",
        "panda_account_ids.parent_id",
    )
    def _compute_panda_states(self):
        """With several systems, show the account that needs attention most."""
        for order in self:
            customer = order._get_panda_customer()
            own = order.panda_account_ids.filtered(
                lambda a, customer=customer: a.partner_id == customer
            )
            order.panda_customer_state = _get_most_urgent_state(own) or (
                order.panda_requested and "queued"
            )
            order.panda_reseller_state = _get_most_urgent_state(own.parent_id)

    @api.depends(
        "state",
        "partner_id",
        "panda_end_customer_id",
        "order_line.product_id",
        "order_line.product_uom_qty",
        "panda_status",
        "panda_account_ids.state",
    )
    @api.depends_context("lang", "uid")
    def _compute_panda_banners(self):
        for order in self:
            items = Markup().join(
                BANNER_ITEM % (BANNER_LINK % (url, label) if url else label, text)
                for label, url, text in order._get_panda_problems()
            )
            order.panda_problems = items and BANNER_LIST % items
            order.panda_notices = Markup("<br/>").join(order._get_panda_notices())

    # === CRUD METHODS === #

    def unlink(self):
        # Sudo: users who delete quotations need no rights on Panda accounts.
        self.sudo()._withdraw_from_panda()
        return super().unlink()

    @api.model
    def _get_engine_fields(self):
        return super()._get_engine_fields() | ENGINE_FIELDS

    @api.model
    def _is_checked_link(self, field):
        # The texts about an order speak of its customer, too.
        return field.name == "partner_id" or super()._is_checked_link(field)

    # === ACTION METHODS === #

    def action_panda_provision(self):
        """Request the provisioning of these orders' resellers and end customers.

        For buttons, automation rules and server actions. Only sets a flag and returns:
        no request is sent and no lock is waited for. Orders that are cancelled or have
        no product that is provisioned in Panda are skipped.
        """
        self.check_access("write")
        # Sudo: users who confirm orders need no rights on Panda accounts.
        orders = self.sudo().filtered(
            lambda o: (
                o.state != "cancel" and (o.panda_status or o._get_panda_products())
            )
        )
        if orders:
            orders.write({"panda_requested": True, "panda_status": "waiting"})
            self.env["panda.service"]._schedule_order_processing()
        return True  # XML-RPC cannot return None

    def action_open_panda_accounts(self):
        """Open the accounts behind the status, or the contact for other users."""
        self.ensure_one()
        if not self.env.user.has_group(USER) or not self.panda_account_ids:
            return self._get_panda_customer()._get_records_action()
        return self.panda_account_ids._get_records_action(
            name=self.env._("Panda Accounts")
        )

    def action_draft(self):
        result = super().action_draft()
        # Sudo: users who write quotations need no rights on Panda accounts.
        drafts = self.sudo().filtered(lambda o: o.state == "draft")
        drafts._withdraw_from_panda()
        drafts._reset_panda()
        return result

    def _action_cancel(self):
        result = super()._action_cancel()
        # Sudo: users who cancel orders need no rights on Panda accounts.
        self.sudo()._withdraw_from_panda()
        return result

    def _confirmation_error_message(self):
        error = super()._confirmation_error_message()
        # Orders that customers pay or sign are confirmed as superuser: customers could
        # not fix anything.
        if error or self.env.su or not self.company_id.panda_refuse_incomplete:
            return error
        problems = self.sudo()._get_panda_problems()
        if not problems:
            return False
        return "\n".join(
            [
                self.env._("%s cannot be confirmed, Panda would refuse it:", self.name),
                *(f"- {label}: {text}" for label, _url, text in problems),
            ]
        )

    # === BUSINESS METHODS - PROVISIONING === #

    @api.model
    def _retry_failed_panda_orders(self, domain):
        """Request the failed orders in ``domain`` again, after a correction."""
        # Sudo: users who correct contacts or accounts need not see orders.
        failed = self.sudo().search(Domain("panda_status", "=", "failed") & domain)
        failed.action_panda_provision()

    def _process_panda_request(self, *, may_raise):
        """Queue the accounts of this order, or set it to failed if that is impossible.

        :param may_raise: whether the caller retries after any database error. It
            always retries after a conflict with another transaction.
        """
        order = self.sudo().with_company(self.company_id)
        order = order.with_context(allowed_company_ids=self.company_id.ids)
        try:
            with self.env.cr.savepoint():
                order._queue_panda_accounts()
        except UserError as error:
            order._fail_panda_request(str(error))
        except Exception as error:
            is_conflict = isinstance(error, psycopg2.OperationalError)
            if is_conflict or (may_raise and isinstance(error, psycopg2.Error)):
                raise
            _logger.exception("Provisioning order %s in Panda", self.name)
            order._fail_panda_request(order._get_panda_bug_text())

    def _queue_panda_accounts(self):
        systems = self._get_panda_systems()
        # The order may have been cancelled by an import, which skips the action, or
        # the product may have been removed since the request.
        if self.state == "cancel" or not systems:
            self._withdraw_from_panda()
            return
        accounts = self.env["panda.account"]
        for system in systems:
            accounts |= self._prepare_panda_accounts(system)
        self._set_panda_reseller()
        drafts = accounts.filtered(lambda a: a.state == "draft" and not a.by_order)
        drafts.by_order = "queued"
        # The engine may be writing the others at this moment.
        idle = accounts.filtered(lambda a: a.state in AT_REST)
        self.env["panda.service"]._enqueue(idle, trigger=False)
        accounts.filtered("is_withdrawn").is_withdrawn = False
        self.write({"panda_requested": False, "panda_account_ids": accounts.ids})
        self._settle_panda()

    def _prepare_panda_accounts(self, system):
        """Return the accounts of end customer and reseller in ``system``.

        :raise UserError: if ``system`` cannot be used
        """
        customer = self._get_panda_customer()
        blockers = self._get_panda_blockers_of_system(system)
        if blockers:
            raise UserError(" ".join(blockers))
        reseller = self._get_panda_reseller(system)
        if reseller:
            account = self._get_or_prepare_panda_account(reseller, system)
            if account._may_become_reseller():
                account.write({"role": "reseller", "by_order": account.by_order})
        account = self._get_or_prepare_panda_account(customer, system, reseller)
        return account | account.parent_id

    def _get_or_prepare_panda_account(self, partner, system, reseller=None):
        """Return the account of ``partner``, with a role if nobody has chosen one."""
        account = partner._get_panda_account(system)
        if not account.role:
            origin = "decided" if account else "created"
            account = partner._get_or_create_panda_account(system, reseller)
            account.by_order = origin
        return account

    def _set_panda_reseller(self):
        """Write the reseller on the contact, if it is the same in every system and
        no person has chosen it."""
        customer = self._get_panda_customer()
        accounts = customer.panda_account_ids.filtered("role")
        reseller = accounts.parent_id.partner_id
        is_clear = len(reseller) == 1 and all(
            account.parent_id and account._is_placed_by_order() for account in accounts
        )
        if is_clear and not customer.panda_reseller_id:
            customer.write(
                {"panda_reseller_id": reseller.id, "panda_reseller_by_order": True}
            )

    def _fail_panda_request(self, reason):
        """Set this order to failed, whatever refuses the write, and notify people."""
        try:
            with self.env.cr.savepoint():
                self.write({"panda_requested": False, "panda_status": "failed"})
        except CONFLICTS:
            raise  # with another transaction; the caller retries
        except Exception:
            _logger.exception("Setting order %s to failed", self.id)
            # Past the ORM, where e.g. an automation rule refuses the write: otherwise
            # this request would stay first in the queue and block the others.
            self.env.cr.execute(
                "UPDATE sale_order SET panda_requested = FALSE,"
                " panda_status = 'failed' WHERE id = %s",
                [self.id],
            )
            self.invalidate_recordset()
        with self._isolate_panda_errors("Notifying people"):
            self._notify_panda_failure(reason)

    # === BUSINESS METHODS - WITHDRAWAL === #

    def _withdraw_from_panda(self):
        """Withdraw the accounts of these orders that were not sent yet.

        What was sent stays as it is, in Panda and here, and nothing is added to it.
        Other orders that need the same accounts are processed again.
        """
        withdrawn = self.filtered(lambda o: o.panda_status in ("waiting", "failed"))
        withdrawn.write({"panda_requested": False, "panda_status": False})
        withdrawn.activity_unlink([ACTIVITY])
        # Customers first: a reseller with waiting customers is not withdrawn.
        for account in withdrawn.panda_account_ids.sorted(lambda a: not a.parent_id):
            if account._may_be_withdrawn():
                account._withdraw()
            elif account._may_be_stopped():
                account._stop()

    def _reset_panda(self):
        """Clear everything: the next confirmation decides afresh."""
        self.write(
            {
                "panda_requested": False,
                "panda_status": False,
                "panda_account_ids": [Command.clear()],
                "panda_last_notified": False,
            }
        )

    # === BUSINESS METHODS - OUTCOME === #

    def _settle_panda(self):
        """Set the status of the orders whose accounts have settled, then notify people.

        The status never depends on a notification: other addons and filters rely on
        it, while a notification may fail, e.g. in the mail addon of somebody else.
        """
        # A savepoint per order, but none for the thousands that may still wait.
        ended = self.filtered(lambda o: o._get_panda_outcome())
        for order in ended:
            with order._isolate_panda_errors("Setting the Panda status"):
                order.panda_status = order._get_panda_outcome()
        # An order whose status was refused waits for the next run of the cron.
        ended.filtered(lambda o: o.panda_status != "waiting")._notify_panda_outcome()

    def _get_panda_outcome(self):
        """Return the status that this order has reached, or ``None`` while it waits.

        Note: `self.ensure_one()`
        """
        if self.panda_status != "waiting" or self.panda_requested:
            return None
        states = set(self.panda_account_ids.mapped("state"))
        if "failed" in states:
            return "failed"
        return "done" if states == {"synced"} else None

    # === BUSINESS METHODS - NOTIFICATIONS === #

    def _notify_panda_outcome(self):
        """Notify people that these orders are done or have failed."""
        for order in self:
            with order._isolate_panda_errors("Notifying people"):
                if order.panda_status == "failed":
                    order._notify_panda_failure(order._get_panda_failure_text())
                else:
                    order._notify_panda_success()

    @contextmanager
    def _isolate_panda_errors(self, task):
        """Roll back and log an error of this order, which must stop neither the other
        orders nor the engine.

        Note: `self.ensure_one()`
        """
        try:
            with self.env.cr.savepoint():
                yield
        except CONFLICTS:
            raise  # with another transaction; the caller retries
        except Exception:
            _logger.exception("%s of order %s", task, self.id)

    def _notify_panda_success(self):
        self.activity_unlink([ACTIVITY])
        text = self._with_salesperson_lang()._get_panda_success_text()
        self._log_panda_note(text, text)

    def _notify_panda_failure(self, reason):
        text = self._with_salesperson_lang().env._(
            "Not provisioned in Panda: %s", reason
        )
        self._log_panda_note(reason, text)
        self.activity_unlink([ACTIVITY])
        users = self.user_id | self.panda_account_ids.system_id.responsible_user_id
        user = self.env["panda.service"]._get_person(users)
        self.activity_schedule(ACTIVITY, note=escape(text), user_id=user.id)

    def _log_panda_note(self, content, text):
        """Write ``text`` to the chatter, unless ``content`` was notified last."""
        if self.panda_last_notified != content:
            self._message_log(body=escape(text))
            self.panda_last_notified = content

    def _get_panda_success_text(self):
        accounts = self.panda_account_ids.sorted(lambda a: bool(a.parent_id))
        names = (f"{a.display_name} ({a.remote_id})" for a in accounts)
        text = self.env._("In Panda: %s.", ", ".join(names))
        return " ".join([text, *self._get_panda_reseller_notices()])

    def _get_panda_failure_text(self):
        problems = self._with_salesperson_lang()._get_panda_problems()
        return " ".join(f"{label}: {text}" for label, _url, text in problems)

    def _with_salesperson_lang(self):
        return self.with_context(lang=self.user_id.lang or self.env.lang)

    # === BUSINESS METHODS - NOTICES === #

    def _get_panda_notices(self):
        """Return the texts that inform people without asking them to fix anything.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        if self.panda_status == "waiting":
            return [*self._get_panda_blockers(), *self._get_panda_reseller_notices()]
        if self._lacks_panda_request():
            return [self.env._("Nothing has asked to put this order into Panda yet.")]
        if self._is_unprovisioned_quotation():
            return self._get_panda_reseller_notices()
        return []

    def _lacks_panda_request(self):
        """Whether this is a sold order of Panda products that no rule has requested,
        e.g. since the product was added after the confirmation."""
        is_sold = self.state == "sale" and self._get_panda_products()
        return bool(is_sold and not self.panda_status)

    def _get_panda_blockers(self):
        """Return the texts of what blocks the accounts of this order at the moment."""
        unsent = self.panda_account_ids.filtered(lambda a: a.state != "synced")
        blockers = []
        for system, accounts in unsent.grouped("system_id").items():
            blockers += self._get_panda_blockers_of_account(accounts[0])
            if system.health_message:
                blockers.append(f"{system.display_name}: {system.health_message}")
        return blockers

    def _get_panda_reseller_notices(self):
        """Return a text for each reseller, chosen before, that stays although somebody
        else buys for the end customer."""
        if not self._is_panda_resale():
            return []
        buyer = self.partner_id.commercial_partner_id
        return [
            self._get_panda_reseller_notice(reseller)
            for reseller in dict.fromkeys(
                map(self._get_panda_reseller, filter(None, self._get_panda_systems()))
            )
            if reseller.commercial_partner_id != buyer
        ]

    def _get_panda_reseller_notice(self, reseller):
        names = {
            "customer": self._get_panda_customer().display_name,
            "buyer": self.partner_id.commercial_partner_id.display_name,
            "reseller": reseller.display_name,
        }
        if reseller:
            return self.env._(
                "%(customer)s stays the customer of %(reseller)s, as was decided "
                "before: %(buyer)s does not become its reseller.",
                **names,
            )
        return self.env._(
            "%(customer)s has no reseller, as was decided before: %(buyer)s does not "
            "become one.",
            **names,
        )

    # === BUSINESS METHODS - PROBLEMS === #

    def _get_panda_problems(self):
        """Return what Panda lacks or has refused, as rows of label, URL and text.

        The URL leads to where the problem can be fixed. It is empty where the user has
        no access.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        if self._is_unprovisioned_quotation():
            return self._get_expected_panda_problems()
        if self.panda_status != "failed":
            return []
        rows = [
            row
            for account in self.panda_account_ids
            if account.state == "failed"
            for row in self._get_panda_failure_rows(account)
        ]
        return rows or self._get_panda_refusal_rows()

    def _is_unprovisioned_quotation(self):
        """Whether this is a quotation whose provisioning was not requested yet."""
        return self.state in ("draft", "sent") and not self.panda_status

    def _get_panda_failure_rows(self, account):
        """Return the problems of a failed account, or else what Panda has refused."""
        rows = list(self._get_panda_problem_rows(account))
        if rows:
            return rows
        return [(*self._get_panda_field_location(account, ""), account.error_message)]

    def _get_panda_refusal_rows(self):
        """Return why this order has no accounts: what people were notified of, and the
        problems that it would meet by now."""
        reason = self.panda_last_notified or self._get_panda_bug_text()
        rows = self._get_expected_panda_problems()
        if any(text in reason for _label, _url, text in rows):
            return rows
        return [(self.name, f"/odoo/orders/{self.id}", reason), *rows]

    def _get_expected_panda_problems(self):
        """Return the problems that provisioning this order would meet now."""
        return [
            row
            for system in self._get_panda_systems()
            for row in self._get_expected_panda_problems_in(system)
        ]

    def _get_expected_panda_problems_in(self, system):
        if not system:
            return [self._get_missing_panda_system_row()]
        return [
            row
            for account in self._preview_panda_accounts(system)
            for row in self._get_panda_problem_rows(account)
        ]

    def _get_panda_blockers_of_system(self, system):
        """Return the texts of why nothing can be sent to ``system``."""
        if not system:
            return [self._get_missing_panda_system_row()[-1]]
        partner = self._get_panda_customer()
        account = self._preview_panda_account(partner, system, "user")
        return self._get_panda_blockers_of_account(account)

    def _get_panda_blockers_of_account(self, account):
        return [
            self.env["panda.message"]._problem(account, problem.code)
            for problem in account._get_binding_problems()
            if problem.field == "system_id"
        ]

    def _get_missing_panda_system_row(self):
        company = self.company_id
        text = self.env._(
            "There is no Panda system for it. A Panda administrator can set one up "
            "under Panda > Configuration."
        )
        return company.display_name, self._get_panda_url("panda.system"), text

    def _preview_panda_accounts(self, system):
        """Yield the accounts of reseller and customer as they would be, unsaved."""
        customer = self._get_panda_customer()
        if not customer:
            return
        reseller = self._get_panda_reseller(system)
        parent = reseller and self._preview_panda_account(reseller, system, "reseller")
        if parent:
            yield parent
        role = customer._propose_panda_role(reseller)
        yield self._preview_panda_account(customer, system, role, parent)

    def _preview_panda_account(self, partner, system, role, parent=None):
        account = partner._get_panda_account(system)
        if account.role and (
            account.role == role or not account._may_become_reseller()
        ):
            return account
        return account.new(
            {
                "partner_id": partner,
                "system_id": system,
                "role": role,
                "parent_id": parent,
                "username": account._propose_username(partner, system),
            },
            origin=account,
        )

    def _get_panda_problem_rows(self, account):
        """Yield a row for each problem of ``account``, unless it is synchronized."""
        if account.state == "synced":
            return
        for problem in account._get_problems(reseller_first=True):
            text = self.env["panda.message"]._problem(account, problem.code)
            yield (*self._get_panda_field_location(account, problem.field), text)

    def _get_panda_bug_text(self):
        return self.env._(
            "Something unexpected went wrong, which the server has noted in its log."
        )

    def _get_panda_field_location(self, account, name):
        """Return label and URL of the record on which field ``name`` is corrected."""
        partner, url = account.partner_id, f"/odoo/contacts/{account.partner_id.id}"
        if name == "system_id":
            url = self._get_panda_url("panda.system", account.system_id.id)
        elif name in ("role", "username", "parent_id") and account._origin:
            url = self._get_panda_url("panda.account", account._origin.id) or url
        field = account._fields.get(name)
        label = field and field._description_string(self.env)
        return ", ".join(filter(None, (partner.display_name, label))), url

    def _get_panda_url(self, *parts):
        """Return the URL of a Panda form, or ``False`` if the user has no access."""
        if not self.env.user.has_group(USER):
            return False
        return "/".join(map(str, ("/odoo", *parts)))

    # === BUSINESS METHODS - PARTIES AND SYSTEMS === #

    def _get_panda_systems(self):
        """Return the systems of the products, each once; an empty one stands for
        products that have none.

        Note: `self.ensure_one()`
        """
        return list(
            dict.fromkeys(map(self._get_panda_system, self._get_panda_products()))
        )

    def _get_panda_system(self, product):
        """Return the system of ``product``, by default that of the company."""
        system = product.panda_system_id
        if system.company_id in self.company_id.parent_ids:
            return system
        return system._get_of_company(self._get_panda_customer(), self.company_id)

    def _get_panda_products(self):
        """Return the products whose buyers are provisioned in Panda."""
        bought = self.order_line.filtered(lambda line: line.product_uom_qty > 0)
        return bought.product_id.filtered("panda_provision")

    def _get_panda_reseller(self, system):
        """Return the reseller of the end customer in ``system``, maybe empty.

        The customer of an order for somebody else is the reseller, unless a person has
        chosen another one: in this system, or on the contact.

        Note: `self.ensure_one()`
        """
        customer, buyer = self._get_panda_customer(), self.partner_id
        account = customer._get_panda_account(system)
        if account.role:
            return account.parent_id.partner_id
        reseller = customer.panda_reseller_id
        is_open = not reseller or customer.panda_reseller_by_order
        if (
            is_open
            and self._is_panda_resale()
            and not (customer._count_panda_customers())
        ):
            reseller = buyer
        return reseller and reseller._get_panda_entity()

    def _is_panda_resale(self):
        """Whether the customer of the order buys for another company or person."""
        customer = self._get_panda_customer().commercial_partner_id
        return self.partner_id.commercial_partner_id != customer

    def _get_panda_customer(self):
        """Return the contact that is provisioned for the end customer.

        Note: `self.ensure_one()`
        """
        customer = self.panda_end_customer_id or self.partner_id
        return customer and customer._get_panda_entity()

    def _propose_panda_customer(self):
        """Return the commercial entity of the customer, or the customer itself if that
        entity belongs to another company, which must not block the order.

        Note: `self.ensure_one()`
        """
        entity = self.partner_id.commercial_partner_id
        is_closed = entity.company_id - self.company_id.parent_ids
        return self.partner_id if is_closed else entity


def _get_most_urgent_state(accounts):
    """Return the state of the account that needs attention most, or ``False``."""
    return min(accounts.mapped("state"), key=MOST_URGENT_FIRST.index, default=False)
