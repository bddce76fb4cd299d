"""Find out which value of a connection is wrong, without writing anything."""

from __future__ import annotations

from dataclasses import dataclass

from ..panda_api.client import RESELLER_TYPE, PandaClient
from ..panda_api.errors import ErrorKind, PandaError
from ..panda_api.transport import Transport
from .error_catalogue import CATALOGUE

CONNECTED = "connected"


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


def check_connection(transport: Transport, root_account_id: str) -> Finding:
    """Try address, credentials, API key, root account and the right to write."""
    client = PandaClient(transport)
    try:
        transport.authenticate()
    except PandaError as error:
        if error.kind is ErrorKind.AUTH:
            return Finding("invalid_credentials", error.detail)
        return Finding(error.code, error.detail, error.retry_after)
    try:
        if not client.accepts_api_key():
            return Finding("wrong_api_key")
        return _check_root(client, root_account_id)
    except PandaError as error:
        return Finding(error.code, error.detail, error.retry_after)


def _check_root(client: PandaClient, root_account_id: str) -> Finding:
    try:
        root = client.get_account(root_account_id)
    except PandaError as error:
        if error.kind in (ErrorKind.PERMISSION, ErrorKind.DATA):
            return Finding("unknown_root_account", error.detail)
        raise
    if root.type != RESELLER_TYPE:
        return Finding("root_account_is_customer", root.name)
    if not client.may_write(root_account_id):
        return Finding("read_only_access_id")
    return Finding(CONNECTED, root.name)
