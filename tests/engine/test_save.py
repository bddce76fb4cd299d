"""What a run writes down, and what then follows for the same rows."""

import logging
import time
from dataclasses import replace

import pytest

from panda_provisioning.core.account_lookup import Listing
from panda_provisioning.panda_api.responses import Account, Child

from .support import ago, ahead, now, row_after

# === ONLY WHAT IS OURS === #


def taken_over(world, queue):
    """Let ``queue`` claim an account and another run take it over; returns both."""
    world.add()
    [claim] = queue.claim(1)
    queue.env.cr.commit()
    world.set(claim.id, next_attempt_at=ago(1))
    with world.queue() as other:
        [_claim] = other.claim(1)
        other.env.cr.commit()
    return claim, world.read(claim.id)


def test_a_run_whose_lease_is_over_writes_nothing(world):
    with world.queue() as slow:
        claim, before = taken_over(world, slow)
        assert slow.save([row_after(slow, claim, "done")]) == (set(), set())
        slow.env.cr.commit()
    assert world.read(claim.id) == before


def test_a_run_whose_lease_is_over_still_writes_what_nobody_has_taken(world):
    """The answer of Panda is worth more than the lease."""
    account = world.add()
    with world.queue() as queue:
        [claim] = queue.claim(1)
        queue.env.cr.commit()
        world.set(account, next_attempt_at=ago(1))
        assert queue.save([row_after(queue, claim, "done")]) == ({account}, set())


def test_of_many_rows_those_that_are_ours_are_written(world):
    first, second = world.add(), world.add()
    with world.queue() as queue:
        claims = queue.claim(2)
        queue.env.cr.commit()
        world.set(first, run_token="of another run")
        rows = [row_after(queue, claim, "done") for claim in claims]
        assert queue.save(rows) == ({second}, set())
        queue.env.cr.commit()
    assert world.read(first).state == "running"
    assert world.read(second).state == "synced"


def test_what_was_edited_meanwhile_is_said(world):
    first, second = world.add(), world.add()
    with world.queue() as queue:
        claims = queue.claim(2)
        queue.env.cr.commit()
        world.set(first, resync_requested=True)
        rows = [row_after(queue, claim, "create_account") for claim in claims]
        assert queue.save(rows) == ({first, second}, {first})


def test_an_account_at_rest_belongs_to_no_run(world):
    account = world.add()
    with world.queue() as queue:
        [claim] = queue.claim(1)
        queue.save([row_after(queue, claim, "done")])
        queue.env.cr.commit()
    row = world.read(account)
    assert (row.run_token, row.next_attempt_at) == (None, None)
    assert row.notification_pending


def test_consent_to_another_account_of_the_name_ends_with_the_account(world):
    account = world.add(create_anyway=True)
    with world.queue() as queue:
        [claim] = queue.claim(1)
        queue.save([row_after(queue, claim, "create_operator", remote_id="WGC-1")])
        queue.env.cr.commit()
    row = world.read(account)
    assert (row.remote_id, row.create_anyway) == ("WGC-1", False)


def test_consent_that_is_given_while_a_run_has_the_account_is_kept(world):
    account = world.add()
    with world.queue() as queue:
        [claim] = queue.claim(1)
        queue.env.cr.commit()
        world.set(account, create_anyway=True)
        queue.save([row_after(queue, claim, **REFUSED)])
        queue.env.cr.commit()
    row = world.read(account)
    assert (row.state, row.create_anyway) == ("failed", True)


def test_an_account_that_the_run_goes_on_with_stays_its_own(world):
    """Under a new lease, with the marker of the create that comes next."""
    account = world.add()
    with world.queue() as queue:
        [claim] = queue.claim(1)
        queue.save([row_after(queue, claim, "create_account")])
        queue.env.cr.commit()
    row = world.read(account)
    assert (row.state, row.step) == ("running", "create_account")
    assert row.run_token == queue.token
    assert row.next_attempt_at > ahead(queue.policy.lease - 20)
    assert row.marker_at
    assert not row.notification_pending


def test_an_account_that_is_pending_in_panda_is_free_for_the_next_run(world):
    """It stays in progress, but no run holds it."""
    account = world.add(step="create_operator", remote_id="ACC-1")
    with world.queue() as queue:
        [claim] = queue.claim(1)
        row = row_after(
            queue, claim, "await_operator", transaction_id="t-1", may_go_on=False
        )
        queue.save([row])
        queue.env.cr.commit()
    with world.queue() as other:
        assert [claim.id for claim in other.claim(1)] == [account]


def test_saving_nothing_is_no_statement(world):
    with world.queue() as queue:
        assert queue.save([]) == (set(), set())


# === EDITED MEANWHILE === #


def edited(world, outcome, **columns):
    """Edit an account while a run works on it, and let that end with ``outcome``."""
    account = world.add(**columns)
    with world.queue() as queue:
        [claim] = queue.claim(1)
        queue.env.cr.commit()
        world.set(account, resync_requested=True)
        row = row_after(queue, claim, **outcome)
        queue.save([row])
        queued = queue.requeue_edited([account])
        queue.env.cr.commit()
    return queued, world.read(account)


REFUSED = {"step": "find_account", "error": ("conflict", "name_exists")}
UNREADABLE = {"step": "find_account", "error": ("protocol", "unreadable")}
LOST = {"step": "find_account", "error": ("unknown_outcome", "transaction_stuck")}


def test_what_was_edited_while_it_was_sent_is_sent_again(world):
    queued, row = edited(world, {"step": "done"})
    assert queued
    assert (row.state, row.step) == ("queued", "update_account")
    assert row.next_attempt_at <= now()
    assert row.resync_requested is False
    assert row.notification_pending is False, "it has not settled"


@pytest.mark.parametrize(
    "outcome", [REFUSED, UNREADABLE], ids=["refused", "unreadable"]
)
def test_what_was_edited_while_it_failed_is_tried_again_at_once(world, outcome):
    """From where it was: the edit may be what Panda asked for."""
    queued, row = edited(world, outcome)
    assert queued
    assert (row.state, row.step) == ("queued", "find_account")
    assert row.next_attempt_at <= now()


def test_what_was_edited_while_its_outcome_got_lost_waits_for_its_time(world):
    """Panda may not show yet what was created."""
    queued, row = edited(world, LOST)
    assert not queued
    assert row.state == "unknown"
    assert row.next_attempt_at >= now()


def test_what_was_not_edited_is_left_at_rest(world):
    account = world.add(state="synced", step="done", resync_requested=False)
    other = world.add(state="synced", step="done", resync_requested=True)
    with world.queue() as queue:
        assert not queue.requeue_edited([account])
        assert not queue.requeue_edited([])
        queue.env.cr.commit()
    assert world.read(account).state == "synced"
    assert world.read(other).state == "synced", "it was not asked about"


# === THE SYSTEM WAS AT FAULT === #


def test_attempts_lost_to_an_outage_of_the_system_are_given_back(world):
    retried = world.add(state="retry", attempt_count=3)
    twice = world.add(state="retry", attempt_count=3)
    put_back = world.add(state="queued", attempt_count=2)
    unknown = world.add(state="unknown", attempt_count=1)
    untried = world.add(state="retry", attempt_count=0)
    refused = world.add(state="failed", attempt_count=3)
    other = world.add(state="retry", attempt_count=3)
    accounts = [retried, twice, put_back, unknown, untried, refused]
    with world.queue() as queue:
        queue.give_back_attempts([*accounts, twice])
        queue.env.cr.commit()
    counts = [world.read(account).attempt_count for account in (*accounts, other)]
    assert counts == [2, 1, 1, 0, 0, 3, 3]


@pytest.mark.parametrize("state", ["retry", "unknown"])
def test_an_account_that_a_working_system_refuses_is_left_to_a_person(world, state):
    """And that is told to somebody."""
    account = world.add(state=state)
    with world.queue() as queue:
        queue.fail([account])
        queue.env.cr.commit()
    row = world.read(account)
    assert (row.state, row.next_attempt_at) == ("failed", None)
    assert row.failed_at >= ago(60)
    assert row.notification_pending


@pytest.mark.parametrize("state", ["queued", "running", "synced", "waiting"])
def test_accounts_in_other_states_are_not_failed_with_them(world, state):
    account, other = world.add(state=state), world.add(state="retry")
    before = world.read(account), world.read(other)
    with world.queue() as queue:
        queue.fail([account])
        queue.env.cr.commit()
    assert (world.read(account), world.read(other)) == before


# === THE STATE GATE === #


def test_a_statement_leaves_alone_accounts_that_may_not_get_into_the_state(world):
    """What is on the wire is taken back by nobody."""
    running, waiting = world.add(state="running"), world.add(state="waiting")
    with world.environment() as env:
        from odoo.tools import SQL

        from odoo.addons.panda_provisioning.core.states import State
        from odoo.addons.panda_provisioning.engine.state_gate import change_state

        env.cr.execute(change_state(State.DRAFT, where=SQL("TRUE")))
        assert env.cr.rowcount == 1
        env.cr.commit()
    states = [world.read(account).state for account in (running, waiting)]
    assert states == ["running", "draft"]


def save_as_draft(world):
    """Let a run write a state that it never may."""
    from odoo.addons.panda_provisioning.core.states import State

    account = world.add()
    with world.queue() as queue:
        [claim] = queue.claim(1)
        assert account in queue.save([replace(claim.row, state=State.DRAFT)])[0]


def test_an_illegal_transition_raises_in_tests(world, monkeypatch):
    from odoo.modules import module

    from odoo.addons.panda_provisioning.core.states import IllegalTransition

    monkeypatch.setattr(module, "current_test", True)
    with pytest.raises(IllegalTransition, match=r"to State\.DRAFT"):
        save_as_draft(world)


def test_an_illegal_transition_is_logged_in_production(world, caplog):
    """The outcome of a request must not be lost for it."""
    save_as_draft(world)
    [record] = [r for r in caplog.records if r.message == "Illegal transition"]
    assert record.levelno == logging.ERROR
    assert "to State.DRAFT" in str(record.exc_info[1])


def test_the_records_of_odoo_go_through_the_same_gate(world, monkeypatch):
    from odoo.modules import module

    from odoo.addons.panda_provisioning.core.states import IllegalTransition

    monkeypatch.setattr(module, "current_test", True)
    with world.environment() as env:
        account = env["panda.account"].browse(world.add(state="running"))
        with pytest.raises(IllegalTransition):
            account._set_state("draft")


# === NOTIFICATIONS === #


def settled(world, **columns):
    columns = {"state": "synced", "notification_pending": True, **columns}
    return world.add(**columns)


def test_each_settled_account_is_notified_once(world):
    accounts = [settled(world), settled(world, state="failed")]
    world.add(state="synced", notification_pending=False)
    with world.queue() as queue:
        assert sorted(queue.take_notifications()) == accounts
        queue.env.cr.commit()
        assert queue.take_notifications() == []
    assert not any(world.read(account).notification_pending for account in accounts)


def test_two_runs_at_once_notify_different_accounts_and_do_not_wait(world):
    accounts = [settled(world) for _number in range(3)]
    with world.queue() as one, world.queue() as two:
        first = one.take_notifications(limit=2)
        two.env.cr.execute("SET LOCAL lock_timeout = '1s'")
        second = two.take_notifications()
    assert sorted(first) == accounts[:2]
    assert second == accounts[2:]


def test_a_run_notifies_for_its_own_system_and_accounts_only(world):
    settled(world, system_id=world.other_system)
    accounts = [settled(world), settled(world)]
    with world.queue(accounts[1:]) as button, world.queue() as cron:
        assert button.take_notifications() == accounts[1:]
        button.env.cr.rollback()
        assert sorted(cron.take_notifications()) == accounts


# === ACCOUNTS IN PANDA THAT BELONG TO OTHERS === #


def test_accounts_in_panda_are_bound_to_their_account_in_odoo(world):
    mine, other = world.add(remote_id="ACC-1"), world.add(remote_id="ACC-2")
    world.add(remote_id="ACC-3", system_id=world.other_system)
    asked = ("ACC-1", "ACC-2", "ACC-3", "ACC-4")
    with world.queue() as queue:
        assert queue.get_owners(asked) == {"ACC-1": mine, "ACC-2": other}
        assert queue.get_owners([]) == {}


@pytest.mark.parametrize(
    ("columns", "is_sought"),
    [
        ({"state": "queued"}, True),
        ({"state": "unknown", "sent_name": "Acme &amp; Co", "name": "Zenith"}, True),
        ({"state": "running", "remote_id": "WGC-2"}, False),
        ({"state": "failed"}, False),
        ({"state": "queued", "name": "Acme"}, False),
        ({"state": "queued", "email": "bob@acme.example"}, False),
    ],
)
def test_an_account_in_panda_belongs_to_who_is_looked_for(world, columns, is_sought):
    """By name and e-mail address, until they are linked or have failed."""
    values = {"name": "Acme & Co", "email": "Ann@acme.example", **columns}
    account = world.add(**values)
    found = Account("WGC-1", "ACME & CO", 2, "ann@acme.example")
    with world.queue() as queue:
        owners = queue.get_seekers([found])
    assert owners == ({"WGC-1": account} if is_sought else {})


def test_who_is_looked_for_in_another_system_is_not_looked_for_here(world):
    world.add(name="Acme", email="ann@acme.example", system_id=world.other_system)
    with world.queue() as queue:
        for email in ("ann@acme.example", ""):
            assert queue.get_seekers([Account("WGC-1", "Acme", 2, email)]) == {}


def test_our_own_root_belongs_to_nobody_however_it_is_spelled(world):
    with world.queue() as queue:
        asked = ["ACC-1000001", "acc-1000001", "ACC-3"]
        assert queue.get_owners(asked) == {"ACC-1000001": None, "acc-1000001": None}


# === NAMES AS PANDA HAS STORED THEM === #


@pytest.mark.parametrize(
    ("listed", "kept"),
    [
        ("Weber &amp; Söhne", "Weber &amp; Söhne"),
        ("Weber & S\ufffdhne", "Weber & Söhne"),
        ("", "Weber & Söhne"),
        (" ", "Weber & Söhne"),
    ],
)
def test_a_name_that_is_empty_or_damaged_is_not_kept(world, listed, kept):
    """It would be looked for after a lost answer, and not found."""
    account = world.add(
        state="synced",
        remote_id="WGC-1",
        sent_name="Weber & Söhne",
        last_sync_at=ago(60),
    )
    with world.queue() as queue:
        listing = Listing(time.time(), [Child("WGC-1", listed, 2)])
        queue.keep_names(listing, 0, {})
        queue.env.cr.commit()
    assert world.read(account).sent_name == kept
