import logging

import psycopg2
from markupsafe import escape

from odoo import models

from odoo.addons.panda_provisioning.models.panda_account import ACTIVITY

_logger = logging.getLogger(__name__)


class SaleOrder(models.Model):
    """What people hear of an order: one note for each change that matters."""

    _inherit = "sale.order"  # pylint: disable=consider-merging-classes-inherited

    def _tell_panda_outcome(self):
        """Note on each order that waits how it has ended, if it has."""
        # A savepoint for each of them, but not for thousands that wait on.
        for order in self.filtered(lambda o: o._get_panda_outcome()):
            try:
                with self.env.cr.savepoint():
                    order._note_panda_outcome()
            except psycopg2.OperationalError:
                raise  # met another transaction; the caller tries again
            except Exception:
                # One order's trouble is neither the others' nor the engine's.
                _logger.exception("Telling how order %s has ended", order.id)

    def _get_panda_outcome(self):
        """Return how this order has ended if it has, or ``None``."""
        if self.panda_status != "waiting" or self.panda_requested:
            return None
        states = set(self.panda_account_ids.mapped("state"))
        if "failed" in states:
            return "failed"
        return "done" if states == {"synced"} else None

    def _note_panda_outcome(self):
        self.panda_status = self._get_panda_outcome()
        if self.panda_status == "failed":
            self._tell_panda_failure(self._get_panda_reasons())
        else:
            self._tell_panda_success()

    def _tell_panda_success(self):
        self.activity_unlink([ACTIVITY])
        text = self._in_language()._get_panda_success()
        self._note_for_panda(text, text)

    def _tell_panda_failure(self, reason):
        text = self._in_language().env._("Not provisioned in Panda: %s", reason)
        self._note_for_panda(reason, text)
        self.activity_unlink([ACTIVITY])
        users = self.user_id | self.panda_account_ids.system_id.responsible_user_id
        user = self.env["panda.service"]._get_person(users)
        self.activity_schedule(ACTIVITY, note=escape(text), user_id=user.id)

    def _note_for_panda(self, news, text):
        """Write ``text`` into the chatter, unless people know ``news`` already."""
        if self.panda_told != news:
            self._message_log(body=escape(text))
            self.panda_told = news

    def _get_panda_success(self):
        accounts = self.panda_account_ids.sorted(lambda a: bool(a.parent_id))
        names = (f"{a.display_name} ({a.remote_id})" for a in accounts)
        said = self.env._("In Panda: %s.", ", ".join(names))
        return " ".join([said, *self._get_panda_decisions()])

    def _get_panda_reasons(self):
        problems = self._in_language()._get_panda_problems()
        return " ".join(f"{label}: {text}" for label, _url, text in problems)

    def _in_language(self):
        return self.with_context(lang=self.user_id.lang or self.env.lang)
