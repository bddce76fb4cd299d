"""Values of the sandbox that are numbers or names, and their defaults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from .quota import Rule

API_KEY = "sandbox-api-key"
READ_WRITE_ID = "sandbox_rw_id"
READ_ONLY_ID = "sandbox_r_id"
PASSWORDS = {READ_WRITE_ID: "Sandbox-rw-1!", READ_ONLY_ID: "Sandbox-r-1!"}
"""The two Access IDs (docs/watchguard-api.md#access). They open nothing but this
sandbox."""

ROOT_ACCOUNT = "ACC-1000001"
"""The service provider whose credentials these are (tier 1)."""
FOREIGN_ACCOUNT = "ACC-2000002"
"""Somebody else's service provider, to be refused.

See docs/watchguard-api.md#sandbox-admission.
"""


class Settings(BaseModel):
    """What can be set on the command line and while the sandbox runs."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    latency_ms: float = Field(default=0, ge=0, description="Delay of every answer.")
    pending_seconds: float = Field(
        default=0.5, ge=0, description="How long an operator transaction stays PENDING."
    )
    token_seconds: int = Field(default=3600, ge=1, description="Life of a new token.")
    quota: Rule | None = Field(
        default=None, description="How many requests are accepted; null is any number."
    )

    def changed(self, changes: Mapping[str, Any]) -> Settings:
        """These settings with ``changes``; raises ``ValueError`` for bad ones."""
        return Settings.model_validate({**self.model_dump(), **changes})
