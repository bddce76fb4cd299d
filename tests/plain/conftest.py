"""One sandbox for all tests, reset for each; servers of their own for odd answers."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from panda_provisioning.core.snapshot import Timing
from panda_provisioning.panda_api.client import PandaClient
from panda_provisioning.panda_api.transport import Transport
from panda_sandbox.process import SandboxProcess

from .raw_server import RawServer
from .support import ScriptedServer, World, connected

COMMON = {
    "deadline": None,
    "database": None,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.filter_too_much],
}
settings.register_profile("quick", derandomize=True, **COMMON)
settings.register_profile("thorough", max_examples=5000, **COMMON)
settings.load_profile(os.environ.get("PANDA_PROFILE", "quick"))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    path = tmp_path_factory.mktemp("sandbox") / "panda.db"
    with SandboxProcess(path, args=["--pending", "0"]) as process:
        yield process


@pytest.fixture
def sandbox(server: SandboxProcess) -> SandboxProcess:
    server.control("POST", "reset")
    return server


@pytest.fixture
def transport(sandbox: SandboxProcess) -> Iterator[Transport]:
    with connected(sandbox.url) as transport:
        yield transport


@pytest.fixture
def client(transport: Transport) -> PandaClient:
    return PandaClient(transport)


@pytest.fixture
def world(sandbox: SandboxProcess, transport: Transport) -> World:
    return World(sandbox, transport, Timing(time.time, search_delay=0))


@pytest.fixture
def scripted() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def raw() -> Iterator[RawServer]:
    with RawServer() as server:
        yield server
