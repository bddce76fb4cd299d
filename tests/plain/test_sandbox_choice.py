"""A sandbox on this machine or beside it is asked for its connection, nobody else."""

from __future__ import annotations

import pytest

from panda_provisioning.panda_api.sandbox import ask_sandbox, local_url, sandbox_url
from panda_sandbox.process import SandboxProcess
from panda_sandbox.settings import ROOT_ACCOUNT

from .support import GOOD, Reply, ScriptedServer


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("http://127.0.0.1:8470", "http://127.0.0.1:8470"),
        (" http://localhost:8470/docs ", "http://localhost:8470"),
        ("http://[::1]:8470/", "http://[::1]:8470"),
        ("http://me:secret@127.0.0.1", "http://127.0.0.1:80"),
        ("https://127.0.0.1:8470", None),
        ("http://169.254.169.254/", None),
        ("http://sandbox:8470", None),
        ("http://127.0.0.1.example.com", None),
        ("http://127.0.0.1@example.com", None),
        ("http://[::1", None),
        ("http://127.0.0.1:port", None),
        ("file:///etc/passwd", None),
        ("", None),
    ],
)
def test_only_addresses_of_this_machine(text: str, url: str | None) -> None:
    assert local_url(text) == url


@pytest.mark.parametrize(
    ("text", "url"),
    [
        (" http://Sandbox:8470/docs", "http://sandbox:8470"),
        ("http://panda_sandbox-2", "http://panda_sandbox-2:80"),
        ("http://127.0.0.1:8470", "http://127.0.0.1:8470"),
        ("https://sandbox:8470", None),
        ("http://sandbox.example.com", None),
        ("http://sandbox.", None),
        # Other spellings of 169.254.169.254.
        ("http://2852039166/", None),
        ("http://0xa9fea9fe/", None),
        ("http://[fe80::1]/", None),
        ("http://sandbox@example.com", None),
        ("http://sandbox:port", None),
    ],
)
def test_or_of_a_name_without_a_dot(text: str, url: str | None) -> None:
    assert sandbox_url(text) == url


def test_sandbox_tells_its_connection(sandbox: SandboxProcess) -> None:
    connection = ask_sandbox(sandbox.url)
    assert connection
    assert connection.root_account_id == ROOT_ACCOUNT
    assert connection.credentials == GOOD


def test_nothing_listens() -> None:
    assert ask_sandbox("http://127.0.0.1:9") is None


@pytest.mark.parametrize("body", [b"", b"<html>", [], None, {"accessId": "x"}])
def test_something_else_listens(scripted: ScriptedServer, body: object) -> None:
    scripted.reply = Reply(body=body)
    assert ask_sandbox(scripted.url) is None
