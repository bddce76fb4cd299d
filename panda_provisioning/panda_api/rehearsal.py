"""What is going to happen to accounts: the saga, played without Panda.

Every request that it would send is counted, so that what a synchronisation costs is
written down nowhere else.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from .book import PRETENDED, Book
from .client import PandaClient
from .directory import Directory, crowded, name_key
from .errors import ErrorKind, PandaError
from .records import Account, Child, Operator, Transaction
from .saga import perform
from .steps import FINDS, WRITES, Clock, Snapshot, Step

CLOCK = Clock(time.time, grace=0)
NEXT_AFTER = {find: write for write, find in FINDS.items()}


@dataclass(frozen=True)
class Ending:
    """What becomes of one account.

    ``error`` is what a person would have to decide or to mend. ``is_sure`` is false
    when the book does not say whether the account exists.
    """

    requests: int
    snapshot: Snapshot
    error: PandaError | None = None
    is_sure: bool = True


def rehearse(
    snapshots: Collection[Snapshot], book: Book, bound: Mapping[str, int]
) -> dict[int, Ending]:
    """Return how it ends for each of ``snapshots``, by key.

    :param bound: keys of the accounts of Odoo that accounts in Panda belong to.
    """
    directory = Directory()
    looking = (s for s in snapshots if s.step is Step.FIND_ACCOUNT)
    directory.expect_many(crowded(s.parent_remote_id for s in looking))
    return {s.key: _play(s, directory, book, bound) for s in snapshots}


def pretended_id(key: int) -> str:
    """The ID of the account that is going to be created for ``key``."""
    return f"{PRETENDED}{key}"


def _play(
    snapshot: Snapshot, directory: Directory, book: Book, bound: Mapping[str, int]
) -> Ending:
    key = snapshot.key
    actor = _Actor(key, book)
    is_sure = True
    while snapshot.step is not Step.DONE:
        if not actor.knows(snapshot):
            is_sure = False
            actor.requests += 1
            snapshot = replace(snapshot, step=NEXT_AFTER[snapshot.step])
        if snapshot.step in WRITES:
            snapshot = snapshot.marked(CLOCK.now())
        outcome = perform(actor, snapshot, directory, CLOCK)
        others = {each for each in outcome.used if bound.get(each, key) != key}
        if others:
            snapshot = snapshot.without(frozenset(others))
        elif outcome.error:
            return Ending(actor.requests, snapshot, outcome.error, is_sure)
        else:
            snapshot = snapshot.with_outcome(outcome)
    return Ending(actor.requests, snapshot, is_sure=is_sure)


class _Actor(PandaClient):
    """Plays Panda: knows what is in the book, and does whatever is asked."""

    def __init__(self, key: int, book: Book) -> None:  # no transport at all
        self.requests = 0
        self._key = key
        self._book = book

    def knows(self, snapshot: Snapshot) -> bool:
        """Whether the next step of ``snapshot`` reads nothing but what is known."""
        if snapshot.step is Step.FIND_ACCOUNT and snapshot.chosen_remote_id:
            return self._knows_account(snapshot.chosen_remote_id)
        if snapshot.step is Step.FIND_ACCOUNT:
            parent, name = snapshot.parent_remote_id, name_key(snapshot.name_in_panda)
            known = self._book.children.get(parent, {})
            return self._is_new_or_missing(parent) or (
                name in known
                and all(self._knows_account(row[0]) for row in known[name])
            )
        if snapshot.step is Step.FIND_OPERATOR:
            account_id = snapshot.remote_id
            known_ids = self._book.operators
            return self._is_new_or_missing(account_id) or account_id in known_ids
        return True

    def _knows_account(self, account_id: str) -> bool:
        return account_id in self._book.accounts or account_id in self._book.missing

    def _is_new_or_missing(self, account_id: str) -> bool:
        return account_id.startswith(PRETENDED) or account_id in self._book.missing

    def _count(self, account_id: str, requests: int = 1) -> None:
        self.requests += requests
        if account_id in self._book.missing:
            raise PandaError(ErrorKind.DATA, "not_found")

    # === READING === #

    def list_children(self, account_id: str, *, name: str = "") -> list[Child]:
        self._count(account_id, 1 if name else self._book.pages.get(account_id, 1))
        known = self._book.children.get(account_id, {})
        lists = [known.get(name_key(name), [])] if name else known.values()
        return [Child(*row) for rows in lists for row in rows]

    def get_account(self, account_id: str) -> Account:
        self._count(account_id)
        return Account(account_id, *self._book.accounts[account_id])

    def list_operators(self, account_id: str) -> list[Operator]:
        self._count(account_id)
        known = self._book.operators.get(account_id, [])
        return [Operator(*row) for row in known]

    def get_transaction(self, transaction_id: str, username: str) -> Transaction:
        self.requests += 1
        return Transaction("SUCCESS", "")

    # === WRITING, IN PRETENCE === #

    def create_account(self, parent_id: str, **values: object) -> str:
        self.requests += 1
        return pretended_id(self._key)

    def update_account(self, account_id: str, **values: object) -> None:
        self._count(account_id)

    def create_operator(self, account_id: str, **values: object) -> str:
        self.requests += 1
        return "pretended"

    def update_operator(self, account_id: str, **values: object) -> str:
        self._count(account_id)
        return "pretended"
