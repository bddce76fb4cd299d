"""The workflow when an answer is lost: look first, wait for the grace, never repeat."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from panda_provisioning.core.snapshot import Snapshot, Step, Timing
from panda_provisioning.panda_api.errors import ErrorKind
from panda_provisioning.panda_api.responses import Children
from panda_sandbox.settings import ROOT_ACCOUNT

from .support import ACME, CREATE_ACCOUNT, CREATE_OPERATOR, CUSTOMER, World

GRACE = 30.0
LISTING = {"method": "GET", "path": "*/children"}
LOST = {
    "lost_answer": {},
    "server_error": {"performed": True},
    "truncated": {},
}
"""Faults that hide an answer after the request was performed."""


class Time:
    """A clock that is put forward by hand."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def now(self) -> float:
        return time.time() + self.ahead


@pytest.fixture
def moment(world: World) -> Time:
    """The time of the world, in which Panda has half a minute of grace."""
    moment = Time()
    world.timing = Timing(moment.now, search_delay=GRACE, activation_timeout=900)
    return moment


# === ACCOUNT === #


@pytest.mark.parametrize("fault", LOST)
def test_an_account_whose_answer_was_lost_is_found_again(
    world: World, moment: Time, fault: str
) -> None:
    """It is ours, not adopted, and there is one."""
    world.fault(fault, **CREATE_ACCOUNT, **LOST[fault])
    marked = world.marked(replace(CUSTOMER, step=Step.CREATE_ACCOUNT))
    outcome = world.perform(marked)
    assert (outcome.step, outcome.unknown) == (Step.FIND_ACCOUNT, True)
    assert outcome.error
    assert outcome.error.kind is ErrorKind.UNKNOWN
    snapshot = marked.with_outcome(outcome)
    assert snapshot.marker_at == pytest.approx(moment.now(), abs=2)
    done, outcome = world.run(snapshot)
    assert (outcome.step, done.adopted) == (Step.DONE, False)
    assert len(world.state["tenants"]) == len(world.state["mails"]) == 1


def test_a_create_that_never_arrived_is_sent_again_after_the_grace(
    world: World, moment: Time
) -> None:
    """Not before: Panda may be late to show it."""
    world.fault("lost_request", **CREATE_ACCOUNT)
    marked = world.marked(replace(CUSTOMER, step=Step.CREATE_ACCOUNT))
    snapshot = marked.with_outcome(world.perform(marked))
    outcome = world.perform(snapshot)
    assert (outcome.step, outcome.unknown) == (Step.FIND_ACCOUNT, True)
    assert outcome.wait == pytest.approx(GRACE, abs=2)
    moment.ahead = GRACE + 1
    outcome = world.perform(snapshot)
    assert (outcome.step, outcome.facts) == (Step.CREATE_ACCOUNT, {"marker_at": None})


def test_an_account_that_is_late_in_the_search_is_waited_for(
    world: World, moment: Time
) -> None:
    """Two listings do not show it, the third does."""
    world.fault("lagging_search", calls=2, **CREATE_ACCOUNT)
    world.client.create_account(ROOT_ACCOUNT, **ACME)
    snapshot = CUSTOMER.marked(moment.now())
    for _look in range(2):
        outcome = world.perform(snapshot)
        assert (outcome.step, outcome.unknown) == (Step.FIND_ACCOUNT, True)
    assert world.perform(snapshot).step is Step.FIND_OPERATOR


@pytest.mark.parametrize("fault", ["poison_text", "poison_id"])
@pytest.mark.parametrize("times", [1, 10])
@pytest.mark.parametrize("was_edited", [False, True])
def test_a_listing_that_cannot_be_read_proves_no_absence(
    world: World, moment: Time, fault: str, times: int, *, was_edited: bool
) -> None:
    """One damaged answer to the question whether a lost create has arrived made a
    second account."""
    world.fault("lost_answer", **CREATE_ACCOUNT)
    marked = world.marked(replace(CUSTOMER, step=Step.CREATE_ACCOUNT))
    snapshot = marked.with_outcome(world.perform(marked))
    if was_edited:
        snapshot = replace(snapshot, name="Zenith", email="zoe@zenith.example")
    moment.ahead = GRACE + 1
    world.fault(fault, times=times, **LISTING)
    _snapshot, outcome = world.run(snapshot)
    assert len(world.state["tenants"]) == 1
    code = outcome.error.code if outcome.error else None
    assert code == (None if times == 1 else "name_exists")


def test_an_account_that_was_renamed_is_not_passed_over_in_a_damaged_listing(
    world: World, moment: Time
) -> None:
    """Neither its name nor its e-mail address is known, so a person decides."""
    sent = world.client.create_account(ROOT_ACCOUNT, **{**ACME, "name": "Elsewhere"})
    snapshot = CUSTOMER.marked(moment.now())
    moment.ahead = GRACE + 1
    world.fault("poison_text", times=10, **LISTING)
    outcome = world.perform(snapshot)
    assert outcome.error
    assert outcome.error.code == "name_exists"
    assert outcome.error.detail.endswith(sent[-10:])


def test_an_operator_that_cannot_be_read_is_not_asked_for_again(
    world: World, moment: Time
) -> None:
    """It may be ours; a second request would send a second mail."""
    world.fault("lost_answer", **CREATE_OPERATOR)
    marked = world.marked(world.after(CUSTOMER, Step.FIND_ACCOUNT, Step.CREATE_ACCOUNT))
    snapshot = marked.with_outcome(world.perform(marked))
    moment.ahead = GRACE + 1
    world.fault("poison_text", method="GET", path="*/OperatorsByAccountId")
    outcome = world.perform(snapshot)
    assert outcome.error
    assert (outcome.step, outcome.error.code) == (Step.FIND_OPERATOR, "unreadable")
    _done, outcome = world.run(snapshot)
    assert outcome.step is Step.DONE
    assert len(world.state["mails"]) == 1


def test_a_namesake_is_no_reason_to_ask_after_a_lost_answer(
    world: World, moment: Time
) -> None:
    """It was judged before the first create; the grace is waited for as ever."""
    other = {**ACME, "email": "carl@acme.example"}
    world.client.create_account(ROOT_ACCOUNT, **other)
    snapshot = CUSTOMER.marked(moment.now())
    outcome = world.perform(snapshot)
    assert (outcome.step, outcome.error) == (Step.FIND_ACCOUNT, None)
    assert outcome.wait > 0


def test_a_contact_edited_meanwhile_is_looked_for_as_it_was_sent(
    world: World, moment: Time
) -> None:
    """And told of the edit once everything is there."""
    world.fault("lost_answer", **CREATE_ACCOUNT)
    create = replace(CUSTOMER, step=Step.CREATE_ACCOUNT)
    snapshot = world.marked(create)
    snapshot = snapshot.with_outcome(world.perform(snapshot))
    moment.ahead = GRACE + 1
    edited = replace(snapshot, name="Acme Ltd", email="ann@acme-ltd.example")
    done, outcome = world.run(edited)
    assert outcome.step is Step.DONE
    assert world.names("tenants", "accountId") == [done.remote_id]
    assert world.names("tenants", "name") == ["Acme Ltd"]
    assert world.names("tenants", "email") == ["ann@acme-ltd.example"]
    assert len(world.state["mails"]) == 1


def test_a_contact_edited_meanwhile_is_looked_for_as_he_is_called_now(
    world: World, moment: Time
) -> None:
    """Before it is created again: the new name may be one that Panda knows."""
    edit = {"name": "Acme Ltd", "email": "ltd@acme.example"}
    known = world.run(replace(CUSTOMER, **edit))[0]
    world.fault("lost_request", **CREATE_ACCOUNT)
    marked = world.marked(replace(CUSTOMER, step=Step.CREATE_ACCOUNT))
    snapshot = marked.with_outcome(world.perform(marked))
    moment.ahead = GRACE + 1
    found, _outcome = world.run(replace(snapshot, **edit))
    assert (found.remote_id, found.adopted) == (known.remote_id, True)
    assert len(world.state["tenants"]) == 1


def test_a_namesake_without_an_email_may_be_ours_and_is_asked_about(
    world: World, moment: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a lost answer nobody can tell, so nothing is created."""
    account_id = world.client.create_account(ROOT_ACCOUNT, **ACME)
    read = world.client.get_account
    monkeypatch.setattr(
        world.client, "get_account", lambda each: replace(read(each), email="")
    )
    snapshot = replace(CUSTOMER.marked(moment.now()), create_anyway=True)
    moment.ahead = GRACE + 1
    outcome = world.perform(snapshot)
    assert outcome.error
    assert (outcome.error.code, outcome.error.detail) == ("name_exists", account_id)


def test_an_account_whose_type_cannot_be_read_is_taken_for_ours(
    world: World, moment: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Better than a second tenant."""
    world.client.create_account(ROOT_ACCOUNT, **ACME)
    read = world.client.list_children
    monkeypatch.setattr(
        world.client,
        "list_children",
        lambda parent: Children(replace(child, type=0) for child in read(parent)),
    )
    assert world.perform(CUSTOMER.marked(moment.now())).step is Step.FIND_OPERATOR


def test_a_bug_of_our_own_leaves_a_create_unknown(
    world: World, moment: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request may have left before whatever went wrong."""
    monkeypatch.setattr(
        "panda_provisioning.panda_api.client.text", lambda *_arguments: 1 / 0
    )
    marked = world.marked(replace(CUSTOMER, step=Step.CREATE_ACCOUNT))
    outcome = world.perform(marked)
    assert (outcome.step, outcome.unknown) == (Step.FIND_ACCOUNT, True)
    assert outcome.error
    assert outcome.error.kind is ErrorKind.BUG
    assert len(world.state["tenants"]) == 1


# === OPERATOR === #


@pytest.mark.parametrize("fault", LOST)
def test_an_operator_whose_answer_was_lost_is_found_again(
    world: World, moment: Time, fault: str
) -> None:
    """One operator, one mail."""
    world.fault(fault, **CREATE_OPERATOR, **LOST[fault])
    marked = world.marked(world.after(CUSTOMER, Step.FIND_ACCOUNT, Step.CREATE_ACCOUNT))
    outcome = world.perform(marked)
    assert (outcome.step, outcome.unknown) == (Step.FIND_OPERATOR, True)
    _done, outcome = world.run(marked.with_outcome(outcome))
    assert outcome.step is Step.DONE
    assert world.names("mails", "username") == ["ann.lee"]


def test_an_operator_that_never_arrived_is_sent_again_after_the_grace(
    world: World, moment: Time
) -> None:
    """The same rule as for accounts."""
    world.fault("lost_request", **CREATE_OPERATOR)
    marked = world.marked(world.after(CUSTOMER, Step.FIND_ACCOUNT, Step.CREATE_ACCOUNT))
    snapshot = marked.with_outcome(world.perform(marked))
    outcome = world.perform(snapshot)
    assert (outcome.step, outcome.unknown) == (Step.FIND_OPERATOR, True)
    assert 0 < outcome.wait <= GRACE
    moment.ahead = GRACE + 1
    _done, outcome = world.run(snapshot)
    assert outcome.step is Step.DONE
    assert len(world.state["mails"]) == 1


def test_our_own_operator_in_the_way_of_a_second_try_is_no_conflict(
    world: World, moment: Time
) -> None:
    """Created by the first request, refused to the second, found by looking."""
    world.fault("lost_answer", **CREATE_OPERATOR)
    snapshot = world.after(CUSTOMER, Step.FIND_ACCOUNT, Step.CREATE_ACCOUNT)
    world.perform(world.marked(snapshot))
    _done, outcome = world.run(snapshot)
    assert outcome.step is Step.DONE
    assert len(world.state["operators"]) == len(world.state["mails"]) == 1


def test_a_transaction_that_hangs_is_given_up_after_the_patience(
    world: World, moment: Time
) -> None:
    """Then looked for, and asked for again when there is nothing to find."""
    world.fault("transaction_stuck")
    started = (Step.FIND_ACCOUNT, Step.CREATE_ACCOUNT, Step.CREATE_OPERATOR)
    snapshot = world.after(CUSTOMER, *started)
    assert world.perform(snapshot).step is Step.AWAIT_OPERATOR
    moment.ahead = 901
    outcome = world.perform(snapshot)
    assert outcome.error
    assert outcome.error.code == "transaction_stuck"
    assert (outcome.step, outcome.unknown) == (Step.FIND_OPERATOR, True)
    done, outcome = world.run(snapshot.with_outcome(outcome))
    assert (outcome.step, done.marker_at) == (Step.DONE, None)
    assert len(world.state["mails"]) == 1


def test_a_transaction_that_panda_has_forgotten_is_unknown(
    world: World, moment: Time
) -> None:
    """After the search delay; the operator may have been created all the same."""
    started = (Step.FIND_ACCOUNT, Step.CREATE_ACCOUNT, Step.CREATE_OPERATOR)
    snapshot = replace(world.after(CUSTOMER, *started), transaction_id="forgotten")
    assert world.perform(snapshot).step is Step.AWAIT_OPERATOR
    moment.ahead = GRACE + 1
    outcome = world.perform(snapshot)
    assert (outcome.step, outcome.unknown) == (Step.FIND_OPERATOR, True)
    assert world.run(snapshot.with_outcome(outcome))[1].step is Step.DONE


def test_the_grace_of_an_operator_counts_from_its_request_not_from_the_marker(
    world: World, moment: Time
) -> None:
    """The request may have left long after it was marked."""
    snapshot = world.after(CUSTOMER, Step.FIND_ACCOUNT, Step.CREATE_ACCOUNT)
    marked = snapshot.marked(moment.now() - GRACE)
    outcome = world.perform(marked)
    assert outcome.facts["marker_at"] == pytest.approx(moment.now(), abs=2)


# === UPDATES === #


def updating(world: World) -> Snapshot:
    """A synchronised account whose contact has changed since."""
    done, _outcome = world.run(CUSTOMER)
    return replace(
        done,
        step=Step.UPDATE_ACCOUNT,
        name="Acme Ltd",
        last_name="Li",
        phone="+491234567",
    )


def test_an_update_reaches_the_account_and_the_operator(
    world: World, moment: Time
) -> None:
    """Name and contact here, person and phone there; no second mail."""
    steps = (Step.UPDATE_ACCOUNT, Step.UPDATE_OPERATOR, Step.AWAIT_UPDATE)
    snapshot = updating(world)
    done = world.after(snapshot, *steps)
    assert (done.step, done.marker_at, done.transaction_id) == (Step.DONE, None, "")
    assert world.names("tenants", "name") == ["Acme Ltd"]
    assert world.names("tenants", "lastName") == ["Li"]
    assert world.names("operators", "lastName") == ["Li"]
    assert world.names("operators", "phone") == ["491234567"]
    assert len(world.state["mails"]) == 1


@pytest.mark.parametrize("fault", ["lost_answer", "lost_request", "throttled"])
@pytest.mark.parametrize("path", ["*/accounts/*", "*/operators"])
def test_an_update_is_simply_repeated(
    world: World, moment: Time, fault: str, path: str
) -> None:
    """It carries the whole last state, so a lost answer does no harm."""
    snapshot = updating(world)
    world.fault(fault, method="PATCH", path=path)
    snapshot, outcome = world.run(snapshot)
    assert outcome.error
    assert snapshot.step in (Step.UPDATE_ACCOUNT, Step.UPDATE_OPERATOR)
    assert snapshot.marker_at is None
    _done, outcome = world.run(snapshot)
    assert outcome.step is Step.DONE
    assert world.names("operators", "phone") == ["491234567"]


def test_an_update_that_hangs_is_sent_again(world: World, moment: Time) -> None:
    """After the patience, as an outage: nothing needs to be looked for."""
    snapshot = updating(world)
    world.fault("transaction_stuck", method="PATCH")
    snapshot = world.after(snapshot, Step.UPDATE_ACCOUNT, Step.UPDATE_OPERATOR)
    moment.ahead = 901
    snapshot, outcome = world.run(snapshot)
    assert outcome.error
    assert outcome.error.code == "update_stuck"
    assert (snapshot.step, snapshot.marker_at) == (Step.UPDATE_OPERATOR, None)
    assert world.run(snapshot)[1].step is Step.DONE


def test_an_update_that_is_refused_says_why(world: World, moment: Time) -> None:
    """The operator is gone, say."""
    snapshot = replace(updating(world), username="nobody")
    _snapshot, outcome = world.run(snapshot)
    assert outcome.error
    assert (outcome.error.kind, outcome.error.code) == (
        ErrorKind.DATA,
        "update_refused",
    )


def test_an_edit_while_an_update_is_under_way_is_sent_after_it(
    world: World, moment: Time
) -> None:
    """Done means that Panda was told the last of it."""
    snapshot = updating(world)
    snapshot = world.after(snapshot, Step.UPDATE_ACCOUNT, Step.UPDATE_OPERATOR)
    _done, outcome = world.run(replace(snapshot, email="new@acme.example"))
    assert outcome.step is Step.DONE
    assert world.names("tenants", "email") == ["new@acme.example"]
