"""How far a run is, in numbers."""

import time
from collections import Counter

from odoo.tools import SQL

from ..core.states import AT_REST, CLAIMABLE, ENDED, PENDING
from .queue import IS_CLAIMABLE


class RunProgress:
    """Counts what a run has finished.

    Accounts at rest are counted once and kept up, since there may be a million of
    them; the others are counted anew each time, along the indexes of the queue.

    :param done_before: accounts of the batch that earlier runs have finished
    """

    def __init__(self, env, system_id, done_before):
        self.env = env
        self._system_id = system_id
        self._done_before = done_before
        self._began = time.monotonic()
        self._ended = Counter()
        self._resting_before = None

    def add(self, rows):
        """Count the accounts whose ``rows`` were written."""
        self._ended.update(row.state.value for row in rows if row.state in ENDED)

    def measure(self):
        """Return ``{"done", "left", "rate", "seconds_left", "counts"}``; the rate is
        in accounts per second."""
        left, counts = self._count_unfinished()
        done = self._ended.total()
        rate = done / (time.monotonic() - self._began)
        return {
            "done": self._done_before + done,
            "left": left,
            "rate": rate,
            "seconds_left": left / rate if rate else None,
            "counts": {**counts, **self._count_resting()},
        }

    def close(self):
        """Return how many accounts of the batch are finished and how many are left;
        ``None`` when this run had nothing to do with a batch."""
        if not (self._ended or self._done_before):
            return None
        left, _counts = self._count_unfinished()
        return (self._done_before + self._ended.total() if left else 0), left

    def _count_unfinished(self):
        """Return how many accounts are left to do, and all unfinished by state."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT state, count(*), count(*) FILTER (
                    WHERE state IN %(pending)s OR reseller_state IN %(pending)s)
                FROM (
                    SELECT a.state, a.system_id, reseller.state AS reseller_state
                    FROM panda_account a
                    LEFT JOIN panda_account reseller
                        ON reseller.id = a.parent_id AND a.state = 'waiting'
                ) account
                WHERE system_id = %(system)s AND (%(claimable)s OR state = 'waiting')
                GROUP BY state
                """,
                pending=_values(PENDING),
                claimable=IS_CLAIMABLE,
                system=self._system_id,
            )
        )
        counts = dict.fromkeys((*_values(CLAIMABLE), "waiting"), 0)
        counts |= {state: count for state, count, _left in rows}
        return sum(left for _state, _count, left in rows), counts

    def _count_resting(self):
        if self._resting_before is None:
            rows = self.env.execute_query(
                SQL(
                    "SELECT state, count(*) FROM panda_account"
                    " WHERE system_id = %s AND state IN %s GROUP BY state",
                    self._system_id,
                    _values(AT_REST),
                )
            )
            self._resting_before = Counter(dict(rows))
            self._resting_before.subtract(self._ended)
        return {
            state: self._resting_before[state] + self._ended[state]
            for state in _values(AT_REST)
        }


def _values(states):
    return tuple(state.value for state in states)
