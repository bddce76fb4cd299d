"""Nothing that a server sends stops a call for long, eats the machine or poisons a row.

Each case is one call of a client in a process of its own, against a real server over a
real socket. Its time and the growth of its memory are measured; the last test prints
the worst of them.
"""

from __future__ import annotations

import gzip
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from panda_provisioning.core.connection_check import LONGEST_CHECK
from panda_provisioning.panda_api.client import PandaClient
from panda_provisioning.panda_api.limits import LONGEST_RETRY_AFTER
from panda_sandbox.faults import FAULTS
from panda_sandbox.process import SandboxProcess
from panda_sandbox.settings import ROOT_ACCOUNT

from .raw_server import Behaviour, RawServer, Visit
from .support import ACME, connected

ROOT = Path(__file__).resolve().parent.parent.parent
CHILD = (
    "import sys, conftest; from plain.hostile_child import main; main(*sys.argv[1:])"
)
"""With ``tests/conftest.py``, which lets plain Python import the addon."""
PATIENCE = 1.0
"""Seconds of a time-out, for what is to be cut."""
GENEROUS = 10.0
"""For what is to be read in time, or refused for another reason."""
MOST_MB = 300
MARGIN = 2.0
"""Seconds that a call may take beyond its deadline."""
READS = {"token", "read", "unknown", "operators", "transaction"}

HEAD = b"HTTP/1.1 200 OK\r\n"


@dataclass(frozen=True)
class Case:
    """A misbehaviour, the call that meets it, and what has to come of it.

    ``does`` is a fault of the sandbox or what a server does to its socket; with
    ``names`` there are accounts in the sandbox.
    """

    name: str
    call: str
    expected: str
    does: dict[str, Any] | Behaviour
    timeout: float = GENEROUS
    names: tuple[str, ...] = field(default=())

    @property
    def deadline(self) -> float:
        """Seconds within which the call has to end."""
        if self.call == "check":
            return min(LONGEST_CHECK, 4 * self.timeout)
        return self.timeout * (2 if self.call == "list" else 1)


def fault(name: str, **options: Any) -> dict[str, Any]:
    return {"fault": name, **options}


# === WHAT ONLY A SOCKET CAN DO === #


def headers_without_end(visit: Visit) -> None:
    visit.say(HEAD)
    while True:
        visit.say(b"X-Header: value\r\n" * 1000)


def a_header_line_without_end(visit: Visit) -> None:
    visit.say(HEAD + b"X-Header: ")
    while True:
        visit.say(b"x" * 100_000)


def headers_that_drip(visit: Visit) -> None:
    visit.say(HEAD)
    visit.drip(b"X-Header: value\r\n" * 1000)


def chunks_that_drip(visit: Visit) -> None:
    visit.say(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    while True:
        visit.drip(b"1\r\n \r\n")


def a_chunk_of_a_size_that_is_none(visit: Visit) -> None:
    visit.say(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzzz\r\n{}\r\n0\r\n\r\n")


def less_than_was_promised(visit: Visit) -> None:
    visit.say(HEAD + b'Content-Length: 100\r\n\r\n{"accountId":')
    visit.sock.shutdown(socket.SHUT_RDWR)


def no_http_at_all(visit: Visit) -> None:
    visit.say(b"SSH-2.0-OpenSSH_9.6\r\n")


def a_redirect_to_itself(visit: Visit) -> None:
    visit.answer({}, 302, f"Location: {visit.line.split()[1]}")


def a_packing_that_was_not_asked_for(visit: Visit) -> None:
    visit.answer(b"\x1b\x03\x00\xf8" * 1000, 200, "Content-Encoding: br")


def many_small_packages(visit: Visit) -> None:
    member = gzip.compress(b" " * 10)
    visit.answer(member * 50_000 + gzip.compress(b"{}"), 200, "Content-Encoding: gzip")


def a_package_that_is_broken(visit: Visit) -> None:
    visit.answer(gzip.compress(b"{}" * 999)[:-30], 200, "Content-Encoding: gzip")


def lists_in_lists(visit: Visit) -> None:
    visit.answer(b"[" * 10_000_000)


def millions_of_empty_values(visit: Visit) -> None:
    visit.answer(b"[" + b"{}," * 7_000_000 + b"0]")


def a_number_of_a_million_digits(visit: Visit) -> None:
    visit.answer(b'{"accountId": %b}' % (b"9" * 1_000_000))


def numbers_beyond_all_bounds(visit: Visit) -> None:
    visit.answer(b'{"type": 1e999, "name": -1e999, "contacts": {"email": NaN}}')


def a_text_of_megabytes(visit: Visit) -> None:
    visit.answer({"name": "x" * 20_000_000, "contacts": {"email": "y" * 3_000_000}})


def an_error_of_megabytes(visit: Visit) -> None:
    visit.answer({"message": "x" * 20_000_000}, 400)


def an_error_of_megabytes_in_a_success(visit: Visit) -> None:
    visit.answer({"error": {"message": "x" * 20_000_000, "details": "y" * 3_000_000}})


def an_error_full_of_poison(visit: Visit) -> None:
    visit.answer({"message": "a\0b\ud800", "error": {"message": "\udfff"}}, 400)


def a_page_with_every_mark(visit: Visit) -> None:
    """Which some libraries would spend minutes on, to guess its charset."""
    visit.answer(bytes(range(256)) * 80_000, 200, "Content-Type: text/html")


CUT, UNCLEAR = "outage timeout", "unknown_outcome timeout"
NO_JSON, UNCLEAR_JSON = "protocol unreadable", "unknown_outcome unreadable"
LOST, CONTRADICTION = "outage lost_answer", "outage inconsistent_listing"
POISON_IDS = {
    "9 kB": "x" * 9000,
    ".": ".",
    "..": "..",
    "a path": "../x",
    "nothing": "",
    "NUL": "WGC\0",
    "root": ROOT_ACCOUNT,
}


def sandbox_cases() -> Iterator[Case]:
    for call, cut in (("read", CUT), ("create", UNCLEAR), ("list", CUT)):
        for name in ("drip", "continue"):
            yield Case(name, call, cut, fault(name), PATIENCE)
    token = {"path": "/oauth/token"}
    for name in ("drip", "continue"):
        yield Case(f"{name} of a token", "token", CUT, fault(name, **token), PATIENCE)
    for name in ("endless_body", "big_json", "undecodable"):
        yield Case(name, "read", NO_JSON, fault(name))
        yield Case(name, "create", UNCLEAR_JSON, fault(name))
        yield Case(f"{name} for a token", "token", NO_JSON, fault(name, **token))
    bomb = fault("gzip_bomb", megabytes=2400)
    yield Case("gzip_bomb", "read", NO_JSON, bomb, 3 * GENEROUS)
    yield Case("gzip_bomb", "list", NO_JSON, bomb, 3 * GENEROUS)
    for charset in ("punycode", "undefined", "utf-16", "x" * 1000):
        odd = fault("odd_charset", charset=charset)
        yield Case(f"charset {charset[:9]}", "read", "ok", odd)
    for repeated, expected in ((True, CONTRADICTION), (False, CUT)):
        pages = fault("endless_pages", repeated=repeated)
        name = "the same page for ever" if repeated else "endless_pages"
        yield Case(name, "list", expected, pages, PATIENCE)
    yield Case("many_children", "list", "ok", fault("many_children"))
    more = fault("many_children", rows=180_000)
    yield Case("more children than fit", "list", NO_JSON, more)
    yield Case(
        "empty_listing", "list", CONTRADICTION, fault("empty_listing"), names=("A",)
    )
    for call in ("read", "list", "operators"):
        yield Case("error_in_success", call, CONTRADICTION, fault("error_in_success"))
        expected = NO_JSON if call == "read" else "ok"  # the ID is another one
        yield Case("poison_text", call, expected, fault("poison_text"), names=("A",))
    yield Case("error_in_success", "create", UNCLEAR_JSON, fault("error_in_success"))
    yield Case("poison_text", "create", UNCLEAR_JSON, fault("poison_text"))
    for name, value in POISON_IDS.items():
        poison = fault("poison_id", value=value)
        yield Case(f"the ID {name}", "create", UNCLEAR_JSON, poison)
        yield Case(f"the ID {name}", "list", "ok", poison, names=("A",))
    same = fault("poison_id", value="WGC-1-5")
    yield Case("one ID for two", "list", CONTRADICTION, same, names=("A", "B"))
    hour = fault("throttled", retry_after=3600)
    yield Case("an hour of waiting", "read", "throttled throttled", hour)
    page = fault("server_error", status=403, body="html")
    yield Case("a firewall", "create", "data blocked", page)
    yield Case("a slow check", "check", "ok", fault("drip"), PATIENCE)


def raw_cases() -> Iterator[Case]:
    for does in (headers_that_drip, chunks_that_drip):
        yield Case(does.__name__, "read", CUT, does, PATIENCE)
        yield Case(does.__name__, "create", UNCLEAR, does, PATIENCE)
    for does in (
        *(headers_without_end, a_header_line_without_end, less_than_was_promised),
        *(no_http_at_all, a_chunk_of_a_size_that_is_none),
    ):
        yield Case(does.__name__, "read", LOST, does)
    for does in (
        *(a_packing_that_was_not_asked_for, a_package_that_is_broken, lists_in_lists),
        *(millions_of_empty_values, a_number_of_a_million_digits),
        a_page_with_every_mark,
    ):
        yield Case(does.__name__, "read", NO_JSON, does)
        yield Case(does.__name__, "create", UNCLEAR_JSON, does)
    for does in (many_small_packages, numbers_beyond_all_bounds, a_text_of_megabytes):
        yield Case(does.__name__, "read", "ok", does)
    yield Case("redirects", "read", "protocol unexpected_status", a_redirect_to_itself)
    much = an_error_of_megabytes_in_a_success
    yield Case(much.__name__, "read", CONTRADICTION, much)
    yield Case(much.__name__, "create", UNCLEAR_JSON, much)
    for does in (an_error_of_megabytes, an_error_full_of_poison):
        yield Case(does.__name__, "create", "data rejected", does)


CASES = [*sandbox_cases(), *raw_cases()]


# === MEASURING === #

Measure = Callable[[Case], dict[str, Any]]


@pytest.fixture(scope="module")
def measure(server: SandboxProcess) -> Measure:
    """What came of a case; each is played once."""
    known: dict[int, dict[str, Any]] = {}

    def play(case: Case) -> dict[str, Any]:
        if callable(case.does):
            with RawServer() as raw:
                raw.call = case.does
                return run(raw.url, case)
        server.control("POST", "reset")
        for name in case.names:
            plant(server, name)
        server.control("POST", "faults", case.does)
        return run(server.url, case)

    def measured(case: Case) -> dict[str, Any]:
        key = id(case)
        if key not in known:
            known[key] = play(case)
        return known[key]

    return measured


def run(url: str, case: Case) -> dict[str, Any]:
    command = [sys.executable, "-c", CHILD, url, case.call, str(case.timeout)]
    folders = os.pathsep.join(str(ROOT / name) for name in ("tests", "sandbox"))
    done = subprocess.run(
        command,
        env={**os.environ, "PYTHONPATH": folders},
        capture_output=True,
        check=True,
        timeout=60,
    )
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def plant(server: SandboxProcess, name: str) -> None:
    """An account below the root."""
    with connected(server.url) as transport:
        PandaClient(transport).create_account(ROOT_ACCOUNT, **{**ACME, "name": name})


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.name}-{case.call}")
def test_a_misbehaviour_has_a_known_end(measure: Measure, case: Case) -> None:
    """In time, in little memory, and without a text that could not be stored."""
    report = measure(case)
    assert report["outcome"] == case.expected
    assert report["unstorable"] == []
    assert report["seconds"] <= case.deadline + MARGIN
    assert report["grown_mb"] <= MOST_MB
    assert (report["retry_after"] or 0) <= LONGEST_RETRY_AFTER


def test_every_hostile_fault_of_the_sandbox_is_a_case() -> None:
    names = list(FAULTS)
    hostile = set(names[names.index("lagging_search") + 1 :])
    played = {case.does["fault"] for case in CASES if isinstance(case.does, dict)}
    assert hostile <= played


def test_hostile_servers_in_numbers(
    measure: Measure, capsys: pytest.CaptureFixture[str]
) -> None:
    """Over all cases; each has a deadline of its own, which it may miss by two
    seconds."""
    reports = [(case, measure(case)) for case in CASES]
    peak = max(report["grown_mb"] for _case, report in reports)
    late = max(report["seconds"] - case.deadline for case, report in reports)
    longest = max(report["seconds"] for _case, report in reports)
    with capsys.disabled():
        print(f"\nhostile_cases: {len(CASES)}")
        print(f"hostile_peak_mb: {peak}")
        print(f"hostile_longest_s: {longest}")
        print(f"hostile_latest_s: {late:.2f} (after the deadline of its call)")
    assert peak <= MOST_MB
    assert late <= MARGIN
