"""``POST .../audiences``: how to act inside a managed account.

See docs/watchguard-api.md#managed-account-token.
"""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from ..errors import ApiError
from ..sandbox import SandboxDep
from ..schemas import Audience, AudienceRequest
from ..tokens import audience_for
from .access import CREDENTIALS, REFUSALS, CallerDep

router = APIRouter(
    prefix="/rest/platform/authorization/v1",
    tags=["Authorization"],
    dependencies=CREDENTIALS,
    responses=REFUSALS,
)


@router.post(
    "/audiences",
    summary="Get the audience of a managed account",
    responses={200: {"model": Audience}},
)
async def create_audience(
    wanted: AudienceRequest, sandbox: SandboxDep, caller: CallerDep
) -> JSONResponse:
    account = sandbox.accounts.get(wanted.accountId)
    if not account or not sandbox.accounts.is_within(account, caller.root_id):
        raise ApiError(403, "Account is not managed by the caller.")
    return JSONResponse({"audience": audience_for(account.id)})
