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

from ..panda_api.responses import DAMAGE, Account

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
    and compatibility characters, HTML entities, and letters that were damaged."""
    name = name[: LONGEST_ENTITY * MOST_COMPARED]
    if "&" in name:
        # In lower case, since a server that shouts makes `&EACUTE;` of `&eacute;`.
        name = html.unescape(html.unescape(name.lower()))
    name = name[:MOST_COMPARED]
    if not name.isascii():
        name = name.replace(DAMAGE, "").translate(STROKES)
        decomposed = unicodedata.normalize("NFKD", name)
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
    tag, with letters masked by asterisks, or damaged."""
    shown, sent = _plain_mailbox(left), _plain_mailbox(right)
    if "*" not in shown:
        return bool(shown) and shown == sent
    first, *_hidden, last = shown.split("*")
    has_room = len(first) + len(last) < len(sent)
    return has_room and sent.startswith(first) and sent.endswith(last)


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
    """The address in lower case, without a tag and damaged letters."""
    name, _at, domain = email.replace(DAMAGE, "").strip().lower().rpartition("@")
    return f"{name.partition('+')[0]}@{domain}" if name else ""
