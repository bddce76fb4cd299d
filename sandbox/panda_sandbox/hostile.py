"""Answers of a server that means no good, or has lost its mind.

See docs/watchguard-api.md#sandbox-faults.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import time
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

from .answer import Answer
from .faults import FaultRule

MEGABYTE = 1024 * 1024
PACE = 0.05
"""Seconds between two bytes of what drips."""
PAGE = 25
POISON = "\0\ud800"
JSON = (b"content-type", b"application/json")
ID_NAMES = ("accountId", "accountID", "transaction_id")
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


def mangled(rule: FaultRule, answer: Answer, query: str) -> Answer:
    """What ``rule`` makes of the answer of a request that was performed."""
    if rule.fault in STREAMS:
        headers = [pair for pair in answer.headers if pair[0] != b"content-length"]
        return replace(answer, headers=headers, parts=STREAMS[rule.fault](rule, answer))
    if rule.fault == "odd_charset":
        kind = f"application/json; charset={rule.charset}".encode()
        headers = [pair for pair in answer.headers if pair[0] != b"content-type"]
        return replace(answer, headers=[*headers, (b"content-type", kind)])
    if rule.fault in CHANGES and answer.body:
        body = CHANGES[rule.fault](rule, json.loads(answer.body), query)
        return _with_body(answer, json.dumps(body).encode())
    return answer


def _with_body(answer: Answer, body: bytes) -> Answer:
    headers = [pair for pair in answer.headers if pair[0] != b"content-length"]
    headers.append((b"content-length", str(len(body)).encode()))
    return replace(answer, headers=headers, body=body)


# === STREAMS === #


async def _drip(rule: FaultRule, answer: Answer) -> AsyncIterator[bytes]:
    until = time.monotonic() + rule.duration
    for byte in itertools.chain(answer.body, itertools.repeat(32)):
        if time.monotonic() > until:
            return
        yield bytes([byte])
        await asyncio.sleep(PACE)


async def _endless_body(rule: FaultRule, _answer: Answer) -> AsyncIterator[bytes]:
    until = time.monotonic() + rule.duration
    yield b"["
    while time.monotonic() < until:
        yield b"0," * (MEGABYTE // 2)


async def _big_json(rule: FaultRule, _answer: Answer) -> AsyncIterator[bytes]:
    yield b"["
    for _megabyte in range(rule.megabytes):
        yield b"{}," * (MEGABYTE // 3)
    yield b"0]"


async def _undecodable(rule: FaultRule, _answer: Answer) -> AsyncIterator[bytes]:
    for _megabyte in range(rule.megabytes):
        yield b"\xff\xfe\x81\x00" * (MEGABYTE // 4)


async def _gzip_bomb(rule: FaultRule, answer: Answer) -> AsyncIterator[bytes]:
    answer.headers.append((b"content-encoding", b"gzip"))
    pack = zlib.compressobj(9, wbits=zlib.MAX_WBITS | 16)
    for _megabyte in range(rule.megabytes):
        yield pack.compress(b"\0" * MEGABYTE)
    yield pack.flush()


STREAMS: dict[str, Callable[[FaultRule, Answer], AsyncIterator[bytes]]] = {
    "drip": _drip,
    "endless_body": _endless_body,
    "big_json": _big_json,
    "undecodable": _undecodable,
    "gzip_bomb": _gzip_bomb,
}


# === CHANGES === #


def _endless_pages(rule: FaultRule, _body: Any, query: str) -> Any:
    start = 0 if rule.repeated else int(parse_qs(query).get("offset", ["0"])[0])
    return {"items": list(_rows(start, PAGE)), "totalItems": 10**9, "limit": PAGE}


def _many_children(rule: FaultRule, _body: Any, _query: str) -> Any:
    items = list(_rows(0, rule.rows))
    return {"items": items, "totalItems": rule.rows, "limit": -1, "offset": 0}


def _rows(start: int, count: int) -> Iterator[dict[str, Any]]:
    for number in range(start, start + count):
        row = {"accountId": f"WGC-1-{number:020x}", "name": f"Account {number}"}
        yield {**row, "type": 2, "parentAccess": "Full", "totalOperators": 1}


def _empty_listing(_rule: FaultRule, body: Any, _query: str) -> Any:
    return {**body, "items": []}


def _error_in_success(_rule: FaultRule, body: Any, _query: str) -> Any:
    return {**body, "error": {"message": "Something went wrong."}}


def _poison_text(rule: FaultRule, body: Any, query: str) -> Any:
    if isinstance(body, str):
        # In the place of a letter: what was there cannot be told.
        return body[:2] + POISON + body[3:]
    if isinstance(body, list):
        return [_poison_text(rule, each, query) for each in body]
    if isinstance(body, dict):
        return {key: _poison_text(rule, each, query) for key, each in body.items()}
    return body


def _poison_id(rule: FaultRule, body: Any, query: str) -> Any:
    if isinstance(body, list):
        return [_poison_id(rule, each, query) for each in body]
    if isinstance(body, dict):
        return {
            key: rule.value if key in ID_NAMES else _poison_id(rule, each, query)
            for key, each in body.items()
        }
    return body


CHANGES: dict[str, Callable[[FaultRule, Any, str], Any]] = {
    "endless_pages": _endless_pages,
    "many_children": _many_children,
    "empty_listing": _empty_listing,
    "error_in_success": _error_in_success,
    "poison_text": _poison_text,
    "poison_id": _poison_id,
}
