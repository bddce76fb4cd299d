"""Which customers begin when their reseller is ready."""

from .support import finished, now


def test_customers_of_a_ready_reseller_are_queued(world):
    reseller = world.add_ready_reseller()
    customer = world.add(parent_id=reseller, state="waiting", next_attempt_at=None)
    with world.queue() as queue:
        assert queue.wake_customers()
        queue.env.cr.commit()
    row = world.read(customer)
    assert row.state == "queued"
    assert row.next_attempt_at <= now()


def test_nobody_is_woken_before_the_reseller_is_ready(world):
    """The account is not enough: its operator must exist."""
    reseller = world.add_ready_reseller(operator_ready=False, state="running")
    customer = world.add(parent_id=reseller, state="waiting")
    with world.queue() as queue:
        assert not queue.wake_customers()
        assert not queue.wake_customers([reseller])
        queue.env.cr.commit()
    assert world.read(customer).state == "waiting"


def test_only_waiting_customers_are_woken(world):
    """Whoever failed has a reason of their own, who is a draft was never asked for."""
    reseller = world.add_ready_reseller()
    states = ("draft", "failed", "synced", "unknown", "retry", "running")
    customers = [world.add(parent_id=reseller, state=state) for state in states]
    with world.queue() as queue:
        assert not queue.wake_customers([reseller])
        queue.env.cr.commit()
    assert tuple(world.read(customer).state for customer in customers) == states


def test_a_run_wakes_customers_of_its_own_system_only(world):
    theirs = {"system_id": world.other_system}
    reseller = world.add_ready_reseller(**theirs)
    customer = world.add(parent_id=reseller, state="waiting", **theirs)
    with world.queue() as queue:
        assert not queue.wake_customers()
        queue.env.cr.commit()
    assert world.read(customer).state == "waiting"


def test_a_reseller_who_becomes_ready_wakes_their_own_customers(world):
    ready, other = world.add_ready_reseller(), world.add_ready_reseller()
    mine = world.add(parent_id=ready, state="waiting")
    theirs = world.add(parent_id=other, state="waiting")
    with world.queue() as queue:
        assert queue.wake_customers([ready])
        queue.env.cr.commit()
    assert world.read(mine).state == "queued"
    assert world.read(theirs).state == "waiting"


# === IN A RUN === #


def test_a_run_begins_with_customers_whose_reseller_is_ready_already(world):
    """They began to wait at the very moment when the reseller became ready."""
    reseller = world.add_tenant("Rita Reseller", "rita@example.com", account_type=1)
    parent = world.add_ready_reseller(remote_id=reseller)
    customer = world.add(parent_id=parent, state="waiting", next_attempt_at=None)
    world.run()
    assert world.read(customer).state == "synced"


def test_a_reseller_and_their_customers_are_done_in_one_run(world):
    reseller = world.add(role="reseller")
    customers = [
        world.add(parent_id=reseller, state="waiting", next_attempt_at=None)
        for _number in range(2)
    ]
    world.run()
    assert world.states() == {"synced": 3}
    parents = {tenant["parentId"] for tenant in world.tenants()[1:]}
    assert parents == {world.read(reseller).remote_id}
    assert world.read(customers[0]).state == "synced"


def test_the_customers_of_a_reseller_who_is_not_done_keep_waiting(world):
    """The account exists, the operator does not."""
    reseller = world.add(role="reseller")
    world.add(parent_id=reseller, state="waiting", next_attempt_at=None)
    with world.runner() as runner:
        [claim] = runner._queue.claim(1)
        step = finished(claim, "create_operator", facts={"remote_id": "ACC-1"})
        runner._write([(step, runner._decide(step, {}))])
    assert world.states() == {"running": 1, "waiting": 1}
