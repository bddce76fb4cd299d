from markupsafe import Markup

from odoo import api, fields, models

from odoo.addons.panda_provisioning.models.res_partner import USER

from .sale_order import INTERNAL

LIST = Markup('<ul class="mb-0">%s</ul>')
ITEM = Markup("<li>%s: %s</li>")
LINK = Markup('<a class="text-reset text-decoration-underline" href="%s">%s</a>')


class SaleOrder(models.Model):
    """Everything that Panda will lack, or has lacked, with the way to mend it; and
    what people should know besides."""

    _inherit = "sale.order"  # pylint: disable=consider-merging-classes-inherited

    panda_problems = fields.Html(
        compute="_compute_panda_banners", compute_sudo=True, groups=INTERNAL
    )
    panda_notices = fields.Html(
        compute="_compute_panda_banners", compute_sudo=True, groups=INTERNAL
    )

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
                ITEM % (LINK % (url, label) if url else label, text)
                for label, url, text in order._get_panda_problems()
            )
            order.panda_problems = items and LIST % items
            order.panda_notices = Markup("<br/>").join(order._get_panda_notices())

    # === PROBLEMS === #

    def _get_panda_problems(self):
        """Return ``[(what is at fault, address where it is mended, text)]``; the
        address is empty where the user may not go.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        if self._is_panda_quotation():
            return self._foresee_panda_problems()
        if self.panda_status != "failed":
            return []
        failed = self.panda_account_ids.filtered(lambda a: a.state == "failed")
        found = [row for account in failed for row in self._describe_failure(account)]
        return found or self._describe_refusal()

    def _is_panda_quotation(self):
        """Whether what becomes of this order is still to be decided."""
        return self.state in ("draft", "sent") and not self.panda_status

    def _foresee_panda_problems(self):
        """Return the problems that provisioning this order would meet now."""
        return [
            row
            for system in self._get_panda_systems()
            for row in self._foresee_problems_in(system)
        ]

    def _foresee_problems_in(self, system):
        if not system:
            return [self._describe_missing_system()]
        drafts = self._draft_panda_accounts(system)
        return [row for draft in drafts for row in self._describe_problems(draft)]

    def _get_reasons_against(self, system):
        """Return why nothing can be sent to ``system``, in words."""
        if not system:
            return [self._describe_missing_system()[-1]]
        partner = self._get_panda_customer()
        draft = self._draft_panda_account(partner, system, "user")
        return self._get_reasons_of_system(draft)

    def _get_reasons_of_system(self, account):
        return [
            self.env["panda.message"]._problem(account, problem.code)
            for problem in account._get_binding_problems()
            if problem.field == "system_id"
        ]

    # === NOTICES === #

    def _get_panda_notices(self):
        """Return what people should know though nothing is to be mended, in words.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        if self.panda_status == "waiting":
            return [*self._get_panda_hindrances(), *self._get_panda_decisions()]
        if self._is_overlooked_by_panda():
            return [self.env._("Nothing has asked to put this order into Panda yet.")]
        return self._get_panda_decisions() if self._is_panda_quotation() else []

    def _is_overlooked_by_panda(self):
        """Whether no rule has provisioned this order, e.g. since its Panda product was
        added after the confirmation."""
        is_sold = self.state == "sale" and self._get_panda_products()
        return bool(is_sold and not self.panda_status)

    def _get_panda_hindrances(self):
        """Return why nothing is sent at the moment, system by system."""
        unsent = self.panda_account_ids.filtered(lambda a: a.state != "synced")
        reasons = []
        for system, accounts in unsent.grouped("system_id").items():
            reasons += self._get_reasons_of_system(accounts[0])
            if system.health_message:
                reasons.append(f"{system.display_name}: {system.health_message}")
        return reasons

    def _get_panda_decisions(self):
        """Return where somebody has decided otherwise than the order would."""
        if not self._is_for_other():
            return []
        buyer = self.partner_id.commercial_partner_id
        return [
            self._describe_decision(reseller)
            for reseller in dict.fromkeys(
                map(self._get_panda_reseller, filter(None, self._get_panda_systems()))
            )
            if reseller.commercial_partner_id != buyer
        ]

    def _describe_decision(self, reseller):
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

    # === DRAFTS === #

    def _draft_panda_accounts(self, system):
        """Yield the accounts of reseller and customer as they would be, unsaved."""
        customer = self._get_panda_customer()
        if not customer:
            return
        reseller = self._get_panda_reseller(system)
        parent = reseller and self._draft_panda_account(reseller, system, "reseller")
        if parent:
            yield parent
        is_reseller = not parent and customer._count_panda_customers()
        role = "reseller" if is_reseller else "user"
        yield self._draft_panda_account(customer, system, role, parent)

    def _draft_panda_account(self, partner, system, role, parent=None):
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

    # === WORDS === #

    def _describe_problems(self, account):
        """Yield a row for each problem of ``account``, unless Panda has it already."""
        if account.state == "synced":
            return
        for problem in account._get_problems(reseller_first=True):
            text = self.env["panda.message"]._problem(account, problem.code)
            yield (*self._locate(account, problem.field), text)

    def _describe_failure(self, account):
        """Return rows for all that must be mended, or what Panda has refused."""
        rows = list(self._describe_problems(account))
        return rows or [(*self._locate(account, ""), account.error_message)]

    def _describe_refusal(self):
        """Return rows for why there are no accounts: what people were told, and what
        else is wrong by now."""
        told = self.panda_told or self._describe_bug()
        rows = self._foresee_panda_problems()
        if any(text in told for _label, _url, text in rows):
            return rows
        return [(self.name, f"/odoo/orders/{self.id}", told), *rows]

    def _describe_missing_system(self):
        company = self.company_id
        text = self.env._(
            "There is no Panda system for it. A Panda administrator can set one up "
            "under Panda > Configuration."
        )
        return company.display_name, self._get_address("panda.system"), text

    def _describe_bug(self):
        return self.env._(
            "Something unexpected went wrong, which the server has noted in its log."
        )

    def _locate(self, account, name):
        """Return label and address of where field ``name`` of ``account`` is mended."""
        partner, url = account.partner_id, f"/odoo/contacts/{account.partner_id.id}"
        if name == "system_id":
            url = self._get_address("panda.system", account.system_id.id)
        elif name in ("role", "username", "parent_id") and account._origin:
            url = self._get_address("panda.account", account._origin.id) or url
        field = account._fields.get(name)
        label = field and field._description_string(self.env)
        return ", ".join(filter(None, (partner.display_name, label))), url

    def _get_address(self, *parts):
        """Return the address of one of Panda's forms, for those who may open it."""
        if not self.env.user.has_group(USER):
            return False
        return "/".join(map(str, ("/odoo", *parts)))
