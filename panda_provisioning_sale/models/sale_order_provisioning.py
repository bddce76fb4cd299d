import logging

import psycopg2

from odoo import models
from odoo.exceptions import UserError

from odoo.addons.panda_provisioning.models.panda_account import ACTIVITY

_logger = logging.getLogger(__name__)


class SaleOrder(models.Model):
    """From what an order asks for to accounts in the queue, and back."""

    _inherit = "sale.order"  # pylint: disable=consider-merging-classes-inherited

    # === WHERE AND WHO === #

    def _get_panda_systems(self):
        """Return the systems of the products, each once; an empty one stands for
        products that have none.

        Note: `self.ensure_one()`
        """
        return list(
            dict.fromkeys(map(self._get_panda_system, self._get_panda_products()))
        )

    def _get_panda_system(self, product):
        """Return the system of ``product``, without one that of the company."""
        system = product.panda_system_id
        if system.company_id in self.company_id.parent_ids:
            return system
        return system._get_of_company(self._get_panda_customer(), self.company_id)

    def _get_panda_reseller(self, system):
        """Return whose customer the end customer is in ``system``, maybe nobody's.

        Whoever buys for somebody else is his reseller, unless somebody has decided
        otherwise: in this system, or on the contact.

        Note: `self.ensure_one()`
        """
        customer, buyer = self._get_panda_customer(), self.partner_id
        account = customer._get_panda_account(system)
        if account.role:
            return account.parent_id.partner_id
        reseller = customer.panda_reseller_id
        is_open = not reseller or customer.panda_reseller_by_order
        if is_open and self._is_for_other() and not customer._count_panda_customers():
            reseller = buyer
        return reseller and reseller._get_panda_entity()

    def _is_for_other(self):
        """Whether somebody buys what somebody else will use."""
        customer = self._get_panda_customer().commercial_partner_id
        return self.partner_id.commercial_partner_id != customer

    # === TAKING UP === #

    def _take_up_for_panda(self, *, may_raise):
        """Queue the accounts of this order, or tell people why that is impossible.

        :param may_raise: whether the caller tries again after any error of the
            database. After a conflict with another transaction he always does.
        """
        order = self.sudo().with_company(self.company_id)
        order = order.with_context(allowed_company_ids=self.company_id.ids)
        try:
            with self.env.cr.savepoint():
                order._queue_panda_accounts()
        except UserError as error:
            order._give_up_panda(str(error))
        except Exception as error:
            is_conflict = isinstance(error, psycopg2.OperationalError)
            if is_conflict or (may_raise and isinstance(error, psycopg2.Error)):
                raise
            _logger.exception("Provisioning order %s in Panda", self.name)
            order._give_up_panda(order._describe_bug())

    def _queue_panda_accounts(self):
        systems = self._get_panda_systems()
        # Cancelled past the action, or the product was taken off the order meanwhile.
        if self.state == "cancel" or not systems:
            self._withdraw_from_panda()
            return
        accounts = self.env["panda.account"]
        for system in systems:
            accounts |= self._prepare_panda_accounts(system)
        self._name_panda_reseller()
        drafts = accounts.filtered(lambda a: a.state == "draft" and not a.by_order)
        drafts.by_order = "queued"
        # What is on its way is left to the engine, which may just be writing there.
        resting = accounts.filtered(lambda a: a.state in ("draft", "synced", "failed"))
        self.env["panda.service"]._enqueue(resting, trigger=False)
        self.write({"panda_requested": False, "panda_account_ids": accounts.ids})
        self._tell_panda_outcome()

    def _prepare_panda_accounts(self, system):
        """Return the accounts of end customer and reseller in ``system``, unless
        something stands against using it.

        :raise UserError: what stands against it
        """
        customer = self._get_panda_customer()
        reasons = self._get_reasons_against(system)
        if reasons:
            raise UserError(" ".join(reasons))
        reseller = self._get_panda_reseller(system)
        if reseller:
            account = self._decide_panda_account(reseller, system)
            if account._may_become_reseller():
                account.write({"role": "reseller", "by_order": account.by_order})
        account = self._decide_panda_account(customer, system, reseller)
        return account | account.parent_id

    def _decide_panda_account(self, partner, system, reseller=None):
        """Return the account of ``partner``, prepared if nobody has done it yet."""
        account = partner._get_panda_account(system)
        if not account.role:
            share = "decided" if account else "created"
            account = partner._get_or_create_panda_account(system, reseller)
            account.by_order = share
        return account

    def _name_panda_reseller(self):
        """Write the reseller on the contact, where he is the same in every system and
        no person has had a say in it."""
        customer = self._get_panda_customer()
        accounts = customer.panda_account_ids.filtered("role")
        reseller = accounts.parent_id.partner_id
        is_clear = len(reseller) == 1 and all(
            account.parent_id and account._is_guessed() for account in accounts
        )
        if is_clear and not customer.panda_reseller_id:
            customer.write(
                {"panda_reseller_id": reseller.id, "panda_reseller_by_order": True}
            )

    def _give_up_panda(self, reason):
        """Note that this order has failed, whatever stands against noting it."""
        try:
            with self.env.cr.savepoint():
                self.write({"panda_requested": False, "panda_status": "failed"})
                self._tell_panda_failure(reason)
        except psycopg2.OperationalError:
            raise
        except Exception:
            _logger.exception("Telling that order %s is not provisioned", self.id)
            # Past everything that refused: the other orders must not wait for it.
            self.env.cr.execute(
                "UPDATE sale_order SET panda_requested = FALSE,"
                " panda_status = 'failed' WHERE id = %s",
                [self.id],
            )
            self.invalidate_recordset()

    # === TAKING BACK === #

    def _withdraw_from_panda(self):
        """Take back what was not sent yet, as if these orders had never been.

        What has been sent stays as it is, in Panda and here. Other orders that need
        the same accounts decide afresh.
        """
        withdrawn = self.filtered(lambda o: o.panda_status in ("waiting", "failed"))
        withdrawn.write({"panda_requested": False, "panda_status": False})
        withdrawn.activity_unlink([ACTIVITY])
        # Customers first: whoever waits for a reseller needs him.
        for account in withdrawn.panda_account_ids.sorted(lambda a: not a.parent_id):
            if account._may_be_withdrawn():
                account._withdraw()
