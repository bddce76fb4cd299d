"""What is going to happen to accounts: the workflow, run without Panda.

Every request that it would send is counted, so that what a synchronisation costs is
written down nowhere else.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..panda_api.client import PandaClient
from ..panda_api.errors import PandaError
from ..panda_api.responses import Account, Child, Children, Operator, Transaction
from .account_lookup import AccountLookup
from .error_catalogue import as_error
from .matching import name_key
from .prefetch import PRETENDED, Prefetch
from .snapshot import CREATES, FINDS, Snapshot, Step, Timing
from .workflow import perform

NEXT_AFTER = {find: write for write, find in FINDS.items()}


@dataclass(frozen=True)
class Ending:
    """What becomes of one account.

    ``error`` is what a person would have to decide or to correct. ``is_sure`` is false
    when the prefetch does not say whether the account exists.
    """

    requests: int
    snapshot: Snapshot
    error: PandaError | None = None
    is_sure: bool = True


def dry_run(
    snapshots: Collection[Snapshot],
    prefetch: Prefetch,
    bound: Mapping[str, int],
    now: float,
) -> dict[int, Ending]:
    """Return how it ends for each of ``snapshots``, by key.

    :param bound: keys of the accounts of Odoo that accounts in Panda belong to.
    :param now: seconds since the epoch.
    """
    timing = Timing(lambda: now, search_delay=0)
    # Only what the prefetch holds can be read.
    lookup = AccountLookup(timing.now, most_read=0)
    return {s.key: _play(s, lookup, prefetch, bound, timing) for s in snapshots}


def pretended_id(key: int) -> str:
    """The ID of the account that is going to be created for ``key``."""
    return f"{PRETENDED}{key}"


def _play(
    snapshot: Snapshot,
    lookup: AccountLookup,
    prefetch: Prefetch,
    bound: Mapping[str, int],
    timing: Timing,
) -> Ending:
    key = snapshot.key
    client = _PretendClient(key, prefetch)
    is_sure = True
    while snapshot.step is not Step.DONE:
        if not client.knows(snapshot):
            is_sure = False
            client.requests += 1
            snapshot = replace(snapshot, step=NEXT_AFTER[snapshot.step])
        if snapshot.step in CREATES:
            snapshot = snapshot.marked(timing.now())
        outcome = perform(client, snapshot, lookup, timing)
        others = {each for each in outcome.used if bound.get(each, key) != key}
        if others:
            snapshot = snapshot.without(frozenset(others))
        elif outcome.error:
            return Ending(client.requests, snapshot, outcome.error, is_sure)
        else:
            snapshot = snapshot.with_outcome(outcome)
    return Ending(client.requests, snapshot, is_sure=is_sure)


class _PretendClient(PandaClient):
    """Stands in for Panda: reads the prefetch, and does whatever is asked."""

    def __init__(self, key: int, prefetch: Prefetch) -> None:  # no transport at all
        self.requests = 0
        self._key = key
        self._prefetch = prefetch

    def knows(self, snapshot: Snapshot) -> bool:
        """Whether the next step of ``snapshot`` reads nothing but what is known."""
        if snapshot.step is Step.FIND_ACCOUNT and snapshot.chosen_remote_id:
            return self._knows_account(snapshot.chosen_remote_id)
        if snapshot.step is Step.FIND_ACCOUNT:
            parent, name = snapshot.parent_remote_id, name_key(snapshot.name_in_panda)
            known = self._prefetch.children.get(parent, {})
            return self._is_new_or_missing(parent) or (
                name in known
                and all(self._knows_account(row[0]) for row in known[name])
            )
        if snapshot.step is Step.FIND_OPERATOR:
            account_id = snapshot.remote_id
            known_ids = self._prefetch.operators
            return self._is_new_or_missing(account_id) or account_id in known_ids
        return True

    def _knows_account(self, account_id: str) -> bool:
        return (
            account_id in self._prefetch.accounts
            or account_id in self._prefetch.missing
        )

    def _is_new_or_missing(self, account_id: str) -> bool:
        return account_id.startswith(PRETENDED) or account_id in self._prefetch.missing

    def _count(self, account_id: str, requests: int = 1) -> None:
        self.requests += requests
        if account_id in self._prefetch.missing:
            raise as_error("not_found")

    # === READING === #

    def list_children(self, account_id: str, *, name: str = "") -> Children:
        pages = 1 if name else self._prefetch.pages.get(account_id, 1)
        known = self._prefetch.children.get(account_id, {})
        lists = [self._named(known, name)] if name else known.values()
        # Whoever is found is followed by the question whether there are more.
        found = 1 + any(lists)
        requests = found if name else self._prefetch.requests.get(account_id, 1)
        self._count(account_id, requests)
        children = {row[0]: Child(*row) for rows in lists for row in rows}
        return Children(children.values(), pages)

    def _named(self, known: Mapping[str, list[Any]], name: str) -> list[Any]:
        """What has the name; who was listed and could not be read is taken for
        deleted."""
        rows = known.get(name_key(name), [])
        return [row for row in rows if row[0] not in self._prefetch.missing]

    def get_account(self, account_id: str) -> Account:
        self._count(account_id)
        return Account(account_id, *self._prefetch.accounts[account_id])

    def list_operators(self, account_id: str) -> list[Operator]:
        self._count(account_id)
        known = self._prefetch.operators.get(account_id, [])
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
