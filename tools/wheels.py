"""``make wheels``: build the wheels, install them where no checkout is, use them.

Odoo runs in a new environment with what it imports, the sandbox in one of its own.
"""

import time
from contextlib import contextmanager

from tools import (
    addons,
    databases,
    demo,
    odoo_server,
    odoo_source,
    processes,
    python_packages,
    runtime,
    stamps,
)
from tools.console import Failure, run_main, say, step
from tools.paths import LOGS, PYTHON, ROOT, RUNTIME
from tools.postgres import postgres
from tools.rpc import Odoo

FOLDER = RUNTIME / "wheels"
WHEELS = FOLDER / "dist"
SANDBOX = ROOT / "sandbox"
READY = "Panda sandbox ready on "
START_PATIENCE = 30
OUR_NAMES = ("odoo-addon-", "panda-sandbox")
CUSTOMER = {
    "name": "Ada Lovelace",
    "email": "ada@example.com",
    "phone": "+32 470 12 34 56",
}


def main():
    processes.exit_on_signals()
    runtime.ensure()
    ours = addons.own_addons()
    with step("Build the wheels"):
        build([SANDBOX, *(addon.path for addon in ours)])
    with step("Install them into clean environments"):
        for_odoo = install("odoo", ROOT / "tools/requirements/odoo.txt", "odoo_addon_*")
        odoo_source.link(for_odoo)
        for_sandbox = install("sandbox", SANDBOX / "requirements.txt", "panda_sandbox*")
        check_dependencies(for_odoo)
        check_dependencies(for_sandbox)
    row = synchronize(for_odoo, for_sandbox, ours)
    for wheel in sorted(WHEELS.glob("*.whl")):
        say(f"  {wheel.name}: {wheel.stat().st_size // 1024} kB")
    say(f"  {row['name']}: {row['status_text']}, {row['remote_id']}")
    return 0 if row["state"] == "synced" else 1


def build(folders):
    """Build the wheel of each folder, with the tools of the environment."""
    stamps.empty_folder(WHEELS)
    processes.run(
        [
            *(PYTHON, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation"),
            *("--disable-pip-version-check", "--wheel-dir", WHEELS, *folders),
        ],
        failed="The wheels could not be built.",
        env=python_packages.environment(),
    )


def install(name, requirements, pattern):
    """Return a new environment with these requirements and wheels."""
    folder = stamps.empty_folder(FOLDER / name)
    processes.run(
        [PYTHON, "-m", "venv", folder], failed="No virtual environment could be made."
    )
    python = folder / "bin" / "python"
    python_packages.pip_install(["-r", requirements], python=python)
    wheels = sorted(WHEELS.glob(f"{pattern}.whl"))
    python_packages.pip_install(["--no-deps", *wheels], python=python)
    return folder


def check_dependencies(environment):
    """Raise if a wheel of ours asks for what is not installed.

    Odoo's own package names some that it is also content without.
    """
    command = [environment / "bin" / "python", "-m", "pip", "check"]
    _status, output = processes.capture(command, cwd=FOLDER)
    missing = [line for line in output.splitlines() if line.startswith(OUR_NAMES)]
    if missing:
        raise Failure("\n".join(missing))


def synchronize(for_odoo, for_sandbox, ours):
    """Return the account of a contact after *Save & Synchronize*."""
    place = {"python": for_odoo / "bin" / "python", "checkout": None}
    names = [addon.name for addon in ours]
    with postgres() as server, run_sandbox(for_sandbox) as url:
        database = databases.create(server, "wheels", addons.core_modules(ours))
        try:
            with step(f"Install {', '.join(names)}"):
                odoo_server.install(server, database, names, **place)
            with odoo_server.OdooServer(server, database, **place) as odoo:
                return synchronize_contact(Odoo(odoo.url, database), url)
        finally:
            databases.drop(server, database)


def synchronize_contact(client, url):
    system = client.connect_sandbox(url)
    [country] = client.call("res.country", "search", [("code", "=", "BE")])
    values = {**CUSTOMER, "country_id": country}
    partner = client.call("res.partner", "create", values)
    options = {"partner_id": partner, "system_id": system, "role": "user"}
    ids = client.call(
        "panda.sync.options", "create", [{**options, "username": "ada.lovelace"}]
    )
    client.call("panda.sync.options", "action_save_and_synchronize", ids)
    return demo.read_account(client, partner, ids)


@contextmanager
def run_sandbox(environment):
    """Run ``panda-sandbox`` in an empty folder, and yield its address."""
    folder = stamps.empty_folder(FOLDER / "run")
    log = LOGS / "wheels-sandbox.log"
    log.unlink(missing_ok=True)
    command = [environment / "bin" / "panda-sandbox", "--port", "0"]
    process = processes.start(command, log, cwd=folder)
    try:
        yield wait_for_address(process, log)
    finally:
        processes.stop(process)


def wait_for_address(process, log):
    deadline = time.monotonic() + START_PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        _before, ready, rest = log.read_text().partition(READY)
        if ready and rest.endswith("\n"):
            return rest.strip()
        time.sleep(0.1)
    raise Failure(f"The sandbox did not start:\n{log.read_text()}")


if __name__ == "__main__":
    run_main(main)
