"""The calls of the WatchGuard Cloud API that provisioning needs, one method each.

Every fact about the API, with its certainty and source, is in
``docs/watchguard-api.md``; the comments cite its anchors.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from .connection import MaySend
from .errors import ErrorKind, PandaError
from .responses import (
    Account,
    Child,
    Operator,
    Transaction,
    as_list,
    as_object,
    integer,
    text,
    unreadable,
)
from .transport import Trace, Transport

ACCOUNTS = "/rest/platform/accounts/v1/accounts"
OPERATORS = "/rest/platform/operator-mgmt/v1"

RESELLER_TYPE = 1
"""Service Provider (docs/watchguard-api.md#account-types)."""
CUSTOMER_TYPE = 2
"""Subscriber (docs/watchguard-api.md#account-types)."""


class PandaClient:
    """Calls of one transport; cheap to make, so each task has its own ``trace``.

    Every method raises :class:`~.errors.PandaError` for anything but a success.

    :param trace: called with an :class:`~.responses.Exchange` after each request.
    :param may_send: asked immediately before the bytes of a write leave; when it says
        no, nothing is sent and the call fails with ``not_sent``. Reads do not ask.
    """

    def __init__(
        self,
        transport: Transport,
        trace: Trace | None = None,
        may_send: MaySend | None = None,
    ) -> None:
        self._transport = transport
        self._trace = trace
        self._may_send = may_send

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._transport!r})"

    # === ACCOUNTS === #

    def create_account(
        self,
        parent_id: str,
        *,
        account_type: int,
        name: str,
        first_name: str,
        last_name: str,
        email: str,
    ) -> str:
        """Create an account below ``parent_id`` and return its ID.

        Not idempotent: the same call twice makes two accounts
        (docs/watchguard-api.md#create-account).
        """
        payload = {
            "type": account_type,
            "name": name,
            "firstName": first_name,
            "lastName": last_name,
            "email": email,
        }
        answer = self._write("POST", _account_path(parent_id), payload)
        account_id = text(answer, "accountId", "accountID")
        if not account_id:
            raise PandaError(ErrorKind.UNKNOWN, "unreadable", "no account ID")
        return account_id

    def get_account(self, account_id: str) -> Account:
        """Read an account with its contact (docs/watchguard-api.md#get-account)."""
        params = {"fields": "contacts"}
        answer = as_object(self._call("GET", _account_path(account_id), params=params))
        contact = answer.get("contacts") or {}
        return Account(
            id=text(answer, "accountId", "accountID"),
            name=text(answer, "name"),
            type=integer(answer.get("type")),
            email=text(as_object(contact), "email"),
        )

    def update_account(
        self, account_id: str, *, name: str, first_name: str, last_name: str, email: str
    ) -> None:
        """Write all that an account's update takes, which is idempotent.

        See docs/watchguard-api.md#update-account.
        """
        payload = {
            "name": name,
            "firstName": first_name,
            "lastName": last_name,
            "email": email,
        }
        self._call("PATCH", _account_path(account_id), payload=payload)

    def list_children(self, account_id: str, *, name: str = "") -> list[Child]:
        """Accounts directly below ``account_id``; ``name`` narrows, it may not match.

        Reads every page, in both known forms of paging (docs/watchguard-api.md#paging).
        Without a total it reads on until a page brings nothing new.
        """
        path = f"{_account_path(account_id)}/children"
        children: dict[str, Child] = {}
        offset = 0
        while True:
            params = {"type": "0", "limit": "-1", "offset": str(offset)}
            if name:
                params["name"] = name
            answer = as_object(self._call("GET", path, params=params))
            page = [_child(row) for row in as_list(answer.get("items"))]
            known = len(children)
            children.update((child.id, child) for child in page)
            offset += len(page)
            paging = as_object(answer.get("pageControls") or answer)
            total = integer(paging.get("totalItems"), -1)
            if len(children) == known or 0 <= total <= offset:
                return list(children.values())

    # === OPERATORS === #

    def create_operator(
        self,
        account_id: str,
        *,
        username: str,
        first_name: str,
        last_name: str,
        email: str,
        phone: str,
        role: str,
    ) -> str:
        """Ask for an operator and return the transaction to watch.

        The activation e-mail goes out when the transaction succeeds
        (docs/watchguard-api.md#create-operator).

        :param phone: 6 to 40 digits.
        """
        payload = {
            "username": username,
            "accountId": account_id,
            "firstName": first_name,
            "lastName": last_name,
            "email": email,
            "phone": phone,
            "role": role,
        }
        return self._transaction("POST", payload)

    def update_operator(
        self,
        account_id: str,
        *,
        username: str,
        first_name: str,
        last_name: str,
        phone: str,
    ) -> str:
        """Ask for a change and return the transaction to watch; the e-mail is fixed.

        See docs/watchguard-api.md#update-operator.
        """
        payload = {
            "username": username,
            "accountId": account_id,
            "firstName": first_name,
            "lastName": last_name,
            "phone": phone,
        }
        return self._transaction("PATCH", payload)

    def list_operators(self, account_id: str) -> list[Operator]:
        """Operators of an account (docs/watchguard-api.md#list-operators)."""
        path = f"{OPERATORS}/OperatorsByAccountId"
        params = {"account_id": account_id}
        answer = as_object(self._call("GET", path, params=params))
        if "result" not in answer:  # which does not mean that there is nobody
            raise unreadable("a list of operators was expected")
        return [
            Operator(
                text(row, "userName", "username"),
                text(row, "email"),
                row.get("mfa") in (True, "Enabled"),
            )
            for row in as_list(answer["result"] or [])
        ]

    def get_transaction(self, transaction_id: str, username: str) -> Transaction:
        """State of ``username`` in an operator transaction.

        See docs/watchguard-api.md#transaction-status.
        """
        path = f"{OPERATORS}/TransactionStatus"
        params = {"transaction_id": transaction_id}
        answer = as_object(self._call("GET", path, params=params))
        rows = as_list(answer.get("transaction_status"))
        for row in rows:
            named = text(row, "username", "userName").lower()
            if len(rows) == 1 or named == username.lower():
                return Transaction(
                    text(row, "status").upper(), text(row, "error", "message")
                )
        raise unreadable("the transaction does not name the operator")

    # === PROBES === #

    def may_write(self, account_id: str) -> bool:
        """Whether these credentials may write, found out without writing.

        An account without any of its required fields is refused as incomplete (400),
        but a read-only Access ID is refused before (403)
        (docs/watchguard-api.md#permission).
        """
        try:
            self._call("POST", _account_path(account_id), payload={})
        except PandaError as error:
            if error.kind is ErrorKind.DATA:
                return True
            if error.kind is ErrorKind.PERMISSION:
                return False
            raise
        raise unreadable("an empty account was accepted")

    def accepts_api_key(self) -> bool:
        """Whether the API key is good, asked where no account is involved.

        An unknown transaction is *not found* to who may ask
        (docs/watchguard-api.md#permission).
        """
        path = f"{OPERATORS}/TransactionStatus"
        params = {"transaction_id": "00000000-0000-0000-0000-000000000000"}
        try:
            self._call("GET", path, params=params)
        except PandaError as error:
            if error.kind in (ErrorKind.PERMISSION, ErrorKind.AUTH):
                return False
            if error.kind is not ErrorKind.DATA:
                raise
        return True

    # === HELPERS === #

    def _transaction(self, method: str, payload: dict[str, Any]) -> str:
        answer = self._write(method, f"{OPERATORS}/operators", payload)
        transaction_id = text(answer, "transaction_id")
        if not transaction_id:
            raise PandaError(ErrorKind.UNKNOWN, "unreadable", "no transaction ID")
        return transaction_id

    def _write(self, method: str, path: str, payload: dict[str, Any]) -> Any:
        answer = self._call(method, path, payload=payload)
        # A success that says nothing usable may have been done all the same.
        return answer if isinstance(answer, dict) else {}

    def _call(self, method: str, path: str, **options: Any) -> Any:
        if self._may_send and method != "GET":
            options["may_send"] = self._may_send
        return self._transport.request(method, path, trace=self._trace, **options)


def _account_path(account_id: str) -> str:
    return f"{ACCOUNTS}/{quote(account_id, safe='')}"


def _child(row: Any) -> Child:
    account_id = text(row, "accountId", "accountID")
    if not account_id:
        raise unreadable("a managed account without an ID")
    return Child(account_id, text(row, "name"), integer(row.get("type")))
