"""From the outcome of a step to the new row of an account, branch by branch."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from datetime import datetime
from typing import Any

import pytest

from panda_provisioning.core import transition as transitions
from panda_provisioning.core.error_catalogue import as_error
from panda_provisioning.core.retry_policy import MAX_ATTEMPTS, POLICIES, Stops
from panda_provisioning.core.snapshot import Outcome, Snapshot, Step, Surroundings
from panda_provisioning.core.states import State, is_allowed
from panda_provisioning.core.transition import (
    LONG_WAIT,
    AccountRow,
    RunPolicy,
    claimed,
    past_bound,
    put_back,
    resolved_without_request,
    unsaved,
    update_begun,
)
from panda_provisioning.panda_api.errors import ErrorKind, PandaError

from .support import CUSTOMER

NOW, LEASE = 1_000_000.75, 60.0
POLICY = RunPolicy(LEASE, lambda _low, high: high)
ROW = AccountRow(CUSTOMER, State.QUEUED, due_at=NOW - 1)
LOST = PandaError(ErrorKind.UNKNOWN, "timeout", "ReadTimeout")


def row_at(step: Step, **changes: Any) -> AccountRow:
    """A row that a run holds and that is at ``step``."""
    snapshot_fields = Snapshot.__dataclass_fields__
    own = {name: v for name, v in changes.items() if name not in snapshot_fields}
    on_snapshot = {name: v for name, v in changes.items() if name in snapshot_fields}
    snapshot = replace(CUSTOMER, step=step, **on_snapshot)
    held = {"state": State.RUNNING, "due_at": NOW + 10, "is_held": True}
    return replace(ROW, snapshot=snapshot, **{**held, **own})


def after(row: AccountRow, outcome: Outcome, *, may_go_on: bool = True) -> AccountRow:
    """The row after ``outcome``, into which the table of states lets it get."""
    new = transitions.transition(row, outcome, POLICY, NOW, may_go_on=may_go_on)
    assert is_allowed(row.state, new.state)
    return new


# === CLAIM === #


@pytest.mark.parametrize("step", Step)
def test_a_claim_looks_before_it_creates(step: Step) -> None:
    """And goes on where it was with everything else."""
    row = claimed(replace(ROW, snapshot=replace(CUSTOMER, step=step)), POLICY, NOW)
    looked_for = {
        Step.CREATE_ACCOUNT: Step.FIND_ACCOUNT,
        Step.CREATE_OPERATOR: Step.FIND_OPERATOR,
    }
    assert row.snapshot.step is looked_for.get(step, step)
    assert (row.state, row.is_held, row.due_at) == (State.RUNNING, True, NOW + LEASE)


def test_a_claim_forgets_why_it_was_not_synchronized() -> None:
    row = replace(ROW, error_code="timeout", error_detail="late", failed_at=NOW)
    row = claimed(row, POLICY, NOW)
    assert (row.error_code, row.error_detail, row.failed_at) == ("", "", None)


@pytest.mark.parametrize(
    ("state", "step", "marker_at", "due_at", "expected"),
    [
        (State.RUNNING, Step.CREATE_ACCOUNT, 100.0, 160.0, 160.0),
        (State.RUNNING, Step.CREATE_OPERATOR, 100.0, 160.0, 160.0),
        (State.RUNNING, Step.CREATE_ACCOUNT, 170.0, 160.0, 170.0),
        (State.RUNNING, Step.FIND_ACCOUNT, 100.0, 160.0, 100.0),
        (State.UNKNOWN, Step.CREATE_ACCOUNT, 100.0, 160.0, 100.0),
        (State.RUNNING, Step.CREATE_ACCOUNT, None, 160.0, None),
        (State.RUNNING, Step.CREATE_ACCOUNT, 0.0, 160.0, 160.0),
        (State.RUNNING, Step.CREATE_ACCOUNT, 0.5, None, 0.5),
    ],
)
def test_the_marker_of_a_dead_run_counts_from_the_end_of_its_lease(
    state: State,
    step: Step,
    marker_at: float | None,
    due_at: float | None,
    expected: float | None,
) -> None:
    """Its create may have left until then; a look has not."""
    snapshot = replace(CUSTOMER, step=step, marker_at=marker_at)
    row = claimed(AccountRow(snapshot, state, due_at=due_at), POLICY, NOW)
    assert row.snapshot.marker_at == expected


# === WITHOUT A REQUEST === #


@pytest.mark.parametrize("step", [Step.UPDATE_ACCOUNT, Step.UPDATE_OPERATOR])
def test_what_panda_has_is_not_sent_again(step: Step) -> None:
    row = row_at(step, synced_fingerprint=CUSTOMER.fingerprint, attempt_count=3)
    done = resolved_without_request(row, NOW)
    assert done
    assert (done.state, done.attempt_count, done.last_sync_at) == ("synced", 0, NOW)
    assert done.operator_ready
    assert not done.is_held


@pytest.mark.parametrize("step", [Step.FIND_ACCOUNT, Step.AWAIT_UPDATE])
def test_only_an_update_is_left_out(step: Step) -> None:
    row = row_at(step, synced_fingerprint=CUSTOMER.fingerprint)
    assert resolved_without_request(row, NOW) is None


def test_an_update_of_something_else_is_sent() -> None:
    row = row_at(Step.UPDATE_ACCOUNT, synced_fingerprint="other")
    assert resolved_without_request(row, NOW) is None


def test_a_customer_waits_for_its_reseller() -> None:
    row = row_at(Step.FIND_ACCOUNT, has_parent=True)
    waiting = resolved_without_request(row, NOW)
    assert waiting
    assert (waiting.state, waiting.due_at) == (State.WAITING, None)


def test_a_customer_waits_even_with_a_marker() -> None:
    """Without its reseller it would be searched below another account."""
    row = row_at(Step.FIND_ACCOUNT, has_parent=True, marker_at=NOW)
    waiting = resolved_without_request(row, NOW)
    assert waiting
    assert waiting.state is State.WAITING
    assert waiting.snapshot.marker_at == NOW


@pytest.mark.parametrize(
    "changes",
    [
        {"has_parent": True, "remote_id": "WGC-1"},
        {"has_parent": True, "surroundings": Surroundings(parent_ready=True)},
        {},
    ],
)
def test_nobody_waits_for_a_reseller_that_is_ready_or_not_needed(
    changes: dict[str, Any],
) -> None:
    assert resolved_without_request(row_at(Step.FIND_ACCOUNT, **changes), NOW) is None


def test_a_problem_fails_before_anything_is_sent() -> None:
    """The first one is its error."""
    failed = resolved_without_request(
        row_at(Step.FIND_ACCOUNT, email="", phone=""), NOW
    )
    assert failed
    assert (failed.state, failed.error_code) == (State.FAILED, "email_missing")
    assert (failed.failed_at, failed.due_at, failed.is_held) == (NOW, None, False)


def test_what_may_have_been_created_is_looked_for_whatever_is_wrong() -> None:
    row = row_at(Step.FIND_ACCOUNT, email="", marker_at=NOW)
    assert resolved_without_request(row, NOW) is None


def test_what_panda_has_is_unknown_once_an_update_has_begun() -> None:
    row = row_at(Step.UPDATE_ACCOUNT, synced_fingerprint="old")
    begun = update_begun(row, POLICY, NOW)
    assert begun.synced_fingerprint == ""
    assert (begun.is_held, begun.due_at) == (True, NOW + LEASE)
    assert begun.snapshot is row.snapshot


def test_accounts_of_others_are_looked_past() -> None:
    """Each look excludes more of them, until none is in the way."""
    row, again = past_bound(ROW, Outcome(Step.FIND_OPERATOR, used=("A", "C")), {"A"})
    assert (row.snapshot.excluded, again) == ({"A"}, Outcome(Step.FIND_ACCOUNT))
    asked = Outcome(Step.FIND_ACCOUNT, used=("B",), unknown=True, error=LOST)
    row, again = past_bound(row, asked, {"A", "B"})
    assert row.snapshot.excluded == {"A", "B"}
    assert again == Outcome(Step.FIND_ACCOUNT, unknown=True)
    free = Outcome(Step.FIND_OPERATOR, used=("C",))
    assert past_bound(row, free, {"A", "B"}) == (row, free)


def test_an_id_that_is_not_new_is_no_answer() -> None:
    """Panda has named an account of another contact as the one that it has created."""
    created = Outcome(Step.CREATE_OPERATOR, {"remote_id": "A"}, used=("A",))
    row, outcome = past_bound(row_at(Step.CREATE_ACCOUNT, marker_at=NOW), created, "A")
    assert (outcome.step, outcome.unknown) == (Step.FIND_ACCOUNT, True)
    assert outcome.error is not None
    assert (outcome.error.kind, outcome.error.code) == (ErrorKind.UNKNOWN, "unreadable")
    assert outcome.error.detail == "A"
    found = after(row, outcome)
    assert (found.attempt_count, found.snapshot.marker_at) == (1, NOW)
    assert (found.snapshot.remote_id, found.snapshot.excluded) == ("", {"A"})


# === WHAT IS CHECKED AGAIN BEFORE EVERY WRITE === #

WRITES = (Step.CREATE_ACCOUNT, Step.CREATE_OPERATOR, Step.UPDATE_ACCOUNT)


@pytest.mark.parametrize("step", WRITES)
@pytest.mark.parametrize("may_go_on", [True, False])
def test_nothing_is_written_for_an_account_with_a_problem(
    step: Step, *, may_go_on: bool
) -> None:
    """Whatever was found: an unknown outcome was looked for in spite of it."""
    row = row_at(Step.FIND_ACCOUNT, phone="", marker_at=5.0)
    failed = after(row, Outcome(step), may_go_on=may_go_on)
    assert (failed.state, failed.error_code) == (State.FAILED, "phone_missing")
    assert (failed.failed_at, failed.is_held) == (NOW, False)
    marker = 5.0 if step is Step.UPDATE_ACCOUNT else None
    assert failed.snapshot.marker_at == marker


def test_nothing_is_written_below_a_reseller_that_is_not_ready() -> None:
    row = row_at(Step.FIND_ACCOUNT, has_parent=True, marker_at=5.0)
    waiting = after(row, Outcome(Step.CREATE_ACCOUNT))
    assert (waiting.state, waiting.snapshot.marker_at) == (State.WAITING, None)


@pytest.mark.parametrize("step", [Step.FIND_ACCOUNT, Step.FIND_OPERATOR])
def test_what_is_looked_for_may_have_a_problem(step: Step) -> None:
    row = row_at(Step.FIND_ACCOUNT, phone="", marker_at=5.0)
    assert after(row, Outcome(step)).is_held


# === ROWS THAT CANNOT BE WRITTEN === #


@pytest.mark.parametrize(
    ("step", "look"),
    [
        (Step.CREATE_ACCOUNT, Step.FIND_ACCOUNT),
        (Step.CREATE_OPERATOR, Step.FIND_OPERATOR),
    ],
)
def test_a_create_that_could_not_be_written_down_is_looked_for(
    step: Step, look: Step
) -> None:
    row = row_at(step, marker_at=5.0)
    outcome = unsaved(row, ValueError("NUL"), NOW)
    assert outcome.error is not None
    assert (outcome.error.code, outcome.error.detail) == ("unsavable", "ValueError")
    new = after(row, outcome)
    assert (new.state, new.attempt_count) == (State.UNKNOWN, 1)
    assert (new.snapshot.step, new.snapshot.marker_at) == (look, NOW)


def test_any_other_step_that_could_not_be_written_down_is_repeated() -> None:
    row = row_at(Step.FIND_ACCOUNT)
    new = after(row, unsaved(row, ValueError("NUL"), NOW))
    assert (new.state, new.attempt_count) == (State.RETRY, 1)
    assert (new.snapshot.step, new.snapshot.marker_at) == (Step.FIND_ACCOUNT, None)


# === GOING ON === #


def test_a_create_is_marked_before_it_is_sent() -> None:
    row = after(row_at(Step.FIND_ACCOUNT), Outcome(Step.CREATE_ACCOUNT))
    assert row.snapshot.marker_at == NOW
    assert row.snapshot.sent_name == CUSTOMER.name
    assert (row.state, row.is_held, row.due_at) == (State.RUNNING, True, NOW + LEASE)


def test_the_create_of_an_operator_is_marked_too() -> None:
    row = after(
        row_at(Step.FIND_OPERATOR, sent_name="X"), Outcome(Step.CREATE_OPERATOR)
    )
    assert (row.snapshot.marker_at, row.snapshot.sent_name) == (NOW, "X")


def test_a_look_is_not_marked() -> None:
    row = after(row_at(Step.CREATE_ACCOUNT), Outcome(Step.FIND_OPERATOR))
    assert row.snapshot.marker_at is None
    assert row.is_held


def test_the_facts_of_an_outcome_are_kept() -> None:
    outcome = Outcome(Step.CREATE_OPERATOR, {"remote_id": "WGC-1", "adopted": True})
    row = after(row_at(Step.CREATE_ACCOUNT), outcome)
    assert (row.snapshot.remote_id, row.snapshot.adopted) == ("WGC-1", True)
    assert row.snapshot.step is Step.CREATE_OPERATOR


@pytest.mark.parametrize(
    ("wait", "is_held"), [(LONG_WAIT, True), (LONG_WAIT + 1, False)]
)
def test_a_long_wait_is_spent_in_the_queue(wait: float, *, is_held: bool) -> None:
    outcome = Outcome(Step.AWAIT_OPERATOR, {"transaction_id": "T"}, wait=wait)
    row = after(row_at(Step.AWAIT_OPERATOR), outcome)
    assert row.is_held is is_held
    assert row.due_at == NOW + (LEASE if is_held else wait)
    assert row.state is State.RUNNING, "Panda is working on it"


def test_a_run_that_ends_puts_back_what_was_not_sent() -> None:
    """Without the marker: the create never left."""
    outcome = Outcome(Step.CREATE_ACCOUNT, {"marker_at": 5.0})
    row = after(row_at(Step.FIND_ACCOUNT), outcome, may_go_on=False)
    assert (row.state, row.due_at, row.is_held) == (State.QUEUED, NOW, False)
    assert row.snapshot.marker_at is None
    assert row.snapshot.step is Step.CREATE_ACCOUNT


def test_a_marker_that_waits_for_an_outcome_is_put_back_as_unknown() -> None:
    row = put_back(row_at(Step.FIND_ACCOUNT, marker_at=5.0), NOW, wait=7)
    assert (row.state, row.due_at) == (State.UNKNOWN, NOW + 7)
    assert (row.error_code, row.snapshot.marker_at) == ("lost_answer", 5.0)


def test_a_pending_transaction_is_put_back_as_running() -> None:
    row = put_back(row_at(Step.AWAIT_OPERATOR, transaction_id="T", marker_at=5.0), NOW)
    assert (row.state, row.is_held, row.due_at) == (State.RUNNING, False, NOW)
    assert row.error_code == ""


# === DONE === #


def test_done_is_synchronized() -> None:
    row = row_at(Step.AWAIT_OPERATOR, attempt_count=4, marker_at=5.0)
    done = after(row, Outcome(Step.DONE, {"marker_at": None, "activated_at": 9.0}))
    assert (done.state, done.attempt_count, done.is_held) == (State.SYNCED, 0, False)
    assert (done.last_sync_at, done.operator_ready) == (NOW, True)
    assert done.synced_fingerprint == CUSTOMER.fingerprint
    assert (done.snapshot.marker_at, done.snapshot.activated_at) == (None, 9.0)
    assert done.due_at is None


# === ERRORS === #


@pytest.mark.parametrize("kind", ErrorKind)
def test_an_error_spends_an_attempt_unless_the_system_is_at_fault(
    kind: ErrorKind,
) -> None:
    error = PandaError(kind, "code", "words")
    row = after(row_at(Step.FIND_ACCOUNT), Outcome(Step.FIND_ACCOUNT, error=error))
    assert row.attempt_count == (1 if POLICIES[kind].spends else 0)
    assert row.is_held is (kind is ErrorKind.OUTAGE)
    words = ("", "") if row.is_held else ("code", "words")
    assert (row.error_code, row.error_detail) == words
    is_persons = POLICIES[kind].stops is Stops.ACCOUNT
    if row.is_held:
        assert (row.state, row.wait) == (State.RUNNING, 0.6)
    elif is_persons:
        assert (row.state, row.failed_at, row.due_at) == (State.FAILED, NOW, None)
    else:
        is_unknown = kind is ErrorKind.UNKNOWN
        assert row.state is (State.UNKNOWN if is_unknown else State.RETRY)
        assert row.failed_at is None
        assert row.due_at is not None
        assert row.due_at > NOW


def test_a_short_wait_is_spent_with_the_run() -> None:
    """Nobody hears of an error that passes within seconds; the attempt counts. A run
    that is ending lets the account go."""
    outage = Outcome(Step.FIND_OPERATOR, error=as_error("unreachable"))
    held = after(row_at(Step.FIND_OPERATOR), outage)
    assert (held.state, held.is_held, held.wait) == (State.RUNNING, True, 0.6)
    assert (held.attempt_count, held.due_at) == (1, NOW + LEASE)
    let_go = after(row_at(Step.FIND_OPERATOR), outage, may_go_on=False)
    assert (let_go.state, let_go.is_held) == (State.RETRY, False)
    assert (let_go.attempt_count, let_go.due_at) == (1, NOW + 0.6)
    assert let_go.error_code == "unreachable"


@pytest.mark.parametrize("code", ["throttled", "daily_limit", "lost_answer"])
def test_what_stops_the_system_or_is_unclear_is_not_waited_for(code: str) -> None:
    """However short the wait is."""
    error = as_error(code)
    row = after(row_at(Step.FIND_ACCOUNT), Outcome(Step.FIND_ACCOUNT, error=error))
    assert (row.is_held, row.error_code) == (False, code)


def test_the_wait_grows_with_the_attempts() -> None:
    outage = as_error("unreachable")
    waits = []
    for attempts in range(3):
        row = row_at(Step.FIND_ACCOUNT, attempt_count=attempts)
        row = after(row, Outcome(Step.FIND_ACCOUNT, error=outage), may_go_on=False)
        assert row.due_at
        waits.append(row.due_at - NOW)
    assert waits == pytest.approx([0.6, 1.8, 5.4])  # 0.5 s and 20 % jitter


def test_after_the_last_attempt_a_person_is_asked() -> None:
    outage = Outcome(Step.FIND_ACCOUNT, error=as_error("unreachable"))
    row = after(row_at(Step.FIND_ACCOUNT, attempt_count=MAX_ATTEMPTS - 2), outage)
    assert (row.state, row.attempt_count) == (State.RETRY, MAX_ATTEMPTS - 1)
    row = after(row_at(Step.FIND_ACCOUNT, attempt_count=MAX_ATTEMPTS - 1), outage)
    assert (row.state, row.attempt_count) == (State.FAILED, MAX_ATTEMPTS)


def test_a_marker_makes_every_error_an_unknown_outcome() -> None:
    row = row_at(Step.FIND_ACCOUNT, marker_at=5.0, attempt_count=4)
    row = after(row, Outcome(Step.FIND_ACCOUNT, error=as_error("unreachable")))
    assert (row.state, row.snapshot.marker_at) == (State.UNKNOWN, 5.0)


def test_a_lost_answer_is_looked_for_at_once() -> None:
    """It spends an attempt, but no time."""
    lost = Outcome(Step.FIND_ACCOUNT, {"marker_at": 8.0}, unknown=True, error=LOST)
    row = after(row_at(Step.CREATE_ACCOUNT, marker_at=5.0), lost)
    assert (row.state, row.is_held, row.attempt_count) == (State.RUNNING, True, 1)
    assert (row.snapshot.step, row.snapshot.marker_at) == (Step.FIND_ACCOUNT, 8.0)


def test_a_lost_answer_is_put_back_when_the_run_ends() -> None:
    lost = Outcome(Step.FIND_ACCOUNT, {"marker_at": 8.0}, unknown=True, error=LOST)
    row = after(row_at(Step.CREATE_ACCOUNT, marker_at=5.0), lost, may_go_on=False)
    assert (row.state, row.attempt_count) == (State.UNKNOWN, 1)
    assert row.snapshot.marker_at == 8.0


def test_answers_that_are_always_lost_come_to_an_end() -> None:
    lost = Outcome(Step.FIND_ACCOUNT, {"marker_at": 8.0}, unknown=True, error=LOST)
    row = after(row_at(Step.CREATE_ACCOUNT, attempt_count=MAX_ATTEMPTS - 2), lost)
    assert row.is_held
    row = after(row_at(Step.CREATE_ACCOUNT, attempt_count=MAX_ATTEMPTS - 1), lost)
    assert (row.state, row.attempt_count) == (State.FAILED, MAX_ATTEMPTS)
    assert row.error_code == "timeout"


def test_a_stuck_transaction_is_not_looked_for_at_once() -> None:
    """It has had its time; the next look is later."""
    stuck = Outcome(
        Step.FIND_OPERATOR, unknown=True, error=as_error("transaction_stuck")
    )
    row = after(row_at(Step.AWAIT_OPERATOR, marker_at=5.0), stuck)
    assert (row.state, row.is_held, row.attempt_count) == (State.UNKNOWN, False, 1)
    assert row.error_code == "transaction_stuck"


def test_an_unknown_outcome_without_an_error_is_looked_into() -> None:
    row = row_at(Step.AWAIT_OPERATOR, marker_at=5.0)
    row = after(row, Outcome(Step.FIND_OPERATOR, {"transaction_id": ""}, unknown=True))
    assert (row.is_held, row.attempt_count) == (True, 0)


# === CONSENT TO ANOTHER ACCOUNT OF THE NAME === #


@pytest.mark.parametrize(
    ("outcome", "stays"),
    [
        (Outcome(Step.CREATE_ACCOUNT), True),
        (Outcome(Step.FIND_ACCOUNT, error=as_error("timeout")), True),
        (Outcome(Step.FIND_ACCOUNT, error=as_error("rejected")), True),
        (Outcome(Step.CREATE_OPERATOR, {"remote_id": "WGC-1"}), False),
        (Outcome(Step.FIND_OPERATOR, {"remote_id": "WGC-1"}), False),
    ],
)
def test_consent_ends_with_the_account_in_panda(
    outcome: Outcome, *, stays: bool
) -> None:
    """It was given for this one, and not for one that is created after it."""
    row = row_at(Step.FIND_ACCOUNT, create_anyway=True)
    assert after(row, outcome).columns["create_anyway"] is stays


# === COLUMNS === #

FULL = replace(
    CUSTOMER,
    step=Step.AWAIT_OPERATOR,
    remote_id="WGC-1",
    transaction_id="T",
    marker_at=NOW,
    adopted=True,
    sent_name="Acme",
    sent_email="a@b.example",
    sent_fingerprint="f" * 40,
    chosen_remote_id="WGC-2",
    create_anyway=True,
    activation_email="c@d.example",
    activated_at=NOW - 5,
)


def read_again(row: AccountRow, **columns: Any) -> AccountRow:
    """The row as another process reads what was written."""
    contact = ("name", "first_name", "last_name", "email", "phone", "username", "role")
    values = {name: getattr(row.snapshot, name) for name in contact}
    root_id = row.snapshot.parent_remote_id
    held = {"run_token": "token" if row.is_held else None}
    return AccountRow.build({**values, **row.columns, **held, **columns}, root_id)


def test_what_is_written_is_what_is_read() -> None:
    row = AccountRow(
        FULL,
        State.RUNNING,
        attempt_count=3,
        due_at=1_000_060.0,
        is_held=True,
        operator_ready=True,
        synced_fingerprint="s" * 40,
        last_sync_at=1_000_000.0,
    )
    assert read_again(row) == row


def test_an_empty_row_is_read_as_it_is_written() -> None:
    row = AccountRow(CUSTOMER, State.QUEUED)
    assert read_again(row) == row
    assert row.columns["error_code"] is None
    assert row.columns["remote_id"] is None


def test_times_are_stored_in_whole_seconds_never_later_than_they_are() -> None:
    """But for those of requests, which decide whether something may have been sent."""
    row = replace(
        AccountRow(FULL, State.FAILED),
        due_at=NOW,
        last_sync_at=NOW,
        failed_at=NOW,
        error_code="timeout",
        error_detail="words",
    )
    second = datetime(1970, 1, 12, 13, 46, 40)  # noqa: DTZ001
    columns = row.columns
    for name in ("next_attempt_at", "last_sync_at", "failed_at"):
        assert columns[name] == second
    assert columns["marker_at"] == second.replace(microsecond=750_000)
    assert columns["activation_sent_at"] == datetime(  # noqa: DTZ001
        1970, 1, 12, 13, 46, 35, 750_000
    )
    assert (columns["error_code"], columns["error_detail"]) == ("timeout", "words")


@pytest.mark.parametrize("state", State)
def test_people_are_notified_of_what_has_settled(state: State) -> None:
    pending = AccountRow(CUSTOMER, state).columns["notification_pending"]
    assert pending is (state in (State.SYNCED, State.FAILED))


def test_the_columns_of_every_row_are_the_same() -> None:
    """They are written in one statement."""
    columns = list(AccountRow(FULL, State.FAILED).columns)
    assert columns == list(AccountRow(CUSTOMER, State.QUEUED).columns)
    assert columns[:3] == ["id", "state", "step"]
    assert AccountRow(FULL, State.RUNNING).columns["id"] == FULL.key
    assert AccountRow(FULL, State.RUNNING).columns["step"] == "await_operator"


EPOCH_SECOND = datetime(1970, 1, 1, 0, 0, 7)  # noqa: DTZ001


def test_every_column_of_a_full_row() -> None:
    row = AccountRow(
        replace(
            *(FULL,),
            key=9,
            marker_at=7.0,
            created_at=7.0,
            activated_at=7.0,
            remote_id="R",
            step=Step.DONE,
        ),
        State.FAILED,
        attempt_count=3,
        due_at=7.9,
        is_held=True,
        operator_ready=True,
        synced_fingerprint="S",
        last_sync_at=7.5,
        failed_at=7.1,
        error_code="timeout",
        error_detail="words",
    )
    assert row.columns == {
        "id": 9,
        "state": "failed",
        "step": "done",
        "remote_id": "R",
        "transaction_id": "T",
        "marker_at": EPOCH_SECOND,
        "adopted": True,
        "sent_name": "Acme",
        "sent_email": "a@b.example",
        "sent_fingerprint": "f" * 40,
        "attempt_count": 3,
        "next_attempt_at": EPOCH_SECOND,
        "error_code": "timeout",
        "error_detail": "words",
        "operator_ready": True,
        "last_sync_at": EPOCH_SECOND,
        "synced_fingerprint": "S",
        "chosen_remote_id": "WGC-2",
        "create_anyway": True,
        "activation_email": "c@d.example",
        "remote_created_at": EPOCH_SECOND,
        "activation_sent_at": EPOCH_SECOND,
        "failed_at": EPOCH_SECOND,
        "notification_pending": True,
    }
    # What is stored as text is a plain str, not a member of an enumeration.
    assert type(row.columns["state"]) is type(row.columns["step"]) is str


def test_every_column_of_an_empty_row() -> None:
    columns = AccountRow(CUSTOMER, State.QUEUED).columns
    filled = {name: value for name, value in columns.items() if value is not None}
    assert filled == {
        "id": 1,
        "state": "queued",
        "step": "find_account",
        "adopted": False,
        "attempt_count": 0,
        "operator_ready": False,
        "create_anyway": False,
        "notification_pending": False,
    }


def test_a_row_is_read_from_columns_that_were_never_written() -> None:
    names = (
        *("attempt_count", "next_attempt_at", "run_token", "operator_ready"),
        *("synced_fingerprint", "last_sync_at"),
    )
    values = {"id": 4, "state": "draft", **dict.fromkeys(names)}
    row = AccountRow.build(values)
    assert row == AccountRow(Snapshot.build({"id": 4}), State.DRAFT)
    assert (row.operator_ready, row.is_held, row.synced_fingerprint) == (
        *(False, False),
        "",
    )
    rooted = AccountRow.build(values, "ACC-1")
    assert rooted.snapshot.parent_remote_id == "ACC-1"


def test_a_row_knows_nothing_that_it_was_not_told() -> None:
    row = AccountRow(CUSTOMER, State.QUEUED)
    assert (row.attempt_count, row.due_at, row.is_held) == (0, None, False)
    assert (row.operator_ready, row.synced_fingerprint) == (False, "")
    assert (row.last_sync_at, row.failed_at) == (None, None)
    assert (row.error_code, row.error_detail) == ("", "")


def test_a_row_and_the_rules_of_a_run_do_not_change() -> None:
    for value, name in ((ROW, "state"), (POLICY, "lease")):
        with pytest.raises(FrozenInstanceError):
            setattr(value, name, 0)


# === WHOLE ROWS === #

WORN = replace(
    row_at(Step.AWAIT_OPERATOR, remote_id="WGC-1", marker_at=5.0, transaction_id="T"),
    attempt_count=4,
    operator_ready=False,
    synced_fingerprint="old",
    last_sync_at=3.0,
    failed_at=2.0,
    error_code="timeout",
    error_detail="words",
)
"""A row that has been through a lot."""
EASED = replace(WORN, failed_at=None, error_code="", error_detail="")


def test_a_run_waits_up_to_eight_seconds() -> None:
    """As long as the second wait after an outage may be."""
    assert LONG_WAIT == 8.0


def test_the_whole_row_that_is_claimed() -> None:
    row = replace(WORN, state=State.UNKNOWN, is_held=False)
    held = {"state": State.RUNNING, "is_held": True, "due_at": NOW + LEASE}
    assert claimed(row, POLICY, NOW) == replace(EASED, **held)


def test_the_whole_row_that_is_done() -> None:
    facts = {"marker_at": None, "transaction_id": ""}
    done = {
        "snapshot": replace(WORN.snapshot, step=Step.DONE, **facts),  # type: ignore[arg-type]
        "state": State.SYNCED,
        "attempt_count": 0,
        "due_at": None,
        "is_held": False,
        "operator_ready": True,
        "synced_fingerprint": CUSTOMER.fingerprint,
        "last_sync_at": NOW,
    }
    for may_go_on in (True, False):
        row = after(WORN, Outcome(Step.DONE, dict(facts)), may_go_on=may_go_on)
        assert row == replace(EASED, **done)


def test_the_whole_row_that_a_run_goes_on_with() -> None:
    row = after(WORN, Outcome(Step.AWAIT_OPERATOR, {"polls": 3}, wait=0.5))
    snapshot = replace(WORN.snapshot, polls=3)
    assert row == replace(EASED, snapshot=snapshot, due_at=NOW + LEASE, wait=0.5)


def test_the_whole_row_that_is_put_back() -> None:
    outcome = Outcome(Step.AWAIT_OPERATOR, {"polls": 3}, wait=0.5)
    row = after(WORN, outcome, may_go_on=False)
    snapshot = replace(WORN.snapshot, polls=3)
    put = {"snapshot": snapshot, "due_at": NOW + 0.5, "is_held": False}
    assert row == replace(EASED, **put)


def test_the_whole_row_that_failed() -> None:
    error = as_error("operator_refused", "No more seats.")
    outcome = Outcome(Step.FIND_OPERATOR, {"transaction_id": ""}, error=error)
    expected = replace(
        EASED,
        snapshot=replace(WORN.snapshot, step=Step.FIND_OPERATOR, transaction_id=""),
        state=State.FAILED,
        attempt_count=5,
        due_at=None,
        is_held=False,
        failed_at=NOW,
        error_code="operator_refused",
        error_detail="No more seats.",
    )
    assert after(WORN, outcome) == expected


@pytest.mark.parametrize(
    ("marker_at", "kind", "state"),
    [
        (None, ErrorKind.OUTAGE, State.RETRY),
        (0.0, ErrorKind.OUTAGE, State.UNKNOWN),
        (None, ErrorKind.UNKNOWN, State.UNKNOWN),
        (None, ErrorKind.AUTH, State.RETRY),
    ],
)
def test_the_whole_row_that_tries_again(
    marker_at: float | None, kind: ErrorKind, state: State
) -> None:
    """At the time that Panda asks for, when that is later."""
    error = PandaError(kind, "code", "why", retry_after=50_000)
    snapshot = replace(WORN.snapshot, marker_at=marker_at)
    outcome = Outcome(Step.AWAIT_OPERATOR, error=error)
    spent = 0 if kind is ErrorKind.AUTH else 1
    assert after(replace(WORN, snapshot=snapshot), outcome) == replace(
        EASED,
        snapshot=snapshot,
        state=state,
        attempt_count=4 + spent,
        due_at=NOW + 50_000,
        is_held=False,
        error_code="code",
        error_detail="why",
    )


def test_the_whole_row_without_a_request() -> None:
    """Waiting and failed; what was known of Panda stays known."""
    waiting = replace(WORN, snapshot=replace(CUSTOMER, has_parent=True))
    rest = {"due_at": None, "is_held": False}
    assert resolved_without_request(waiting, NOW) == replace(
        EASED, snapshot=waiting.snapshot, state=State.WAITING, **rest
    )
    wrong = replace(WORN, snapshot=replace(CUSTOMER, phone=""))
    assert resolved_without_request(wrong, NOW) == replace(
        EASED,
        snapshot=wrong.snapshot,
        state=State.FAILED,
        failed_at=NOW,
        error_code="phone_missing",
        **rest,
    )


def test_a_marker_of_time_zero_is_a_marker() -> None:
    """Only ``None`` says that nothing may have been sent."""
    row = row_at(Step.FIND_ACCOUNT, email="", marker_at=0.0)
    assert resolved_without_request(row, NOW) is None
    assert put_back(row, NOW).state is State.UNKNOWN


@pytest.mark.parametrize("step", [Step.CREATE_ACCOUNT, Step.CREATE_OPERATOR])
def test_a_create_that_is_put_back_was_not_sent(step: Step) -> None:
    row = put_back(row_at(step, marker_at=5.0), NOW)
    snapshot = replace(CUSTOMER, step=step)
    assert row == AccountRow(snapshot, State.QUEUED, due_at=NOW)


def test_the_whole_row_whose_marker_is_put_back() -> None:
    row = put_back(row_at(Step.FIND_OPERATOR, marker_at=5.0), NOW, 2.0)
    snapshot = replace(CUSTOMER, step=Step.FIND_OPERATOR, marker_at=5.0)
    expected = AccountRow(
        snapshot, State.UNKNOWN, due_at=NOW + 2, error_code="lost_answer"
    )
    assert row == expected


def test_the_whole_row_of_an_update_that_begins() -> None:
    row = replace(WORN, snapshot=replace(WORN.snapshot, step=Step.UPDATE_ACCOUNT))
    assert update_begun(row, POLICY, NOW) == replace(
        EASED, snapshot=row.snapshot, synced_fingerprint="", due_at=NOW + LEASE
    )
