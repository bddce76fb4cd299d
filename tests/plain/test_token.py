"""One token for all threads of a connection, renewed early."""

from __future__ import annotations

import math
import threading
import time

import pytest

from panda_provisioning.panda_api.errors import ErrorKind, PandaError
from panda_provisioning.panda_api.token import TokenCache

from .support import at_once, failing


def test_threads_that_wait_get_the_one_token_that_was_fetched() -> None:
    """One fetch, however many threads."""
    fetches: list[int] = []

    def fetch(_until: float) -> tuple[str, float]:
        fetches.append(1)
        return f"token-{len(fetches)}", 3600

    assert set(at_once(16, TokenCache(fetch).get)) == {"token-1"}
    assert len(fetches) == 1


def test_threads_that_wait_for_a_fetch_that_fails_fail_with_it() -> None:
    """Those that are there when it fails; who comes later tries anew."""
    fetches: list[int] = []
    all_wait = threading.Event()

    def fetch(_until: float) -> tuple[str, float]:
        fetches.append(1)
        all_wait.wait(5)
        raise PandaError(ErrorKind.AUTH, "invalid_credentials", "No.")

    cache = TokenCache(fetch)
    timer = threading.Timer(0.2, all_wait.set)
    timer.start()
    answers = at_once(8, cache.get)
    timer.join()
    assert {str(answer) for answer in answers} == {"invalid_credentials: No."}
    assert len(fetches) == 1
    with pytest.raises(PandaError):
        cache.get()
    assert len(fetches) == 2


def test_a_token_is_only_discarded_by_who_had_it() -> None:
    """Whoever is late with a complaint does not take the new one away."""
    tokens = iter(["old", "new", "newer"])
    cache = TokenCache(lambda _until: (next(tokens), 3600))
    assert cache.get() == "old"
    cache.discard("old")
    assert cache.get() == "new"
    cache.discard("old")
    assert cache.get() == "new"


def test_whoever_waits_for_a_token_too_long_gets_none() -> None:
    """A fetch of another thread that takes its time does not keep others waiting."""
    begun, end = threading.Event(), threading.Event()

    def fetch(_until: float) -> tuple[str, float]:
        begun.set()
        end.wait(10)
        return "token", 3600

    cache = TokenCache(fetch)
    slow = threading.Thread(target=cache.get)
    slow.start()
    begun.wait(10)
    started = time.monotonic()
    with failing(ErrorKind.OUTAGE, "timeout"):
        cache.get(started + 0.2)
    assert time.monotonic() - started < 2
    end.set()
    slow.join()
    assert cache.get(time.monotonic()) == "token", "and another one can"


def test_a_fetch_is_told_when_it_has_to_end() -> None:
    ends: list[float] = []
    cache = TokenCache(lambda until: (f"token-{ends.append(until)}", 0))
    moment = time.monotonic() + 100
    cache.get(moment)
    cache.get()
    assert ends == [moment, math.inf]


@pytest.mark.parametrize(
    ("life", "renewed_after"), [(100, 90), (3600, 3300), (86_400, 86_100), (10, 9)]
)
def test_a_token_is_renewed_with_a_tenth_of_its_life_left(
    monkeypatch: pytest.MonkeyPatch, life: float, renewed_after: float
) -> None:
    """Or with five minutes, if that is less."""
    moment = [time.monotonic()]
    monkeypatch.setattr(
        "panda_provisioning.panda_api.token.time.monotonic", lambda: moment[0]
    )
    fetches: list[int] = []
    cache = TokenCache(lambda _until: (str(fetches.append(1)), life))
    cache.get()
    moment[0] += renewed_after - 0.01
    cache.get()
    assert len(fetches) == 1
    moment[0] += 0.02
    cache.get()
    assert len(fetches) == 2


def test_a_token_that_lives_for_no_time_at_all_is_fetched_each_time() -> None:
    """Strange, but no reason to loop or to fail."""
    fetches: list[int] = []
    cache = TokenCache(lambda _until: (f"token-{fetches.append(1)}", 0))
    cache.get()
    cache.get()
    assert len(fetches) == 2
