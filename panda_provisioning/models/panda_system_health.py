import time
from collections import defaultdict

from odoo import fields, models
from odoo.tools import SQL

from ..core import states
from ..core.states import State
from ..panda_api.limiter import Result

LATELY = 60
"""Seconds whose requests are reported."""


class PandaSystem(models.Model):
    """What a program that watches over Odoo sees of a system."""

    _name = "panda.system"
    _inherit = ["panda.system"]

    # === BUSINESS METHODS === #

    def _get_health_reports(self):
        """Return how these systems stand, for a program.

        :return: a dictionary for each, in their order: ``id``, ``name``, ``state``,
            ``health``, ``problem`` (an error code or ""), ``message`` (the same in
            words), ``interrupted_since`` (an ISO time or ""), ``accounts`` (``{state:
            number}``, every state), ``failures`` (``{error code: number}`` of failed
            accounts), ``oldest_due_s`` (for how many seconds the longest waiting
            account has been due, 0 when none is) and ``pace`` (``rate``, the requests
            per second that Panda has been found to accept, 0 where no limit was met;
            ``requests``, ``{result: number}`` of the last minute)
        """
        counts = self._count_for_health()
        paces = self.env["panda.system.pace"]._get(self)
        return [
            {
                **system._get_health(),
                **counts[system.id],
                "pace": _get_pace(paces[system.id][0], time.time()),
            }
            for system in self
        ]

    def _get_health(self):
        code = self._get_problem_code()
        if not code and self.health in ("throttled", "quarantined"):
            code = self.health_code or self.health
        return {
            "id": self.id,
            "name": self.name,
            "state": self.state,
            "health": self.health,
            "problem": code,
            "message": self.health_message or "",
            "interrupted_since": (
                self.trouble_since.isoformat() if self.trouble_since else ""
            ),
        }

    def _count_for_health(self):
        """Return ``{system id: values}`` of the accounts: one query, however many."""
        counts = defaultdict(
            lambda: {
                "accounts": dict.fromkeys((state.value for state in State), 0),
                "failures": defaultdict(int),
                "oldest_due_s": 0,
            }
        )
        now = fields.Datetime.now()
        for system_id, state, code, number, due_at in self._select_for_health(now):
            values = counts[system_id]
            values["accounts"][state] += number
            if state == State.FAILED:
                values["failures"][code or ""] += number
            if due_at:
                age = int((now - due_at).total_seconds())
                values["oldest_due_s"] = max(values["oldest_due_s"], age)
        return counts

    def _select_for_health(self, now):
        """Return rows of system, state, error code, number of accounts and since when
        the first of them has been due."""
        self.env["panda.account"].flush_model()
        return self.env.execute_query(
            SQL(
                """
                SELECT system_id, state, error_code, count(*),
                    min(next_attempt_at) FILTER (
                        WHERE state IN %s AND next_attempt_at <= %s)
                FROM panda_account WHERE system_id = ANY(%s) GROUP BY 1, 2, 3
                """,
                tuple(state.value for state in states.CLAIMABLE),
                now,
                self.ids,
            )
        )


def _get_pace(pace, now):
    return {
        "rate": round(pace.learnt or 0, 3),
        "requests": {
            result.value: round(pace.minutes[result.value].total(LATELY, now))
            for result in Result
        },
    }
