"""From what happens on the wire to the kind and the code of an error, row by row."""

from __future__ import annotations

import email.utils
import http.client
import ssl
import time
from datetime import datetime, timedelta, timezone

import pytest
import urllib3.exceptions
from urllib3.util.ssl_match_hostname import CertificateError

from panda_provisioning.panda_api.client import PandaClient
from panda_provisioning.panda_api.error_classification import (
    LONGEST_RETRY_AFTER,
    NO_ANSWER,
    STATUS_ERRORS,
    from_exception,
    from_status,
    retry_after,
    vendor_text,
)
from panda_provisioning.panda_api.errors import ErrorKind, PandaError
from panda_sandbox.faults import FAULTS
from panda_sandbox.process import SandboxProcess
from panda_sandbox.settings import ROOT_ACCOUNT

from .support import (
    ACME,
    Reply,
    ScriptedServer,
    connected,
    count,
    failing,
)

OUTAGE, UNKNOWN = ErrorKind.OUTAGE, ErrorKind.UNKNOWN

READ, WRITE = "read", "write"
KINDS = {
    ("lost_answer", READ): (OUTAGE, "lost_answer"),
    ("lost_answer", WRITE): (UNKNOWN, "lost_answer"),
    ("lost_request", READ): (OUTAGE, "lost_answer"),
    ("lost_request", WRITE): (UNKNOWN, "lost_answer"),
    ("timeout", READ): (OUTAGE, "timeout"),
    ("timeout", WRITE): (UNKNOWN, "timeout"),
    ("slow", READ): (OUTAGE, "timeout"),
    ("slow", WRITE): (UNKNOWN, "timeout"),
    ("throttled", READ): (ErrorKind.THROTTLED, "throttled"),
    ("throttled", WRITE): (ErrorKind.THROTTLED, "throttled"),
    ("server_error", READ): (OUTAGE, "server_error"),
    ("server_error", WRITE): (UNKNOWN, "server_error"),
    ("truncated", READ): (ErrorKind.PROTOCOL, "unreadable"),
    ("truncated", WRITE): (UNKNOWN, "unreadable"),
    ("expire_token", READ): None,
    ("expire_token", WRITE): None,
}
"""What each fault of the sandbox is to the client, ``None`` where it copes."""
REPEATED = [
    *((OUTAGE, "lost_answer"), (OUTAGE, "server_error")),
    (ErrorKind.PROTOCOL, "unreadable"),
]
"""What may pass within a moment."""
ELSEWHERE = {"transaction_stuck", "transaction_failed", "lagging_search"}
"""Faults that no single request shows; the tests of the workflow do. What comes after
them in the list is tested in test_hostile_server.py."""
HOSTILE = list(FAULTS)[list(FAULTS).index("lagging_search") + 1 :]


def test_every_fault_of_the_sandbox_is_in_the_table() -> None:
    """A new fault needs a row."""
    assert {fault for fault, _kind in KINDS} | ELSEWHERE == set(FAULTS) - set(HOSTILE)


@pytest.mark.parametrize(("fault", "call"), KINDS)
def test_a_fault_has_its_kind_and_code(
    sandbox: SandboxProcess, fault: str, call: str
) -> None:
    """A read that failed did nothing; a write that failed may have done it."""
    expected = KINDS[fault, call]
    method = "GET" if call == READ else "POST"
    rule = {"fault": fault, "method": method, "seconds": 5}
    if expected is None:
        rule["times"] = 1
    with connected(sandbox.url, timeout=0.3) as transport:
        client = PandaClient(transport)
        transport.authenticate()
        sandbox.control("POST", "faults", rule)

        def act() -> None:
            if call == READ:
                client.get_account(ROOT_ACCOUNT)
            else:
                client.create_account(ROOT_ACCOUNT, **ACME)

        if expected is None:
            act()
            return
        with failing(*expected):
            act()
    is_repeated = call == READ and KINDS[fault, call] in REPEATED
    assert (count(sandbox, path="/rest/*") > 1) is is_repeated


@pytest.mark.parametrize("fault", ["lost_answer", "server_error", "truncated"])
def test_a_read_that_fails_in_passing_succeeds(
    sandbox: SandboxProcess, fault: str
) -> None:
    """Nobody hears of it."""
    with connected(sandbox.url) as transport:
        transport.authenticate()
        sandbox.control("POST", "faults", {"fault": fault, "times": 2})
        assert PandaClient(transport).get_account(ROOT_ACCOUNT)
    assert count(sandbox, path="/rest/*") == 3


def test_a_server_that_does_not_listen_was_sent_nothing() -> None:
    """So even a write may simply be tried again."""
    with connected("http://127.0.0.1:1") as transport:
        transport._token._token = "t0ken"
        transport._token._renew_at = time.monotonic() + 60
        with failing(OUTAGE, "unreachable"):
            PandaClient(transport).create_account(ROOT_ACCOUNT, **ACME)


@pytest.mark.parametrize("write", [False, True])
def test_a_name_that_is_not_known_was_sent_nothing(*, write: bool) -> None:
    """Nor to an address at which nobody answers, read or write."""
    error = urllib3.exceptions.NewConnectionError(None, "no")  # type: ignore[arg-type]
    failure = from_exception(error, write=write, sent=False)
    assert (failure.kind, failure.code) == (OUTAGE, "unreachable")
    assert failure.detail == "NewConnectionError"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (TimeoutError(), "timeout"),
        (urllib3.exceptions.ReadTimeoutError(None, "/", "x"), "timeout"),  # type: ignore[arg-type]
        (OSError(), "lost_answer"),
        (urllib3.exceptions.ProtocolError(), "lost_answer"),
        (urllib3.exceptions.SSLError(), "lost_answer"),
        (urllib3.exceptions.ProxyError("x", OSError()), "lost_answer"),
        (urllib3.exceptions.HTTPError(), "lost_answer"),
        (ValueError(), "lost_answer"),
    ],
)
def test_whatever_goes_wrong_after_sending_leaves_a_write_unknown(
    error: Exception, code: str
) -> None:
    """When in doubt it may have been done; a read that failed did nothing."""
    failure = from_exception(error, write=True, sent=True)
    assert (failure.kind, failure.code) == (UNKNOWN, code)
    assert from_exception(error, write=False, sent=True).kind is OUTAGE
    assert failure.detail == type(error).__name__, "its words may quote what was sent"
    assert (failure.status, failure.retry_after) == (None, None)


@pytest.mark.parametrize("write", [False, True])
@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [
        (
            urllib3.exceptions.LocationParseError("x"),
            *(ErrorKind.PROTOCOL, "invalid_url"),
        ),
        (ValueError("x"), ErrorKind.PROTOCOL, "invalid_url"),
        # As urllib3 1.26 says it.
        (
            urllib3.exceptions.ProtocolError("x", http.client.InvalidURL("y")),
            *(ErrorKind.PROTOCOL, "invalid_url"),
        ),
        (urllib3.exceptions.ConnectTimeoutError("x"), OUTAGE, "unreachable"),
        (urllib3.exceptions.TimeoutError(), OUTAGE, "unreachable"),
        (urllib3.exceptions.ProtocolError(), OUTAGE, "unreachable"),
        (urllib3.exceptions.SSLError(ssl.SSLEOFError()), OUTAGE, "unreachable"),
        (OSError("no such bundle of certificates"), OUTAGE, "unreachable"),
    ],
)
def test_of_what_was_not_sent_nothing_was_done(
    error: Exception, kind: ErrorKind, code: str, *, write: bool
) -> None:
    """So even a write may simply be tried again."""
    failure = from_exception(error, write=write, sent=False)
    assert (failure.kind, failure.code) == (kind, code)
    assert failure.detail == type(error).__name__


def test_another_name_in_the_certificate_is_told_in_words() -> None:
    """urllib3 1.26 has an exception of its own for it, which is no error of TLS."""
    reason = CertificateError("hostname 'a' doesn't match 'b'")
    failure = from_exception(
        urllib3.exceptions.SSLError(reason), write=True, sent=False
    )
    assert (failure.kind, failure.code) == (OUTAGE, "certificate")
    assert failure.detail == f"Hostname mismatch: {reason}"


# === STATUS === #


@pytest.mark.parametrize("status", sorted(STATUS_ERRORS))
@pytest.mark.parametrize("body", ["json", "html", "empty"])
def test_a_refusal_has_the_kind_of_its_status(
    sandbox: SandboxProcess, client: PandaClient, status: int, body: str
) -> None:
    """Each row of the table, over HTTP, for reads and writes, whatever the body."""
    rule = {"fault": "server_error", "status": status, "body": body}
    sandbox.control("POST", "faults", rule)
    read = write = STATUS_ERRORS[status]
    if (status, body) == (403, "html"):  # of a firewall, which reads cannot anger
        read, write = (OUTAGE, "blocked"), (ErrorKind.DATA, "blocked")
    with failing(*read) as caught:
        client.get_account(ROOT_ACCOUNT)
    assert caught.value.status == status
    with failing(*write):
        client.create_account(ROOT_ACCOUNT, **ACME)


@pytest.mark.parametrize(("is_page", "code"), [(True, "blocked"), (False, "forbidden")])
def test_a_page_is_told_by_its_body(code: str, *, is_page: bool) -> None:
    """A firewall may call it what it likes."""
    headers = {"Content-Type": "text/html" if code == "forbidden" else "text/plain"}
    assert from_status(403, "", headers, write=True, is_page=is_page).code == code


@pytest.mark.parametrize("status", [408, 500, 501, 502, 503, 504, 520, 599])
def test_a_gateway_may_hide_what_was_done(status: int) -> None:
    """After a write nobody knows, after a read it does not matter."""
    for write, kind in ((False, OUTAGE), (True, UNKNOWN)):
        error = from_status(status, "", {}, write=write)
        assert (error.kind, error.code) == (kind, "server_error")


@pytest.mark.parametrize("status", [402, 405, 406, 415, 418, 423, 451])
def test_other_refusals_are_not_understood(status: int) -> None:
    """Nothing was done, but nobody knows what to do about it."""
    error = from_status(status, "", {}, write=True)
    assert (error.kind, error.code) == (ErrorKind.PROTOCOL, "unexpected_status")


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308])
@pytest.mark.parametrize("with_target", [True, False])
def test_a_redirect_is_never_followed_and_never_a_success(
    scripted: ScriptedServer, status: int, *, with_target: bool
) -> None:
    """Neither the token nor a create goes to where somebody else points."""
    headers = (("Location", f"{scripted.url}/elsewhere"),) if with_target else ()
    scripted.reply = Reply(status, headers=headers)
    with connected(scripted.url) as transport:
        client = PandaClient(transport)
        with failing(ErrorKind.PROTOCOL, "unexpected_status"):
            client.get_account(ROOT_ACCOUNT)
        with failing(UNKNOWN, "unexpected_status"):
            client.create_account(ROOT_ACCOUNT, **ACME)
        with failing(UNKNOWN, "unexpected_status"):
            client.update_account(
                "WGC-1", name="A", first_name="A", last_name="B", email="a@b.example"
            )
    assert len(scripted.calls) == 3


# === RETRY-AFTER === #


@pytest.mark.parametrize(
    ("value", "low", "high"),
    [
        ("0", 0, 0),
        ("7", 7, 7),
        ("0.5", 0.5, 0.5),
        ("-5", 0, 0),
        ("99999999999", LONGEST_RETRY_AFTER, LONGEST_RETRY_AFTER),
        ("inf", LONGEST_RETRY_AFTER, LONGEST_RETRY_AFTER),
        ("9" * 60_000, LONGEST_RETRY_AFTER, LONGEST_RETRY_AFTER),
        ("Fri, 31 Dec 9999 23:59:59 GMT", LONGEST_RETRY_AFTER, LONGEST_RETRY_AFTER),
    ],
)
def test_retry_after_is_read_as_seconds(value: str, low: float, high: float) -> None:
    """Never negative and never for hours."""
    seconds = retry_after({"Retry-After": value})
    assert seconds is not None
    assert low <= seconds <= high


@pytest.mark.parametrize("zone", [timezone.utc, None], ids=["GMT", "-0000"])
@pytest.mark.parametrize(("minutes", "seconds"), [(10, 600), (60, 900), (-60, 0)])
def test_retry_after_is_read_as_a_date(
    minutes: int, seconds: float, zone: timezone | None
) -> None:
    """Until that moment, though never for longer than is believed."""
    now = datetime.now(timezone.utc)
    moment = (now + timedelta(minutes=minutes)).replace(tzinfo=zone)
    usual = email.utils.format_datetime(moment, usegmt=zone is not None)
    found = retry_after({"Retry-After": usual})
    assert found is not None
    assert seconds - 2 <= found <= seconds


@pytest.mark.parametrize(
    "value",
    ["", "soon", "²", "nan", "1 minute", "Mon, 01 Jan 99999999999 00:00:00 GMT"],
)
def test_a_retry_after_that_makes_no_sense_is_none(value: str) -> None:
    """Then our own waits apply."""
    assert retry_after({"Retry-After": value}) is None


def test_no_retry_after_is_none() -> None:
    """A header that is not there says nothing."""
    assert retry_after({}) is None


@pytest.mark.parametrize(("asked", "seconds"), [(7, 7), (0.25, 0.25), (None, None)])
def test_throttling_says_how_long_to_wait(
    sandbox: SandboxProcess,
    client: PandaClient,
    asked: float | None,
    seconds: float | None,
) -> None:
    """With and without the header, which may differ in case."""
    sandbox.control("PUT", "faults", {"rates": {"throttled": {"retry_after": asked}}})
    with failing(ErrorKind.THROTTLED, "throttled") as caught:
        client.get_account(ROOT_ACCOUNT)
    assert caught.value.retry_after == seconds
    assert caught.value.detail == "Too Many Requests"


# === WORDS === #


@pytest.mark.parametrize(
    ("body", "fallback", "words"),
    [
        ({"code": 400, "message": "Bad", "details": "name"}, "", "Bad: name"),
        ({"message": "Bad"}, "", "Bad"),
        ({"message": "Bad.", "details": "Name."}, "", "Bad: Name."),
        ({"message": "Bad", "details": "Bad"}, "", "Bad"),
        ({"error": "invalid", "error_description": "No."}, "", "No: invalid"),
        ({"error": {"message": "No.", "details": "Name."}}, "", "No: Name."),
        ({"errors": [{"message": "A"}, "B", 3]}, "", "A: B"),
        ({"errors": ["a"] * 9 + ["b"]}, "", "a"),
        ({"error": {"error": {"error": {"error": {"error": "deep"}}}}}, "", ""),
        ({"error": {"code": 1}}, '{"error": {"code": 1}}', '{"error": {"code": 1}}'),
        (None, "<h1>502</h1>\n\n  gateway", "<h1>502</h1> gateway"),
        ([], "[]", "[]"),
        (None, "", ""),
        ({"message": "x" * 900}, "", "x" * 900),
    ],
)
def test_the_vendors_words_are_found_in_any_body(
    body: object, fallback: str, words: str
) -> None:
    """Each known form of an error, and those that are none."""
    assert vendor_text(body, fallback) == words


def test_an_error_says_its_code_even_when_that_was_changed() -> None:
    """What is logged is what is handled."""
    error = PandaError(ErrorKind.DATA, "not_found", "Gone.", status=404)
    error.code = "account_not_found"
    assert str(error) == "account_not_found: Gone."
    assert str(PandaError(ErrorKind.DATA, "rejected")) == "rejected"


# === THE TABLES === #


def test_each_refusal_has_its_kind_and_code() -> None:
    """Answers that say that nothing was done."""
    assert STATUS_ERRORS == {
        400: (ErrorKind.DATA, "rejected"),
        401: (ErrorKind.AUTH, "token_refused"),
        403: (ErrorKind.PERMISSION, "forbidden"),
        404: (ErrorKind.DATA, "not_found"),
        409: (ErrorKind.CONFLICT, "conflict"),
        410: (ErrorKind.DATA, "not_found"),
        412: (ErrorKind.CONFLICT, "conflict"),
        413: (ErrorKind.DATA, "rejected"),
        422: (ErrorKind.DATA, "rejected"),
        429: (ErrorKind.THROTTLED, "throttled"),
    }


def test_all_that_the_libraries_raise_is_caught() -> None:
    assert set(NO_ANSWER) == {OSError, urllib3.exceptions.HTTPError, ValueError}


@pytest.mark.parametrize("write", [False, True])
@pytest.mark.parametrize("status", [302, 404, 402, 500])
def test_an_error_carries_all_that_was_answered(status: int, *, write: bool) -> None:
    error = from_status(status, "words", {"Retry-After": "3"}, write=write)
    assert (error.detail, error.status, error.retry_after) == ("words", status, 3.0)


@pytest.mark.parametrize(
    ("status", "write", "kind", "code"),
    [
        (399, True, UNKNOWN, "unexpected_status"),
        (399, False, ErrorKind.PROTOCOL, "unexpected_status"),
        (402, True, ErrorKind.PROTOCOL, "unexpected_status"),
        (407, True, ErrorKind.PROTOCOL, "unexpected_status"),
        (408, True, UNKNOWN, "server_error"),
        (499, True, ErrorKind.PROTOCOL, "unexpected_status"),
        (499, False, ErrorKind.PROTOCOL, "unexpected_status"),
        (500, True, UNKNOWN, "server_error"),
        (500, False, OUTAGE, "server_error"),
    ],
)
def test_the_bounds_of_each_class_of_status(
    status: int, kind: ErrorKind, code: str, *, write: bool
) -> None:
    error = from_status(status, "", {}, write=write)
    assert (error.kind, error.code) == (kind, code)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("Thu, 01 Jan 1970 01:00:30 GMT", 30.0),
        ("Thu, 01 Jan 1970 01:00:30 -0000", 30.0),
        ("Thu, 01 Jan 1970 02:00:30 +0100", 30.0),
        ("Thu, 01 Jan 1970 01:00:00 GMT", 0.0),
        ("Thu, 01 Jan 1970 00:59:59 GMT", 0.0),
        ("900", 900.0),
        ("901", 900.0),
        ("Thu, 01 Jan 1970 02:00:00 GMT", 900.0),
    ],
)
def test_a_wait_is_exact_and_no_longer_than_a_quarter_of_an_hour(
    monkeypatch: pytest.MonkeyPatch, value: str, seconds: float
) -> None:
    monkeypatch.setattr(time, "time", lambda: 3600.0)
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert retry_after({"Retry-After": value}) == seconds
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            {"error": "D.", "error_description": "C:", "details": "B.", "message": "A"},
            "A: B: C: D.",
        ),
        ({"message": "A.:.", "error": "D:"}, "A: D:"),
        ({"message": "", "details": 7, "error": "D"}, "D"),
        ({"details": "B", "error_description": "B", "error": "D"}, "B: D"),
        ({"messages": "A"}, "two words"),
        ("text", "two words"),
    ],
)
def test_the_words_of_a_body_stand_in_a_fixed_order(body: object, words: str) -> None:
    """From what went wrong to its class; none of them twice."""
    assert vendor_text(body, " two \n words ") == words
