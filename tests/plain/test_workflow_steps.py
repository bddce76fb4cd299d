"""Every step of the workflow: the calls that it makes, and the whole outcome."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from panda_provisioning.core.account_lookup import MOST_READ, AccountLookup
from panda_provisioning.core.error_catalogue import as_error
from panda_provisioning.core.snapshot import Outcome, Snapshot, Step, Timing
from panda_provisioning.core.workflow import MOST_TWINS, POLL_INTERVALS, perform
from panda_provisioning.panda_api.errors import ErrorKind, PandaError
from panda_provisioning.panda_api.responses import (
    Account,
    Child,
    Children,
    Operator,
    Transaction,
)

from .support import CUSTOMER, RESELLER

NOW, SEARCH_DELAY, ACTIVATION_TIMEOUT = 5_000.0, 30.0, 900.0
PARENT = CUSTOMER.parent_remote_id

ACME = Account("WGC-1", "Acme", 2, "ann@acme.example")
TWIN = replace(ACME, id="WGC-2")
NAMESAKE = Account("WGC-3", "Acme", 2, "info@other.example")
SILENT = Account("WGC-4", "Acme", 2, "")
GONE = PandaError(ErrorKind.DATA, "not_found", "No such account.", status=404)
TIMEOUT = PandaError(ErrorKind.OUTAGE, "timeout", "ReadTimeout")
LOST = PandaError(ErrorKind.UNKNOWN, "lost_answer", "ConnectionError")


class ScriptedClient:
    """Stands in for a PandaClient: gives the answers in turn, keeps the calls."""

    def __init__(self, answers: tuple[Any, ...]) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self._answers = list(answers)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            self.calls.append((name, *args, options))
            answer = self._answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call


def timing_at(now: Callable[[], float]) -> Timing:
    return Timing(now, SEARCH_DELAY, ACTIVATION_TIMEOUT)


def run(
    snapshot: Snapshot, *answers: Any, now: float = NOW, looked_at: float = NOW
) -> tuple[Outcome, list[tuple[Any, ...]]]:
    """Perform the step of ``snapshot``; return its outcome and its calls.

    :param answers: what Panda answers to each call; all must be asked for.
    :param looked_at: when the children of the parent are listed.
    """
    client = ScriptedClient(answers)
    lookup = AccountLookup(lambda: looked_at)
    outcome = perform(client, snapshot, lookup, timing_at(lambda: now))
    assert len(client.calls) == len(answers)
    return outcome, client.calls


def readable(value: Any) -> Any:
    """An error as what it says, since two errors are never equal."""
    if not isinstance(value, PandaError):
        return value
    return (value.kind, value.code, value.detail, value.status)


def assert_same(outcome: Outcome, expected: Outcome) -> None:
    """The whole outcome is as expected, its errors included."""
    found, wanted = (
        replace(
            each,
            facts={name: readable(value) for name, value in each.facts.items()},
            error=readable(each.error),
        )
        for each in (outcome, expected)
    )
    assert found == wanted


def at(step: Step, snapshot: Snapshot = CUSTOMER, **changes: Any) -> Snapshot:
    return replace(snapshot, step=step, **changes)


def listed(*accounts: Account, pages: int = 1) -> Children:
    rows = (Child(account.id, account.name, account.type) for account in accounts)
    return Children(rows, pages)


# === FIND ACCOUNT === #


def looking(**changes: Any) -> Snapshot:
    return at(Step.FIND_ACCOUNT, **changes)


def adopted(account: Account, *used: str, **facts: Any) -> Outcome:
    """The outcome of linking ``account``."""
    expected = {
        "remote_id": account.id,
        "sent_name": account.name,
        "sent_email": account.email,
        "sent_fingerprint": CUSTOMER.fingerprint,
        "marker_at": None,
        "adopted": True,
        "chosen_remote_id": "",
    }
    return Outcome(Step.FIND_OPERATOR, {**expected, **facts}, used=used)


def undecided(code: str, detail: str, *used: str) -> Outcome:
    return Outcome(Step.FIND_ACCOUNT, used=used, error=as_error(code, detail))


def in_question(*likely: Account) -> Outcome:
    """The outcome of asking a person whether one of ``likely`` is the account."""
    ids = [account.id for account in likely]
    return replace(undecided("name_exists", ", ".join(ids), *ids), likely=likely)


def test_an_account_that_is_not_there_is_created() -> None:
    outcome, calls = run(looking(), listed())
    assert_same(outcome, Outcome(Step.CREATE_ACCOUNT))
    assert calls == [("list_children", PARENT, {})]


def test_the_account_with_the_name_and_the_email_is_adopted() -> None:
    """Every account with the name is read, as a listing shows no e-mail."""
    outcome, calls = run(looking(), listed(NAMESAKE, ACME), NAMESAKE, ACME)
    assert_same(outcome, adopted(ACME, "WGC-3", "WGC-1"))
    assert calls[1:] == [("get_account", "WGC-3", {}), ("get_account", "WGC-1", {})]


def test_an_account_is_ours_and_not_adopted_after_a_create() -> None:
    """It carries what was sent, which the contact may not be any more."""
    sent = {"sent_name": "Acme", "sent_email": "ann@acme.example"}
    edited = looking(
        name="New",
        email="new@acme.example",
        marker_at=NOW,
        sent_fingerprint="f",
        **sent,
    )
    outcome, calls = run(edited, listed(ACME), ACME)
    assert_same(outcome, adopted(ACME, "WGC-1", adopted=False, sent_fingerprint="f"))
    assert calls[0] == ("list_children", PARENT, {})


def test_two_accounts_with_the_name_and_the_email_are_for_a_person() -> None:
    outcome, _ = run(looking(), listed(ACME, NAMESAKE, TWIN), ACME, NAMESAKE, TWIN)
    ids = ("WGC-1", "WGC-3", "WGC-2")
    assert_same(outcome, undecided("several_matches", "WGC-1, WGC-2", *ids))


def test_another_account_with_the_name_is_for_a_person() -> None:
    outcome, _ = run(looking(), listed(NAMESAKE, SILENT), NAMESAKE, SILENT)
    assert_same(outcome, in_question(NAMESAKE, SILENT))


def test_a_person_may_want_a_second_account_with_the_name() -> None:
    outcome, _ = run(looking(create_anyway=True), listed(NAMESAKE), NAMESAKE)
    assert_same(outcome, Outcome(Step.CREATE_ACCOUNT))


@pytest.mark.parametrize(
    "ours",
    [SILENT, replace(SILENT, email="a***@acme.example")],
    ids=["silent", "masked"],
)
@pytest.mark.parametrize("create_anyway", [False, True])
def test_an_account_of_unclear_email_may_be_the_one_that_was_created(
    ours: Account, *, create_anyway: bool
) -> None:
    """Even though a person wanted another one besides those of other people."""
    marked = looking(marker_at=0.0, create_anyway=create_anyway)
    outcome, _ = run(marked, listed(NAMESAKE, ours), NAMESAKE, ours)
    others = () if create_anyway else (NAMESAKE,)
    assert_same(outcome, in_question(*others, ours))


def test_a_namesake_is_for_a_person_after_a_create_too() -> None:
    """But only when ours has had time to show."""
    soon = looking(marker_at=NOW - 1)
    outcome, _ = run(soon, listed(NAMESAKE), NAMESAKE)
    waits = Outcome(Step.FIND_ACCOUNT, wait=SEARCH_DELAY - 1, unknown=True)
    assert_same(outcome, waits)
    outcome, _ = run(looking(marker_at=0.0), listed(NAMESAKE), NAMESAKE)
    assert_same(outcome, in_question(NAMESAKE))


@pytest.mark.parametrize("name", ["ACME", "Acme &amp; Co", "Acme\u200b", "Ａｃｍｅ"])
def test_what_was_sent_is_ours_under_any_spelling(name: str) -> None:
    sent = "Acme & Co" if "Co" in name else "Acme"
    stored = replace(ACME, name=name)
    marked = looking(name=sent, marker_at=0.0, sent_fingerprint="f")
    outcome, _ = run(marked, listed(stored), stored)
    facts = {"adopted": False, "sent_fingerprint": "f"}
    assert_same(outcome, adopted(stored, "WGC-1", **facts))


def test_what_was_sent_is_ours_under_any_name_with_its_email() -> None:
    """Nobody else's account is, and those of other contacts are looked past."""
    stored = replace(ACME, name="N-1")
    other = Account("WGC-7", "Other", 2, "o@other.example")
    marked = looking(marker_at=0.0, sent_fingerprint="f")
    outcome, calls = run(marked, listed(other, stored), other, stored)
    facts = {"adopted": False, "sent_fingerprint": "f"}
    assert_same(outcome, adopted(stored, "WGC-1", **facts))
    assert [call[1] for call in calls] == [PARENT, "WGC-7", "WGC-1"]
    outcome, _ = run(
        replace(marked, excluded=frozenset({"WGC-1"})),
        listed(other, stored),
        *(other, stored),
    )
    assert_same(outcome, Outcome(Step.CREATE_ACCOUNT, {"marker_at": None}))


@pytest.mark.parametrize("name", ["ACME", "Ac\u00adme"])
def test_what_is_likely_the_account_is_for_a_person(name: str) -> None:
    """With the same e-mail address too: nobody but them knows."""
    twin = replace(ACME, name=name)
    outcome, _ = run(looking(), listed(twin), twin)
    assert_same(outcome, in_question(twin))


def test_too_many_namesakes_are_not_read() -> None:
    """Those of other contacts are still looked past, by whoever knows them."""
    crowd = [replace(ACME, id=f"WGC-{n}") for n in range(MOST_TWINS + 1)]
    outcome, calls = run(looking(), listed(*crowd))
    ids = [account.id for account in crowd]
    assert_same(outcome, undecided("several_matches", str(len(crowd)), *ids))
    assert len(calls) == 1
    outcome, _ = run(looking(), listed(*crowd[1:]), *crowd[1:])
    assert outcome.error is not None
    assert outcome.error.detail.startswith("WGC-1,")


def test_too_many_accounts_of_nobody_are_for_a_person() -> None:
    """Any of them may be what was sent, under another name. They are asked once it
    would have been shown."""
    crowd = [Account(f"WGC-{n}", f"N-{n}", 2, "") for n in range(MOST_READ + 1)]
    marked = looking(marker_at=NOW - SEARCH_DELAY)
    outcome, calls = run(marked, listed(*crowd))
    assert_same(outcome, undecided("too_many_strangers", str(len(crowd))))
    assert len(calls) == 1
    outcome, _ = run(replace(marked, create_anyway=True), listed(*crowd))
    assert outcome.step is Step.CREATE_ACCOUNT
    outcome, _ = run(looking(marker_at=NOW), listed(*crowd))
    assert (outcome.unknown, outcome.wait) == (True, SEARCH_DELAY)


@pytest.mark.parametrize("known", [True, False])
def test_a_type_that_cannot_be_read_may_be_this_account(*, known: bool) -> None:
    """Better that one than a second tenant."""
    account = ACME if known else replace(ACME, type=0)
    outcome, _ = run(looking(), listed(account), account)
    assert_same(outcome, adopted(ACME, "WGC-1"))


@pytest.mark.parametrize(
    ("snapshot", "other_type"), [(CUSTOMER, 1), (RESELLER, 2), (CUSTOMER, 3)]
)
def test_an_account_of_another_type_is_for_a_person(
    snapshot: Snapshot, other_type: int
) -> None:
    """The role may be wrong. It is never linked, even after a create."""
    other = Account("WGC-1", snapshot.name, other_type, snapshot.email)
    for marker_at in (None, 0.0):
        finding = at(Step.FIND_ACCOUNT, snapshot, marker_at=marker_at)
        outcome, _ = run(finding, listed(other), other)
        assert_same(outcome, in_question(other))
        finding = replace(finding, create_anyway=True)
        outcome, _ = run(finding, listed(other), other)
        assert outcome.step is Step.CREATE_ACCOUNT


def test_a_reseller_is_looked_for_among_resellers() -> None:
    reseller = Account("WGC-1", RESELLER.name, 1, RESELLER.email)
    outcome, _ = run(at(Step.FIND_ACCOUNT, RESELLER), listed(reseller), reseller)
    fingerprint = RESELLER.fingerprint
    expected = adopted(reseller, "WGC-1", sent_fingerprint=fingerprint)
    assert_same(outcome, expected)


def test_without_a_role_a_customer_is_looked_for() -> None:
    outcome, _ = run(looking(role=None), listed(ACME), ACME)
    assert_same(outcome, adopted(ACME, "WGC-1"))


def test_an_account_of_another_contact_is_looked_past() -> None:
    outcome, _ = run(looking(excluded=frozenset({"WGC-1"})), listed(ACME))
    assert_same(outcome, Outcome(Step.CREATE_ACCOUNT))


def test_an_account_that_was_deleted_since_it_was_listed_does_not_count() -> None:
    """The others still do."""
    outcome, _ = run(looking(), listed(NAMESAKE, ACME), GONE, listed(ACME), ACME)
    assert_same(outcome, adopted(ACME, "WGC-1"))


def test_an_account_that_cannot_be_read_may_be_this_one() -> None:
    outcome, _ = run(looking(), listed(NAMESAKE, ACME), TIMEOUT)
    assert_same(outcome, Outcome(Step.FIND_ACCOUNT, error=TIMEOUT))


# === SEARCH DELAY === #


@pytest.mark.parametrize(
    ("marker_at", "looked_at", "left"),
    [
        (100.0, 100.0, 30.0),
        (100.0, 129.5, 0.5),
        (100.0, 130.0, 0),
        (100.0, 131.0, 0),
        (0.0, 29.0, 1.0),
        (0.0, 30.0, 0),
    ],
)
def test_an_account_is_created_again_when_panda_had_time_to_show_it(
    marker_at: float, looked_at: float, left: float
) -> None:
    """What counts is when Panda was looked at, not what time it is now."""
    outcome, _ = run(looking(marker_at=marker_at), listed(), looked_at=looked_at)
    expected = Outcome(Step.CREATE_ACCOUNT, {"marker_at": None})
    if left:
        expected = Outcome(Step.FIND_ACCOUNT, wait=left, unknown=True)
    assert_same(outcome, expected)


@pytest.mark.parametrize(
    "sent", [{"sent_name": "Old"}, {"sent_email": "old@acme.example"}]
)
def test_after_an_edit_the_new_contact_is_looked_for_before_a_create(
    sent: dict[str, str],
) -> None:
    """Only what was sent was looked for so far."""
    outcome, _ = run(looking(marker_at=100.0, **sent), listed())
    assert_same(outcome, Outcome(Step.FIND_ACCOUNT, {"marker_at": None}))


@pytest.mark.parametrize(
    ("marker_at", "looked_at", "left"), [(0.0, 29.0, 1.0), (0.0, 30.0, 0)]
)
def test_an_operator_is_created_again_when_panda_had_time_to_show_it(
    marker_at: float, looked_at: float, left: float
) -> None:
    """The look counts from when it began: it may take a while."""
    clock = iter([looked_at, looked_at + 100])
    client = ScriptedClient(([],))
    snapshot = at(Step.FIND_OPERATOR, remote_id="WGC-1", marker_at=marker_at)
    timing = timing_at(lambda: next(clock))
    outcome = perform(client, snapshot, AccountLookup(timing.now), timing)
    expected = Outcome(Step.CREATE_OPERATOR, {"marker_at": None})
    if left:
        expected = Outcome(Step.FIND_OPERATOR, wait=left, unknown=True)
    assert_same(outcome, expected)


# === CHOSEN ACCOUNT === #


def choosing(**changes: Any) -> Snapshot:
    return looking(**{"chosen_remote_id": "WGC-3", **changes})


CHOICE_REFUSED = Outcome(Step.FIND_ACCOUNT, error=as_error("link_refused", "WGC-3"))


@pytest.mark.parametrize("account_type", [2, 0])
def test_the_account_that_a_person_has_chosen_is_adopted(account_type: int) -> None:
    """Whatever its e-mail; its siblings are searched by its own name."""
    chosen = Account("WGC-3", "Acme Inc", account_type, "x@other.example")
    outcome, calls = run(choosing(), chosen, listed(ACME, chosen))
    assert_same(outcome, adopted(chosen, "WGC-3"))
    assert calls == [
        ("get_account", "WGC-3", {}),
        ("list_children", PARENT, {"name": "Acme Inc"}),
    ]


@pytest.mark.parametrize(
    ("changes", "account_type"), [({"role": None}, 2), ({"role": RESELLER.role}, 1)]
)
def test_the_chosen_account_must_have_the_type_of_the_role(
    changes: dict[str, Any], account_type: int
) -> None:
    chosen = replace(NAMESAKE, type=account_type)
    outcome, _ = run(choosing(**changes), chosen, listed(chosen))
    assert_same(outcome, adopted(chosen, "WGC-3"))
    other = replace(NAMESAKE, type=3 - account_type)
    outcome, _ = run(choosing(**changes), other, listed(other))
    assert_same(outcome, CHOICE_REFUSED)


def test_a_chosen_account_of_another_contact_is_refused() -> None:
    taken = choosing(excluded=frozenset({"WGC-3"}))
    outcome, _ = run(taken)
    assert_same(outcome, CHOICE_REFUSED)


def test_a_chosen_account_below_another_parent_is_refused() -> None:
    outcome, _ = run(choosing(), NAMESAKE, listed(ACME))
    assert_same(outcome, CHOICE_REFUSED)


def test_a_chosen_account_that_is_gone_is_refused() -> None:
    outcome, _ = run(choosing(), GONE)
    assert_same(outcome, CHOICE_REFUSED)


def test_a_chosen_account_that_cannot_be_read_stays_chosen() -> None:
    outcome, _ = run(choosing(), TIMEOUT)
    assert_same(outcome, Outcome(Step.FIND_ACCOUNT, error=TIMEOUT))


# === CREATE ACCOUNT === #


@pytest.mark.parametrize(
    ("snapshot", "role", "account_type"),
    [
        (CUSTOMER, CUSTOMER.role, 2),
        (CUSTOMER, None, 2),
        (RESELLER, RESELLER.role, 1),
    ],
)
def test_an_account_is_created_with_its_contact(
    snapshot: Snapshot, role: Any, account_type: int
) -> None:
    """Under its name with single spaces, as names are compared."""
    spaced = at(Step.CREATE_ACCOUNT, snapshot, role=role, name="Acme  Ltd ")
    outcome, calls = run(spaced, "WGC-9")
    facts = {"remote_id": "WGC-9", "marker_at": None, "created_at": NOW}
    used = ("WGC-9",)
    assert_same(outcome, Outcome(Step.CREATE_OPERATOR, facts, used=used))
    payload = {
        "account_type": account_type,
        "name": "Acme Ltd",
        "first_name": "Ann",
        "last_name": "Lee",
        "email": snapshot.email,
    }
    assert calls == [("create_account", PARENT, payload)]


def test_an_account_that_was_listed_before_is_not_what_was_created() -> None:
    """Panda names somebody else's: nobody gets a login there."""
    client = ScriptedClient((listed(NAMESAKE), NAMESAKE.id))
    lookup = AccountLookup(lambda: NOW)
    lookup.listing(client, PARENT)  # type: ignore[arg-type]
    snapshot = at(Step.CREATE_ACCOUNT)
    outcome = perform(client, snapshot, lookup, timing_at(lambda: NOW))  # type: ignore[arg-type]
    assert (outcome.step, outcome.unknown) == (Step.FIND_ACCOUNT, True)
    assert readable(outcome.error)[:2] == (ErrorKind.UNKNOWN, "unreadable")


# === FIND OPERATOR === #


def looking_for_operator(**changes: Any) -> Snapshot:
    return at(Step.FIND_OPERATOR, **{"remote_id": "WGC-1", **changes})


def test_an_operator_that_is_not_there_is_created() -> None:
    outcome, calls = run(looking_for_operator(), [Operator("bob", "bob@acme.example")])
    assert_same(outcome, Outcome(Step.CREATE_OPERATOR))
    assert calls == [("list_operators", "WGC-1", {})]


def found_operator(step: Step = Step.DONE, **facts: Any) -> Outcome:
    expected = {
        "marker_at": None,
        "refusal": None,
        "activation_email": "ann@acme.example",
        "activated_at": None,
    }
    return Outcome(step, {**expected, **facts})


@pytest.mark.parametrize("username", ["ann.lee", "Ann.Lee"])
def test_an_operator_is_found_by_its_username_whatever_its_case(username: str) -> None:
    """Before any other with the same e-mail."""
    operators = [
        Operator("bob", "ann@acme.example"),
        Operator(username, "ann@private.example"),
    ]
    outcome, _ = run(looking_for_operator(username="Ann.lee"), operators)
    assert_same(outcome, found_operator(activation_email="ann@private.example"))


@pytest.mark.parametrize(
    ("told", "sent_to", "expected"),
    [
        ("told@acme.example", "sent@acme.example", "told@acme.example"),
        ("", "sent@acme.example", "sent@acme.example"),
        ("", "", "ann@acme.example"),
    ],
)
def test_the_activation_went_to_what_panda_says_or_what_was_sent(
    told: str, sent_to: str, expected: str
) -> None:
    snapshot = looking_for_operator(activation_email=sent_to)
    outcome, _ = run(snapshot, [Operator("ann.lee", told)])
    assert_same(outcome, found_operator(activation_email=expected))


@pytest.mark.parametrize(
    ("activated_at", "marker_at", "expected"),
    [(70.0, 80.0, 70.0), (None, 80.0, 80.0), (70.0, None, 70.0), (None, None, None)],
)
def test_an_operator_with_a_marker_was_created_then(
    activated_at: float | None, marker_at: float | None, expected: float | None
) -> None:
    snapshot = looking_for_operator(activated_at=activated_at, marker_at=marker_at)
    outcome, _ = run(snapshot, [Operator("ann.lee", "ann@acme.example")])
    assert_same(outcome, found_operator(activated_at=expected))


@pytest.mark.parametrize(
    ("sent_fingerprint", "step"),
    [
        ("", Step.DONE),
        (CUSTOMER.fingerprint, Step.DONE),
        ("another", Step.UPDATE_ACCOUNT),
    ],
)
def test_a_contact_that_was_edited_since_it_was_sent_is_updated(
    sent_fingerprint: str, step: Step
) -> None:
    snapshot = looking_for_operator(sent_fingerprint=sent_fingerprint)
    outcome, _ = run(snapshot, [Operator("ann.lee", "ann@acme.example")])
    assert_same(outcome, found_operator(step))


@pytest.mark.parametrize(
    "damaged",
    [
        Operator("", "bob@acme.example"),
        Operator("an\ufffd.lee", "bob@acme.example"),
        Operator("bob", "an\ufffd@acme.example"),
    ],
)
def test_an_operator_that_cannot_be_read_may_be_this_one(damaged: Operator) -> None:
    """So none is created, and it is looked for again."""
    outcome, calls = run(looking_for_operator(), [damaged])
    assert outcome.step is Step.FIND_OPERATOR
    assert readable(outcome.error)[1] == "unreadable"
    assert [name for name, *_rest in calls] == ["list_operators"]
    known = Operator("ann.lee", "ann@acme.example")
    outcome, _ = run(looking_for_operator(), [damaged, known])
    assert_same(outcome, found_operator(Step.DONE))


def test_another_operator_with_the_email_is_for_a_person() -> None:
    """Its username is named, even when the create was refused or may be lost."""
    operators = [
        Operator("bob", "bob@acme.example"),
        Operator("al", "Ann@ACME.example"),
    ]
    error = as_error("operator_exists", "al")
    for changes in ({}, {"marker_at": 1.0}, {"refusal": as_error("email_taken")}):
        outcome, _ = run(looking_for_operator(**changes), operators)
        assert_same(outcome, Outcome(Step.FIND_OPERATOR, error=error))


@pytest.mark.parametrize("marker_at", [None, NOW])
def test_a_refusal_is_believed_when_the_operator_is_not_ours(
    marker_at: float | None,
) -> None:
    """Nothing was created, so no marker is left and nothing is waited for."""
    refusal = as_error("username_taken", "Username in use.", status=409)
    snapshot = looking_for_operator(refusal=refusal, marker_at=marker_at)
    outcome, _ = run(snapshot, listed())
    facts = {"marker_at": None, "refusal": None}
    assert_same(outcome, Outcome(Step.FIND_OPERATOR, facts, error=refusal))


# === CREATE OPERATOR === #


@pytest.mark.parametrize(
    ("role", "operator_role"),
    [
        (CUSTOMER.role, "ADMINISTRATOR"),
        (None, "ADMINISTRATOR"),
        (RESELLER.role, "OWNER"),
    ],
)
def test_an_operator_is_asked_for_and_waited_for(role: Any, operator_role: str) -> None:
    """The marker stays, and counts from now."""
    snapshot = at(
        Step.CREATE_OPERATOR, role=role, remote_id="WGC-1", marker_at=1.0, polls=4
    )
    outcome, calls = run(snapshot, "T-1")
    facts = {
        "transaction_id": "T-1",
        "activation_email": "ann@acme.example",
        "marker_at": NOW,
        "polls": 0,
    }
    assert_same(outcome, Outcome(Step.AWAIT_OPERATOR, facts, wait=0.2))
    payload = {
        "username": "ann.lee",
        "first_name": "Ann",
        "last_name": "Lee",
        "email": "ann@acme.example",
        "phone": "302101234567",
        "role": operator_role,
    }
    assert calls == [("create_operator", "WGC-1", payload)]


# === AWAIT OPERATOR === #


def awaiting(**changes: Any) -> Snapshot:
    given = {"remote_id": "WGC-1", "transaction_id": "T-1", "marker_at": NOW - 1}
    return at(Step.AWAIT_OPERATOR, **{**given, **changes})


def test_the_operator_is_there_when_its_transaction_succeeds() -> None:
    outcome, calls = run(awaiting(), Transaction("SUCCESS", ""))
    facts = {"marker_at": None, "transaction_id": "", "activated_at": NOW}
    assert_same(outcome, Outcome(Step.DONE, facts))
    assert calls == [("get_transaction", "T-1", "ann.lee", {})]


def test_a_contact_that_was_edited_meanwhile_is_updated() -> None:
    outcome, _ = run(awaiting(sent_fingerprint="other"), Transaction("SUCCESS", ""))
    facts = {"marker_at": None, "transaction_id": "", "activated_at": NOW}
    assert_same(outcome, Outcome(Step.UPDATE_ACCOUNT, facts))


def test_an_operator_whose_transaction_is_forgotten_is_looked_for() -> None:
    outcome, _ = run(awaiting(marker_at=NOW - SEARCH_DELAY), GONE)
    expected = Outcome(Step.FIND_OPERATOR, {"transaction_id": ""}, unknown=True)
    assert_same(outcome, expected)


def test_a_transaction_that_cannot_be_read_is_asked_for_again() -> None:
    outcome, _ = run(awaiting(), TIMEOUT)
    assert_same(outcome, Outcome(Step.AWAIT_OPERATOR, error=TIMEOUT))


@pytest.mark.parametrize("words", ["No more seats.", ""])
def test_an_operator_that_is_refused_has_not_been_created(words: str) -> None:
    outcome, _ = run(awaiting(), Transaction("FAILED", words))
    facts = {"marker_at": None, "transaction_id": ""}
    error = as_error("operator_refused", words)
    assert_same(outcome, Outcome(Step.FIND_OPERATOR, facts, error=error))


USERNAME_TAKEN = (
    *("The username already belongs to somebody.", "Username is taken."),
    *("This login is in use.", "The USER must be UNIQUE.", "Duplicate operator."),
    *("Duplicated login name: login", "The operator exists.", "operator: exist"),
    *("user ALREADY there", "Operators: user taken"),
)
EMAIL_TAKEN = (
    *("The email is taken.", "This E-Mail is in use.", "e-mail: duplicate"),
    *("The email of this user already exists.", "EMAIL EXISTS"),
)
NOT_TAKEN = (
    *("The user does not exist.", "The operator not exists", "Already done.", "Taken."),
    *("The username is too short.", "The email cannot be read.", "emails taken"),
    *("usernames mistaken", "The users are preexisting", "uniqueness of the username"),
)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        *((words, "username_taken") for words in USERNAME_TAKEN),
        *((words, "email_taken") for words in EMAIL_TAKEN),
    ],
)
def test_a_refusal_that_says_what_is_in_the_way_is_looked_into(
    words: str, code: str
) -> None:
    """The operator that is in the way may be our own; the marker stays."""
    outcome, _ = run(awaiting(), Transaction("FAILED", words))
    facts = {"refusal": as_error(code, words), "transaction_id": ""}
    assert_same(outcome, Outcome(Step.FIND_OPERATOR, facts))


@pytest.mark.parametrize("words", NOT_TAKEN)
def test_other_refusals_are_for_a_person(words: str) -> None:
    outcome, _ = run(awaiting(), Transaction("FAILED", words))
    facts = {"marker_at": None, "transaction_id": ""}
    error = as_error("operator_refused", words)
    assert_same(outcome, Outcome(Step.FIND_OPERATOR, facts, error=error))


@pytest.mark.parametrize("step", [Step.AWAIT_OPERATOR, Step.AWAIT_UPDATE])
@pytest.mark.parametrize(
    ("polls", "wait"),
    [
        *[(0, 0.5), (1, 1.0), (2, 2.0), (3, 4.0), (4, 8.0), (5, 15.0), (6, 30.0)],
        *[(7, 30.0), (50, 30.0)],
    ],
)
def test_a_pending_transaction_is_looked_at_less_and_less(
    step: Step, polls: int, wait: float
) -> None:
    snapshot = replace(awaiting(polls=polls), step=step)
    outcome, _ = run(snapshot, Transaction("PENDING", ""))
    assert_same(outcome, Outcome(step, {"polls": polls + 1}, wait=wait))


def test_the_waits_before_each_look() -> None:
    assert POLL_INTERVALS == (0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)


@pytest.mark.parametrize("marker_at", [NOW - ACTIVATION_TIMEOUT, None])
def test_a_transaction_may_be_pending_until_the_time_out(
    marker_at: float | None,
) -> None:
    """Without a marker nobody knows since when."""
    outcome, _ = run(awaiting(marker_at=marker_at), Transaction("PENDING", ""))
    assert_same(outcome, Outcome(Step.AWAIT_OPERATOR, {"polls": 1}, wait=0.5))


@pytest.mark.parametrize("step", [Step.AWAIT_OPERATOR, Step.AWAIT_UPDATE])
def test_a_transaction_that_is_never_read_is_given_up(step: Step) -> None:
    """Or the account would wait for it for ever."""
    unreadable = as_error("unreadable", "no rows")
    late = replace(awaiting(marker_at=NOW - ACTIVATION_TIMEOUT - 0.5), step=step)
    outcome, _ = run(late, unreadable)
    pending, _ = run(late, Transaction("PENDING", ""))
    assert_same(outcome, pending)
    assert outcome.facts["transaction_id"] == ""


def test_an_operator_that_stays_pending_is_looked_for() -> None:
    """It may still come: the marker stays."""
    late = awaiting(marker_at=NOW - ACTIVATION_TIMEOUT - 0.5)
    outcome, _ = run(late, Transaction("PENDING", ""))
    expected = Outcome(
        Step.FIND_OPERATOR,
        {"transaction_id": ""},
        unknown=True,
        error=as_error("transaction_stuck"),
    )
    assert_same(outcome, expected)


# === UPDATES === #


def test_an_update_sends_the_contact_as_it_is() -> None:
    """The name with single spaces; what was sent is kept as the contact has it."""
    snapshot = at(Step.UPDATE_ACCOUNT, remote_id="WGC-1", name="Acme  Ltd")
    outcome, calls = run(snapshot, None)
    facts = {
        "sent_name": "Acme  Ltd",
        "sent_email": "ann@acme.example",
        "sent_fingerprint": snapshot.fingerprint,
    }
    assert_same(outcome, Outcome(Step.UPDATE_OPERATOR, facts))
    payload = {
        "name": "Acme Ltd",
        "first_name": "Ann",
        "last_name": "Lee",
        "email": "ann@acme.example",
    }
    assert calls == [("update_account", "WGC-1", payload)]


def test_an_update_of_the_operator_is_waited_for() -> None:
    snapshot = at(Step.UPDATE_OPERATOR, remote_id="WGC-1", polls=4)
    outcome, calls = run(snapshot, "T-2")
    facts = {"transaction_id": "T-2", "marker_at": NOW, "polls": 0}
    assert_same(outcome, Outcome(Step.AWAIT_UPDATE, facts, wait=0.2))
    payload = {
        "username": "ann.lee",
        "first_name": "Ann",
        "last_name": "Lee",
        "phone": "302101234567",
    }
    assert calls == [("update_operator", "WGC-1", payload)]


SETTLED_UPDATE = {"marker_at": None, "transaction_id": ""}


def awaiting_update(**changes: Any) -> Snapshot:
    return replace(awaiting(**changes), step=Step.AWAIT_UPDATE)


@pytest.mark.parametrize(
    ("sent_fingerprint", "step"),
    [(CUSTOMER.fingerprint, Step.DONE), ("other", Step.UPDATE_ACCOUNT)],
)
def test_an_update_that_succeeds_is_done_unless_edited_since(
    sent_fingerprint: str, step: Step
) -> None:
    """Even when the answer is late."""
    snapshot = awaiting_update(sent_fingerprint=sent_fingerprint, marker_at=1.0)
    outcome, calls = run(snapshot, Transaction("SUCCESS", ""))
    assert_same(outcome, Outcome(step, SETTLED_UPDATE))
    assert calls == [("get_transaction", "T-1", "ann.lee", {})]


@pytest.mark.parametrize("marker_at", [NOW - 1, 1.0])
def test_an_update_that_is_refused_is_for_a_person(marker_at: float) -> None:
    failed = Transaction("FAILED", "The phone is taken.")
    outcome, _ = run(awaiting_update(marker_at=marker_at), failed)
    error = as_error("update_refused", "The phone is taken.")
    assert_same(outcome, Outcome(Step.UPDATE_OPERATOR, SETTLED_UPDATE, error=error))


@pytest.mark.parametrize("marker_at", [NOW - ACTIVATION_TIMEOUT, None])
def test_an_update_may_be_pending_until_the_time_out(marker_at: float | None) -> None:
    outcome, _ = run(awaiting_update(marker_at=marker_at), Transaction("PENDING", ""))
    assert_same(outcome, Outcome(Step.AWAIT_UPDATE, {"polls": 1}, wait=0.5))


@pytest.mark.parametrize(
    ("answer", "marker_at"),
    [
        (Transaction("PENDING", ""), NOW - ACTIVATION_TIMEOUT - 0.5),
        (GONE, NOW - SEARCH_DELAY),
        (GONE, None),
    ],
)
def test_an_update_without_an_end_is_repeated(
    answer: object, marker_at: float | None
) -> None:
    """It may be: it carries the whole last state."""
    outcome, _ = run(awaiting_update(marker_at=marker_at), answer)
    error = as_error("update_stuck")
    assert_same(outcome, Outcome(Step.UPDATE_OPERATOR, SETTLED_UPDATE, error=error))


# === ERRORS === #

CREATED_AFTER = {
    Step.CREATE_ACCOUNT: Step.FIND_ACCOUNT,
    Step.CREATE_OPERATOR: Step.FIND_OPERATOR,
}
REPEATED = [step for step in Step if step not in (*CREATED_AFTER, Step.DONE)]


@pytest.mark.parametrize("step", REPEATED)
@pytest.mark.parametrize("error", [TIMEOUT, LOST, as_error("conflict", "Taken.")])
def test_a_step_that_may_be_repeated_is(step: Step, error: PandaError) -> None:
    outcome, _ = run(at(step, remote_id="WGC-1"), error)
    assert_same(outcome, Outcome(step, error=error))


@pytest.mark.parametrize(("step", "look"), CREATED_AFTER.items())
@pytest.mark.parametrize("kind", [ErrorKind.UNKNOWN, ErrorKind.BUG])
def test_a_create_without_an_answer_is_looked_for(
    step: Step, look: Step, kind: ErrorKind
) -> None:
    """The delay of the search counts from now."""
    error = PandaError(kind, "lost_answer", "ReadTimeout")
    outcome, _ = run(at(step, remote_id="WGC-1", marker_at=1.0), error)
    assert_same(outcome, Outcome(look, {"marker_at": NOW}, unknown=True, error=error))


@pytest.mark.parametrize(("step", "look"), CREATED_AFTER.items())
@pytest.mark.parametrize(
    "kind",
    [k for k in ErrorKind if k.name not in ("UNKNOWN", "BUG", "CONFLICT")],
)
def test_a_create_that_was_refused_left_nothing_behind(
    step: Step, look: Step, kind: ErrorKind
) -> None:
    error = PandaError(kind, "rejected", "words", status=400)
    outcome, _ = run(at(step, remote_id="WGC-1", marker_at=1.0), error)
    assert_same(outcome, Outcome(look, {"marker_at": None}, error=error))


def test_an_account_that_collides_may_be_our_own() -> None:
    """Look before it is believed."""
    error = as_error("conflict", "The email is taken.", status=409)
    outcome, _ = run(at(Step.CREATE_ACCOUNT, marker_at=1.0), error)
    facts = {"refusal": error, "transaction_id": ""}
    assert_same(outcome, Outcome(Step.FIND_ACCOUNT, facts))


REFUSAL = as_error("conflict", "The email is taken.", status=409)


def test_a_collision_with_nobody_that_is_shown_is_for_a_person() -> None:
    """At once: nothing was created that would have to be waited for."""
    refused = looking(marker_at=NOW, refusal=REFUSAL)
    outcome, _ = run(refused, listed())
    facts = {"marker_at": None, "refusal": None}
    assert_same(outcome, Outcome(Step.FIND_ACCOUNT, facts, error=REFUSAL))


def test_a_collision_shows_with_what() -> None:
    refused = looking(marker_at=NOW, refusal=REFUSAL)
    outcome, _ = run(refused, listed(NAMESAKE), NAMESAKE)
    assert_same(outcome, in_question(NAMESAKE))
    outcome, _ = run(refused, listed(ACME), ACME)
    assert outcome.facts["remote_id"] == "WGC-1"


@pytest.mark.parametrize(
    ("words", "code"),
    [("E-mail in use.", "email_taken"), ("Sorry.", "username_taken")],
)
def test_an_operator_that_collides_may_be_our_own(words: str, code: str) -> None:
    """Look before it is believed; without a word of e-mail it is the username."""
    error = as_error("conflict", words, status=412)
    outcome, _ = run(at(Step.CREATE_OPERATOR, remote_id="WGC-1", marker_at=1.0), error)
    refusal = as_error(code, words, status=412)
    facts = {"refusal": refusal, "transaction_id": ""}
    assert_same(outcome, Outcome(Step.FIND_OPERATOR, facts))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"remote_id": "WGC-1", "has_parent": True}, "account_not_found"),
        ({"remote_id": "WGC-1"}, "account_not_found"),
        ({"has_parent": True}, "parent_not_found"),
        ({}, "root_not_found"),
    ],
)
@pytest.mark.parametrize(
    ("step", "next_step", "facts"),
    [
        (Step.FIND_ACCOUNT, Step.FIND_ACCOUNT, {}),
        (Step.UPDATE_ACCOUNT, Step.UPDATE_ACCOUNT, {}),
        (Step.CREATE_ACCOUNT, Step.FIND_ACCOUNT, {"marker_at": None}),
    ],
)
def test_the_account_that_panda_does_not_know_is_named(
    changes: dict[str, Any],
    code: str,
    step: Step,
    next_step: Step,
    facts: dict[str, Any],
) -> None:
    """It is the last one in the path: its own, its reseller or our root."""
    outcome, _ = run(at(step, **changes), GONE)
    error = as_error(code, "No such account.", status=404)
    assert_same(outcome, Outcome(next_step, facts, error=error))


def test_an_exception_of_our_own_is_an_outcome_too(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A create may have left before it; the log has the traceback."""
    error = as_error("bug", "ValueError('odd')")
    outcome, _ = run(at(Step.FIND_ACCOUNT), ValueError("odd"))
    assert_same(outcome, Outcome(Step.FIND_ACCOUNT, error=error))
    [record] = caplog.records
    assert record.name == "panda_provisioning.core.workflow"
    assert "ValueError: odd" in caplog.text
    outcome, _ = run(at(Step.CREATE_ACCOUNT), ValueError("odd"))
    expected = Outcome(Step.FIND_ACCOUNT, {"marker_at": NOW}, unknown=True, error=error)
    assert_same(outcome, expected)


# === IN TIME === #

NOT_SENT = PandaError(ErrorKind.OUTAGE, "not_sent")


@pytest.mark.parametrize(("step", "look"), CREATED_AFTER.items())
def test_a_create_that_would_have_left_too_late_is_looked_for(
    step: Step, look: Step
) -> None:
    """Nothing was sent, so no marker stays, and it is nobody's failure."""
    outcome, _ = run(at(step, remote_id="WGC-1", marker_at=1.0), NOT_SENT)
    assert_same(outcome, Outcome(look, {"marker_at": None}))


@pytest.mark.parametrize("step", [Step.UPDATE_ACCOUNT, Step.UPDATE_OPERATOR])
def test_an_update_that_would_have_left_too_late_is_sent_again(step: Step) -> None:
    outcome, _ = run(at(step, remote_id="WGC-1"), NOT_SENT)
    assert_same(outcome, Outcome(step))


# === WHAT WAS CREATED JUST NOW === #


@pytest.mark.parametrize(
    ("step", "next_step", "facts"),
    [
        (Step.FIND_OPERATOR, Step.FIND_OPERATOR, {}),
        (Step.CREATE_OPERATOR, Step.FIND_OPERATOR, {"marker_at": None}),
    ],
)
def test_an_account_that_was_created_just_now_may_not_be_shown_yet(
    step: Step, next_step: Step, facts: dict[str, Any]
) -> None:
    snapshot = at(step, remote_id="WGC-1", created_at=NOW - 10)
    outcome, _ = run(snapshot, GONE)
    assert_same(outcome, Outcome(next_step, facts, wait=SEARCH_DELAY - 10))


BELOW_RESELLER = {"has_parent": True, "parent_remote_id": "WGC-R"}


@pytest.mark.parametrize(
    ("step", "facts"),
    [(Step.FIND_ACCOUNT, {}), (Step.CREATE_ACCOUNT, {"marker_at": None})],
)
def test_a_reseller_that_was_created_just_now_may_not_be_shown_yet(
    step: Step, facts: dict[str, Any]
) -> None:
    snapshot = at(step, **BELOW_RESELLER, parent_created_at=NOW - 10)
    outcome, _ = run(snapshot, GONE)
    assert_same(outcome, Outcome(Step.FIND_ACCOUNT, facts, wait=SEARCH_DELAY - 10))


@pytest.mark.parametrize("created_at", [NOW - SEARCH_DELAY, None])
def test_after_the_search_delay_a_reseller_that_is_not_there_is_gone(
    created_at: float | None,
) -> None:
    snapshot = at(Step.FIND_ACCOUNT, **BELOW_RESELLER, parent_created_at=created_at)
    outcome, _ = run(snapshot, GONE)
    error = as_error("parent_not_found", "No such account.", status=404)
    assert_same(outcome, Outcome(Step.FIND_ACCOUNT, error=error))


@pytest.mark.parametrize("created_at", [NOW - SEARCH_DELAY, None])
def test_after_the_search_delay_an_account_that_is_not_there_is_gone(
    created_at: float | None,
) -> None:
    snapshot = at(Step.FIND_OPERATOR, remote_id="WGC-1", created_at=created_at)
    outcome, _ = run(snapshot, GONE)
    error = as_error("account_not_found", "No such account.", status=404)
    assert_same(outcome, Outcome(Step.FIND_OPERATOR, error=error))


@pytest.mark.parametrize("step", [Step.AWAIT_OPERATOR, Step.AWAIT_UPDATE])
def test_a_transaction_that_has_just_begun_may_not_be_shown_yet(step: Step) -> None:
    snapshot = replace(awaiting(marker_at=NOW - SEARCH_DELAY + 1), step=step)
    outcome, _ = run(snapshot, GONE)
    assert_same(outcome, Outcome(step, {"polls": 1}, wait=0.5))
