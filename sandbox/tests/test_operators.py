"""Operators and their transactions (docs/watchguard-api.md#operators)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from panda_sandbox.process import SandboxProcess
from panda_sandbox.settings import FOREIGN_ACCOUNT
from support import OPERATORS, Api

UNKNOWN = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
def customer(api: Api) -> str:
    return api.create_account()


@pytest.fixture
def reseller(api: Api) -> str:
    """A reseller with one owner, ``boss``."""
    account_id = api.create_account(type=1, name="Reseller")
    api.create_operator(
        account_id, username="the.boss", email="boss@r.example", role="OWNER"
    )
    return account_id


def test_create_answers_with_a_transaction(api: Api, customer: str) -> None:
    body = api.post_operator(customer).json()
    assert sorted(body) == ["message", "status", "transaction_id"]
    assert body["status"] == "success"
    assert api.get_transaction(body["transaction_id"]).json() == {
        "status": "success",
        "transaction_status": [
            {"username": "ann.lee", "status": "SUCCESS", "error": ""}
        ],
    }


def test_transaction_is_pending_for_the_time_set(
    sandbox: SandboxProcess, api: Api, customer: str
) -> None:
    sandbox.control("PATCH", "settings", {"pending_seconds": 0.5})
    transaction_id = api.create_operator(customer)
    assert api.transaction(transaction_id)["status"] == "PENDING"
    assert api.operators(customer) == []
    assert sandbox.control("GET", "outbox") == []
    assert api.ended_transaction(transaction_id)["status"] == "SUCCESS"
    assert len(api.operators(customer)) == 1


def test_operator_is_listed_with_the_documented_fields(api: Api, customer: str) -> None:
    api.create_operator(customer)
    assert api.operators(customer) == [
        {
            "accountId": customer,
            "email": "ann@acme.example",
            "firstName": "Ann",
            "lastName": "Lee",
            "phone": "302101234567",
            "mfa": "Disabled",
            "userName": "ann.lee",
        }
    ]


@pytest.mark.parametrize(
    "changes",
    [
        *({field: None} for field in ("username", "accountId", "role", "phone")),
        *({field: " "} for field in ("firstName", "lastName", "email", "role")),
        {"username": "four"},
        {"username": "u" * 66},
        {"username": "ann@acme"},
        {"username": "ann lee"},
        {"username": "annλλλ"},
        {"username": "ann.lee\n"},
        {"phone": "12345"},
        {"phone": "1" * 41},
        {"phone": "+302101234567"},
        {"email": "ann"},
        {"role": "OWNER"},
        {"role": "administrator"},
        {"password": "Short-pass1"},
        {"password": "alllowercase-1"},
        {"password": "NoDigits-NoDigits"},
        {"password": "NoSymbol1NoSymbol1"},
        {"password": "With-space 12345"},
        {"password": "With-angle<12345"},
        {"password": "With-panda-1234🐼"},
    ],
)
def test_bad_values_are_refused_at_once(
    api: Api, customer: str, changes: dict[str, object]
) -> None:
    response = api.post_operator(customer, **changes)
    assert response.status_code == 400
    [field] = changes
    assert field in response.json()["details"]


@pytest.mark.parametrize(
    "changes",
    [
        {"username": "five5"},
        {"username": "A.-_+" + "9" * 60},
        {"phone": "123456"},
        {"phone": "1" * 40},
        {"password": "Long-enough-12"},
        *({"role": role} for role in ("ANALYST", "OBSERVER", "NO_ACCESS")),
    ],
)
def test_good_values_are_accepted(
    api: Api, customer: str, changes: dict[str, object]
) -> None:
    transaction_id = api.create_operator(customer, **changes)
    assert api.transaction(transaction_id)["status"] == "SUCCESS"


@pytest.mark.parametrize("role", ["OWNER", "SALES", "HELPDESK", "AUDITOR", "NO_ACCESS"])
def test_roles_of_a_service_provider(api: Api, reseller: str, role: str) -> None:
    assert api.post_operator(reseller, role=role).status_code == 200
    assert api.post_operator(reseller, role="ADMINISTRATOR").status_code == 400


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"email": "other@acme.example"}, "Username"),
        ({"email": "other@acme.example", "username": "ANN.LEE"}, "Username"),
        ({"username": "other"}, "Email"),
        ({"username": "other", "email": "Ann@ACME.example"}, "Email"),
    ],
)
def test_what_is_taken_anywhere_fails_late(
    api: Api, customer: str, changes: dict[str, str], word: str
) -> None:
    api.create_operator(customer)
    elsewhere = api.create_account(name="Beta")
    row = api.transaction(api.create_operator(elsewhere, **changes))
    assert row["status"] == "FAILED"
    assert word in row["error"]
    assert api.operators(elsewhere) == []


def test_of_two_requests_at_once_one_gets_the_username(
    sandbox: SandboxProcess, api: Api, customer: str
) -> None:
    sandbox.control("PATCH", "settings", {"latency_ms": 100, "pending_seconds": 0.1})
    emails = ["one@acme.example", "two@acme.example"]
    with ThreadPoolExecutor(2) as pool:
        ids = list(pool.map(lambda e: api.create_operator(customer, email=e), emails))
    states = sorted(api.ended_transaction(each)["status"] for each in ids)
    assert states == ["FAILED", "SUCCESS"]


def test_mail_goes_out_when_there_is_no_password(
    sandbox: SandboxProcess, api: Api, customer: str
) -> None:
    api.create_operator(customer)
    api.create_operator(
        customer, username="second", email="b@b.example", password="Long-enough-12"
    )
    [mail] = sandbox.control("GET", "outbox")
    assert mail.pop("link").startswith(f"{sandbox.url}/activate/")
    assert mail.pop("sentAt")
    assert mail == {
        "to": "ann@acme.example",
        "username": "ann.lee",
        "accountId": customer,
        "accountName": "Acme",
    }


def test_failed_transaction_sends_no_mail(
    sandbox: SandboxProcess, api: Api, customer: str
) -> None:
    api.create_operator(customer)
    api.create_operator(customer)
    assert len(sandbox.control("GET", "outbox")) == 1


def test_update_changes_what_is_sent_and_never_the_email(
    api: Api, customer: str
) -> None:
    api.create_operator(customer)
    transaction_id = api.update_operator(
        customer, firstName="Anna", phone="1234567", email="new@acme.example"
    )
    assert api.transaction(transaction_id)["status"] == "SUCCESS"
    [row] = api.operators(customer)
    assert (row["firstName"], row["lastName"]) == ("Anna", "Lee")
    assert (row["phone"], row["email"]) == ("1234567", "ann@acme.example")


def test_update_changes_the_role(
    sandbox: SandboxProcess, api: Api, customer: str
) -> None:
    api.create_operator(customer)
    api.update_operator(customer, role="NO_ACCESS")
    [operator] = sandbox.control("GET", "state")["operators"]
    assert operator["role"] == "NO_ACCESS"


@pytest.mark.parametrize("changes", [{"role": "OWNER"}, {"phone": "1"}])
def test_bad_update_is_refused_at_once(
    api: Api, customer: str, changes: dict[str, str]
) -> None:
    payload = {"username": "ann.lee", "accountId": customer, **changes}
    response = api.call("PATCH", f"{OPERATORS}/operators", json=payload)
    assert response.status_code == 400


def test_unknown_operator_fails_late(api: Api, customer: str) -> None:
    for transaction_id in (
        api.update_operator(customer, firstName="Anna"),
        api.delete_operator(customer),
    ):
        row = api.transaction(transaction_id)
        assert (row["status"], row["error"]) == ("FAILED", "Operator was not found.")


def test_deleted_operator_frees_username_and_email(api: Api, customer: str) -> None:
    api.create_operator(customer)
    transaction_id = api.delete_operator(customer)
    assert api.transaction(transaction_id)["status"] == "SUCCESS"
    assert api.operators(customer) == []
    assert api.transaction(api.create_operator(customer))["status"] == "SUCCESS"


def test_last_owner_of_a_service_provider_stays(api: Api, reseller: str) -> None:
    row = api.transaction(api.delete_operator(reseller, "the.boss"))
    assert row["status"] == "FAILED"
    api.create_operator(reseller, role="OWNER")
    row = api.transaction(api.delete_operator(reseller, "the.boss"))
    assert row["status"] == "SUCCESS"


def test_account_deleted_meanwhile_fails_the_transaction(
    sandbox: SandboxProcess, api: Api, customer: str
) -> None:
    sandbox.control("PATCH", "settings", {"pending_seconds": 0.5})
    transaction_id = api.create_operator(customer)
    sandbox.control("DELETE", f"accounts/{customer}")
    row = api.ended_transaction(transaction_id)
    assert (row["status"], row["error"]) == ("FAILED", "Account was not found.")


def test_unknown_transaction_is_not_found(api: Api) -> None:
    assert api.get_transaction(UNKNOWN).status_code == 404


@pytest.mark.parametrize(
    ("account_id", "status"), [("WGC-1-unknown", 404), (FOREIGN_ACCOUNT, 403)]
)
def test_operators_of_what_is_not_managed_are_refused(
    api: Api, account_id: str, status: int
) -> None:
    path = f"{OPERATORS}/OperatorsByAccountId"
    response = api.call("GET", path, params={"account_id": account_id})
    assert response.status_code == status
    assert api.post_operator(account_id).status_code == status
