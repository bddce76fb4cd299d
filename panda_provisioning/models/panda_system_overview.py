import json
from collections import Counter
from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, format_datetime

from ..engine.progress import TO_DO
from .panda_account import MOST_URGENT_FIRST

DAYS = 30


class PandaSystem(models.Model):
    """What the Overview shows of a system, and what it hears while it is shown."""

    _name = "panda.system"
    _inherit = ["panda.system", "bus.listener.mixin"]

    batch_done = fields.Integer(
        readonly=True,
        copy=False,
        help="Accounts worked on since there was nothing left to do, by the runs that "
        "have ended.",
    )
    overview = fields.Json(compute="_compute_overview")
    overview_graph = fields.Text(compute="_compute_overview")

    # === COMPUTE METHODS === #

    @api.depends_context("lang", "tz")
    def _compute_overview(self):
        rows = self._count_accounts()
        for system in self:
            own = [row[1:] for row in rows if row[0] == system.id]
            system.overview = system._get_overview(own)
            system.overview_graph = json.dumps(system._get_graph(own))

    def _count_accounts(self):
        """Return rows of system, state, day on which it began, number of accounts and
        their next try: one query, however many systems."""
        self.env["panda.account"].flush_model()
        return self.env.execute_query(
            SQL(
                """
                SELECT system_id, state,
                    (CASE state WHEN 'synced' THEN last_sync_at
                        WHEN 'failed' THEN failed_at END
                    AT TIME ZONE 'UTC' AT TIME ZONE %s)::date AS day,
                    count(*),
                    min(next_attempt_at) FILTER (WHERE state IN ('retry', 'unknown'))
                FROM panda_account WHERE system_id = ANY(%s) GROUP BY 1, 2, 3
                """,
                str(self.env.tz),
                self.ids,
            )
        )

    def _get_overview(self, rows):
        labels = self._get_state_labels()
        counts = Counter()
        for state, _day, count, _next_try in rows:
            counts[state] += count
        next_try = min((row[3] for row in rows if row[3]), default=False)
        if self.next_probe_at:
            next_try = False  # the health says when
        return {
            "states": [
                {"state": state, "label": labels[state], "count": counts[state]}
                for state in MOST_URGENT_FIRST
            ],
            "next_try": next_try and format_datetime(self.env, next_try),
            "done": self.batch_done,
            "left": sum(counts[state] for state in TO_DO),
        }

    def _get_graph(self, rows):
        """Return how many accounts were synchronised on each of the last days, and how
        many have failed, as ``dashboard_graph`` wants it."""
        counts = {(state, day): count for state, day, count, _next_try in rows}
        today = fields.Date.context_today(self)
        days = [today - timedelta(days=ago) for ago in reversed(range(DAYS))]
        labels = self._get_state_labels()
        return [
            {
                "key": labels[state],
                "values": [
                    {
                        "label": fields.Date.to_string(day),
                        "value": counts.get((state, day), 0),
                    }
                    for day in days
                ],
            }
            for state in ("synced", "failed")
        ]

    def _get_state_labels(self):
        state = self.env["panda.account"]._fields["state"]
        return dict(state._description_selection(self.env))

    # === ACTION METHODS === #

    def action_open_accounts(self, state=None):
        """Open the accounts of this system, all or those in ``state``."""
        self.ensure_one()
        self.check_access("read")
        domain = Domain("system_id", "=", self.id)
        if state:
            domain &= Domain("state", "=", state)
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "panda_provisioning.panda_account_action"
        )
        return {
            **action,
            "name": self.env._("Accounts of %s", self.display_name),
            "domain": list(domain),
            "context": {"default_system_id": self.id},
        }

    # === BUSINESS METHODS === #

    def _tell_overview(self, progress=None):
        """Let those who look at the Overview see ``progress``, or look again."""
        for system in self:
            system._bus_send(
                "panda_provisioning.overview",
                {"system_id": system.id, "progress": progress},
            )
