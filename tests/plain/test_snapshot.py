"""What the workflow knows of an account, and how it is built from columns."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, asdict, replace
from datetime import datetime

import pytest

from panda_provisioning.core.snapshot import (
    COLUMNS,
    CREATES,
    EPOCH,
    FINDS,
    TEXTS,
    UPDATES,
    Outcome,
    Role,
    Snapshot,
    Step,
    Surroundings,
    Timing,
    changed,
    from_epoch,
    step_when_queued,
    to_epoch,
)

from .support import CUSTOMER

MOMENT = datetime(2026, 1, 2, 3, 4, 5, 500_000)  # noqa: DTZ001


def test_a_snapshot_is_built_from_columns() -> None:
    values = {
        "id": 7,
        "name": "Acme",
        "role": "reseller",
        "first_name": "Ann",
        "last_name": "Lee",
        "email": "ann@acme.example",
        "phone": "+302101234567",
        "username": "ann.lee",
        "parent_id": 3,
        "parent_remote_id": "WGC-9",
        "remote_id": "WGC-1",
        "transaction_id": "T",
        "step": "await_operator",
        "marker_at": MOMENT,
        "sent_name": "Acme old",
        "sent_email": "old@acme.example",
        "sent_fingerprint": "f",
        "create_anyway": True,
        "chosen_remote_id": "WGC-2",
        "activation_email": "first@acme.example",
        "remote_created_at": MOMENT,
        "activation_sent_at": MOMENT,
        "adopted": True,
        "partner_active": False,
        "email_used": True,
        "no_column_of_ours": 1,
    }
    assert values.keys() >= set(COLUMNS)
    assert Snapshot.build(values, "ACC-1") == Snapshot(
        key=7,
        role=Role.RESELLER,
        name="Acme",
        first_name="Ann",
        last_name="Lee",
        email="ann@acme.example",
        phone="+302101234567",
        username="ann.lee",
        has_parent=True,
        parent_remote_id="WGC-9",
        remote_id="WGC-1",
        transaction_id="T",
        step=Step.AWAIT_OPERATOR,
        marker_at=to_epoch(MOMENT),
        sent_name="Acme old",
        sent_email="old@acme.example",
        sent_fingerprint="f",
        create_anyway=True,
        chosen_remote_id="WGC-2",
        activation_email="first@acme.example",
        created_at=to_epoch(MOMENT),
        activated_at=to_epoch(MOMENT),
        adopted=True,
        surroundings=Surroundings(partner_active=False, email_used=True),
    )


@pytest.mark.parametrize("empty", [None, False, ""])
def test_empty_columns_are_empty(empty: object) -> None:
    """SQL says None, a record False."""
    values = {"id": 7, "name": empty, "parent_remote_id": empty}
    values |= dict.fromkeys(COLUMNS, empty)
    expected = Snapshot(7, None, *[""] * 6, parent_remote_id="ACC-1")
    assert Snapshot.build(values, "ACC-1") == expected
    assert Snapshot.build({"id": 7}) == replace(expected, parent_remote_id="")


def test_roles_have_their_types_in_panda() -> None:
    assert (Role.USER.account_type, Role.RESELLER.account_type) == (2, 1)
    assert Role.USER.operator_role == "ADMINISTRATOR"
    assert Role.RESELLER.operator_role == "OWNER"


@pytest.mark.parametrize("step", Step)
def test_what_is_done_is_updated_when_it_is_queued_again(step: Step) -> None:
    """Everything else goes on where it was."""
    expected = Step.UPDATE_ACCOUNT if step is Step.DONE else step
    assert step_when_queued(step) is expected


def test_a_changed_copy_is_that_of_dataclasses() -> None:
    copy = changed(CUSTOMER, name="Other", remote_id="WGC-1")
    assert copy == replace(CUSTOMER, name="Other", remote_id="WGC-1")
    assert (type(copy), CUSTOMER.name) == (Snapshot, "Acme")
    with pytest.raises(TypeError, match="Snapshot has no nonsense"):
        changed(CUSTOMER, nonsense=1)


def test_an_outcome_is_applied() -> None:
    outcome = Outcome(Step.FIND_OPERATOR, {"remote_id": "WGC-1"})
    snapshot = CUSTOMER.with_outcome(outcome)
    assert (snapshot.step, snapshot.remote_id) == (Step.FIND_OPERATOR, "WGC-1")
    assert snapshot.name == CUSTOMER.name


def test_a_marked_create_remembers_what_is_sent() -> None:
    snapshot = replace(CUSTOMER, step=Step.CREATE_ACCOUNT).marked(5)
    assert snapshot.marker_at == 5
    assert (snapshot.sent_name, snapshot.sent_email) == (CUSTOMER.name, CUSTOMER.email)
    assert snapshot.sent_fingerprint == CUSTOMER.fingerprint


def test_any_other_marked_step_keeps_what_was_sent() -> None:
    snapshot = replace(CUSTOMER, step=Step.CREATE_OPERATOR, sent_name="Old").marked(5)
    assert (snapshot.marker_at, snapshot.sent_name) == (5, "Old")
    assert snapshot.sent_fingerprint == ""


def test_it_is_looked_for_as_it_was_sent() -> None:
    """Only while something may have been sent."""
    sent = replace(CUSTOMER, sent_name="Old", sent_email="old@acme.example")
    assert (sent.name_in_panda, sent.email_in_panda) == (sent.name, sent.email)
    assert not sent.was_edited
    marked = replace(sent, marker_at=5.0)
    assert (marked.name_in_panda, marked.email_in_panda) == ("Old", "old@acme.example")
    assert marked.was_edited
    unsent = replace(CUSTOMER, marker_at=0.0)
    assert (unsent.name_in_panda, unsent.email_in_panda) == (unsent.name, unsent.email)
    assert not unsent.was_edited


@pytest.mark.parametrize("name", ["sent_name", "sent_email"])
def test_an_edit_of_either_counts(name: str) -> None:
    sent = {"sent_name": CUSTOMER.name, "sent_email": CUSTOMER.email, name: "other"}
    assert replace(CUSTOMER, marker_at=5.0, **sent).was_edited  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["name", "first_name", "last_name", "email", "phone"])
def test_the_fingerprint_stands_for_the_payload(name: str) -> None:
    assert len(CUSTOMER.fingerprint) == 40
    edited = replace(CUSTOMER, **{name: "x"})  # type: ignore[arg-type]
    assert edited.fingerprint != CUSTOMER.fingerprint


@pytest.mark.parametrize("name", ["username", "remote_id", "sent_name"])
def test_the_fingerprint_is_of_nothing_else(name: str) -> None:
    edited = replace(CUSTOMER, **{name: "x"})  # type: ignore[arg-type]
    assert edited.fingerprint == CUSTOMER.fingerprint


def test_the_fingerprint_stays_the_same_over_versions() -> None:
    """It is stored: another one would send every account again."""
    expected = "b3e84d1711445a8a1023ca801838e45fcc459ce6"
    assert CUSTOMER.fingerprint == expected


def test_times_are_naive_utc_in_odoo() -> None:
    assert to_epoch(None) is None
    assert from_epoch(None) is None
    assert to_epoch(EPOCH) == 0
    assert from_epoch(0) == EPOCH
    assert to_epoch(MOMENT) == 1_767_323_045.5
    assert from_epoch(1_767_323_045.5) == MOMENT


# === WHAT IS STORED === #


def test_roles_and_steps_are_stored_by_name() -> None:
    assert [(role.name, role.value) for role in Role] == [
        ("USER", "user"),
        ("RESELLER", "reseller"),
    ]
    names = [
        *("find_account", "create_account", "find_operator", "create_operator"),
        *("await_operator", "update_account", "update_operator", "await_update"),
        "done",
    ]
    assert [step.value for step in Step] == names
    assert [step.name for step in Step] == [name.upper() for name in names]


def test_which_steps_create_and_where_they_are_looked_for() -> None:
    assert {Step.CREATE_ACCOUNT, Step.CREATE_OPERATOR} == CREATES
    assert {Step.UPDATE_ACCOUNT, Step.UPDATE_OPERATOR} == UPDATES
    assert {
        Step.CREATE_ACCOUNT: Step.FIND_ACCOUNT,
        Step.CREATE_OPERATOR: Step.FIND_OPERATOR,
    } == FINDS


def test_the_columns_that_are_read() -> None:
    texts = (
        *("first_name", "last_name", "email", "phone", "username", "remote_id"),
        *("transaction_id", "sent_name", "sent_email", "sent_fingerprint"),
        *("chosen_remote_id", "activation_email"),
    )
    others = (
        *("role", "parent_id", "step", "marker_at", "create_anyway"),
        *("remote_created_at", "activation_sent_at", "adopted"),
    )
    assert texts == TEXTS
    assert (*texts, *others) == COLUMNS


# === WHAT IS NOT SAID === #


def test_a_snapshot_knows_nothing_that_it_was_not_told() -> None:
    snapshot = Snapshot(1, None, "n", "f", "l", "e", "p", "u")
    found = asdict(snapshot)
    assert found.pop("surroundings") == asdict(Surroundings())
    assert found == {
        "key": 1,
        "role": None,
        "name": "n",
        "first_name": "f",
        "last_name": "l",
        "email": "e",
        "phone": "p",
        "username": "u",
        "has_parent": False,
        "parent_remote_id": "",
        "parent_created_at": None,
        "remote_id": "",
        "transaction_id": "",
        "step": Step.FIND_ACCOUNT,
        "marker_at": None,
        "sent_name": "",
        "sent_email": "",
        "sent_fingerprint": "",
        "polls": 0,
        "create_anyway": False,
        "chosen_remote_id": "",
        "activation_email": "",
        "created_at": None,
        "activated_at": None,
        "adopted": False,
        "excluded": frozenset(),
        "refusal": None,
    }


def test_nothing_is_wrong_around_an_account_unless_said() -> None:
    """And nobody is ready."""
    assert asdict(Surroundings()) == {
        "withdrawn": False,
        "system_problem": "",
        "partner_active": True,
        "other_company": False,
        "parent_is_self": False,
        "parent_in_other_system": False,
        "parent_is_reseller": True,
        "parent_ready": False,
        "names_reseller": False,
        "reseller_ready": False,
        "has_customers": False,
        "username_used": False,
        "email_used": False,
    }


def test_an_outcome_goes_on_at_once_unless_said() -> None:
    outcome = Outcome(Step.DONE)
    assert (outcome.facts, outcome.wait, outcome.unknown) == ({}, 0, False)
    assert (outcome.used, outcome.error) == ((), None)


def test_a_transaction_may_be_pending_for_a_quarter_of_an_hour() -> None:
    assert Timing(lambda: 0.0, 30.0).activation_timeout == 900


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (CUSTOMER, "name"),
        (Surroundings(), "other_company"),
        (Outcome(Step.DONE), "wait"),
        (Timing(lambda: 0.0, 30.0), "search_delay"),
    ],
)
def test_values_do_not_change(value: object, name: str) -> None:
    """They are read by several threads."""
    with pytest.raises(FrozenInstanceError):
        setattr(value, name, "other")


# === RESELLERS AND OTHERS === #


@pytest.mark.parametrize(
    ("has_parent", "parent_ready", "remote_id", "waits"),
    [
        (True, False, "", True),
        (True, True, "", False),
        (True, False, "WGC-1", False),
        (False, False, "", False),
        (False, True, "", False),
    ],
)
def test_a_new_account_waits_for_a_reseller_that_is_not_ready(
    remote_id: str, *, has_parent: bool, parent_ready: bool, waits: bool
) -> None:
    snapshot = replace(
        CUSTOMER,
        has_parent=has_parent,
        remote_id=remote_id,
        surroundings=Surroundings(parent_ready=parent_ready),
    )
    assert snapshot.waits_for_reseller is waits


def test_accounts_of_others_add_up() -> None:
    snapshot = CUSTOMER.without(frozenset({"A"})).without(frozenset({"A", "B"}))
    assert snapshot == replace(CUSTOMER, excluded=frozenset({"A", "B"}))


def test_a_mark_changes_nothing_else() -> None:
    create = replace(CUSTOMER, step=Step.CREATE_ACCOUNT)
    assert create.marked(0.0) == replace(
        create,
        marker_at=0.0,
        sent_name=CUSTOMER.name,
        sent_email=CUSTOMER.email,
        sent_fingerprint=CUSTOMER.fingerprint,
    )
    update = replace(CUSTOMER, step=Step.UPDATE_ACCOUNT)
    assert update.marked(7.0) == replace(update, marker_at=7.0)


def test_an_empty_time_of_a_record_is_none() -> None:
    assert to_epoch(False) is None  # type: ignore[arg-type]
    assert datetime(1970, 1, 1) == EPOCH  # noqa: DTZ001
