"""Which account of Panda may be the one that a person says it is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from panda_provisioning.core.choice import find_chosen, may_be_chosen
from panda_provisioning.panda_api.client import CUSTOMER_TYPE, RESELLER_TYPE
from panda_provisioning.panda_api.errors import PandaError
from panda_sandbox.settings import ROOT_ACCOUNT

from .support import ACME, World

RESELLER = {**ACME, "name": "Rita", "account_type": RESELLER_TYPE}


def choose(world: World, chosen_id: str, parent_id: str = ROOT_ACCOUNT, **other):
    return find_chosen(
        world.client,
        chosen_id,
        **{
            "parent_id": parent_id,
            "root_id": ROOT_ACCOUNT,
            "account_type": CUSTOMER_TYPE,
            **other,
        },
    )


def test_the_very_account(world: World) -> None:
    chosen_id = world.client.create_account(ROOT_ACCOUNT, **ACME)
    found = choose(world, chosen_id)
    assert (found.id, found.name) == (chosen_id, "Acme")
    requests = world.sandbox.control("GET", "requests?path=*/children")
    assert len(requests) == 2  # those of the name, and that there are no more
    for request in requests:
        assert "name=Acme" in request["query"], "not all that there are are listed"


def test_an_answer_without_an_id_is_about_what_was_asked_for(world: World) -> None:
    chosen_id = world.client.create_account(ROOT_ACCOUNT, **ACME)
    read = world.client.get_account
    world.client.get_account = lambda id_: replace(read(id_), id="")
    assert choose(world, chosen_id)


def test_an_account_without_a_readable_name_is_asked_for_again(world: World) -> None:
    chosen_id = world.client.create_account(ROOT_ACCOUNT, **ACME)
    read = world.client.get_account
    for name in ("", "Ac\ufffde"):
        world.client.get_account = lambda id_, name=name: replace(read(id_), name=name)
        with pytest.raises(PandaError) as raised:
            choose(world, chosen_id)
        assert raised.value.code == "unreadable"


@pytest.mark.parametrize("chosen_id", ["ROOT-1", "root-1", "PARENT-1", "Parent-1"])
def test_root_and_parent_are_nobodys_however_they_are_spelled(chosen_id: str) -> None:
    assert not may_be_chosen(chosen_id, parent_id="PARENT-1", root_id="ROOT-1")


def test_the_longest_id() -> None:
    for length, is_possible in ((1, False), (2, True), (64, True), (65, False)):
        found = may_be_chosen("x" * length, parent_id="P", root_id="R")
        assert found is is_possible, length


def test_a_type_that_cannot_be_read_is_no_obstacle(world: World) -> None:
    chosen_id = world.client.create_account(ROOT_ACCOUNT, **ACME)
    read = world.client.get_account
    world.client.get_account = lambda id_: type(read(id_))(id_, "Acme", 0, "")
    assert choose(world, chosen_id).type == 0


def test_not_of_another_type_below_another_parent_or_of_another_contact(
    world: World,
) -> None:
    reseller = world.client.create_account(ROOT_ACCOUNT, **RESELLER)
    below = world.client.create_account(reseller, **ACME)
    beside = world.client.create_account(ROOT_ACCOUNT, **ACME)
    assert choose(world, reseller) is None
    assert choose(world, below) is None
    assert choose(world, beside, reseller) is None
    assert choose(world, beside, excluded={beside}) is None
    assert choose(world, reseller, reseller, account_type=RESELLER_TYPE) is None
    # Each of them is found where it is and as what it is.
    assert choose(world, reseller, account_type=RESELLER_TYPE)
    assert choose(world, below, reseller)
    assert choose(world, beside, excluded={below})


@pytest.mark.parametrize(
    "chosen_id",
    ["", ".", "..", "%2e%2e", "WGC/1", "WGC-1?x", "WGC 1", "a\n", "x" * 65, "-1"],
)
def test_what_is_no_id_is_not_asked_for(world: World, chosen_id: str) -> None:
    assert choose(world, chosen_id) is None
    assert world.count("GET", "*") == 0


def test_the_root_and_the_parent_are_not_asked_for(world: World) -> None:
    assert choose(world, ROOT_ACCOUNT, "WGC-1-parent") is None
    assert choose(world, "WGC-1-parent", "WGC-1-parent") is None
    assert world.count("GET", "*") == 0


def test_an_unknown_account_is_none(world: World) -> None:
    assert choose(world, "WGC-1-00000000000000000000") is None


def test_an_outage_is_no_answer(world: World) -> None:
    chosen_id = world.client.create_account(ROOT_ACCOUNT, **ACME)
    world.fault("error_in_success", method="GET")
    with pytest.raises(PandaError):
        choose(world, chosen_id)
