import logging
import random
import time

import psycopg2.errors

from odoo import api, fields, models
from odoo.tools import SQL

_logger = logging.getLogger(__name__)

BATCH = 100
"""Orders that share a transaction."""
PAUSES = (0, 0.1, 0.2, 0.4, 0.8, 1.6)
"""Seconds before each try; the others need some to finish."""
CRON = "panda_provisioning_sale.ir_cron_take_up_orders"
PRECOMMIT = "panda_provisioning_sale.requested"


class PandaService(models.AbstractModel):
    """The way from a confirmed order to accounts in the queue.

    The confirmation only notes that the order asks to be provisioned. What may take
    time, fail or meet another transaction is done here, a moment later.
    """

    _inherit = "panda.service"

    def _enqueue(self, accounts, trigger=True):
        result = super()._enqueue(accounts, trigger=trigger)
        mended = accounts.sudo().filtered(lambda a: a.state != "failed")
        mended._get_open_orders().filtered(
            lambda o: "failed" not in o.panda_account_ids.mapped("state")
        ).panda_status = "waiting"
        return result

    def _request(self, accounts, trigger=True):
        # Sudo: the mark is the engine's. What a person wants no order takes back.
        accounts.sudo().by_order = False
        return super()._request(accounts, trigger=trigger)

    @api.model
    def _cron_synchronize(self):
        try:
            self._take_up_orders()
        except Exception:
            # Contacts do not wait for an order that cannot be written.
            self.env.cr.rollback()
            _logger.exception("Taking up orders")
        return super()._cron_synchronize()

    @api.model
    def _cron_take_up_orders(self):
        """Turn what orders ask for into accounts.

        A cron of its own, so that orders need not wait for a long synchronisation.
        """
        self._take_up_orders()

    def _take_up_orders_soon(self):
        """Have the orders taken up after the commit, however many there are."""
        precommit = self.env.cr.precommit
        if not precommit.data.get(PRECOMMIT):
            precommit.data[PRECOMMIT] = True
            precommit.add(self._trigger_taking_up)

    def _trigger_taking_up(self, at=None):
        # Not env.ref(), which asks the database whether it exists.
        cron_id = self.env["ir.model.data"]._xmlid_to_res_id(CRON)
        if cron_id:  # somebody may have deleted it; then the other cron takes them up
            # Sudo: whoever confirms an order may not read crons.
            self.env["ir.cron"].sudo().browse(cron_id)._trigger(at)

    def _take_up_orders(self):
        while self._again_after_conflicts(self._take_up_batch):
            pass
        self._again_after_conflicts(self._tell_outcomes)
        if self.env["sale.order"].search_count(
            [("panda_requested", "=", True)], limit=1
        ):
            # Somebody has them open for writing for long.
            later = fields.Datetime.add(fields.Datetime.now(), minutes=1)
            self._trigger_taking_up(later)
            self._commit()

    def _again_after_conflicts(self, work):
        """Do ``work``, which commits, again when somebody else was first, e.g. with
        the account of a customer: only a new transaction sees what he has written.

        :param work: called with the most orders to deal with, fewer each time, and
            whether it is tried again after an error of the database.
        """
        for attempt, pause in enumerate(PAUSES, start=1):
            time.sleep(random.uniform(0.5, 1) * pause)
            is_last_try = attempt == len(PAUSES)
            try:
                limit = max(1, BATCH // 10 ** (attempt - 1))
                return work(limit, is_last_try=is_last_try)
            except psycopg2.Error as error:
                self.env.cr.rollback()
                is_conflict = isinstance(error, psycopg2.OperationalError)
                if is_last_try and not is_conflict:
                    raise
        _logger.info("Others write to the same orders or accounts; trying again later")
        return None

    def _take_up_batch(self, limit, *, is_last_try):
        """Take up some orders and commit; returns whether there were any."""
        # One at a time: two orders of a customer share his account.
        lock = SQL("SELECT pg_try_advisory_xact_lock(hashtext(%s))", PRECOMMIT)
        [(is_ours,)] = self.env.execute_query(lock)
        asking = self.env["sale.order"].search(
            [("panda_requested", "=", True)], order="id", limit=limit
        )
        orders = asking.browse()
        if is_ours:
            orders = asking.try_lock_for_update(allow_referencing=True)
        if asking and not orders:
            raise psycopg2.errors.LockNotAvailable
        for order in orders:
            order._take_up_for_panda(may_raise=not is_last_try)
        if orders:
            self._trigger()
        self._commit()
        return bool(orders)

    def _tell_outcomes(self, _limit, **_options):
        """Tell of orders whose accounts came to rest just while they were taken up."""
        self.env["sale.order"].search(
            [
                ("panda_status", "=", "waiting"),
                ("panda_requested", "=", False),
                ("panda_account_ids.state", "in", ("synced", "failed")),
            ]
        )._tell_panda_outcome()
        self._commit()
