"""``POST /oauth/token`` (docs/watchguard-api.md#token)."""

from __future__ import annotations

import pytest
import requests

from panda_sandbox.process import SandboxProcess
from panda_sandbox.settings import API_KEY, PASSWORDS, READ_WRITE_ID, ROOT_ACCOUNT
from support import AUDIENCES, TOKEN_FORM, Api, wait_until


def test_answer_has_the_documented_fields(sandbox: SandboxProcess) -> None:
    response = Api(sandbox.url).ask_token()
    assert response.status_code == 200
    body = response.json()
    assert len(body.pop("access_token")) > 20
    assert body == {"token_type": "Bearer", "expires_in": 3600, "scope": "api-access"}


@pytest.mark.parametrize(
    "auth",
    [
        None,
        (READ_WRITE_ID, "wrong"),
        ("nobody", PASSWORDS[READ_WRITE_ID]),
        ("nobody", ""),
    ],
)
def test_wrong_credentials_are_refused(
    sandbox: SandboxProcess, auth: tuple[str, str] | None
) -> None:
    response = requests.post(f"{sandbox.url}/oauth/token", data=TOKEN_FORM, auth=auth)
    assert response.status_code == 401
    assert response.json()["error"] == "invalid_client"


@pytest.mark.parametrize("header", ["Basic !!!", "Basic /w==", "Bearer abc"])
def test_malformed_authorization_is_refused(
    sandbox: SandboxProcess, header: str
) -> None:
    response = requests.post(
        f"{sandbox.url}/oauth/token",
        data=TOKEN_FORM,
        headers={"Authorization": header},
    )
    assert response.status_code == 401


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": ""}, "unsupported_grant_type"),
        ({"scope": "everything"}, "invalid_scope"),
        ({"audience": "unheard of"}, "invalid_request"),
        ({"audience": "bm90LW91cnM="}, "invalid_request"),
    ],
)
def test_wrong_forms_are_refused(
    sandbox: SandboxProcess, changes: dict[str, str], error: str
) -> None:
    response = Api(sandbox.url).ask_token(**changes)
    assert response.status_code == 400
    assert response.json()["error"] == error


def test_token_expires_when_it_says(sandbox: SandboxProcess) -> None:
    sandbox.control("PATCH", "settings", {"token_seconds": 1})
    api = Api(sandbox.url)
    assert api.ask_token().json()["expires_in"] == 1
    api.log_in()
    assert api.get_account(ROOT_ACCOUNT).status_code == 200
    wait_until(lambda: api.get_account(ROOT_ACCOUNT).status_code == 401)


def test_token_of_an_audience_reaches_that_account_only(
    sandbox: SandboxProcess, api: Api
) -> None:
    inside, outside = api.create_account(), api.create_account(name="Beta")
    response = api.call("POST", AUDIENCES, json={"accountId": inside})
    assert response.status_code == 200
    managed = Api(sandbox.url)
    managed.log_in(audience=response.json()["audience"])
    assert managed.get_account(inside).status_code == 200
    assert managed.get_account(outside).status_code == 403
    assert managed.get_account(ROOT_ACCOUNT).status_code == 403


@pytest.mark.parametrize("account_id", ["ACC-2000002", "WGC-1-unknown"])
def test_audience_of_an_account_that_is_not_managed_is_refused(
    api: Api, account_id: str
) -> None:
    response = api.call("POST", AUDIENCES, json={"accountId": account_id})
    assert response.status_code == 403


def test_audience_of_a_deleted_account_is_unknown(
    sandbox: SandboxProcess, api: Api
) -> None:
    account_id = api.create_account()
    answer = api.call("POST", AUDIENCES, json={"accountId": account_id}).json()
    sandbox.control("DELETE", f"accounts/{account_id}")
    assert api.ask_token(audience=answer["audience"]).status_code == 400


def test_read_only_token_may_ask_for_an_audience(api: Api, reader: Api) -> None:
    account_id = api.create_account()
    response = reader.call("POST", AUDIENCES, json={"accountId": account_id})
    assert response.status_code == 200


def test_token_needs_no_api_key(sandbox: SandboxProcess) -> None:
    api = Api(sandbox.url)
    api.session.headers["WatchGuard-API-Key"] = API_KEY[:-1]
    assert api.ask_token().status_code == 200
