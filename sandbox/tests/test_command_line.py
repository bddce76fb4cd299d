"""``python -m panda_sandbox`` as a person starts it."""

from __future__ import annotations

from pathlib import Path

import pytest

from panda_sandbox.__main__ import main
from panda_sandbox.faults import FAULTS
from panda_sandbox.process import SandboxProcess
from panda_sandbox.switches import TABLE


def test_arguments_reach_the_sandbox_and_survive_a_reset(tmp_path: Path) -> None:
    arguments = [
        *("--latency", "2", "--pending", "0.1", "--token-life", "60"),
        *("--quota", '{"kind": "window", "requests": 9, "seconds": 10}'),
        *("--faults", "slow=0.1:seconds=3,throttled=0.2:retry_after=none"),
        *("--fault-rule", '{"fault": "truncated", "times": 1}'),
        *("--switch", "paging=flat", "--switch", "created_status=201"),
        *("--seed", "5"),
    ]
    with SandboxProcess(tmp_path / "own.db", args=arguments) as process:
        process.control("DELETE", "faults")
        process.control("POST", "reset")
        settings = process.control("GET", "settings")
        switches = process.control("GET", "switches")
        rules = process.control("GET", "faults")["rules"]
    quota = {"kind": "window", "requests": 9, "seconds": 10, "retry_after": True}
    delays = {"latency_ms": 2, "pending_seconds": 0.1, "token_seconds": 60}
    assert settings == {**delays, "quota": quota}
    assert (switches["paging"], switches["created_status"]) == ("flat", "201")
    assert [rule["fault"] for rule in rules] == ["truncated", "slow", "throttled"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--switch", "paging=sideways"], "switch paging is one of nested, flat"),
        (["--switch", "paging"], "switch paging is one of"),
        (["--faults", "earthquake=0.1"], "lost_answer"),
        (["--faults", "slow=often"], "rate"),
        (["--fault-rule", "{"], "JSON"),
        (["--latency", "-1"], "latency_ms"),
        (["--quota", "much"], "--quota"),
        (["--quota", '{"kind": "bucket", "rate": 20}'], "quota.bucket.burst"),
    ],
)
def test_bad_arguments_are_explained(
    capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    with pytest.raises(SystemExit) as ending:
        main(arguments)
    assert ending.value.code == 2
    assert words in capsys.readouterr().err


def test_port_in_use_is_explained(
    sandbox: SandboxProcess, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ending:
        main(["--port", str(sandbox.port), "--db", str(tmp_path / "own.db")])
    assert ending.value.code == 1
    assert "in use" in capsys.readouterr().err


def test_database_that_cannot_be_opened_is_explained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ending:
        main(["--db", str(tmp_path)])
    assert ending.value.code == 1
    assert "unable to open" in capsys.readouterr().err


def test_help_names_all_faults_and_switches(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    words = capsys.readouterr().out.replace("\n", " ")
    assert [name for name in FAULTS if name not in words] == []
    assert [switch.name for switch in TABLE if switch.name not in words] == []
