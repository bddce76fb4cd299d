"""The quota: how many requests are accepted, and what is told of it."""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests

from panda_sandbox.process import SandboxProcess
from panda_sandbox.quota import Bucket, Quota, Window
from panda_sandbox.settings import ROOT_ACCOUNT
from support import ACCOUNTS, Api

BUCKET = Bucket(kind="bucket", rate=2, burst=4)
WINDOW = Window(kind="window", requests=3, seconds=10)
SLOW = {"kind": "bucket", "rate": 0.01, "burst": 2}
"""A bucket that gets nothing back while a test runs."""


def accepted(quota: Quota, *times: float) -> list[float]:
    """The times at which a request would have been accepted."""
    return [each for each in times if not quota.refuse(each)]


def wait_of(quota: Quota, now: float) -> float | None:
    rule = quota.refuse(now)
    assert rule
    assert rule.fault == "throttled"
    return rule.retry_after


# === THE RULES === #


def test_without_a_quota_all_is_accepted() -> None:
    quota = Quota(None, 100)
    assert accepted(quota, *[100.0] * 50) == [100.0] * 50
    assert quota.allowed(100, 101) is None


def test_bucket_is_full_and_fills_up_again() -> None:
    quota = Quota(BUCKET, 100)
    assert accepted(quota, *[100.0] * 9) == [100.0] * 4
    assert accepted(quota, 100.25, 100.5, 100.75, 101) == [100.5, 101]
    assert accepted(quota, *[200.0] * 9) == [200.0] * 4


def test_refused_requests_use_nothing_of_a_bucket() -> None:
    quota = Quota(BUCKET, 100)
    accepted(quota, *[100.0] * 4)
    assert accepted(quota, *(100 + n / 100 for n in range(50))) == []
    assert accepted(quota, 100.5) == [100.5]


def test_window_counts_from_when_the_quota_was_set() -> None:
    quota = Quota(WINDOW, 107)
    assert accepted(quota, 107, 110, 112, 113, 116.9) == [107, 110, 112]
    assert accepted(quota, *[117.0] * 5) == [117.0] * 3
    assert accepted(quota, *[136.9] * 5) == [136.9] * 3


def test_refusal_says_when_the_next_request_is_accepted_rounded_up() -> None:
    bucket = Quota(Bucket(kind="bucket", rate=0.25, burst=1), 100)
    accepted(bucket, 100)
    assert [wait_of(bucket, 100), wait_of(bucket, 101.5)] == [4, 3]
    assert accepted(bucket, 104.5) == [104.5]
    window = Quota(WINDOW, 100)
    accepted(window, *[100.0] * 3)
    assert [wait_of(window, 100), wait_of(window, 109.5)] == [10, 1]


@pytest.mark.parametrize("rule", [BUCKET, WINDOW])
def test_refusal_may_say_nothing(rule: Bucket | Window) -> None:
    quota = Quota(rule.model_copy(update={"retry_after": False}), 100)
    accepted(quota, *[100.0] * 4)
    assert wait_of(quota, 100) is None


def test_bucket_takes_over_what_is_left() -> None:
    quota = Quota(BUCKET, 100)
    accepted(quota, *[100.0] * 3)
    quota.change(Bucket(kind="bucket", rate=1, burst=9), 100.5)
    assert accepted(quota, *[100.5] * 5) == [100.5] * 2
    quota.change(BUCKET, 200)
    assert accepted(quota, *[200.0] * 9) == [200.0] * 4, "no more than its burst"


def test_same_quota_goes_on_and_another_one_begins_anew() -> None:
    quota = Quota(WINDOW, 100)
    accepted(quota, *[100.0] * 3)
    quota.change(WINDOW.model_copy(), 105)
    assert quota.since == 100
    assert accepted(quota, 105) == []
    quota.change(BUCKET, 106)
    assert accepted(quota, *[106.0] * 9) == [106.0] * 4
    quota.change(None, 106)
    assert accepted(quota, *[106.0] * 9) == [106.0] * 9


# === WHAT WAS ALLOWED === #


@pytest.mark.parametrize(
    ("begin", "end", "allowed"),
    [
        (100, 110, 4 + 20),
        (105, 110, 4 + 10),
        # Not what was before.
        (90, 110, 4 + 20),
    ],
)
def test_bucket_allows_its_burst_and_its_rate(
    begin: float, end: float, allowed: float
) -> None:
    assert Quota(BUCKET, 100).allowed(begin, end) == allowed


@pytest.mark.parametrize(
    ("begin", "end", "allowed"),
    [
        (100, 110, 3),
        (100, 110.1, 6),
        (109.9, 110.1, 6),
        (110, 130, 6),
        (90, 101, 3),
    ],
)
def test_windows_are_allowed_as_a_whole(
    begin: float, end: float, allowed: float
) -> None:
    assert Quota(WINDOW, 100).allowed(begin, end) == allowed


def test_every_quota_of_a_time_counts_for_as_long_as_it_was_in_force() -> None:
    quota = Quota(BUCKET, 100)
    half = Bucket(kind="bucket", rate=1, burst=2)
    quota.change(half, 110)
    quota.change(BUCKET, 130)
    assert quota.allowed(100, 140) == 4 + 10 * 2 + 20 * 1 + 10 * 2
    assert quota.allowed(120, 140) == 2 + 10 * 1 + 10 * 2
    quota.change(WINDOW, 140)
    quota.change(BUCKET, 145)
    assert quota.allowed(138, 146) == (4 + 2 * 2) + 3 + (4 + 1 * 2)
    quota.change(None, 150)
    assert quota.allowed(145, 150) == 4 + 5 * 2
    assert quota.allowed(145, 151) is None


# === ON THE WIRE === #


def set_quota(sandbox: SandboxProcess, **quota: Any) -> None:
    sandbox.control("PATCH", "settings", {"quota": quota})


def test_what_is_too_much_is_refused_and_not_performed(
    sandbox: SandboxProcess, api: Api
) -> None:
    set_quota(sandbox, **SLOW)
    answers = [api.post_account(name=f"Acme {n}") for n in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[-1].json() == {"message": "Too Many Requests"}
    assert answers[-1].headers["Retry-After"] == "100"
    sandbox.control("PATCH", "settings", {"quota": None})
    assert api.names() == ["Acme 0", "Acme 1"]


def test_requests_for_a_token_use_quota_and_the_sandboxs_own_pages_do_not(
    sandbox: SandboxProcess,
) -> None:
    set_quota(sandbox, **SLOW, retry_after=False)
    api = Api(sandbox.url)
    answers = [api.ask_token() for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert "Retry-After" not in answers[-1].headers
    requests.get(f"{sandbox.url}/outbox").raise_for_status()


def test_window_opens_again(sandbox: SandboxProcess, api: Api) -> None:
    set_quota(sandbox, kind="window", requests=1, seconds=0.5)
    url = f"{ACCOUNTS}/{ROOT_ACCOUNT}"
    begun, statuses = time.monotonic(), []
    while statuses.count(200) < 3:
        statuses.append(api.call("GET", url).status_code)
    assert time.monotonic() - begun > 0.5
    assert 429 in statuses


def test_refusals_come_as_late_as_any_answer(sandbox: SandboxProcess, api: Api) -> None:
    sandbox.control("PATCH", "settings", {"latency_ms": 100})
    set_quota(sandbox, kind="bucket", rate=0.01, burst=1)
    answers = [api.get_account(ROOT_ACCOUNT) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]
    assert answers[-1].elapsed.total_seconds() >= 0.1


def test_faults_are_for_what_was_accepted(sandbox: SandboxProcess, api: Api) -> None:
    sandbox.control("POST", "faults", {"fault": "server_error"})
    set_quota(sandbox, **SLOW)
    answers = [api.get_account(ROOT_ACCOUNT) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [500, 500, 429]
    faults = [row["fault"] for row in sandbox.control("GET", "requests?path=/rest/*")]
    assert faults == ["server_error", "server_error", "quota"]


def test_use_of_the_quota_is_told(sandbox: SandboxProcess, api: Api) -> None:
    set_quota(sandbox, **SLOW)
    for _ in range(3):
        api.get_account(ROOT_ACCOUNT)
    told = sandbox.control("GET", "quota")
    assert told["allowed"] == pytest.approx(2 + 0.01 * (told["end"] - told["begin"]))
    assert (len(told["accepted"]), len(told["refused"])) == (2, 1)
    assert told["begin"] < told["accepted"][0] < told["refused"][0] < told["end"]
    second = f"begin={told['accepted'][1]}&end={told['refused'][0]}"
    told = sandbox.control("GET", f"quota?{second}")
    assert (len(told["accepted"]), told["refused"]) == (1, [])


def test_without_a_quota_any_number_is_allowed(
    sandbox: SandboxProcess, api: Api
) -> None:
    told = sandbox.control("GET", "quota")
    assert told["allowed"] is None
    assert (len(told["accepted"]), told["refused"]) == (1, [])
    assert api.names() == []


def test_other_settings_leave_the_quota_as_it_is(
    sandbox: SandboxProcess, api: Api
) -> None:
    set_quota(sandbox, **SLOW)
    api.get_account(ROOT_ACCOUNT)
    sandbox.control("PATCH", "settings", {"latency_ms": 1})
    answers = [api.get_account(ROOT_ACCOUNT) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]


def test_reset_ends_the_quota(sandbox: SandboxProcess, api: Api) -> None:
    set_quota(sandbox, **SLOW)
    sandbox.control("POST", "reset")
    assert sandbox.control("GET", "settings")["quota"] is None
    assert [api.ask_token().status_code for _ in range(4)] == [200] * 4
