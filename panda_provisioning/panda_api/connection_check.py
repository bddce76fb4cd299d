"""Find out which value of a connection is wrong, without writing anything."""

from __future__ import annotations

from dataclasses import dataclass

from .client import RESELLER_TYPE, PandaClient
from .errors import ErrorKind, PandaError
from .transport import Transport


@dataclass(frozen=True)
class Finding:
    """Result of a check: the field at fault, empty when all is well, and a code."""

    field: str
    code: str
    detail: str = ""


def check_connection(transport: Transport, root_account_id: str) -> Finding:
    """Try address, credentials, API key, root account and the right to write."""
    client = PandaClient(transport)
    try:
        transport.authenticate()
    except PandaError as error:
        if error.kind is ErrorKind.AUTH:
            return Finding("access_id", "invalid_credentials", error.detail)
        return _address(error)
    try:
        if not client.accepts_api_key():
            return Finding("api_key", "wrong_api_key")
        return _check_root(client, root_account_id)
    except PandaError as error:
        return _address(error)


def _check_root(client: PandaClient, root_account_id: str) -> Finding:
    try:
        root = client.get_account(root_account_id)
    except PandaError as error:
        if error.kind in (ErrorKind.PERMISSION, ErrorKind.DATA):
            return Finding("root_account_id", "unknown_root_account", error.detail)
        raise
    if root.type != RESELLER_TYPE:
        return Finding("root_account_id", "root_account_is_customer", root.name)
    if not client.may_write(root_account_id):
        return Finding("access_id", "read_only_access_id")
    return Finding("", "connected", root.name)


def _address(error: PandaError) -> Finding:
    """What is neither about credentials nor about accounts is about the address,
    unless Panda itself says that it is busy or broken."""
    if error.kind is ErrorKind.THROTTLED or (error.status or 0) >= 500:
        return Finding("", error.code, error.detail)
    return Finding("base_url", error.code, error.detail)
