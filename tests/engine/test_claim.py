"""Which rows a run takes, and what it then knows of them."""

import time

import pytest

from .support import SYSTEM, ago, ahead, epoch, now

REST = ("draft", "waiting", "synced", "failed")
REQUEST_TIMEOUT = SYSTEM["request_timeout"]
"""Time-outs that one call may take: refused token, new token, call, connecting."""


def ids(claims):
    return [claim.id for claim in claims]


# === WHICH ROWS === #


@pytest.mark.parametrize("state", ["queued", "retry", "unknown", "running"])
def test_a_run_takes_what_is_due(world, state):
    """A running account whose lease is over belongs to a run that has died."""
    due = world.add(state=state, next_attempt_at=ago(1))
    with world.queue() as queue:
        assert ids(queue.claim(10)) == [due]


@pytest.mark.parametrize("state", ["queued", "retry", "unknown", "running"])
def test_a_run_leaves_alone_what_is_not_due_yet(world, state):
    world.add(state=state, next_attempt_at=ahead(60))
    with world.queue() as queue:
        assert queue.claim(10) == []


def test_a_run_leaves_alone_what_is_at_rest(world):
    for state in REST:
        world.add(state=state)
    with world.queue() as queue:
        assert queue.claim(10) == []


def test_a_run_takes_accounts_of_its_own_system_only(world):
    world.add(system_id=world.other_system)
    ours = world.add()
    with world.queue() as queue:
        assert ids(queue.claim(10)) == [ours]


@pytest.mark.parametrize("place", ["base_url", "root_account_id"])
def test_a_run_takes_nothing_for_another_panda_than_it_began_with(world, place):
    """The address of a system was corrected while a run works on its accounts."""
    world.add()
    [before] = world.execute(
        "SELECT base_url, root_account_id FROM panda_system WHERE id = %s",
        [world.system],
    )
    with world.queue() as queue:
        statement = f"UPDATE panda_system SET {place} = 'elsewhere' WHERE id = %s"
        world.execute(statement, [world.system])
        try:
            assert queue.claim(10) == []
        finally:
            world.execute(
                "UPDATE panda_system SET base_url = %s, root_account_id = %s"
                " WHERE id = %s",
                [before.base_url, before.root_account_id, world.system],
            )
        queue.env.cr.rollback()  # only a new transaction sees it
        assert len(queue.claim(10)) == 1


def test_a_button_takes_its_own_accounts_only(world):
    _other, mine = world.add(), world.add()
    with world.queue([mine]) as queue:
        assert ids(queue.claim(10)) == [mine]


def test_the_account_that_has_been_due_for_longest_comes_first(world):
    world.add(next_attempt_at=ago(10))
    oldest = world.add(next_attempt_at=ago(300))
    with world.queue() as queue:
        assert ids(queue.claim(1)) == [oldest]


# === TWO RUNS === #


def test_a_second_run_takes_other_rows_and_does_not_wait(world):
    """The first one has not committed: its rows are locked."""
    accounts = [world.add() for _number in range(5)]
    with world.queue() as one, world.queue() as two:
        first = ids(one.claim(3))
        two.env.cr.execute("SET LOCAL lock_timeout = '1s'")
        second = ids(two.claim(10))
    assert (len(first), len(second)) == (3, 2)
    assert sorted(first + second) == accounts


def test_a_claim_holds_as_long_as_its_lease(world):
    account = world.add()
    with world.queue() as one, world.queue() as two:
        one.claim(10)
        one.env.cr.commit()
        row = world.read(account)
        assert (row.state, row.run_token) == ("running", one.token)
        left = (row.next_attempt_at - now()).total_seconds()
        assert left == pytest.approx(one.policy.lease, abs=20)
        assert two.claim(10) == []
        two.env.cr.rollback()
        world.set(account, next_attempt_at=ago(1))
        assert ids(two.claim(10)) == [account]


def test_an_edit_before_the_claim_is_part_of_it(world):
    """The claim reads what was edited, so nothing is left to be sent again."""
    account = world.add(resync_requested=True)
    with world.queue() as queue:
        queue.claim(10)
        queue.env.cr.commit()
    assert world.read(account).resync_requested is False


# === MARKERS AND LEASES === #


def test_the_create_of_a_dead_run_counts_from_the_end_of_its_lease(world):
    """It may have been sent at any moment until then."""
    lease_end = ago(5)
    world.add(
        state="running",
        step="create_account",
        marker_at=ago(200),
        run_token="dead",
        next_attempt_at=lease_end,
    )
    with world.queue() as queue:
        [claim] = queue.claim(10)
    assert claim.snapshot.marker_at == epoch(lease_end)
    assert claim.snapshot.step == "find_account", "looked for, not repeated"


@pytest.mark.parametrize("step", ["find_account", "create_account"])
def test_the_marker_of_an_account_that_no_run_held_stays(world, step):
    marker = ago(200)
    world.add(state="unknown", step=step, marker_at=marker, next_attempt_at=ago(5))
    with world.queue() as queue:
        [claim] = queue.claim(10)
    assert claim.snapshot.marker_at == epoch(marker)


def test_a_create_leaves_early_enough_to_be_answered_within_the_lease(world):
    account = world.add()
    with world.queue() as queue:
        [claim] = queue.claim(10)
        queue.env.cr.commit()
    lease_end = epoch(world.read(account).next_attempt_at)
    assert lease_end - claim.send_before >= REQUEST_TIMEOUT
    assert claim.send_before > time.time(), "there is time to send it"


# === WITHOUT A RUN === #


def test_looking_at_accounts_takes_nothing(world):
    account = world.add(state="waiting", next_attempt_at=None)
    before = world.read(account)
    with world.environment() as env:
        from odoo.addons.panda_provisioning.engine.queue import look_at

        [claim] = look_at(env, world.system, "ACC-ROOT", [account])
        env.cr.commit()
    assert claim.snapshot.parent_remote_id == "ACC-ROOT"
    assert world.read(account) == before


def test_what_is_due_is_counted_for_one_system(world):
    for state in ("queued", "retry", *REST):
        world.add(state=state)
    world.add(next_attempt_at=ahead(60))
    world.add(system_id=world.other_system)
    with world.environment() as env:
        from odoo.addons.panda_provisioning.engine.queue import count_due

        assert count_due(env, world.system) == 2


def test_the_cron_wakes_for_the_first_account_whose_system_may_be_called(world):
    """Never before the probe of its system."""
    first, probe = ahead(100), ahead(300)
    world.add(next_attempt_at=ahead(200))
    world.add(next_attempt_at=first)
    world.add(state="synced", next_attempt_at=ago(100))
    world.add(system_id=world.other_system, next_attempt_at=ago(100))
    with world.environment() as env:
        from odoo.addons.panda_provisioning.engine.queue import get_next_due

        assert get_next_due(env, world.system) == first
        env.cr.rollback()
        world.configure(next_probe_at=probe)
        assert get_next_due(env, world.system) == probe
