"""Which account a request is about, by name: for rules and for the record."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from .sandbox import Sandbox

ACCOUNTS = "/rest/platform/accounts/v1/accounts/"


def account_name(
    sandbox: Sandbox, method: str, path: str, query: str, body: bytes
) -> str:
    """The account's name, empty when the request names none that is known.

    For a new account it is the name to be, and for a search the name looked for.
    """
    if not path.startswith("/rest/"):
        return ""
    values = {name: found[0] for name, found in parse_qs(query).items()}
    if body:
        values.update(_texts(body))
    if path.startswith(ACCOUNTS):
        if "name" in values and method in ("POST", "GET"):
            return values["name"]
        return _name_of(sandbox, path[len(ACCOUNTS) :].partition("/")[0])
    if "transaction_id" in values:
        transaction = sandbox.transactions.find(values["transaction_id"])
        return _name_of(sandbox, transaction.account_id) if transaction else ""
    return _name_of(sandbox, values.get("account_id") or values.get("accountId", ""))


def _texts(body: bytes) -> dict[str, str]:
    """The texts of a JSON object, none of anything else."""
    try:
        values: Any = json.loads(body)
    except ValueError:
        return {}
    if not isinstance(values, Mapping):
        return {}
    return {name: value for name, value in values.items() if isinstance(value, str)}


def _name_of(sandbox: Sandbox, account_id: str) -> str:
    account = sandbox.accounts.get(account_id)
    return account.name if account else ""
