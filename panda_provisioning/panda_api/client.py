"""The calls of the WatchGuard Cloud API that provisioning needs, one method each.

Every fact about the API, with its certainty and source, is in
``docs/watchguard-api.md``; the comments cite its anchors.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from .child_pages import EVERYTHING, ChildPages
from .connection import MaySend
from .errors import ErrorKind, PandaError
from .limits import MOST_CHILDREN, MOST_PAGES
from .responses import (
    TRANSACTION_ID,
    Account,
    Children,
    Operator,
    Transaction,
    as_list,
    as_object,
    integer,
    is_account_id,
    is_clear,
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
    :param longest: seconds from now after which the last call has to end.
    """

    def __init__(
        self,
        transport: Transport,
        trace: Trace | None = None,
        may_send: MaySend | None = None,
        longest: float = math.inf,
    ) -> None:
        self._transport = transport
        self._trace = trace
        self._may_send = may_send
        self._ends_at = time.monotonic() + longest

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
        is_parent = account_id.casefold() == parent_id.casefold()
        if is_parent or not is_account_id(account_id):
            raise PandaError(ErrorKind.UNKNOWN, "unreadable", "no account ID")
        return account_id

    def get_account(self, account_id: str) -> Account:
        """Read an account with its contact (docs/watchguard-api.md#get-account)."""
        params = {"fields": "contacts"}
        answer = self._read(_account_path(account_id), params)
        if text(answer, "accountId", "accountID") not in ("", account_id):
            raise unreadable("an account was expected that was asked for")
        return Account(
            id=account_id,
            name=text(answer, "name"),
            type=integer(answer.get("type")),
            email=_email(answer.get("contacts")),
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

    def list_children(self, account_id: str, *, name: str = "") -> Children:
        """Accounts directly below ``account_id``; ``name`` narrows, it may not match.

        Reads every page, see :class:`~.child_pages.ChildPages`. It may take as long as
        two exchanges.

        A listing that makes no sense is read a second time, since most of that passes:
        somebody may create an account while it is read, or an answer be damaged.

        :return: the rows, also those without a usable ID or name the second time.
        :raise PandaError: ``inconsistent_listing`` if it shows fewer accounts than it
            says that there are, twice.
        """
        until = min(self._ends_at, time.monotonic() + 2 * self._transport.timeout)
        try:
            children = self._read_children(account_id, name, until)
        except PandaError as error:
            if error.code != "inconsistent_listing":
                raise
        else:
            if all(is_account_id(each.id) and is_clear(each.name) for each in children):
                return children
        return self._read_children(account_id, name, until)

    def _read_children(self, account_id: str, name: str, until: float) -> Children:
        path = f"{_account_path(account_id)}/children"
        params = {"type": "0", "limit": str(EVERYTHING)}
        if name:
            params["name"] = name
        pages = ChildPages()
        while pages.count < MOST_PAGES and len(pages.rows) <= MOST_CHILDREN:
            params["offset"] = str(pages.offset)
            try:
                answer = self._read_page(path, params, until)
            except PandaError as error:
                if error.code != "rejected" or not pages.seems_whole:
                    raise
                # It refuses to begin behind the last row.
                return Children(pages.rows, pages.count, pages.count + 1)
            children = pages.add(answer)
            if children is not None:
                return children
        raise unreadable(f"a listing of more than {MOST_CHILDREN:,} accounts")

    def _read_page(
        self, path: str, params: dict[str, str], until: float
    ) -> Mapping[str, Any]:
        """One answer of a listing. Whoever does not know that the limit -1 means
        everything is asked without a limit, from then on."""
        if time.monotonic() >= until:
            raise PandaError(ErrorKind.OUTAGE, "timeout", "a listing without an end")
        try:
            return self._read(path, {**params}, until)
        except PandaError as error:
            if error.code != "rejected" or "limit" not in params:
                raise
        del params["limit"]
        return self._read(path, {**params}, until)

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
        answer = self._read(path, params)
        if "result" not in answer:  # which does not mean that there is nobody
            raise unreadable("a list of operators was expected")
        result = answer["result"]
        rows = [] if result is None else as_list(result)
        owners = {text(row, "accountId", "accountID").casefold() for row in rows}
        if owners - {"", account_id.casefold()}:
            raise unreadable("operators of another account")
        return [
            Operator(
                text(row, "userName", "username"),
                text(row, "email"),
                str(row.get("mfa")).lower() in ("enabled", "true"),
            )
            for row in rows
        ]

    def get_transaction(self, transaction_id: str, username: str) -> Transaction:
        """State of ``username`` in an operator transaction.

        See docs/watchguard-api.md#transaction-status.
        """
        path = f"{OPERATORS}/TransactionStatus"
        params = {"transaction_id": transaction_id}
        answer = self._read(path, params)
        rows = as_list(answer.get("transaction_status"))
        for row in rows:
            named = text(row, "username", "userName").lower()
            is_only_one = len(rows) == 1 and not named
            if is_only_one or named == username.lower():
                return Transaction(
                    text(row, "status").upper(), text(row, "error", "message")
                )
        raise unreadable("the transaction does not name the operator")

    # === PROBES === #

    def authenticate(self) -> None:
        """Ask for a token, unless there is one."""
        self._transport.authenticate(self._ends_at)

    def may_write(self, account_id: str) -> bool:
        """Whether these credentials may write, found out without writing.

        An account without any of its required fields is refused as incomplete (400),
        but a read-only Access ID is refused before (403)
        (docs/watchguard-api.md#permission).

        :raise PandaError: for any other answer, which may not be of Panda.
        """
        try:
            self._call("POST", _account_path(account_id), payload={})
        except PandaError as error:
            if error.status in (400, 422):
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
            if error.kind is not ErrorKind.DATA or error.code == "blocked":
                raise
        return True

    # === HELPERS === #

    def _transaction(self, method: str, payload: dict[str, Any]) -> str:
        answer = self._write(method, f"{OPERATORS}/operators", payload)
        transaction_id = text(answer, "transaction_id")
        if not TRANSACTION_ID.fullmatch(transaction_id):
            raise PandaError(ErrorKind.UNKNOWN, "unreadable", "no transaction ID")
        return transaction_id

    def _write(self, method: str, path: str, payload: dict[str, Any]) -> Any:
        answer = self._call(method, path, payload=payload)
        # A success that says nothing usable may have been done all the same.
        return answer if isinstance(answer, dict) else {}

    def _read(
        self, path: str, params: dict[str, str], ends_at: float = math.inf
    ) -> Mapping[str, Any]:
        """The JSON object that a read is answered with."""
        until = min(ends_at, self._ends_at)
        return as_object(self._call("GET", path, params=params, ends_at=until))

    def _call(self, method: str, path: str, **options: Any) -> Any:
        if self._may_send and method != "GET":
            options["may_send"] = self._may_send
        options.setdefault("ends_at", self._ends_at)
        return self._transport.request(method, path, trace=self._trace, **options)


def _account_path(account_id: str) -> str:
    if account_id in ("", ".", ".."):  # which would lead elsewhere
        raise PandaError(ErrorKind.DATA, "not_found", "no account ID")
    return f"{ACCOUNTS}/{quote(account_id, safe='')}"


def _email(contacts: Any) -> str:
    """The first address of one or more contacts, empty if there is none."""
    for contact in contacts if isinstance(contacts, list) else [contacts]:
        if isinstance(contact, Mapping) and text(contact, "email"):
            return text(contact, "email")
    return ""
