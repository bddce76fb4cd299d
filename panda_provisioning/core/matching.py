"""When two names or two e-mail addresses are the same to Panda."""

from __future__ import annotations

import unicodedata


def name_key(name: str) -> str:
    """The form in which names are compared: composed letters, single spaces."""
    return " ".join(unicodedata.normalize("NFC", name).split())


def same_name(left: str, right: str) -> bool:
    """Whether two account names are equal apart from white space."""
    return name_key(left) == name_key(right)


def same_email(left: str, right: str) -> bool:
    """Whether two addresses are the same mailbox, ignoring case."""
    return bool(left) and left.strip().lower() == right.strip().lower()
