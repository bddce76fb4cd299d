"""What the tests say often: people, connections, faults and servers of one's own."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from panda_provisioning.core.account_lookup import PAUSE, AccountLookup
from panda_provisioning.core.snapshot import (
    CREATES,
    Outcome,
    Role,
    Snapshot,
    Step,
    Timing,
)
from panda_provisioning.core.workflow import perform
from panda_provisioning.panda_api.client import PandaClient
from panda_provisioning.panda_api.connection import not_sent
from panda_provisioning.panda_api.credentials import Credentials
from panda_provisioning.panda_api.errors import ErrorKind, PandaError
from panda_provisioning.panda_api.limiter import NoLimit
from panda_provisioning.panda_api.transport import Transport
from panda_sandbox.settings import API_KEY, PASSWORDS, READ_WRITE_ID, ROOT_ACCOUNT

ACCOUNTS = "/rest/platform/accounts/v1/accounts"
OPERATORS = "/rest/platform/operator-mgmt/v1"
CREATE_ACCOUNT = {"method": "POST", "path": f"{ACCOUNTS}/*"}
CREATE_OPERATOR = {"method": "POST", "path": f"{OPERATORS}/operators"}

GOOD = Credentials(READ_WRITE_ID, PASSWORDS[READ_WRITE_ID], API_KEY)

ACME = {
    "account_type": 2,
    "name": "Acme",
    "first_name": "Ann",
    "last_name": "Lee",
    "email": "ann@acme.example",
}
ANN = {
    "username": "ann.lee",
    "first_name": "Ann",
    "last_name": "Lee",
    "email": "ann@acme.example",
    "phone": "302101234567",
    "role": "ADMINISTRATOR",
}
CUSTOMER = Snapshot(
    key=1,
    role=Role.USER,
    name="Acme",
    first_name="Ann",
    last_name="Lee",
    email="ann@acme.example",
    phone="+302101234567",
    username="ann.lee",
    parent_remote_id=ROOT_ACCOUNT,
)
RESELLER = replace(
    CUSTOMER,
    key=2,
    role=Role.RESELLER,
    name="Resell Ltd",
    email="bob@resell.example",
    username="bob.resell",
)


@contextmanager
def connected(
    url: str, credentials: Credentials = GOOD, **options: Any
) -> Iterator[Transport]:
    """A transport that is closed at the end; its time-out is short."""
    with Transport(url, credentials, **{"timeout": 3, **options}) as transport:
        yield transport


@contextmanager
def failing(kind: ErrorKind, code: str) -> Iterator[pytest.ExceptionInfo[PandaError]]:
    """Expect a :class:`PandaError` of that kind and code."""
    with pytest.raises(PandaError) as caught:
        yield caught
    assert (caught.value.kind, caught.value.code) == (kind, code)


def at_once(count: int, work: Callable[[], Any]) -> list[Any]:
    """Do ``work`` in many threads that start together; exceptions are results."""
    barrier = threading.Barrier(count)

    def begin() -> Any:
        barrier.wait()
        try:
            return work()
        except PandaError as error:
            return error

    with ThreadPoolExecutor(count) as pool:
        return [f.result() for f in [pool.submit(begin) for _ in range(count)]]


class Steady(NoLimit):
    """A limiter that gives out ``per_second`` turns."""

    def __init__(self, per_second: float) -> None:
        self._interval = 1 / per_second
        self._next = 0.0

    def wait(self, until: float) -> None:
        """Come back when it is the caller's turn, or raise when it is too late."""
        now = time.monotonic()
        turn = max(now, self._next)
        if turn >= until:
            time.sleep(until - now)
            raise not_sent()
        self._next = turn + self._interval
        time.sleep(turn - now)


class World:
    """One sandbox, and a client of it, as the workflow's caller has them."""

    def __init__(self, sandbox: Any, transport: Transport, timing: Timing) -> None:
        self.sandbox = sandbox
        self.client = PandaClient(transport)
        self.timing = timing

    def new_lookup(self) -> AccountLookup:
        """What a run has that looks anew."""
        return AccountLookup(self.timing.now)

    def perform(
        self, snapshot: Snapshot, lookup: AccountLookup | None = None
    ) -> Outcome:
        """One step, by a run of its own unless a lookup is given."""
        lookup = lookup or self.new_lookup()
        return perform(self.client, snapshot, lookup, self.timing)

    def after(self, snapshot: Snapshot, *steps: Step) -> Snapshot:
        """The snapshot after the steps named, none of which may fail."""
        lookup = self.new_lookup()
        for step in steps:
            assert snapshot.step is step
            snapshot = self.marked(snapshot)
            outcome = self.perform(snapshot, lookup)
            assert outcome.error is None
            snapshot = snapshot.with_outcome(outcome)
        return snapshot

    def marked(self, snapshot: Snapshot) -> Snapshot:
        """As the engine has it when it sends the snapshot's step."""
        is_write = snapshot.step in CREATES
        return snapshot.marked(self.timing.now()) if is_write else snapshot

    def run(self, snapshot: Snapshot, most: int = 20) -> tuple[Snapshot, Outcome]:
        """Steps until something is done, fails, or has to wait in earnest."""
        lookup = self.new_lookup()
        for _step in range(most):
            snapshot = self.marked(snapshot)
            outcome = self.perform(snapshot, lookup)
            snapshot = snapshot.with_outcome(outcome)
            if outcome.step is Step.DONE or outcome.error:
                break
            if outcome.step is Step.FIND_ACCOUNT and outcome.wait <= PAUSE:
                time.sleep(outcome.wait)
        return snapshot, outcome

    def fault(self, fault: str, **options: Any) -> None:
        """Add a fault, which strikes once unless told otherwise."""
        rule = {"fault": fault, "times": 1, **options}
        self.sandbox.control("POST", "faults", rule)

    def count(self, method: str, path: str = "*", **filters: Any) -> int:
        """How many requests the sandbox has seen."""
        return count(self.sandbox, method=method, path=path, **filters)

    @property
    def state(self) -> Any:
        """All that was created."""
        return self.sandbox.control("GET", "state")

    def names(self, what: str, field: str) -> list[str]:
        """One value of each tenant, operator or mail."""
        return [row[field] for row in self.state[what]]


def count(sandbox: Any, **filters: Any) -> int:
    """How many requests that match the sandbox has seen."""
    query = "&".join(f"{name}={value}" for name, value in filters.items())
    number: int = sandbox.control("GET", f"requests/count?{query}")["count"]
    return number


def tokens_asked_for(sandbox: Any) -> int:
    """How many token requests the sandbox has seen."""
    return count(sandbox, path="/oauth/token")


@dataclass
class Request:
    """What a :class:`ScriptedServer` was asked."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Reply:
    """What a :class:`ScriptedServer` is to say; a body that is no text is JSON."""

    status: int = 200
    body: Any = b""
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def content(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return json.dumps(self.body).encode()


TOKEN = Reply(body={"access_token": "t0ken", "expires_in": 3600})


class ScriptedServer:
    """Says what the sandbox cannot: answers of any form, good tokens by default."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.token = TOKEN
        self.reply: Reply | Callable[[Request], Reply] = Reply()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> ScriptedServer:
        serve = self._server.serve_forever
        self._thread = threading.Thread(target=serve, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def calls(self) -> list[Request]:
        """The requests that did not ask for a token."""
        return [each for each in self.requests if each.path != "/oauth/token"]

    def _answer(self, request: Request) -> Reply:
        self.requests.append(request)
        if request.path == "/oauth/token":
            return self.token
        return self.reply(request) if callable(self.reply) else self.reply

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        answer = self._answer

        class Handler(BaseHTTPRequestHandler):
            def handle_any(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = dict(self.headers.items())
                reply = answer(Request(self.command, self.path, headers, body))
                self.send_response(reply.status)
                for name, value in reply.headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(reply.content)))
                self.end_headers()
                self.wfile.write(reply.content)

            do_GET = do_POST = do_PATCH = do_CONNECT = handle_any  # noqa: N815

            def log_message(self, *_arguments: object) -> None:
                """Say nothing."""

        return Handler
