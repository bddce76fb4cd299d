"""The engine's discipline, seen from other transactions of a real database."""

import pytest

from bench.stage import Stage
from tools.postgres import postgres

COUNT = 40


@pytest.fixture(scope="module")
def stage():
    with postgres() as server, Stage(server, "witness") as stage:
        yield stage


@pytest.fixture
def witness(stage):
    """A process with Odoo on a fresh database and 40 accounts that are queued."""
    stage.new_panda(latency=20)
    with stage.odoo("witness", stage.ours()) as program:
        program.call("add", count=COUNT)
        yield program


def test_no_transaction_is_held_open_over_a_request(stage, witness):
    """Short ones come and go meanwhile. Every create is marked before it leaves."""
    stage.new_panda(latency=300)
    seen = witness.call("watch_requests")
    assert seen["sent"] >= 3 * COUNT
    assert seen["held"] == 0
    assert seen["unmarked"] == 0
    stage.check_panda(COUNT)


def test_two_runs_never_take_the_same_account(witness):
    one, two = witness.call("claim_on_two_cursors", count=25)
    assert (len(one), len(two)) == (25, COUNT - 25)
    assert not set(one) & set(two)


def test_a_run_whose_lease_is_over_writes_nothing(witness):
    assert witness.call("write_after_the_lease") == []


def test_runs_and_buttons_at_once_create_everything_once(stage, witness):
    assert witness.call("run_twice_at_once", presses=6) == []
    assert witness.call("states") == {"synced": COUNT}
    stage.check_panda(COUNT)


def test_an_edit_while_it_is_sent_is_not_lost(stage, witness):
    witness.call("edit_meanwhile")
    assert witness.call("states") == {"synced": COUNT}
    operators = stage.get_state()["operators"]
    assert {operator["phone"] for operator in operators} == {"32470999999"}
    stage.check_panda(COUNT)
