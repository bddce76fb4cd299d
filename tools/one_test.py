"""``make one``: some tests of an addon, by pytest, without installing it again.

``ARGS`` go to pytest: files or ``file::Class::method``, then ``-k``, ``--pdb`` and the
like. Each addon has a database that is kept. It is upgraded when anything of our addons
but a test has changed.
"""

import os
import shlex
import subprocess
from pathlib import Path

from tools import (
    addons,
    databases,
    odoo_server,
    odoo_source,
    processes,
    runtime,
    stamps,
    test_names,
)
from tools.console import Failure, run_main, step
from tools.paths import LOGS, PYTHON, ROOT
from tools.postgres import postgres

USAGE = "Say which, e.g. make one ARGS='panda_provisioning/tests/test_engine.py --pdb'."
NOTHING_SELECTED = 5
"""The exit status of pytest when it ran no test."""


def main():
    processes.exit_on_signals()
    runtime.ensure()
    arguments = shlex.split(os.environ.get("ARGS", ""))
    addon = find_addon(arguments)
    with postgres() as server:
        database = _prepare(server, addon)
        status = subprocess.run(
            [*_command(database), *arguments],
            env=odoo_server.subcommand_environment(server),
            cwd=ROOT,
            check=False,
        ).returncode
    if status == NOTHING_SELECTED:
        raise Failure(f"No test was run. {addon.name} has:\n{_list(addon)}")
    return status


def find_addon(arguments):
    """Return the addon whose tests ``arguments`` name.

    :raise Failure: when there is no such file, class or method; it says what there is
    """
    chosen = [each for each in arguments if "/tests" in each.split("::")[0]]
    if not chosen:
        raise Failure(USAGE)
    names = {Path(each).parts[0] for each in chosen}
    known = {addon.name: addon for addon in addons.own_addons()}
    for name in names - known.keys():
        raise Failure(test_names.propose(name, known))
    if len(names) > 1:
        raise Failure(f"Tests of one addon at a time, not of {', '.join(names)}.")
    for each in chosen:
        _check(each)
    return known[names.pop()]


def _check(chosen):
    """Refuse ``file::Class::method`` if there is none."""
    path, *names = chosen.split("::")
    if (ROOT / path).is_dir():
        return
    known = test_names.find(Path(path).parts[0])
    for name in (Path(path).name, *names):
        if name not in known:
            raise Failure(test_names.propose(name, known))
        known = known[name] if isinstance(known, dict) else ()


def _prepare(server, addon):
    """Return the database of an addon, with our addons as they are now."""
    name = f"one_{addon.name}"
    database, stamp = server.prefix + name, f"database-{name}"
    key = stamps.fingerprint(*_files())
    if server.database_exists(database) and stamps.is_current(stamp, key):
        return database
    stamps.remove(stamp)
    if server.database_exists(database):
        with step(f"{addon.name}: upgrade"):
            odoo_server.install(server, database, ["base"], f"--update={addon.name}")
    else:
        databases.create(server, name, addons.core_modules([addon]))
        with step(f"{addon.name}: install"):
            odoo_server.install(server, database, [addon.name])
    stamps.write(stamp, key)
    return database


def _files():
    """Return the files of our addons that an upgrade may read."""
    return [
        file
        for addon in addons.own_addons()
        for file in sorted(addon.path.rglob("*.*"))
        if file.suffix in {".py", ".xml", ".csv", ".po"}
        and "tests" not in file.relative_to(addon.path).parts
    ]


def _command(database):
    folders = [*odoo_source.addons_paths(), ROOT]
    return [
        *(str(PYTHON), "-m", "pytest", "-c", os.devnull, f"--rootdir={ROOT}"),
        *("-p", "no:cacheprovider", "--odoo-http"),
        f"--odoo-database={database}",
        f"--odoo-addons-path={','.join(map(str, folders))}",
        f"--odoo-extra=screenshots={LOGS / 'screenshots'}",
    ]


def _list(addon):
    return "\n".join(
        f"  {file}: {', '.join(classes)}"
        for file, classes in test_names.find(addon.name).items()
    )


if __name__ == "__main__":
    run_main(main)
