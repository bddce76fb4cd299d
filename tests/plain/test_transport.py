"""Token, repetition, time-outs and what the environment may not change."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from panda_provisioning.panda_api.client import PandaClient
from panda_provisioning.panda_api.errors import ErrorKind, PandaError
from panda_provisioning.panda_api.transport import Transport
from panda_sandbox.process import SandboxProcess
from panda_sandbox.settings import READ_WRITE_ID, ROOT_ACCOUNT

from .support import (
    ACME,
    CREATE_ACCOUNT,
    GOOD,
    Credentials,
    Reply,
    ScriptedServer,
    at_once,
    connected,
    count,
    failing,
    tokens_asked_for,
)

WRONG = Credentials(READ_WRITE_ID, "Wrong-1!", GOOD.api_key)


# === TOKEN === #


def test_one_token_serves_many_calls(
    client: PandaClient, sandbox: SandboxProcess
) -> None:
    """A token is asked for once and kept."""
    for _call in range(5):
        client.get_account(ROOT_ACCOUNT)
    assert tokens_asked_for(sandbox) == 1


def test_many_threads_share_one_token_request(
    client: PandaClient, sandbox: SandboxProcess
) -> None:
    """Whoever comes while the token is fetched waits for it."""
    answers = at_once(8, lambda: client.get_account(ROOT_ACCOUNT))
    assert {answer.id for answer in answers} == {ROOT_ACCOUNT}
    assert tokens_asked_for(sandbox) == 1


def test_a_token_is_renewed_before_it_ends(
    client: PandaClient, sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tenth of its life before; no request is refused meanwhile."""
    sandbox.control("PATCH", "settings", {"token_seconds": 100})
    client.get_account(ROOT_ACCOUNT)
    now = time.monotonic()
    monkeypatch.setattr(
        "panda_provisioning.panda_api.token.time.monotonic", lambda: now + 89
    )
    client.get_account(ROOT_ACCOUNT)
    assert tokens_asked_for(sandbox) == 1
    monkeypatch.setattr(
        "panda_provisioning.panda_api.token.time.monotonic", lambda: now + 91
    )
    client.get_account(ROOT_ACCOUNT)
    assert tokens_asked_for(sandbox) == 2
    assert count(sandbox, status=401) == 0


def test_a_refused_token_costs_one_renewal_and_one_repetition(
    client: PandaClient, sandbox: SandboxProcess
) -> None:
    """The call succeeds and nobody notices."""
    client.get_account(ROOT_ACCOUNT)
    sandbox.control("POST", "faults", {"fault": "expire_token", "times": 1})
    client.create_account(ROOT_ACCOUNT, **ACME)
    assert tokens_asked_for(sandbox) == 2
    assert count(sandbox, method="POST", path="/rest/*") == 2
    assert len(sandbox.control("GET", "state")["tenants"]) == 1


def test_a_token_that_is_refused_again_is_an_error(
    client: PandaClient, sandbox: SandboxProcess
) -> None:
    """One repetition, no more."""
    rule = {"fault": "server_error", "status": 401}
    sandbox.control("POST", "faults", rule)
    with failing(ErrorKind.AUTH, "token_refused"):
        client.get_account(ROOT_ACCOUNT)
    assert count(sandbox, path="/rest/*") == 2
    assert tokens_asked_for(sandbox) == 2


def test_a_token_refused_in_many_threads_is_renewed_once(
    client: PandaClient, sandbox: SandboxProcess
) -> None:
    """A server that was started anew knows no token; all threads notice at once."""
    client.get_account(ROOT_ACCOUNT)
    sandbox.control("POST", "reset")
    answers = at_once(8, lambda: client.get_account(ROOT_ACCOUNT))
    assert {answer.id for answer in answers} == {ROOT_ACCOUNT}
    assert tokens_asked_for(sandbox) == 1


@pytest.mark.parametrize("status", ["401", "200"])
def test_refused_credentials_cost_one_request_for_many_threads(
    sandbox: SandboxProcess, status: str
) -> None:
    """A wrong password must not lock the Access ID; 200 may carry the refusal."""
    sandbox.control("PATCH", "switches", {"token_refusal": status})
    sandbox.control("PATCH", "settings", {"latency_ms": 300})
    with connected(sandbox.url, WRONG) as transport:
        answers = at_once(8, transport.authenticate)
    assert {(a.kind, a.code) for a in answers} == {
        (ErrorKind.AUTH, "invalid_credentials")
    }
    assert len({id(answer) for answer in answers}) == 8, "no shared traceback"
    assert tokens_asked_for(sandbox) == 1


@pytest.mark.parametrize(
    ("token", "kind", "code"),
    [
        (Reply(400), ErrorKind.AUTH, "invalid_credentials"),
        (Reply(401), ErrorKind.AUTH, "invalid_credentials"),
        (Reply(403), ErrorKind.AUTH, "invalid_credentials"),
        (Reply(404), ErrorKind.PROTOCOL, "unexpected_status"),
        (Reply(409), ErrorKind.PROTOCOL, "unexpected_status"),
        (Reply(301), ErrorKind.PROTOCOL, "unexpected_status"),
        (Reply(429), ErrorKind.THROTTLED, "throttled"),
        (Reply(503), ErrorKind.OUTAGE, "server_error"),
        (Reply(200, b"<html>"), ErrorKind.PROTOCOL, "unreadable"),
        (Reply(200, b""), ErrorKind.PROTOCOL, "unreadable"),
        (Reply(200, {}), ErrorKind.PROTOCOL, "unreadable"),
        (Reply(200, {"error": "no"}), ErrorKind.AUTH, "invalid_credentials"),
    ],
)
def test_no_token_is_never_about_the_account_of_the_call(
    scripted: ScriptedServer, token: Reply, kind: ErrorKind, code: str
) -> None:
    """Above all *not found*: the workflow would read it as a deleted account."""
    scripted.token = token
    with connected(scripted.url) as transport, failing(kind, code):
        PandaClient(transport).create_account(ROOT_ACCOUNT, **ACME)
    assert scripted.calls == []


@pytest.mark.parametrize("life", ["soon", None, "Infinity", b"1e999"])
def test_a_token_without_a_readable_life_is_used_all_the_same(
    scripted: ScriptedServer, life: object
) -> None:
    """An hour is what the vendor gives."""
    text = life if isinstance(life, bytes) else b'"%b"' % str(life).encode()
    scripted.token = Reply(body=b'{"access_token": "t", "expires_in": %b}' % text)
    scripted.reply = Reply(body={"accountId": "WGC-1"})
    with connected(scripted.url) as transport:
        PandaClient(transport).get_account("WGC-1")
        PandaClient(transport).get_account("WGC-1")
    assert len(scripted.requests) == 3


# === WHAT IS SENT === #


def test_both_credentials_and_the_form_of_the_token_request(
    scripted: ScriptedServer,
) -> None:
    """As the vendor documents it."""
    scripted.reply = Reply(body={"accountId": "WGC-1"})
    with connected(scripted.url) as transport:
        PandaClient(transport).get_account("WGC-1")
    token, call = scripted.requests
    assert token.body == b"grant_type=client_credentials&scope=api-access"
    assert token.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert token.headers["Authorization"].startswith("Basic ")
    assert call.headers["Authorization"] == "Bearer t0ken"
    assert call.headers["WatchGuard-API-Key"] == GOOD.api_key
    assert call.headers["Accept"] == "application/json"
    assert len(call.headers["X-Correlation-ID"]) == 36


@pytest.mark.parametrize(
    "api_key", [f"{GOOD.api_key}\n", f"\t{GOOD.api_key} ", "sandbox\r\n-api-key"]
)
def test_white_space_copied_with_the_api_key_does_no_harm(
    sandbox: SandboxProcess, api_key: str
) -> None:
    """Nor can it add a header."""
    credentials = Credentials(GOOD.access_id, GOOD.password, api_key)
    with connected(sandbox.url, credentials) as transport:
        assert PandaClient(transport).get_account(ROOT_ACCOUNT).id == ROOT_ACCOUNT


def test_credentials_in_other_alphabets_are_refused_by_panda_not_by_python(
    sandbox: SandboxProcess,
) -> None:
    """A person sees which value is wrong instead of a codec's complaint."""
    with (
        connected(sandbox.url, Credentials("ключ", "ключ", "ключ")) as transport,
        failing(ErrorKind.AUTH, "invalid_credentials"),
    ):
        transport.authenticate()
    wrong_key = Credentials(GOOD.access_id, GOOD.password, "ключ")
    with (
        connected(sandbox.url, wrong_key) as transport,
        failing(ErrorKind.PERMISSION, "forbidden"),
    ):
        PandaClient(transport).get_account(ROOT_ACCOUNT)


def test_a_netrc_does_not_replace_our_authorization(
    scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Though the file names the very host."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login eve password stolen\n")
    monkeypatch.setenv("NETRC", str(netrc))
    scripted.reply = Reply(body={"accountId": "WGC-1"})
    with connected(scripted.url) as transport:
        PandaClient(transport).get_account("WGC-1")
    assert scripted.calls[0].headers["Authorization"] == "Bearer t0ken"


@contextmanager
def proxied(
    proxy: ScriptedServer, monkeypatch: pytest.MonkeyPatch, url: str
) -> Iterator[Transport]:
    """A transport to ``url`` in an environment with a proxy."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, proxy.url)
    with connected(url) as transport:
        yield transport


def test_the_proxy_of_the_environment_is_used_but_not_for_its_exceptions(
    scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As every other program does; looked up once, when the connection is made."""
    url = "http://panda.invalid"
    monkeypatch.setenv("no_proxy", "panda.invalid")
    with proxied(scripted, monkeypatch, url) as transport:
        monkeypatch.delenv("no_proxy")
        with failing(ErrorKind.OUTAGE, "unreachable"):
            transport.authenticate()
    assert scripted.requests == []
    with proxied(scripted, monkeypatch, url) as transport:
        scripted.reply = Reply(418)
        with failing(ErrorKind.PROTOCOL, "unexpected_status"):
            transport.authenticate()
    [request] = scripted.requests
    assert request.path == f"{url}/oauth/token"


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_is_told_the_login_that_its_address_has(
    scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    """Also one without a scheme, as many environments have it."""
    name = f"{scheme}_proxy"
    monkeypatch.setenv(name, scripted.url.replace("http://", "someone:s3cret@"))
    scripted.reply = Reply(418)
    with (
        connected(f"{scheme}://panda.invalid") as transport,
        pytest.raises(PandaError),
    ):
        transport.authenticate()
    request = scripted.requests[0]
    assert request.method == ("POST" if scheme == "http" else "CONNECT")
    login = base64.b64encode(b"someone:s3cret").decode()
    headers = {name.lower(): value for name, value in request.headers.items()}
    assert headers["proxy-authorization"] == f"Basic {login}"


def test_a_proxy_that_cannot_be_used_is_told_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """SOCKS has connections of its own, of which none ends in time."""
    monkeypatch.setenv("http_proxy", "socks5://127.0.0.1:1")
    with (
        connected("http://panda.invalid") as transport,
        failing(ErrorKind.PROTOCOL, "invalid_url"),
    ):
        transport.authenticate()


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.9.9.9", "localhost", "LOCALHOST", "localhost."),
        *("[::1]", "panda.localhost", "[::ffff:127.0.0.1]"),
    ],
)
def test_no_proxy_sees_what_is_for_this_machine(
    scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    """Above all not the credentials of a sandbox, nor those of a tunnel."""
    with (
        proxied(scripted, monkeypatch, f"http://{host}:1") as transport,
        failing(ErrorKind.OUTAGE, "unreachable"),
    ):
        transport.authenticate()
    assert scripted.requests == []


# === ADDRESS AND TIME === #

BAD_URLS = [
    *("", "nope", "ftp://panda.example", "http://", "http://[::1", "http://a..b"),
    *(f"http://{'a' * 70}.example", "http://127.0.0.1:99999", "http://exa mple"),
]


@pytest.mark.parametrize("url", BAD_URLS)
def test_an_address_that_is_none_is_an_error_like_any_other(url: str) -> None:
    """No exception of a library below gets through."""
    with connected(url) as transport, failing(ErrorKind.PROTOCOL, "invalid_url"):
        transport.authenticate()


def test_a_slash_at_the_end_of_the_address_does_not_matter(
    sandbox: SandboxProcess,
) -> None:
    """People copy it either way."""
    with connected(f"{sandbox.url}/") as transport:
        assert PandaClient(transport).get_account(ROOT_ACCOUNT).id == ROOT_ACCOUNT


def test_no_call_takes_much_longer_than_its_timeout(sandbox: SandboxProcess) -> None:
    """The write itself is done all the same, which is why its outcome is unknown."""
    rule = {"fault": "timeout", "seconds": 30, **CREATE_ACCOUNT}
    sandbox.control("POST", "faults", rule)
    with connected(sandbox.url, timeout=0.3) as transport:
        transport.authenticate()
        started = time.monotonic()
        with failing(ErrorKind.UNKNOWN, "timeout"):
            PandaClient(transport).create_account(ROOT_ACCOUNT, **ACME)
    assert 0.3 <= time.monotonic() - started < 2
    assert len(sandbox.control("GET", "state")["tenants"]) == 1


def test_connections_are_kept_open(sandbox: SandboxProcess) -> None:
    """One connection serves call after call."""
    with Transport(sandbox.url, GOOD) as transport:
        client = PandaClient(transport)
        for _call in range(3):
            client.get_account(ROOT_ACCOUNT)
        pool = transport._connections._get_manager().pools
        [connections] = [pool[key] for key in pool.keys()]  # noqa: SIM118
    assert (connections.num_connections, connections.num_requests) == (1, 4)
