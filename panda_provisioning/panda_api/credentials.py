"""Who we are towards Panda, in an object that cannot give itself away."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field

from .scrubbing import scrub


@dataclass(frozen=True)
class Credentials:
    """Access ID, its password and the API key of one service provider.

    Source: docs/watchguard-api.md#access. Only the Access ID appears in the repr;
    :meth:`scrub` removes the other two from any text.
    """

    access_id: str
    password: str = field(repr=False)
    api_key: str = field(repr=False)

    @property
    def pair(self) -> str:
        """Access ID and password as the token is asked for with them."""
        return base64.b64encode(f"{self.access_id}:{self.password}".encode()).decode()

    def scrub(self, text: str, *more: str) -> str:
        """Return ``text`` without the secrets, for logs and messages.

        :param more: further secrets of the moment, e.g. the bearer token.
        """
        return scrub(text, (self.password, self.api_key, self.pair, *more))
