"""What exists below a parent, and how few requests it takes to know."""

from __future__ import annotations

from dataclasses import replace

import pytest

from panda_provisioning.core.account_lookup import AccountLookup, bulk_parents
from panda_provisioning.core.snapshot import Snapshot
from panda_provisioning.panda_api.errors import PandaError
from panda_provisioning.panda_api.responses import Child
from panda_sandbox.settings import ROOT_ACCOUNT

from .support import ACME, CUSTOMER, World, at_once


def test_a_parent_is_listed_as_a_whole_from_three_lookups_on() -> None:
    """Below that it takes fewer requests, and smaller answers, to ask by name."""
    assert bulk_parents(["A", "B", "A", "C", "B", "A", "A", "C", "C"]) == {"A", "C"}
    assert bulk_parents(["A", "A"]) == set()
    assert bulk_parents([]) == set()


def test_many_threads_list_a_parent_once(world: World) -> None:
    """Whoever comes second waits for the listing of the first."""
    world.client.create_account(ROOT_ACCOUNT, **ACME)
    world.lookup.expect_bulk([ROOT_ACCOUNT])
    keys = iter(range(8))

    def look() -> object:
        snapshot = replace(CUSTOMER, key=next(keys))
        return world.lookup.children(world.client, snapshot)[1]

    assert [[child.name for child in found] for found in at_once(8, look)] == [
        ["Acme"]
    ] * 8
    assert world.count("GET", "*/children") == 1
    assert ROOT_ACCOUNT in world.lookup._listings


def test_a_parent_of_few_is_asked_by_name(world: World) -> None:
    """And its answer narrowed to the very name."""
    for name in ("Acme", "Acme Two", "acme"):
        world.client.create_account(ROOT_ACCOUNT, **{**ACME, "name": name})
    _looked_at, found = world.lookup.children(world.client, CUSTOMER)
    assert [child.name for child in found] == ["Acme"]
    [request] = world.sandbox.control("GET", "requests?path=*/children")
    assert "name=Acme" in request["query"]


def test_a_listing_that_failed_is_made_again(world: World) -> None:
    """The lock is released and nothing half is remembered."""
    world.lookup.expect_bulk([ROOT_ACCOUNT])
    world.fault("server_error")
    with pytest.raises(PandaError):
        world.lookup.children(world.client, CUSTOMER)
    assert ROOT_ACCOUNT not in world.lookup._listings
    assert world.lookup.children(world.client, CUSTOMER)[1] == []


def test_a_listing_does_not_prove_that_a_create_left_nothing(world: World) -> None:
    """Who has a marker and is not listed is asked for by name."""
    world.lookup.expect_bulk([ROOT_ACCOUNT])
    assert world.lookup.children(world.client, replace(CUSTOMER, key=7))[1] == []
    world.client.create_account(ROOT_ACCOUNT, **ACME)
    looked_at, found = world.lookup.children(world.client, CUSTOMER.marked(1))
    assert [child.name for child in found] == ["Acme"]
    assert looked_at > world.lookup._listings[ROOT_ACCOUNT].looked_at


def test_a_name_is_lacking_only_when_a_listing_says_so(world: World) -> None:
    """Never to an account of which a create may have been sent since."""
    world.lookup.expect_bulk([ROOT_ACCOUNT])
    assert not world.lookup.lacks(CUSTOMER), "nobody has looked yet"
    world.lookup.children(world.client, replace(CUSTOMER, key=7))
    assert world.lookup.lacks(CUSTOMER)
    assert not world.lookup.lacks(CUSTOMER.marked(1))


def test_who_looks_a_second_time_asks_anew(world: World) -> None:
    """A namesake in the listing would else keep the look from ever being new."""
    world.client.create_account(ROOT_ACCOUNT, **{**ACME, "email": "carl@acme.example"})
    world.lookup.expect_bulk([ROOT_ACCOUNT])
    marked = CUSTOMER.marked(1)
    first, _found = world.lookup.children(world.client, marked)
    second, _found = world.lookup.children(world.client, marked)
    assert second > first


def test_the_moment_of_a_look_is_before_its_request() -> None:
    """Else something created while the answer was on its way would count as seen."""
    moments = iter([100.0, 200.0])

    class Client:
        def list_children(self, *_arguments: object, **_options: object) -> list:
            assert next(moments) == 200.0
            return []

    looked_at, _found = AccountLookup(lambda: next(moments)).children(
        Client(), CUSTOMER
    )  # type: ignore[arg-type]
    assert looked_at == 100.0


class FakePanda:
    """Counts how it is asked; lists one account."""

    def __init__(self, *names: str) -> None:
        self.asked: list[tuple[str, str]] = []
        self._names = names

    def list_children(self, parent_id: str, *, name: str = "") -> list[Child]:
        self.asked.append((parent_id, name))
        return [Child(f"ACC-{each}", each, 2) for each in self._names]


def look(panda: FakePanda, lookup: AccountLookup, snapshot: Snapshot) -> list[str]:
    """The names that are found."""
    _looked_at, found = lookup.children(panda, snapshot)  # type: ignore[arg-type]
    return [child.name for child in found]


def bulk_lookup() -> AccountLookup:
    lookup = AccountLookup(lambda: 0.0)
    lookup.expect_bulk([ROOT_ACCOUNT])
    return lookup


def test_a_listing_is_enough_for_who_has_sent_nothing() -> None:
    """Whether it carries the name or not."""
    for panda, found in ((FakePanda("Acme"), ["Acme"]), (FakePanda("Other"), [])):
        assert look(panda, bulk_lookup(), CUSTOMER) == found
        assert panda.asked == [(ROOT_ACCOUNT, "")]


def test_a_listing_is_enough_for_what_may_have_been_sent_and_is_there() -> None:
    panda = FakePanda("Acme")
    assert look(panda, bulk_lookup(), CUSTOMER.marked(1)) == ["Acme"]
    assert panda.asked == [(ROOT_ACCOUNT, "")]


def test_what_may_have_been_sent_and_is_not_there_is_asked_for() -> None:
    panda = FakePanda("Other")
    assert look(panda, bulk_lookup(), CUSTOMER.marked(1)) == []
    assert panda.asked == [(ROOT_ACCOUNT, ""), (ROOT_ACCOUNT, "Acme")]


def test_a_chosen_account_is_never_known_to_lack() -> None:
    """It is read by its ID, whatever it is called."""
    lookup = bulk_lookup()
    look(FakePanda("Other"), lookup, replace(CUSTOMER, key=7))
    assert lookup.lacks(CUSTOMER)
    assert not lookup.lacks(replace(CUSTOMER, chosen_remote_id="ACC-7"))
    assert not lookup.lacks(replace(CUSTOMER, name="Other"))
