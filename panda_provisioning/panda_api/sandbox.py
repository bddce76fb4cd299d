"""Ask a sandbox on this machine with what to connect to it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

import requests

from .credentials import Credentials

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
"""The hosts that a sandbox may have: it is nowhere else than on this machine."""
DEFAULT_URL = "http://127.0.0.1:8470"
PATIENCE = 5


@dataclass(frozen=True)
class SandboxConnection:
    """What a sandbox tells whoever asks; it opens nothing but that sandbox."""

    root_account_id: str
    credentials: Credentials


def local_url(text: str) -> str | None:
    """Return the address in ``text`` without its path, ``None`` if it is not one of
    this machine."""
    try:
        parts = urlsplit(text.strip())
        if parts.scheme != "http" or parts.hostname not in LOOPBACK:
            return None
        host = "[::1]" if parts.hostname == "::1" else parts.hostname
        return f"http://{host}:{parts.port or 80}"
    except ValueError:
        return None


def ask_sandbox(url: str) -> SandboxConnection | None:
    """Return the connection of the sandbox at ``url``, ``None`` if there is none.

    :param url: a :func:`local_url`.
    """
    try:
        with requests.Session() as session:
            session.trust_env = False  # no proxy for this machine's own address
            response = session.get(
                f"{url}/_control/connection", timeout=PATIENCE, allow_redirects=False
            )
        answer = response.json()
        return SandboxConnection(
            str(answer["rootAccountId"]),
            Credentials(
                str(answer["accessId"]), str(answer["password"]), str(answer["apiKey"])
            ),
        )
    except (requests.RequestException, ValueError, LookupError, TypeError):
        return None
