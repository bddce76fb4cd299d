"""From the names that people have to those that Panda asks for."""

from __future__ import annotations

import re
import unicodedata

GENERIC_MAILBOXES = {
    *("admin", "contact", "hello", "invoice", "office"),
    *("reception", "sales", "service", "support"),
}
"""Local parts of e-mail addresses that many companies use; shorter ones are no
usernames anyway."""
SHORTEST, LONGEST = 5, 60
"""Characters of a proposal: at least what Panda asks for
(docs/watchguard-api.md#operator-username), at most so many that a number still fits."""


def split_name(name: str) -> tuple[str, str]:
    """First and last name of a person; the last name is empty for a single word.

    "Maria Lopez Garcia" has the last name "Lopez Garcia", "Lopez, Maria" is read
    the other way round.
    """
    if "," in name:
        last, first = name.split(",", 1)
    else:
        first, _, last = name.strip().partition(" ")
    return first.strip(), last.strip()


def propose_username(email: str, name: str) -> str:
    """A username made of ``email``, or of ``name`` when that says little."""
    local_part, at, _domain = email.partition("@")
    for text in (local_part if at else "", name):
        username = _clean(text)[:LONGEST].rstrip(".")
        if len(username) >= SHORTEST and username not in GENERIC_MAILBOXES:
            return username
    return f"{_clean(name)}.panda".lstrip(".")


def _clean(text: str) -> str:
    """``text`` in the letters that a username may have.

    See docs/watchguard-api.md#operator-username.
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9._+-]+", ".", plain.lower()).strip(".")
