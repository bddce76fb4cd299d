"""Every call of the client, against the sandbox."""

from __future__ import annotations

import pytest

from panda_provisioning.panda_api.client import PandaClient
from panda_provisioning.panda_api.errors import ErrorKind
from panda_provisioning.panda_api.responses import Account, Child, Exchange, Operator
from panda_provisioning.panda_api.transport import Transport
from panda_sandbox.process import SandboxProcess
from panda_sandbox.settings import ROOT_ACCOUNT

from .support import (
    ACCOUNTS,
    ACME,
    ANN,
    OPERATORS,
    Reply,
    ScriptedServer,
    connected,
    count,
    failing,
)


def test_an_account_that_was_created_can_be_read(client: PandaClient) -> None:
    """What goes in comes out, with the contact's e-mail."""
    account_id = client.create_account(ROOT_ACCOUNT, **ACME)
    account = client.get_account(account_id)
    assert account == Account(account_id, "Acme", 2, "ann@acme.example")


def test_an_update_writes_the_name_and_the_contact(client: PandaClient) -> None:
    """All that an update takes is written."""
    account_id = client.create_account(ROOT_ACCOUNT, **ACME)
    client.update_account(
        account_id, name="Äcme", first_name="A", last_name="L", email="new@acme.example"
    )
    account = client.get_account(account_id)
    assert (account.name, account.email) == ("Äcme", "new@acme.example")


def test_children_are_listed_and_narrowed_by_name(client: PandaClient) -> None:
    """Without a name all are listed, with one those that contain it."""
    acme = client.create_account(ROOT_ACCOUNT, **ACME)
    other = client.create_account(ROOT_ACCOUNT, **{**ACME, "name": "Böhm & Søn + 1"})
    assert {child.id for child in client.list_children(ROOT_ACCOUNT)} == {acme, other}
    found = client.list_children(ROOT_ACCOUNT, name="Böhm & Søn + 1")
    assert found == [Child(other, "Böhm & Søn + 1", 2)]


def test_an_operator_appears_when_its_transaction_succeeds(client: PandaClient) -> None:
    """The create is answered with a transaction, which leads to the operator."""
    account_id = client.create_account(ROOT_ACCOUNT, **ACME)
    transaction_id = client.create_operator(account_id, **ANN)
    assert client.get_transaction(transaction_id, "ann.lee").status == "SUCCESS"
    assert client.list_operators(account_id) == [
        Operator("ann.lee", "ann@acme.example")
    ]


def test_an_operator_is_updated_through_a_transaction(
    client: PandaClient, sandbox: SandboxProcess
) -> None:
    """Names and phone are what may change."""
    account_id = client.create_account(ROOT_ACCOUNT, **ACME)
    client.create_operator(account_id, **ANN)
    transaction_id = client.update_operator(
        account_id,
        username="ann.lee",
        first_name="Anna",
        last_name="Li",
        phone="4912345678",
    )
    assert client.get_transaction(transaction_id, "ann.lee").status == "SUCCESS"
    [operator] = sandbox.control("GET", "state")["operators"]
    assert (operator["firstName"], operator["phone"]) == ("Anna", "4912345678")


def test_a_failed_transaction_says_why(
    client: PandaClient, sandbox: SandboxProcess
) -> None:
    """The vendor's text comes along."""
    account_id = client.create_account(ROOT_ACCOUNT, **ACME)
    rule = {"fault": "transaction_failed", "message": "No more seats."}
    sandbox.control("POST", "faults", rule)
    transaction = client.get_transaction(
        client.create_operator(account_id, **ANN), "ann.lee"
    )
    assert (transaction.status, transaction.error) == ("FAILED", "No more seats.")


def test_a_path_cannot_be_broken_out_of(client: PandaClient) -> None:
    """An account ID is data, whatever letters it is made of."""
    with failing(ErrorKind.DATA, "not_found"):
        client.get_account(f"x/../{ROOT_ACCOUNT}?a=b#c")


def test_every_request_is_traced_with_the_id_that_was_sent(
    sandbox: SandboxProcess, transport: Transport
) -> None:
    """The trace and Panda's own record agree, and no two requests share an id."""
    exchanges: list[Exchange] = []
    client = PandaClient(transport, exchanges.append)
    account_id = client.create_account(ROOT_ACCOUNT, **ACME)
    client.get_account(account_id)
    entries = sandbox.control("GET", "requests?path=/rest/*")
    assert [e["correlation_id"] for e in entries] == [
        e.correlation_id for e in exchanges
    ]
    assert len({e.correlation_id for e in exchanges}) == 2
    created = exchanges[0]
    assert (created.method, created.status) == ("POST", 200)
    assert created.path == f"{ACCOUNTS}/{ROOT_ACCOUNT}"
    assert "Acme" in created.sent
    assert account_id in created.received
    assert 0 < created.duration < 3


def test_a_failed_request_is_traced_with_its_error(
    sandbox: SandboxProcess, transport: Transport
) -> None:
    """No status, but a class and what was sent."""
    exchanges: list[Exchange] = []
    sandbox.control("POST", "faults", {"fault": "lost_answer"})
    with failing(ErrorKind.UNKNOWN, "lost_answer") as caught:
        PandaClient(transport, exchanges.append).create_account(ROOT_ACCOUNT, **ACME)
    [exchange] = exchanges
    assert (exchange.status, exchange.error) == (None, caught.value)


def test_the_right_to_write_is_found_out_without_writing(
    client: PandaClient, sandbox: SandboxProcess
) -> None:
    """The probe creates nothing."""
    assert client.may_write(ROOT_ACCOUNT)
    assert sandbox.control("GET", "state")["tenants"] == []


@pytest.mark.parametrize("answer", [{"transaction_status": []}, {"status": "success"}])
def test_an_api_key_is_good_when_an_unknown_transaction_is_no_error(
    scripted: ScriptedServer, answer: object
) -> None:
    """Whatever Panda says of a transaction that is not there, it let us ask."""
    scripted.reply = Reply(body=answer)
    with connected(scripted.url) as transport:
        assert PandaClient(transport).accepts_api_key()


# === PAGING === #


def pages(rows: list[str], size: int, *, total: bool = True) -> object:
    """A listing in pages of ``size``, however many were asked for."""

    def reply(request: object) -> Reply:
        offset = int(request.path.partition("offset=")[2].partition("&")[0])
        items = [
            {"accountId": each, "name": each, "type": 2}
            for each in rows[offset : offset + size]
        ]
        return Reply(
            body={"items": items, **({"totalItems": len(rows)} if total else {})}
        )

    return reply


@pytest.mark.parametrize("total", [True, False])
@pytest.mark.parametrize("number", [0, 1, 2, 3, 4, 7])
def test_all_pages_are_read_with_and_without_a_total(
    scripted: ScriptedServer, number: int, *, total: bool
) -> None:
    """A server that gives two rows at a time hides nothing."""
    rows = [f"WGC-{index}" for index in range(number)]
    scripted.reply = pages(rows, 2, total=total)
    with connected(scripted.url) as transport:
        children = PandaClient(transport).list_children(ROOT_ACCOUNT)
    assert [child.id for child in children] == rows


def test_a_server_that_ignores_the_offset_is_read_once(
    scripted: ScriptedServer,
) -> None:
    """Rows that come again are no further accounts, and reading ends."""
    items = [{"accountId": "WGC-1", "name": "Acme", "type": 2}]
    scripted.reply = Reply(body={"items": items, "totalItems": 99})
    with connected(scripted.url) as transport:
        children = PandaClient(transport).list_children(ROOT_ACCOUNT)
    assert children == [Child("WGC-1", "Acme", 2)]
    assert len(scripted.calls) == 2


def test_all_rows_are_asked_for_at_once(
    client: PandaClient, sandbox: SandboxProcess
) -> None:
    """Forty accounts cost one request, though a page has 25 by default."""
    for index in range(40):
        client.create_account(ROOT_ACCOUNT, **{**ACME, "name": f"Acme {index}"})
    assert len(client.list_children(ROOT_ACCOUNT)) == 40
    assert count(sandbox, path="*/children") == 1


# === UNREADABLE SUCCESSES === #

ODD = [b"", b"null", b"[]", b"{", b"<html>Welcome</html>", b'"x"', b"[" * 100_000]
NO_ID = [{"accountId": None}, {"accountId": False}, {"accountId": {}}, {"id": "WGC-1"}]


@pytest.mark.parametrize("body", [*ODD, b"{}", *NO_ID])
def test_a_create_without_a_readable_id_has_an_unknown_outcome(
    scripted: ScriptedServer, body: object
) -> None:
    """The account may exist: it must be looked for, not created again."""
    scripted.reply = Reply(body=body)
    with (
        connected(scripted.url) as transport,
        failing(ErrorKind.UNKNOWN, "unreadable"),
    ):
        PandaClient(transport).create_account(ROOT_ACCOUNT, **ACME)


@pytest.mark.parametrize("body", [*ODD, b"{}", {"transaction_id": None}])
def test_an_operator_without_a_readable_transaction_has_an_unknown_outcome(
    scripted: ScriptedServer, body: object
) -> None:
    """The same for operators: there may be one, and a mail on its way."""
    scripted.reply = Reply(body=body)
    with (
        connected(scripted.url) as transport,
        failing(ErrorKind.UNKNOWN, "unreadable"),
    ):
        PandaClient(transport).create_operator("WGC-1", **ANN)


CHILDLESS = [{"items": None}, {"items": [1]}, {"items": [{"name": "Acme"}]}]


@pytest.mark.parametrize("body", [*ODD, b"{}", *CHILDLESS])
def test_a_listing_that_cannot_be_read_is_never_an_empty_one(
    scripted: ScriptedServer, body: object
) -> None:
    """Believing that there is nobody would lead to a second tenant."""
    scripted.reply = Reply(body=body)
    with (
        connected(scripted.url) as transport,
        failing(ErrorKind.PROTOCOL, "unreadable"),
    ):
        PandaClient(transport).list_children(ROOT_ACCOUNT)


@pytest.mark.parametrize("body", [*ODD, b"{}", {"status": "error", "message": "Busy"}])
def test_operators_that_cannot_be_read_are_never_none(
    scripted: ScriptedServer, body: object
) -> None:
    """Believing that there is nobody would lead to a second operator."""
    scripted.reply = Reply(body=body)
    with (
        connected(scripted.url) as transport,
        failing(ErrorKind.PROTOCOL, "unreadable"),
    ):
        PandaClient(transport).list_operators("WGC-1")


def test_a_transaction_of_several_operators_is_read_for_the_right_one(
    scripted: ScriptedServer,
) -> None:
    """Case does not count; the row of somebody else does not either."""
    rows = [
        {"username": "Bob", "status": "FAILED"},
        {"username": "Ann.Lee", "status": "success"},
    ]
    scripted.reply = Reply(body={"transaction_status": rows})
    with connected(scripted.url) as transport:
        client = PandaClient(transport)
        assert client.get_transaction("1", "ann.lee").status == "SUCCESS"
        with failing(ErrorKind.PROTOCOL, "unreadable"):
            client.get_transaction("1", "carl")
    assert scripted.calls[0].path.startswith(f"{OPERATORS}/TransactionStatus")
