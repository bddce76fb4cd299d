"""From the names that people have to those that Panda asks for."""

from __future__ import annotations

import re
import unicodedata


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


def clean_username(text: str) -> str:
    """``text`` in the letters that a username may have (panda-api section 4)."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9._+-]+", ".", plain.lower()).strip(".")
