"""What exists already below a parent, asked for as few times as possible."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from ..panda_api.client import PandaClient
from ..panda_api.responses import Child
from .matching import name_key, same_name
from .snapshot import Snapshot

Parent = TypeVar("Parent", bound=Hashable)


BULK_LOOKUPS = 3
"""At or above this many lookups below a parent, all children are listed at once."""


def bulk_parents(parents: Iterable[Parent]) -> set[Parent]:
    """The parents that are to be listed as a whole.

    :param parents: the parent of each account that is looked for.
    """
    counts = Counter(parents)
    return {parent for parent, count in counts.items() if count >= BULK_LOOKUPS}


@dataclass(frozen=True)
class Listing:
    """All children of one parent as of ``looked_at``, seconds since the epoch."""

    looked_at: float
    by_name: dict[str, list[Child]]
    shown_to: set[int] = field(default_factory=set)
    """Keys of the accounts that have used it."""


class AccountLookup:
    """Finds the children of a parent by name, for one run.

    Parents announced with :meth:`expect_bulk` are listed once, whatever the number
    of accounts looked for below them; for the others, and for who looks a second
    time, Panda is asked by name. Safe to use from many threads.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._locks: dict[str, threading.Lock] = {}
        self._listings: dict[str, Listing] = {}

    def expect_bulk(self, parent_ids: Iterable[str]) -> None:
        """Announce the parents that are to be listed as a whole."""
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
            is_first = snapshot.key not in listing.shown_to
            listing.shown_to.add(snapshot.key)
            if is_first and (found or snapshot.marker_at is None):
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
