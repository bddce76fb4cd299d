"""What every call below ``/rest`` needs (docs/watchguard-api.md#sandbox-admission)."""

from __future__ import annotations

import pytest

from panda_sandbox.process import SandboxProcess
from panda_sandbox.settings import FOREIGN_ACCOUNT, ROOT_ACCOUNT
from support import ACCOUNTS, OPERATORS, Api

ROOT_PATH = f"{ACCOUNTS}/{ROOT_ACCOUNT}"


@pytest.mark.parametrize("authorization", [None, "Bearer unknown", "Basic abc", ""])
def test_without_a_good_token_nothing_is_answered(
    api: Api, authorization: str | None
) -> None:
    headers = {"Authorization": authorization}
    response = api.call("GET", ROOT_PATH, headers=headers)
    assert response.status_code == 401
    body = response.json()
    assert sorted(body) == ["code", "details", "message"]
    assert body["code"] == 401


@pytest.mark.parametrize("key", [None, "wrong"])
def test_without_the_api_key_nothing_is_answered(api: Api, key: str | None) -> None:
    response = api.call("GET", ROOT_PATH, headers={"WatchGuard-API-Key": key})
    assert response.status_code == 403


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", ROOT_PATH),
        ("PATCH", ROOT_PATH),
        ("DELETE", ROOT_PATH),
        ("POST", f"{OPERATORS}/operators"),
        ("PATCH", f"{OPERATORS}/operators"),
        ("POST", f"{OPERATORS}/DeleteOperators"),
    ],
)
def test_read_only_access_id_is_refused_before_its_request_is_read(
    reader: Api, method: str, path: str
) -> None:
    assert reader.call(method, path, json={}).status_code == 403


def test_read_only_access_id_may_read(reader: Api) -> None:
    assert reader.get_account(ROOT_ACCOUNT).status_code == 200
    assert reader.children()["items"] == []


def test_foreign_account_is_refused_and_an_unknown_one_not_found(api: Api) -> None:
    assert api.get_account(FOREIGN_ACCOUNT).status_code == 403
    assert api.get_account("WGC-1-unknown").status_code == 404


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("text/html", 406),
        ("application/xml, text/plain", 406),
        ("*/*", 200),
        ("application/*", 200),
        ("text/html, application/json;q=0.5", 200),
    ],
)
def test_accept_must_allow_json(api: Api, accept: str, status: int) -> None:
    response = api.call("GET", ROOT_PATH, headers={"Accept": accept})
    assert response.status_code == status


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PUT", ROOT_PATH, 405),
        ("GET", f"{OPERATORS}/operators", 405),
        ("GET", "/rest/portal/operator-mgmt/v1/operators", 404),
    ],
)
def test_unknown_verbs_and_paths_get_an_error_of_the_api(
    api: Api, method: str, path: str, status: int
) -> None:
    response = api.call(method, path)
    assert response.status_code == status
    assert response.json()["code"] == status


@pytest.mark.parametrize("body", ["", "{", "[]", '"text"', "null"])
def test_body_must_be_a_json_object(api: Api, body: str) -> None:
    headers = {"Content-Type": "application/json"}
    response = api.call("POST", ROOT_PATH, data=body, headers=headers)
    assert response.status_code == 400
    assert response.json()["message"] == "Invalid request."


def test_latency_is_waited_for_by_all_together(
    sandbox: SandboxProcess, api: Api
) -> None:
    sandbox.control("PATCH", "settings", {"latency_ms": 150})
    response = api.get_account(ROOT_ACCOUNT)
    assert response.elapsed.total_seconds() > 0.15
    [entry] = sandbox.control("GET", f"requests?path={ROOT_PATH}")
    assert entry["duration_ms"] > 150
