"""What must be true of an account before Panda is called, as data.

Every check is made and every problem returned: a person mends them all at once.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from .steps import Role, Snapshot

USERNAME = re.compile(r"[A-Za-z0-9._+-]{5,65}", re.ASCII)
"""Panda-api section 4, rules."""
PHONE = re.compile(r"\+[0-9]{6,40}", re.ASCII)
"""International form; its digits are what is sent (panda-api section 4)."""
EMAIL = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@"
    r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
    r"(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)+",
    re.ASCII,
)
NAME_LIMIT = 200
"""Characters. Panda publishes no limit (panda-api section 3, unknown)."""


@dataclass(frozen=True)
class Problem:
    """One thing to mend: the field of the account and a machine code."""

    field: str
    code: str


def problems(snapshot: Snapshot) -> list[Problem]:
    """Everything that is wrong with ``snapshot``, in the order of the form."""
    found = [
        *_parent_problems(snapshot),
        *_username_problems(snapshot.username),
        *_text_problems("name", snapshot.name),
        *_email_problems(snapshot.email),
        *_text_problems("first_name", snapshot.first_name),
        *_text_problems("last_name", snapshot.last_name),
    ]
    if not PHONE.fullmatch(snapshot.phone):
        found.append(Problem("phone", "phone_missing"))
    return found


def _parent_problems(snapshot: Snapshot) -> list[Problem]:
    if not snapshot.role:
        return [Problem("role", "role_missing")]
    if snapshot.role is Role.RESELLER and snapshot.has_parent:
        return [Problem("parent_id", "reseller_with_parent")]
    return []


def _username_problems(username: str) -> list[Problem]:
    if not username:
        return [Problem("username", "username_missing")]
    if not USERNAME.fullmatch(username):
        return [Problem("username", "username_invalid")]
    return []


def _email_problems(email: str) -> list[Problem]:
    if not email:
        return [Problem("email", "email_missing")]
    if len(re.findall("@", email)) > 1:
        return [Problem("email", "email_several")]
    if len(email) > 254 or not EMAIL.fullmatch(email):
        return [Problem("email", "email_invalid")]
    return []


def _text_problems(field: str, value: str) -> list[Problem]:
    if not value.strip():
        return [Problem(field, f"{field}_missing")]
    if len(value) > NAME_LIMIT:
        return [Problem(field, f"{field}_too_long")]
    if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in value):
        return [Problem(field, f"{field}_unprintable")]
    return []
