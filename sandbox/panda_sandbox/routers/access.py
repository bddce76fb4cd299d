"""What the endpoints of the API have in common."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyHeader, HTTPBearer

from ..errors import ApiError
from ..faults import FaultRule
from ..sandbox import Sandbox
from ..schemas import Error
from ..store.accounts import Account
from ..tokens import Caller

CREDENTIALS = [
    Security(HTTPBearer(auto_error=False)),
    Security(APIKeyHeader(name="WatchGuard-API-Key", auto_error=False)),
]
"""For the documentation only: the gateway has checked both already."""

REFUSALS: dict[int | str, dict[str, Any]] = {
    400: {"model": Error, "description": "Something is missing or malformed."},
    401: {"model": Error, "description": "The token is missing or has expired."},
    403: {"model": Error, "description": "Wrong API key, or not allowed."},
    404: {"model": Error, "description": "There is no such thing."},
}


async def get_caller(request: Request) -> Caller:
    """Who the gateway let in."""
    caller: Caller = request.state.caller
    return caller


async def get_fault(request: Request) -> FaultRule | None:
    """The fault that the request gets, for those that the endpoints act out."""
    fault: FaultRule | None = request.state.fault
    return fault


CallerDep = Annotated[Caller, Depends(get_caller)]
FaultDep = Annotated[FaultRule | None, Depends(get_fault)]


def account_for(sandbox: Sandbox, caller: Caller, account_id: str) -> Account:
    """An account that the caller may touch; raises :class:`ApiError`.

    See docs/watchguard-api.md#sandbox-admission.
    """
    account = sandbox.accounts.get(account_id)
    if not account:
        raise ApiError(404, "Account was not found.")
    if not sandbox.accounts.is_within(account, caller.root_id):
        status = sandbox.switches.status("foreign_account")
        raise ApiError(status, "Account is not managed by the caller.")
    return account
