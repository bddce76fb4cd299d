"""What people look at: the outbox and the documentation."""

from __future__ import annotations

import re

import pytest
import requests

from panda_sandbox.process import SandboxProcess
from support import Api

LOADED = re.compile(
    r"""<(?:link|script|img|iframe)\b[^>]*?(?:href|src)=["']?([^"'>\s]+)"""
)


def page(url: str, status: int = 200) -> str:
    response = requests.get(url)
    assert response.status_code == status
    assert response.headers["Content-Type"].startswith("text/html")
    return response.text


def test_empty_outbox_says_what_it_is(sandbox: SandboxProcess) -> None:
    text = page(f"{sandbox.url}/outbox")
    assert "No mail yet" in text
    assert "This is a sandbox" in text


def test_outbox_shows_mails_newest_first(sandbox: SandboxProcess, api: Api) -> None:
    account_id = api.create_account(name="Ωμέγα <b>")
    api.create_operator(account_id)
    assert "1 mail." in page(f"{sandbox.url}/outbox")
    api.create_operator(account_id, username="second", email="b+x@b.example")
    text = page(f"{sandbox.url}/outbox")
    assert "2 mails, newest first" in text
    assert text.index("b+x@b.example") < text.index("ann@acme.example")
    assert "Ωμέγα &lt;b&gt;" in text


def test_outbox_is_for_light_and_dark_and_phones(sandbox: SandboxProcess) -> None:
    text = page(f"{sandbox.url}/outbox")
    assert "prefers-color-scheme: dark" in text
    assert "width=device-width" in text


def test_link_in_the_mail_leads_somewhere(sandbox: SandboxProcess, api: Api) -> None:
    api.create_operator(api.create_account())
    [mail] = sandbox.control("GET", "outbox")
    assert "Welcome, ann.lee" in page(mail["link"])
    assert mail["link"].removeprefix(sandbox.url) in page(f"{sandbox.url}/outbox")


def test_unknown_link_is_not_found(sandbox: SandboxProcess) -> None:
    assert "Unknown link" in page(f"{sandbox.url}/activate/nonsense", 404)


@pytest.mark.parametrize(("path", "count"), [("/outbox", 0), ("/docs", 3)])
def test_pages_load_nothing_from_elsewhere(
    sandbox: SandboxProcess, path: str, count: int
) -> None:
    loaded = LOADED.findall(page(sandbox.url + path))
    assert len(loaded) == count
    for address in loaded:
        assert address.startswith("/")
        requests.get(sandbox.url + address).raise_for_status()


def test_openapi_names_every_call_of_the_api(sandbox: SandboxProcess) -> None:
    schema = requests.get(f"{sandbox.url}/openapi.json").json()
    calls = {
        f"{method.upper()} {path}"
        for path, item in schema["paths"].items()
        for method in item
        if not path.startswith("/_control")
    }
    account = "/rest/platform/accounts/v1/accounts/{account_id}"
    operators = "/rest/platform/operator-mgmt/v1"
    assert calls == {
        "POST /oauth/token",
        f"POST {account}",
        f"GET {account}",
        f"PATCH {account}",
        f"DELETE {account}",
        f"GET {account}/children",
        "POST /rest/platform/authorization/v1/audiences",
        f"POST {operators}/operators",
        f"PATCH {operators}/operators",
        f"POST {operators}/DeleteOperators",
        f"GET {operators}/TransactionStatus",
        f"GET {operators}/OperatorsByAccountId",
    }


def test_openapi_tells_bodies_and_credentials(sandbox: SandboxProcess) -> None:
    schema = requests.get(f"{sandbox.url}/openapi.json").json()
    create = schema["paths"]["/rest/platform/accounts/v1/accounts/{account_id}"]["post"]
    assert "NewAccount" in str(create["requestBody"])
    assert "CreatedAccount" in str(create["responses"]["200"])
    assert "422" not in create["responses"]
    schemes = schema["components"]["securitySchemes"]
    used = {name for each in create["security"] for name in each}
    assert {schemes[name]["type"] for name in used} == {"apiKey", "http"}
    token = schema["paths"]["/oauth/token"]["post"]
    assert list(token["requestBody"]["content"]) == [
        "application/x-www-form-urlencoded"
    ]
    [used] = {name for each in token["security"] for name in each}
    assert schemes[used] == {"type": "http", "scheme": "basic"}
