"""A short run of ``make chaos``: after kills and faults nothing is lost or doubled."""

import pytest

from tools.chaos import MUST_BE_NONE, run
from tools.postgres import postgres


@pytest.fixture(scope="module")
def figures():
    with postgres() as server:
        return run(server, seed=1, kills=3, count=60)


@pytest.mark.parametrize("name", MUST_BE_NONE)
def test_there_are_none(figures, name):
    assert figures[name] == 0, figures


def test_something_did_go_wrong(figures):
    assert figures["kills"] == 3
    assert figures["faults"] > 3
    assert figures["bursts"] > 0
    assert figures["quota_changes"] > 0
    assert figures["quota_refusals"] > 0
    assert figures["pressed"] > 0
    assert figures["edited"] > 0
    assert figures["lies"] > 0
    assert figures["accounts"] == figures["remote_accounts"] == 60
