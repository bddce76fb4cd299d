"""How far a run is, for whoever looks at the Overview."""

import time
from collections import Counter

from odoo.tools import SQL

from .queue import CLAIMABLE

AT_REST = ("draft", "synced", "failed")
ENDED = ("synced", "failed", "retry", "unknown")
"""What an account is when the run has done with it what it could."""
TO_DO = ("queued", "running")
"""What an account is that is going to be worked on without anybody doing more."""


class Progress:
    """Counts what a run has finished, and tells it.

    What rests is counted once and kept up, since there may be a million of them; what
    is left to do is counted anew each time, along the indexes of the queue.

    :param is_shown: false for the few accounts of somebody who waits for them anyway.
    """

    def __init__(self, system, *, is_shown):
        self._system = system
        self._system_id = system.id
        self._is_shown = is_shown
        self._done_before = system.batch_done
        self._began = time.monotonic()
        self._ended = Counter()
        self._resting_before = None

    def add(self, rows):
        """Count the accounts whose ``rows`` were written down."""
        self._ended.update(row["state"] for row in rows if row["state"] in ENDED)

    def tell(self):
        """Show how far the run is."""
        if not self._is_shown:
            return
        left, counts = self._count_unfinished()
        done = self._ended.total()
        rate = done / (time.monotonic() - self._began)
        progress = {
            "done": self._done_before + done,
            "left": left,
            "rate": rate,
            "seconds_left": left / rate if rate else None,
            "counts": {**counts, **self._count_resting()},
        }
        self._system._tell_overview(progress)

    def finish(self, *, is_over):
        """Show what has become of it; a run that is not over is soon gone on with."""
        if not self._is_shown or not (self._ended or self._done_before):
            return
        left, _counts = self._count_unfinished()
        batch_done = self._done_before + self._ended.total() if left else 0
        if batch_done != self._done_before:
            self._system.batch_done = batch_done
        if is_over or not left:
            self._system._tell_overview()

    def _count_unfinished(self):
        """Return how many accounts are left to do, and all unfinished by state."""
        rows = self._system.env.execute_query(
            SQL(
                """
                SELECT a.state, count(*), count(*) FILTER (
                    WHERE a.state IN %(to_do)s OR reseller.state IN %(to_do)s)
                FROM panda_account a
                LEFT JOIN panda_account reseller
                    ON reseller.id = a.parent_id AND a.state = 'waiting'
                WHERE a.system_id = %(system)s
                    AND (a.state IN %(claimable)s OR a.state = 'waiting')
                GROUP BY a.state
                """,
                to_do=TO_DO,
                claimable=CLAIMABLE,
                system=self._system_id,
            )
        )
        counts = dict.fromkeys((*CLAIMABLE, "waiting"), 0)
        counts |= {state: count for state, count, _left in rows}
        return sum(left for _state, _count, left in rows), counts

    def _count_resting(self):
        if self._resting_before is None:
            rows = self._system.env.execute_query(
                SQL(
                    "SELECT state, count(*) FROM panda_account"
                    " WHERE system_id = %s AND state IN %s GROUP BY state",
                    self._system_id,
                    AT_REST,
                )
            )
            self._resting_before = Counter(dict(rows))
            self._resting_before.subtract(self._ended)
        return {
            state: self._resting_before[state] + self._ended[state] for state in AT_REST
        }
