"""Answers as values: what counts as text, a number, an object or a list."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from panda_provisioning.panda_api.errors import ErrorKind, PandaError
from panda_provisioning.panda_api.responses import (
    Account,
    Child,
    Exchange,
    Operator,
    Transaction,
    as_list,
    as_object,
    integer,
    text,
    unreadable,
)

from .support import failing

# === VALUES === #


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        *[("WGC-1", "WGC-1"), (7, "7"), (0, "0"), (" ", " ")],
        *[("", ""), (None, ""), (True, ""), (False, ""), (1.5, ""), ([], ""), ({}, "")],
    ],
)
def test_text_is_a_text_or_a_whole_number(value: object, expected: str) -> None:
    assert text({"id": value}, "id") == expected


def test_text_is_that_of_the_first_name_that_has_any() -> None:
    row = {"a": None, "b": "", "c": "third", "d": "fourth"}
    assert text(row, "x", "a", "b", "c", "d") == "third"
    assert text(row, "d", "c") == "fourth"
    assert text(row, "x") == text(row) == ""


@pytest.mark.parametrize(("value", "expected"), [(2, 2), ("2", 2), (2.0, 2), (0, 0)])
def test_a_number_may_be_written_as_text(value: object, expected: int) -> None:
    assert integer(value) == integer(value, -1) == expected


@pytest.mark.parametrize(
    "value", [None, "", "two", [], {}, float("nan"), float("inf"), float("-inf")]
)
def test_a_number_that_is_none_is_the_default(value: object) -> None:
    assert integer(value) == 0
    assert integer(value, -1) == -1


@pytest.mark.parametrize("body", [{}, {"a": 1}])
def test_an_object_is_itself(body: dict[str, int]) -> None:
    assert as_object(body) is body


@pytest.mark.parametrize("body", [None, [], "x", 1, True])
def test_anything_else_is_no_object(body: object) -> None:
    with failing(ErrorKind.PROTOCOL, "unreadable") as caught:
        as_object(body)
    assert caught.value.detail == "a JSON object was expected"


@pytest.mark.parametrize("value", [[], [{}], [{"a": 1}, {"b": 2}]])
def test_a_list_of_objects_is_itself(value: list[dict[str, int]]) -> None:
    assert as_list(value) is value


@pytest.mark.parametrize("value", [None, {}, "x", 1, [1], [{}, None], [None, {}]])
def test_anything_else_is_no_list_of_objects(value: object) -> None:
    with failing(ErrorKind.PROTOCOL, "unreadable") as caught:
        as_list(value)
    assert caught.value.detail == "a list of JSON objects was expected"


def test_an_answer_that_cannot_be_read_says_why() -> None:
    error = unreadable("no ID")
    assert (error.kind, error.code) == (ErrorKind.PROTOCOL, "unreadable")
    assert (error.detail, error.status, error.retry_after) == ("no ID", None, None)


# === RECORDS === #

EXCHANGE = Exchange("GET", "/x", 200, 0.5, "id")


def test_what_was_sent_and_received_is_not_shown() -> None:
    """It is long, and about persons."""
    exchange = Exchange("GET", "/x", None, 0.5, "id", sent="S3nt", received="R3ceived")
    assert "S3nt" not in repr(exchange)
    assert "R3ceived" not in repr(exchange)


def test_an_exchange_may_be_without_a_body_and_without_an_error() -> None:
    assert (EXCHANGE.sent, EXCHANGE.received, EXCHANGE.error) == ("", "", None)
    assert (EXCHANGE.method, EXCHANGE.path) == ("GET", "/x")


def test_an_operator_has_no_multi_factor_authentication_unless_said() -> None:
    assert Operator("ann", "ann@acme.example").mfa is False


@pytest.mark.parametrize(
    ("record", "name"),
    [
        (EXCHANGE, "method"),
        (Account("WGC-1", "Acme", 2, ""), "name"),
        (Child("WGC-1", "Acme", 2), "name"),
        (Operator("ann", ""), "email"),
        (Transaction("PENDING", ""), "status"),
    ],
)
def test_an_answer_does_not_change(record: object, name: str) -> None:
    """It is read by several threads."""
    with pytest.raises(FrozenInstanceError):
        setattr(record, name, "other")


# === ERRORS === #


def test_the_kinds_of_errors_are_stored_by_name() -> None:
    assert {kind.name: kind.value for kind in ErrorKind} == {
        "DATA": "data",
        "CONFLICT": "conflict",
        "AUTH": "auth",
        "PERMISSION": "permission",
        "THROTTLED": "throttled",
        "OUTAGE": "outage",
        "UNKNOWN": "unknown_outcome",
        "PROTOCOL": "protocol",
        "BUG": "bug",
    }


def test_an_error_knows_only_what_it_was_told() -> None:
    bare = PandaError(ErrorKind.DATA, "rejected")
    assert vars(bare) == {
        "kind": ErrorKind.DATA,
        "code": "rejected",
        "detail": "",
        "status": None,
        "retry_after": None,
    }
    full = PandaError(ErrorKind.AUTH, "code", "words", status=401, retry_after=2.5)
    assert (full.detail, full.status, full.retry_after) == ("words", 401, 2.5)
    assert full.args == (ErrorKind.AUTH, "code", "words")
    assert str(full) == "code: words"
