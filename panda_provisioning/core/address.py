"""Which place an API address means, however it is spelled."""

from __future__ import annotations

from urllib.parse import urlsplit

PORTS = {"https": 443, "http": 80}


def get_origin(url: str) -> str:
    """Return scheme, host and port of ``url`` in one spelling; ``""`` if it has none.

    User and password count too, so that nothing in front of the host is overlooked.
    """
    try:
        parts = urlsplit((url or "").strip())
        port = parts.port or PORTS.get(parts.scheme, 0)
    except ValueError:
        return ""
    if not parts.hostname:
        return ""
    user = parts.netloc.rpartition("@")[0]
    return f"{parts.scheme}://{user}@{parts.hostname.rstrip('.')}:{port}"


def get_place(url: str, root_account_id: str) -> tuple[str, str, str]:
    """Return origin, path and root account in one spelling: two systems of which all
    three are equal speak of the same accounts."""
    origin = get_origin(url)
    path = urlsplit(url.strip()).path.rstrip("/") if origin else ""
    return origin, path, (root_account_id or "").strip().casefold()
