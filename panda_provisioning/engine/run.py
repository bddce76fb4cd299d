"""One pass over the due accounts of one system."""

import logging
import random
import time

import psycopg2.errors

from odoo import fields

from ..panda_api.directory import Directory
from ..panda_api.errors import ErrorKind
from ..panda_api.policy import OUTAGES_IN_A_ROW, POLICIES, Stops
from ..panda_api.rules import problems
from ..panda_api.saga import Clock, Outcome, Step
from .journal import Journal
from .queue import Claim, Queue
from .verdict import judge, row_values
from .window import Window

_logger = logging.getLogger(__name__)

MANY = 3
"""From so many accounts below a parent on, the parent is listed as a whole."""
BACKLOG = 3
"""Accounts in hand per connection: enough that none idles while rows are written."""
CONCURRENCY_ERRORS = (
    psycopg2.errors.SerializationFailure,
    psycopg2.errors.DeadlockDetected,
    psycopg2.errors.LockNotAvailable,
)
MAX_TRIES = 20


class Run:
    """Claims, marks, sends, writes down, until nothing is due or time is up.

    The ORM stays in this thread. Every database transaction ends before the next
    request leaves the machine and none is open while one is under way.

    :param commit: called with the number of accounts that are finished; commits and
        returns the seconds that are left.
    :param account_ids: work on these only.
    """

    def __init__(self, system, commit, account_ids=None, max_seconds=None):
        self.env = system.env
        self.system = system
        self._commit = commit
        self._queue = Queue(self.env, system, account_ids)
        self._journal = Journal(self.env, system)
        self._directory = Directory()
        self._clock = Clock(
            time.time, system.search_grace, patience=system.activation_patience
        )
        self._threads = system.max_connections
        if account_ids:
            self._threads = min(self._threads, len(account_ids))
        self._ends_at = time.monotonic() + max_seconds if max_seconds else None
        self._outages = 0
        self._stopped_by = None
        self._may_claim = True
        self.processed = 0

    def execute(self):
        """Work until nothing is due; returns the number of accounts finished."""
        transport = self.system._open_transport(self._threads)
        with (
            transport,
            Window(transport, self._threads, self._directory, self._clock) as window,
        ):
            self._refill(window)
            while window:
                finished = window.collect()
                if finished:
                    self._settle(window, finished)
                if self._is_ending:
                    self._let_go(window.take_waiting())
                else:
                    self._refill(window)
        return self.processed

    @property
    def stopped_by(self):
        """The error that ended the run early, ``None`` if nothing did."""
        return self._stopped_by

    @property
    def _is_ending(self):
        late = self._ends_at is not None and time.monotonic() >= self._ends_at
        return late or self._stopped_by is not None

    # === CLAIM === #

    def _refill(self, window):
        room = BACKLOG * self._threads - len(window)
        if not self._may_claim or room < self._threads:
            return
        claims = self._transaction(lambda: self._claim(room))
        self._may_claim = len(claims) == room or bool(window)
        for claim in claims:
            window.submit(claim)

    def _claim(self, room):
        """Take rows and settle at once what needs no request."""
        claims = self._queue.claim(room)
        ready, rows = [], []
        for claim in claims:
            settled = self._settle_locally(claim)
            if settled:
                rows.append(settled)
            else:
                ready.append(claim)
        self._queue.write(rows)
        self._journal.record_states(rows)
        self._expect(ready)
        self.processed += len(rows)
        self._commit(len(rows))
        return ready

    def _settle_locally(self, claim: Claim):
        """Return the row of an account that cannot be sent, ``None`` if it can."""
        snapshot = claim.snapshot
        if snapshot.has_parent and not claim.parent_ready and not claim.in_panda:
            return self._row(claim, state="waiting")
        found = [problem.code for problem in problems(snapshot)]
        if claim.email_used:
            found.append("email_used")
        if not claim.partner_active:
            found.append("partner_archived")
        if found:
            return self._row(claim, state="failed", error_code=found[0])
        return None

    def _row(self, claim, **values):
        kept = {"attempt_count": claim.attempt_count, "next_attempt_at": None}
        return row_values(claim.snapshot, **kept, **values)

    def _expect(self, claims):
        looking = [c.snapshot for c in claims if c.snapshot.step is Step.FIND_ACCOUNT]
        parents = [snapshot.parent_remote_id for snapshot in looking]
        self._directory.expect_many(p for p in set(parents) if parents.count(p) >= MANY)

    # === SETTLE === #

    def _settle(self, window, finished):
        """Write down what came of steps, then send what comes next."""
        for claim, snapshot, wait in self._transaction(lambda: self._write(finished)):
            claim.snapshot = snapshot
            window.submit(claim, wait)

    def _write(self, finished):
        verdicts = [self._judge(item.claim, item.outcome) for item in finished]
        ours = self._queue.write([verdict.values for verdict in verdicts])
        for item in finished:
            if item.claim.id not in ours:
                _logger.warning("Another run took over account %s", item.claim.id)
        kept = [v for v in verdicts if v.values["id"] in ours]
        ended = [v.values for v in kept if not v.snapshot]
        self._after_success([v["id"] for v in ended if v["state"] == "synced"])
        self._journal.record_exchanges(finished)
        self._journal.record_states(ended)
        self.processed += len(ended)
        self._commit(len(ended))
        return [(v.claim, v.snapshot, v.wait) for v in kept if v.snapshot]

    def _judge(self, claim, outcome):
        if outcome.used:
            outcome = self._without_bound(claim, outcome)
        self._watch_system(outcome.error)
        return judge(claim, outcome, self._queue.lease, self._clock, not self._is_ending)

    def _without_bound(self, claim, outcome):
        """Look again if ``outcome`` rests on accounts that belong to others."""
        bound = self._queue.get_bound(outcome.used, claim.id)
        if not bound:
            return outcome
        claim.snapshot = claim.snapshot.without(frozenset(bound))
        return Outcome(Step.FIND_ACCOUNT, unknown=outcome.unknown)

    def _after_success(self, ids):
        if ids:
            self._outages = 0
            self._may_claim = True
            self._queue.requeue_edited(ids)
            self._queue.wake_customers(ids)

    def _watch_system(self, error):
        """Notice when it is not the account but the system that is in trouble."""
        if not error:
            return
        stops = POLICIES[error.kind].stops
        self._outages += error.kind is ErrorKind.OUTAGE
        if stops is Stops.PACE or stops is Stops.SYSTEM:
            self._stopped_by = error
        elif self._outages >= OUTAGES_IN_A_ROW:
            self._stopped_by = error

    # === END === #

    def _let_go(self, claims):
        """Give back accounts that wait for Panda; the next run looks after them."""
        rows = [
            row_values(
                claim.snapshot,
                state="running",
                attempt_count=claim.attempt_count,
                next_attempt_at=fields.Datetime.now(),
            )
            for claim in claims
        ]
        if rows:
            self._transaction(lambda: (self._queue.write(rows), self._commit(0)))

    def _transaction(self, work):
        """Do ``work``, which commits, again if it met another transaction.

        What Panda has answered is held in memory, so nothing is sent twice.
        """
        for _attempt in range(MAX_TRIES):
            try:
                return work()
            except CONCURRENCY_ERRORS:
                self.env.cr.rollback()
                time.sleep(random.uniform(0, 0.05))
        return work()
