"""Every call of the client, against the sandbox and request by request."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from panda_provisioning.panda_api.client import PandaClient
from panda_provisioning.panda_api.errors import ErrorKind, PandaError
from panda_provisioning.panda_api.responses import (
    Account,
    Child,
    Exchange,
    Operator,
    Transaction,
)
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
    assert children.pages == len(scripted.calls) == (number + 1) // 2 + 1


def test_all_rows_are_asked_for_at_once(
    client: PandaClient, sandbox: SandboxProcess
) -> None:
    """Forty accounts cost one request, though a page has 25 by default, and one that
    finds no more."""
    for index in range(40):
        client.create_account(ROOT_ACCOUNT, **{**ACME, "name": f"Acme {index}"})
    assert len(client.list_children(ROOT_ACCOUNT)) == 40
    assert count(sandbox, path="*/children") == 2


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


CHILDLESS = [{"items": None}, {"items": [1]}, {"items": {}}]


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


@pytest.mark.parametrize(
    "body",
    [
        *(*ODD, b"{}", {"result": ""}, {"result": {}}, {"result": False}),
        {"result": [{"userName": "bob", "accountId": "WGC-2"}]},
    ],
)
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


# === EXACT REQUESTS === #


class ScriptedTransport:
    """Stands in for a Transport: gives the answers in turn, keeps the requests."""

    def __init__(self, *answers: object) -> None:
        self.timeout = 30.0
        self.requests: list[tuple[Any, ...]] = []
        self._answers = list(answers)

    def __repr__(self) -> str:
        return "scripted"

    def request(self, method: str, path: str, *, ends_at: float, **options: Any) -> Any:
        self.requests.append((method, path, options))
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def trace(_exchange: Exchange) -> None:
    """What a client is told to call after each request."""


def asked(call: str, *args: Any, answer: object, **options: Any) -> tuple[Any, Any]:
    """The result of a call of the client, and the one request that it sent.

    The request is without the trace, which has to come along with each.
    """
    transport = ScriptedTransport(answer)
    result = getattr(PandaClient(transport, trace), call)(*args, **options)
    [(method, path, sent)] = transport.requests
    assert sent.pop("trace") is trace
    return result, (method, path, sent)


def test_a_client_is_shown_with_its_transport_and_needs_no_trace() -> None:
    transport = ScriptedTransport({"accountId": "WGC-1"})
    client = PandaClient(transport)
    assert repr(client) == "PandaClient(scripted)"
    client.get_account("WGC-1")
    assert transport.requests[0][2]["trace"] is None


@pytest.mark.parametrize("answer", [{"accountId": "WGC-1"}, {"accountID": "WGC-1"}])
def test_the_request_that_creates_an_account(answer: object) -> None:
    result, request = asked("create_account", "ACC/1", answer=answer, **ACME)
    assert result == "WGC-1"
    payload = {
        "type": 2,
        "name": "Acme",
        "firstName": "Ann",
        "lastName": "Lee",
        "email": "ann@acme.example",
    }
    assert request == ("POST", f"{ACCOUNTS}/ACC%2F1", {"payload": payload})


@pytest.mark.parametrize(
    ("call", "options", "detail"),
    [
        ("create_account", ACME, "no account ID"),
        ("create_operator", ANN, "no transaction ID"),
    ],
)
def test_a_create_without_an_id_says_what_is_missing(
    call: str, options: dict[str, Any], detail: str
) -> None:
    with failing(ErrorKind.UNKNOWN, "unreadable") as caught:
        asked(call, "WGC-1", answer=None, **options)
    assert caught.value.detail == detail


@pytest.mark.parametrize("spelling", ["accountId", "accountID"])
def test_the_request_that_reads_an_account(spelling: str) -> None:
    """The contact comes with it."""
    contact = {"email": "ann@acme.example"}
    answer = {spelling: "WGC-1", "name": "Acme", "type": "2", "contacts": contact}
    account, request = asked("get_account", "WGC-1", answer=answer)
    assert account == Account("WGC-1", "Acme", 2, "ann@acme.example")
    params = {"fields": "contacts"}
    assert request == ("GET", f"{ACCOUNTS}/WGC-1", {"params": params})


@pytest.mark.parametrize("answer", [{}, {"accountId": None}, {"accountId": ""}])
def test_an_account_has_the_id_that_was_asked_for(answer: object) -> None:
    """Whether or not the answer repeats it: without one it might be deleted."""
    assert asked("get_account", "WGC-1", answer=answer)[0].id == "WGC-1"


def test_an_answer_about_another_account_is_not_taken() -> None:
    with failing(ErrorKind.PROTOCOL, "unreadable"):
        asked("get_account", "WGC-1", answer={"accountId": "WGC-2"})


@pytest.mark.parametrize("account_id", ["", ".", ".."])
def test_an_id_that_leads_elsewhere_is_nobodys(account_id: str) -> None:
    """As part of an address it would name another one; nothing is sent."""
    transport = ScriptedTransport()
    client = PandaClient(transport)
    for call in (client.get_account, client.list_children, client.may_write):
        with failing(ErrorKind.DATA, "not_found"):
            call(account_id)
    assert transport.requests == []


CONTACTLESS = [
    *({}, {"contacts": None}, {"contacts": {}}, {"contacts": []}),
    *({"contacts": "ann@acme.example"}, {"contacts": ["x", {}]}, {"contacts": [{}]}),
]


@pytest.mark.parametrize("contact", CONTACTLESS)
def test_an_account_may_have_no_contact_and_no_type(contact: dict[str, Any]) -> None:
    account, _ = asked("get_account", "WGC-1", answer={"accountId": "WGC-1", **contact})
    assert account == Account("WGC-1", "", 0, "")


def test_of_several_contacts_the_first_with_an_address_counts() -> None:
    contacts = [None, {"email": ""}, {"email": "a@a.example"}, {"email": "b@b.example"}]
    account, _ = asked("get_account", "WGC-1", answer={"contacts": contacts})
    assert account.email == "a@a.example"


def test_the_request_that_updates_an_account() -> None:
    """Its answer does not matter."""
    contact = {name: value for name, value in ACME.items() if name != "account_type"}
    result, request = asked("update_account", "WGC/1", answer=["?"], **contact)
    assert result is None
    payload = {
        "name": "Acme",
        "firstName": "Ann",
        "lastName": "Lee",
        "email": "ann@acme.example",
    }
    assert request == ("PATCH", f"{ACCOUNTS}/WGC%2F1", {"payload": payload})


def row(number: int, **changes: object) -> dict[str, object]:
    return {"accountId": f"WGC-{number}", "name": "Acme", "type": 2, **changes}


def listing(*answers: object, name: str = "") -> tuple[list[str], list[Any]]:
    """The IDs of a listing in pages, and the parameters of each request."""
    transport = ScriptedTransport(*answers)
    client = PandaClient(transport, trace)
    children = client.list_children("ACC/1", name=name)
    for method, path, _options in transport.requests:
        assert (method, path) == ("GET", f"{ACCOUNTS}/ACC%2F1/children")
    options = [each for _method, _path, each in transport.requests]
    assert all(each["trace"] is trace for each in options)
    return [child.id for child in children], [each["params"] for each in options]


NO_MORE = {"items": []}


def page_from(offset: int) -> dict[str, str]:
    return {"type": "0", "limit": "-1", "offset": str(offset)}


@pytest.mark.parametrize("total", [{"totalItems": 1}, {"totalItems": "1"}])
@pytest.mark.parametrize("nested", [False, True])
def test_one_page_of_children_is_asked_for_as_a_whole(
    total: dict[str, object], *, nested: bool
) -> None:
    """The total stands in either of two places. That there is no more is asked."""
    paging = {**total, "limit": -1}
    answer = {"items": [row(1)], **({"pageControls": paging} if nested else paging)}
    pages = [page_from(0), page_from(1)]
    assert listing(answer, {"items": []}) == (["WGC-1"], pages)


@pytest.mark.parametrize("limit", [None, 0, 1, "1", 2, -1, 100])
@pytest.mark.parametrize("total", [0, 1, 2])
def test_neither_total_nor_limit_is_a_reason_to_stop(limit: object, total: int) -> None:
    """Some count the rows of the page and repeat the limit that they were asked for,
    whatever they show: eight tenants for five contacts came of it."""
    first = {"items": [row(1)], "totalItems": total, "limit": limit}
    second = {"items": [row(2)], "totalItems": total, "limit": limit}
    ids, params = listing(first, second, {"items": []})
    assert ids == ["WGC-1", "WGC-2"]
    assert len(params) == 3


def test_a_page_that_shows_that_there_is_no_more_does_not_count() -> None:
    """Only between two pages that have rows one may be overlooked."""
    whole = {"items": [row(1)], "totalItems": 1, "limit": -1}
    for last, pages in (({"items": []}, 1), (whole, 2)):
        transport = ScriptedTransport(whole, last)
        assert PandaClient(transport).list_children("ACC-1").pages == pages


def test_a_further_page_that_is_refused_ends_what_seems_whole_only() -> None:
    refused = PandaError(ErrorKind.DATA, "rejected", status=400)
    whole = {"items": [row(1)], "totalItems": 1, "limit": -1}
    assert listing(whole, refused, refused)[0] == ["WGC-1"]
    with failing(ErrorKind.DATA, "rejected"):
        listing({**whole, "totalItems": 2}, refused, refused)


def test_a_row_that_was_deleted_between_two_pages_hides_nobody() -> None:
    """The first of the second page has moved to the first one, and is missed."""
    first = {"items": [row(1), row(2), row(3)], "totalItems": 5, "limit": 3}
    second = {"items": [row(5)], "totalItems": 4, "limit": 3}
    transport = ScriptedTransport(first, second, NO_MORE, first, second, NO_MORE)
    with failing(ErrorKind.OUTAGE, "inconsistent_listing"):
        PandaClient(transport).list_children("ACC-1")


def test_a_listing_ends_while_others_create() -> None:
    """Whatever is new in the second answer was created after the question. There would
    be no end of it while many are created."""
    first = {"items": [row(1), row(2), row(3)], "totalItems": 3, "limit": -1}
    second = {"items": [row(4), row(5)], "totalItems": 5, "limit": -1}
    transport = ScriptedTransport(first, second)
    children = PandaClient(transport).list_children("ACC-1")
    assert [child.id for child in children] == [f"WGC-{n}" for n in range(1, 6)]
    assert (children.pages, children.requests) == (2, 2)


def test_what_others_create_may_stand_anywhere_in_a_listing() -> None:
    """Sorted by name, say: then the second answer repeats rows of the first."""
    first = {"items": [row(1), row(3), row(5)], "totalItems": 3, "limit": -1}
    second = {"items": [row(3), row(5)], "totalItems": 5, "limit": -1}
    ids, params = listing(first, second)
    assert (ids, len(params)) == (["WGC-1", "WGC-3", "WGC-5"], 2)


@pytest.mark.parametrize("total", [2, 4])
def test_pages_of_one_size_are_read_to_the_end(total: int) -> None:
    """Whether a server counts the rows of the page or all that it has shown."""
    first = {"items": [row(1), row(2)], "totalItems": 2, "limit": -1}
    second = {"items": [row(3), row(4)], "totalItems": total, "limit": -1}
    third = {"items": [row(5)], "totalItems": 5, "limit": -1}
    ids, params = listing(first, second, third, NO_MORE)
    assert len(ids) == 5
    assert len(params) == 4


def test_a_listing_of_nobody_costs_one_request() -> None:
    assert listing({"items": [], "totalItems": 0}) == ([], [page_from(0)])


CONTRADICTIONS = {
    "nothing of one": [{"items": [], "totalItems": 1}],
    "the same page for ever": [{"items": [row(1)], "totalItems": 99}] * 2,
    "the same row twice": [
        {"items": [row(1), row(1)], "totalItems": 2, "limit": -1},
        {"items": [], "totalItems": 2},
    ],
    "a total that shrinks": [
        {"items": [row(1)], "totalItems": 2, "limit": 1},
        {"items": [], "totalItems": 1},
    ],
}


@pytest.mark.parametrize("answers", CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_a_listing_that_contradicts_itself_is_no_listing(answers: list[object]) -> None:
    """Whoever is not in it may exist all the same."""
    with failing(ErrorKind.OUTAGE, "inconsistent_listing"):
        listing(*answers, *answers)


@pytest.mark.parametrize("answers", CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_a_listing_during_which_somebody_creates_is_read_again(
    answers: list[object],
) -> None:
    """The second time it makes sense."""
    whole = {"items": [row(1)], "totalItems": 1, "limit": -1}
    ids, _parameters = listing(*answers, whole, NO_MORE)
    assert ids == ["WGC-1"]


def test_both_names_of_an_id_are_listed() -> None:
    """Whichever of them is ours, it is found."""
    rows = [row(1), row(1, name="Other")]
    transport = ScriptedTransport(
        {"items": rows, "totalItems": 1, "limit": -1}, NO_MORE
    )
    children = PandaClient(transport).list_children("ACC-1")
    assert [child.name for child in children] == ["Acme", "Other"]


UNUSABLE = [{"name": "A"}, {"name": "B"}, row(3, accountId=".."), row(4)]


def test_a_listing_with_an_unusable_id_is_read_again() -> None:
    """One answer that was damaged on its way hides nobody."""
    damaged = {"items": UNUSABLE, "totalItems": 4, "limit": -1}
    whole = {"items": [row(n) for n in range(4)], "totalItems": 4, "limit": -1}
    ids, _parameters = listing(damaged, NO_MORE, whole, NO_MORE)
    assert ids == ["WGC-0", "WGC-1", "WGC-2", "WGC-3"]


def test_a_row_without_a_usable_id_hides_nobody() -> None:
    """It keeps its name, and the others can be worked with."""
    damaged = {"items": UNUSABLE, "totalItems": 4, "limit": -1}
    ids, _parameters = listing(damaged, NO_MORE, damaged, NO_MORE)
    assert ids == ["", "", "..", "WGC-4"]


def test_a_limit_that_is_refused_is_left_out() -> None:
    """And the listing read page by page."""
    refused = PandaError(ErrorKind.DATA, "rejected", status=400)
    pages = [{"items": [row(n)], "totalItems": 2, "limit": 1} for n in (1, 2)]
    ids, params = listing(refused, *pages, {"items": [], "totalItems": 2})
    assert ids == ["WGC-1", "WGC-2"]
    without = [{"type": "0", "offset": str(offset)} for offset in (0, 1, 2)]
    assert params == [page_from(0), *without]


def test_whoever_is_refused_without_a_limit_too_is_refused() -> None:
    refused = PandaError(ErrorKind.DATA, "rejected", status=400)
    with failing(ErrorKind.DATA, "rejected"):
        listing(refused, refused)


def test_a_listing_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """In rows, in pages and in time."""

    class Endless(ScriptedTransport):
        def request(self, *_args: object, **options: Any) -> Any:
            self.requests.append(options)
            number = len(self.requests)
            return {"items": [row(number * 10 + n) for n in range(self.rows)]}

    transport = Endless()
    transport.rows = 5
    client = PandaClient(transport)
    monkeypatch.setattr("panda_provisioning.panda_api.client.MOST_CHILDREN", 20)
    with failing(ErrorKind.PROTOCOL, "unreadable"):
        client.list_children("ACC-1")
    assert len(transport.requests) == 5
    monkeypatch.setattr("panda_provisioning.panda_api.client.MOST_PAGES", 2)
    with failing(ErrorKind.PROTOCOL, "unreadable"):
        client.list_children("ACC-1")
    assert len(transport.requests) == 7
    transport.timeout = 0
    with failing(ErrorKind.OUTAGE, "timeout"):
        client.list_children("ACC-1")
    assert len(transport.requests) == 7


READS = {
    "get_account": ("WGC-1",),
    "list_children": ("WGC-1",),
    "list_operators": ("WGC-1",),
    "get_transaction": ("T-1", "ann"),
}
ANSWER = {
    "accountId": "WGC-1",
    "items": [],
    "result": [],
    "transaction_status": [{"status": "SUCCESS"}],
}
SPEAKS_OF_AN_ERROR = {
    "text": {"error": "Down."},
    "object": {"error": {"message": "Down."}},
    "list": {"errors": [{"message": "Down."}]},
    "code": {"code": 500, "message": "Down."},
    "status": {"status": "error", "message": "Down."},
}


@pytest.mark.parametrize("call", READS)
@pytest.mark.parametrize("form", SPEAKS_OF_AN_ERROR)
def test_a_success_that_speaks_of_an_error_says_nothing(
    scripted: ScriptedServer, call: str, form: str
) -> None:
    """Whatever stands beside it, above all an empty listing."""
    scripted.reply = Reply(body={**ANSWER, **SPEAKS_OF_AN_ERROR[form]})
    with (
        connected(scripted.url) as transport,
        failing(ErrorKind.OUTAGE, "inconsistent_listing") as caught,
    ):
        getattr(PandaClient(transport), call)(*READS[call])
    assert caught.value.detail == "Down."


@pytest.mark.parametrize("call", READS)
@pytest.mark.parametrize("status", [201, 202, 203, 206, 207])
def test_a_part_of_an_answer_says_nothing(
    scripted: ScriptedServer, call: str, status: int
) -> None:
    """Above all not that something is not there."""
    scripted.reply = Reply(status, ANSWER)
    with (
        connected(scripted.url) as transport,
        failing(ErrorKind.OUTAGE, "inconsistent_listing") as caught,
    ):
        getattr(PandaClient(transport), call)(*READS[call])
    assert caught.value.detail == f"status {status}"


def test_an_answer_whose_packing_breaks_off_says_nothing(
    scripted: ScriptedServer,
) -> None:
    packed = gzip.compress(json.dumps({**ANSWER, "totalItems": 0}).encode())[:-8]
    scripted.reply = Reply(200, packed, (("Content-Encoding", "gzip"),))
    with (
        connected(scripted.url) as transport,
        failing(ErrorKind.PROTOCOL, "unreadable"),
    ):
        PandaClient(transport).list_children("WGC-1")


@pytest.mark.parametrize(
    "body",
    [
        b'{"items": [{"accountId": "WGC-2", "name": "Acme"}], "items": []}',
        b'{"items": [{"accountId": "WGC-2", "name": "Acme", "name": "Other"}]}',
    ],
)
def test_an_answer_that_gives_one_name_two_values_says_nothing(
    scripted: ScriptedServer, body: bytes
) -> None:
    scripted.reply = Reply(200, body)
    with (
        connected(scripted.url) as transport,
        failing(ErrorKind.PROTOCOL, "unreadable") as caught,
    ):
        PandaClient(transport).list_children("WGC-1")
    assert "two values" in caught.value.detail


def test_the_larger_of_two_totals_counts() -> None:
    """What may be missing is not believed to be."""
    answer = {"items": [], "totalItems": 5, "pageControls": {"totalItems": 0}}
    with failing(ErrorKind.OUTAGE, "inconsistent_listing"):
        listing(answer, answer)


@pytest.mark.parametrize("form", SPEAKS_OF_AN_ERROR)
def test_a_write_whose_success_speaks_of_an_error_has_an_unknown_outcome(
    scripted: ScriptedServer, form: str
) -> None:
    answer = {"accountId": "WGC-2", "transaction_id": "T-1"}
    scripted.reply = Reply(body={**answer, **SPEAKS_OF_AN_ERROR[form]})
    with connected(scripted.url) as transport:
        client = PandaClient(transport)
        with failing(ErrorKind.UNKNOWN, "unreadable"):
            client.create_account("WGC-1", **ACME)
        with failing(ErrorKind.UNKNOWN, "unreadable"):
            client.create_operator("WGC-1", **ANN)


BAD_IDS = [
    *(
        "",
        ".",
        "..",
        "ACC-1",
        "acc-1",
        "a" * 65,
        "W" * 9000,
        "WGC 1",
        "WGC-1\n",
        "../x",
        "-W",
    ),
    *("WGC\0", "WGC-\ud800", "WGC-ä", "W", True, 1.5, {}, [], None),
]


@pytest.mark.parametrize("account_id", BAD_IDS)
def test_an_id_that_cannot_be_one_is_no_answer_to_a_create(account_id: object) -> None:
    """The parent's own is none either. The account may exist: it is looked for."""
    with failing(ErrorKind.UNKNOWN, "unreadable") as caught:
        asked("create_account", "ACC-1", answer={"accountId": account_id}, **ACME)
    assert caught.value.detail == "no account ID"


@pytest.mark.parametrize("transaction_id", ["", "T" * 201, "T 1", "T\0", "\ud800"])
def test_a_transaction_that_cannot_be_one_is_no_answer(transaction_id: str) -> None:
    answer = {"transaction_id": transaction_id}
    with failing(ErrorKind.UNKNOWN, "unreadable"):
        asked("create_operator", "WGC-1", answer=answer, **ANN)


def test_the_name_narrows_every_page() -> None:
    answers = [{"items": [row(1)], "totalItems": 2}, {"items": [row(2)]}]
    _, params = listing(*answers, {"items": []}, name="Acme")
    assert params == [{**page_from(offset), "name": "Acme"} for offset in (0, 1, 2)]


def test_reading_goes_on_behind_all_rows_that_were_read() -> None:
    """Those that come twice count, too."""
    answers = [
        {"items": [row(1), row(2)], "totalItems": 5, "limit": 2},
        {"items": [row(2), row(3)], "totalItems": 5, "limit": 2},
        {"items": [row(4), row(5)], "totalItems": 5, "limit": 3},
    ]
    ids, params = listing(*answers, NO_MORE)
    assert ids == ["WGC-1", "WGC-2", "WGC-3", "WGC-4", "WGC-5"]
    assert params == [page_from(0), page_from(2), page_from(4), page_from(6)]


@pytest.mark.parametrize(
    "total",
    [{}, {"totalItems": None}, {"totalItems": "?"}, {"totalItems": -1}],
)
def test_without_a_total_reading_ends_with_a_page_that_brings_nothing(
    total: dict[str, object],
) -> None:
    answers = [{"items": items, **total} for items in ([row(1)], [row(2)], [row(2)])]
    ids, params = listing(*answers)
    assert ids == ["WGC-1", "WGC-2"]
    assert params == [page_from(0), page_from(1), page_from(2)]


def test_every_spelling_of_a_child_is_read() -> None:
    rows = [
        {"accountId": "WGC-1", "name": "Acme", "type": 2},
        {"accountID": 77, "name": None, "type": "1"},
        {"accountId": "WGC-3", "type": "Subscriber"},
    ]
    answers = [{"items": rows, "totalItems": 3, "limit": -1}, NO_MORE]
    transport = ScriptedTransport(*answers, *answers)
    assert PandaClient(transport).list_children("ACC-1") == [
        Child("WGC-1", "Acme", 2),
        Child("77", "", 1),
        Child("WGC-3", "", 0),
    ]


@pytest.mark.parametrize(
    ("answer", "detail"),
    [
        ({"items": {}}, "a list of JSON objects was expected"),
        ({"items": [row(1), "x"]}, "a list of JSON objects was expected"),
        ({"items": [], "pageControls": [1]}, "a JSON object was expected"),
        ([], "a JSON object was expected"),
    ],
)
def test_a_listing_that_cannot_be_read_says_why(answer: object, detail: str) -> None:
    with failing(ErrorKind.PROTOCOL, "unreadable") as caught:
        listing(answer)
    assert caught.value.detail == detail


def test_the_request_that_creates_an_operator() -> None:
    answer = {"transaction_id": 17}
    result, request = asked("create_operator", "WGC/1", answer=answer, **ANN)
    assert result == "17"
    payload = {
        "username": "ann.lee",
        "accountId": "WGC/1",
        "firstName": "Ann",
        "lastName": "Lee",
        "email": "ann@acme.example",
        "phone": "302101234567",
        "role": "ADMINISTRATOR",
    }
    assert request == ("POST", f"{OPERATORS}/operators", {"payload": payload})


def test_the_request_that_updates_an_operator() -> None:
    """E-mail and role cannot be changed."""
    person = {n: v for n, v in ANN.items() if n not in ("email", "role")}
    answer = {"transaction_id": "T-2"}
    result, request = asked("update_operator", "WGC/1", answer=answer, **person)
    assert result == "T-2"
    payload = {
        "username": "ann.lee",
        "accountId": "WGC/1",
        "firstName": "Ann",
        "lastName": "Lee",
        "phone": "302101234567",
    }
    assert request == ("PATCH", f"{OPERATORS}/operators", {"payload": payload})


def test_the_request_that_lists_operators() -> None:
    """With the spellings of a username and of multi-factor authentication."""
    rows = [
        {"userName": "ann.lee", "email": "ann@acme.example", "mfa": "Enabled"},
        {"username": "bob", "mfa": True},
        {"userName": "carl", "mfa": "Disabled"},
        {"userName": "dora", "mfa": False},
    ]
    operators, request = asked("list_operators", "WGC/1", answer={"result": rows})
    assert operators == [
        Operator("ann.lee", "ann@acme.example", mfa=True),
        Operator("bob", "", mfa=True),
        Operator("carl", "", mfa=False),
        Operator("dora", "", mfa=False),
    ]
    path = f"{OPERATORS}/OperatorsByAccountId"
    assert request == ("GET", path, {"params": {"account_id": "WGC/1"}})


@pytest.mark.parametrize("result", [None, []])
def test_an_account_may_have_no_operators(result: object) -> None:
    operators, _ = asked("list_operators", "WGC-1", answer={"result": result})
    assert operators == []


def test_operators_that_are_not_listed_are_missed() -> None:
    with failing(ErrorKind.PROTOCOL, "unreadable") as caught:
        asked("list_operators", "WGC-1", answer={})
    assert caught.value.detail == "a list of operators was expected"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"username": "ann.lee", "status": "success"}, Transaction("SUCCESS", "")),
        ({"userName": "ann.lee", "status": "Pending"}, Transaction("PENDING", "")),
        (
            {"status": "FAILED", "error": "E", "message": "M"},
            Transaction("FAILED", "E"),
        ),
        ({"status": "FAILED", "message": "M"}, Transaction("FAILED", "M")),
    ],
)
def test_the_request_that_reads_a_transaction(
    answer: dict[str, object], expected: Transaction
) -> None:
    """A single row without a name is the right one."""
    body = {"transaction_status": [answer]}
    transaction, request = asked("get_transaction", "T/1", "ann.lee", answer=body)
    assert transaction == expected
    path = f"{OPERATORS}/TransactionStatus"
    assert request == ("GET", path, {"params": {"transaction_id": "T/1"}})


def test_a_transaction_of_somebody_else_says_nothing() -> None:
    """Believing it would call an account synchronized that has no operator."""
    body = {"transaction_status": [{"username": "carl", "status": "SUCCESS"}]}
    with failing(ErrorKind.PROTOCOL, "unreadable"):
        asked("get_transaction", "T/1", "ann.lee", answer=body)


@pytest.mark.parametrize("spelling", ["username", "userName"])
def test_the_row_of_the_operator_is_read(spelling: str) -> None:
    """In whatever case either of the names is written."""
    rows = [
        {spelling: "bob", "status": "FAILED"},
        {spelling: "ANN.lee", "status": "SUCCESS"},
        {spelling: "carl", "status": "FAILED"},
    ]
    body = {"transaction_status": rows}
    transaction, _ = asked("get_transaction", "T-1", "Ann.LEE", answer=body)
    assert transaction.status == "SUCCESS"
    with failing(ErrorKind.PROTOCOL, "unreadable") as caught:
        asked("get_transaction", "T-1", "dora", answer=body)
    assert caught.value.detail == "the transaction does not name the operator"


# === PROBES === #


def refused(kind: ErrorKind) -> PandaError:
    return PandaError(kind, "code", status=400)


@pytest.mark.parametrize("status", [400, 422])
def test_the_right_to_write_is_asked_for_with_an_empty_account(status: int) -> None:
    answer = PandaError(ErrorKind.DATA, "code", status=status)
    may_write, request = asked("may_write", "ACC/1", answer=answer)
    assert may_write is True
    assert request == ("POST", f"{ACCOUNTS}/ACC%2F1", {"payload": {}})


@pytest.mark.parametrize("kind", ErrorKind)
def test_whether_one_may_write_is_told_by_the_refusal(kind: ErrorKind) -> None:
    """Any other error says nothing about it."""
    error = PandaError(kind, "code", status=404)
    if kind is ErrorKind.PERMISSION:
        assert asked("may_write", "ACC-1", answer=error)[0] is False
        return
    with failing(kind, "code") as caught:
        asked("may_write", "ACC-1", answer=error)
    assert caught.value is error


def test_an_empty_account_is_never_accepted() -> None:
    with failing(ErrorKind.PROTOCOL, "unreadable") as caught:
        asked("may_write", "ACC-1", answer={})
    assert caught.value.detail == "an empty account was accepted"


def test_the_api_key_is_tried_with_a_transaction_that_is_not_there() -> None:
    answer = refused(ErrorKind.DATA)
    accepts, request = asked("accepts_api_key", answer=answer)
    assert accepts is True
    params = {"transaction_id": "00000000-0000-0000-0000-000000000000"}
    assert request == ("GET", f"{OPERATORS}/TransactionStatus", {"params": params})
    assert asked("accepts_api_key", answer={})[0] is True


@pytest.mark.parametrize("kind", ErrorKind)
def test_whether_the_api_key_is_good_is_told_by_the_refusal(kind: ErrorKind) -> None:
    """Any other error says nothing about it."""
    known = {
        ErrorKind.DATA: True,
        ErrorKind.PERMISSION: False,
        ErrorKind.AUTH: False,
    }
    error = refused(kind)
    if kind in known:
        assert asked("accepts_api_key", answer=error)[0] is known[kind]
        return
    with failing(kind, "code") as caught:
        asked("accepts_api_key", answer=error)
    assert caught.value is error
