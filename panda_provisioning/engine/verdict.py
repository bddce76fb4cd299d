"""From the outcome of a step to the columns of the row: the engine's one decision."""

from dataclasses import dataclass
from datetime import timedelta

from odoo import fields

from ..panda_api.errors import ErrorKind
from ..panda_api.policy import MAX_ATTEMPTS, POLICIES, Stops, wait_before_retry
from ..panda_api.saga import WRITES, Snapshot, Step
from .queue import Claim, from_epoch

LONG_WAIT = 5
"""Seconds; whoever has to wait longer goes back to the table."""


@dataclass
class Verdict:
    """What becomes of a claim: the row's new values and what the run does next.

    ``snapshot`` is set when the run goes on with the account, after ``wait``
    seconds.
    """

    claim: Claim
    values: dict
    snapshot: Snapshot | None = None
    wait: float = 0


def row_values(snapshot, **values):
    """All columns that the engine writes; the same for every row of a batch."""
    return {
        "id": snapshot.key,
        "remote_id": snapshot.remote_id or None,
        "transaction_id": snapshot.transaction_id or None,
        "step": snapshot.step.value,
        "marker_at": from_epoch(snapshot.marker_at),
        "error_code": None,
        "error_detail": None,
        **values,
    }


def judge(claim, outcome, lease, clock, may_go_on):
    """Return the :class:`Verdict` on ``outcome``.

    :param lease: how long the row is ours from now on, if the run goes on.
    :param may_go_on: false when the run is ending; the row goes back as it is.
    """
    snapshot = claim.snapshot.with_outcome(outcome)
    if outcome.step is Step.DONE:
        return _done(claim, snapshot)
    if outcome.error and not _is_retried_at_once(outcome):
        return _failed(claim, snapshot, outcome)
    if may_go_on and outcome.wait <= LONG_WAIT:
        return _go_on(claim, snapshot, outcome.wait, lease, clock)
    return _put_back(claim, snapshot, outcome)


def _is_retried_at_once(outcome):
    """A lost answer is first of all a reason to look."""
    return outcome.unknown and outcome.error.code != "transaction_stuck"


def _go_on(claim, snapshot, wait, lease, clock):
    if snapshot.step in WRITES:
        # The marker, made durable before the request leaves the machine.
        snapshot = snapshot.marked(clock.now())
    values = row_values(
        snapshot,
        state="running",
        attempt_count=claim.attempt_count,
        next_attempt_at=fields.Datetime.now() + lease,
    )
    return Verdict(claim, values, snapshot, wait)


def _put_back(claim, snapshot, outcome):
    # What is known for sure to be under way stays In Progress for people.
    state = "unknown" if outcome.unknown else "running"
    values = row_values(
        snapshot,
        state=state,
        attempt_count=claim.attempt_count,
        next_attempt_at=fields.Datetime.now() + timedelta(seconds=outcome.wait),
    )
    return Verdict(claim, values)


def _done(claim, snapshot):
    values = row_values(
        snapshot,
        state="synced",
        attempt_count=0,
        next_attempt_at=None,
        operator_ready=True,
        last_sync_at=fields.Datetime.now(),
        synced_fingerprint=snapshot.fingerprint,
        activation_email=claim.activation_email or snapshot.email,
    )
    return Verdict(claim, values)


def _failed(claim, snapshot, outcome):
    error = outcome.error
    policy = POLICIES[error.kind]
    attempts = claim.attempt_count + policy.spends
    values = row_values(
        snapshot,
        attempt_count=attempts,
        error_code=error.code,
        error_detail=error.detail or None,
        next_attempt_at=None,
        state="failed",
    )
    if policy.stops is not Stops.ACCOUNT and attempts < MAX_ATTEMPTS:
        unknown = snapshot.marker_at is not None or error.kind is ErrorKind.UNKNOWN
        wait = timedelta(seconds=wait_before_retry(error, attempts))
        values["state"] = "unknown" if unknown else "retry"
        values["next_attempt_at"] = fields.Datetime.now() + wait
    return Verdict(claim, values)
