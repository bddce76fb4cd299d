"""Refusals and the forms that their bodies take (docs/watchguard-api.md#error-body)."""

from __future__ import annotations

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.exceptions import HTTPException

from .switches import Switches


class ApiError(Exception):
    """Answer a request with an error.

    :param status: HTTP status, which is the ``code`` of the body too.
    """

    def __init__(self, status: int, message: str, details: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.details = details


def error_response(switches: Switches, error: ApiError) -> Response:
    """The answer for ``error``, in the form that the switch ``error_body`` asks."""
    form = switches["error_body"]
    if form == "empty":
        return Response(status_code=error.status)
    if form == "html":
        return html_error(error.status)
    body: dict[str, object] = {"message": error.message}
    if form == "nested":
        body = {"error": body}
    if form == "documented":
        body = {"code": error.status, **body, "details": error.details}
    return JSONResponse(body, error.status)


def html_error(status: int) -> Response:
    """What a gateway in front of the API says."""
    return HTMLResponse(
        f"<html><head><title>{status}</title></head>"
        f"<body><center><h1>{status}</h1></center><hr>gateway</body></html>\n",
        status,
    )


async def answer_error(request: Request, error: Exception) -> Response:
    """Exception handler of the app: every error has the API's form."""
    return error_response(request.app.state.sandbox.switches, _as_api_error(error))


def _as_api_error(error: Exception) -> ApiError:
    if isinstance(error, ApiError):
        return error
    if isinstance(error, HTTPException):
        return ApiError(error.status_code, error.detail)
    if isinstance(error, RequestValidationError):
        details = "; ".join(
            f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"
            for problem in error.errors()
        )
        return ApiError(400, "Invalid request.", details)
    return ApiError(500, "Internal error.")
