"""The tests of the addons, run by Odoo: at install, after install, in the browser."""

import os
import re
from dataclasses import dataclass

from tools import addons, databases, odoo_log, odoo_server, processes
from tools.jobs import Job
from tools.paths import LOGS


@dataclass(frozen=True)
class Group:
    """Addons that need the same core modules and are tested in one database."""

    core: tuple
    names: tuple

    @property
    def label(self):
        return "_".join(self.names)


def groups():
    """Return our addons by the core modules that they need, also through each other.

    An addon is so tested without the modules that only another one of ours needs.
    """
    found = {}
    for addon in addons.own_addons():
        core = tuple(addons.core_modules([addon]))
        found.setdefault(core, []).append(addon.name)
    return [Group(core, tuple(names)) for core, names in found.items()]


def chosen_groups():
    """Return the groups that ``TAGS`` leaves to be run."""
    tags = os.environ.get("TAGS", "")
    if "/" not in tags:
        return groups()
    named = set(re.findall(r"/(\w+)", tags))
    return [group for group in groups() if named & set(group.names)] or groups()


def job(server, group):
    """Return the job that tests a group of addons in a database of its own."""
    name = f"test_{group.label}"[:40]
    database = databases.create(server, name, group.core)
    tags = os.environ.get("TAGS") or ",".join(f"/{name}" for name in group.names)
    log = LOGS / f"odoo-tests-{group.label}.log"
    command = odoo_server.odoo_command(
        server,
        database,
        f"--init={','.join(group.names)}",
        "--stop-after-init",
        "--test-enable",
        f"--test-tags={tags}",
        f"--http-port={processes.free_port()}",
        f"--screenshots={LOGS / 'screenshots'}",
    )

    def collect(status):
        results = odoo_log.read_results(log, status)
        noise = odoo_log.find_noise(log)
        if noise:
            results.fail(f"log of {', '.join(group.names)}", noise)
        return results

    name = f"Odoo tests of {', '.join(group.names)}"
    return Job(name, command, log, odoo_server.environment(), collect)
