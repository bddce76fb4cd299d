"""From the outcome of a step to the new row of an account: the one decision.

Pure functions ``(row, outcome, policy) -> row``. The engine, the cron and the
property-based search of the tests call them; nothing else decides what becomes of an
account.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..panda_api.errors import ErrorKind, PandaError
from .error_catalogue import as_error
from .retry_policy import MAX_ATTEMPTS, POLICIES, Stops, Uniform, wait_before_retry
from .snapshot import (
    CREATES,
    FINDS,
    UPDATES,
    WRITES,
    Outcome,
    Snapshot,
    Step,
    changed,
    from_epoch,
    to_epoch,
)
from .states import SETTLED, State
from .validation import find_problems

LONG_WAIT = 8.0
"""Seconds; an account that has to wait longer goes back to the queue."""


@dataclass(frozen=True)
class RunPolicy:
    """The rules of one run.

    :param lease: seconds that an account belongs to the run once it was written.
    :param uniform: ``random.uniform``, for the jitter of retries.
    """

    lease: float
    uniform: Uniform


@dataclass(frozen=True)
class AccountRow:
    """The columns of ``panda.account`` that the engine owns, as plain values.

    Times are seconds since the epoch. ``due_at`` is the next attempt, or the end of
    the lease while ``is_held``: then a run keeps the account and goes on with it in
    ``wait`` seconds.
    ``synced_fingerprint`` stands for what Panda is known to have, empty when nobody
    knows.
    """

    snapshot: Snapshot
    state: State
    attempt_count: int = 0
    due_at: float | None = None
    is_held: bool = False
    wait: float = 0
    operator_ready: bool = False
    synced_fingerprint: str = ""
    last_sync_at: float | None = None
    failed_at: float | None = None
    error_code: str = ""
    error_detail: str = ""

    @classmethod
    def build(cls, values: Mapping[str, Any], root_account_id: str = "") -> AccountRow:
        """The row of the columns in ``values``, see :meth:`Snapshot.build`."""
        return cls(
            snapshot=Snapshot.build(values, root_account_id),
            state=State(values["state"]),
            attempt_count=values["attempt_count"] or 0,
            due_at=to_epoch(values["next_attempt_at"]),
            is_held=bool(values["run_token"]),
            operator_ready=bool(values["operator_ready"]),
            synced_fingerprint=values["synced_fingerprint"] or "",
            last_sync_at=to_epoch(values["last_sync_at"]),
        )

    @property
    def columns(self) -> dict[str, bool | int | str | datetime | None]:
        """The values to write, by column; the same columns for every row."""
        snapshot = self.snapshot
        return {
            "id": snapshot.key,
            "state": self.state.value,
            "step": snapshot.step.value,
            "remote_id": snapshot.remote_id or None,
            "transaction_id": snapshot.transaction_id or None,
            "marker_at": from_epoch(snapshot.marker_at),
            "adopted": snapshot.adopted,
            "sent_name": snapshot.sent_name or None,
            "sent_email": snapshot.sent_email or None,
            "sent_fingerprint": snapshot.sent_fingerprint or None,
            "attempt_count": self.attempt_count,
            "next_attempt_at": _to_second(self.due_at),
            "error_code": self.error_code or None,
            "error_detail": self.error_detail or None,
            "operator_ready": self.operator_ready,
            "last_sync_at": _to_second(self.last_sync_at),
            "synced_fingerprint": self.synced_fingerprint or None,
            "chosen_remote_id": snapshot.chosen_remote_id or None,
            "create_anyway": snapshot.create_anyway,
            "activation_email": snapshot.activation_email or None,
            "remote_created_at": from_epoch(snapshot.created_at),
            "activation_sent_at": from_epoch(snapshot.activated_at),
            "failed_at": _to_second(self.failed_at),
            "notification_pending": self.state in SETTLED,
        }

    @property
    def has_nothing_to_send(self) -> bool:
        """Whether Panda has everything that an update would send."""
        is_update = self.snapshot.step in UPDATES
        return is_update and self.snapshot.fingerprint == self.synced_fingerprint


# === CLAIM === #


def claimed(row: AccountRow, policy: RunPolicy, now: float) -> AccountRow:
    """The row as a run takes it: under a lease, and looking before it writes."""
    snapshot = row.snapshot
    marker_at = snapshot.marker_at
    has_died = row.state is State.RUNNING
    if has_died and marker_at is not None and snapshot.step in CREATES:
        # The process that was to write down the outcome died. Its request may have
        # left at any moment until its lease ran out.
        marker_at = max(marker_at, row.due_at or 0)
    step = FINDS.get(snapshot.step, snapshot.step)
    snapshot = changed(snapshot, step=step, marker_at=marker_at)
    return _held(row, snapshot, policy, now)


def resolved_without_request(row: AccountRow, now: float) -> AccountRow | None:
    """The new row of a claimed account of which nothing is to be sent, or ``None``."""
    if row.has_nothing_to_send:
        return _done(row, row.snapshot, now)
    # What may have been created is looked for before anything else.
    if row.snapshot.waits_for_reseller or row.snapshot.marker_at is None:
        return _kept_from_sending(row, now)
    return None


def update_begun(row: AccountRow, policy: RunPolicy, now: float) -> AccountRow:
    """The row before an update is sent: what Panda has is not known any more."""
    return _held(changed(row, synced_fingerprint=""), row.snapshot, policy, now)


def past_bound(
    row: AccountRow, outcome: Outcome, bound: Collection[str]
) -> tuple[AccountRow, Outcome]:
    """Row and outcome for looking again, if ``outcome`` rests on accounts in Panda that
    belong to other contacts.

    :param bound: accounts in Panda that belong to accounts of Odoo other than this.
    """
    others = frozenset(bound).intersection(outcome.used)
    if not others:
        return row, outcome
    is_create = row.snapshot.step is Step.CREATE_ACCOUNT
    row = changed(row, snapshot=row.snapshot.without(others))
    if is_create:
        # Panda has named an account as new that is not: what was created is unknown.
        error = PandaError(ErrorKind.UNKNOWN, "unreadable", ", ".join(sorted(others)))
        return row, Outcome(Step.FIND_ACCOUNT, unknown=True, error=error)
    return row, Outcome(Step.FIND_ACCOUNT, unknown=outcome.unknown)


def unsaved(row: AccountRow, error: Exception, now: float) -> Outcome:
    """The outcome of a step whose row could not be written down: it counts as an
    attempt, and a create as one without an answer."""
    failure = as_error("unsavable", type(error).__name__)
    step = row.snapshot.step
    if step not in CREATES:
        return Outcome(step, error=failure)
    return Outcome(FINDS[step], {"marker_at": now}, error=failure)


# === OUTCOME === #


def transition(
    row: AccountRow,
    outcome: Outcome,
    policy: RunPolicy,
    now: float,
    *,
    may_go_on: bool,
) -> AccountRow:
    """Return the row after ``outcome``.

    :param row: a claimed row.
    :param may_go_on: false when the run is ending.
    """
    snapshot = row.snapshot.with_outcome(outcome)
    if snapshot.remote_id != row.snapshot.remote_id:
        # A person has agreed to this account, not to another one later on.
        snapshot = changed(snapshot, create_anyway=False)
    if outcome.step is Step.DONE:
        return _done(row, snapshot, now)
    if outcome.error:
        spent = POLICIES[outcome.error.kind].spends
        row = changed(row, attempt_count=row.attempt_count + spent)
        has_attempts = row.attempt_count < MAX_ATTEMPTS
        if not (_is_looked_for_at_once(outcome) and has_attempts):
            row = changed(row, snapshot=snapshot)
            return _after_error(row, outcome.error, policy, now, may_go_on=may_go_on)
    if snapshot.step in WRITES:
        kept = _kept_from_sending(changed(row, snapshot=_unmarked(snapshot)), now)
        if kept:
            return kept
    if may_go_on and outcome.wait <= LONG_WAIT:
        if snapshot.step in CREATES:
            # The marker, made durable before the request leaves the machine.
            snapshot = snapshot.marked(now)
        return _held(row, snapshot, policy, now, outcome.wait)
    return put_back(changed(row, snapshot=snapshot), now, outcome.wait)


def put_back(row: AccountRow, now: float, wait: float = 0) -> AccountRow:
    """The row of an account that a later run goes on with, in ``wait`` seconds.

    Nothing of its next step was sent.
    """
    snapshot = _unmarked(row.snapshot)
    row = changed(row, snapshot=snapshot)
    due_at = now + wait
    if snapshot.transaction_id:  # pending in Panda
        return _in_state(row, State.RUNNING, due_at=due_at)
    if snapshot.marker_at is None:
        return _in_state(row, State.QUEUED, due_at=due_at)
    return _in_state(row, State.UNKNOWN, due_at=due_at, error=as_error("lost_answer"))


# === HELPERS === #


def _is_looked_for_at_once(outcome: Outcome) -> bool:
    """Whether the answer was lost: first of all a reason to look."""
    is_stuck = outcome.error is not None and outcome.error.code == "transaction_stuck"
    return outcome.unknown and not is_stuck


def _unmarked(snapshot: Snapshot) -> Snapshot:
    """The snapshot of an account whose next step is not sent."""
    return changed(snapshot, marker_at=None) if snapshot.step in CREATES else snapshot


def _kept_from_sending(row: AccountRow, now: float) -> AccountRow | None:
    """The row of an account of which nothing may be written in Panda, or ``None``."""
    if row.snapshot.waits_for_reseller:
        return _in_state(row, State.WAITING)
    problems = find_problems(row.snapshot)
    if not problems:
        return None
    return _in_state(row, State.FAILED, error=as_error(problems[0].code), failed_at=now)


def _done(row: AccountRow, snapshot: Snapshot, now: float) -> AccountRow:
    """The row of an account of which Panda has everything that Odoo has."""
    row = changed(
        row,
        snapshot=snapshot,
        attempt_count=0,
        operator_ready=True,
        last_sync_at=now,
        synced_fingerprint=snapshot.fingerprint,
    )
    return _in_state(row, State.SYNCED)


def _after_error(
    row: AccountRow,
    error: PandaError,
    policy: RunPolicy,
    now: float,
    *,
    may_go_on: bool,
) -> AccountRow:
    is_persons = POLICIES[error.kind].stops is Stops.ACCOUNT
    if is_persons or row.attempt_count >= MAX_ATTEMPTS:
        return _in_state(row, State.FAILED, failed_at=now, error=error)
    wait = wait_before_retry(error, row.attempt_count, policy.uniform)
    may_stay = POLICIES[error.kind].stops is Stops.NOTHING and wait <= LONG_WAIT
    is_lost = error.kind is ErrorKind.UNKNOWN
    if may_go_on and may_stay and not is_lost:
        return _held(row, row.snapshot, policy, now, wait)
    is_unknown = row.snapshot.marker_at is not None or is_lost
    state = State.UNKNOWN if is_unknown else State.RETRY
    return _in_state(row, state, due_at=now + wait, error=error)


def _held(
    row: AccountRow, snapshot: Snapshot, policy: RunPolicy, now: float, wait: float = 0
) -> AccountRow:
    """The row of an account that the run keeps, under a new lease, and goes on with in
    ``wait`` seconds."""
    row = changed(row, snapshot=snapshot, wait=wait)
    return _in_state(row, State.RUNNING, due_at=now + policy.lease, is_held=True)


def _in_state(
    row: AccountRow,
    state: State,
    *,
    due_at: float | None = None,
    is_held: bool = False,
    failed_at: float | None = None,
    error: PandaError | None = None,
) -> AccountRow:
    """The row in ``state``; whatever belonged to its last state is emptied."""
    return changed(
        row,
        state=state,
        due_at=due_at,
        is_held=is_held,
        failed_at=failed_at,
        error_code=error.code if error else "",
        error_detail=error.detail if error else "",
    )


def _to_second(seconds: float | None) -> datetime | None:
    """A time as Odoo stores it, never later than it is."""
    return from_epoch(None if seconds is None else math.floor(seconds))
