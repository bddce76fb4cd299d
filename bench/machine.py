"""The lines at the top: on what the figures were taken."""

import os
import platform
import re
from pathlib import Path

import psutil

from tools.console import say


def describe(server, settings):
    """Print machine, versions and sizes.

    :param tools.postgres.Server server: whose version to print
    """
    import odoo.release

    memory = psutil.virtual_memory().total / 2**30
    postgres, durable = (
        server.execute(f"SHOW {name}")[0][0]
        for name in ("server_version", "synchronous_commit")
    )
    say(f"machine: {_processor()}, {os.cpu_count()} cores, {memory:.0f} GiB")
    say(f"system: {platform.system()} {platform.release()}, load before {loads()}")
    say(
        f"versions: Odoo {odoo.release.version}, Python {platform.python_version()},"
        f" PostgreSQL {postgres} (synchronous_commit {durable})"
    )
    say(f"latency_ms: {settings.latency}")
    say(f"accounts: {settings.accounts}")
    say(f"rounds: {settings.rounds}")


def loads():
    """Return the average load of the last 1, 5 and 15 minutes."""
    return " ".join(f"{load:.2f}" for load in os.getloadavg())


def _processor():
    found = re.search(r"^model name\s*: (.+)$", _cpuinfo(), re.MULTILINE)
    return found[1] if found else platform.machine()


def _cpuinfo():
    path = Path("/proc/cpuinfo")
    return path.read_text(encoding="utf-8") if path.exists() else ""
