"""How often something has happened lately."""

from __future__ import annotations

import pytest

from panda_provisioning.core.history import History

NOW = 1_000_000.0


def test_it_counts_what_lies_within() -> None:
    """Of the bucket in which the period begins, the part that lies within."""
    history = History(width=10, span=60)
    for ago in (55, 25, 5):
        history.add(NOW - ago, 4)
    assert history.total(60, NOW) == 12
    assert history.total(20, NOW) == 4
    assert history.total(25, NOW) == 4 + 2
    assert history.total(60, NOW + 60) == 0


def test_what_is_too_old_is_forgotten() -> None:
    """It does not grow with time."""
    history = History(width=10, span=60)
    for ago in range(1000, 0, -5):
        history.add(NOW - ago)
    assert len(history.as_dict()) <= 8
    assert history.total(60, NOW) == 12


def test_a_graph_has_a_value_for_each_bucket() -> None:
    """Also where nothing happened; the last one is the current bucket."""
    history = History(width=60, span=300)
    history.add(NOW, 2)
    history.add(NOW - 120, 3)
    assert history.series(NOW) == [0, 0, 3, 0, 2]


@pytest.mark.parametrize("seconds", [1, 17, 60])
def test_it_survives_as_json(seconds: float) -> None:
    """Keys of JSON are texts."""
    history, copy = History(10, 60), History(10, 60)
    history.add(NOW - 15, 7)
    copy.load(history.as_dict())
    assert copy.total(seconds, NOW) == history.total(seconds, NOW)
