from markupsafe import Markup

from odoo import api, fields, models


class SaleOrder(models.Model):
    """Everything that Panda will lack, or has lacked, with the way to mend it."""

    _inherit = "sale.order"  # pylint: disable=consider-merging-classes-inherited

    panda_problems = fields.Html(compute="_compute_panda_problems", compute_sudo=True)

    @api.depends(
        "state",
        "partner_id",
        "panda_end_customer_id",
        "order_line.product_id",
        "panda_status",
    )
    def _compute_panda_problems(self):
        item = Markup('<li><a href="%s">%s</a>: %s</li>')
        for order in self:
            items = [
                item % (url, label, text)
                for label, url, text in order._get_panda_problems()
            ]
            order.panda_problems = items and (
                Markup('<ul class="mb-0">%s</ul>') % Markup().join(items)
            )

    def _get_panda_problems(self):
        """Return ``[(what is at fault, address of its form, text)]``.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        if self.state in ("draft", "sent") and self.panda_status in (False, "done"):
            return self._foresee_panda_problems()
        if self.panda_status != "failed":
            return []
        failed = self.panda_account_ids.filtered(lambda a: a.state == "failed")
        found = [row for account in failed for row in self._describe_failure(account)]
        return found or self._foresee_panda_problems() or [self._describe_bug()]

    def _foresee_panda_problems(self):
        """Return the problems that provisioning this order would meet now."""
        if not self._get_panda_products():
            return []
        systems = self._get_panda_systems()
        if not systems:
            return [self._describe_missing_system()]
        drafts = [
            draft for system in systems for draft in self._draft_panda_accounts(system)
        ]
        return [row for draft in drafts for row in self._describe_problems(draft)]

    # === DRAFTS === #

    def _draft_panda_accounts(self, system):
        """Yield the accounts of reseller and customer as they would be, unsaved."""
        customer, reseller = self._get_panda_parties()
        if not customer:
            return
        parent = reseller and self._draft_panda_account(reseller, system, "reseller")
        if parent:
            yield parent
        is_reseller = not parent and customer._count_panda_customers()
        role = "reseller" if is_reseller else "user"
        yield self._draft_panda_account(customer, system, role, parent)

    def _draft_panda_account(self, partner, system, role, parent=None):
        account = partner._get_panda_account(system)
        if account.role:
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

    def _describe_missing_system(self):
        company = self.company_id
        text = self.env._(
            "There is no Panda system for it. A Panda administrator can set one up "
            "under Panda > Configuration."
        )
        return company.display_name, "/odoo/panda.system", text

    def _describe_bug(self):
        text = self.env._(
            "Something unexpected went wrong, which the server has noted in its log."
        )
        return self.name, f"/odoo/orders/{self.id}", text

    def _locate(self, account, name):
        """Return label and address of where field ``name`` of ``account`` is mended."""
        partner, url = account.partner_id, f"/odoo/contacts/{account.partner_id.id}"
        if name == "system_id":
            url = f"/odoo/panda.system/{account.system_id.id}"
        elif name in ("role", "username", "parent_id") and account._origin:
            url = f"/odoo/panda.account/{account._origin.id}"
        field = account._fields.get(name)
        label = field and field._description_string(self.env)
        return ", ".join(filter(None, (partner.display_name, label))), url
