"""Odoo 19 itself: Debian's package, or a source tree named by ``ODOO_SOURCE``."""

import os
import re
import shutil
from pathlib import Path

from tools import stamps
from tools.apt import PrivateApt
from tools.console import Failure, step
from tools.paths import NODE, ODOO, VENV

PACKAGES = (
    "odoo-19:all",
    "libjs-jquery",
    "libjs-jquery-form",
    "libjs-underscore",
    "fonts-montserrat",
    "fonts-roboto-unhinted",
    "fonts-ocr-b",
    # Newer ones have other file names than Odoo links to.
    "fonts-font-awesome/bookworm",
    "fonts-inconsolata/bookworm",
)
DIST_PACKAGES = "usr/lib/python3/dist-packages"
SELFIE = "selfie_segmentation/selfie_segmentation.js"


def given():
    """Return the value of ``ODOO_SOURCE``, or None."""
    return os.environ.get("ODOO_SOURCE") or None


def python_path():
    """Return the folder that holds the Python package ``odoo``.

    :rtype: pathlib.Path
    :raise Failure: when there is no Odoo 19
    """
    base = Path(given() or ODOO).expanduser().resolve()
    for folder in (base, base / DIST_PACKAGES, base.parent):
        release = folder / "odoo" / "release.py"
        if release.exists():
            _check_version(release)
            return folder
    if given():
        raise Failure(f"ODOO_SOURCE={given()} holds no Odoo: no odoo/release.py there.")
    raise Failure("Odoo is not set up yet; run: make setup")


def addons_paths():
    """Return the folders with Odoo's own addons."""
    source = python_path()
    # Debian's dist-packages/addons is a copy without XML; only a git checkout has a
    # complete folder of that name.
    checkout = (source / "odoo-bin").exists()
    folders = [source / "odoo" / "addons"]
    return [source / "addons", *folders] if checkout else folders


def _check_version(release):
    found = re.search(
        r"^version_info = \((\d+), (\d+)", release.read_text(), re.MULTILINE
    )
    if not found or found.groups() != ("19", "0"):
        raise Failure(f"{release.parent} is not Odoo 19.0; set ODOO_SOURCE to one.")


def fetch():
    """Unpack Debian's Odoo and what it links to, unless done or given."""
    key = stamps.fingerprint(*PACKAGES)
    if given() or stamps.is_current("odoo", key):
        return
    with step("Odoo 19: fetch and unpack Debian's package (130 MB)"):
        apt = PrivateApt("odoo", suites=("sid", "bookworm"))
        apt.update()
        apt.download(*PACKAGES)
        stamps.remove("odoo-files")
        apt.unpack(stamps.empty_folder(ODOO))
        shutil.rmtree(apt.folder)
    stamps.write("odoo", key)


def complete():
    """Make ``import odoo`` work in the virtual environment, and check the files."""
    source = python_path()
    key = stamps.fingerprint(*PACKAGES)
    if not given() and not stamps.is_current("odoo-files", key):
        _add_missing_script(source)
        _check_links()
        stamps.write("odoo-files", key)
    link(VENV)


def link(environment):
    """Make ``import odoo`` work in a virtual environment."""
    for packages in environment.glob("lib/python*/site-packages"):
        (packages / "odoo-19.pth").write_text(f"{python_path()}\n")


def _add_missing_script(source):
    """Put the one file in place that Debian removed without a link to another."""
    target = source / "odoo/addons/mail/static/lib" / SELFIE
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(NODE / "node_modules/@mediapipe" / SELFIE, target)


def _check_links():
    links = (path for path in ODOO.rglob("*") if path.is_symlink())
    broken = [link for link in links if not link.exists()]
    if broken:
        stamps.remove("odoo")
        listed = "\n".join(str(link.relative_to(ODOO)) for link in broken[:10])
        raise Failure(
            f"Odoo's package links to {len(broken)} files that no package brought:\n"
            f"{listed}\nAdd the Debian package that has them to tools/odoo_source.py."
        )
