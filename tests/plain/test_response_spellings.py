"""Every open choice of the vendor's documentation, in each of its positions."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from panda_provisioning.core.connection_check import check_connection
from panda_provisioning.core.snapshot import Step
from panda_provisioning.panda_api.client import PandaClient
from panda_provisioning.panda_api.errors import ErrorKind
from panda_provisioning.panda_api.transport import Transport
from panda_sandbox.process import SandboxProcess
from panda_sandbox.settings import FOREIGN_ACCOUNT, ROOT_ACCOUNT
from panda_sandbox.switches import TABLE

from .support import ACME, CUSTOMER, RESELLER, World, failing

HIDING = {
    ("contacts", "missing"): "name_exists",
    ("shown_email", "masked"): "name_exists",
    ("stored_name", "html"): "name_exists",
    ("stored_name", "upper"): "name_exists",
    ("stored_name", "cut"): "name_exists",
    ("listing_total", "too_big"): "inconsistent_listing",
}
"""Positions in which an account that exists cannot be told for sure, and what is said
instead of creating it again."""
POSITIONS = [
    (switch.name, value)
    for switch in TABLE
    for value in switch.values
    if (switch.name, value) not in HIDING
]


@pytest.mark.parametrize(("switch", "value"), POSITIONS)
def test_a_customer_of_a_reseller_is_synchronised_whatever_the_spelling(
    world: World, switch: str, value: str
) -> None:
    """The whole chain, with a fresh look after it that finds and repeats nothing."""
    world.sandbox.control("PATCH", "switches", {switch: value})
    reseller, outcome = world.run(RESELLER)
    assert outcome.step is Step.DONE
    below = {"parent_remote_id": reseller.remote_id, "has_parent": True}
    customer, outcome = world.run(replace(CUSTOMER, **below))
    assert outcome.step is Step.DONE
    again = replace(CUSTOMER, **below)
    found, outcome = world.run(again)
    assert (outcome.step, found.remote_id) == (Step.DONE, customer.remote_id)
    assert world.names("tenants", "name") == ["Resell Ltd", "Acme"]
    assert world.names("mails", "username") == ["bob.resell", "ann.lee"]


@pytest.mark.parametrize(("switch", "value"), HIDING)
def test_an_account_that_cannot_be_told_for_sure_is_not_created_again(
    world: World, switch: str, value: str
) -> None:
    name = "Müller & the Sons of the Sea"
    customer = replace(CUSTOMER, name=name, email="ann.lee@acme.example")
    if switch == "listing_total":
        world.client.create_account(ROOT_ACCOUNT, **{**ACME, "name": name})
    world.sandbox.control("PATCH", "switches", {switch: value})
    for _time in range(2):
        _snapshot, outcome = world.run(customer)
    assert outcome.error
    assert outcome.error.code == HIDING[switch, value]
    assert len(world.names("tenants", "name")) == 1


ALTERNATIVES = {
    "account_id_field": ("accountId", "accountID"),
    "paging": ("nested", "flat", "none"),
    "unlimited": ("accepted", "400"),
    "contacts": ("object", "list", "missing"),
    "mfa": ("text", "boolean"),
    "error_body": ("documented", "nested"),
}
"""What the documentation leaves open and every answer may do at the same time."""


@pytest.mark.parametrize("values", list(itertools.product(*ALTERNATIVES.values())))
def test_all_documented_alternatives_are_read_whatever_the_others_are(
    world: World, values: tuple[str, ...]
) -> None:
    """A reseller and a customer are created once, found again and linked; what Panda
    refuses is said in its words."""
    switches = dict(zip(ALTERNATIVES, values, strict=True))
    world.sandbox.control("PATCH", "switches", switches)
    reseller, outcome = world.run(RESELLER)
    assert outcome.step is Step.DONE
    below = replace(CUSTOMER, parent_remote_id=reseller.remote_id, has_parent=True)
    customer, outcome = world.run(below)
    assert outcome.step is Step.DONE
    found, outcome = world.run(below)
    if switches["contacts"] == "missing":
        assert outcome.error
        assert outcome.error.code == "name_exists"
    else:
        assert (outcome.step, found.remote_id) == (Step.DONE, customer.remote_id)
    assert world.client.list_operators(customer.remote_id)[0].mfa is False
    with failing(ErrorKind.DATA, "not_found") as caught:
        world.client.get_account("WGC-unknown")
    assert caught.value.detail == "Account was not found."
    assert len(world.names("tenants", "name")) == len(world.names("mails", "to")) == 2


LYING = [
    (total, rows, unlimited)
    for total in ("right", "of_page", "zero", "too_big")
    for rows in ("any", "2")
    for unlimited in ("accepted", "400")
]


@pytest.mark.parametrize("offset", ["obeyed", "ignored"])
@pytest.mark.parametrize(("total", "rows", "unlimited"), LYING)
def test_no_listing_makes_a_second_tenant(
    world: World, total: str, rows: str, unlimited: str, offset: str
) -> None:
    """Five contacts that exist stay five accounts, whatever a listing hides."""
    names = [f"Customer {letter}" for letter in "ABCDE"]
    for name in names:
        world.client.create_account(ROOT_ACCOUNT, **{**ACME, "name": name})
    switches = {"listing_total": total, "most_rows": rows, "unlimited": unlimited}
    world.sandbox.control("PATCH", "switches", {**switches, "offset": offset})
    for number, name in enumerate(names):
        person = {"name": name, "username": f"customer.{number}"}
        _snapshot, outcome = world.run(replace(CUSTOMER, key=number, **person))
        assert outcome.error is None or outcome.error.code in (
            *("inconsistent_listing", "operator_exists", "email_taken"),
        )
    assert sorted(world.names("tenants", "name")) == names


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
    "nested": "Account was not found.",
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
    long = replace(CUSTOMER, name="A" * 65)
    snapshot, outcome = world.run(long)
    assert outcome.error
    assert (outcome.error.kind, outcome.error.code) == (ErrorKind.DATA, "rejected")
    assert (snapshot.step, snapshot.marker_at) == (Step.FIND_ACCOUNT, None)
