import time

from odoo import models
from odoo.exceptions import UserError

from ..engine.plan import Plan
from ..panda_api.book import fill
from .panda_texts import PROBLEMS

PREVIEW_SECONDS = 60
"""How long Panda is asked; Odoo ends a worker that takes much longer."""


class PandaService(models.AbstractModel):
    """Says beforehand what a synchronisation would do, and then does it."""

    _inherit = "panda.service"

    def _plan(self, partners, system=None):
        """Return the :class:`Plan` of ``partners``, with what Panda knows of them.

        Reads from Panda and writes nothing; ends the transaction before it does.

        :param system: the one of the company when it is not given.
        """
        self.env["panda.account"].check_access("create")
        partners.check_access("read")
        system = system or self.env["panda.system"]._get_default(partners[:1])
        system.check_access("read")
        self._check_may_be_called(system)
        plan = Plan(system, partners)
        threads = system._get_connection_count()
        transport, is_paused = system._open_transport(threads), system._is_paused()
        plan.book.trouble = (is_paused and system.health_code) or ""
        ends_at = time.monotonic() + PREVIEW_SECONDS
        with transport:
            for snapshots in plan.play():
                # No transaction is open while a request is on the wire.
                self._commit()
                if not plan.book.trouble:
                    fill(plan.book, transport, snapshots, threads, ends_at)
        return plan

    def _check_may_be_called(self, system):
        if not system._may_be_called():
            is_disabled = system.state == "disabled"
            text = PROBLEMS["system_disabled" if is_disabled else "system_copied"]
            raise UserError(str(self.env._(text)) % {"system": system.display_name})

    def _queue_plan(self, plan, lines):
        """Save the options of ``lines`` of ``plan``, queue them and return their
        accounts. Resellers who are to be created for them are queued too."""
        resellers = [plan.lines.get(line.claim.parent_id) for line in lines]
        partners = {line.partner for line in (*lines, *resellers) if line}
        proposals = {p: o for p, o in plan.proposals.items() if p in partners}
        accounts = self.env["panda.account"]._accept(proposals, plan.system)
        queued = self.env["panda.account"].union(*(accounts[p] for p in proposals))
        self._request(queued)
        return queued
