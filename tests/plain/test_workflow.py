"""The workflow step by step: what each call is, and what follows from each answer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from panda_provisioning.core.snapshot import Outcome, Role, Snapshot, Step
from panda_provisioning.panda_api.errors import ErrorKind
from panda_sandbox.settings import ROOT_ACCOUNT

from .support import (
    ACCOUNTS,
    ACME,
    CREATE_ACCOUNT,
    CREATE_OPERATOR,
    CUSTOMER,
    OPERATORS,
    RESELLER,
    World,
)

CREATED = (Step.FIND_ACCOUNT, Step.CREATE_ACCOUNT)
STARTED = (*CREATED, Step.CREATE_OPERATOR)
FINISHED = (*STARTED, Step.AWAIT_OPERATOR)


def error_of(outcome: Outcome) -> tuple[ErrorKind, str]:
    """Kind and code of an outcome that must have an error."""
    assert outcome.error
    return outcome.error.kind, outcome.error.code


# === THE GOOD WAY === #


@pytest.mark.parametrize(
    ("snapshot", "account_type", "role"),
    [(CUSTOMER, 2, "ADMINISTRATOR"), (RESELLER, 1, "OWNER")],
)
def test_a_new_account_gets_an_operator_and_one_mail(
    world: World, snapshot: Snapshot, account_type: int, role: str
) -> None:
    """Role User is a Subscriber, role Reseller a Service Provider."""
    done = world.after(snapshot, *FINISHED)
    assert (done.step, done.marker_at, done.transaction_id) == (Step.DONE, None, "")
    assert not done.adopted
    [tenant] = world.state["tenants"]
    assert (tenant["accountId"], tenant["type"]) == (done.remote_id, account_type)
    assert (tenant["parentId"], tenant["name"]) == (ROOT_ACCOUNT, snapshot.name)
    [operator] = world.state["operators"]
    assert (operator["username"], operator["role"]) == (snapshot.username, role)
    assert operator["phone"] == "302101234567"
    assert world.names("mails", "to") == [snapshot.email]


def test_each_step_of_the_good_way_is_one_call(world: World) -> None:
    """Search, account, operator, transaction; and a token before them."""
    world.after(CUSTOMER, *FINISHED)
    calls = world.sandbox.control("GET", "requests")
    assert [(call["method"], call["path"]) for call in calls] == [
        ("POST", "/oauth/token"),
        ("GET", f"{ACCOUNTS}/{ROOT_ACCOUNT}/children"),
        ("POST", f"{ACCOUNTS}/{ROOT_ACCOUNT}"),
        ("POST", f"{OPERATORS}/operators"),
        ("GET", f"{OPERATORS}/TransactionStatus"),
    ]


def test_a_customer_is_created_below_its_reseller(world: World) -> None:
    """The parent is the reseller's account."""
    reseller = world.after(RESELLER, *FINISHED)
    below = replace(CUSTOMER, has_parent=True, parent_remote_id=reseller.remote_id)
    world.after(below, *FINISHED)
    assert world.names("tenants", "parentId") == [ROOT_ACCOUNT, reseller.remote_id]


def test_a_pending_transaction_is_looked_at_at_growing_intervals(world: World) -> None:
    """Nothing else changes while it is pending."""
    world.sandbox.control("PATCH", "settings", {"pending_seconds": 3600})
    snapshot = world.after(CUSTOMER, *STARTED)
    waits = []
    for _look in range(10):
        outcome = world.perform(snapshot)
        snapshot = snapshot.with_outcome(outcome)
        assert (snapshot.step, outcome.error) == (Step.AWAIT_OPERATOR, None)
        waits.append(outcome.wait)
    assert waits == [0.5, 1, 2, 4, 8, 15, 30, 30, 30, 30]
    assert snapshot.marker_at is not None


def test_white_space_and_letter_forms_are_sent_as_they_are_looked_for(
    world: World,
) -> None:
    """Else a search for what was sent would miss it: decomposed letters here."""
    odd = replace(CUSTOMER, name="  Bo\u0308hm   & Co ")
    done, _outcome = world.run(odd)
    assert world.names("tenants", "name") == ["Böhm & Co"]
    again, _outcome = world.run(odd)
    assert again.remote_id == done.remote_id
    assert len(world.state["tenants"]) == 1


# === WHAT IS THERE ALREADY === #


@pytest.mark.parametrize("email", ["ann@acme.example", "Ann@ACME.Example"])
def test_an_exact_match_is_adopted(world: World, email: str) -> None:
    """Same name, same e-mail whatever its case, same kind of account."""
    account_id = world.client.create_account(ROOT_ACCOUNT, **{**ACME, "email": email})
    outcome = world.perform(CUSTOMER)
    assert (outcome.step, outcome.used) == (Step.FIND_OPERATOR, (account_id,))
    done, outcome = world.run(CUSTOMER)
    assert (done.remote_id, done.adopted) == (account_id, True)
    assert len(world.state["tenants"]) == 1
    assert world.names("mails", "username") == ["ann.lee"]


@pytest.mark.parametrize(
    "values",
    [
        {"name": "Acme Ltd"},
        {"name": "An Acme"},
    ],
)
def test_a_different_account_is_not_adopted(
    world: World, values: dict[str, object]
) -> None:
    world.client.create_account(ROOT_ACCOUNT, **{**ACME, **values})
    world.after(CUSTOMER, *FINISHED)
    assert len(world.state["tenants"]) == 2


@pytest.mark.parametrize(
    "values", [{"name": "ACME"}, {"name": "Acm&eacute;"}, {"account_type": 1}]
)
def test_a_likely_twin_is_for_a_person_to_judge(
    world: World, values: dict[str, object]
) -> None:
    """With the same e-mail address too; nothing is created."""
    account_id = world.client.create_account(ROOT_ACCOUNT, **{**ACME, **values})
    outcome = world.perform(CUSTOMER)
    assert error_of(outcome) == (ErrorKind.CONFLICT, "name_exists")
    assert outcome.used == (account_id,)


def test_a_namesake_with_another_email_is_for_a_person_to_judge(world: World) -> None:
    """Nothing is created or adopted; the message says which account it is."""
    other = {**ACME, "email": "carl@acme.example"}
    account_id = world.client.create_account(ROOT_ACCOUNT, **other)
    outcome = world.perform(CUSTOMER)
    assert error_of(outcome) == (ErrorKind.CONFLICT, "name_exists")
    assert outcome.error
    assert outcome.error.detail == account_id
    assert outcome.used == (account_id,)


def test_the_person_may_have_it_created_anyway(world: World) -> None:
    """Then there are two of the same name."""
    other = {**ACME, "email": "carl@acme.example"}
    world.client.create_account(ROOT_ACCOUNT, **other)
    world.after(replace(CUSTOMER, create_anyway=True), *FINISHED)
    assert world.names("tenants", "name") == ["Acme", "Acme"]


def test_several_exact_matches_are_for_a_person_to_judge(world: World) -> None:
    """Even when it was said to create anyway: one of them may be ours."""
    ids = {world.client.create_account(ROOT_ACCOUNT, **ACME) for _ in range(2)}
    for snapshot in (CUSTOMER, replace(CUSTOMER, create_anyway=True)):
        outcome = world.perform(snapshot)
        assert error_of(outcome) == (ErrorKind.CONFLICT, "several_matches")
        assert outcome.error
        assert set(outcome.error.detail.split(", ")) == ids == set(outcome.used)


def test_an_account_that_belongs_to_somebody_else_is_passed_over(world: World) -> None:
    """The caller excludes what is bound, and the workflow looks past it."""
    taken = world.client.create_account(ROOT_ACCOUNT, **ACME)
    outcome = world.perform(CUSTOMER.without(frozenset([taken])))
    assert (outcome.step, outcome.used) == (Step.CREATE_ACCOUNT, ())


def test_an_operator_of_that_username_is_left_as_it_is(world: World) -> None:
    """Adopting an account with its operator sends no second mail."""
    world.run(CUSTOMER)
    shouting = replace(CUSTOMER, username="ANN.LEE")
    done, outcome = world.run(shouting)
    assert (outcome.step, done.adopted) == (Step.DONE, True)
    assert len(world.names("mails", "to")) == 1


def test_an_operator_with_that_email_is_for_a_person_to_judge(world: World) -> None:
    """Panda would refuse the e-mail; the message says who has it."""
    world.run(CUSTOMER)
    other = replace(CUSTOMER, username="annie.lee")
    _snapshot, outcome = world.run(other)
    assert error_of(outcome) == (ErrorKind.CONFLICT, "operator_exists")
    assert outcome.error
    assert outcome.error.detail == "ann.lee"
    assert len(world.state["operators"]) == 1


# === REFUSALS === #


def test_a_conflict_of_the_account_is_left_to_a_person(world: World) -> None:
    """After a look that shows nothing that would be in the way."""
    world.fault("server_error", status=409, body="json", **CREATE_ACCOUNT)
    snapshot, outcome = world.run(CUSTOMER)
    assert error_of(outcome) == (ErrorKind.CONFLICT, "conflict")
    assert (snapshot.step, snapshot.marker_at) == (Step.FIND_ACCOUNT, None)
    assert world.count("GET", "*/children") == 2
    assert world.state["tenants"] == []


@pytest.mark.parametrize("how", ["transaction", "409"])
@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"email": "other@acme.example"}, "username_taken"),
        ({"username": "other.one"}, "email_taken"),
    ],
)
def test_what_somebody_else_has_taken_is_a_conflict(
    world: World, how: str, values: dict[str, str], code: str
) -> None:
    """At once or later; the account stays and no marker is left behind."""
    world.sandbox.control("PATCH", "switches", {"operator_conflict": how})
    world.run(CUSTOMER)
    second = replace(CUSTOMER, key=9, name="Second", **values)
    snapshot, outcome = world.run(second)
    assert error_of(outcome) == (ErrorKind.CONFLICT, code)
    assert (snapshot.step, snapshot.marker_at) == (Step.FIND_OPERATOR, None)
    assert snapshot.refusal is None
    assert snapshot.remote_id
    mended = replace(snapshot, username="second", email="second@acme.example")
    _snapshot, outcome = world.run(mended)
    assert outcome.step is Step.DONE
    assert world.names("tenants", "email")[1] == mended.email


@pytest.mark.parametrize("text_in", ["error", "message"])
@pytest.mark.parametrize(
    ("words", "kind", "code"),
    [
        ("Username is already taken.", ErrorKind.CONFLICT, "username_taken"),
        ("The user name exists: user", ErrorKind.CONFLICT, "username_taken"),
        ("Operator already exists", ErrorKind.CONFLICT, "username_taken"),
        ("Username mailer.bob is taken", ErrorKind.CONFLICT, "username_taken"),
        ("E-mail must be unique", ErrorKind.CONFLICT, "email_taken"),
        ("EMAIL in use", ErrorKind.CONFLICT, "email_taken"),
        ("Failed because of a user error", ErrorKind.DATA, "operator_refused"),
        ("The user role is invalid", ErrorKind.DATA, "operator_refused"),
        ("The user does not exist", ErrorKind.DATA, "operator_refused"),
        ("Internal error", ErrorKind.DATA, "operator_refused"),
        ("", ErrorKind.DATA, "operator_refused"),
    ],
)
def test_a_refused_operator_is_understood_by_its_words(
    world: World, text_in: str, words: str, kind: ErrorKind, code: str
) -> None:
    """Their wording is not documented: what is not clear is not called taken."""
    world.sandbox.control("PATCH", "switches", {"transaction_text": text_in})
    world.fault("transaction_failed", message=words or " ")
    snapshot, outcome = world.run(CUSTOMER)
    assert error_of(outcome) == (kind, code)
    assert (snapshot.step, snapshot.marker_at) == (Step.FIND_OPERATOR, None)


def test_a_parent_that_was_deleted_is_named_as_such(world: World) -> None:
    """Neither a search nor a create below it is possible."""
    gone = replace(CUSTOMER, parent_remote_id="WGC-gone", has_parent=True)
    for step in CREATED:
        outcome = world.perform(replace(gone, step=step))
        assert error_of(outcome) == (ErrorKind.DATA, "parent_not_found")
        assert outcome.step is Step.FIND_ACCOUNT


def test_an_unknown_root_is_not_the_accounts_fault(world: World) -> None:
    """Nothing can be created below it, whoever is to be created."""
    rootless = replace(CUSTOMER, parent_remote_id="WGC-gone", has_parent=False)
    for step in CREATED:
        outcome = world.perform(replace(rootless, step=step))
        assert error_of(outcome) == (ErrorKind.PERMISSION, "root_not_found")


@pytest.mark.parametrize(
    "step",
    [Step.FIND_OPERATOR, Step.CREATE_OPERATOR, Step.UPDATE_ACCOUNT],
)
def test_an_account_that_was_deleted_is_never_created_again_silently(
    world: World, step: Step
) -> None:
    """A person must know that a tenant has gone."""
    done, _outcome = world.run(CUSTOMER)
    world.sandbox.control("DELETE", f"accounts/{done.remote_id}")
    outcome = world.perform(world.marked(replace(done, step=step)))
    assert error_of(outcome) == (ErrorKind.DATA, "account_not_found")
    assert world.state["tenants"] == []


def test_an_account_deleted_while_its_operator_is_pending(world: World) -> None:
    """The transaction fails, and the next look says what is the matter."""
    world.sandbox.control("PATCH", "settings", {"pending_seconds": 3600})
    snapshot = world.after(CUSTOMER, *STARTED)
    world.sandbox.control("DELETE", f"accounts/{snapshot.remote_id}")
    outcome = world.perform(snapshot)
    assert outcome.step is Step.AWAIT_OPERATOR
    outcome = world.perform(replace(snapshot, step=Step.FIND_OPERATOR))
    assert error_of(outcome) == (ErrorKind.DATA, "account_not_found")


@pytest.mark.parametrize("rule", [CREATE_ACCOUNT, CREATE_OPERATOR])
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, ErrorKind.DATA),
        (403, ErrorKind.PERMISSION),
        (429, ErrorKind.THROTTLED),
    ],
)
def test_a_write_that_was_refused_leaves_no_marker(
    world: World, rule: dict[str, str], status: int, kind: ErrorKind
) -> None:
    """Nothing was done, so nothing is unknown."""
    world.fault("server_error", status=status, **rule)
    snapshot, outcome = world.run(CUSTOMER)
    assert outcome.error
    assert outcome.error.kind is kind
    assert not outcome.unknown
    assert snapshot.marker_at is None
    _snapshot, outcome = world.run(snapshot)
    assert outcome.step is Step.DONE
    assert len(world.state["tenants"]) == len(world.state["mails"]) == 1


def test_role_names_and_types_as_the_api_has_them() -> None:
    """The role that may do everything in each kind of account."""
    assert (Role.USER.account_type, Role.USER.operator_role) == (2, "ADMINISTRATOR")
    assert (Role.RESELLER.account_type, Role.RESELLER.operator_role) == (1, "OWNER")
