"""Every open choice of the vendor's documentation, in each of its positions."""

from __future__ import annotations

import pytest

from panda_provisioning.core.connection_check import check_connection
from panda_provisioning.core.snapshot import Step
from panda_provisioning.panda_api.client import PandaClient
from panda_provisioning.panda_api.errors import ErrorKind
from panda_provisioning.panda_api.transport import Transport
from panda_sandbox.process import SandboxProcess
from panda_sandbox.settings import FOREIGN_ACCOUNT, ROOT_ACCOUNT
from panda_sandbox.switches import TABLE

from .support import CUSTOMER, RESELLER, World, failing

POSITIONS = [(switch.name, value) for switch in TABLE for value in switch.values]


@pytest.mark.parametrize(("switch", "value"), POSITIONS)
def test_a_customer_of_a_reseller_is_synchronised_whatever_the_spelling(
    world: World, switch: str, value: str
) -> None:
    """The whole chain, with a fresh look after it that finds and repeats nothing."""
    world.sandbox.control("PATCH", "switches", {switch: value})
    reseller, outcome = world.run(RESELLER)
    assert outcome.step is Step.DONE
    below = {"parent_remote_id": reseller.remote_id, "has_parent": True}
    customer, outcome = world.run(CUSTOMER.__class__(**{**vars(CUSTOMER), **below}))
    assert outcome.step is Step.DONE
    again = CUSTOMER.__class__(**{**vars(CUSTOMER), **below})
    found, outcome = world.run(again)
    assert (outcome.step, found.remote_id) == (Step.DONE, customer.remote_id)
    assert world.names("tenants", "name") == ["Resell Ltd", "Acme"]
    assert world.names("mails", "username") == ["bob.resell", "ann.lee"]


@pytest.mark.parametrize(("switch", "value"), POSITIONS)
def test_the_connection_is_found_good_whatever_the_spelling(
    sandbox: SandboxProcess, transport: Transport, switch: str, value: str
) -> None:
    """No position makes the check complain."""
    sandbox.control("PATCH", "switches", {switch: value})
    assert check_connection(transport, ROOT_ACCOUNT).code == "connected"


ERROR_BODIES = {
    "documented": "Account was not found.",
    "message_only": "Account was not found.",
    "html": "an answer that is not JSON (text/html, ",
    "empty": "",
}


@pytest.mark.parametrize("form", ERROR_BODIES)
def test_an_error_is_understood_from_its_status_alone(
    sandbox: SandboxProcess, client: PandaClient, form: str
) -> None:
    """The body is for people to read."""
    sandbox.control("PATCH", "switches", {"error_body": form})
    with failing(ErrorKind.DATA, "not_found") as caught:
        client.get_account("WGC-unknown")
    assert ERROR_BODIES[form] in caught.value.detail


@pytest.mark.parametrize(
    ("status", "kind"), [("403", ErrorKind.PERMISSION), ("404", ErrorKind.DATA)]
)
def test_an_account_of_somebody_else_is_refused(
    sandbox: SandboxProcess, client: PandaClient, status: str, kind: ErrorKind
) -> None:
    """Either status is known."""
    sandbox.control("PATCH", "switches", {"foreign_account": status})
    with failing(kind, "forbidden" if status == "403" else "not_found"):
        client.get_account(FOREIGN_ACCOUNT)


@pytest.mark.parametrize("message", ["Too Many Requests", "Limit Exceeded"])
@pytest.mark.parametrize("headers", ["no", "yes"])
def test_throttling_is_known_by_its_status(
    sandbox: SandboxProcess, client: PandaClient, message: str, headers: str
) -> None:
    """Neither its words nor undocumented headers matter."""
    switches = {"throttled_message": message, "rate_limit_headers": headers}
    sandbox.control("PATCH", "switches", switches)
    sandbox.control("POST", "faults", {"fault": "throttled", "retry_after": 3})
    with failing(ErrorKind.THROTTLED, "throttled") as caught:
        client.get_account(ROOT_ACCOUNT)
    assert (caught.value.detail, caught.value.retry_after) == (message, 3)


def test_a_name_longer_than_panda_takes_is_refused_as_data(world: World) -> None:
    """Nothing was created, and a person can mend it."""
    world.sandbox.control("PATCH", "switches", {"name_limit": "64"})
    long = CUSTOMER.__class__(**{**vars(CUSTOMER), "name": "A" * 65})
    snapshot, outcome = world.run(long)
    assert outcome.error
    assert (outcome.error.kind, outcome.error.code) == (ErrorKind.DATA, "rejected")
    assert (snapshot.step, snapshot.marker_at) == (Step.FIND_ACCOUNT, None)
