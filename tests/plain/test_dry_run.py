"""What a dry run says is what the workflow then does, and it writes nothing."""

from __future__ import annotations

import inspect
import json
import time
from collections.abc import Callable
from dataclasses import asdict, replace

import pytest

from panda_provisioning.core.account_lookup import BULK_LOOKUPS
from panda_provisioning.core.dry_run import _PretendClient, dry_run
from panda_provisioning.core.prefetch import PRETENDED, Prefetch, fill
from panda_provisioning.core.snapshot import Snapshot, Step
from panda_provisioning.panda_api.client import PandaClient
from panda_sandbox.settings import ROOT_ACCOUNT

from .support import ACME, ANN, CUSTOMER, World, count

PROBES = {"may_write", "accepts_api_key"}


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
@pytest.mark.parametrize("among", [1, BULK_LOOKUPS])
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
    if among == BULK_LOOKUPS:
        world.lookup.expect_bulk([ROOT_ACCOUNT])
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
    """As the engine does it, which looks once more."""
    remote_id = world.client.create_account(ROOT_ACCOUNT, **ACME)
    prefetch = read(world, CUSTOMER)
    free, bound = (
        dry_run([CUSTOMER], prefetch, owners, time.time())[CUSTOMER.key]
        for owners in ({remote_id: CUSTOMER.key}, {remote_id: 99})
    )
    assert free.snapshot.adopted
    assert not bound.snapshot.adopted
    assert bound.requests > free.requests


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
    world.fault("server_error", path="*/children")
    prefetch = read(world, CUSTOMER)
    assert prefetch.trouble == "server_error"
    [ending] = dry_run([CUSTOMER], prefetch, {}, time.time()).values()
    assert not ending.is_sure
