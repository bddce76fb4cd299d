"""An HTTP answer as the gateway sends it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from fastapi.responses import Response


@dataclass(frozen=True)
class Answer:
    """An HTTP answer, as ASGI has it; ``parts`` are sent in the place of ``body``."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes
    parts: AsyncIterator[bytes] | None = None


DROPPED = Answer(0, [], b"")
"""Stands for the end of a connection on which nothing was said."""


def as_answer(response: Response) -> Answer:
    """A Starlette response as it goes out."""
    return Answer(response.status_code, response.raw_headers, bytes(response.body))
