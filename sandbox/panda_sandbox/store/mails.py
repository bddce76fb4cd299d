"""The activation mails that the sandbox "sends".

See docs/watchguard-api.md#activation-mail.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from .database import Database

COLUMNS = "recipient, username, account_id, account_name, link_key, sent_at"


@dataclass(frozen=True)
class Mail:
    """One mail; ``link_key`` is the secret part of the link that it holds."""

    recipient: str
    username: str
    account_id: str
    account_name: str
    link_key: str
    sent_at: float

    @property
    def link(self) -> str:
        """Where the mail leads to, as a path of this server."""
        return f"/activate/{self.link_key}"


class Mails:
    """Remembers mails."""

    def __init__(self, database: Database) -> None:
        self._connection = database.connection

    def send(
        self,
        recipient: str,
        username: str,
        account_id: str,
        account_name: str,
        now: float,
    ) -> None:
        """Put a mail with a fresh link into the outbox."""
        self._connection.execute(
            f"INSERT INTO mails ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)",
            (
                recipient,
                username,
                account_id,
                account_name,
                secrets.token_urlsafe(16),
                now,
            ),
        )

    def all(self) -> list[Mail]:
        """Every mail, the oldest first."""
        rows = self._connection.execute(f"SELECT {COLUMNS} FROM mails ORDER BY seq")
        return [Mail(*row) for row in rows]

    def find(self, link_key: str) -> Mail | None:
        """The mail that holds a link."""
        row = self._connection.execute(
            f"SELECT {COLUMNS} FROM mails WHERE link_key = ?",
            (link_key,),
        ).fetchone()
        return Mail(*row) if row else None
