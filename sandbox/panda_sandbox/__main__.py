"""The command line: ``python -m panda_sandbox``."""

from __future__ import annotations

import argparse
import json
import sqlite3
from collections.abc import Sequence

from .app import create_app
from .faults import FAULTS, FaultRule, rules_from_text
from .sandbox import Sandbox
from .server import listen, serve
from .settings import Settings
from .switches import TABLE, Switches


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the sandbox until it is told to stop."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        app = create_app(_sandbox(options))
        listener = listen(options.host, options.port)
    except ValueError as error:
        parser.error(str(error))
    except (OSError, sqlite3.Error) as error:
        parser.exit(1, f"{parser.prog}: {error}\n")
    serve(app, listener, until_stdin_closes=options.until_stdin_closes)


def _sandbox(options: argparse.Namespace) -> Sandbox:
    switches = dict(each.partition("=")[::2] for each in options.switch)
    Switches(switches)
    rules = [FaultRule.model_validate_json(each) for each in options.fault_rule]
    settings = Settings(
        latency_ms=options.latency,
        pending_seconds=options.pending,
        token_seconds=options.token_life,
    ).changed({"quota": options.quota})
    return Sandbox(
        options.db,
        settings,
        switches,
        [*rules, *rules_from_text(options.faults)],
        options.seed,
    )


def _parser() -> argparse.ArgumentParser:
    defaults = Settings()
    parser = argparse.ArgumentParser(
        prog="python -m panda_sandbox",
        description="A local stand-in for the WatchGuard Cloud provisioning API.",
        epilog=f"Faults: {', '.join(FAULTS)}. "
        f"Switches: {', '.join(switch.name for switch in TABLE)}.",
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1")
    add("--port", type=int, default=8470, help="0 takes a free one")
    add("--db", default="panda_sandbox.db", metavar="FILE", help="SQLite file")
    add(
        "--latency",
        type=float,
        default=defaults.latency_ms,
        metavar="MS",
        help="delay of every answer",
    )
    add(
        "--pending",
        type=float,
        default=defaults.pending_seconds,
        metavar="SECONDS",
        help="how long an operator transaction stays PENDING",
    )
    add(
        "--token-life",
        type=int,
        default=defaults.token_seconds,
        metavar="SECONDS",
        help="how long a token is good",
    )
    add(
        "--quota",
        type=json.loads,
        metavar="JSON",
        help='e.g. {"kind": "bucket", "rate": 20, "burst": 20, "retry_after": false} '
        'or {"kind": "window", "requests": 200, "seconds": 10}',
    )
    add(
        "--faults",
        default="",
        metavar="RATES",
        help="e.g. lost_answer=0.02,throttled=0.05:retry_after=2",
    )
    add(
        "--fault-rule",
        action="append",
        default=[],
        metavar="JSON",
        help='e.g. {"fault": "slow", "path": "*/children", "times": 1}',
    )
    add("--seed", type=int, default=0, help="makes the faults' chance repeatable")
    add(
        "--switch",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="another reading of what is undocumented",
    )
    add("--until-stdin-closes", action="store_true", help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    main()
