"""Where a sandbox may be, and how to ask it what to connect to it with."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

import requests

from .credentials import Credentials

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
"""The names of this machine."""
PRIVATE_NAME = re.compile(r"[a-z][a-z0-9_-]*")
"""A name without a dot is of a private network, such as that of a container. It begins
with a letter: a number is an IP address, in whatever network."""
DEFAULT_URL = "http://127.0.0.1:8470"
PATIENCE = 5


@dataclass(frozen=True)
class SandboxConnection:
    """What a sandbox tells whoever asks; it opens nothing but that sandbox."""

    root_account_id: str
    credentials: Credentials


def is_sandbox_host(host: str | None) -> bool:
    """Whether requests to ``host`` stay on this machine or in its private network, so
    that they may do without TLS."""
    name = host or ""
    return name in LOOPBACK or bool(PRIVATE_NAME.fullmatch(name))


def sandbox_url(text: str) -> str | None:
    """Return the address in ``text`` without its path, ``None`` if no sandbox can have
    it."""
    try:
        parts = urlsplit(text.strip())
        if parts.scheme != "http" or not is_sandbox_host(parts.hostname):
            return None
        host = "[::1]" if parts.hostname == "::1" else parts.hostname
        return f"http://{host}:{parts.port or 80}"
    except ValueError:
        return None


def local_url(text: str) -> str | None:
    """Return the :func:`sandbox_url` in ``text``, ``None`` if it is not one of this
    machine."""
    url = sandbox_url(text)
    return url if url and urlsplit(url).hostname in LOOPBACK else None


def ask_sandbox(url: str) -> SandboxConnection | None:
    """Return the connection of the sandbox at ``url``, ``None`` if there is none.

    :param url: a :func:`sandbox_url`.
    """
    try:
        with requests.Session() as session:
            session.trust_env = False  # no proxy for a machine that is near
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
