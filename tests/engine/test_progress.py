"""How far a run is, in numbers that add up."""

import pytest

from .support import ahead, row_after


@pytest.fixture
def progress(world):
    """Makes the progress of a run that begins now."""
    with world.environment() as env:
        from odoo.addons.panda_provisioning.engine.run_progress import RunProgress

        def begin(done_before=0):
            env.cr.rollback()
            return RunProgress(env, world.system, done_before)

        yield begin


def test_what_is_left_is_what_the_engine_does_without_help(world, progress):
    """Whoever is tried again later is not left to this batch."""
    for state in ("queued", "running", "retry", "unknown", "failed", "draft"):
        world.add(state=state)
    world.add(next_attempt_at=ahead(3600))
    world.add(system_id=world.other_system)
    measured = progress().measure()
    assert measured["left"] == 3
    assert measured["counts"] == {
        "queued": 2,
        "running": 1,
        "retry": 1,
        "unknown": 1,
        "waiting": 0,
        "failed": 1,
        "draft": 1,
        "synced": 0,
    }


@pytest.mark.parametrize(
    ("state", "left"),
    [("queued", 2), ("running", 2), ("retry", 0), ("failed", 0), ("draft", 0)],
)
def test_customers_who_wait_are_left_while_their_reseller_is(
    world, progress, state, left
):
    """They are done in the same batch; behind a failed one they wait for a person."""
    reseller = world.add(role="reseller", state=state)
    world.add(parent_id=reseller, state="waiting")
    measured = progress().measure()
    assert measured["left"] == left
    assert measured["counts"]["waiting"] == 1


def test_a_customer_who_does_not_wait_is_not_counted_for_the_reseller(world, progress):
    reseller = world.add(role="reseller", state="queued")
    world.add(parent_id=reseller, state="retry")
    assert progress().measure()["left"] == 1


def rows_of(world, steps):
    """Return rows that a run has written, one for each of ``steps``."""
    with world.queue() as queue:
        claims = queue.claim(len(steps))
        rows = [
            row_after(queue, claim, **step)
            for claim, step in zip(claims, steps, strict=True)
        ]
        queue.save(rows)
        queue.env.cr.commit()
    return rows


DONE = {"step": "done"}
REFUSED = {"step": "find_account", "error": ("conflict", "name_exists")}
UNREADABLE = {"step": "find_account", "error": ("protocol", "unreadable")}
PUT_BACK = {"step": "create_account", "may_go_on": False}


def test_an_account_at_rest_or_to_be_tried_later_is_done(world, progress):
    """Put back is not done: the next run goes on with it."""
    steps = [DONE, REFUSED, UNREADABLE, PUT_BACK]
    for _step in steps:
        world.add()
    run = progress(done_before=5)
    run.add(rows_of(world, steps))
    measured = run.measure()
    assert (measured["done"], measured["left"]) == (8, 1)


def test_accounts_at_rest_are_counted_once_and_kept_up(world, progress):
    world.add(state="synced")
    for _number in range(2):
        world.add()
    run = progress()
    assert run.measure()["counts"]["synced"] == 1
    run.env.cr.rollback()
    run.add(rows_of(world, [DONE]))
    assert run.measure()["counts"]["synced"] == 2
    run.env.cr.rollback()
    run.add(rows_of(world, [DONE]))
    counts = run.measure()["counts"]
    assert (counts["synced"], counts["queued"]) == (3, 0)


def test_the_first_count_does_not_count_twice_what_the_run_has_done(world, progress):
    world.add()
    run = progress()
    run.add(rows_of(world, [DONE]))
    assert run.measure()["counts"]["synced"] == 1


def test_a_batch_goes_on_over_runs_until_nothing_is_left(world, progress):
    for _number in range(2):
        world.add()
    assert progress().close() is None, "this run had nothing to do with it"
    first = progress()
    first.add(rows_of(world, [DONE]))
    assert first.close() == (1, 1)
    second = progress(done_before=1)
    second.add(rows_of(world, [DONE]))
    assert second.close() == (0, 0), "the next batch begins at nothing"
