"""Secrets at rest: how they are encrypted, and where else they may come from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from .address import get_origin

PREFIX = "fernet:"
"""With what a stored value begins that is encrypted."""

SECTION = "panda_provisioning"
"""Of the configuration file of Odoo: for the keys. ``panda_provisioning:NAME`` holds
the secrets of one system."""
ENVIRONMENT = "PANDA_"
"""With what the variables of the environment begin."""
NAMES = ("access_password", "api_key")


class UnusableKey(Exception):  # noqa: N818
    """A stored secret cannot be decrypted, or a key is none; the text names neither."""


@dataclass(frozen=True)
class SecretBox:
    """Encrypts with the first of ``keys`` and decrypts with any; without keys values
    are stored as they are."""

    keys: tuple[str, ...] = field(default=(), repr=False)

    @classmethod
    def from_text(cls, text: str) -> SecretBox:
        """Return a box for keys separated by commas or white space, newest first."""
        return cls(tuple(text.replace(",", " ").split()))

    def seal(self, value: str) -> str:
        """Return ``value`` as it is to be stored.

        :raise UnusableKey: if one of the keys is none.
        """
        if not self.keys:
            return value
        return PREFIX + self._fernet().encrypt(value.encode()).decode()

    def open(self, stored: str) -> str:
        """Return what was sealed, or ``stored`` itself if it was never encrypted.

        :raise UnusableKey: if no key fits.
        """
        if not stored.startswith(PREFIX):
            return stored
        if not self.keys:
            raise UnusableKey("no key")
        try:
            return self._fernet().decrypt(stored[len(PREFIX) :].encode()).decode()
        except InvalidToken:
            raise UnusableKey("no key fits") from None

    def opens(self, stored: str) -> bool:
        """Whether :meth:`open` succeeds."""
        try:
            self.open(stored)
        except UnusableKey:
            return False
        return True

    def is_current(self, stored: str) -> bool:
        """Whether ``stored`` is as :meth:`seal` would store it today."""
        if not self.keys:
            return True  # what is encrypted stays so
        if not stored.startswith(PREFIX):
            return False
        try:
            Fernet(self.keys[0]).decrypt(stored[len(PREFIX) :].encode())
        except (InvalidToken, ValueError):
            return False
        return True

    def _fernet(self) -> MultiFernet:
        try:
            return MultiFernet([Fernet(key) for key in self.keys])
        except ValueError:
            raise UnusableKey("a key is none") from None


def find_configured(
    systems: Iterable[Mapping[str, str]], base_url: str, root_account_id: str
) -> dict[str, str]:
    """Return the secrets that the server's configuration holds for a system.

    They go to the address only that stands beside them, so that nobody who may edit
    systems in Odoo can have them sent elsewhere.

    :param systems: ``api_address``, ``root_account_id`` and the secrets of each.
    """
    origin = get_origin(base_url)
    for system in systems:
        is_there = origin and get_origin(system.get("api_address", "")) == origin
        if is_there and system.get("root_account_id", "") == root_account_id:
            return {name: system[name] for name in NAMES if system.get(name)}
    return {}
