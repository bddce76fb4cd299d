"""Reads an answer: no more bytes than are wanted, UTF-8 only, JSON or nothing."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from urllib3 import HTTPResponse

from .limits import LONGEST_WORDS, MOST_BYTES, MOST_ERROR_BYTES, MOST_VALUES

READ_SIZE = 64 * 1024
PACKED = {"gzip", "x-gzip", "deflate"}
GZIP_OR_ZLIB = zlib.MAX_WBITS | 32
MEDIA_TYPE = re.compile(r"\s*([\w.+-]{1,40}/[\w.+-]{1,40})")
SMALL = 256 * 1024
"""Characters of JSON that need no counting of values."""


@dataclass(frozen=True)
class Answer:
    """One answer.

    ``body`` is its JSON, ``None`` for an empty one; ``problem`` says in words why there
    is none; ``text`` is what may be shown: the beginning of the JSON, or the problem.
    """

    status: int
    headers: Mapping[str, str]
    body: Any
    text: str
    problem: str = ""

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300


class _UnreadableError(Exception):
    """The answer is no JSON that could be read; says why."""


def read_answer(response: HTTPResponse) -> Answer:
    """Read an answer, of which nothing but the headers was read.

    Its connection is free again when the answer was read to its end, and closed when
    it was not.
    """
    status, headers = response.status, response.headers
    most = MOST_BYTES if 200 <= status < 300 else MOST_ERROR_BYTES
    try:
        body, text = _parse(response, most)
    except _UnreadableError as error:
        response.close()
        return Answer(status, headers, None, str(error), str(error))
    except BaseException:
        response.close()
        raise
    finally:
        response.release_conn()
    return Answer(status, headers, body, text)


def _read(response: HTTPResponse, most: int) -> bytes:
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    parts = _received(response, most)
    if encoding in PACKED:
        parts = _unpacked(parts, most)
    elif encoding not in ("", "identity"):
        raise _UnreadableError("an answer in a packing that was not asked for")
    return b"".join(parts)


def _received(response: HTTPResponse, most: int) -> Iterator[bytes]:
    received = 0
    while part := response.read(READ_SIZE, decode_content=False):
        received += len(part)
        _check_size(received, most)
        yield part


def _unpacked(parts: Iterator[bytes], most: int) -> Iterator[bytes]:
    unpacked = 0
    unpack = zlib.decompressobj(GZIP_OR_ZLIB)
    try:
        for part in parts:
            left = part
            while left:
                if unpack.eof:  # a further member of the same file
                    unpack = zlib.decompressobj(GZIP_OR_ZLIB)
                plain = unpack.decompress(left, most - unpacked + 1)
                unpacked += len(plain)
                _check_size(unpacked, most)
                yield plain
                left = unpack.unused_data or unpack.unconsumed_tail
        if unpacked and not unpack.eof:
            raise _UnreadableError("an answer that breaks off")
    except zlib.error as error:
        raise _UnreadableError("an answer that cannot be unpacked") from error


def _check_size(size: int, most: int) -> None:
    if size > most:
        raise _UnreadableError(f"an answer of more than {_size(most)}")


def _parse(response: HTTPResponse, most: int) -> tuple[Any, str]:
    """The JSON of an answer, and the beginning of its text."""
    content = _read(response, most)
    if not content:
        return None, ""
    size = len(content)
    text = content.decode("utf-8-sig", "replace")
    del content
    if len(text) > SMALL and sum(map(text.count, ",[{")) > MOST_VALUES:
        raise _UnreadableError(f"an answer of more than {MOST_VALUES:,} values")
    try:
        body = json.loads(text, object_pairs_hook=_object)
        return body, text[:LONGEST_WORDS]
    except (ValueError, RecursionError) as error:
        kind = _media_type(response.headers)
        what = f"an answer that is not JSON ({kind}, {_size(size)})"
        raise _UnreadableError(what) from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object, unless it gives one name two values, of which either may be
    meant."""
    names = dict(pairs)
    if len(names) != len(pairs):
        raise _UnreadableError("an answer that gives one name two values")
    return names


def _media_type(headers: Mapping[str, str]) -> str:
    """As the server names it, which may be anything."""
    match = MEDIA_TYPE.match(headers.get("Content-Type", ""))
    return match[1] if match else "of no type"


def _size(size: int) -> str:
    for unit, bytes_ in (("MB", 1024 * 1024), ("kB", 1024)):
        if size >= bytes_:
            return f"{size // bytes_} {unit}"
    return f"{size} bytes"
