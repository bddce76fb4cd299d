"""From the outcome of a step to the columns of the row: the engine's one decision."""

from dataclasses import dataclass, replace
from datetime import timedelta

from odoo import fields

from ..panda_api.errors import ErrorKind
from ..panda_api.policy import MAX_ATTEMPTS, POLICIES, Stops, wait_before_retry
from ..panda_api.rules import problems
from ..panda_api.steps import UPDATES, WRITES, Snapshot, Step
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


def row_values(claim, snapshot, state, **changes):
    """All columns that the engine writes; the same for every row of a batch."""
    return {
        "id": claim.id,
        "state": state,
        "step": snapshot.step.value,
        "remote_id": snapshot.remote_id or None,
        "transaction_id": snapshot.transaction_id or None,
        "marker_at": from_epoch(snapshot.marker_at),
        "adopted": snapshot.adopted,
        "sent_name": snapshot.sent_name or None,
        "sent_email": snapshot.sent_email or None,
        "sent_fingerprint": snapshot.sent_fingerprint or None,
        "attempt_count": claim.attempt_count,
        "next_attempt_at": None,
        "error_code": None,
        "error_detail": None,
        "operator_ready": claim.operator_ready,
        "last_sync_at": claim.last_sync_at,
        "synced_fingerprint": claim.synced_fingerprint,
        "chosen_remote_id": snapshot.chosen_remote_id or None,
        "activation_email": snapshot.activation_email or None,
        "activation_sent_at": from_epoch(snapshot.activated_at),
        "failed_at": fields.Datetime.now() if state == "failed" else None,
        "has_news": state in ("synced", "failed"),
        "run_token": None,
        **changes,
    }


def judge(claim, outcome, queue, clock, *, may_go_on):
    """Return the :class:`Verdict` on ``outcome``.

    :param queue: extends the lease of the row, if the run goes on.
    :param may_go_on: false when the run is ending; the row goes back as it is.
    """
    snapshot = claim.snapshot.with_outcome(outcome)
    if outcome.step is Step.DONE:
        return done(claim, snapshot)
    if outcome.error and not _is_looked_into(claim, outcome):
        return _failed(claim, snapshot, outcome.error)
    if may_go_on and outcome.wait <= LONG_WAIT:
        return _go_on(claim, snapshot, outcome.wait, queue, clock)
    return put_back(claim, snapshot, outcome.wait)


def put_back(claim, snapshot, wait=0):
    """The verdict on an account that a later run goes on with, in ``wait`` seconds."""
    if snapshot.step in WRITES:
        snapshot = replace(snapshot, marker_at=None)  # it was not sent after all
    next_attempt_at = fields.Datetime.now() + timedelta(seconds=wait)
    if snapshot.transaction_id:  # under way for sure
        values = row_values(claim, snapshot, "running", next_attempt_at=next_attempt_at)
    elif snapshot.marker_at is None:
        values = row_values(claim, snapshot, "queued", next_attempt_at=next_attempt_at)
    else:
        values = row_values(
            claim,
            snapshot,
            "unknown",
            next_attempt_at=next_attempt_at,
            error_code="lost_answer",
        )
    return Verdict(claim, values)


def _is_looked_into(claim, outcome):
    """A lost answer is first of all a reason to look, at once."""
    if not outcome.unknown or outcome.error.code == "transaction_stuck":
        return False
    claim.attempt_count += 1
    return claim.attempt_count < MAX_ATTEMPTS


def _go_on(claim, snapshot, wait, queue, clock):
    if snapshot.step in WRITES:
        # The marker, made durable before the request leaves the machine.
        snapshot = snapshot.marked(clock.now())
    return Verdict(claim, held_values(claim, snapshot, queue), snapshot, wait)


def held_values(claim, snapshot, queue):
    """The row of an account that the run goes on with, under a new lease."""
    return row_values(
        claim,
        snapshot,
        "running",
        next_attempt_at=queue.lease(claim),
        run_token=queue.token,
    )


def settle(claim):
    """Return the row of an account with nothing to send, ``None`` for others."""
    snapshot = claim.snapshot
    if has_nothing_to_send(claim):
        return done(claim, snapshot).values
    if waits(claim):
        return row_values(claim, snapshot, "waiting")
    found = find_problems(claim)
    # What may have been created is looked for before anything else.
    if found and snapshot.marker_at is None:
        return row_values(claim, snapshot, "failed", error_code=found[0])
    return None


def has_nothing_to_send(claim):
    """Whether Panda was told already all that an update would tell."""
    snapshot = claim.snapshot
    return snapshot.step in UPDATES and (
        snapshot.fingerprint == claim.synced_fingerprint
    )


def waits(claim):
    """Whether nothing can be sent before the reseller is ready."""
    snapshot = claim.snapshot
    return snapshot.has_parent and not claim.parent_ready and not snapshot.remote_id


def find_problems(claim):
    """Codes of all that keeps ``claim`` from being sent."""
    found = [problem.code for problem in problems(claim.snapshot)]
    if claim.email_used:
        found.append("email_used")
    if claim.reseller_left_out:
        found.append("parent_missing")
    if not claim.partner_active:
        found.append("partner_archived")
    return found


def done(claim, snapshot):
    """The verdict on an account of which Panda knows all that Odoo knows."""
    values = row_values(
        claim,
        snapshot,
        "synced",
        attempt_count=0,
        operator_ready=True,
        last_sync_at=fields.Datetime.now(),
        synced_fingerprint=snapshot.fingerprint,
    )
    return Verdict(claim, values)


def _failed(claim, snapshot, error):
    policy = POLICIES[error.kind]
    attempts = claim.attempt_count + policy.spends
    reason = {
        "attempt_count": attempts,
        "error_code": error.code,
        "error_detail": error.detail or None,
    }
    if policy.stops is Stops.ACCOUNT or attempts >= MAX_ATTEMPTS:
        return Verdict(claim, row_values(claim, snapshot, "failed", **reason))
    unknown = snapshot.marker_at is not None or error.kind is ErrorKind.UNKNOWN
    wait = timedelta(seconds=wait_before_retry(error, attempts))
    values = row_values(
        claim,
        snapshot,
        "unknown" if unknown else "retry",
        next_attempt_at=fields.Datetime.now() + wait,
        **reason,
    )
    return Verdict(claim, values)
