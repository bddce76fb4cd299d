"""A client for the tests: thin, so that every answer can be looked at."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import requests

from panda_sandbox.settings import API_KEY, PASSWORDS, READ_WRITE_ID, ROOT_ACCOUNT

ACCOUNTS = "/rest/platform/accounts/v1/accounts"
OPERATORS = "/rest/platform/operator-mgmt/v1"
AUDIENCES = "/rest/platform/authorization/v1/audiences"

TOKEN_FORM = {"grant_type": "client_credentials", "scope": "api-access"}
SUBSCRIBER = {
    "type": 2,
    "name": "Acme",
    "firstName": "Ann",
    "lastName": "Lee",
    "email": "ann@acme.example",
}


class Api:
    """Calls one sandbox with one pair of credentials."""

    def __init__(self, url: str, access_id: str = READ_WRITE_ID) -> None:
        self.url = url
        self.access_id = access_id
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["WatchGuard-API-Key"] = API_KEY

    def ask_token(self, **changes: Any) -> requests.Response:
        form = {**TOKEN_FORM, **changes}
        auth = (self.access_id, PASSWORDS[self.access_id])
        return self.session.post(f"{self.url}/oauth/token", data=form, auth=auth)

    def log_in(self, **changes: Any) -> None:
        token = self.ask_token(**changes).json()["access_token"]
        self.session.headers["Authorization"] = f"Bearer {token}"

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        return self.session.request(method, self.url + path, timeout=10, **options)

    # === ACCOUNTS === #

    def post_account(
        self, parent_id: str = ROOT_ACCOUNT, **changes: Any
    ) -> requests.Response:
        payload = {**SUBSCRIBER, **changes}
        return self.call("POST", f"{ACCOUNTS}/{parent_id}", json=payload)

    def create_account(self, parent_id: str = ROOT_ACCOUNT, **changes: Any) -> str:
        response = self.post_account(parent_id, **changes)
        assert response.status_code == 200, response.text
        account_id: str = response.json()["accountId"]
        return account_id

    def get_account(self, account_id: str, fields: str = "") -> requests.Response:
        params = {"fields": fields}
        return self.call("GET", f"{ACCOUNTS}/{account_id}", params=params)

    def children(self, parent_id: str = ROOT_ACCOUNT, **params: Any) -> Any:
        path = f"{ACCOUNTS}/{parent_id}/children"
        response = self.call("GET", path, params=params)
        assert response.status_code == 200, response.text
        return response.json()

    def names(self, parent_id: str = ROOT_ACCOUNT, **params: Any) -> list[str]:
        return [row["name"] for row in self.children(parent_id, **params)["items"]]

    # === OPERATORS === #

    def post_operator(self, account_id: str, **changes: Any) -> requests.Response:
        payload = {
            "username": "ann.lee",
            "accountId": account_id,
            "firstName": "Ann",
            "lastName": "Lee",
            "email": "ann@acme.example",
            "phone": "302101234567",
            "role": "ADMINISTRATOR",
            **changes,
        }
        return self.call("POST", f"{OPERATORS}/operators", json=payload)

    def create_operator(self, account_id: str, **changes: Any) -> str:
        return started(self.post_operator(account_id, **changes))

    def update_operator(self, account_id: str, **changes: Any) -> str:
        payload = {"username": "ann.lee", "accountId": account_id, **changes}
        return started(self.call("PATCH", f"{OPERATORS}/operators", json=payload))

    def delete_operator(self, account_id: str, username: str = "ann.lee") -> str:
        payload = {"username": username, "accountId": account_id}
        return started(self.call("POST", f"{OPERATORS}/DeleteOperators", json=payload))

    def operators(self, account_id: str) -> list[dict[str, Any]]:
        path = f"{OPERATORS}/OperatorsByAccountId"
        response = self.call("GET", path, params={"account_id": account_id})
        assert response.status_code == 200, response.text
        result: list[dict[str, Any]] = response.json()["result"]
        return result

    def get_transaction(self, transaction_id: str) -> requests.Response:
        path = f"{OPERATORS}/TransactionStatus"
        return self.call("GET", path, params={"transaction_id": transaction_id})

    def transaction(self, transaction_id: str) -> dict[str, Any]:
        row: dict[str, Any]
        [row] = self.get_transaction(transaction_id).json()["transaction_status"]
        return row

    def ended_transaction(self, transaction_id: str) -> dict[str, Any]:
        """The row of a transaction, as soon as it is pending no more."""
        wait_until(lambda: self.transaction(transaction_id)["status"] != "PENDING")
        return self.transaction(transaction_id)


def wait_until(condition: Callable[[], object], seconds: float = 10) -> None:
    """Return as soon as ``condition`` holds; fail when it never does."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition never held"
        time.sleep(0.01)


def started(response: requests.Response) -> str:
    """The ID of the transaction that a request has started."""
    assert response.status_code == 200, response.text
    transaction_id: str = response.json()["transaction_id"]
    return transaction_id
