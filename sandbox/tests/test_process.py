"""A sandbox in a process of its own: durability, and nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from panda_sandbox.process import FOLDER, SandboxProcess
from support import Api


@pytest.fixture
def own(tmp_path: Path) -> Iterator[SandboxProcess]:
    """A sandbox of the test's own, with a pending time to be killed in."""
    args = ["--pending", "0.3", "--switch", "paging=flat"]
    with SandboxProcess(tmp_path / "own.db", args=args) as process:
        yield process


def logged_in(process: SandboxProcess) -> Api:
    api = Api(process.url)
    api.log_in()
    return api


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_for_end(url: str, seconds: float = 5) -> bool:
    """Whether nobody listens any more; a dead process may linger, its port not."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            requests.get(url, timeout=1)
        except requests.ConnectionError:
            return True
        time.sleep(0.02)
    return False


def test_everything_acknowledged_survives_a_sigkill(own: SandboxProcess) -> None:
    api = logged_in(own)
    ids = [api.create_account(name=f"Customer {n}") for n in range(50)]
    transaction_id = api.create_operator(ids[0])
    url, state = own.url, own.control("GET", "state")
    own.kill()
    own.start()
    assert own.url == url
    after = own.control("GET", "state")
    assert [row["accountId"] for row in after["tenants"]] == ids
    assert after["tenants"] == state["tenants"]
    api.log_in()
    assert api.ended_transaction(transaction_id)["status"] == "SUCCESS"
    assert len(own.control("GET", "outbox")) == 1


def test_restart_keeps_port_and_arguments_and_ends_tokens(own: SandboxProcess) -> None:
    api = logged_in(own)
    account_id = api.create_account()
    url, pid = own.url, own.pid
    own.restart()
    assert (own.url, own.pid == pid) == (url, False)
    assert own.control("GET", "switches")["paging"] == "flat"
    assert api.get_account(account_id).status_code == 401
    api.log_in()
    assert api.get_account(account_id).status_code == 200


def test_stop_is_quick_even_while_a_request_waits(own: SandboxProcess) -> None:
    own.control("POST", "faults", {"fault": "timeout"})
    api = logged_in(own)
    with pytest.raises(requests.ReadTimeout):
        api.session.get(own.url + "/rest/x", timeout=0.1)
    pid, started = own.pid, time.monotonic()
    own.stop()
    assert time.monotonic() - started < 3
    assert not is_alive(pid)


def test_stopped_sandbox_says_so(tmp_path: Path) -> None:
    process = SandboxProcess(tmp_path / "own.db")
    process.stop()
    with pytest.raises(RuntimeError, match="does not run"):
        process.control("GET", "state")
    with pytest.raises(RuntimeError, match="does not run"):
        _ = process.pid


def test_running_sandbox_is_not_started_twice(own: SandboxProcess) -> None:
    with pytest.raises(RuntimeError, match="runs already"):
        own.start()


def test_failed_start_is_reported(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    process = SandboxProcess(tmp_path / "own.db", args=["--switch", "nonsense=1"])
    with pytest.raises(RuntimeError, match="did not start"):
        process.start()
    assert "unknown switch 'nonsense'" in capfd.readouterr().err


@pytest.mark.parametrize("ending", ["pass", "os.kill(os.getpid(), signal.SIGKILL)"])
def test_no_sandbox_outlives_its_parent(tmp_path: Path, ending: str) -> None:
    program = f"""
        import os, signal
        from panda_sandbox.process import SandboxProcess
        process = SandboxProcess({str(tmp_path / "own.db")!r})
        process.start()
        print(process.url, flush=True)
        {ending}
    """
    environment = {**os.environ, "PYTHONPATH": str(FOLDER)}
    output = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    ).stdout
    assert wait_for_end(output.strip())


def test_sigterm_ends_the_server(own: SandboxProcess) -> None:
    os.kill(own.pid, signal.SIGTERM)
    assert wait_for_end(own.url)
