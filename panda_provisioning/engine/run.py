"""One pass over the due accounts of one system."""

import logging
import random
import time

import psycopg2.errors

from ..panda_api.connection_check import check_connection
from ..panda_api.directory import Directory, crowded
from ..panda_api.errors import ErrorKind
from ..panda_api.policy import OUTAGES_IN_A_ROW, POLICIES, Stops
from ..panda_api.steps import UPDATES, Clock, Outcome, Step
from .journal import Journal
from .progress import Progress
from .queue import Queue
from .verdict import held_values, judge, put_back, settle
from .window import Window

_logger = logging.getLogger(__name__)

BACKLOG = 5
"""Accounts in hand per connection: enough that none idles while others wait for Panda
or for their rows to be written."""
TELL_EVERY = 1
"""Seconds between two rounds of news: people notice no delay, the database does."""
ANSWERS = (ErrorKind.DATA, ErrorKind.CONFLICT)
"""Refusals that show that Panda works as it should."""
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

    :param commit: commits; called with the number of accounts that are finished.
    :param account_ids: work on these only.
    :param seconds: time after which no further step is begun.
    :param watch: called whenever something has come in; ends the run like the time
        does once it returns true.
    """

    def __init__(
        self, system, commit, account_ids=None, seconds=None, watch=lambda: False
    ):
        self.env = system.env
        self.system = system
        self._commit = commit
        self._watch = watch
        self._is_called_off = False
        self._queue = Queue(self.env, system, account_ids)
        self._journal = Journal(self.env, system, attended=bool(account_ids))
        self._progress = Progress(system, is_shown=not account_ids)
        self._directory = Directory()
        self._clock = Clock(
            time.time, system.search_grace, patience=system.activation_patience
        )
        self._threads = system._get_connection_count()
        if account_ids:
            self._threads = min(self._threads, len(account_ids))
        # Plain values: a commit empties the cache of every record.
        # A button waits for two calls at most; the cron takes over what is left.
        self._transport = system._open_transport(
            self._threads, longest=seconds / 2 if account_ids else None
        )
        self._root_account_id = system.root_account_id
        self._ends_at = time.monotonic() + seconds if seconds else None
        self._outages = 0
        self._unlucky = []
        self._refused = []
        self._stopped_by = self._last_error = None
        self._has_succeeded = False
        self._may_claim = True
        self._crowded = set()
        self._told_at = time.monotonic()
        self._settled = 0

    def execute(self):
        """Work until nothing is due, time is up or the system is in trouble."""
        with (
            self._transport,
            Window(
                self._transport, self._threads, self._directory, self._clock
            ) as window,
        ):
            self._transaction(self._prepare)
            self._refill(window)
            while window:
                finished = window.collect()
                self._is_called_off = self._watch()
                if finished:
                    self._settle(window, finished)
                if self._is_ending:
                    self._let_go(window.take_back())
                else:
                    self._refill(window)
                if time.monotonic() - self._told_at > TELL_EVERY:
                    self._transaction(self._tell)
            self._look_at_system()
            while self._transaction(self._tell_news):
                pass
            self._transaction(self._finish)

    @property
    def _is_ending(self):
        return self._is_late or self._is_called_off or self._stopped_by is not None

    @property
    def _is_late(self):
        return self._ends_at is not None and time.monotonic() >= self._ends_at

    # === CLAIM === #

    def _prepare(self):
        """Wake customers who began to wait at the very moment when their reseller
        became ready, and see below whom many accounts are to be looked for: not all
        of them may be claimed at once."""
        self._queue.wake_customers()
        self._crowded = self._queue.get_crowded()
        self._commit()

    def _refill(self, window):
        room = BACKLOG * self._threads - len(window)
        while self._may_claim and room >= self._threads:
            for claim in self._transaction(lambda room=room: self._claim(room)):
                window.submit(claim)
            room = BACKLOG * self._threads - len(window)

    def _claim(self, room):
        """Take rows, settle at once what needs no request, return the others."""
        claims = self._queue.claim(room)
        self._may_claim = len(claims) == room
        ready, rows = [], []
        for claim in claims:
            settled = settle(claim)
            if settled:
                rows.append(settled)
            else:
                ready.append(claim)
        settled_here = list(rows)
        self._expect(ready)
        rows += [self._skip_looking(claim) for claim in ready if self._is_new(claim)]
        rows += [
            self._begin_update(claim)
            for claim in ready
            if claim.snapshot.step in UPDATES
        ]
        self._queue.save(rows)
        self._commit()
        self._note(settled_here)
        return ready

    def _is_new(self, claim):
        """Whether it is known already that Panda has no such account."""
        return claim.snapshot.step is Step.FIND_ACCOUNT and self._directory.lacks(
            claim.snapshot
        )

    def _skip_looking(self, claim):
        """Mark ``claim`` as about to be created and return its row."""
        outcome = Outcome(Step.CREATE_ACCOUNT)
        verdict = judge(claim, outcome, self._queue, self._clock, may_go_on=True)
        claim.snapshot = verdict.snapshot
        return verdict.values

    def _begin_update(self, claim):
        """Forget what Panda was told last, before it is told something else."""
        claim.synced_fingerprint = None
        return held_values(claim, claim.snapshot, self._queue)

    def _expect(self, claims):
        looking = [c for c in claims if c.snapshot.step is Step.FIND_ACCOUNT]
        known = (c for c in looking if c.parent_id in self._crowded)
        self._directory.expect_many(
            {c.snapshot.parent_remote_id for c in known}
            | crowded(c.snapshot.parent_remote_id for c in looking)
        )

    # === SETTLE === #

    def _settle(self, window, finished):
        """Write down what came of steps, then send what comes next."""
        judged = [(item, self._judge(item)) for item in finished]
        for verdict in self._transaction(lambda: self._write(judged)):
            verdict.claim.snapshot = verdict.snapshot
            window.submit(verdict.claim, verdict.wait)

    def _judge(self, item):
        outcome = item.outcome
        if outcome.used:
            outcome = self._without_bound(item.claim, outcome)
        self._watch_system(item.claim, outcome)
        return judge(
            item.claim,
            outcome,
            self._queue,
            self._clock,
            may_go_on=not self._is_ending,
        )

    def _without_bound(self, claim, outcome):
        """Look again if ``outcome`` rests on accounts that belong to others."""
        bound = self._queue.get_bound(outcome.used, claim.id)
        if not bound:
            return outcome
        claim.snapshot = claim.snapshot.without(frozenset(bound))
        return Outcome(Step.FIND_ACCOUNT, unknown=outcome.unknown)

    def _write(self, judged):
        """Write all rows in one transaction and return the verdicts to go on with."""
        ours = self._queue.save([verdict.values for _item, verdict in judged])
        kept = [verdict for _item, verdict in judged if verdict.claim.id in ours]
        if len(kept) < len(judged):
            taken_over = [v.claim.id for _item, v in judged if v.claim.id not in ours]
            _logger.warning("Another run has taken over the accounts %s", taken_over)
        ended = [verdict.values for verdict in kept if not verdict.snapshot]
        ready = [
            verdict.claim.id
            for verdict in kept
            if verdict.values["operator_ready"] and verdict.claim.is_reseller
        ]
        if ready:
            self._may_claim |= self._queue.wake_customers(ready)
        self._may_claim |= self._queue.requeue_edited([v["id"] for v in ended])
        self._journal.record_exchanges([item for item, _verdict in judged])
        self._commit()
        self._note(ended)
        return [verdict for verdict in kept if verdict.snapshot]

    def _note(self, rows):
        """Count the accounts of ``rows``, which are not in hand any more."""
        self._settled += len(rows)
        self._progress.add(rows)

    def _tell(self):
        """Tell people how far the run is and what has come to rest."""
        self._progress.tell()
        self._tell_news()

    def _tell_news(self):
        """Tell people what has come to rest, and the cron how far it is; returns
        whether there was anything to tell."""
        news = self._queue.take_news()
        self._journal.announce(news)
        self._commit(self._settled)
        self._settled = 0
        self._told_at = time.monotonic()
        return bool(news)

    # === SYSTEM === #

    def _watch_system(self, claim, outcome):
        """Notice when it is not the account but the system that is in trouble."""
        if not outcome.error or outcome.error.kind in ANSWERS:
            self._outages = 0
            self._has_succeeded = True
            return
        self._last_error = outcome.error
        stops = POLICIES[outcome.error.kind].stops
        if outcome.error.kind in (ErrorKind.OUTAGE, ErrorKind.UNKNOWN):
            self._outages += 1
            self._unlucky.append(claim.id)
        if stops is Stops.SYSTEM:
            self._refused.append(claim.id)
        if stops in (Stops.PACE, Stops.SYSTEM) or self._outages >= OUTAGES_IN_A_ROW:
            self._stopped_by = outcome.error

    def _look_at_system(self):
        """Say what is the matter with the system, if it is the system at all.

        Where nothing at all went well it is, however few accounts there were.
        """
        error = self._stopped_by or self._last_error
        if self._has_succeeded and not self._stopped_by:
            self._transaction(self._note_health)
        elif error and error.kind is ErrorKind.THROTTLED:
            self._transaction(lambda: self._pause(error))
        elif error and not self._is_late:
            finding = check_connection(self._transport, self._root_account_id)
            if finding.code != "connected":
                self._transaction(lambda: self._quarantine(finding))
            elif self._refused:
                self._transaction(self._blame_accounts)

    def _note_health(self):
        self.system._release_from_quarantine()
        self._commit()

    def _pause(self, error):
        self.system._pause(error)
        self._commit()

    def _quarantine(self, finding):
        self.system._quarantine(finding)
        self._queue.give_back_attempts(self._unlucky)
        self._commit()

    def _blame_accounts(self):
        self._queue.fail(self._refused)
        self._commit()

    # === END === #

    def _finish(self):
        self._progress.finish(is_over=not self._is_late)
        self._commit()

    def _let_go(self, claims):
        """Give back accounts of which nothing is on the wire."""
        if not claims:
            return
        rows = [put_back(claim, claim.snapshot).values for claim in claims]
        self._transaction(lambda: (self._queue.save(rows), self._commit()))

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
