"""The virtual environment with pinned Python packages, and npm packages."""

import os
import shutil
import sys

from tools import processes, stamps
from tools.console import Failure, step
from tools.paths import NODE, PYTHON, ROOT, VENV

# The sandbox may name newer versions than the tools bear: theirs are installed last.
REQUIREMENTS = ("sandbox/requirements.txt", "tools/requirements/development.txt")
# These declare what Odoo declares, which is there already in other versions.
WITHOUT_DEPENDENCIES = ("tools/requirements/no-deps.txt",)
NPM_PACKAGES = ROOT / "tools" / "package.json"
NO_PACKAGES = "Python packages could not be installed; is the package index reachable?"


def fetch():
    """Create the virtual environment and the npm packages, unless they are current."""
    _create_environment()
    _install_node_packages()


def _existing(names):
    return [ROOT / name for name in names if (ROOT / name).exists()]


def _create_environment():
    files = _existing(REQUIREMENTS)
    bare = _existing(WITHOUT_DEPENDENCIES)
    included = ROOT / "tools/requirements/odoo.txt"
    key = stamps.fingerprint(sys.version, str(VENV), included, *files, *bare)
    if stamps.is_current("venv", key) and PYTHON.exists():
        return
    if sys.version_info < (3, 10):  # noqa: UP036, it is the machine's
        raise Failure("Python 3.10 or newer is needed; set PYTHON to one.")
    with step("Python packages: install the pinned ones"):
        stamps.remove("venv")
        _create_venv()
        for name in files:
            pip_install(["-r", name])
        for name in bare:
            pip_install(["--no-deps", "-r", name])
    stamps.write("venv", key)


def _create_venv():
    """Make a new environment for another Python or another place, else keep it.

    The programs in it contain its path; and this may run inside of it.
    """
    key = stamps.fingerprint(sys.version, str(VENV))
    if stamps.is_current("venv-base", key) and PYTHON.exists():
        return
    stamps.empty_folder(VENV)
    processes.run(
        [sys.executable, "-m", "venv", VENV],
        failed="No virtual environment could be made; on Debian: install python3-venv.",
    )
    stamps.write("venv-base", key)


def pip_install(arguments, python=PYTHON):
    """Install packages with the pip of a virtual environment."""
    options = ["--disable-pip-version-check", "--no-compile", "--quiet"]
    processes.run(
        [python, "-m", "pip", "install", *options, *arguments], failed=NO_PACKAGES
    )


def _install_node_packages():
    key = stamps.fingerprint(NPM_PACKAGES)
    if stamps.is_current("node", key):
        return
    with step("npm packages: install the pinned ones"):
        stamps.empty_folder(NODE)
        shutil.copy(NPM_PACKAGES, NODE)
        processes.run(
            [VENV / "bin/npm", "install", "--no-package-lock", "--ignore-scripts"],
            failed="npm packages could not be installed; is their registry reachable?",
            cwd=NODE,
            env=environment(),
        )
    stamps.write("node", key)


def environment():
    """Return the process environment with the virtual environment's programs first."""
    path = f"{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return {**os.environ, "PATH": path, "VIRTUAL_ENV": str(VENV)}
