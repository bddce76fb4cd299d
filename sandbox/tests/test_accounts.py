"""Create, read, change and delete accounts (docs/watchguard-api.md#accounts)."""

from __future__ import annotations

import re
from typing import Any

import pytest

from panda_sandbox.process import SandboxProcess
from panda_sandbox.settings import FOREIGN_ACCOUNT, ROOT_ACCOUNT
from support import ACCOUNTS, SUBSCRIBER, Api

EVERYTHING = "contacts,parent,addresses,serviceProperties,delegatedParent"


def test_created_account_has_an_id_of_the_known_shape(api: Api) -> None:
    assert re.fullmatch(r"WGC-1-[0-9a-f]{20}", api.create_account())


def test_account_is_read_without_its_parts_unless_asked(api: Api) -> None:
    account_id = api.create_account()
    assert api.get_account(account_id).json() == {
        "accountId": account_id,
        "name": "Acme",
        "status": "Active",
        "type": 2,
    }


def test_account_is_read_with_the_parts_asked_for(api: Api) -> None:
    account_id = api.create_account()
    body = api.get_account(account_id, EVERYTHING).json()
    contacts = body["contacts"]
    assert contacts.pop("primaryContactId")
    assert contacts == {
        "firstName": "Ann",
        "lastName": "Lee",
        "email": "ann@acme.example",
        "phone": "",
    }
    assert body["parent"]["id"] == ROOT_ACCOUNT
    assert body["addresses"] == body["serviceProperties"] == {}
    assert "contacts" not in api.get_account(account_id, "parent, addresses").json()


def test_root_account_is_a_service_provider_without_a_parent(api: Api) -> None:
    body = api.get_account(ROOT_ACCOUNT, "parent").json()
    assert (body["type"], body["parent"]) == (1, {})


@pytest.mark.parametrize("field", list(SUBSCRIBER))
@pytest.mark.parametrize("how", ["missing", "empty"])
def test_all_five_fields_are_required(api: Api, field: str, how: str) -> None:
    payload = {k: v for k, v in SUBSCRIBER.items() if k != field}
    if how == "empty":
        payload[field] = ""
    response = api.call("POST", f"{ACCOUNTS}/{ROOT_ACCOUNT}", json=payload)
    assert response.status_code == 400
    assert field in response.json()["details"]


@pytest.mark.parametrize(
    "changes",
    [
        {"type": 0},
        {"type": 3},
        {"type": "reseller"},
        {"name": "   "},
        {"email": "ann"},
        {"email": "ann@acme"},
        {"email": "ann lee@acme.example"},
        {"email": "ann@@acme.example"},
    ],
)
def test_bad_values_are_refused(api: Api, changes: dict[str, Any]) -> None:
    response = api.post_account(**changes)
    assert response.status_code == 400
    [field] = changes
    assert field in response.json()["details"]


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "Ωμέγα Ασφάλεια ΑΕ – 東京 🐼"},
        {"name": "x" * 5000},
        {"name": "<b>&'\"\\"},
        {"email": "Ann.Lee+Panda@ACME.example"},
    ],
)
def test_unusual_values_come_back_as_they_were_sent(
    api: Api, changes: dict[str, str]
) -> None:
    body = api.get_account(api.create_account(**changes), "contacts").json()
    found = {"name": body["name"], "email": body["contacts"]["email"]}
    assert found == {**found, **changes}


def test_unknown_and_foreign_parents_are_refused(api: Api) -> None:
    assert api.post_account("WGC-1-unknown").status_code == 404
    assert api.post_account(FOREIGN_ACCOUNT).status_code == 403


def test_there_are_three_tiers(api: Api) -> None:
    reseller = api.create_account(type=1, name="Reseller")
    customer = api.create_account(reseller)
    assert api.post_account(reseller, type=1).status_code == 403
    assert api.post_account(customer).status_code == 403


def test_the_same_account_twice_makes_two(api: Api) -> None:
    assert api.create_account() != api.create_account()
    assert api.names() == ["Acme", "Acme"]


def test_creating_an_account_sends_no_mail(sandbox: SandboxProcess, api: Api) -> None:
    api.create_account()
    assert sandbox.control("GET", "outbox") == []


def test_change_replaces_all_values_and_says_nothing(api: Api) -> None:
    account_id = api.create_account()
    change = {
        "name": "Acme 2",
        "firstName": "Bo",
        "lastName": "Dahl",
        "email": "bo@acme.example",
    }
    response = api.call("PATCH", f"{ACCOUNTS}/{account_id}", json=change)
    assert (response.status_code, response.content) == (204, b"")
    body = api.get_account(account_id, "contacts").json()
    assert body["name"] == "Acme 2"
    assert change.items() <= {**body["contacts"], "name": "Acme 2"}.items()
    assert api.names(name="acme 2") == ["Acme 2"]


@pytest.mark.parametrize("field", ["name", "firstName", "lastName", "email"])
def test_change_needs_all_values(api: Api, field: str) -> None:
    change = {k: v for k, v in SUBSCRIBER.items() if k not in ("type", field)}
    path = f"{ACCOUNTS}/{api.create_account()}"
    response = api.call("PATCH", path, json=change)
    assert response.status_code == 400
    assert field in response.json()["details"]


def test_change_of_an_unknown_account_is_not_found(api: Api) -> None:
    path = f"{ACCOUNTS}/WGC-1-unknown"
    assert api.call("PATCH", path, json=SUBSCRIBER).status_code == 404


def test_deleted_account_is_not_found_any_more(api: Api) -> None:
    path = f"{ACCOUNTS}/{api.create_account()}"
    response = api.call("DELETE", path)
    assert (response.status_code, response.json()) == (200, {"childIds": []})
    assert api.call("GET", path).status_code == 404
    assert api.call("PATCH", path, json=SUBSCRIBER).status_code == 404
    assert api.call("DELETE", path).status_code == 404
    assert api.names() == []


def test_children_are_deleted_by_force_only(api: Api) -> None:
    reseller = api.create_account(type=1)
    below = {api.create_account(reseller), api.create_account(reseller)}
    path = f"{ACCOUNTS}/{reseller}"
    assert api.call("DELETE", path).status_code == 409
    response = api.call("DELETE", path, params={"force": "true"})
    assert set(response.json()["childIds"]) == below
    assert [api.get_account(each).status_code for each in below] == [404, 404]


def test_own_account_cannot_be_deleted(api: Api) -> None:
    path = f"{ACCOUNTS}/{ROOT_ACCOUNT}"
    assert api.call("DELETE", path, params={"force": "true"}).status_code == 403


def test_deleting_an_account_frees_its_username_and_email(api: Api) -> None:
    first, second = api.create_account(), api.create_account(name="Beta")
    api.create_operator(first)
    api.call("DELETE", f"{ACCOUNTS}/{first}")
    transaction_id = api.create_operator(second)
    assert api.transaction(transaction_id)["status"] == "SUCCESS"
