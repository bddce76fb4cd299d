"""What is repeated at once, and how much of it."""

from __future__ import annotations

import pytest

from panda_provisioning.panda_api.client import PandaClient
from panda_provisioning.panda_api.errors import ErrorKind, PandaError
from panda_provisioning.panda_api.repeats import (
    AT_FIRST,
    AT_MOST,
    DELAYS,
    SHARE,
    RetryBudget,
    may_be_repeated,
)
from panda_provisioning.panda_api.transport import Transport
from panda_sandbox.process import SandboxProcess

from .support import connected, failing

PASSING = {
    "server_error": {"status": 503},
    "lost_answer": {},
    "lost_request": {},
    "truncated": {},
}
"""Faults of the sandbox that have gone by the next time."""


def fault(sandbox: SandboxProcess, name: str, **options: object) -> None:
    sandbox.control("POST", "faults", {"fault": name, **options})


def count(sandbox: SandboxProcess, method: str = "GET") -> int:
    """Requests of that method for anything but a token."""
    query = f"requests/count?path=/rest/*&method={method}"
    return int(sandbox.control("GET", query)["count"])


@pytest.mark.parametrize("name", PASSING)
@pytest.mark.parametrize("times", [1, len(DELAYS)])
def test_a_read_survives_a_fault_that_passes(
    sandbox: SandboxProcess, client: PandaClient, name: str, times: int
) -> None:
    """Nobody hears of it."""
    fault(sandbox, name, method="GET", times=times, **PASSING[name])
    assert client.list_operators("ACC-1000001") == []
    assert count(sandbox) == 1 + times


def test_a_read_is_not_repeated_for_ever(
    sandbox: SandboxProcess, client: PandaClient
) -> None:
    """Then the account waits."""
    fault(sandbox, "server_error", method="GET", status=502)
    with failing(ErrorKind.OUTAGE, "server_error"):
        client.list_operators("ACC-1000001")
    assert count(sandbox) == 1 + len(DELAYS)


def test_a_token_survives_a_fault_that_passes(sandbox: SandboxProcess) -> None:
    """It may be asked for again."""
    fault(sandbox, "server_error", path="/oauth/token", times=2, status=503)
    with connected(sandbox.url) as transport:
        transport.authenticate()


@pytest.mark.parametrize("name", ["server_error", "lost_answer", "truncated"])
def test_a_write_is_not_repeated(
    sandbox: SandboxProcess, client: PandaClient, name: str
) -> None:
    """It may have been done."""
    fault(sandbox, name, method="POST")
    with pytest.raises(PandaError) as caught:
        client.create_account(
            "ACC-1000001",
            account_type=2,
            name="ACME",
            first_name="Ada",
            last_name="Byron",
            email="ada@acme.example",
        )
    assert caught.value.kind is ErrorKind.UNKNOWN
    assert count(sandbox, "POST") == 1


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (ErrorKind.OUTAGE, "certificate"),
        (ErrorKind.OUTAGE, "blocked"),
        (ErrorKind.OUTAGE, "timeout"),
        (ErrorKind.OUTAGE, "not_sent"),
        (ErrorKind.PROTOCOL, "invalid_url"),
        (ErrorKind.PROTOCOL, "unexpected_status"),
        (ErrorKind.UNKNOWN, "lost_answer"),
        (ErrorKind.UNKNOWN, "server_error"),
        (ErrorKind.UNKNOWN, "unreadable"),
        (ErrorKind.DATA, "rejected"),
        (ErrorKind.AUTH, "token_refused"),
    ],
)
def test_what_does_not_pass_or_may_be_done_is_not_repeated(
    kind: ErrorKind, code: str
) -> None:
    """Whatever the code, an unknown outcome is none to repeat."""
    assert not may_be_repeated(PandaError(kind, code))


def test_repetitions_are_a_part_of_all_requests() -> None:
    """So that an outage becomes no storm."""
    budget = RetryBudget()
    granted = 0
    for _request in range(1000):
        budget.earn()
        granted += budget.spend()
    assert granted <= AT_FIRST + SHARE * 1000
    assert granted >= SHARE * 1000


def test_not_many_repetitions_are_saved_up() -> None:
    """A good day does not pay for a storm."""
    budget = RetryBudget()
    for _request in range(10_000):
        budget.earn()
    assert sum(budget.spend() for _number in range(10_000)) == AT_MOST


def test_an_outage_brings_few_repetitions(
    sandbox: SandboxProcess, transport: Transport
) -> None:
    """Once the budget is used up each request fails by itself."""
    fault(sandbox, "server_error", method="GET")
    client = PandaClient(transport)
    for _number in range(10):
        with failing(ErrorKind.OUTAGE, "server_error"):
            client.list_operators("ACC-1000001")
    most = AT_FIRST + SHARE * count(sandbox) + 1
    assert 10 < count(sandbox) <= 10 + most
