"""Find out which value of a connection is wrong, without writing anything."""

from __future__ import annotations

from dataclasses import dataclass

from ..panda_api.client import RESELLER_TYPE, PandaClient
from ..panda_api.errors import ErrorKind, PandaError
from ..panda_api.transport import Transport
from .error_catalogue import CATALOGUE

CONNECTED = "connected"

LONGEST_CHECK = 18.0
"""Seconds that all requests of a check may take together: a person waits for it."""

SAY_NOTHING = {"server_error", "blocked"}
"""Answers to a create without values that come from a gateway or a firewall which does
not like it (docs/watchguard-api.md#permission)."""


@dataclass(frozen=True)
class Finding:
    """Result of a check: :data:`CONNECTED` or a code of the error catalogue.

    ``detail`` is the name of the root account or Panda's own words.
    """

    code: str
    detail: str = ""
    retry_after: float | None = None

    @property
    def is_connected(self) -> bool:
        return self.code == CONNECTED

    @property
    def field(self) -> str:
        """The field of ``panda.system`` at fault, empty when there is none."""
        entry = CATALOGUE.get(self.code)
        return entry.connection_field if entry else ""


def check_connection(
    transport: Transport, root_account_id: str, *, writes_fail: bool = False
) -> Finding:
    """Try address, credentials, API key, root account and the right to write, within
    :data:`LONGEST_CHECK`.

    :param writes_fail: whether writes have just failed. Then an error of the server
        after the one that writes nothing is one more of them; otherwise it may be that
        one alone which the server trips over, and says nothing.
    """
    client = PandaClient(transport, longest=LONGEST_CHECK)
    try:
        client.authenticate()
    except PandaError as error:
        if error.kind is ErrorKind.AUTH:
            return Finding("invalid_credentials", error.detail)
        return Finding(error.code, error.detail, error.retry_after)
    try:
        if not client.accepts_api_key():
            return Finding("wrong_api_key")
        return _check_root(client, root_account_id, writes_fail=writes_fail)
    except PandaError as error:
        return Finding(error.code, error.detail, error.retry_after)


def _check_root(
    client: PandaClient, root_account_id: str, *, writes_fail: bool
) -> Finding:
    try:
        root = client.get_account(root_account_id)
    except PandaError as error:
        is_refused = error.kind in (ErrorKind.PERMISSION, ErrorKind.DATA)
        if is_refused and error.code != "blocked":
            return Finding("unknown_root_account", error.detail)
        raise
    # A type that cannot be read says nothing.
    if root.type not in (RESELLER_TYPE, 0):
        return Finding("root_account_is_customer", root.name)
    try:
        may_write = client.may_write(root_account_id)
    except PandaError as error:
        if writes_fail or error.code not in SAY_NOTHING:
            raise
        may_write = True
    if not may_write:
        return Finding("read_only_access_id")
    return Finding(CONNECTED, root.name)
