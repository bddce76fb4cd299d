"""The FastAPI app: endpoints, their documentation and the gateway before them."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException

from .errors import ApiError, answer_error
from .gateway import Gateway
from .routers import accounts, audiences, control, operators, outbox, token
from .sandbox import Sandbox
from .schemas import Error
from .settings import API_KEY, PASSWORDS, READ_ONLY_ID, READ_WRITE_ID, ROOT_ACCOUNT

DESCRIPTION = f"""
A local stand-in for the WatchGuard Cloud provisioning API. Nothing leaves this machine.

| | |
|---|---|
| Root account | `{ROOT_ACCOUNT}` |
| API key | `{API_KEY}` |
| Access ID, read-write | `{READ_WRITE_ID}`, password `{PASSWORDS[READ_WRITE_ID]}` |
| Access ID, read-only | `{READ_ONLY_ID}`, password `{PASSWORDS[READ_ONLY_ID]}` |

Activation mails are kept in the [outbox](/outbox).
"""


def create_app(sandbox: Sandbox) -> FastAPI:
    """The app of one sandbox."""
    app = FastAPIOffline(
        redoc_url=None,
        title="Panda sandbox",
        version="1.0",
        description=DESCRIPTION,
        # Without it the documentation would speak of a 422, which is never sent.
        responses={"4XX": {"model": Error, "description": "Any other refusal."}},
    )
    app.state.sandbox = sandbox
    for module in (token, accounts, audiences, operators, control, outbox):
        app.include_router(module.router)
    for kind in (ApiError, HTTPException, RequestValidationError, Exception):
        app.add_exception_handler(kind, answer_error)
    app.add_middleware(Gateway, sandbox=sandbox)
    return app
