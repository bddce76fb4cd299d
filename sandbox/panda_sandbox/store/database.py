"""The SQLite file: schema, durability, and the accounts that are always there."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from ..settings import FOREIGN_ACCOUNT, ROOT_ACCOUNT

SCHEMA = """
CREATE TABLE IF NOT EXISTS accounts (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    parent_id TEXT,
    type INTEGER NOT NULL,
    tier INTEGER NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    first_name TEXT NOT NULL,
    last_name TEXT NOT NULL,
    email TEXT NOT NULL,
    created_at REAL NOT NULL,
    visible_at REAL NOT NULL,
    hidden_calls INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS accounts_parent ON accounts (parent_id, name_key);
CREATE INDEX IF NOT EXISTS accounts_hidden ON accounts (hidden_calls)
    WHERE hidden_calls > 0;
CREATE TABLE IF NOT EXISTS operators (
    seq INTEGER PRIMARY KEY,
    username TEXT NOT NULL,
    account_id TEXT NOT NULL,
    first_name TEXT NOT NULL,
    last_name TEXT NOT NULL,
    email TEXT NOT NULL,
    phone TEXT NOT NULL,
    role TEXT NOT NULL,
    visible_at REAL NOT NULL,
    hidden_calls INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS operators_account ON operators (account_id);
CREATE INDEX IF NOT EXISTS operators_username ON operators (username COLLATE NOCASE);
CREATE INDEX IF NOT EXISTS operators_email ON operators (email COLLATE NOCASE);
CREATE INDEX IF NOT EXISTS operators_hidden ON operators (hidden_calls)
    WHERE hidden_calls > 0;
CREATE TABLE IF NOT EXISTS transactions (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    action TEXT NOT NULL,
    account_id TEXT NOT NULL,
    username TEXT NOT NULL,
    payload TEXT NOT NULL,
    status TEXT NOT NULL,
    error TEXT NOT NULL,
    created_at REAL NOT NULL,
    due_at REAL,
    forced_error TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS transactions_due ON transactions (due_at)
    WHERE status = 'PENDING';
CREATE TABLE IF NOT EXISTS mails (
    seq INTEGER PRIMARY KEY,
    recipient TEXT NOT NULL,
    username TEXT NOT NULL,
    account_id TEXT NOT NULL,
    account_name TEXT NOT NULL,
    link_key TEXT NOT NULL UNIQUE,
    sent_at REAL NOT NULL
);
"""

ROOTS = {ROOT_ACCOUNT: "Sandbox Partner", FOREIGN_ACCOUNT: "Another Partner"}


class Database:
    """One connection, used from the event loop only.

    A commit takes some ten microseconds here, less than handing it to a thread.
    """

    def __init__(self, path: str | Path) -> None:
        self.connection = sqlite3.connect(path, isolation_level=None)
        self.connection.row_factory = sqlite3.Row
        self.connection.execute("PRAGMA journal_mode = WAL")
        # What is written survives the death of this process, though not that of
        # the machine: that is what an fsync for each commit would be for.
        self.connection.execute("PRAGMA synchronous = OFF")
        self.connection.executescript(SCHEMA)
        self._create_roots()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All statements within, or none."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield self.connection
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    def reset(self) -> None:
        """Forget everything but the accounts that are always there."""
        with self.transaction() as connection:
            for table in ("accounts", "operators", "transactions", "mails"):
                connection.execute(f"DELETE FROM {table}")
        self._create_roots()

    def close(self) -> None:
        """Release the file."""
        self.connection.close()

    def _create_roots(self) -> None:
        self.connection.executemany(
            "INSERT OR IGNORE INTO accounts (id, type, tier, name, name_key,"
            " first_name, last_name, email, created_at, visible_at, hidden_calls)"
            " VALUES (?, 1, 1, ?, ?, 'Sandbox', 'Owner', ?, 0, 0, 0)",
            [
                (root, name, name.casefold(), f"owner@{root.lower()}.example")
                for root, name in ROOTS.items()
            ],
        )
