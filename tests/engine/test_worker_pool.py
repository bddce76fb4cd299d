"""What the threads of a run send, and what they give back."""

import threading
import time
from contextlib import contextmanager

import pytest

from .support import Spy

WAIT = 0.2
"""Seconds."""


@contextmanager
def worker_pool(world, threads=1, now=time.time):
    """The worker pool of a run, for which it is ``now()``."""
    from odoo.addons.panda_provisioning.core.account_lookup import AccountLookup
    from odoo.addons.panda_provisioning.core.snapshot import Timing
    from odoo.addons.panda_provisioning.engine.worker_pool import WorkerPool

    with world.environment() as env:
        system = env["panda.system"].browse(world.system)
        with (
            system._open_transport(threads) as transport,
            WorkerPool(transport, threads, AccountLookup(now), Timing(now, 0)) as pool,
        ):
            yield pool


def claims_of(world, count):
    """Claim ``count`` accounts that are to be looked for."""
    for _number in range(count):
        world.add()
    with world.queue() as queue:
        claims = queue.claim(count)
        queue.env.cr.commit()
    return claims


@pytest.fixture
def about_to_create(world):
    """A claim whose next step is a create that is marked already."""
    from odoo.addons.panda_provisioning.core.snapshot import Outcome, Step
    from odoo.addons.panda_provisioning.core.transition import transition

    [claim] = claims_of(world, 1)
    found_nothing = Outcome(Step.CREATE_ACCOUNT)
    with world.queue() as queue:
        claim.row = transition(
            claim.row, found_nothing, queue.policy, time.time(), may_go_on=True
        )
        queue.renew(claim)
    return claim


def test_a_create_that_would_leave_too_late_is_not_sent(world, about_to_create):
    """It might arrive after another run has looked for it in vain."""
    late = about_to_create.send_before + 1
    with worker_pool(world, now=lambda: late) as pool:
        pool.submit(about_to_create)
        [item] = pool.collect()
    assert [each.error.code for each in item.exchanges] == ["not_sent"]
    assert item.outcome.step == "find_account"
    assert item.outcome.facts == {"marker_at": None}
    assert world.tenants() == []


def test_a_create_that_leaves_in_time_is_sent(world, about_to_create):
    early = about_to_create.send_before - 1
    with worker_pool(world, now=lambda: early) as pool:
        pool.submit(about_to_create)
        [item] = pool.collect()
    assert item.outcome.step == "create_operator"
    assert len(world.tenants()) == 1


def test_what_is_on_the_wire_is_not_taken_back(world):
    """Its answer is waited for; what has not been sent is given back."""
    sent, wait = threading.Event(), threading.Event()

    def hold(_request):
        sent.set()
        assert wait.wait(10)

    first, second = claims_of(world, 2)
    with worker_pool(world) as pool, Spy(hold):
        pool.submit(first)
        pool.submit(second)
        assert sent.wait(10)
        assert pool.take_back() == [second]
        assert len(pool) == 1
        wait.set()
        assert [item.claim for item in pool.collect()] == [first]
        assert len(pool) == 0


def test_an_account_that_waits_occupies_no_thread_and_is_taken_back(world):
    waiting, other = claims_of(world, 2)
    with worker_pool(world) as pool:
        pool.submit(waiting, wait=60)
        pool.submit(other)
        assert len(pool) == 2
        assert [item.claim for item in pool.collect()] == [other]
        assert pool.take_back() == [waiting]
        assert len(pool) == 0


def test_an_account_is_sent_after_its_wait(world):
    [claim] = claims_of(world, 1)
    began = time.monotonic()
    with worker_pool(world) as pool:
        pool.submit(claim, wait=WAIT)
        finished = []
        while not finished and time.monotonic() < began + 10:
            finished = pool.collect()
    assert [item.claim for item in finished] == [claim]
    assert time.monotonic() - began >= WAIT
