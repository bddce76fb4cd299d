"""What exists already below a parent, asked for as few times as possible."""

from __future__ import annotations

import threading
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from .client import PandaClient
from .records import Child
from .steps import Snapshot

Parent = TypeVar("Parent", bound=Hashable)


MANY = 3
"""From so many accounts below a parent on, the parent is listed as a whole."""


def crowded(parents: Iterable[Parent]) -> set[Parent]:
    """Those of ``parents``, one for each account looked for, that many are below."""
    return {parent for parent, count in Counter(parents).items() if count >= MANY}


@dataclass(frozen=True)
class Listing:
    """All children of one parent as of ``looked_at``, seconds since the epoch."""

    looked_at: float
    by_name: dict[str, list[Child]]
    shown_to: set[int] = field(default_factory=set)
    """Keys of the accounts that have used it."""


class Directory:
    """Finds the children of a parent by name, for one run.

    Parents announced with :meth:`expect_many` are listed once, whatever the number
    of accounts looked for below them; for the others, and for who looks a second
    time, Panda is asked by name. Safe to use from many threads.
    """

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._locks: dict[str, threading.Lock] = {}
        self._listings: dict[str, Listing] = {}

    def expect_many(self, parent_ids: Iterable[str]) -> None:
        """Say below which parents many accounts are going to be looked for."""
        for parent_id in parent_ids:
            self._locks.setdefault(parent_id, threading.Lock())

    def lacks(self, snapshot: Snapshot) -> bool:
        """Whether it is known, without asking, that no child carries the name.

        Not of an account of which a create may have been sent since, or that a person
        has chosen.
        """
        listing = self._listings.get(snapshot.parent_remote_id)
        is_sure = snapshot.marker_at is None and not snapshot.chosen_remote_id
        if not listing or not is_sure:
            return False
        return name_key(snapshot.name) not in listing.by_name

    def children(
        self, client: PandaClient, snapshot: Snapshot
    ) -> tuple[float, list[Child]]:
        """When Panda was looked at, and the children that carry the name.

        A listing proves that an account exists, but not that a create of ours which
        came after it has left nothing behind: then Panda is asked again, by name.
        """
        parent_id = snapshot.parent_remote_id
        name = name_key(snapshot.name_in_panda)
        if parent_id in self._locks:
            listing = self._list(client, parent_id)
            found = listing.by_name.get(name, [])
            is_news = snapshot.key not in listing.shown_to
            listing.shown_to.add(snapshot.key)
            if is_news and (found or snapshot.marker_at is None):
                return listing.looked_at, found
        looked_at = self._now()
        children = client.list_children(parent_id, name=name)
        return looked_at, [c for c in children if same_name(c.name, name)]

    def _list(self, client: PandaClient, parent_id: str) -> Listing:
        with self._locks[parent_id]:
            listing = self._listings.get(parent_id)
            if not listing:
                listing = Listing(self._now(), {})
                for child in client.list_children(parent_id):
                    listing.by_name.setdefault(name_key(child.name), []).append(child)
                self._listings[parent_id] = listing
            return listing


def name_key(name: str) -> str:
    """A name as it is compared: one spelling of each letter, single spaces."""
    return " ".join(unicodedata.normalize("NFC", name).split())


def same_name(left: str, right: str) -> bool:
    """Whether two account names are the same to the letter, but for white space."""
    return name_key(left) == name_key(right)


def same_email(left: str, right: str) -> bool:
    """Whether two addresses are the same mailbox; nobody tells case apart."""
    return bool(left) and left.strip().lower() == right.strip().lower()
