"""One server for the whole run, reset for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from panda_sandbox.process import SandboxProcess
from panda_sandbox.settings import READ_ONLY_ID
from support import Api


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    path = tmp_path_factory.mktemp("sandbox") / "sandbox.db"
    with SandboxProcess(path, args=["--pending", "0"]) as process:
        yield process


@pytest.fixture
def sandbox(server: SandboxProcess) -> SandboxProcess:
    server.control("POST", "reset")
    return server


@pytest.fixture
def api(sandbox: SandboxProcess) -> Api:
    client = Api(sandbox.url)
    client.log_in()
    return client


@pytest.fixture
def reader(sandbox: SandboxProcess) -> Api:
    client = Api(sandbox.url, READ_ONLY_ID)
    client.log_in()
    return client
