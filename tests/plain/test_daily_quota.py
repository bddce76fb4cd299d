"""How many requests a day may have."""

from __future__ import annotations

import json

from panda_provisioning.core.daily_quota import DAY, RESERVED_FOR, DailyQuota

MIDNIGHT = 20_000.0 * DAY


def test_no_more_are_granted_than_the_day_has() -> None:
    """Whatever was sent and whatever others may still send counts."""
    quota = DailyQuota()
    assert quota.reserve("cron", 60, 0, 100, MIDNIGHT) == 60
    assert quota.reserve("button", 60, 0, 100, MIDNIGHT) == 40
    assert quota.reserve("preview", 1, 0, 100, MIDNIGHT) == 0


def test_what_was_sent_is_no_longer_reserved() -> None:
    """A sender reserves anew what it still wants, and says what is under way."""
    quota = DailyQuota()
    quota.reserve("cron", 60, 0, 100, MIDNIGHT)
    quota.note(50, MIDNIGHT)
    assert quota.reserve("cron", 60, 10, 100, MIDNIGHT) == 40
    assert quota.reserve("button", 1, 0, 100, MIDNIGHT) == 0


def test_who_ends_gives_back_what_is_left() -> None:
    """Wanting nothing is enough."""
    quota = DailyQuota()
    quota.reserve("cron", 60, 0, 100, MIDNIGHT)
    quota.reserve("cron", 0, 0, 100, MIDNIGHT)
    assert quota.reserve("button", 100, 0, 100, MIDNIGHT) == 100


def test_who_dies_gives_it_back_after_some_time() -> None:
    """Nobody needs to notice that it has died."""
    quota = DailyQuota()
    quota.reserve("cron", 60, 0, 100, MIDNIGHT)
    later = MIDNIGHT + RESERVED_FOR + 1
    assert quota.reserve("button", 100, 0, 100, later) == 100


def test_a_new_day_begins_at_midnight_utc() -> None:
    """With nothing sent and nothing reserved."""
    quota = DailyQuota()
    quota.note(100, MIDNIGHT - 1)
    assert quota.reserve("cron", 1, 0, 100, MIDNIGHT - 1) == 0
    assert quota.ends_at(MIDNIGHT - 1) == MIDNIGHT
    assert quota.reserve("cron", 1, 0, 100, MIDNIGHT) == 1
    assert quota.ends_at(MIDNIGHT) == MIDNIGHT + DAY


def test_it_survives_as_json() -> None:
    """The next process goes on with the same."""
    quota = DailyQuota()
    quota.note(3, MIDNIGHT)
    quota.reserve("cron", 60, 0, 100, MIDNIGHT)
    values = json.loads(json.dumps(vars(quota)))
    assert DailyQuota.from_dict(values) == quota
    assert DailyQuota.from_dict({}) == DailyQuota()
