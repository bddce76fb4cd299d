import random
import time
from functools import partial

import psycopg2.errors

from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.panda_provisioning.models.panda_account import SETTLED
from odoo.addons.panda_provisioning.models.panda_service import get_logger

_logger = get_logger(__name__)

BATCH_SIZE = 100
"""Orders that share a transaction."""
RETRY_DELAYS = (0, 0.1, 0.2, 0.4, 0.8, 1.6)
"""Seconds before each try, for conflicting transactions to end."""
MOST_STUCK = 5
"""Orders that one run gives up on after all tries."""
CRON = "panda_provisioning_sale.ir_cron_take_up_orders"
REQUESTED = "panda_provisioning_sale.requested"
"""Key of the precommit hook that triggers the cron, and of the lock of its work."""


class PandaService(models.AbstractModel):
    """From requested orders to accounts in the queue.

    The confirmation of an order only sets a flag. What may take time, fail or conflict
    with another transaction is done here, a moment later.
    """

    _inherit = "panda.service"

    # === BUSINESS METHODS === #

    def _enqueue(self, accounts, trigger=True):
        result = super()._enqueue(accounts, trigger=trigger)
        queued = accounts.sudo().filtered(lambda a: a.state != "failed")
        queued._get_open_orders().filtered(
            lambda o: "failed" not in o.panda_account_ids.mapped("state")
        ).panda_status = "waiting"
        return result

    def _request(self, accounts, trigger=True):
        # Sudo: an engine field. What a person requests is not withdrawn with an order.
        accounts.sudo().by_order = False
        return super()._request(accounts, trigger=trigger)

    def _schedule_order_processing(self):
        """Trigger the cron on commit, once for all orders of the transaction."""
        precommit = self.env.cr.precommit
        if not precommit.data.get(REQUESTED):
            precommit.data[REQUESTED] = True
            precommit.add(self._trigger_order_cron)

    # === CRON === #

    def _synchronize_system(self, system):
        try:
            self._process_requested_orders()
        except Exception:
            # An order that cannot be processed must not block the contacts.
            self.env.cr.rollback()
            _logger.exception("Processing requested orders")
        return super()._synchronize_system(system)

    @api.model
    def _cron_process_requested_orders(self):
        """Create and queue the accounts of requested orders.

        A cron of its own, so that orders need not wait for a long synchronisation.
        """
        self._process_requested_orders()

    def _process_requested_orders(self):
        stuck = []  # ids of orders that conflict again and again
        work = partial(self._process_order_batch, stuck)
        while True:
            known = len(stuck)
            has_worked = self._retry_on_conflict(work)
            # The others go on without it, unless too many have cost seconds already.
            if not has_worked and not known < len(stuck) < MOST_STUCK:
                break
        self._retry_on_conflict(self._settle_waiting_orders)
        if self.env["sale.order"].search_count(
            [("panda_requested", "=", True)], limit=1
        ):
            # Another transaction has locked them for longer than all retries.
            later = fields.Datetime.add(fields.Datetime.now(), minutes=1)
            self._trigger_order_cron(later)
            self._commit()

    def _trigger_order_cron(self, at=None):
        # Not env.ref(), which costs a query to check that the record exists.
        cron_id = self.env["ir.model.data"]._xmlid_to_res_id(CRON)
        if cron_id:  # if it was deleted, the other cron processes the orders
            # Sudo: users who confirm orders may not read crons.
            self.env["ir.cron"].sudo().browse(cron_id)._trigger(at)

    def _retry_on_conflict(self, work):
        """Call ``work``, which commits, again after a conflict with another one.

        Only a new transaction sees what the other one has written, e.g. the account of
        a customer that both orders need.

        :param work: called with the most orders to process, fewer each time, and
            whether this is the last try.
        """
        for attempt, delay in enumerate(RETRY_DELAYS, start=1):
            time.sleep(random.uniform(0.5, 1) * delay)
            is_last_try = attempt == len(RETRY_DELAYS)
            try:
                limit = max(1, BATCH_SIZE // 10 ** (attempt - 1))
                return work(limit, is_last_try=is_last_try)
            except psycopg2.Error as error:
                self.env.cr.rollback()
                is_conflict = isinstance(error, psycopg2.OperationalError)
                if is_last_try and not is_conflict:
                    raise
        _logger.info("Orders or accounts are locked by others; trying again later")
        return None

    def _process_order_batch(self, stuck, limit, *, is_last_try):
        """Process some requested orders and commit; return whether there were any.

        :param stuck: ids of orders to pass over. One that is tried for the last time is
            added, and taken out again when that succeeds.
        """
        # One transaction at a time: two orders of a customer share an account.
        lock = SQL("SELECT pg_try_advisory_xact_lock(hashtext(%s))", REQUESTED)
        [(is_locked,)] = self.env.execute_query(lock)
        requested = self.env["sale.order"].search(
            [("panda_requested", "=", True), ("id", "not in", stuck)],
            order="id",
            limit=limit,
        )
        orders = requested.browse()
        if is_locked:
            orders = requested.try_lock_for_update(allow_referencing=True)
        if requested and not orders:
            raise psycopg2.errors.LockNotAvailable
        if is_last_try:
            stuck.extend(orders.ids)
        for order in orders:
            order._process_panda_request(may_raise=not is_last_try)
        orders.panda_account_ids.system_id._trigger()
        self._commit()
        if is_last_try:
            del stuck[len(stuck) - len(orders) :]
        return bool(orders)

    def _settle_waiting_orders(self, _limit, **_options):
        """Settle the orders whose accounts settled before the order was linked to them,
        and those whose status could not be set at the time."""
        self.env["sale.order"].search(
            [
                ("panda_status", "=", "waiting"),
                ("panda_requested", "=", False),
                ("panda_account_ids.state", "in", SETTLED),
            ]
        )._settle_panda()
        self._commit()
