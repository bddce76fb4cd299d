"""An account that a person has chosen: linked if it fits, and nothing else ever."""

from __future__ import annotations

from dataclasses import replace

import pytest

from panda_provisioning.core.snapshot import Outcome, Role, Snapshot, Step
from panda_provisioning.panda_api.errors import ErrorKind
from panda_sandbox.settings import ROOT_ACCOUNT

from .support import CREATE_ACCOUNT, CUSTOMER, World


def make_account(world: World, name: str, role: Role, parent_id: str) -> str:
    return world.client.create_account(
        parent_id,
        account_type=role.account_type,
        name=name,
        first_name="Some",
        last_name="Body",
        email="some.body@example.com",
    )


def look(world: World, remote_id: str) -> Outcome:
    """Look for an account of which a person has said which one it is."""
    return world.perform(replace(CUSTOMER, chosen_remote_id=remote_id))


@pytest.mark.parametrize("name", [CUSTOMER.name, "Another name"])
def test_it_is_linked_whatever_its_name_and_email(world: World, name: str) -> None:
    remote_id = make_account(world, name, Role.USER, ROOT_ACCOUNT)
    outcome = look(world, remote_id)
    assert (outcome.step, outcome.error) == (Step.FIND_OPERATOR, None)
    assert outcome.facts["remote_id"] == remote_id
    assert outcome.facts["chosen_remote_id"] == ""
    assert outcome.used == (remote_id,)


def refused(outcome: Outcome, snapshot: Snapshot = CUSTOMER) -> bool:
    assert outcome.error
    after = snapshot.with_outcome(outcome)
    return (
        (outcome.error.kind, outcome.error.code) == (ErrorKind.DATA, "link_refused")
        and after.step is Step.FIND_ACCOUNT
        and not (after.remote_id or after.chosen_remote_id)
    )


def test_account_of_another_role_is_refused(world: World) -> None:
    remote_id = make_account(world, CUSTOMER.name, Role.RESELLER, ROOT_ACCOUNT)
    assert refused(look(world, remote_id))


def test_account_below_another_one_is_refused(world: World) -> None:
    reseller = make_account(world, "Reseller", Role.RESELLER, ROOT_ACCOUNT)
    remote_id = make_account(world, CUSTOMER.name, Role.USER, reseller)
    assert refused(look(world, remote_id))


def test_unknown_account_is_refused(world: World) -> None:
    assert refused(look(world, "WGC-1-00000000000000000000"))


def test_account_of_another_contact_is_refused(world: World) -> None:
    remote_id = make_account(world, CUSTOMER.name, Role.USER, ROOT_ACCOUNT)
    snapshot = replace(CUSTOMER, chosen_remote_id=remote_id)
    assert refused(world.perform(snapshot.without(frozenset({remote_id}))))


def test_nothing_is_created_without_looking(world: World) -> None:
    """Not even where a listing says that there is no such name."""
    lookup = world.new_lookup()
    lookup.listing(world.client, ROOT_ACCOUNT)
    assert lookup.lacks(CUSTOMER)
    assert not lookup.lacks(replace(CUSTOMER, chosen_remote_id="WGC-1-0"))
    assert world.count(**CREATE_ACCOUNT) == 0
