"""The budget that all senders to a system share."""

import threading
import time
from contextlib import ExitStack, contextmanager

import pytest

LONG = 20
"""Seconds in which a turn has certainly come."""


@pytest.fixture
def budgets(world):
    """Makes budgets of one system, each on what a process of its own would have."""
    from odoo.addons.panda_provisioning.engine.pace_store import PaceStore
    from odoo.addons.panda_provisioning.engine.send_budget import SendBudget

    world.execute("TRUNCATE panda_system_pace")

    def make(system=world.system, **options):
        return SendBudget(PaceStore(world.database, system), **options)

    return make


@pytest.fixture
def results():
    from odoo.addons.panda_provisioning.panda_api.limiter import Result

    return Result


def get_turn(budget, seconds=LONG):
    """Wait for a turn and return when it came, in seconds of the monotonic clock."""
    budget.wait(time.monotonic() + seconds)
    return time.monotonic()


def send(budget, result, count=1, **options):
    """Send ``count`` requests that all end with ``result``."""
    for _number in range(count):
        budget.note(result, get_turn(budget), **options)


def learn(budget, results, rate):
    """Let ``budget`` learn that no more than about ``rate`` requests a second are
    accepted."""
    send(budget, results.ACCEPTED, rate)
    send(budget, results.REFUSED, retry_after=0.9)


@contextmanager
def failing(code):
    """Expect an error with that code, and give it."""
    from odoo.addons.panda_provisioning.panda_api.errors import PandaError

    with pytest.raises(PandaError) as caught:
        yield caught
    assert caught.value.code == code


def in_threads(*jobs):
    """Do all of ``jobs`` at once and return what they return."""
    returned = [None] * len(jobs)

    def work(number):
        returned[number] = jobs[number]()

    threads = [threading.Thread(target=work, args=[n]) for n in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return returned


def test_without_limits_nobody_waits_and_the_database_is_asked_seldom(
    budgets, results, monkeypatch
):
    """Twice a second, not for each request."""
    budget = budgets()
    exchanges = []
    update = budget._store.update
    budget._store.update = lambda change: exchanges.append(1) or update(change)
    begun = time.monotonic()
    send(budget, results.ACCEPTED, 500)
    assert len(exchanges) <= 2 + (time.monotonic() - begun) / 0.4


def test_all_senders_together_keep_to_the_rate(budgets, results):
    """Two processes with eight threads each."""
    pair = [budgets(most=40), budgets(most=40)]
    begun = time.monotonic()

    def work(budget):
        def send_ten():
            send(budget, results.ACCEPTED, 10)

        return send_ten

    in_threads(*(work(budget) for budget in pair for _thread in range(8)))
    seconds = time.monotonic() - begun
    assert 160 / 40 - 0.3 <= seconds <= 160 / 40 + 1


def test_what_one_has_learnt_the_other_keeps_to(budgets, results):
    """From its next exchange on, and the next process from its first."""
    first, second = budgets(), budgets()
    send(second, results.ACCEPTED)
    learn(first, results, 20)
    first.close()
    time.sleep(0.6)  # what the second one has taken is over
    for budget in (second, budgets()):
        get_turn(budget)
        assert budget._pace.learnt == pytest.approx(first._pace.learnt)


def test_a_pause_counts_for_everybody(budgets, results):
    """Whether they wait for it or have to give up."""
    first, second = budgets(), budgets(urgent=True)
    send(first, results.REFUSED, retry_after=1.5)
    paused_at = time.monotonic()
    first.close()
    assert get_turn(second) - paused_at == pytest.approx(1.5, abs=0.3)
    send(first, results.REFUSED, retry_after=60)
    first.close()
    time.sleep(0.6)
    with failing("throttled") as caught:
        get_turn(second, seconds=5)
    assert caught.value.retry_after == pytest.approx(60, abs=2)


def test_a_pause_reaches_those_who_wait_already(budgets, results):
    """Their turns are given back; nothing leaves in the pause."""
    budget = budgets(most=2)
    send(budget, results.ACCEPTED)
    begun = time.monotonic()

    def refuse():
        time.sleep(0.1)
        with budget._changed:
            budget._pending += 1
        budget.note(results.REFUSED, begun, retry_after=1.5)

    turns = in_threads(refuse, lambda: get_turn(budget), lambda: get_turn(budget))
    assert min(turns[1:]) - begun >= 1.5


def test_a_person_does_not_wait_behind_a_run(budgets, results):
    """Who has a backlog of half a second at least."""
    run, person = budgets(most=2), budgets(most=2, urgent=True)
    send(run, results.ACCEPTED, 3)
    with ExitStack() as waiting:
        thread = threading.Thread(target=send, args=[run, results.ACCEPTED, 3])
        waiting.callback(thread.join)
        thread.start()
        begun = time.monotonic()
        assert get_turn(person) - begun < 0.4


def test_who_comes_too_late_is_told_in_time(budgets, results):
    """Nothing was sent then."""
    budget = budgets(most=0.5)
    send(budget, results.ACCEPTED)
    begun = time.monotonic()
    with failing("not_sent"):
        get_turn(budget, seconds=0.5)
    assert time.monotonic() - begun < 1


def test_a_day_has_so_many_requests_for_all(budgets, results):
    """Not one more, whoever sends them, and it is said when it goes on."""
    pair = [budgets(per_day=100), budgets(per_day=100, urgent=True)]
    sent = []

    def work(budget):
        def send_all():
            with failing("daily_limit") as caught:
                while True:
                    send(budget, results.ACCEPTED)
                    sent.append(1)
            budget.close()  # the other process waits for what it has reserved
            return caught.value.retry_after

        return send_all

    waits = in_threads(*(work(budget) for budget in pair for _thread in range(4)))
    assert len(sent) == 100
    midnight = 86_400 - time.time() % 86_400
    assert waits == [pytest.approx(midnight, abs=5)] * 8


def test_what_a_process_that_has_died_had_reserved_comes_back(budgets, results, world):
    """It says nothing, not even what it has sent of its last slice; time tells."""
    dead = budgets(per_day=100)
    send(dead, results.ACCEPTED, 30)  # and has reserved more by now
    last_slice = dead._turns.count
    world.execute(
        """
        UPDATE panda_system_pace SET state = jsonb_set(state, '{day,reserved}', (
            SELECT jsonb_object_agg(key, jsonb_build_array(value -> 0, 0))
            FROM jsonb_each(state -> 'day' -> 'reserved')))
        """
    )
    budget = budgets(per_day=100)
    sent = 0
    with failing("daily_limit"):
        while True:
            send(budget, results.ACCEPTED)
            sent += 1
    assert 70 <= sent <= 70 + last_slice


def test_nothing_is_lost_when_the_database_does_not_answer(budgets, results, world):
    """It goes on with what it knows, and tells the others later."""
    budget = budgets()
    learn(budget, results, 20)
    learnt = budget._pace.learnt
    with world.environment() as env:
        env.cr.execute("SELECT FROM panda_system_pace FOR UPDATE")
        time.sleep(1)
        send(budget, results.ACCEPTED, 2)
        assert budget._pace.learnt == pytest.approx(learnt)
        assert budget._events
    budget.close()
    [row] = world.execute("SELECT state FROM panda_system_pace")
    assert row.state["pace"]["learnt"] == pytest.approx(learnt)
    minutes = row.state["pace"]["minutes"]
    assert sum(minutes["accepted"].values()) == 22


def test_a_system_that_is_not_committed_has_a_pace_of_its_own(budgets, results):
    """Its first test of the connection, for example."""
    budget = budgets(system=10**9)
    learn(budget, results, 20)
    assert budget._pace.learnt


def test_each_system_has_a_pace_of_its_own(budgets, results, world):
    """The pause of one is not the other's."""
    send(budgets(), results.REFUSED, retry_after=60)
    begun = time.monotonic()
    assert get_turn(budgets(system=world.other_system)) - begun < 1


def test_a_run_survives_refusals(world, results):
    """They cost no attempt, and the run goes on."""
    rule = {"fault": "throttled", "times": 8, "retry_after": None}
    for _number in range(5):
        world.add()
    world.sandbox.control("POST", "faults", rule)
    world.run()
    rows = world.execute("SELECT state, attempt_count FROM panda_account")
    assert [(row.state, row.attempt_count) for row in rows] == [("synced", 0)] * 5
    [system] = world.execute(
        "SELECT health FROM panda_system WHERE id = %s", [world.system]
    )
    assert system.health == "healthy"
