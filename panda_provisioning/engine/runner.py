"""One pass over the due accounts of one system."""

import math
import random
import time
from dataclasses import dataclass
from typing import Protocol

import psycopg2.errors

from ..core import transition
from ..core.account_lookup import AccountLookup
from ..core.connection_check import check_connection
from ..core.printable import get_logger
from ..core.snapshot import CREATES, UPDATES, Outcome, Step, Timing
from ..core.system_watch import Condition, SystemWatch
from ..panda_api.client import PandaClient
from ..panda_api.errors import ErrorKind, PandaError
from .queue import Queue
from .request_log import RequestLog
from .run_progress import RunProgress
from .worker_pool import Finished, WorkerPool

_logger = get_logger(__name__)

BACKLOG = 5
"""Accounts in hand per connection: enough that none idles while others wait for Panda
or for their rows to be written."""
MOST_IN_HAND = 4 * BACKLOG
"""Accounts in hand per connection with those that wait for Panda and keep no connection
busy: to show what it was sent, say."""
REPORT_INTERVAL = 1
"""Seconds between two reports: people notice no delay, the database does."""
CONFLICTS = (
    psycopg2.errors.SerializationFailure,
    psycopg2.errors.DeadlockDetected,
    psycopg2.errors.LockNotAvailable,
)
"""Another transaction was in the way, which has ended by the next try."""
MAX_TRIES = 20
UNSAVABLE_ERRORS = (psycopg2.IntegrityError, psycopg2.DataError, ValueError)
"""What a row raises that cannot be written: another run has linked the same account of
Panda in the meantime, or Panda has sent what no column takes."""
CAREFUL_FROM = 2
"""Tries after which rows are written one by one, so that the others are written."""


@dataclass(frozen=True)
class RunSettings:
    """What a run has to know of its system; plain values, since a commit empties the
    cache of every record. Times are in seconds."""

    system_id: int
    base_url: str
    root_account_id: str
    request_timeout: float
    search_delay: float
    activation_timeout: float
    connections: int
    batch_done: int = 0


class RunListener(Protocol):
    """What a run reports to. Each method but :meth:`commit` runs in the transaction
    that the next commit ends."""

    def commit(self, processed=0):
        """Commit; ``processed`` accounts were finished since the last time."""

    def on_progress(self, progress):
        """Show ``progress``, see :meth:`RunProgress.measure`."""

    def on_settled(self, account_ids):
        """Act on accounts that were synchronized or have failed."""

    def on_healthy(self):
        """The system answers as it should."""

    def on_throttled(self, error):
        """Nothing may be sent for some time."""

    def on_interrupted(self, finding):
        """The system does not work; ``finding`` says why."""

    def on_finished(self, batch_done, *, is_over):
        """The run has ended; if not ``is_over``, another one follows soon."""


class Runner:
    """Claims, marks, sends, writes down, until nothing is due or time is up.

    The ORM stays in this thread. Every database transaction ends before the next
    request leaves the machine and none is open while one is under way.

    :param settings: :class:`RunSettings`
    :param transport: is closed at the end; its limiter is a
        :class:`~.send_budget.SendBudget`.
    :param listener: a :class:`RunListener`
    :param account_ids: work on these only.
    :param seconds: time after which no further step is begun.
    :param watch: called whenever something has come in; ends the run like the time
        does once it returns true.
    """

    def __init__(
        self,
        env,
        settings,
        transport,
        listener,
        account_ids=None,
        seconds=None,
        watch=lambda: False,
    ):
        self.env = env
        self._settings = settings
        self._transport = transport
        self._listener = listener
        self._watch = watch
        self._is_called_off = False
        self._queue = Queue(env, settings, account_ids)
        self._policy = self._queue.policy
        self._request_log = RequestLog(env, settings.system_id)
        # The few accounts of a button need no progress on the Overview.
        self._is_shown = not account_ids
        self._progress = RunProgress(env, settings.system_id, settings.batch_done)
        self._lookup = AccountLookup(time.time)
        self._timing = Timing(
            time.time,
            settings.search_delay,
            activation_timeout=settings.activation_timeout,
        )
        self._ends_at = time.monotonic() + seconds if seconds else None
        self._system_watch = SystemWatch()
        self._knows_bound = False
        self._may_claim = True
        self._reported_at = time.monotonic()
        self._finished_count = 0
        self._is_careful = False

    def execute(self):
        """Work until nothing is due, time is up or the system is in trouble."""
        with (
            self._transport,
            WorkerPool(
                self._transport,
                self._settings.connections,
                self._lookup,
                self._timing,
            ) as pool,
        ):
            self._transaction(self._start)
            self._refill(pool)
            while pool:
                finished = pool.collect(self._longest_wait(pool))
                self._is_called_off = self._watch()
                if finished:
                    self._handle(pool, finished)
                if self._is_ending:
                    self._let_go(pool.take_back())
                else:
                    self._refill(pool)
                if time.monotonic() - self._reported_at > REPORT_INTERVAL:
                    self._look_for_edits(pool.get_creates())
                    self._transaction(self._report)
            self._look_at_system()
            listed = pool.call(self._list_created)
            while self._transaction(self._report_settled):
                pass
            self._transaction(self._finish)
            self._keep_names(listed.result())

    @property
    def _is_ending(self):
        return self._is_late or self._is_called_off or self._system_watch.stopped_by

    @property
    def _is_late(self):
        return self._ends_at is not None and time.monotonic() >= self._ends_at

    # === CLAIM === #

    def _start(self):
        """Wake customers who began to wait at the very moment when their reseller
        became ready."""
        self._queue.wake_customers()
        self._listener.commit()

    def _refill(self, pool):
        room = self._get_room(pool)
        while self._may_claim and room >= self._settings.connections:
            for claim in self._transaction(lambda room=room: self._claim(room)):
                pool.submit(claim)
            room = self._get_room(pool)

    def _get_room(self, pool):
        """Return how many more accounts the connections need."""
        connections, in_hand = self._settings.connections, len(pool)
        busy = in_hand - pool.count_waiting()
        return min(BACKLOG * connections - busy, MOST_IN_HAND * connections - in_hand)

    def _claim(self, room):
        """Take rows, settle at once what needs no request, return the others."""
        claims = self._queue.claim(room)
        now = self._timing.now()
        self._may_claim = len(claims) == room
        ready, settled = [], []
        for claim in claims:
            row = transition.resolved_without_request(claim.row, now)
            if row:
                settled.append(row)
            else:
                ready.append(claim)
        if any(claim.snapshot.marker_at is not None for claim in ready):
            self._read_bound()
        begun = [claim for claim in ready if self._begin(claim, now)]
        self._queue.save([*settled, *(claim.row for claim in begun)])
        self._listener.commit()
        self._count(settled)
        self._log(settled)
        return ready

    def _read_bound(self):
        """Tell the lookup which accounts in Panda are those of accounts of Odoo."""
        self._lookup.bound = self._queue.get_all_bound()
        self._knows_bound = True

    def _note_bound(self, rows):
        """Keep up what :meth:`_read_bound` has told, and have it told before an account
        is looked for that may have been created."""
        self._lookup.bound.update(
            row.snapshot.remote_id for row in rows if row.snapshot.remote_id
        )
        is_sought = any(
            row.snapshot.marker_at is not None
            and row.snapshot.step is Step.FIND_ACCOUNT
            for row in rows
        )
        if is_sought and not self._knows_bound:
            self._read_bound()

    def _begin(self, claim, now):
        """Do at once what needs no answer of Panda; returns whether that changes the
        row."""
        if self._is_new(claim):
            # As if it had been looked for: the create is marked.
            found_nothing = Outcome(Step.CREATE_ACCOUNT)
            claim.row = self._next(claim, found_nothing, may_go_on=True)
        elif claim.snapshot.step in UPDATES:
            claim.row = transition.update_begun(claim.row, self._policy, now)
        else:
            return False
        self._queue.renew(claim)
        return True

    def _is_new(self, claim):
        """Whether it is known already that Panda has no such account."""
        return claim.snapshot.step is Step.FIND_ACCOUNT and self._lookup.lacks(
            claim.snapshot
        )

    # === SETTLE === #

    def _handle(self, pool, finished):
        """Write down what came of steps, then send what comes next."""
        for item in finished:
            error = item.outcome.error
            is_down = error is not None and self._transport.limiter.is_down()
            if error or item.was_answered:
                self._system_watch.note(item.claim.id, error, is_down=is_down)
        for item, row in self._transaction(lambda: self._settle(finished)):
            item.claim.row = row
            self._queue.renew(item.claim)
            pool.submit(item.claim, row.wait)

    def _settle(self, finished):
        """Decide and write; done again as a whole when it met another transaction,
        which may have linked an account of Panda that was free before."""
        used = {each for item in finished for each in item.outcome.used}
        likely = {each for item in finished for each in item.outcome.likely}
        owners = self._queue.get_seekers(likely) | self._queue.get_owners(used)
        decided = []
        for item in finished:
            row = self._decide(item, owners)
            if row.snapshot.remote_id:
                # It is not written yet, but nobody else's any more.
                owners[row.snapshot.remote_id] = item.claim.id
            decided.append((item, row))
        return self._write(decided)

    def _decide(self, item, owners):
        """Return the new row of the account of ``item``.

        :param owners: see :meth:`Queue.get_owners`.
        """
        claim = item.claim
        bound = {
            each for each in item.outcome.used if owners.get(each, claim.id) != claim.id
        }
        claim.row, item.outcome = transition.past_bound(claim.row, item.outcome, bound)
        return self._next(claim, item.outcome, may_go_on=not self._is_ending)

    def _next(self, claim, outcome, *, may_go_on):
        now = self._timing.now()
        return transition.transition(
            claim.row, outcome, self._policy, now, may_go_on=may_go_on
        )

    def _write(self, decided):
        """Write all rows in one transaction and return those to go on with."""
        ours, edited = self._save(decided)
        kept = [(item, row) for item, row in decided if item.claim.id in ours]
        if len(kept) < len(decided):
            lost = [
                item.claim.id for item, _row in decided if item.claim.id not in ours
            ]
            _logger.warning("Another run has taken over the accounts %s", lost)
        ended = [row for _item, row in kept if not row.is_held]
        ready = [
            item.claim.id
            for item, row in kept
            if row.operator_ready and item.claim.is_reseller
        ]
        if ready:
            self._may_claim |= self._queue.wake_customers(ready)
        ended_edited = edited.intersection(row.snapshot.key for row in ended)
        self._may_claim |= self._queue.requeue_edited(ended_edited)
        outdated = self._put_back_outdated(kept, edited)
        self._note_bound([row for _item, row in kept])
        self._record([item for item, _row in decided], ours)
        self._listener.commit()
        self._count(ended)
        self._log(ended, {item.claim.id: item.exchanges for item, _row in kept})
        return [
            (item, row)
            for item, row in kept
            if row.is_held and item.claim.id not in outdated
        ]

    def _save(self, decided):
        """Write all rows, see :meth:`Queue.save`; one by one if that has failed, so
        that a row that cannot be written is replaced in ``decided`` and fails alone."""
        if not self._is_careful:
            return self._queue.save([row for _item, row in decided])
        ours, edited = set(), set()
        for index, (item, row) in enumerate(decided):
            try:
                with self.env.cr.savepoint(flush=False):
                    saved = self._queue.save([row])
            except UNSAVABLE_ERRORS as error:
                _logger.exception("Writing the Panda account %s", item.claim.id)
                item.outcome = transition.unsaved(item.claim.row, error, time.time())
                failed = self._next(item.claim, item.outcome, may_go_on=False)
                decided[index] = (item, failed)
                saved = self._queue.save([failed])
            ours |= saved[0]
            edited |= saved[1]
        return ours, edited

    def _record(self, items, ours):
        """Write the request log; without it what Panda has answered is kept all the
        same."""
        if not self._is_careful:
            self._request_log.record(items, ours)
            return
        try:
            with self.env.cr.savepoint(flush=False):
                self._request_log.record(items, ours)
        except UNSAVABLE_ERRORS:
            _logger.exception("Writing the request log")

    def _put_back_outdated(self, kept, edited):
        """Give back the accounts that are about to be created in Panda although they
        were edited, or are not wanted any more, since they were claimed; returns their
        ids. Their next claim sees what they have become.

        :param kept: ``[(item, row)]`` of the rows that are still this run's.
        :param edited: ids of the accounts that were edited.
        """
        now = self._timing.now()
        outdated = [
            transition.put_back(row, now)
            for item, row in kept
            if item.claim.id in edited and row.is_held and row.snapshot.step in CREATES
        ]
        self._queue.save(outdated)
        self._may_claim |= bool(outdated)
        return {row.snapshot.key for row in outdated}

    def _longest_wait(self, pool):
        """Return after how many seconds edits are looked for, if they have to be."""
        if not pool.get_creates():
            return None
        return max(0, self._reported_at + REPORT_INTERVAL - time.monotonic())

    def _look_for_edits(self, creates):
        """Have those of ``creates`` not sent whose account was edited, or is not wanted
        any more, since it was claimed. A create is marked long before it leaves: it
        waits for its turn and for a token."""
        if not creates:
            return
        ids = [claim.id for claim in creates]
        edited = self._transaction(lambda: self._queue.get_edited(ids))
        self._listener.commit()
        for claim in creates:
            claim.is_outdated = claim.id in edited

    # === REPORT === #

    def _count(self, rows):
        """Count the accounts of ``rows``, which are not in hand any more."""
        self._finished_count += len(rows)
        self._progress.add(rows)

    def _log(self, rows, exchanges=None):
        """Log what has become of accounts, as ``key=value`` for programs.

        :param exchanges: the requests of their last step, by account; the Sync Log has
            their ``request``, too, which Panda gets as X-Correlation-ID.
        """
        for row in rows:
            account_id = row.snapshot.key
            last = (exchanges or {}).get(account_id, ())[-1:]
            _logger.info(
                "account=%s system=%s run=%s state=%s error=%s attempts=%s request=%s",
                account_id,
                self._settings.system_id,
                self._queue.token,
                row.state.value,
                row.error_code or "-",
                row.attempt_count,
                last[0].correlation_id if last else "-",
            )

    def _report(self):
        """Report how far the run is and what has settled."""
        if self._is_shown:
            self._listener.on_progress(self._progress.measure())
        self._report_settled()

    def _report_settled(self):
        """Report the accounts that have settled, and to the cron how far it is;
        returns whether there were any."""
        settled = self._queue.take_notifications()
        if settled:
            self._listener.on_settled(settled)
        self._listener.commit(self._finished_count)
        self._finished_count = 0
        self._reported_at = time.monotonic()
        return bool(settled)

    # === SYSTEM === #

    def _look_at_system(self):
        """Report what is wrong with the system, if anything is."""
        watch = self._system_watch
        condition = watch.judge(is_late=self._is_late)
        if condition is Condition.HEALTHY:
            self._in_transaction(self._listener.on_healthy)
        elif condition is Condition.THROTTLED:
            self._in_transaction(self._listener.on_throttled, watch.error)
        elif condition is Condition.SUSPECT:
            finding = check_connection(
                self._transport,
                self._settings.root_account_id,
                writes_fail=watch.error.kind is ErrorKind.UNKNOWN,
            )
            if not finding.is_connected:
                self._in_transaction(self._report_interruption, finding)
            elif watch.refused:
                self._in_transaction(self._queue.fail, watch.refused)

    def _report_interruption(self, finding):
        self._listener.on_interrupted(finding)
        self._queue.give_back_attempts(self._system_watch.failed)

    # === END === #

    def _finish(self):
        closed = self._progress.close() if self._is_shown else None
        if closed:
            batch_done, left = closed
            is_over = not (self._is_late and left)
            self._listener.on_finished(batch_done, is_over=is_over)
        self._listener.commit()

    def _list_created(self):
        """List each parent below which this run has created something once more, unless
        a person waits for it: what is not read now is when Panda is listed next.

        Runs in a thread of the pool; ends as soon as there is no time, or trouble.

        :return: a :class:`~.worker_pool.Finished` for each of them.
        """
        if not self._is_shown:
            return []
        listed = []
        for created in self._lookup.get_newest_created():
            if self._is_ending:
                break
            item = Finished(created, Step.FIND_ACCOUNT, None, [])
            listed.append(item)
            left = (self._ends_at or math.inf) - time.monotonic()
            client = PandaClient(self._transport, item.exchanges.append, longest=left)
            try:
                self._lookup.listing(client, created.parent_id, created.at)
            except PandaError:
                break
        return listed

    def _keep_names(self, listed):
        """Keep what Panda calls the accounts that this run has listed.

        :param listed: what :meth:`_list_created` returned.
        """
        if listed:
            self._in_transaction(self._record, listed, set())
        created = self._lookup.get_created_names()
        for listing in self._lookup.get_listings():
            self._in_transaction(
                self._queue.keep_names, listing, self._settings.search_delay, created
            )

    def _let_go(self, claims):
        """Give back accounts of which nothing is on the wire."""
        if not claims:
            return
        now = self._timing.now()
        rows = [transition.put_back(claim.row, now) for claim in claims]
        self._in_transaction(self._queue.save, rows)

    def _in_transaction(self, work, *arguments):
        """Do ``work`` and commit, see :meth:`_transaction`."""
        self._transaction(lambda: (work(*arguments), self._listener.commit()))

    def _transaction(self, work):
        """Do ``work``, which commits, again if it met another transaction.

        What Panda has answered is held in memory, so nothing is sent twice.
        """
        unsavable = 0
        for _attempt in range(MAX_TRIES):
            try:
                result = work()
            except CONFLICTS:
                self.env.cr.rollback()
                time.sleep(random.uniform(0, 0.05))
            except UNSAVABLE_ERRORS:
                self.env.cr.rollback()
                unsavable += 1
                if unsavable > CAREFUL_FROM:
                    raise
                self._is_careful = unsavable == CAREFUL_FROM
            else:
                self._is_careful = False
                return result
        return work()
