"""Bodies of requests and answers.

See docs/watchguard-api.md#accounts and docs/watchguard-api.md#operators.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field

ROLES = {
    1: ("OWNER", "SALES", "HELPDESK", "AUDITOR", "NO_ACCESS"),
    2: ("ADMINISTRATOR", "ANALYST", "OBSERVER", "NO_ACCESS"),
}
"""Operator roles by type of account (docs/watchguard-api.md#operator-roles)."""


MIN_PASSWORD = 12
"""Characters (docs/watchguard-api.md#operator-password)."""


def _not_blank(value: str) -> str:
    if not value.strip():
        raise ValueError("must not be empty")
    return value


def _email(value: str) -> str:
    if not re.fullmatch(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+", value):
        raise ValueError("is not an e-mail address")
    return value


def _password(value: str) -> str:
    classes = (r"[a-z]", r"[A-Z]", r"[0-9]", r"[^A-Za-z0-9]")
    if len(value) < MIN_PASSWORD or not all(re.search(c, value) for c in classes):
        raise ValueError(
            f"needs {MIN_PASSWORD} characters: lower, upper, digit and symbol"
        )
    # Emoji lie above the Basic Multilingual Plane, or among its symbols.
    if re.search(r"[<> \u2600-\u27bf\U00010000-\U0010ffff]", value):
        raise ValueError("must not hold <, >, a space or an emoji")
    return value


Text = Annotated[str, AfterValidator(_not_blank)]
Email = Annotated[str, AfterValidator(_email)]
Password = Annotated[str, AfterValidator(_password)]
Username = Annotated[str, Field(pattern=r"^[A-Za-z0-9._+\-]{5,65}$")]
Phone = Annotated[str, Field(pattern=r"^[0-9]{6,40}$")]


class AccountChange(BaseModel):
    """All that a PATCH of an account takes (docs/watchguard-api.md#update-account)."""

    name: Text
    firstName: Text
    lastName: Text
    email: Email


class NewAccount(AccountChange):
    """A Service Provider (1) or a Subscriber (2).

    See docs/watchguard-api.md#create-account.
    """

    type: Literal[1, 2]


class CreatedAccount(BaseModel):
    """The ID of a new account; a switch spells it ``accountID``."""

    accountId: str


class Contacts(BaseModel):
    primaryContactId: str
    firstName: str
    lastName: str
    email: str
    phone: str


class Parent(BaseModel):
    id: str
    access: str


class AccountDetails(BaseModel):
    """An account; what has a default is there only when asked for.

    See docs/watchguard-api.md#get-account.
    """

    accountId: str
    name: str
    status: str
    type: int
    contacts: Contacts | None = None
    parent: Parent | None = None
    addresses: dict[str, str] | None = None
    serviceProperties: dict[str, str] | None = None


class DeletedAccount(BaseModel):
    """IDs of the accounts that went with it (docs/watchguard-api.md#delete-account)."""

    childIds: list[str]


class Child(BaseModel):
    accountId: str
    name: str
    type: int
    parentAccess: str
    totalOperators: int


class PageControls(BaseModel):
    limit: int
    offset: int
    totalItems: int


class Children(BaseModel):
    """A page of children; a switch puts the controls beside the items.

    See docs/watchguard-api.md#paging.
    """

    items: list[Child]
    pageControls: PageControls


class AudienceRequest(BaseModel):
    accountId: Text


class Audience(BaseModel):
    """What a token of a managed account is asked with.

    See docs/watchguard-api.md#managed-account-token.
    """

    audience: str


class OperatorKey(BaseModel):
    """Which operator of which account (docs/watchguard-api.md#delete-operator)."""

    username: Username
    accountId: Text


class OperatorChange(OperatorKey):
    """What may change of an operator: not the e-mail.

    See docs/watchguard-api.md#update-operator.
    """

    firstName: Text | None = None
    lastName: Text | None = None
    phone: Phone | None = None
    role: Text | None = None


class NewOperator(OperatorKey):
    """An operator to be; without a password a mail asks for one.

    See docs/watchguard-api.md#create-operator.
    """

    firstName: Text
    lastName: Text
    email: Email
    phone: Phone
    role: Text
    password: Password | None = None


class TransactionStarted(BaseModel):
    transaction_id: str
    status: Literal["success"]
    message: str


class TransactionRow(BaseModel):
    """State of one operator; a switch calls the text ``message``.

    See docs/watchguard-api.md#transaction-status.
    """

    username: str
    status: Literal["PENDING", "SUCCESS", "FAILED"]
    error: str


class TransactionState(BaseModel):
    status: Literal["success"]
    transaction_status: list[TransactionRow]


class OperatorRow(BaseModel):
    """An operator; switches spell ``username`` and make ``mfa`` a boolean.

    See docs/watchguard-api.md#list-operators.
    """

    accountId: str
    email: str
    firstName: str
    lastName: str
    phone: str
    mfa: str
    userName: str


class OperatorList(BaseModel):
    status: Literal["success"]
    result: list[OperatorRow]


class Token(BaseModel):
    """An access token (docs/watchguard-api.md#token-answer)."""

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int
    scope: str


class Error(BaseModel):
    """Every error of the API, unless a switch changes its form.

    See docs/watchguard-api.md#error-body.
    """

    code: int
    message: str
    details: str
