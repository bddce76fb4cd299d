"""The tests of the addons, run by Odoo: at install, after install, in the browser."""

import os
import re
from dataclasses import dataclass

from tools import addons, databases, odoo_log, odoo_server, processes, test_names
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


def explain_nothing():
    """Return why no test was run; what ``TAGS`` mistypes is answered with what there
    is."""
    text = "Odoo ran no test at all."
    for addon, name in re.findall(r"/(\w+):(\w+)", os.environ.get("TAGS", "")):
        known = {
            each for classes in test_names.find(addon).values() for each in classes
        }
        if name not in known:
            text += f" {test_names.propose(name, known)}"
    return text


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
        if not (os.environ.get("TAGS") or results.failed):
            _look_for_idle_files(group, odoo_log.modules_with_tests(log), results)
        noise = odoo_log.find_noise(log)
        if noise:
            results.fail(f"log of {', '.join(group.names)}", noise)
        return results

    name = f"Odoo tests of {', '.join(group.names)}"
    return Job(name, command, log, odoo_server.environment(), collect)


def _look_for_idle_files(group, modules, results):
    """Record test files of which nothing ran: ``tests/__init__.py`` forgot them.

    Files with tests that are not meant to run by themselves are let alone.
    """
    for addon in addons.own_addons():
        files = addon.path.glob("tests/test_*.py") if addon.name in group.names else ()
        for file in files:
            module = f"odoo.addons.{addon.name}.tests.{file.stem}"
            if module not in modules and "-standard" not in file.read_text():
                results.fail(
                    f"{addon.name}/tests/{file.name}", "No test of it was run."
                )
