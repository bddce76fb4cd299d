"""Each fault over a real connection (docs/watchguard-api.md#sandbox-faults)."""

from __future__ import annotations

import socket
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
import requests

from panda_sandbox.faults import APPLIES_TO, FAULTS
from panda_sandbox.process import SandboxProcess
from panda_sandbox.settings import API_KEY, ROOT_ACCOUNT
from support import ACCOUNTS, SUBSCRIBER, Api, wait_until

Inject = Callable[..., Any]


@pytest.fixture
def inject(sandbox: SandboxProcess) -> Inject:
    """Let the next requests have a fault; once unless said otherwise."""
    return lambda fault, **options: sandbox.control(
        "POST", "faults", {"fault": fault, "times": 1, **options}
    )


def last_request(sandbox: SandboxProcess) -> Any:
    return sandbox.control("GET", "requests")[-1]


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_is_recorded_with_its_request(
    sandbox: SandboxProcess, api: Api, inject: Inject, fault: str
) -> None:
    account_id = api.create_account()
    inject(fault, seconds=0.1, megabytes=1, rows=1)
    is_of_listings = "GET" in APPLIES_TO.get(fault, ((), ()))[0]
    with suppress(requests.RequestException):
        api.children() if is_of_listings else api.post_operator(account_id)
    assert last_request(sandbox)["fault"] == fault
    api.log_in()
    api.post_operator(account_id)
    assert last_request(sandbox)["fault"] is None, "a fault strikes once"


def test_every_fault_has_a_test_of_its_own() -> None:
    tests = [name for name in globals() if name.startswith("test_")]
    assert [f for f in FAULTS if not any(f"test_{f}" in t for t in tests)] == []


def test_lost_answer_is_performed(
    sandbox: SandboxProcess, api: Api, inject: Inject
) -> None:
    inject("lost_answer", method="POST")
    with pytest.raises(requests.ConnectionError):
        api.post_account()
    entry = last_request(sandbox)
    assert (entry["fault"], entry["status"]) == ("lost_answer", None)
    assert api.names() == ["Acme"]


def test_lost_request_is_not_performed(
    sandbox: SandboxProcess, api: Api, inject: Inject
) -> None:
    inject("lost_request", method="POST")
    with pytest.raises(requests.ConnectionError):
        api.post_account()
    assert last_request(sandbox)["status"] is None
    assert api.names() == []


def test_timeout_is_performed_and_says_nothing(
    sandbox: SandboxProcess, api: Api, inject: Inject
) -> None:
    inject("timeout", method="POST")
    url = f"{sandbox.url}{ACCOUNTS}/{ROOT_ACCOUNT}"
    with pytest.raises(requests.ReadTimeout):
        api.session.post(url, json=SUBSCRIBER, timeout=0.2)
    assert last_request(sandbox)["fault"] == "timeout"
    assert api.names() == ["Acme"]


def test_timeout_ends_by_dropping_the_connection(api: Api, inject: Inject) -> None:
    inject("timeout", seconds=0.1)
    with pytest.raises(requests.ConnectionError):
        api.post_account()


def test_slow_request_is_answered_late(api: Api, inject: Inject) -> None:
    inject("slow", seconds=0.2)
    response = api.post_account()
    assert response.status_code == 200
    assert response.elapsed.total_seconds() > 0.2


def test_slow_request_is_performed_after_the_client_has_left(
    sandbox: SandboxProcess, api: Api, inject: Inject
) -> None:
    inject("slow", method="POST", seconds=0.3)
    url = f"{sandbox.url}{ACCOUNTS}/{ROOT_ACCOUNT}"
    with pytest.raises(requests.ReadTimeout):
        api.session.post(url, json=SUBSCRIBER, timeout=0.1)
    assert api.names() == []
    wait_until(lambda: api.names() == ["Acme"])


@pytest.mark.parametrize(
    ("options", "header"),
    [({}, "1"), ({"retry_after": 7}, "7"), ({"retry_after": None}, None)],
)
def test_throttled(
    api: Api, inject: Inject, options: dict[str, Any], header: str | None
) -> None:
    inject("throttled", **options)
    response = api.post_account()
    assert response.status_code == 429
    assert response.json() == {"message": "Too Many Requests"}
    assert response.headers.get("Retry-After") == header
    assert api.names() == []


@pytest.mark.parametrize(
    ("options", "status", "start"),
    [
        ({}, 500, b'{"code":500,'),
        ({"status": 502, "body": "empty"}, 502, b""),
        ({"status": 503, "body": "html"}, 503, b"<html>"),
    ],
)
def test_server_error(
    api: Api, inject: Inject, options: dict[str, Any], status: int, start: bytes
) -> None:
    inject("server_error", **options)
    response = api.post_account()
    assert response.status_code == status
    assert response.content.startswith(start)
    assert bool(response.content) == bool(start)
    assert api.names() == []


def test_server_error_after_the_request_was_performed(api: Api, inject: Inject) -> None:
    inject("server_error", performed=True)
    assert api.post_account().status_code == 500
    assert api.names() == ["Acme"]


def test_truncated_answer_is_whole_http_and_broken_json(
    api: Api, inject: Inject
) -> None:
    inject("truncated")
    response = api.post_account()
    assert response.status_code == 200
    assert len(response.content) == int(response.headers["Content-Length"])
    with pytest.raises(requests.exceptions.JSONDecodeError):
        response.json()
    assert api.names() == ["Acme"]


def test_truncated_leaves_an_empty_answer_empty(api: Api, inject: Inject) -> None:
    path = f"{ACCOUNTS}/{api.create_account()}"
    inject("truncated")
    assert api.call("PATCH", path, json=SUBSCRIBER).status_code == 204


def test_expire_token(api: Api, inject: Inject) -> None:
    inject("expire_token")
    assert api.post_account().status_code == 401
    assert api.post_account().status_code == 401
    api.log_in()
    assert api.post_account().status_code == 200
    assert api.names() == ["Acme"]


def test_transaction_stuck_stays_pending(
    sandbox: SandboxProcess, api: Api, inject: Inject
) -> None:
    account_id = api.create_account()
    inject("transaction_stuck")
    stuck = api.create_operator(account_id)
    later = api.create_operator(account_id)
    assert api.transaction(later)["status"] == "SUCCESS"
    assert api.transaction(stuck)["status"] == "PENDING"
    assert len(api.operators(account_id)) == 1
    assert len(sandbox.control("GET", "outbox")) == 1


def test_transaction_failed_says_so_late(
    sandbox: SandboxProcess, api: Api, inject: Inject
) -> None:
    sandbox.control("PATCH", "settings", {"pending_seconds": 0.5})
    account_id = api.create_account()
    inject("transaction_failed", message="Out of order.")
    transaction_id = api.create_operator(account_id)
    assert api.transaction(transaction_id)["status"] == "PENDING"
    row = api.ended_transaction(transaction_id)
    assert (row["status"], row["error"]) == ("FAILED", "Out of order.")
    assert api.operators(account_id) == []


def test_transaction_faults_leave_other_requests_alone(
    api: Api, inject: Inject
) -> None:
    inject("transaction_stuck", path="*")
    assert api.transaction(api.create_operator(api.create_account())) == {
        "username": "ann.lee",
        "status": "PENDING",
        "error": "",
    }


def test_lagging_search_by_seconds(api: Api, inject: Inject) -> None:
    inject("lagging_search", seconds=0.5)
    account_id = api.create_account()
    assert api.names() == []
    assert api.children(name="Acme")["pageControls"]["totalItems"] == 0
    assert api.get_account(account_id).status_code == 200
    wait_until(lambda: api.names() == ["Acme"])


def test_lagging_search_by_listings(api: Api, inject: Inject) -> None:
    inject("lagging_search", calls=2)
    api.create_account()
    other = api.create_account(type=1, name="Other")
    assert api.names(other) == []
    assert [api.names(), api.names(name="acme")] == [["Other"], []]
    assert api.names() == ["Acme", "Other"]


def test_lagging_search_of_operators(api: Api, inject: Inject) -> None:
    account_id = api.create_account()
    inject("lagging_search", calls=1)
    transaction_id = api.create_operator(account_id)
    assert api.transaction(transaction_id)["status"] == "SUCCESS"
    assert api.operators(account_id) == []
    assert len(api.operators(account_id)) == 1


def test_any_fault_can_lag(api: Api, inject: Inject) -> None:
    inject("lost_answer", method="POST", lag_calls=1)
    with pytest.raises(requests.ConnectionError):
        api.post_account()
    assert [api.names(), api.names()] == [[], ["Acme"]]


def test_operator_call_can_fail_after_the_account_exists(
    api: Api, inject: Inject
) -> None:
    inject("server_error", path="*/operators", status=503)
    account_id = api.create_account()
    assert api.post_operator(account_id).status_code == 503
    assert api.post_operator(account_id).status_code == 200


def test_token_requests_get_faults_by_their_path_only(api: Api, inject: Inject) -> None:
    inject("server_error", path="/oauth/*", body="html")
    assert api.post_account().status_code == 200
    assert api.ask_token().status_code == 500
    assert api.ask_token().status_code == 200


# === A SERVER THAT MEANS NO GOOD === #


def raw(api: Api, path: str = f"{ACCOUNTS}/{ROOT_ACCOUNT}") -> requests.Response:
    """The answer to a read, of which nothing has been read yet."""
    return api.session.get(api.url + path, stream=True, timeout=5)


def test_drip(api: Api, inject: Inject) -> None:
    inject("drip", seconds=0.3)
    started = time.monotonic()
    parts = [part for part in raw(api).iter_content(chunk_size=None) if part]
    assert time.monotonic() - started > 0.25
    assert b"".join(parts).startswith(b"{")
    assert len(parts) > 2


def test_continue(sandbox: SandboxProcess, api: Api, inject: Inject) -> None:
    inject("continue", seconds=0.2)
    token = api.session.headers["Authorization"]
    request = f"GET {ACCOUNTS}/{ROOT_ACCOUNT} HTTP/1.1\r\nHost: x\r\n"
    headers = f"Authorization: {token}\r\nWatchGuard-API-Key: {API_KEY}\r\n\r\n"
    host, port = sandbox.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as sock:
        sock.sendall((request + headers).encode())
        said = b""
        while b"200 OK" not in said:
            said += sock.recv(1000)
    assert said.count(b"HTTP/1.1 100 Continue\r\n\r\n") > 5


def test_endless_body(api: Api, inject: Inject) -> None:
    inject("endless_body", seconds=60)
    with raw(api) as response:
        read = 0
        for part in response.iter_content(65536):
            read += len(part)
            if read > 3_000_000:
                break
    assert api.post_account().status_code == 200, "the sandbox has noticed"


@pytest.mark.parametrize("repeated", [False, True])
def test_endless_pages(api: Api, inject: Inject, *, repeated: bool) -> None:
    inject("endless_pages", times=None, repeated=repeated)
    first, second = (
        [row["accountId"] for row in api.children(offset=offset)["items"]]
        for offset in (0, 25)
    )
    assert len(first) == len(second) == 25
    assert (first == second) is repeated


def test_big_json(api: Api, inject: Inject) -> None:
    inject("big_json", megabytes=2)
    assert len(raw(api).json()) > 600_000


def test_gzip_bomb(api: Api, inject: Inject) -> None:
    inject("gzip_bomb", megabytes=3)
    response = raw(api)
    packed = response.raw.read(decode_content=False)
    assert len(packed) < 10_000
    assert len(zlib.decompress(packed, zlib.MAX_WBITS | 16)) == 3 * 1024 * 1024


def test_odd_charset(api: Api, inject: Inject) -> None:
    inject("odd_charset", charset="undefined")
    kind = raw(api).headers["Content-Type"]
    assert kind == "application/json; charset=undefined"


def test_undecodable(api: Api, inject: Inject) -> None:
    inject("undecodable", megabytes=1)
    content = raw(api).content
    assert len(content) == 1024 * 1024
    with pytest.raises(UnicodeDecodeError):
        content.decode()


def test_many_children(api: Api, inject: Inject) -> None:
    inject("many_children", rows=1000)
    body = api.children()
    assert (
        len({row["accountId"] for row in body["items"]}) == body["totalItems"] == 1000
    )


def test_empty_listing(api: Api, inject: Inject) -> None:
    api.create_account()
    inject("empty_listing")
    body = api.children()
    assert (body["items"], body["pageControls"]["totalItems"]) == ([], 1)


def test_poison_text(api: Api, inject: Inject) -> None:
    inject("poison_text")
    assert raw(api).json()["name"][2:4] == "\0\ud800"


def test_poison_id(api: Api, inject: Inject) -> None:
    inject("poison_id", value="x" * 9000)
    assert api.create_account() == "x" * 9000
    inject("poison_id", value="..")
    assert [row["accountId"] for row in api.children()["items"]] == [".."]


def test_error_in_success(api: Api, inject: Inject) -> None:
    inject("error_in_success")
    body = api.children()
    assert body["error"] == {"message": "Something went wrong."}
    assert body["items"] == []
