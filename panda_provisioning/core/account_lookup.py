"""What exists already below a parent, asked for as few times as possible."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Set
from dataclasses import dataclass

from ..panda_api.client import PandaClient
from ..panda_api.connection import not_sent
from ..panda_api.errors import PandaError
from ..panda_api.responses import (
    DAMAGE,
    Account,
    Child,
    Children,
    is_account_id,
    is_clear,
)
from .matching import fold, likely_same_email, may_be_name, name_key, twin_keys
from .snapshot import Snapshot

BUSY = 0.2
"""Seconds after which it is seen again whether a listing has been read."""
PAUSE = 0.5
"""Seconds between two listings of a parent, so that many share one."""
FACTOR, LONGEST_PAUSE = 9, 5.0
"""The pause is so many times as long as the last listing took, up to so many seconds;
after a listing that took longer it is as long as that."""
MOST_READ = 100
"""Accounts that are read to compare their e-mail address, of one account that may have
been created and whose name does not show in Panda."""


@dataclass(frozen=True)
class Created:
    """What was created in Panda: for which account, below whom, under which name, and
    when its answer came, in seconds since the epoch."""

    id: int
    parent_id: str
    name: str
    at: float


class Listing:
    """All children of one parent.

    :param looked_at: when Panda was asked, in seconds since the epoch.
    :param read_at: when all of it was read; at once if it is not given.
    """

    def __init__(
        self, looked_at: float, children: Children, read_at: float | None = None
    ) -> None:
        self.looked_at = looked_at
        self.read_at = looked_at if read_at is None else read_at
        self.children = children
        self.ids = {child.id for child in children}
        self._unclear = [child for child in children if not is_clear(child.name)]
        self._by_key: dict[str, list[Child]] = defaultdict(list)
        for child in children:
            if is_clear(child.name):
                self._by_key[fold(child.name)].append(child)

    def twins(self, name: str) -> list[Child]:
        """The children that carry ``name``, or likely do."""
        keys = dict.fromkeys(twin_keys(name))
        twins = [child for key in keys for child in self._by_key.get(key, ())]
        return twins + [each for each in self._unclear if may_be_name(each.name, name)]


class AccountLookup:
    """Finds the children of a parent, for one run. Safe to use from many threads.

    Each parent is listed once, whatever the number of accounts looked for below it,
    and again for who needs a listing that is newer.

    :param most_read: see :data:`MOST_READ`.
    """

    def __init__(self, now: Callable[[], float], *, most_read: int = MOST_READ) -> None:
        self.bound: set[str] = set()
        """Accounts in Panda that are known to belong to accounts of Odoo."""
        self._now = now
        self._most_read = most_read
        self._locks: dict[str, threading.Lock] = {}
        self._listings: dict[str, Listing] = {}
        self._whole: dict[str, Listing] = {}
        """The newest of each parent that was not read page by page."""
        self._failures: dict[str, PandaError] = {}
        self._accounts: dict[str, Account] = {}
        self._created: dict[str, Created] = {}

    def lacks(self, snapshot: Snapshot) -> bool:
        """Whether it is known, without asking, that no child likely is the account.

        Not of an account of which a create may have been sent since, or that a person
        has chosen, nor from a listing that was read page by page.
        """
        listing = self._whole.get(snapshot.parent_remote_id)
        is_sure = snapshot.marker_at is None and not snapshot.chosen_remote_id
        return bool(listing and is_sure and not listing.twins(snapshot.name))

    def listing(
        self, client: PandaClient, parent_id: str, not_before: float = 0
    ) -> Listing:
        """The children of ``parent_id`` as Panda listed them at ``not_before``, in
        seconds since the epoch, or later.

        :raise PandaError: also ``not_sent`` for who has waited for somebody else's that
            failed: nobody waits for one time-out after the other, or loses an attempt.
        """
        known_failure = self._failures.get(parent_id)
        with self._locks.setdefault(parent_id, threading.Lock()):
            listing = self._listings.get(parent_id)
            if listing and listing.looked_at >= not_before:
                return listing if not_before else self._whole.get(parent_id, listing)
            failure = self._failures.get(parent_id)
            if failure and failure is not known_failure:
                raise not_sent()
            looked_at = self._now()  # before the request leaves
            try:
                children = client.list_children(parent_id)
            except PandaError as error:
                self._failures[parent_id] = error
                raise
            listing = Listing(looked_at, children, self._now())
            self._listings[parent_id] = listing
            if children.pages == 1:
                self._whole[parent_id] = listing
            return listing

    def wait_for_listing(self, parent_id: str, not_before: float) -> float:
        """Seconds to wait before :meth:`listing` is worth calling.

        Others who need a new listing may share it. So no thread waits for the one that
        is being read, and then none is read for a while: see :data:`FACTOR`.
        """
        listing = self._listings.get(parent_id)
        if listing is None or listing.looked_at >= not_before:
            return 0.0
        if self._locks[parent_id].locked():
            return BUSY
        took = listing.read_at - listing.looked_at
        pause = max(PAUSE, took, min(FACTOR * took, LONGEST_PAUSE))
        return max(0.0, listing.read_at + pause - self._now())

    def twins(
        self, client: PandaClient, parent_id: str, listing: Listing, name: str
    ) -> list[Child]:
        """The children of ``parent_id`` that likely carry ``name``.

        A listing that was read page by page may lack one, so Panda is asked for the
        name before it is believed that there is none.
        """
        twins = listing.twins(name)
        if twins or listing.children.pages == 1:
            return twins
        named = client.list_children(parent_id, name=name_key(name))
        return Listing(listing.looked_at, named).twins(name)

    def get_listings(self) -> list[Listing]:
        """What Panda has listed so far, each parent as it was listed last."""
        return list(self._listings.values())

    def note_created(self, snapshot: Snapshot, remote_id: str) -> None:
        """Note that ``snapshot`` was created and has got ``remote_id``."""
        self._created[remote_id] = Created(
            snapshot.key, snapshot.parent_remote_id, snapshot.sent_name, self._now()
        )

    def get_newest_created(self) -> list[Created]:
        """What was created last below each parent."""
        by_time = sorted(self._created.values(), key=lambda created: created.at)
        return list({created.parent_id: created for created in by_time}.values())

    def get_created_names(self) -> dict[str, str]:
        """``{ID in Panda: name as it was sent}`` of all that was created."""
        return {id_: created.name for id_, created in self._created.items()}

    def get_listed(self, parent_id: str) -> Set[str]:
        """The IDs of the children of ``parent_id`` that were listed last."""
        listing = self._listings.get(parent_id)
        return listing.ids if listing else frozenset()

    def get_accounts(
        self, client: PandaClient, parent_id: str, children: Iterable[Child]
    ) -> list[Account]:
        """``children`` of ``parent_id`` with their e-mail addresses, without those that
        are gone. The address of one that cannot be read is :data:`DAMAGE`."""
        return list(self._read(client, parent_id, children))

    def with_email(
        self,
        client: PandaClient,
        parent_id: str,
        children: Iterable[Child],
        email: str,
        key: int,
    ) -> list[Account] | None:
        """Those of ``children`` that likely have ``email``, or cannot be read, and
        belong to no account of Odoo, except for ``key``; ``None`` when there are too
        many to read."""
        created = self._created.copy()  # other threads add to it
        others = {id_ for id_, each in created.items() if each.id != key}
        strangers = [
            child
            for child in children
            if child.id not in self.bound and child.id not in others
        ]
        if len(strangers) > self._most_read:
            return None
        accounts = self._read(client, parent_id, strangers)
        return [each for each in accounts if likely_same_email(each.email, email)]

    def _read(
        self, client: PandaClient, parent_id: str, children: Iterable[Child]
    ) -> Iterator[Account]:
        for child in children:
            account = self._accounts.get(child.id)
            if account is None:
                account = self._read_one(client, parent_id, child)
            if account is not None:
                yield account

    def _read_one(
        self, client: PandaClient, parent_id: str, child: Child
    ) -> Account | None:
        """``child`` as it is read, ``None`` if it was deleted since it was listed."""
        unreadable = Account(child.id, child.name, child.type, DAMAGE)
        if not is_account_id(child.id):
            return unreadable
        try:
            account = client.get_account(child.id)
        except PandaError as error:
            if error.code != "not_found":
                raise
            listed = client.list_children(parent_id, name=name_key(child.name))
            return unreadable if child.id in {each.id for each in listed} else None
        self._accounts[child.id] = account
        return account
