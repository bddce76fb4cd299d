"""The people who may log in to an account (docs/watchguard-api.md#operators)."""

from __future__ import annotations

from dataclasses import dataclass

from .database import Database
from .lag import NO_LAG, Lag, count_listing

COLUMNS = "username, account_id, first_name, last_name, email, phone, role"


@dataclass(frozen=True)
class Operator:
    """One person's login in one account."""

    username: str
    account_id: str
    first_name: str
    last_name: str
    email: str
    phone: str
    role: str


class Operators:
    """Reads and writes operators, without any rule about them."""

    def __init__(self, database: Database) -> None:
        self._connection = database.connection

    def find(self, account_id: str, username: str) -> Operator | None:
        """The operator of an account with that username, whatever its case."""
        row = self._connection.execute(
            f"SELECT {COLUMNS} FROM operators"
            " WHERE account_id = ? AND username = ? COLLATE NOCASE",
            (account_id, username),
        ).fetchone()
        return Operator(*row) if row else None

    def has_username(self, username: str, *, case_counts: bool) -> bool:
        """Whether a username is taken, in any account."""
        rows = self._connection.execute(
            "SELECT username FROM operators WHERE username = ? COLLATE NOCASE",
            (username,),
        ).fetchall()
        return any(not case_counts or row[0] == username for row in rows)

    def has_email(self, email: str) -> bool:
        """Whether an e-mail is taken, in any account."""
        row = self._connection.execute(
            "SELECT 1 FROM operators WHERE email = ? COLLATE NOCASE", (email,)
        ).fetchone()
        return row is not None

    def is_last_owner(self, operator: Operator) -> bool:
        """Whether an account would be left without an owner."""
        owners = self._connection.execute(
            "SELECT count(*) FROM operators WHERE account_id = ? AND role = 'OWNER'",
            (operator.account_id,),
        ).fetchone()[0]
        return operator.role == "OWNER" and owners == 1

    def add(self, operator: Operator, lag: Lag = NO_LAG) -> None:
        """Store a new operator."""
        self._connection.execute(
            f"INSERT INTO operators ({COLUMNS}, visible_at, hidden_calls)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                operator.username,
                operator.account_id,
                operator.first_name,
                operator.last_name,
                operator.email,
                operator.phone,
                operator.role,
                lag.visible_at,
                lag.calls,
            ),
        )

    def update(self, operator: Operator) -> None:
        """Write what may change: names, phone and role."""
        self._connection.execute(
            "UPDATE operators SET first_name = ?, last_name = ?, phone = ?, role = ?"
            " WHERE account_id = ? AND username = ?",
            (
                operator.first_name,
                operator.last_name,
                operator.phone,
                operator.role,
                operator.account_id,
                operator.username,
            ),
        )

    def remove(self, operator: Operator) -> None:
        """Forget an operator."""
        self._connection.execute(
            "DELETE FROM operators WHERE account_id = ? AND username = ?",
            (operator.account_id, operator.username),
        )

    def list_for(self, account_id: str, now: float) -> list[Operator]:
        """Operators of one account, without those that lag behind."""
        rows = self._connection.execute(
            f"SELECT {COLUMNS} FROM operators WHERE account_id = ?"
            " AND visible_at <= ? AND hidden_calls = 0 ORDER BY seq",
            (account_id, now),
        ).fetchall()
        count_listing(self._connection, "operators", "account_id", account_id)
        return [Operator(*row) for row in rows]

    def all(self) -> list[Operator]:
        """Every operator, in order of creation."""
        rows = self._connection.execute(f"SELECT {COLUMNS} FROM operators ORDER BY seq")
        return [Operator(*row) for row in rows]
