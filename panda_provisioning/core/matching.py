"""When two names or two e-mail addresses are the same, or likely the same.

Panda may store a name otherwise than it was sent: with HTML entities, in upper case, in
another Unicode form, cut. What is *the same* is linked by itself; what is *likely* the
same keeps an account from being created until a person has decided.
"""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..panda_api.responses import DAMAGE, Account, is_clear

MOST_COMPARED = 400
"""Letters of a name that are compared. Longer ones are never sent, and normalizing a
very long one takes quadratic time."""
LONGEST_ENTITY = 10
"""Letters that an HTML entity may take for one of the name."""
SHORTEST_BEGINNING = 4
"""Letters; a name that is shorter is no hint at one that begins with it."""
STROKES = str.maketrans("ØøŁłĐđĦħŦŧ", "OoLlDdHhTt")
"""Letters whose stroke is no accent to Unicode."""
ENDS_OF_WORDS = " ,;(/"
LIKELY_CUT = 16
"""Letters; a name of that length that ends within a word of ours was likely cut."""


def name_key(name: str) -> str:
    """The form in which names are sent: composed letters, single spaces."""
    return " ".join(unicodedata.normalize("NFC", name[:MOST_COMPARED]).split())


def same_name(left: str, right: str) -> bool:
    """Whether two account names are equal apart from white space."""
    return name_key(left) == name_key(right)


def fold(name: str) -> str:
    """``name`` without what a server may change: case, accents, white space, invisible
    and compatibility characters, HTML entities."""
    name = name[: LONGEST_ENTITY * MOST_COMPARED]
    if "&" in name:
        # In lower case, since a server that shouts makes `&EACUTE;` of `&eacute;`.
        name = html.unescape(html.unescape(name.lower()))
    name = name[:MOST_COMPARED]
    if not name.isascii():
        decomposed = unicodedata.normalize("NFKD", name.translate(STROKES))
        name = "".join(
            letter
            for letter in decomposed
            if unicodedata.category(letter) not in ("Mn", "Cf")
        )
    return " ".join(name.casefold().split())


def twin_keys(name: str) -> Iterator[str]:
    """The folded names that an account likely is ``name``'s under: the name itself, and
    those of its beginnings that are whole words or long enough to have been cut."""
    key = fold(name)
    yield key
    for end in range(SHORTEST_BEGINNING, len(key)):
        if end >= LIKELY_CUT or key[end] in ENDS_OF_WORDS:
            yield key[:end].rstrip()


def same_email(left: str, right: str) -> bool:
    """Whether two addresses are the same mailbox, ignoring case."""
    return bool(left) and left.strip().lower() == right.strip().lower()


def likely_same_email(left: str, right: str) -> bool:
    """Whether ``left``, as Panda shows it, is likely the mailbox ``right``: without its
    tag, or with letters masked by asterisks or damaged."""
    shown, sent = _plain_mailbox(left), _plain_mailbox(right)
    return bool(shown) and _fits(shown.replace(DAMAGE, "*").split("*"), sent)


def may_be_name(shown: str, name: str) -> bool:
    """Whether ``shown``, a name that is empty or damaged, may have been ``name``."""
    parts = [fold(part) for part in shown.split(DAMAGE)]
    return not shown.strip() or _fits(parts, fold(name))


def may_be_account(account: Account, name: str, email: str) -> bool:
    """Whether ``account``, which was listed without a clear name and then read, may be
    that of ``name`` and ``email`` after all."""
    if likely_same_email(account.email, email):
        return True
    if is_clear(account.name):
        return fold(account.name) in set(twin_keys(name))
    return not account.email


def _fits(parts: list[str], text: str) -> bool:
    """Whether ``text`` consists of ``parts``, with anything between two of them."""
    first, *others = parts
    if not others:
        return text == first
    *middle, last = others
    if not text.startswith(first) or not text.endswith(last):
        return False
    at, end = len(first), len(text) - len(last)
    for part in middle:
        at = text.find(part, at, end)
        if at < 0:
            return False
        at += len(part)
    return at <= end


@dataclass(frozen=True)
class Sought:
    """An account of Odoo that has none in Panda yet: its key, the names it may have
    there, and its e-mail address."""

    key: int
    names: tuple[str, ...]
    email: str


def find_seekers(
    accounts: Iterable[Account], sought: Iterable[Sought]
) -> dict[str, int]:
    """``{ID in Panda: key}`` of those of ``accounts`` that carry both the name and the
    e-mail address of one of ``sought``: it is going to be linked to that one."""
    by_name = {
        (fold(name), each.email.lower()): each.key
        for each in sought
        for name in each.names
    }
    keys = {each.id: (fold(each.name), each.email.lower()) for each in accounts}
    return {id_: by_name[key] for id_, key in keys.items() if key in by_name}


def _plain_mailbox(email: str) -> str:
    """The address in lower case, without a tag; one that is damaged or masked may have
    lost its ``@``."""
    email = email.strip().lower()
    name, at, domain = email.rpartition("@")
    if at:
        return f"{name.partition('+')[0]}@{domain}" if name else ""
    return email if DAMAGE in email or "*" in email else ""
