"""Each undocumented choice in its other positions.

See docs/watchguard-api.md#sandbox-switches.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest
import requests

from panda_sandbox.process import SandboxProcess
from panda_sandbox.settings import FOREIGN_ACCOUNT, READ_WRITE_ID, ROOT_ACCOUNT
from panda_sandbox.switches import TABLE, Switches
from support import ACCOUNTS, TOKEN_FORM, Api

Turn = Callable[..., Any]


@pytest.fixture
def turn(sandbox: SandboxProcess) -> Turn:
    """Move switches, given by name."""
    return lambda **changes: sandbox.control("PATCH", "switches", changes)


def test_every_switch_is_turned_in_a_test_of_its_own() -> None:
    assert TABLE
    for switch in TABLE:
        test = globals()[f"test_{switch.name}"]
        assert f"turn({switch.name}=" in inspect.getsource(test)


def test_table_says_where_and_what() -> None:
    assert TABLE
    for switch in TABLE:
        assert len(set(switch.values)) > 1
        assert switch.anchor
        assert switch.meaning.endswith(".")


def test_unknown_names_and_values_change_nothing() -> None:
    switches = Switches({"paging": "flat"})
    for changes in ({"paging": "nested", "nonsense": "x"}, {"paging": "other"}):
        with pytest.raises(ValueError, match=r"nonsense|paging"):
            switches.change(changes)
    assert switches["paging"] == "flat"


def test_token_refusal(sandbox: SandboxProcess, turn: Turn) -> None:
    turn(token_refusal=200)
    response = requests.post(
        f"{sandbox.url}/oauth/token", data=TOKEN_FORM, auth=(READ_WRITE_ID, "wrong")
    )
    assert response.status_code == 200
    assert sorted(response.json()) == ["error", "error_description"]


@pytest.mark.parametrize("status", [400, 401, 415])
def test_token_json_body(api: Api, turn: Turn, status: int) -> None:
    turn(token_json_body=status)
    headers = {"Content-Type": "application/json"}
    response = api.call(
        "POST",
        "/oauth/token",
        json=TOKEN_FORM,
        headers=headers,
        auth=(READ_WRITE_ID, "Sandbox-rw-1!"),
    )
    assert response.status_code == status


def test_wrong_api_key(api: Api, turn: Turn) -> None:
    turn(wrong_api_key=401)
    api.session.headers["WatchGuard-API-Key"] = "wrong"
    assert api.get_account(ROOT_ACCOUNT).status_code == 401


def test_foreign_account(api: Api, turn: Turn) -> None:
    turn(foreign_account=404)
    assert api.get_account(FOREIGN_ACCOUNT).status_code == 404


@pytest.mark.parametrize(
    ("form", "body"),
    [
        ("message_only", b'{"message":"Account was not found."}'),
        ("empty", b""),
        ("html", b"<html>"),
    ],
)
def test_error_body(api: Api, turn: Turn, form: str, body: bytes) -> None:
    turn(error_body=form)
    response = api.get_account("WGC-1-unknown")
    assert response.status_code == 404
    assert response.content.startswith(body)
    assert bool(response.content) == bool(body)


def test_throttled_message(sandbox: SandboxProcess, api: Api, turn: Turn) -> None:
    sandbox.control("POST", "faults", {"fault": "throttled"})
    assert api.get_account(ROOT_ACCOUNT).json() == {"message": "Too Many Requests"}
    turn(throttled_message="Limit Exceeded")
    assert api.get_account(ROOT_ACCOUNT).json() == {"message": "Limit Exceeded"}


def test_rate_limit_headers(sandbox: SandboxProcess, api: Api, turn: Turn) -> None:
    sandbox.control("POST", "faults", {"fault": "throttled"})
    assert "X-RateLimit-Limit" not in api.get_account(ROOT_ACCOUNT).headers
    turn(rate_limit_headers="yes")
    assert "X-RateLimit-Limit" in api.get_account(ROOT_ACCOUNT).headers


def test_account_id_field(api: Api, turn: Turn) -> None:
    turn(account_id_field="accountID")
    assert list(api.post_account().json()) == ["accountID"]


def test_created_status(api: Api, turn: Turn) -> None:
    turn(created_status=201)
    assert api.post_account().status_code == 201


def test_duplicate_name(api: Api, turn: Turn) -> None:
    turn(duplicate_name=409)
    reseller = api.create_account(type=1)
    assert api.post_account(name="ACME").status_code == 409
    assert api.post_account(reseller).status_code == 200
    assert api.names() == ["Acme"]


def test_tier_violation(api: Api, turn: Turn) -> None:
    turn(tier_violation=400)
    assert api.post_account(api.create_account()).status_code == 400


def test_name_limit(api: Api, turn: Turn) -> None:
    turn(name_limit=64)
    assert api.post_account(name="x" * 65).status_code == 400
    assert api.post_account(name="x" * 64).status_code == 200


def test_children_without_force(api: Api, turn: Turn) -> None:
    turn(children_without_force=400)
    reseller = api.create_account(type=1)
    api.create_account(reseller)
    assert api.call("DELETE", f"{ACCOUNTS}/{reseller}").status_code == 400


def test_operators_after_delete(api: Api, turn: Turn) -> None:
    turn(operators_after_delete="kept")
    account_id = api.create_account()
    api.create_operator(account_id)
    api.call("DELETE", f"{ACCOUNTS}/{account_id}")
    transaction_id = api.create_operator(api.create_account())
    assert api.transaction(transaction_id)["status"] == "FAILED"


def test_paging(api: Api, turn: Turn) -> None:
    turn(paging="flat")
    api.create_account()
    body = api.children(limit=-1)
    assert len(body.pop("items")) == 1
    assert body == {"limit": -1, "offset": 0, "totalItems": 1}


def test_children_scope(api: Api, turn: Turn) -> None:
    turn(children_scope="tree")
    api.create_account(api.create_account(type=1, name="Reseller"), name="Deep")
    assert api.names() == ["Deep", "Reseller"]


@pytest.mark.parametrize(
    ("position", "names"), [("exact", ["Acme"]), ("ignored", ["Acme", "Acme 2", "Z"])]
)
def test_name_filter(api: Api, turn: Turn, position: str, names: list[str]) -> None:
    for name in ("Acme", "Acme 2", "Z"):
        api.create_account(name=name)
    assert api.names(name="ACME") == ["Acme", "Acme 2"]
    turn(name_filter=position)
    assert api.names(name="ACME") == names


@pytest.mark.parametrize("changes", [{"email": "b@b.example"}, {"username": "another"}])
def test_operator_conflict(api: Api, turn: Turn, changes: dict[str, str]) -> None:
    turn(operator_conflict=409)
    account_id = api.create_account()
    api.create_operator(account_id)
    assert api.post_operator(account_id, **changes).status_code == 409


def test_username_case(api: Api, turn: Turn) -> None:
    turn(username_case="counts")
    account_id = api.create_account()
    api.create_operator(account_id)
    other = api.create_operator(account_id, username="ANN.LEE", email="b@b.example")
    assert api.transaction(other)["status"] == "SUCCESS"
    same = api.create_operator(account_id, email="c@c.example")
    assert api.transaction(same)["status"] == "FAILED"


def test_activation_mail(sandbox: SandboxProcess, api: Api, turn: Turn) -> None:
    turn(activation_mail="always")
    api.create_operator(api.create_account(), password="Long-enough-12")
    assert len(sandbox.control("GET", "outbox")) == 1


def test_transaction_text(api: Api, turn: Turn) -> None:
    turn(transaction_text="message")
    row = api.transaction(api.delete_operator(api.create_account()))
    assert row["message"] == "Operator was not found."
    assert "error" not in row


def test_operator_name_field(api: Api, turn: Turn) -> None:
    turn(operator_name_field="username")
    account_id = api.create_account()
    api.create_operator(account_id)
    [row] = api.operators(account_id)
    assert row["username"] == "ann.lee"
    assert "userName" not in row


def test_mfa(api: Api, turn: Turn) -> None:
    turn(mfa="boolean")
    account_id = api.create_account()
    api.create_operator(account_id)
    [row] = api.operators(account_id)
    assert row["mfa"] is False


@pytest.mark.parametrize(
    ("position", "contacts"), [("list", "[{'primary"), ("missing", "None")]
)
def test_contacts(api: Api, turn: Turn, position: str, contacts: str) -> None:
    turn(contacts=position)
    body = api.get_account(ROOT_ACCOUNT, "contacts").json()
    assert str(body.get("contacts")).startswith(contacts)


@pytest.mark.parametrize(
    ("position", "stored"),
    [
        ("html", "Zoë &amp; the Sons of the Sea"),
        ("upper", "ZOË & THE SONS OF THE SEA"),
        ("nfd", "Zoe\u0308 & the Sons of the Sea"),
        ("cut", "Zoë & the Sons of the Se"),
    ],
)
def test_stored_name(api: Api, turn: Turn, position: str, stored: str) -> None:
    turn(stored_name=position)
    api.create_account(name="Zoë & the Sons of the Sea")
    assert api.names() == [stored]


@pytest.mark.parametrize(
    ("position", "shown"),
    [("masked", "a***@acme.example"), ("untagged", "ann@acme.example")],
)
def test_shown_email(api: Api, turn: Turn, position: str, shown: str) -> None:
    turn(shown_email=position)
    account_id = api.create_account(email="ann+panda@acme.example")
    body = api.get_account(account_id, "contacts").json()
    assert body["contacts"]["email"] == shown


def three(api: Api) -> list[str]:
    names = ["A", "B", "C"]
    for name in names:
        api.create_account(name=name)
    return names


def test_most_rows(api: Api, turn: Turn) -> None:
    names = three(api)
    turn(most_rows=2)
    assert api.names(limit=-1) == names[:2]
    assert api.names(limit=-1, offset=2) == names[2:]
    assert api.children(limit=-1)["pageControls"]["limit"] == 2


@pytest.mark.parametrize(
    ("position", "total"), [("of_page", 2), ("zero", 0), ("too_big", 4)]
)
def test_listing_total(api: Api, turn: Turn, position: str, total: int) -> None:
    three(api)
    turn(listing_total=position)
    assert api.children(limit=2)["pageControls"]["totalItems"] == total


def test_offset(api: Api, turn: Turn) -> None:
    names = three(api)
    turn(offset="ignored")
    assert api.names(offset=2) == names


def test_unlimited(api: Api, turn: Turn) -> None:
    turn(unlimited=400)
    path = f"{ACCOUNTS}/{ROOT_ACCOUNT}/children"
    assert api.call("GET", path, params={"limit": -1}).status_code == 400
    assert api.call("GET", path, params={"limit": 1}).status_code == 200
