"""What a dry run says is what the workflow then does, and it writes nothing."""

from __future__ import annotations

import inspect
import json
import time
from collections.abc import Callable
from dataclasses import asdict, replace

import pytest

from panda_provisioning.core.dry_run import (
    Ending,
    _PretendClient,
    dry_run,
    pretended_id,
)
from panda_provisioning.core.prefetch import PRETENDED, Prefetch, fill
from panda_provisioning.core.snapshot import Snapshot, Step
from panda_provisioning.panda_api.client import PandaClient
from panda_sandbox.settings import ROOT_ACCOUNT

from .support import ACME, ANN, CUSTOMER, World, count

PROBES = {"authenticate", "may_write", "accepts_api_key"}


def count_calls(world: World) -> int:
    """How many requests there were, tokens aside."""
    return count(world.sandbox, path="/rest/*")


def read(
    world: World, *snapshots: Snapshot, is_over: Callable[[], bool] = lambda: False
) -> Prefetch:
    """Read what is to be known, as it comes back from a browser."""
    prefetch = Prefetch()
    fill(prefetch, world.client._transport, snapshots, threads=2, is_over=is_over)
    return Prefetch(**json.loads(json.dumps(asdict(prefetch))))


def test_no_call_gets_past_the_actor() -> None:
    """Whatever the client learns to do, the actor must learn to pretend."""
    calls = {n for n, _f in inspect.getmembers(PandaClient, inspect.isfunction)}
    public = {name for name in calls if not name.startswith("_")} - PROBES
    assert public <= vars(_PretendClient).keys()


def test_reading_writes_nothing(world: World) -> None:
    world.client.create_account(ROOT_ACCOUNT, **ACME)
    writes = world.count("POST", "/rest/*")
    read(world, CUSTOMER)
    assert world.count("POST", "/rest/*") == writes


@pytest.mark.parametrize("known", ["nothing", "account", "operator"])
@pytest.mark.parametrize("among", [1, 3])
def test_as_many_requests_as_the_saga(world: World, known: str, among: int) -> None:
    """Alone or among others, with whatever is in Panda already."""
    world.sandbox.control("PATCH", "settings", {"pending_seconds": 0})
    if known != "nothing":
        remote_id = world.client.create_account(ROOT_ACCOUNT, **ACME)
        if known == "operator":
            world.client.create_operator(remote_id, **ANN)
    others = [replace(CUSTOMER, key=100 + i, name=f"N{i}") for i in range(among - 1)]
    snapshots = [CUSTOMER, *others]
    prefetch = read(world, *snapshots)
    ending = dry_run(snapshots, prefetch, {}, time.time())[CUSTOMER.key]
    assert ending.is_sure
    assert ending.error is None
    assert ending.snapshot.adopted is (known != "nothing")
    before = count_calls(world)
    world.run(CUSTOMER)
    assert count_calls(world) - before == ending.requests


def test_reading_ends_in_time(world: World) -> None:
    """Nothing is asked any more, and who was not asked about says so."""
    prefetch = read(world, CUSTOMER, is_over=lambda: True)
    assert prefetch.trouble == "too_many"
    assert count_calls(world) == 0
    assert not dry_run([CUSTOMER], prefetch, {}, time.time())[CUSTOMER.key].is_sure


@pytest.mark.parametrize("lost", ["children", "accounts", "operators"])
def test_what_was_read_in_part_is_not_sure(world: World, lost: str) -> None:
    """Panda fell silent half-way; that is nobody's problem."""
    world.client.create_account(ROOT_ACCOUNT, **ACME)
    prefetch = read(world, CUSTOMER)
    getattr(prefetch, lost).clear()
    ending = dry_run([CUSTOMER], prefetch, {}, time.time())[CUSTOMER.key]
    assert not ending.is_sure
    assert ending.error is None


def test_what_was_not_read_is_not_sure() -> None:
    [ending] = dry_run([CUSTOMER], Prefetch(), {}, time.time()).values()
    assert not ending.is_sure
    assert ending.snapshot.step is Step.DONE


def test_below_a_pretended_reseller_nothing_is_asked(world: World) -> None:
    """He does not exist yet, so nobody is below him."""
    snapshot = replace(CUSTOMER, parent_remote_id=f"{PRETENDED}7")
    before = count_calls(world)
    prefetch = read(world, snapshot)
    assert count_calls(world) == before
    [ending] = dry_run([snapshot], prefetch, {}, time.time()).values()
    assert ending.is_sure


def test_who_belongs_to_somebody_else_is_left_out(world: World) -> None:
    """As the engine does it, which then creates an account and an operator."""
    remote_id = world.client.create_account(ROOT_ACCOUNT, **ACME)
    prefetch = read(world, CUSTOMER)
    free, bound = (
        dry_run([CUSTOMER], prefetch, owners, time.time())[CUSTOMER.key]
        for owners in ({remote_id: CUSTOMER.key}, {remote_id: 99})
    )
    assert free.snapshot.adopted
    assert not bound.snapshot.adopted
    # List, no more, read, then: operators, create one, transaction; or the same and an
    # account.
    assert (free.requests, bound.requests) == (6, 6)


@pytest.mark.parametrize("is_there", [True, False])
def test_an_account_that_a_person_has_chosen(world: World, *, is_there: bool) -> None:
    """Whatever it is called; it is read as the workflow reads it."""
    world.sandbox.control("PATCH", "settings", {"pending_seconds": 0})
    remote_id = "ACC-999"
    if is_there:
        remote_id = world.client.create_account(ROOT_ACCOUNT, **{**ACME, "name": "A"})
    snapshot = replace(CUSTOMER, chosen_remote_id=remote_id)
    [ending] = dry_run([snapshot], read(world, snapshot), {}, time.time()).values()
    assert ending.is_sure
    assert (ending.error is None) is is_there
    before = count_calls(world)
    world.run(snapshot)
    assert count_calls(world) - before == ending.requests


def test_a_contact_that_was_renamed_meanwhile(world: World) -> None:
    """It is looked for under both names, so both are read."""
    marked = replace(CUSTOMER, step=Step.CREATE_ACCOUNT).marked(1)
    renamed = replace(marked, name="Acme & Sons", step=Step.FIND_ACCOUNT)
    [ending] = dry_run([renamed], read(world, renamed), {}, time.time()).values()
    assert ending.is_sure


def test_a_parent_that_is_gone(world: World) -> None:
    snapshot = replace(CUSTOMER, has_parent=True, parent_remote_id="ACC-999")
    [ending] = dry_run([snapshot], read(world, snapshot), {}, time.time()).values()
    assert ending.error is not None
    assert ending.error.code == "parent_not_found"


def test_trouble_is_noted(world: World) -> None:
    world.fault("error_in_success", path="*/children", times=2)
    prefetch = read(world, CUSTOMER)
    assert prefetch.trouble == "inconsistent_listing"
    [ending] = dry_run([CUSTOMER], prefetch, {}, time.time()).values()
    assert not ending.is_sure


# === HOW IT ENDS, AND HOW MANY REQUESTS IT TAKES === #

NOW = 1_000_000.0
NEW = pretended_id(CUSTOMER.key)
EMAIL = CUSTOMER.email
BOB = "bob@acme.example"


def known(
    *rows: tuple[str, str, str],
    operators: dict[str, list[list[object]]] | None = None,
    **more: object,
) -> Prefetch:
    """What was read of the children of the root account: ID, name and e-mail."""
    children: dict[str, list[list[object]]] = {"Acme": []}
    for account_id, name, _email in rows:
        children.setdefault(name, []).append([account_id, name, 2])
    accounts: dict[str, list[object]] = {i: [name, 2, e] for i, name, e in rows}
    return Prefetch(
        **{  # type: ignore[arg-type]
            "children": {ROOT_ACCOUNT: children},
            "accounts": accounts,
            "operators": operators or {},
            **more,
        }
    )


def ending_of(
    prefetch: Prefetch, snapshot: Snapshot = CUSTOMER, **bound: int
) -> Ending:
    [ending] = dry_run([snapshot], prefetch, bound, NOW).values()
    return ending


def error_of(ending: Ending) -> str:
    """The code of what a person would have to decide, which must be for sure."""
    assert ending.error is not None
    assert ending.is_sure is True
    return ending.error.code


def test_an_ending_is_good_and_sure_unless_it_says_otherwise() -> None:
    assert Ending(4, CUSTOMER) == Ending(4, CUSTOMER, None, is_sure=True)


def test_an_account_that_is_yet_to_be_created_has_an_id_of_its_key() -> None:
    """By which those below it find it."""
    assert pretended_id(7) == "pretended 7"


def test_what_is_new_takes_four_requests() -> None:
    """Search, account, operator, transaction."""
    ending = ending_of(known())
    assert (ending.requests, ending.error, ending.is_sure) == (4, None, True)
    done = ending.snapshot
    assert (done.step, done.remote_id, done.adopted) == (Step.DONE, NEW, False)
    assert (done.activated_at, done.activation_email) == (NOW, EMAIL)
    assert (done.marker_at, done.transaction_id) == (None, "")


def test_what_is_there_with_its_operator_takes_three() -> None:
    """Search, account, operators."""
    ending = ending_of(
        known(("A1", "Acme", EMAIL), operators={"A1": [["Ann.Lee", BOB, True]]})
    )
    assert (ending.requests, ending.error, ending.is_sure) == (3, None, True)
    done = ending.snapshot
    assert (done.remote_id, done.adopted) == ("A1", True)
    assert (done.activation_email, done.activated_at) == (BOB, None)


def test_what_is_there_without_its_operator_takes_five() -> None:
    ending = ending_of(known(("A1", "Acme", EMAIL), operators={"A1": []}))
    assert (ending.requests, ending.error, ending.is_sure) == (5, None, True)
    assert (ending.snapshot.remote_id, ending.snapshot.activated_at) == ("A1", NOW)


def test_a_namesake_with_another_email_needs_a_decision() -> None:
    ending = ending_of(known(("A1", "Acme", BOB)))
    assert (error_of(ending), ending.requests) == ("name_exists", 2)
    assert ending.snapshot == CUSTOMER


def test_a_namesake_that_was_deleted_meanwhile_is_nobody() -> None:
    prefetch = known(("A1", "Acme", EMAIL), missing=["A1"])
    ending = ending_of(prefetch)
    assert (ending.requests, ending.error, ending.is_sure) == (6, None, True)
    assert ending.snapshot.remote_id == NEW


@pytest.mark.parametrize("email", [EMAIL, BOB])
def test_a_namesake_of_another_contact_is_looked_past(email: str) -> None:
    """Whether it would be linked or needs a decision; listed and read once."""
    ending = ending_of(known(("A1", "Acme", email)), A1=99)
    assert (ending.requests, ending.error, ending.is_sure) == (5, None, True)
    assert ending.snapshot.remote_id == NEW
    assert ending.snapshot.excluded == {"A1"}


def test_what_may_have_been_sent_just_now_is_created_when_it_is_not_there() -> None:
    """A dry run does not wait until Panda has had time to show it."""
    ending = ending_of(known(), CUSTOMER.marked(NOW))
    assert (ending.requests, ending.error, ending.is_sure) == (4, None, True)


# === MANY AT ONCE === #

THREE = [replace(CUSTOMER, key=i, name=f"N{i}") for i in (1, 2, 3)]


def requests_of(snapshots: list[Snapshot], prefetch: Prefetch) -> list[int]:
    endings = dry_run(snapshots, prefetch, {}, NOW)
    assert list(endings) == [snapshot.key for snapshot in snapshots]
    assert all(each.is_sure and not each.error for each in endings.values())
    return [each.requests for each in endings.values()]


def nobody(**more: object) -> Prefetch:
    """No children of the three names."""
    return known(
        **{"children": {ROOT_ACCOUNT: {f"N{i}": [] for i in (1, 2, 3)}}, **more}
    )


def test_the_first_of_three_pays_for_the_listing_with_all_its_pages() -> None:
    """And each is asked for by its name, since a row may have got lost between two."""
    assert requests_of(
        THREE, nobody(pages={ROOT_ACCOUNT: 4}, requests={ROOT_ACCOUNT: 4})
    ) == [
        4 + 1 + 3,
        1 + 3,
        1 + 3,
    ]


def test_a_listing_of_unknown_length_has_one_page() -> None:
    assert requests_of(THREE, nobody()) == [1 + 3, 3, 3]


def test_who_is_in_the_listing_is_found_in_it() -> None:
    """Account and operators are all that is asked for then."""
    prefetch = nobody(
        accounts={"A2": ["N2", 2, EMAIL]}, operators={"A2": [["ann.lee", EMAIL, True]]}
    )
    prefetch.children[ROOT_ACCOUNT]["N2"].append(["A2", "N2", 2])
    assert requests_of(THREE, prefetch) == [1 + 3, 2, 3]
    assert dry_run(THREE, prefetch, {}, NOW)[2].snapshot.remote_id == "A2"


def test_who_is_not_looked_for_does_not_pay_for_the_listing() -> None:
    snapshots = [replace(THREE[0], step=Step.CREATE_ACCOUNT), *THREE[1:]]
    assert requests_of(
        snapshots, nobody(pages={ROOT_ACCOUNT: 4}, requests={ROOT_ACCOUNT: 4})
    ) == [
        3,
        4 + 1 + 3,
        1 + 3,
    ]


def test_an_account_under_a_likely_name_needs_a_decision() -> None:
    prefetch = known()
    prefetch.children[ROOT_ACCOUNT]["Acme"].append(["A1", "ACME", 2])
    prefetch.accounts["A1"] = ["ACME", 2, EMAIL]
    assert error_of(ending_of(prefetch)) == "name_exists"


def test_those_to_be_created_get_different_ids() -> None:
    endings = dry_run(THREE, nobody(), {}, NOW)
    ids = [ending.snapshot.remote_id for ending in endings.values()]
    assert ids == ["pretended 1", "pretended 2", "pretended 3"]


# === WHAT A PERSON HAS CHOSEN === #

CHOSEN = replace(CUSTOMER, chosen_remote_id="A9")


def test_a_chosen_account_is_linked_whatever_it_is_called() -> None:
    """Account, its siblings of that name and that there are no more, operators."""
    prefetch = known(("A9", "Chosen", BOB), operators={"A9": [["ann.lee", BOB, True]]})
    del prefetch.children[ROOT_ACCOUNT]["Acme"]
    ending = ending_of(prefetch, CHOSEN)
    assert (ending.requests, ending.error, ending.is_sure) == (4, None, True)
    assert (ending.snapshot.remote_id, ending.snapshot.adopted) == ("A9", True)


def test_a_chosen_account_that_is_not_below_the_parent_is_refused() -> None:
    prefetch = known(("A9", "Chosen", BOB))
    del prefetch.children[ROOT_ACCOUNT]["Chosen"]
    ending = ending_of(prefetch, CHOSEN)
    assert (error_of(ending), ending.requests) == ("link_refused", 2)


def test_a_chosen_account_that_is_gone_is_refused() -> None:
    ending = ending_of(known(missing=["A9"]), CHOSEN)
    assert (error_of(ending), ending.requests) == ("link_refused", 1)


def test_a_chosen_account_that_was_not_read_is_not_sure() -> None:
    """Even if it is known who carries the name."""
    ending = ending_of(known(), CHOSEN)
    assert (ending.error, ending.is_sure) == (None, False)


# === WHAT WAS NOT READ === #


def test_a_search_that_was_not_read_counts_as_one_request() -> None:
    ending = ending_of(Prefetch())
    assert (ending.requests, ending.error, ending.is_sure) == (4, None, False)


def test_a_namesake_that_was_not_read_is_not_sure() -> None:
    prefetch = known(("A1", "Acme", EMAIL), ("A2", "Acme", BOB))
    del prefetch.accounts["A2"]
    assert ending_of(prefetch).is_sure is False


def test_operators_that_were_not_read_count_as_one_request() -> None:
    ending = ending_of(known(("A1", "Acme", EMAIL)))
    assert (ending.requests, ending.error, ending.is_sure) == (5, None, False)


# === FURTHER ON THE WAY === #


def test_below_a_reseller_that_is_yet_to_be_created_nobody_is_found() -> None:
    ending = ending_of(Prefetch(), replace(CUSTOMER, parent_remote_id="pretended 7"))
    assert (ending.requests, ending.error, ending.is_sure) == (4, None, True)


def test_an_account_that_is_yet_to_be_created_has_no_operators() -> None:
    snapshot = replace(CUSTOMER, step=Step.FIND_OPERATOR, remote_id="pretended 7")
    ending = ending_of(Prefetch(), snapshot)
    assert (ending.requests, ending.error, ending.is_sure) == (3, None, True)


def test_an_update_takes_three_requests() -> None:
    """Account, operator, transaction."""
    snapshot = replace(CUSTOMER, step=Step.UPDATE_ACCOUNT, remote_id="A1")
    ending = ending_of(Prefetch(), snapshot)
    assert (ending.requests, ending.error, ending.is_sure) == (3, None, True)
    assert ending.snapshot.sent_fingerprint == CUSTOMER.fingerprint


@pytest.mark.parametrize(
    "step", [Step.FIND_OPERATOR, Step.UPDATE_ACCOUNT, Step.UPDATE_OPERATOR]
)
def test_an_account_that_is_gone_takes_one_request_to_find_out(step: Step) -> None:
    snapshot = replace(CUSTOMER, step=step, remote_id="A1")
    ending = ending_of(Prefetch(missing=["A1"]), snapshot)
    assert (error_of(ending), ending.requests) == ("account_not_found", 1)
    assert ending.snapshot == snapshot


@pytest.mark.parametrize(
    ("has_parent", "code"), [(True, "parent_not_found"), (False, "root_not_found")]
)
def test_a_parent_that_is_gone_takes_one_request_to_find_out(
    code: str, *, has_parent: bool
) -> None:
    snapshot = replace(CUSTOMER, has_parent=has_parent)
    ending = ending_of(Prefetch(missing=[ROOT_ACCOUNT]), snapshot)
    assert (error_of(ending), ending.requests) == (code, 1)
