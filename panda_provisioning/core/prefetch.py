"""Read from Panda in one go what a dry run has to know."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ..panda_api.client import PandaClient
from ..panda_api.errors import PandaError
from ..panda_api.responses import Child
from ..panda_api.transport import Transport
from .account_lookup import Listing
from .error_catalogue import as_error
from .matching import name_key, same_email, same_name
from .snapshot import Snapshot, Step


@dataclass
class Prefetch:
    """What was read, small enough to be sent to a browser and back as JSON.

    ``children`` are rows by parent and by the name that was looked for, of those that
    likely carry it; ``pages`` says in how many answers a parent is listed, and
    ``requests`` how many it takes.
    ``missing`` are IDs that Panda does not know, ``trouble`` is why it could not be
    asked.
    """

    children: dict[str, dict[str, list[list[Any]]]] = field(default_factory=dict)
    pages: dict[str, int] = field(default_factory=dict)
    requests: dict[str, int] = field(default_factory=dict, compare=False)
    accounts: dict[str, list[Any]] = field(default_factory=dict)
    operators: dict[str, list[list[Any]]] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    trouble: str = ""


PRETENDED = "pretended "
"""Begins the ID of an account that does not exist yet."""


def fill(
    prefetch: Prefetch,
    transport: Transport,
    snapshots: Iterable[Snapshot],
    threads: int,
    is_over: Callable[[], bool],
) -> None:
    """Read what :func:`~.dry_run.dry_run` asks for ``snapshots``.

    :param is_over: whether the time is up, after which nothing more is asked.
    """
    reader = _Reader(prefetch, transport)

    def read(page: Callable[[], None]) -> None:
        if is_over():
            raise as_error("too_many")
        page()

    with ThreadPoolExecutor(threads, thread_name_prefix="panda") as pool:
        try:
            for pages in reader.rounds(list(snapshots)):
                list(pool.map(read, pages))
        except PandaError as error:
            prefetch.trouble = error.code


class _Reader:
    """Fills a prefetch, in rounds: what is read in one depends on the one before."""

    def __init__(self, prefetch: Prefetch, transport: Transport) -> None:
        self.prefetch = prefetch
        self._transport = transport

    def rounds(self, snapshots: list[Snapshot]) -> Iterable[list[Callable[[], None]]]:
        """Yield what can be read at the same time."""
        looking = [
            s
            for s in snapshots
            if s.step is Step.FIND_ACCOUNT
            and not s.parent_remote_id.startswith(PRETENDED)
        ]
        chosen = {s.chosen_remote_id: s for s in looking if s.chosen_remote_id}
        wanted: dict[str, dict[str, set[str]]] = {}
        for snapshot in looking:
            if snapshot.chosen_remote_id:
                continue
            emails = wanted.setdefault(snapshot.parent_remote_id, {})
            # What may have been sent, and what the contact has become since.
            for name in (snapshot.name_in_panda, snapshot.name):
                known_as = emails.setdefault(name_key(name), set())
                known_as.update((snapshot.email_in_panda, snapshot.email))
        yield [
            *(partial(self._account, account_id) for account_id in chosen),
            *(
                partial(self._children, parent, emails)
                for parent, emails in wanted.items()
            ),
        ]
        found = [
            (row[0], emails[name])
            for parent, emails in wanted.items()
            for name, rows in self.prefetch.children.get(parent, {}).items()
            for row in rows
        ]
        known = self.prefetch.accounts
        yield [
            *(partial(self._account, i) for i in dict(found) if i not in known),
            *(
                partial(self._namesakes, s.parent_remote_id, known[i][0])
                for i, s in chosen.items()
                if i in known
            ),
        ]
        ids = {s.remote_id for s in snapshots if s.step is Step.FIND_OPERATOR}
        ids |= {i for i, emails in found if self._is_one_of(i, emails)}
        ids |= chosen.keys() & known.keys()
        yield [partial(self._operators, i) for i in ids]

    def _is_one_of(self, account_id: str, emails: set[str]) -> bool:
        account = self.prefetch.accounts.get(account_id)
        return account is not None and any(same_email(account[2], e) for e in emails)

    def _children(self, parent: str, names: Iterable[str]) -> None:
        """Read all children of ``parent`` and keep those that likely carry a name."""
        client = PandaClient(self._transport)
        try:
            listing = Listing(0, client.list_children(parent))
        except PandaError as error:
            self._note_missing(parent, error)
            return
        self.prefetch.pages[parent] = listing.children.pages
        self.prefetch.requests[parent] = listing.children.requests
        for name in names:
            self._keep(parent, name, listing.twins(name))

    def _namesakes(self, parent: str, name: str) -> None:
        """Read the children of ``parent`` that carry ``name``."""
        try:
            children = PandaClient(self._transport).list_children(parent, name=name)
        except PandaError as error:
            self._note_missing(parent, error)
        else:
            self._keep(parent, name, [c for c in children if same_name(c.name, name)])

    def _keep(self, parent: str, name: str, children: Iterable[Child]) -> None:
        rows = [[child.id, child.name, child.type] for child in children]
        self.prefetch.children.setdefault(parent, {})[name_key(name)] = rows

    def _account(self, account_id: str) -> None:
        try:
            account = PandaClient(self._transport).get_account(account_id)
        except PandaError as error:
            self._note_missing(account_id, error)
        else:
            row = [account.name, account.type, account.email]
            self.prefetch.accounts[account_id] = row

    def _operators(self, account_id: str) -> None:
        try:
            operators = PandaClient(self._transport).list_operators(account_id)
        except PandaError as error:
            self._note_missing(account_id, error)
        else:
            rows = [[each.username, each.email, each.mfa] for each in operators]
            self.prefetch.operators[account_id] = rows

    def _note_missing(self, account_id: str, error: PandaError) -> None:
        if error.code != "not_found":
            raise error
        self.prefetch.missing.append(account_id)
