"""What stands before every call: record, quota, fault, delay, credentials.

A plain ASGI middleware: it must be able to drop a connection, and it is on the path
of every request.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import MutableMapping
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .answer import DROPPED, Answer, as_answer
from .effects import after, before
from .errors import ApiError, error_response
from .faults import FaultRule
from .hostile import CONTINUE, PACE
from .quota import QUOTA
from .recorder import Entry
from .sandbox import Sandbox
from .settings import API_KEY
from .subject import account_name
from .tokens import Caller, bearer_of

OWN_PAGES = (
    "/_control",
    "/activate",
    "/docs",
    "/openapi.json",
    "/outbox",
    "/redoc",
    "/static-offline-docs",
)
"""Paths of the sandbox itself, which the API does not have."""

AUDIENCES = "/rest/platform/authorization/v1/audiences"
ACCEPTABLE = ("application/json", "application/*", "*/*")

Headers = MutableMapping[bytes, bytes]


class Gateway:
    """Wraps the app; the sandbox's own pages pass untouched."""

    def __init__(self, app: ASGIApp, sandbox: Sandbox) -> None:
        self._app = app
        self._sandbox = sandbox

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(OWN_PAGES):
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        body = await _read_body(receive)
        headers = dict(scope["headers"])
        entry = self._record(scope, headers, body)
        rule = self._pick(entry)
        scope["state"]["fault"] = rule
        answer = await self._answer(scope, receive, headers, body, rule)
        entry.duration_ms = round((time.perf_counter() - started) * 1000, 2)
        if answer is DROPPED:
            await _drop(scope, receive)
            return
        entry.status = answer.status
        if rule and rule.fault == "continue":
            await _continue(scope, rule.duration)
        await _send(scope, send, answer)

    async def _answer(
        self,
        scope: Scope,
        receive: Receive,
        headers: Headers,
        body: bytes,
        rule: FaultRule | None,
    ) -> Answer:
        switches = self._sandbox.switches
        if self._sandbox.settings.latency_ms:
            await asyncio.sleep(self._sandbox.settings.latency_ms / 1000)
        if not rule:
            return await self._perform(scope, headers, body)
        answer = await before(rule, switches)
        if answer:
            return answer
        if rule.fault == "expire_token":
            self._sandbox.tokens.expire(_token(headers))
        answer = await self._perform(scope, headers, body)
        query = scope["query_string"].decode("latin-1")
        return await after(rule, switches, answer, query, receive)

    async def _perform(self, scope: Scope, headers: Headers, body: bytes) -> Answer:
        self._sandbox.settle()
        if scope["path"].startswith("/rest/"):
            try:
                scope["state"]["caller"] = self._admit(scope, headers)
            except ApiError as error:
                return as_answer(error_response(self._sandbox.switches, error))
        return await _call(self._app, scope, body)

    def _admit(self, scope: Scope, headers: Headers) -> Caller:
        """Who is calling; raises :class:`ApiError` for whom is refused.

        See docs/watchguard-api.md#sandbox-admission.
        """
        caller = self._sandbox.tokens.caller(_token(headers))
        if not caller:
            raise ApiError(401, "Unauthorized.", "Token is missing or has expired.")
        if headers.get(b"watchguard-api-key", b"").decode("latin-1") != API_KEY:
            status = self._sandbox.switches.status("wrong_api_key")
            raise ApiError(status, "Access denied.", "API key is missing or invalid.")
        is_write = scope["method"] not in ("GET", "HEAD") and scope["path"] != AUDIENCES
        if is_write and not caller.may_write:
            raise ApiError(403, "Access denied.", "The Access ID is read-only.")
        accept = headers.get(b"accept", b"*/*").decode("latin-1")
        if not any(kind in accept for kind in ACCEPTABLE):
            raise ApiError(406, "Not acceptable.", "Only application/json is produced.")
        return caller

    def _pick(self, entry: Entry) -> FaultRule | None:
        """What goes wrong with a request, noted at ``entry``, if anything does.

        A refused one gets no fault, and one with a fault uses quota.
        """
        refusal = self._sandbox.quota.refuse(entry.time)
        if refusal:
            entry.fault = QUOTA
            return refusal
        rule = self._sandbox.faults.pick(entry.method, entry.path, entry.account)
        entry.fault = rule.fault if rule else None
        return rule

    def _record(self, scope: Scope, headers: Headers, body: bytes) -> Entry:
        method, path = scope["method"], scope["path"]
        query = scope["query_string"].decode("latin-1")
        return self._sandbox.recorder.start(
            time.time(),
            method,
            path,
            query,
            account_name(self._sandbox, method, path, query, body),
            headers.get(b"x-correlation-id", b"").decode("latin-1"),
        )


def _token(headers: Headers) -> str:
    return bearer_of(headers.get(b"authorization", b"").decode("latin-1"))


async def _read_body(receive: Receive) -> bytes:
    parts: list[bytes] = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


async def _call(app: ASGIApp, scope: Scope, body: bytes) -> Answer:
    """Run the app on a body that has been read, and keep what it says."""
    incoming: list[Message] = [{"type": "http.request", "body": body}]
    said: dict[str, Any] = {"body": b""}

    async def receive() -> Message:
        return incoming.pop() if incoming else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        said["body"] += message.get("body", b"")
        if message["type"] == "http.response.start":
            said.update(status=message["status"], headers=message["headers"])

    await app(scope, receive, send)
    return Answer(said["status"], list(said["headers"]), said["body"])


async def _send(scope: Scope, send: Send, answer: Answer) -> None:
    first = await anext(answer.parts, b"") if answer.parts else answer.body
    await send(
        {
            "type": "http.response.start",
            "status": answer.status,
            "headers": answer.headers,
        }
    )
    is_last = answer.parts is None
    await send({"type": "http.response.body", "body": first, "more_body": not is_last})
    if answer.parts is None:
        return
    async for part in answer.parts:
        if scope["state"]["transport"].is_closing():
            return
        await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _continue(scope: Scope, seconds: float) -> None:
    """Say past the server's own protocol what it would say once."""
    transport, until = scope["state"]["transport"], time.monotonic() + seconds
    while time.monotonic() < until and not transport.is_closing():
        transport.write(CONTINUE)
        await asyncio.sleep(PACE / 10)


async def _drop(scope: Scope, receive: Receive) -> None:
    """Close the connection and wait until the server has noticed."""
    scope["state"]["transport"].abort()
    while (await receive())["type"] != "http.disconnect":
        pass
