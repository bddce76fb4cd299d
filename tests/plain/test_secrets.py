"""Canaries: password, API key and token appear nowhere but on the wire."""

from __future__ import annotations

import base64
import html
import json
import logging
import pickle
import time
import traceback
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import FrozenInstanceError
from urllib.parse import quote, quote_plus

import pytest

from panda_provisioning.panda_api.client import PandaClient
from panda_provisioning.panda_api.credentials import Credentials
from panda_provisioning.panda_api.errors import PandaError
from panda_provisioning.panda_api.responses import Exchange
from panda_provisioning.panda_api.scrubbing import scrub
from panda_provisioning.panda_api.transport import Transport

from .support import ACME, Reply, Request, ScriptedServer, connected

PASSWORD, API_KEY, TOKEN = 'Pass"canäry\\1', "key-canary-2", "token-canary-3"
CANARIES = (
    *(PASSWORD, API_KEY, TOKEN, "canary"),
    *(r"Pass\"can\u00e4ry\\1", base64.b64encode(f"id:{PASSWORD}".encode()).decode()),
)
CREDENTIALS = Credentials("id", PASSWORD, API_KEY)


def assert_no_canary(*texts: object) -> None:
    """None of the secrets, in any form, is in any of the texts."""
    for text in texts:
        for canary in CANARIES:
            assert canary not in str(text)


def echo(status: int) -> object:
    """An answer that quotes everything that was sent, as error pages do."""

    def reply(request: Request) -> Reply:
        said = {"message": str(request.headers), "details": [PASSWORD, API_KEY]}
        return Reply(status, {**said, "error": f"{PASSWORD} {API_KEY} {TOKEN}"})

    return reply


@pytest.fixture
def parrot(scripted: ScriptedServer) -> ScriptedServer:
    """A server that gives the token out and then quotes all it gets."""
    scripted.token = Reply(body={"access_token": TOKEN})
    return scripted


@pytest.fixture
def transport(parrot: ScriptedServer) -> Iterator[Transport]:
    with connected(parrot.url, CREDENTIALS) as transport:
        yield transport


def test_no_object_shows_a_secret(transport: Transport) -> None:
    """In a log, a debugger or an error report."""
    transport.authenticate()
    client = PandaClient(transport)
    assert_no_canary(repr(CREDENTIALS), repr(transport), repr(client))
    assert "id" in repr(CREDENTIALS)


@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 409, 429, 500])
def test_an_answer_that_quotes_secrets_is_scrubbed(
    parrot: ScriptedServer,
    transport: Transport,
    caplog: pytest.LogCaptureFixture,
    status: int,
) -> None:
    """In the error, its traceback, the trace and every library's debug log."""
    caplog.set_level(logging.DEBUG)
    parrot.reply = echo(status)
    exchanges: list[Exchange] = []
    with pytest.raises(PandaError) as caught:
        PandaClient(transport, exchanges.append).create_account("WGC-1", **ACME)
    error = caught.value
    assert_no_canary(error, repr(error), error.detail)
    assert_no_canary(*traceback.format_exception(error))
    for exchange in exchanges:
        assert_no_canary(exchange, exchange.sent, exchange.received, exchange.error)
        assert "***" in exchange.received
    assert "urllib3" in {record.name.partition(".")[0] for record in caplog.records}
    assert_no_canary(caplog.text)


@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 429, 500])
def test_a_token_request_that_is_quoted_is_scrubbed(
    parrot: ScriptedServer,
    transport: Transport,
    caplog: pytest.LogCaptureFixture,
    status: int,
) -> None:
    """The password and its encoded form come back in the error page."""
    caplog.set_level(logging.DEBUG)
    said = {"error": f"{PASSWORD} {CANARIES[-1]}", "error_description": API_KEY}
    parrot.token = Reply(status, said)
    with pytest.raises(PandaError) as caught:
        transport.authenticate()
    assert_no_canary(caught.value, *traceback.format_exception(caught.value))
    assert_no_canary(caplog.text)


def test_half_of_an_answer_with_a_token_is_not_quoted(
    parrot: ScriptedServer, transport: Transport
) -> None:
    """It cannot be read, but it can be copied."""
    parrot.token = Reply(200, b'{"access_token": "%b", "expi' % TOKEN.encode())
    with pytest.raises(PandaError) as caught:
        transport.authenticate()
    assert caught.value.code == "unreadable"
    assert_no_canary(caught.value, *traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1", "http://[::1", "http://a..b", "nope"]
)
def test_a_request_that_fails_does_not_quote_its_headers(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Not even in the exceptions that lie below ours."""
    caplog.set_level(logging.DEBUG)
    with (
        connected(url, CREDENTIALS) as transport,
        pytest.raises(PandaError) as caught,
    ):
        transport.authenticate()
    assert_no_canary(*traceback.format_exception(caught.value), caplog.text)


@pytest.mark.parametrize("end", ["\nX: y", "\n y", "\r", "\x1b"])
def test_a_token_that_no_header_can_hold_is_not_quoted(
    parrot: ScriptedServer,
    transport: Transport,
    caplog: pytest.LogCaptureFixture,
    end: str,
) -> None:
    """Python's own complaint about a header says its value."""
    caplog.set_level(logging.DEBUG)
    parrot.token = Reply(body={"access_token": f"{TOKEN}{end}"})
    with pytest.raises(PandaError) as caught:
        PandaClient(transport).get_account("WGC-1")
    assert_no_canary(*traceback.format_exception(caught.value), caplog.text)
    assert parrot.calls == []


def test_what_was_sent_is_shown_without_secrets(
    parrot: ScriptedServer, transport: Transport
) -> None:
    """Should somebody paste the password into the name of a contact."""
    exchanges: list[Exchange] = []
    parrot.reply = Reply(body={"accountId": "WGC-2"})
    client = PandaClient(transport, exchanges.append)
    client.create_account("WGC-1", **{**ACME, "name": f"{PASSWORD} {API_KEY}"})
    assert_no_canary(exchanges[0].sent, exchanges[0].received)
    assert "*** ***" in exchanges[0].sent


def test_a_trace_is_cut_after_scrubbing(
    parrot: ScriptedServer, transport: Transport
) -> None:
    """Half a secret at the end would be half a secret."""
    exchanges: list[Exchange] = []
    parrot.reply = Reply(400, b'"' + b"x" * 1994 + API_KEY.encode() + b'"')
    with pytest.raises(PandaError):
        PandaClient(transport, exchanges.append).get_account("WGC-1")
    assert exchanges[0].received == '"' + "x" * 1994 + '***"'


def test_an_error_can_be_copied_and_stored(parrot: ScriptedServer) -> None:
    """With all that it knows, and still without secrets."""
    parrot.token = Reply(429, {"message": PASSWORD}, (("Retry-After", "3"),))
    with (
        connected(parrot.url, CREDENTIALS) as transport,
        pytest.raises(PandaError) as caught,
    ):
        transport.authenticate()
    again = pickle.loads(pickle.dumps(caught.value))
    assert vars(again) == vars(caught.value)
    assert (again.detail, again.retry_after) == ("***", 3)


# === SCRUBBING === #


def test_credentials_show_the_access_id_alone() -> None:
    assert repr(CREDENTIALS) == "Credentials(access_id='id')"


def test_credentials_do_not_change() -> None:
    """A transport has asked for its token with them."""
    with pytest.raises(FrozenInstanceError):
        CREDENTIALS.password = "other"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("text", "scrubbed"),
    [
        ("a p w b", "a *** b"),
        ("a pw b", "a *** b"),
        ("key and key", "*** and ***"),
        ("[aWQ6cCB3]", "[***]"),
        ("id is shown", "id is shown"),
        ('t"1\\ and t\\"1\\\\', "*** and ***"),
        ("other", "***"),
    ],
)
def test_every_form_of_a_secret_is_replaced(text: str, scrubbed: str) -> None:
    """As it is, in JSON, without white space, and the pair as it is sent."""
    credentials = Credentials("id", "p w", "key")
    assert credentials.scrub(text, 't"1\\', "other") == scrubbed


def test_a_secret_that_is_empty_hides_nothing() -> None:
    """A system may have no API key yet."""
    assert Credentials("id", "", "").scrub("plain", "") == "plain"


def escaped(secret: str, form: str) -> str:
    """Every letter of ``secret`` as a number in a text."""
    return "".join(form.format(ord(letter)) for letter in secret)


ENCODINGS: dict[str, Callable[[str], str]] = {
    "HTML": html.escape,
    "HTML, decimal": lambda s: escaped(s, "&#{};"),
    "HTML, hexadecimal": lambda s: escaped(s, "&#X{:04X};"),
    "HTML twice": lambda s: html.escape(html.escape(s)),
    "JSON": lambda s: json.dumps(s)[1:-1],
    "JSON in UTF-8": lambda s: json.dumps(s, ensure_ascii=False)[1:-1],
    "JSON in JSON": lambda s: json.dumps(json.dumps(s)[1:-1])[1:-1],
    "JSON, all escaped": lambda s: escaped(s, "\\u{:04x}"),
    "URL": quote,
    "URL, a form": quote_plus,
    "URL twice": lambda s: quote(quote(s, safe=""), safe=""),
    "URL, all escaped": lambda s: "".join(f"%{b:02x}" for b in s.encode()),
    "URL in HTML in JSON": lambda s: json.dumps(html.escape(quote(s))),
    "base 64": lambda s: base64.b64encode(s.encode()).decode(),
    "base 64, within": lambda s: base64.b64encode(f"user:{s}!".encode()).decode(),
    "base 64, elsewhere": lambda s: base64.b64encode(f"a:{s}".encode()).decode(),
    "base 64 of addresses": lambda s: base64.urlsafe_b64encode(s.encode()).decode(),
    "base 64 in a URL": lambda s: quote(base64.b64encode(s.encode()).decode(), safe=""),
    "hexadecimal": lambda s: s.encode().hex(),
    "bytes of Python": lambda s: repr(s.encode())[2:-1],
    "octal": lambda s: "".join(f"\\{b:03o}" for b in s.encode()),
    "mojibake": lambda s: s.encode().decode("latin-1"),
    "mojibake of Windows": lambda s: s.encode().decode("cp1252", "replace"),
    "mojibake twice": lambda s: s.encode().decode("latin-1").encode().decode("latin-1"),
    "mojibake in HTML": lambda s: html.escape(s.encode().decode("latin-1")),
    "mojibake in JSON": lambda s: json.dumps(s.encode().decode("latin-1")),
    "Latin-1 as UTF-8": lambda s: s.encode("latin-1", "ignore").decode(
        "utf-8", "replace"
    ),
    "decomposed": lambda s: unicodedata.normalize("NFD", s),
    "upper case": str.upper,
}
SECRETS = ("Pass\"w&rd <'ä\\é+/1", "key-canary-2/3+4", "p\u00e4sswort\u20ac %41")


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_secret_is_hidden_however_it_is_encoded(encoding: str, secret: str) -> None:
    """With nothing left of it, and nothing else taken away."""
    encoded = ENCODINGS[encoding](secret)
    if "\u20ac" in secret and encoding == "Latin-1 as UTF-8":
        return  # it has no such letter
    scrubbed = scrub(f"before <{encoded}> after", [secret])
    assert scrubbed.replace('"', "") == "before <***> after"


@pytest.mark.parametrize(
    ("text", "secrets", "scrubbed"),
    [
        ("xabcdef", ["abc", "xabcdef"], "***"),
        ("abcdef", ["abcd", "cdef"], "***"),
        ("abcdef", ["cdef", "abcd"], "***"),
        ("aXabcb", ["abc", "Xa"], "a***b"),
        ("aaaa", ["aaa"], "***"),
        ("abcabc", ["abc"], "******"),
    ],
)
def test_nothing_is_left_of_a_secret_within_another(
    text: str, secrets: list[str], scrubbed: str
) -> None:
    """Whichever comes first: both are looked for in the text as it was."""
    assert scrub(text, secrets) == scrubbed


@pytest.mark.parametrize(
    "text", ["\\" * 32_000, "%25" * 10_000, "&amp;" * 6_000, "&#" + "0" * 32_000]
)
def test_a_text_that_is_hard_to_decode_takes_no_time(text: str) -> None:
    """Though the server knows the token, and so what is looked for."""
    started = time.monotonic()
    scrub(text, ["key-canary-2", "t0ken" * 3000])
    assert time.monotonic() - started < 1


@pytest.mark.parametrize("status", [200, 403, 500])
@pytest.mark.parametrize("kind", ["text/html", "text/plain", "application/json"])
def test_a_body_that_is_not_json_is_not_stored(
    scripted: ScriptedServer, status: int, kind: str
) -> None:
    """A debugging page may show anything, in any encoding; size and type will do."""
    content = b"<html>Internal: key=canary; person=Ann</html>"
    scripted.reply = Reply(status, content, (("Content-Type", kind),))
    exchanges: list[Exchange] = []
    with connected(scripted.url) as transport, pytest.raises(PandaError) as caught:
        PandaClient(transport, exchanges.append).get_account("WGC-1")
    what = f"an answer that is not JSON ({kind}, {len(content)} bytes)"
    assert exchanges[0].received == caught.value.detail == what
