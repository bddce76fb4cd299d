"""Which value of a connection is wrong: every finding, against real servers."""

from __future__ import annotations

import time

import pytest

from panda_provisioning.core.connection_check import (
    LONGEST_CHECK,
    Finding,
    check_connection,
)
from panda_provisioning.panda_api.errors import ErrorKind, PandaError
from panda_sandbox.process import SandboxProcess
from panda_sandbox.settings import (
    FOREIGN_ACCOUNT,
    PASSWORDS,
    READ_ONLY_ID,
    ROOT_ACCOUNT,
)

from .raw_server import RawServer, Visit
from .support import ACME, GOOD, Credentials, Reply, ScriptedServer, World, connected

READ_ONLY = Credentials(READ_ONLY_ID, PASSWORDS[READ_ONLY_ID], GOOD.api_key)


def check(
    url: str,
    credentials: Credentials = GOOD,
    root: str = ROOT_ACCOUNT,
    **options: float,
) -> Finding:
    """What a check of these values finds."""
    with connected(url, credentials, **options) as transport:
        return check_connection(transport, root)


def test_good_values_are_connected_and_named(sandbox: SandboxProcess) -> None:
    """The name of the root account shows that it is the right one."""
    assert check(sandbox.url) == Finding("connected", "Sandbox Partner")
    assert sandbox.control("GET", "state")["tenants"] == []


@pytest.mark.parametrize(
    "credentials",
    [
        Credentials("somebody", GOOD.password, GOOD.api_key),
        Credentials(GOOD.access_id, "Wrong-1!", GOOD.api_key),
        Credentials("", "", GOOD.api_key),
    ],
)
@pytest.mark.parametrize("status", ["401", "200"])
def test_a_wrong_id_or_password(
    sandbox: SandboxProcess, credentials: Credentials, status: str
) -> None:
    """Panda does not say which of the two."""
    sandbox.control("PATCH", "switches", {"token_refusal": status})
    finding = check(sandbox.url, credentials)
    assert (finding.field, finding.code) == ("access_id", "invalid_credentials")


@pytest.mark.parametrize("api_key", ["wrong", "", "ключ"])
@pytest.mark.parametrize("status", ["403", "401"])
def test_a_wrong_api_key(sandbox: SandboxProcess, api_key: str, status: str) -> None:
    """Told apart from a wrong account, whichever status Panda has for it."""
    sandbox.control("PATCH", "switches", {"wrong_api_key": status})
    wrong = Credentials(GOOD.access_id, GOOD.password, api_key)
    assert check(sandbox.url, wrong) == Finding("wrong_api_key")


def test_the_read_only_access_id(sandbox: SandboxProcess) -> None:
    """It passes every check but the last."""
    finding = check(sandbox.url, READ_ONLY)
    assert finding == Finding("read_only_access_id")


@pytest.mark.parametrize("root", ["WGC-unknown", FOREIGN_ACCOUNT, "x/y", "?"])
@pytest.mark.parametrize("status", ["403", "404"])
def test_an_unknown_or_foreign_root_account(
    sandbox: SandboxProcess, root: str, status: str
) -> None:
    """Not there, or not ours."""
    sandbox.control("PATCH", "switches", {"foreign_account": status})
    finding = check(sandbox.url, root=root)
    assert (finding.field, finding.code) == ("root_account_id", "unknown_root_account")


def test_a_root_account_that_is_a_customer(world: World) -> None:
    """Nothing could be created below it."""
    customer = world.client.create_account(ROOT_ACCOUNT, **ACME)
    finding = check(world.sandbox.url, root=customer)
    expected = Finding("root_account_is_customer", "Acme")
    assert finding == expected


# === WHAT A FINDING SAYS === #


def test_a_finding_says_nothing_that_is_not_known() -> None:
    finding = Finding("timeout")
    assert (finding.detail, finding.retry_after) == ("", None)


def test_only_good_values_are_connected() -> None:
    """And they blame no field of the system."""
    connected = Finding("connected", "Acme")
    assert connected.is_connected is True
    assert connected.field == ""
    assert Finding("forbidden").is_connected is False
    assert Finding("forbidden").field == "access_id"


class FakeConnection:
    """Answers each request of a check; an answer that is an error is raised."""

    def __init__(self, **answers: object) -> None:
        self.answers = answers
        self.asked: list[tuple[str, str]] = []

    def authenticate(self, _ends_at: float) -> None:
        self._answer("token")

    def request(self, method: str, path: str, **_options: object) -> object:
        self.asked.append((method, path))
        if path.endswith("/TransactionStatus"):
            return self._answer("api_key", not_found())
        return self._answer("root" if method == "GET" else "write", DEFAULTS[method])

    def _answer(self, name: str, default: object = None) -> object:
        answer = self.answers.get(name, default)
        if isinstance(answer, Exception):
            raise answer
        return answer


def not_found() -> PandaError:
    return PandaError(ErrorKind.DATA, "not_found", "Unknown.")


DEFAULTS = {
    "GET": {"accountId": "ACC-1", "name": "Acme", "type": 1},
    "POST": PandaError(ErrorKind.DATA, "rejected", "No name.", status=400),
}


def checked(**answers: object) -> Finding:
    """What a check finds when Panda gives these answers."""
    return check_connection(FakeConnection(**answers), "ACC-1")  # type: ignore[arg-type]


def test_a_check_asks_for_key_account_and_right_in_this_order() -> None:
    """It writes nothing: the account that it sends has no values."""
    connection = FakeConnection()
    finding = check_connection(connection, "ACC-1")  # type: ignore[arg-type]
    assert finding == Finding("connected", "Acme", None)
    assert [(method, path.split("/")[-1]) for method, path in connection.asked] == [
        ("GET", "TransactionStatus"),
        ("GET", "ACC-1"),
        ("POST", "ACC-1"),
    ]


REFUSED = PandaError(ErrorKind.PERMISSION, "forbidden", "Not yours.")
BUSY = PandaError(ErrorKind.THROTTLED, "throttled", "Slow down.", retry_after=7)


@pytest.mark.parametrize(
    ("answers", "finding"),
    [
        (
            {"token": PandaError(ErrorKind.AUTH, "token_refused", "Bad client.")},
            Finding("invalid_credentials", "Bad client."),
        ),
        ({"token": REFUSED}, Finding("forbidden", "Not yours.")),
        ({"token": BUSY}, Finding("throttled", "Slow down.", 7)),
        ({"api_key": REFUSED}, Finding("wrong_api_key")),
        ({"api_key": BUSY}, Finding("throttled", "Slow down.", 7)),
        ({"root": REFUSED}, Finding("unknown_root_account", "Not yours.")),
        ({"root": not_found()}, Finding("unknown_root_account", "Unknown.")),
        ({"root": BUSY}, Finding("throttled", "Slow down.", 7)),
        (
            {"root": {"accountId": "ACC-1", "name": "Acme", "type": 2}},
            Finding("root_account_is_customer", "Acme"),
        ),
        (
            {"root": {"accountId": "ACC-1", "name": "Acme", "type": "dealer"}},
            Finding("connected", "Acme"),
        ),
        ({"write": REFUSED}, Finding("read_only_access_id")),
        ({"write": not_found()}, Finding("not_found", "Unknown.")),
        ({"write": BUSY}, Finding("throttled", "Slow down.", 7)),
    ],
)
def test_a_finding_keeps_what_panda_said(
    answers: dict[str, object], finding: Finding
) -> None:
    """In its own words, and with the pause that it asked for."""
    assert checked(**answers) == finding


# === NOT ABOUT THE VALUES === #

PLACES = ["/oauth/token", "*/TransactionStatus", "*/accounts/*"]
"""Each of the requests that a check makes."""


@pytest.mark.parametrize("path", PLACES)
def test_throttling_is_nobodys_fault(sandbox: SandboxProcess, path: str) -> None:
    """Wherever it strikes."""
    sandbox.control("POST", "faults", {"fault": "throttled", "path": path})
    finding = check(sandbox.url)
    assert (finding.field, finding.code) == ("", "throttled")


@pytest.mark.parametrize("path", PLACES)
@pytest.mark.parametrize("body", ["json", "html", "empty"])
def test_a_broken_panda_is_nobodys_fault(
    sandbox: SandboxProcess, path: str, body: str
) -> None:
    rule = {"fault": "server_error", "status": 502, "body": body, "path": path}
    sandbox.control("POST", "faults", rule)
    finding = check(sandbox.url)
    assert (finding.field, finding.code) == ("", "server_error")


@pytest.mark.parametrize("answer", [{"status": 502}, {"status": 403, "body": "html"}])
def test_a_server_that_trips_over_the_probe_works_all_the_same(
    sandbox: SandboxProcess, answer: dict[str, object]
) -> None:
    """Unless writes have just failed, too: then it is one more of them."""
    where = {"method": "POST", "path": "/rest/*"}
    sandbox.control("POST", "faults", {"fault": "server_error", **answer, **where})
    assert check(sandbox.url) == Finding("connected", "Sandbox Partner")
    with connected(sandbox.url) as transport:
        finding = check_connection(transport, ROOT_ACCOUNT, writes_fail=True)
    code = "blocked" if answer["status"] == 403 else "server_error"
    assert finding.code == code


@pytest.mark.parametrize("path", PLACES)
def test_a_firewall_before_panda_blames_no_value(
    sandbox: SandboxProcess, path: str
) -> None:
    """403 with HTML is not what Panda says to who may not do something."""
    rule = {"fault": "server_error", "status": 403, "body": "html", "path": path}
    sandbox.control("POST", "faults", rule)
    finding = check(sandbox.url)
    assert finding.code == "blocked"
    assert finding.field in ("", "base_url")


@pytest.mark.parametrize("step", range(3))
def test_a_check_ends_in_time(
    raw: RawServer, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """Whatever the time-out is, and however many of its requests are slow."""
    monkeypatch.setattr("panda_provisioning.core.connection_check.LONGEST_CHECK", 0.5)

    def slow(visit: Visit) -> None:
        time.sleep(0.3 if len(raw.visits) <= step else 3)
        visit.answer({"access_token": "t0ken", "transaction_status": []})

    raw.token = raw.call = slow
    started = time.monotonic()
    finding = check(raw.url, timeout=60)
    assert time.monotonic() - started < 1
    assert finding.code in ("timeout", "unreachable")


def test_a_check_ends_within_twenty_seconds() -> None:
    """Which is what is promised; drawing the result takes some of it."""
    assert LONGEST_CHECK <= 18


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://127.0.0.1:1", "unreachable"),
        ("http://panda.invalid", "unreachable"),
        ("panda", "invalid_url"),
        ("http://[::1", "invalid_url"),
    ],
)
def test_an_address_where_nobody_is(url: str, code: str) -> None:
    """The address is what has to be mended."""
    finding = check(url)
    assert (finding.field, finding.code) == ("base_url", code)


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(404, b"Not Found"), "unexpected_status"),
        (Reply(405), "unexpected_status"),
        (Reply(302, headers=(("Location", "/login"),)), "unexpected_status"),
        (Reply(200, b"<html>Welcome!</html>"), "unreadable"),
        (Reply(200, b""), "unreadable"),
        (Reply(200, {"hello": "world"}), "unreadable"),
        (Reply(200, ["hello"]), "unreadable"),
    ],
)
def test_a_server_that_is_not_panda(
    scripted: ScriptedServer, reply: Reply, code: str
) -> None:
    """A web site, a router's login page, another API."""
    scripted.token = reply
    finding = check(scripted.url)
    assert (finding.field, finding.code) == ("base_url", code)


def test_a_server_that_says_nothing(sandbox: SandboxProcess) -> None:
    """The check ends with its time-out."""
    rule = {"fault": "timeout", "path": "/oauth/token", "seconds": 30}
    sandbox.control("POST", "faults", rule)
    finding = check(sandbox.url, timeout=0.3)
    assert (finding.field, finding.code) == ("base_url", "timeout")
