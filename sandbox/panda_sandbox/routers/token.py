"""``POST /oauth/token`` (docs/watchguard-api.md#token)."""

from __future__ import annotations

from urllib.parse import parse_qs

from fastapi import APIRouter, Request, Security
from fastapi.responses import JSONResponse
from fastapi.security import HTTPBasic

from ..sandbox import Sandbox, SandboxDep
from ..schemas import Token
from ..settings import ROOT_ACCOUNT
from ..tokens import access_id_of, account_of

router = APIRouter(tags=["Token"])

FORM = "application/x-www-form-urlencoded"
FORM_SCHEMA = {
    "requestBody": {
        "required": True,
        "content": {
            FORM: {
                "schema": {
                    "type": "object",
                    "required": ["grant_type", "scope"],
                    "properties": {
                        "grant_type": {"const": "client_credentials"},
                        "scope": {"const": "api-access"},
                        "audience": {"type": "string"},
                    },
                }
            }
        },
    },
}


class DocumentedBasic(HTTPBasic):
    """For the documentation only: refusals have the form of this API.

    See docs/watchguard-api.md#sandbox-token.
    """

    async def __call__(self, request: Request) -> None:  # type: ignore[override]
        """Let everybody pass."""


@router.post(
    "/oauth/token",
    summary="Get an access token",
    responses={200: {"model": Token}, 401: {"description": "Wrong credentials."}},
    dependencies=[Security(DocumentedBasic(scheme_name="HTTPBasic"))],
    openapi_extra=FORM_SCHEMA,
)
async def create_token(request: Request, sandbox: SandboxDep) -> JSONResponse:
    access_id = access_id_of(request.headers.get("Authorization", ""))
    if not access_id:
        status = sandbox.switches.status("token_refusal")
        return _refusal(status, "invalid_client", "Client authentication failed.")
    if not request.headers.get("Content-Type", "").startswith(FORM):
        status = sandbox.switches.status("token_json_body")
        return _refusal(status, "invalid_request", f"The body must be {FORM}.")
    form = {k: v[0] for k, v in parse_qs((await request.body()).decode()).items()}
    if form.get("grant_type") != "client_credentials":
        return _refusal(400, "unsupported_grant_type", "Use client_credentials.")
    if form.get("scope") != "api-access":
        return _refusal(400, "invalid_scope", "Use api-access.")
    root_id = _root_id(sandbox, form.get("audience", ""))
    if not root_id:
        return _refusal(400, "invalid_request", "The audience is unknown.")
    seconds = sandbox.settings.token_seconds
    return JSONResponse(
        {
            "access_token": sandbox.tokens.issue(access_id, root_id, seconds),
            "token_type": "Bearer",
            "expires_in": seconds,
            "scope": "api-access",
        }
    )


def _root_id(sandbox: Sandbox, audience: str) -> str:
    """The account that a token is for, empty for an unknown audience."""
    if not audience:
        return ROOT_ACCOUNT
    account = sandbox.accounts.get(account_of(audience))
    if account and sandbox.accounts.is_within(account, ROOT_ACCOUNT):
        return account.id
    return ""


def _refusal(status: int, error: str, description: str) -> JSONResponse:
    return JSONResponse({"error": error, "error_description": description}, status)
