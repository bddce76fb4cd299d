"""How long something new is missing from listings (fault ``lagging_search``)."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Lag:
    """Listed from ``visible_at`` on, and not in the next ``calls`` listings."""

    visible_at: float = 0
    calls: int = 0


NO_LAG = Lag()


def count_listing(
    connection: sqlite3.Connection,
    table: Literal["accounts", "operators"],
    column: Literal["parent_id", "account_id"],
    owner_id: str,
) -> None:
    """One listing of ``owner_id`` has been answered without what is hidden there."""
    # The plus keeps SQLite from going through all that the owner has.
    connection.execute(
        f"UPDATE {table} SET hidden_calls = hidden_calls - 1"
        f" WHERE hidden_calls > 0 AND +{column} = ?",
        (owner_id,),
    )
