"""What must be true of an account before Panda is called.

One validator for the form, the preview, the engine and the orders. Every check is
made and every problem returned, so that a person can correct them all at once.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .error_catalogue import CATALOGUE
from .snapshot import Role, Snapshot

USERNAME_LIMIT = 65
"""Characters."""
USERNAME = re.compile(rf"[A-Za-z0-9._+-]{{5,{USERNAME_LIMIT}}}")
"""docs/watchguard-api.md#operator-username"""
PHONE = re.compile(r"\+[0-9]{6,40}")
"""International form; its digits are what is sent.

See docs/watchguard-api.md#operator-phone.
"""
EMAIL = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@"
    r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
    r"(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)+"
)
EMAIL_LIMIT = 254
"""Characters of an address that can be delivered to (RFC 5321)."""
NAME_LIMIT = 200
"""Characters. Panda publishes no limit (docs/watchguard-api.md#account-name)."""


@dataclass(frozen=True)
class Problem:
    """One thing to correct: a code of the error catalogue."""

    code: str

    @property
    def field(self) -> str:
        """The field of ``panda.account`` that the problem is about."""
        return CATALOGUE[self.code].field


def find_problems(snapshot: Snapshot) -> list[Problem]:
    """Everything that keeps ``snapshot`` from being sent, in the order of the form."""
    codes = [
        *binding_codes(snapshot),
        *([] if snapshot.role else ["role_missing"]),
        *(list(parent_codes(snapshot)) or _reseller_codes(snapshot)),
        *_uniqueness_codes(snapshot),
        *_username_codes(snapshot.username),
        *_text_codes("name", snapshot.name),
        *_email_codes(snapshot.email),
        *_text_codes("first_name", snapshot.first_name),
        *_text_codes("last_name", snapshot.last_name),
    ]
    if not PHONE.fullmatch(snapshot.phone):
        codes.append("phone_missing")
    return [Problem(code) for code in codes]


def binding_codes(snapshot: Snapshot) -> Iterator[str]:
    """What keeps the contact from being in this system at all."""
    surroundings = snapshot.surroundings
    if surroundings.system_problem:
        yield surroundings.system_problem
    if not surroundings.partner_active:
        yield "partner_archived"
    if surroundings.other_company:
        yield "other_company"
    if surroundings.withdrawn:
        yield "withdrawn"


def parent_codes(snapshot: Snapshot) -> Iterator[str]:
    """What can never be right about role and parent."""
    surroundings = snapshot.surroundings
    if snapshot.has_parent and snapshot.role is Role.RESELLER:
        yield "reseller_with_parent"
    elif surroundings.parent_is_self:
        yield "parent_is_self"
    elif surroundings.parent_in_other_system:
        yield "parent_other_system"
    elif snapshot.has_parent and not surroundings.parent_is_reseller:
        yield "parent_not_reseller"
    is_new_user = snapshot.role is Role.USER and not snapshot.remote_id
    if is_new_user and surroundings.has_customers:
        yield "has_customers"


def _reseller_codes(snapshot: Snapshot) -> Iterator[str]:
    """What is not right yet about the reseller of an account to be created."""
    surroundings = snapshot.surroundings
    if snapshot.role is not Role.USER or snapshot.remote_id:
        return
    if snapshot.waits_for_reseller:
        yield "parent_not_synced"
    elif surroundings.names_reseller and not snapshot.has_parent:
        is_ready = surroundings.reseller_ready
        yield "parent_missing" if is_ready else "parent_not_synced"


def is_email_used(
    key: int, owners: Iterable[tuple[int, bool]], *, is_in_panda: bool
) -> bool:
    """Whether another account may use the e-mail address of account ``key`` and this
    one may not: those in Panda come first, then who was first.

    :param key: not positive for an account that is not saved yet; those come last.
    :param owners: account id of each that uses the address and was ever queued, with
        whether it is in Panda.
    """
    return any(
        other != key
        and (other_in_panda or (not is_in_panda and (key <= 0 or 0 < other < key)))
        for other, other_in_panda in owners
    )


def _uniqueness_codes(snapshot: Snapshot) -> Iterator[str]:
    if snapshot.surroundings.username_used:
        yield "username_used"
    if snapshot.surroundings.email_used:
        yield "email_used"


def _username_codes(username: str) -> Iterator[str]:
    if not username:
        yield "username_missing"
    elif not USERNAME.fullmatch(username):
        yield "username_invalid"


def _email_codes(email: str) -> Iterator[str]:
    if not email:
        yield "email_missing"
    elif email.count("@") > 1:
        yield "email_several"
    elif len(email) > EMAIL_LIMIT or not EMAIL.fullmatch(email):
        yield "email_invalid"


def _text_codes(field: str, value: str) -> Iterator[str]:
    if not value.strip():
        yield f"{field}_missing"
    elif len(value) > NAME_LIMIT:
        yield f"{field}_too_long"
    elif any(unicodedata.category(letter) in ("Cc", "Cs") for letter in value):
        yield f"{field}_unprintable"
