"""Every exchange ends in time, and no write leaves late: real sockets, real waits."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Iterator

import pytest

from panda_provisioning.panda_api.client import PandaClient
from panda_provisioning.panda_api.errors import ErrorKind, PandaError
from panda_provisioning.panda_api.transport import Transport, longest_call
from panda_sandbox.settings import ROOT_ACCOUNT

from .raw_server import Behaviour, RawServer, Visit, good_account, good_token
from .support import ACME, Steady, connected, failing

TIMEOUT = 0.5
MARGIN = 0.4
"""Seconds that a busy machine may add."""
HEAD = b"HTTP/1.1 200 OK\r\n"
LONG = b"x" * 10_000


@pytest.fixture
def transport(raw: RawServer) -> Iterator[Transport]:
    with connected(raw.url, timeout=TIMEOUT) as transport:
        yield transport


def drips_its_status(visit: Visit) -> None:
    visit.drip(b"HTTP/1.1 200 " + LONG)


def drips_its_headers(visit: Visit) -> None:
    visit.say(HEAD)
    visit.drip(b"X-Long: " + LONG)


def drips_its_body(visit: Visit) -> None:
    visit.say(HEAD + b"Content-Length: 10000\r\n\r\n")
    visit.drip(LONG)


def drips_its_chunks(visit: Visit) -> None:
    visit.say(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    while True:
        visit.drip(b"1\r\nx\r\n")


def drips_the_size_of_a_chunk(visit: Visit) -> None:
    visit.say(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    visit.drip(b"0" * 10_000)


def has_a_body_without_end(visit: Visit) -> None:
    visit.say(HEAD + b"\r\n")
    visit.drip(LONG)


def says_continue_for_ever(visit: Visit) -> None:
    while True:
        visit.say(b"HTTP/1.1 100 Continue\r\n\r\n")
        time.sleep(PAUSE)


PAUSE = 0.001


def says_nothing(visit: Visit) -> None:
    time.sleep(10)


MISBEHAVIOURS = (
    *(drips_its_status, drips_its_headers, drips_its_body, drips_its_chunks),
    *(drips_the_size_of_a_chunk, has_a_body_without_end, says_continue_for_ever),
    says_nothing,
)


def taken(act: Callable[[], object]) -> float:
    started = time.monotonic()
    act()
    return time.monotonic() - started


def create(client: PandaClient) -> str:
    return client.create_account(ROOT_ACCOUNT, **ACME)


# === AN EXCHANGE ENDS === #


@pytest.mark.parametrize("misbehave", MISBEHAVIOURS, ids=lambda each: each.__name__)
def test_a_read_is_cut_in_time(
    raw: RawServer, transport: Transport, misbehave: Behaviour
) -> None:
    """From the first byte to the last, not per read."""
    transport.authenticate()
    raw.call = misbehave
    started = time.monotonic()
    with failing(ErrorKind.OUTAGE, "timeout"):
        PandaClient(transport).get_account("WGC-1")
    assert TIMEOUT - 0.1 <= time.monotonic() - started <= TIMEOUT + MARGIN


@pytest.mark.parametrize("misbehave", MISBEHAVIOURS, ids=lambda each: each.__name__)
def test_a_write_that_was_cut_has_an_unknown_outcome(
    raw: RawServer, transport: Transport, misbehave: Behaviour
) -> None:
    transport.authenticate()
    raw.call = misbehave
    started = time.monotonic()
    with failing(ErrorKind.UNKNOWN, "timeout"):
        create(PandaClient(transport))
    assert time.monotonic() - started <= TIMEOUT + MARGIN


@pytest.mark.parametrize("misbehave", MISBEHAVIOURS, ids=lambda each: each.__name__)
def test_a_token_is_cut_in_time(
    raw: RawServer, transport: Transport, misbehave: Behaviour
) -> None:
    """And a write that waited for it was not sent: nothing is unknown."""
    raw.token = misbehave
    started = time.monotonic()
    with failing(ErrorKind.OUTAGE, "timeout"):
        create(PandaClient(transport))
    assert time.monotonic() - started <= TIMEOUT + MARGIN
    assert raw.calls == []


def test_an_answer_that_is_slow_but_in_time_is_read(
    raw: RawServer, transport: Transport
) -> None:
    """The deadline cuts nothing else."""

    def slow(visit: Visit) -> None:
        body = b'{"accountId": "WGC-1"}'
        time.sleep(TIMEOUT / 4)
        visit.say(HEAD + b"Content-Length: %d\r\n\r\n" % len(body))
        time.sleep(TIMEOUT / 4)
        visit.say(body)

    raw.call = slow
    for _call in range(3):  # the time of one exchange is not taken from the next
        assert PandaClient(transport).get_account("WGC-1").id == "WGC-1"
    assert len({id(visit.sock) for visit in raw.visits}) == 1


@pytest.mark.parametrize("dripping", [False, True])
def test_a_handshake_is_cut_in_time(raw: RawServer, *, dripping: bool) -> None:
    """Of a server that never finishes it; the write was not sent."""

    def hello(sock: socket.socket) -> None:
        sock.recv(1000)
        for _byte in range(200):
            if dripping:
                sock.sendall(b"\x16")
            time.sleep(0.05)

    raw.hello = hello
    with connected(f"https://127.0.0.1:{raw.port}", timeout=TIMEOUT) as transport:
        transport._token._token = "t0ken"
        transport._token._renew_at = time.monotonic() + 60
        started = time.monotonic()
        with failing(ErrorKind.OUTAGE, "unreachable"):
            create(PandaClient(transport))
    assert time.monotonic() - started <= TIMEOUT + MARGIN


def test_a_name_that_takes_long_to_resolve_is_cut_in_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The system's resolver cannot be stopped, but it is not waited for."""
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args: time.sleep(5))
    with connected("http://panda.example", timeout=TIMEOUT) as transport:
        started = time.monotonic()
        with failing(ErrorKind.OUTAGE, "unreachable"):
            transport.authenticate()
    assert time.monotonic() - started <= TIMEOUT + MARGIN


def test_every_address_of_a_name_is_tried_but_not_for_ever(
    raw: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first one that listens is used; a hundred that are silent end in time."""
    found: list[str] = []
    ask = socket.getaddrinfo

    def resolve(host: str, port: int, *rest: object) -> list[object]:
        if host != "panda.example":
            return ask(host, port, *rest)  # type: ignore[arg-type, return-value]
        return [(2, 1, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    url = f"http://panda.example:{raw.port}"
    found[:] = ["127.0.0.9", "127.0.0.1"]
    with connected(url, timeout=TIMEOUT) as transport:
        assert PandaClient(transport).get_account("WGC-1").id == "WGC-1"
    assert raw.calls[0].headers.count(f"Host: panda.example:{raw.port}") == 1
    found[:] = [f"192.0.2.{number}" for number in range(1, 100)]
    with connected(url, timeout=TIMEOUT) as transport:
        started = time.monotonic()
        with failing(ErrorKind.OUTAGE, "unreachable"):
            transport.authenticate()
    assert time.monotonic() - started <= TIMEOUT + MARGIN


# === A CALL ENDS === #


def test_a_call_with_everything_slow_ends_within_its_bound(
    raw: RawServer, transport: Transport
) -> None:
    """Token, request, refused token, new token, and a request that is never answered:
    each as slow as it may be."""

    def refused(visit: Visit) -> None:
        time.sleep(TIMEOUT * 0.8)
        if len(raw.calls) == 1:
            visit.answer({}, 401)
        else:
            says_nothing(visit)

    def token(visit: Visit) -> None:
        time.sleep(TIMEOUT * 0.8)
        good_token(visit)

    raw.token, raw.call = token, refused
    started = time.monotonic()
    with failing(ErrorKind.UNKNOWN, "timeout"):
        create(PandaClient(transport))
    seconds = time.monotonic() - started
    assert TIMEOUT * 3 < seconds <= longest_call(TIMEOUT) + MARGIN
    assert len(raw.calls) == 2


def test_what_took_long_is_not_repeated(raw: RawServer, transport: Transport) -> None:
    """A quarter of the time-out is as good as all of it; what failed sooner is
    repeated."""
    transport.authenticate()
    for part, calls in ((0.3, 1), (0.0, 3)):

        def broken(visit: Visit, seconds: float = part * TIMEOUT) -> None:
            time.sleep(seconds)
            visit.answer({}, 503 if len(raw.calls) < 3 else 200)

        raw.visits.clear()
        raw.call = broken
        with contextlib.suppress(PandaError):
            transport.request("GET", "/x")
        assert len(raw.calls) == calls


def test_the_bound_of_a_call_is_four_timeouts() -> None:
    assert longest_call(30) == 120


def test_a_call_ends_at_the_moment_that_it_was_given(
    raw: RawServer, transport: Transport
) -> None:
    """Earlier than its own bound, and not begun when the moment has passed."""
    transport.authenticate()
    raw.call = says_nothing
    started = time.monotonic()
    with failing(ErrorKind.OUTAGE, "timeout"):
        transport.request("GET", "/x", ends_at=started + 0.2)
    assert time.monotonic() - started <= 0.2 + MARGIN
    with failing(ErrorKind.OUTAGE, "unreachable"):
        transport.request("POST", "/x", ends_at=started)
    assert len(raw.calls) == 1


def test_everything_is_cut_when_the_time_of_a_run_is_over(raw: RawServer) -> None:
    ends_at = time.monotonic() + 0.3
    with connected(raw.url, timeout=5, ends_at=ends_at) as transport:
        transport.authenticate()
        raw.call = says_nothing
        with failing(ErrorKind.UNKNOWN, "timeout"):
            create(PandaClient(transport))
        assert time.monotonic() - ends_at <= MARGIN
        with failing(ErrorKind.OUTAGE, "unreachable"):
            create(PandaClient(transport))
    assert len(raw.calls) == 1


def test_waiting_for_ones_turn_does_not_outlive_the_call(raw: RawServer) -> None:
    """Whose turn would come too late was not sent, and takes nobody's place."""
    with connected(raw.url, timeout=TIMEOUT, limiter=Steady(1.25)) as transport:
        transport.authenticate()
        started = time.monotonic()
        with failing(ErrorKind.OUTAGE, "not_sent"):
            create(PandaClient(transport))
        assert TIMEOUT - 0.1 <= time.monotonic() - started <= TIMEOUT + MARGIN
        assert raw.calls == []
        create(PandaClient(transport))
    assert len(raw.calls) == 1


# === A WRITE NEVER LEAVES LATE === #


def until(moment: float) -> Callable[[], bool]:
    """As a lease that ends then."""
    return lambda: time.monotonic() < moment


def test_a_write_whose_token_came_too_late_is_not_sent(
    raw: RawServer, transport: Transport
) -> None:
    """The lease ended while the token was on its way."""

    def token(visit: Visit) -> None:
        time.sleep(0.3)
        good_token(visit)

    raw.token = token
    client = PandaClient(transport, may_send=until(time.monotonic() + 0.1))
    with failing(ErrorKind.OUTAGE, "not_sent"):
        create(client)
    assert len(raw.visits) == 1
    assert client.get_account("WGC-1").id == "WGC-1", "reading is always allowed"


def test_a_write_that_waited_too_long_for_its_turn_is_not_sent(raw: RawServer) -> None:
    with connected(raw.url, timeout=2, limiter=Steady(5)) as transport:
        transport.authenticate()
        client = PandaClient(transport, may_send=until(time.monotonic() + 0.1))
        with failing(ErrorKind.OUTAGE, "not_sent"):
            create(client)
    assert raw.calls == []


def test_a_write_is_asked_about_when_it_is_connected(raw: RawServer) -> None:
    """It has nothing to wait for any more but its own bytes."""
    connections: list[int] = []
    asked: list[int] = []

    def may_send() -> bool:
        time.sleep(0.05)  # until the server has seen the connection
        asked.append(len(connections))
        return True

    raw.hello = lambda _sock: connections.append(1)
    with connected(raw.url) as transport:
        transport._token._token = "t0ken"
        transport._token._renew_at = time.monotonic() + 60
        create(PandaClient(transport, may_send=may_send))
    assert asked == [1]


def test_a_write_is_asked_about_again_before_it_is_repeated(
    raw: RawServer, transport: Transport
) -> None:
    """After a 401 and a new token; the first one was refused, so nothing was done."""
    answers = [True, False]

    def refused(visit: Visit) -> None:
        visit.answer({}, 401)

    raw.call = refused
    with failing(ErrorKind.OUTAGE, "not_sent"):
        create(PandaClient(transport, may_send=lambda: answers.pop(0)))
    assert answers == []
    assert len(raw.writes()) == 1


def test_every_write_is_asked_about_and_no_read(
    raw: RawServer, transport: Transport
) -> None:
    client = PandaClient(transport, may_send=lambda: False)
    person = {"first_name": "Ann", "last_name": "Lee"}
    writes: list[Callable[[], object]] = [
        lambda: create(client),
        lambda: client.update_account("WGC-1", name="A", email="a@b.example", **person),
        lambda: client.create_operator(
            "WGC-1", username="ann", email="a@b.example", phone="1", role="X", **person
        ),
        lambda: client.update_operator("WGC-1", username="ann", phone="1", **person),
        lambda: client.may_write("WGC-1"),
    ]
    for write in writes:
        with failing(ErrorKind.OUTAGE, "not_sent"):
            write()
    client.get_account("WGC-1")
    assert len(raw.writes()) == 0
    assert len(raw.calls) == 1


def test_a_connection_on_which_nothing_was_sent_does_no_harm(
    raw: RawServer, transport: Transport
) -> None:
    """Calls go on after one that was held back, and it is traced as one that failed."""
    transport.authenticate()
    exchanges: list[object] = []
    for _call in range(3):
        with pytest.raises(PandaError):
            create(PandaClient(transport, exchanges.append, lambda: False))
        raw.call = good_account
        assert PandaClient(transport).get_account("WGC-1").name == "Acme"
    assert [(e.status, e.error.code) for e in exchanges] == [(None, "not_sent")] * 3  # type: ignore[attr-defined]
