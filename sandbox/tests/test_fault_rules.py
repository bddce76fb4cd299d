"""Which requests a rule strikes."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from panda_sandbox.faults import FaultRule, Faults, rules_from_rates, rules_from_text
from panda_sandbox.process import SandboxProcess
from support import ACCOUNTS, SUBSCRIBER, Api, wait_until

ACCOUNT = "/rest/platform/accounts/v1/accounts/ACC-1000001"
OPERATOR = "/rest/platform/operator-mgmt/v1/operators"


def struck(faults: Faults, times: int) -> list[int]:
    """Which of so many equal requests get a fault."""
    return [n for n in range(times) if faults.pick("POST", ACCOUNT, "Acme")]


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ({}, True),
        ({"method": "POST"}, True),
        ({"method": "GET"}, False),
        ({"path": "*/accounts/*"}, True),
        ({"path": "*/accounts"}, False),
        ({"account": "Acme"}, True),
        ({"account": "A*"}, True),
        ({"account": "acme"}, False),
    ],
)
def test_patterns(pattern: dict[str, str], matches: bool) -> None:  # noqa: FBT001
    rule = FaultRule.model_validate({"fault": "slow", **pattern})
    assert rule.matches("POST", ACCOUNT, "Acme") is matches


@pytest.mark.parametrize(
    ("fault", "method", "path", "matches"),
    [
        ("transaction_stuck", "POST", OPERATOR, True),
        ("transaction_failed", "PATCH", OPERATOR, True),
        ("transaction_stuck", "POST", ACCOUNT, False),
        ("lagging_search", "POST", ACCOUNT, True),
        ("lagging_search", "GET", ACCOUNT, False),
        ("lagging_search", "PATCH", OPERATOR, False),
        ("lost_answer", "POST", "/oauth/token", False),
    ],
)
def test_faults_keep_to_requests_where_they_mean_something(
    fault: str,
    method: str,
    path: str,
    matches: bool,  # noqa: FBT001
) -> None:
    rule = FaultRule.model_validate({"fault": fault})
    assert rule.matches(method, path, "") is matches


def test_skip_and_times() -> None:
    faults = Faults([FaultRule(fault="slow", skip=2, times=3)])
    assert struck(faults, 10) == [2, 3, 4]
    [row] = faults.as_list()
    assert row == {"fault": "slow", "skip": 2, "times": 3, "matched": 10, "struck": 3}


def test_rule_that_lasts_ends_by_the_clock() -> None:
    faults = Faults([FaultRule(fault="slow", lasts=0.3)])
    assert struck(faults, 5) == [0, 1, 2, 3, 4]
    wait_until(lambda: not faults.pick("POST", ACCOUNT, "Acme"))
    assert struck(faults, 5) == []


def test_rate_is_kept_and_repeatable() -> None:
    rules = rules_from_rates({"slow": 0.2})
    one, same, other = (struck(Faults(rules, seed), 2000) for seed in (7, 7, 8))
    assert one == same != other
    assert 320 < len(one) < 480


def test_reset_repeats_chance_and_arms_again() -> None:
    faults = Faults([FaultRule(fault="slow", rate=0.5, times=5)], seed=3)
    first = struck(faults, 50)
    faults.replace([])
    assert struck(faults, 5) == []
    faults.reset()
    assert struck(faults, 50) == first


def test_first_rule_wins_and_an_added_one_comes_first() -> None:
    faults = Faults([FaultRule(fault="slow"), FaultRule(fault="throttled")])
    faults.add(FaultRule(fault="truncated", times=1))
    picked = [faults.pick("POST", ACCOUNT, "") for _ in range(2)]
    assert [rule and rule.fault for rule in picked] == ["truncated", "slow"]


def test_rates_are_numbers_or_objects() -> None:
    slow, throttled = rules_from_rates(
        {"slow": 0.1, "throttled": {"rate": 0.2, "retry_after": None, "method": "GET"}}
    )
    assert (slow.rate, slow.retry_after) == (0.1, 1)
    assert (throttled.rate, throttled.retry_after) == (0.2, None)
    assert throttled.method == "GET"


def test_rates_of_the_command_line() -> None:
    slow, throttled = rules_from_text("slow=0.1:seconds=3,throttled=1:retry_after=none")
    assert (slow.rate, slow.duration) == (0.1, 3)
    assert (throttled.rate, throttled.retry_after) == (1, None)
    assert rules_from_text("") == []


@pytest.mark.parametrize(
    "rule",
    [
        {"fault": "earthquake"},
        {"fault": "slow", "rate": 2},
        {"fault": "slow", "times": 0},
        {"fault": "slow", "lasts": 0},
        {"fault": "slow", "speed": 1},
        {"fault": "server_error", "status": 200},
    ],
)
def test_bad_rules_are_refused(rule: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        FaultRule.model_validate(rule)


def test_account_name_of_every_kind_of_request(
    sandbox: SandboxProcess, api: Api
) -> None:
    account_id = api.create_account()
    path = f"{ACCOUNTS}/{account_id}"
    api.get_account(account_id)
    api.call("PATCH", path, json=SUBSCRIBER)
    api.children(account_id)
    api.children(name="Acme")
    api.transaction(api.create_operator(account_id))
    api.update_operator(account_id, phone="1234567")
    api.operators(account_id)
    api.delete_operator(account_id)
    api.call("DELETE", path)
    count = sandbox.control("GET", "requests/count?account=Acme")["count"]
    assert count == sandbox.control("GET", "requests/count?path=/rest/*")["count"] == 11


def test_rule_for_one_account_spares_the_others(
    sandbox: SandboxProcess, api: Api
) -> None:
    rule = {"fault": "server_error", "account": "Beta", "path": "*/operators"}
    sandbox.control("POST", "faults", rule)
    acme, beta = api.create_account(), api.create_account(name="Beta")
    assert api.post_operator(acme).status_code == 200
    assert api.post_operator(beta).status_code == 500
