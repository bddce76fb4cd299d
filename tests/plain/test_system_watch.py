"""Whether it is the system that is in trouble, and not one of its accounts."""

from __future__ import annotations

import pytest

from panda_provisioning.core.retry_policy import POLICIES, Stops
from panda_provisioning.core.system_watch import (
    ANSWERED_KINDS,
    OUTAGE_KINDS,
    Condition,
    SystemWatch,
)
from panda_provisioning.panda_api.errors import ErrorKind, PandaError


def watch_of(*kinds: ErrorKind | None, is_down: bool = False) -> SystemWatch:
    """A watch that has seen steps of the accounts 0, 1, … end with errors of these
    kinds, ``None`` for a success."""
    watch = SystemWatch()
    for key, kind in enumerate(kinds):
        error = PandaError(kind, "code") if kind else None
        watch.note(key, error, is_down=is_down)
    return watch


def test_a_run_without_steps_says_nothing() -> None:
    """It has not met the system."""
    assert watch_of().judge(is_late=False) is Condition.NOTHING


@pytest.mark.parametrize("kind", [None, *ANSWERED_KINDS])
def test_whoever_answers_works(kind: ErrorKind | None) -> None:
    """Also with a refusal, and whatever else has failed beside it."""
    watch = watch_of(ErrorKind.OUTAGE, kind, ErrorKind.PROTOCOL)
    assert watch.stopped_by is None
    assert watch.judge(is_late=False) is Condition.HEALTHY


@pytest.mark.parametrize("kind", [*OUTAGE_KINDS, ErrorKind.PROTOCOL, ErrorKind.BUG])
def test_if_nothing_succeeds_the_system_is_checked(kind: ErrorKind) -> None:
    """However few accounts there were; but for a run that has no time left."""
    watch = watch_of(kind)
    assert watch.stopped_by is None
    assert watch.judge(is_late=False) is Condition.SUSPECT
    assert watch.judge(is_late=True) is Condition.NOTHING


@pytest.mark.parametrize("kind", OUTAGE_KINDS)
def test_a_run_ends_when_the_system_is_down(kind: ErrorKind) -> None:
    """Although others of its steps have succeeded."""
    watch = watch_of(None, kind, is_down=True)
    assert watch.stopped_by is not None
    assert watch.judge(is_late=False) is Condition.SUSPECT


def test_only_an_outage_shows_that_it_is_down() -> None:
    """What cannot be read is not the fault of a system that does not answer."""
    assert watch_of(ErrorKind.PROTOCOL, is_down=True).stopped_by is None


@pytest.mark.parametrize(
    "kind", [k for k, p in POLICIES.items() if p.stops in (Stops.SYSTEM, Stops.PACE)]
)
def test_what_concerns_all_accounts_ends_the_run(kind: ErrorKind) -> None:
    """Refused credentials or rights, and a pause."""
    watch = watch_of(None, kind)
    assert watch.stopped_by is watch.error
    is_pause = kind is ErrorKind.THROTTLED
    condition = Condition.THROTTLED if is_pause else Condition.SUSPECT
    assert watch.judge(is_late=False) is condition


def test_it_knows_whom_the_system_has_kept_waiting() -> None:
    """Those get their attempts back; the refused ones fail if it works after all."""
    watch = watch_of(
        *(None, ErrorKind.OUTAGE, ErrorKind.UNKNOWN, ErrorKind.PROTOCOL),
        *(ErrorKind.DATA, ErrorKind.PERMISSION),
    )
    assert watch.failed == [1, 2]
    assert watch.refused == [5]
