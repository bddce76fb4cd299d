"""What a claim finds in Odoo that keeps an account from being sent."""

import pytest

from .support import Spy

# === WHAT IS WRONG IS FOUND BEFORE ANYTHING IS SENT === #


def refused(world, account):
    """Let a run take ``account`` and return the code that it fails with."""
    sent = []
    with Spy(sent.append):
        world.run([account])
    row = world.read(account)
    assert not sent
    assert row.state == "failed"
    assert row.failed_at
    return row.error_code


def taken(world, account):
    """Return the claim that a run makes of ``account``."""
    with world.queue([account]) as queue:
        [claim] = queue.claim(1)
    return claim


def test_an_archived_contact_is_refused(world):
    assert refused(world, world.add(active=False)) == "partner_archived"


def test_a_contact_of_another_company_is_refused(world):
    account = world.add(company_id=world.other_company)
    world.set(account, company_id=world.company)
    assert refused(world, account) == "other_company"


def test_an_account_that_nobody_wants_any_more_is_refused(world):
    assert refused(world, world.add(is_withdrawn=True)) == "withdrawn"


def test_one_whose_operator_exists_is_kept_up_to_date(world):
    account = world.add(is_withdrawn=True, operator_ready=True)
    assert not taken(world, account).snapshot.surroundings.withdrawn


@pytest.mark.parametrize("is_shared", [True, False])
def test_a_contact_of_the_company_or_of_all_is_not(world, is_shared):
    account = world.add(company_id=None if is_shared else world.company)
    world.set(account, company_id=world.company)
    assert not taken(world, account).snapshot.surroundings.other_company


def test_a_user_with_customers_of_their_own_is_refused(world):
    account = world.add()
    world.add(parent_id=account, state="draft")
    assert refused(world, account) == "has_customers"


def test_a_user_who_is_the_reseller_of_a_contact_is_refused(world):
    """Also when that contact has no account yet."""
    account = world.add()
    world.add(
        panda_reseller_id=world.read(account).partner_id,
        system_id=world.other_system,
        state="draft",
    )
    assert refused(world, account) == "has_customers"


@pytest.mark.parametrize("columns", [{"role": "reseller"}, {"remote_id": "ACC-1"}])
def test_resellers_and_who_is_in_panda_may_have_customers(world, columns):
    account = world.add(**columns)
    world.add(parent_id=account, state="draft")
    assert not taken(world, account).snapshot.surroundings.has_customers


def test_archived_customers_do_not_count(world):
    account = world.add()
    world.add(
        panda_reseller_id=world.read(account).partner_id,
        active=False,
        system_id=world.other_system,
        state="draft",
    )
    assert not taken(world, account).snapshot.surroundings.has_customers


@pytest.mark.parametrize("role", ["user", None])
def test_a_parent_account_that_is_no_reseller_is_refused(world, role):
    parent = world.add_ready_reseller(role=role)
    assert refused(world, world.add(parent_id=parent)) == "parent_not_reseller"


def test_a_parent_account_of_another_system_is_refused(world):
    parent = world.add_ready_reseller(system_id=world.other_system)
    assert refused(world, world.add(parent_id=parent)) == "parent_other_system"


def test_a_parent_account_of_the_same_contact_is_refused(world):
    parent = world.add_ready_reseller(system_id=world.other_system)
    account = world.add(parent_id=parent)
    world.set(account, partner_id=world.read(parent).partner_id)
    assert refused(world, account) == "parent_is_self"


def test_a_contact_with_a_reseller_must_have_a_parent_account(world):
    reseller = world.read(world.add_ready_reseller())
    account = world.add(panda_reseller_id=reseller.partner_id)
    assert refused(world, account) == "parent_missing"


def test_an_account_that_waits_for_the_reseller_is_not_refused(world):
    reseller = world.add(role="reseller", state="failed")
    account = world.add(parent_id=reseller)
    world.run([account])
    row = world.read(account)
    assert (row.state, row.error_code) == ("waiting", None)
    assert row.run_token is None


# === THE PARENT ACCOUNT === #


def test_an_account_is_created_below_its_reseller(world):
    reseller = world.add_ready_reseller(remote_id="ACC-RESELLER")
    snapshot = taken(world, world.add(parent_id=reseller)).snapshot
    assert snapshot.parent_remote_id == "ACC-RESELLER"
    assert snapshot.surroundings.parent_ready


def test_it_is_known_when_the_reseller_was_created(world):
    """Panda may not show it yet."""
    reseller = world.add_ready_reseller(remote_created_at="1970-01-01 01:00:00")
    snapshot = taken(world, world.add(parent_id=reseller)).snapshot
    assert snapshot.parent_created_at == 3600
    assert taken(world, world.add()).snapshot.parent_created_at is None


def test_an_account_without_reseller_is_created_below_the_root(world):
    snapshot = taken(world, world.add()).snapshot
    assert snapshot.parent_remote_id == "ACC-1000001"


def test_a_reseller_without_operator_is_not_ready(world):
    reseller = world.add_ready_reseller(operator_ready=False, state="running")
    assert taken(world, world.add(parent_id=reseller)).snapshot.waits_for_reseller


# === WHOSE E-MAIL IT IS === #

EMAIL = "ada@example.com"
IN_PANDA = {"state": "synced", "step": "done", "remote_id": "ACC-1"}
OTHERS = {
    "who came first": ({}, True),
    "who failed": ({"state": "failed"}, True),
    "a draft": ({"state": "draft"}, False),
    "who spells it otherwise": ({"email": "ADA@Example.com"}, True),
    "who has another one": ({"email": "bob@example.com"}, False),
    "who is in Panda": (IN_PANDA, True),
}


def is_used(world, account):
    """Whether the e-mail of ``account`` is another's, for the engine and the form."""
    found = taken(world, account).snapshot.surroundings.email_used
    with world.environment() as env:
        record = env["panda.account"].browse(account)
        assert record._get_surroundings()["email_used"] is found
    return found


@pytest.mark.parametrize(("columns", "expected"), OTHERS.values(), ids=OTHERS)
def test_an_email_belongs_to_whoever_asked_for_it_first(world, columns, expected):
    world.add(**{"email": EMAIL, **columns})
    assert is_used(world, world.add(email=EMAIL)) is expected


def test_an_email_does_not_belong_to_who_came_later(world):
    account = world.add(email=EMAIL)
    world.add(email=EMAIL)
    assert not is_used(world, account)


def test_an_email_belongs_to_who_is_in_panda_before_all_others(world):
    account = world.add(email=EMAIL)
    in_panda = world.add(**IN_PANDA, email=EMAIL)
    assert is_used(world, account)
    world.set(in_panda, state="queued", step="update_account")
    assert not is_used(world, in_panda)


def test_an_email_in_another_system_is_free(world):
    world.add(email=EMAIL, system_id=world.other_system)
    assert not is_used(world, world.add(email=EMAIL))


def test_an_email_that_is_used_is_refused(world):
    world.add(email=EMAIL, state="failed")
    assert refused(world, world.add(email=EMAIL)) == "email_used"
