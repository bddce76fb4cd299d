import logging

import psycopg2
from markupsafe import escape

from odoo import models
from odoo.exceptions import UserError

from odoo.addons.panda_provisioning.models.panda_account_news import ACTIVITY

_logger = logging.getLogger(__name__)


class SaleOrder(models.Model):
    """From what an order asks for to accounts, and back to what people hear of it."""

    _inherit = "sale.order"  # pylint: disable=consider-merging-classes-inherited

    # === WHO === #

    def _get_panda_systems(self):
        """Return the systems of the products, without one that of the company."""
        systems = self.env["panda.system"]
        for product in self._get_panda_products():
            system = product.panda_system_id
            if system.company_id != self.company_id:  # another one's, or none
                customer = self._get_panda_customer()
                system = systems._get_of_company(customer, self.company_id)
            systems |= system
        return systems

    def _get_panda_parties(self):
        """Return the end customer and his reseller, who may be empty.

        Whoever buys for somebody else is his reseller, unless somebody has decided
        otherwise.

        Note: `self.ensure_one()`
        """
        customer = self._get_panda_customer()
        reseller, buyer = customer.panda_reseller_id, self.partner_id
        is_for_himself = buyer.commercial_partner_id == customer.commercial_partner_id
        if customer and not is_for_himself and not customer._is_settled_in_panda():
            reseller = buyer
        return customer, reseller and reseller._get_panda_entity()

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
            order._give_up_panda(order._describe_bug()[-1])

    def _queue_panda_accounts(self):
        customer, reseller = self._get_panda_parties()
        if reseller and not customer.panda_reseller_id:
            customer.panda_reseller_id = reseller
        accounts = self.env["panda.account"]
        for system in self._get_panda_systems() or [None]:
            # Without a system it is the contact who says that there is none.
            account = customer._get_or_create_panda_account(system)
            accounts |= account | account.parent_id
        accounts.filtered(lambda a: a.state == "draft").queued_by_order = True
        # What is on its way is left to the engine, which may just be writing there.
        resting = accounts.filtered(lambda a: a.state in ("draft", "synced", "failed"))
        self.env["panda.service"]._enqueue(resting, trigger=False)
        self.write({"panda_requested": False, "panda_account_ids": accounts.ids})
        self._tell_panda_outcome()

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
        """Take back what was not sent yet and no other order needs.

        What has been sent stays as it is, in Panda and here.
        """
        open_orders = self.filtered(lambda o: o.panda_status in ("waiting", "failed"))
        open_orders.write({"panda_requested": False, "panda_status": False})
        open_orders.activity_unlink([ACTIVITY])
        accounts = open_orders.panda_account_ids
        # Customers first: whoever waits for a reseller needs him.
        for account in accounts.sorted(lambda a: not a.parent_id):
            if account._can_withdraw():
                account._withdraw()

    # === TELLING === #

    def _tell_panda_outcome(self):
        """Note on each order that waits how it has ended, if it has."""
        done = self.browse()
        for order in self.filtered(lambda o: o.panda_status == "waiting"):
            states = set(order.panda_account_ids.mapped("state"))
            if order.panda_requested or not states:
                continue
            if "failed" in states:
                order.panda_status = "failed"
                order._tell_panda_failure(order._get_panda_reasons())
            elif states == {"synced"}:
                done |= order
        done._tell_panda_success()

    def _tell_panda_success(self):
        self.panda_status = "done"
        self.activity_unlink([ACTIVITY])
        self._message_log_batch(
            bodies={order.id: escape(order._get_panda_success()) for order in self}
        )

    def _tell_panda_failure(self, reason):
        note = escape(self._in_language().env._("Not provisioned in Panda: %s", reason))
        self._message_log(body=note)
        self.activity_unlink([ACTIVITY])
        user = self.user_id or self.panda_account_ids.system_id[:1].responsible_user_id
        user = user or self.env.ref("base.user_admin")
        self.activity_schedule(ACTIVITY, note=note, user_id=user.id)

    def _get_panda_success(self):
        accounts = self.panda_account_ids.sorted(lambda a: bool(a.parent_id))
        return self._in_language().env._(
            "In Panda: %s.",
            ", ".join(f"{a.display_name} ({a.remote_id})" for a in accounts),
        )

    def _get_panda_reasons(self):
        problems = self._in_language()._get_panda_problems()
        return " ".join(f"{label}: {text}" for label, _url, text in problems)

    def _in_language(self):
        return self.with_context(lang=self.user_id.lang or self.env.lang)
