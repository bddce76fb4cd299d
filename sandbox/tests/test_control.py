"""``/_control``: state, requests, settings, switches, faults."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from panda_sandbox.faults import FAULTS
from panda_sandbox.process import SandboxProcess
from panda_sandbox.settings import API_KEY, PASSWORDS, READ_WRITE_ID, ROOT_ACCOUNT
from panda_sandbox.switches import TABLE
from support import Api


def test_state_shows_everything_created(sandbox: SandboxProcess, api: Api) -> None:
    account_id = api.create_account()
    transaction_id = api.create_operator(account_id)
    state = sandbox.control("GET", "state")
    assert sorted(state) == ["mails", "operators", "tenants", "transactions"]
    [tenant] = state["tenants"]
    assert tenant.pop("createdAt")
    assert tenant == {
        "accountId": account_id,
        "parentId": ROOT_ACCOUNT,
        "type": 2,
        "tier": 2,
        "name": "Acme",
        "firstName": "Ann",
        "lastName": "Lee",
        "email": "ann@acme.example",
    }
    [transaction] = state["transactions"]
    assert transaction["transactionId"] == transaction_id
    assert (transaction["action"], transaction["status"]) == ("create", "SUCCESS")
    assert state["operators"][0]["username"] == "ann.lee"
    assert state["mails"] == sandbox.control("GET", "outbox") != []


def test_connection_is_told_and_works(sandbox: SandboxProcess) -> None:
    told = sandbox.control("GET", "connection")
    assert told.pop("rootAccountId") == ROOT_ACCOUNT
    assert told == {
        "accessId": READ_WRITE_ID,
        "password": PASSWORDS[READ_WRITE_ID],
        "apiKey": API_KEY,
    }
    answer = Api(sandbox.url, READ_WRITE_ID).ask_token()
    assert answer.status_code == 200


def test_requests_are_recorded(sandbox: SandboxProcess, api: Api) -> None:
    api.session.headers["X-Correlation-ID"] = "abc"
    api.children(name="Acme")
    first, second = sandbox.control("GET", "requests")
    assert (first["path"], first["status"], first["account"]) == (
        "/oauth/token",
        200,
        "",
    )
    assert second.pop("time")
    assert second.pop("duration_ms")
    assert second == {
        "number": 2,
        "method": "GET",
        "path": f"/rest/platform/accounts/v1/accounts/{ROOT_ACCOUNT}/children",
        "query": "name=Acme",
        "account": "Acme",
        "correlation_id": "abc",
        "fault": None,
        "status": 200,
    }


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 5),
        ("?method=POST", 4),
        ("?path=/rest/*", 4),
        ("?path=*/children", 1),
        ("?account=Beta", 1),
        ("?status=200", 3),
        ("?status=500", 1),
        ("?status=none", 1),
        ("?fault=lost_answer", 1),
        ("?fault=none", 3),
        ("?after=3", 2),
        ("?method=POST&status=200", 2),
    ],
)
def test_requests_are_counted(
    sandbox: SandboxProcess, api: Api, query: str, count: int
) -> None:
    sandbox.control(
        "POST", "faults", {"fault": "server_error", "account": "Beta", "times": 1}
    )
    sandbox.control("POST", "faults", {"fault": "lost_answer", "account": "Gamma"})
    api.post_account()
    api.post_account(name="Beta")
    with pytest.raises(requests.ConnectionError):
        api.post_account(name="Gamma")
    api.children()
    assert sandbox.control("GET", f"requests/count{query}") == {"count": count}
    assert len(sandbox.control("GET", f"requests{query}")) == count


def test_recorded_requests_hold_no_secret(sandbox: SandboxProcess, api: Api) -> None:
    api.create_operator(api.create_account(), password="Long-enough-12")
    text = str(sandbox.control("GET", "requests")) + str(
        sandbox.control("GET", "state")
    )
    token = str(api.session.headers["Authorization"]).removeprefix("Bearer ")
    assert "Acme" in text
    assert "ann.lee" in text
    for secret in (token, API_KEY, PASSWORDS[READ_WRITE_ID], "Long-enough-12"):
        assert secret not in text


def test_own_pages_are_not_recorded(sandbox: SandboxProcess) -> None:
    for path in ("/outbox", "/docs", "/openapi.json"):
        requests.get(sandbox.url + path).raise_for_status()
    assert sandbox.control("GET", "requests") == []


def test_reset_forgets_all_and_ends_tokens(sandbox: SandboxProcess, api: Api) -> None:
    api.create_operator(api.create_account())
    sandbox.control("PATCH", "settings", {"latency_ms": 5})
    sandbox.control("PATCH", "switches", {"paging": "flat"})
    sandbox.control("POST", "faults", {"fault": "slow"})
    sandbox.control("POST", "reset")
    assert not any(sandbox.control("GET", "state").values())
    assert sandbox.control("GET", "requests") == []
    assert sandbox.control("GET", "settings")["latency_ms"] == 0
    assert sandbox.control("GET", "settings")["pending_seconds"] == 0
    assert sandbox.control("GET", "switches")["paging"] == "nested"
    assert sandbox.control("GET", "faults")["rules"] == []
    assert api.get_account(ROOT_ACCOUNT).status_code == 401


def test_settings_change_one_by_one(sandbox: SandboxProcess) -> None:
    changed = sandbox.control("PATCH", "settings", {"latency_ms": 1.5})
    others = {"pending_seconds": 0, "token_seconds": 3600, "quota": None}
    assert changed == {"latency_ms": 1.5, **others}


def test_switches_and_their_table_agree(sandbox: SandboxProcess) -> None:
    table = sandbox.control("GET", "switches/table")
    positions = {row["name"]: row["values"][0] for row in table}
    assert sandbox.control("GET", "switches") == positions
    assert len(table) == len(TABLE)


def test_faults_are_added_replaced_and_removed(sandbox: SandboxProcess) -> None:
    assert sandbox.control("GET", "faults") == {"rules": [], "kinds": FAULTS}
    sandbox.control("POST", "faults", {"fault": "slow", "times": 2})
    both = {
        "rules": [{"fault": "truncated", "times": 1}],
        "rates": {"slow": 0.1, "throttled": {"rate": 0.2, "retry_after": None}},
    }
    rules = sandbox.control("PUT", "faults", both)["rules"]
    counts = {"matched": 0, "struck": 0}
    assert rules == [
        {"fault": "truncated", "times": 1, **counts},
        {"fault": "slow", "rate": 0.1, **counts},
        {"fault": "throttled", "rate": 0.2, "retry_after": None, **counts},
    ]
    assert sandbox.control("DELETE", "faults") == {"rules": []}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "settings", {"latency_ms": -1}),
        ("PATCH", "settings", {"latency": 1}),
        ("PATCH", "settings", {"quota": {"kind": "bucket", "rate": 1}}),
        ("PATCH", "settings", {"quota": {"kind": "leap", "rate": 1, "burst": 1}}),
        ("PATCH", "switches", {"paging": "sideways"}),
        ("PATCH", "switches", {"nonsense": "yes"}),
        ("PUT", "faults", {"rates": {"earthquake": 0.1}}),
        ("PUT", "faults", {"rates": {"slow": 7}}),
        ("POST", "faults", {"fault": "earthquake"}),
    ],
)
def test_bad_changes_are_refused(
    sandbox: SandboxProcess, method: str, path: str, body: dict[str, Any]
) -> None:
    response = requests.request(method, f"{sandbox.url}/_control/{path}", json=body)
    assert response.status_code == 400
    assert response.json()["details"]


def test_account_is_deleted_behind_the_clients_back(
    sandbox: SandboxProcess, api: Api
) -> None:
    reseller = api.create_account(type=1)
    customer = api.create_account(reseller)
    answer = sandbox.control("DELETE", f"accounts/{reseller}")
    assert answer == {"childIds": [customer]}
    assert api.get_account(customer).status_code == 404


@pytest.mark.parametrize("account_id", [ROOT_ACCOUNT, "WGC-1-unknown"])
def test_root_and_unknown_accounts_are_not_deleted(
    sandbox: SandboxProcess, account_id: str
) -> None:
    response = requests.delete(f"{sandbox.url}/_control/accounts/{account_id}")
    assert response.status_code == 404
