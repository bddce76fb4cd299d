"""What the faults do to a request on the wire.

See docs/watchguard-api.md#sandbox-faults.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import replace

from fastapi.responses import JSONResponse, Response

from .answer import DROPPED, Answer, as_answer
from .errors import ApiError, error_response, html_error
from .faults import FaultRule
from .hostile import mangled
from .switches import Switches


async def before(rule: FaultRule, switches: Switches) -> Answer | None:
    """What happens before the request is performed; an answer stands in for it."""
    if rule.fault == "lost_request":
        return DROPPED
    if rule.fault == "slow":
        await asyncio.sleep(rule.duration)
    if rule.fault == "throttled":
        return _throttled(rule, switches)
    if rule.fault == "server_error" and not rule.performed:
        return _server_error(rule, switches)
    return None


async def after(
    rule: FaultRule,
    switches: Switches,
    answer: Answer,
    query: str,
    disconnected: Callable[[], Awaitable[object]],
) -> Answer:
    """What becomes of the answer of a request that was performed."""
    if rule.fault == "lost_answer":
        return DROPPED
    if rule.fault == "timeout":
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(disconnected(), rule.duration)
        return DROPPED
    if rule.fault == "server_error" and rule.performed:
        return _server_error(rule, switches)
    if rule.fault == "truncated":
        return _truncated(answer)
    return mangled(rule, answer, query)


def _throttled(rule: FaultRule, switches: Switches) -> Answer:
    headers = {}
    if rule.retry_after is not None:
        headers["Retry-After"] = f"{rule.retry_after:g}"
    if switches["rate_limit_headers"] == "yes":
        headers |= {"X-RateLimit-Limit": "100", "X-RateLimit-Remaining": "0"}
    body = {"message": switches["throttled_message"]}
    return as_answer(JSONResponse(body, 429, headers))


def _server_error(rule: FaultRule, switches: Switches) -> Answer:
    if rule.body == "empty":
        return as_answer(Response(status_code=rule.status))
    if rule.body == "html":
        return as_answer(html_error(rule.status))
    error = ApiError(rule.status, "Internal server error.", "Injected by the sandbox.")
    return as_answer(error_response(switches, error))


def _truncated(answer: Answer) -> Answer:
    """Half the body, complete as far as HTTP can tell."""
    if not answer.body:
        return answer
    body = answer.body[: len(answer.body) // 2]
    headers = [pair for pair in answer.headers if pair[0] != b"content-length"]
    headers.append((b"content-length", str(len(body)).encode()))
    return replace(answer, headers=headers, body=body)
