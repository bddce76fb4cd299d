"""Accounts and their tree (docs/watchguard-api.md#accounts)."""

from __future__ import annotations

import secrets
import sqlite3
import time
from dataclasses import dataclass
from typing import Any

from .database import Database
from .lag import NO_LAG, Lag, count_listing

SERVICE_PROVIDER = 1
SUBSCRIBER = 2


@dataclass(frozen=True)
class Account:
    """One account; ``tier`` counts from 1, the partner's own."""

    id: str
    parent_id: str | None
    type: int
    tier: int
    name: str
    first_name: str
    last_name: str
    email: str
    created_at: float


@dataclass(frozen=True)
class Contact:
    """The values of an account that a PATCH can change."""

    name: str
    first_name: str
    last_name: str
    email: str


@dataclass(frozen=True)
class Listing:
    """What to list below an account; ``type`` 0 means both, ``limit`` -1 all."""

    type: int = 0
    name: str = ""
    name_filter: str = "contains"
    sort_by: str = "name"
    descending: bool = False
    offset: int = 0
    limit: int = -1
    whole_tree: bool = False


BELOW = """
WITH RECURSIVE tree (id) AS (
    SELECT :id UNION ALL
    SELECT accounts.id FROM accounts JOIN tree ON parent_id = tree.id WHERE :deep
)
"""
"""The account itself and, if ``:deep``, everything below it."""

LISTED = (
    " FROM accounts WHERE parent_id IN (SELECT id FROM tree)"
    " AND visible_at <= :now AND hidden_calls = 0"
)

NAME_FILTERS = {
    "contains": " AND instr(name_key, :name)",
    "exact": " AND name_key = :name",
    "ignored": "",
}


class Accounts:
    """Reads and writes accounts."""

    def __init__(self, database: Database) -> None:
        self._connection = database.connection
        self._database = database

    def get(self, account_id: str) -> Account | None:
        """The account, ``None`` when there is none (any more)."""
        row = self._connection.execute(
            "SELECT id, parent_id, type, tier, name, first_name, last_name, email,"
            " created_at FROM accounts WHERE id = ?",
            (account_id,),
        ).fetchone()
        return Account(*row) if row else None

    def create(
        self, parent: Account, account_type: int, contact: Contact, lag: Lag = NO_LAG
    ) -> str:
        """Create an account and return its ID; durable when this returns."""
        account_id = f"WGC-1-{secrets.token_hex(10)}"
        self._connection.execute(
            "INSERT INTO accounts (id, parent_id, type, tier, name, name_key,"
            " first_name, last_name, email, created_at, visible_at, hidden_calls)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                account_id,
                parent.id,
                account_type,
                parent.tier + 1,
                contact.name,
                contact.name.casefold(),
                contact.first_name,
                contact.last_name,
                contact.email,
                time.time(),
                lag.visible_at,
                lag.calls,
            ),
        )
        return account_id

    def update(self, account_id: str, contact: Contact) -> None:
        """Write all values of ``contact``."""
        self._connection.execute(
            "UPDATE accounts SET name = ?, name_key = ?, first_name = ?,"
            " last_name = ?, email = ? WHERE id = ?",
            (
                contact.name,
                contact.name.casefold(),
                contact.first_name,
                contact.last_name,
                contact.email,
                account_id,
            ),
        )

    def delete(self, account_id: str, *, free_operators: bool) -> list[str]:
        """Delete an account and all below it; return the IDs of those below."""
        below = self.ids_below(account_id)
        doomed = [(each,) for each in (account_id, *below)]
        with self._database.transaction() as connection:
            connection.executemany("DELETE FROM accounts WHERE id = ?", doomed)
            if free_operators:
                connection.executemany(
                    "DELETE FROM operators WHERE account_id = ?", doomed
                )
        return below

    def ids_below(self, account_id: str) -> list[str]:
        """IDs of all accounts below, the nearest first."""
        rows = self._connection.execute(
            f"{BELOW} SELECT id FROM tree WHERE id != :id",
            {"id": account_id, "deep": True},
        )
        return [row[0] for row in rows]

    def has_child_named(self, parent_id: str, name: str) -> bool:
        """Whether an account of that name, whatever its case, is below a parent."""
        row = self._connection.execute(
            "SELECT 1 FROM accounts WHERE parent_id = ? AND name_key = ?",
            (parent_id, name.casefold()),
        ).fetchone()
        return row is not None

    def is_within(self, account: Account, root_id: str) -> bool:
        """Whether ``account`` is ``root_id`` or somewhere below it."""
        current: Account | None = account
        while current:
            if current.id == root_id:
                return True
            current = self.get(current.parent_id) if current.parent_id else None
        return False

    def list_below(self, account_id: str, wanted: Listing) -> tuple[list[Any], int]:
        """The rows asked for, and how many there are on all pages."""
        where = LISTED
        if wanted.type:
            where += " AND type = :type"
        if wanted.name:
            where += NAME_FILTERS[wanted.name_filter]
        values = {
            "id": account_id,
            "deep": wanted.whole_tree,
            "now": time.time(),
            "type": wanted.type,
            "name": wanted.name.casefold(),
            "limit": wanted.limit,
            "offset": wanted.offset,
        }
        rows = self._page(where, wanted, values)
        total = len(rows)
        if wanted.limit >= 0 or wanted.offset:
            count = f"{BELOW} SELECT count(*) {where}"
            total = self._connection.execute(count, values).fetchone()[0]
        count_listing(self._connection, "accounts", "parent_id", account_id)
        return rows, total

    def _page(
        self, where: str, wanted: Listing, values: dict[str, Any]
    ) -> list[sqlite3.Row]:
        columns = {"name": "name_key", "type": "type"}
        direction = "DESC" if wanted.descending else "ASC"
        order = f"{columns[wanted.sort_by]} {direction}, seq {direction}"
        return self._connection.execute(
            f"{BELOW} SELECT id, name, type, (SELECT count(*) FROM operators"
            f" WHERE account_id = accounts.id) AS operators {where}"
            f" ORDER BY {order} LIMIT :limit OFFSET :offset",
            values,
        ).fetchall()

    def all(self) -> list[Account]:
        """Every account but the roots, in order of creation."""
        rows = self._connection.execute(
            "SELECT id, parent_id, type, tier, name, first_name, last_name, email,"
            " created_at FROM accounts WHERE parent_id IS NOT NULL ORDER BY seq"
        )
        return [Account(*row) for row in rows]
