"""Chromium for the browser tours: the machine's own, or a private copy."""

import os
import shutil
from pathlib import Path

from tools import processes, stamps
from tools.apt import PrivateApt
from tools.console import Failure, step
from tools.paths import BROWSER, BROWSER_BIN

# The names Odoo looks for, in its order.
NAMES = ("google-chrome", "chromium", "chromium-browser", "google-chrome-stable")
WHAT_TO_DO = (
    "Install the package chromium by hand, or set CHROMIUM to the path of a browser."
)
LAUNCHER = """#!/bin/sh
root="{root}"
lib="$root/usr/lib"
for folder in "$lib"/*-linux-gnu "$lib"/*-linux-gnu/pulseaudio; do
    LD_LIBRARY_PATH="$folder${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}"
done
export LD_LIBRARY_PATH
if [ ! -d /etc/fonts ]; then
    export FONTCONFIG_PATH="$root/etc/fonts"
fi
exec "$lib/chromium/chromium" "$@"
"""


def path():
    """Return the PATH on which Odoo finds the browser to use."""
    return f"{BROWSER_BIN}{os.pathsep}{os.environ.get('PATH', os.defpath)}"


def program():
    """Return the browser that Odoo finds there."""
    return next(p for p in (shutil.which(name, path=path()) for name in NAMES) if p)


def fetch():
    """Make sure that there is a browser that works; raise when there cannot be."""
    chosen = os.environ.get("CHROMIUM") or ""
    present = next((p for p in map(shutil.which, NAMES) if p), "")
    key = stamps.fingerprint(chosen, present, LAUNCHER, str(BROWSER))
    if stamps.is_current("browser", key) and (chosen or present or _is_unpacked()):
        return
    stamps.empty_folder(BROWSER)
    if chosen:
        _link(chosen)
    elif not present:
        _unpack()
    _check_that_it_works(chosen or present or str(BROWSER_BIN / "chromium"))
    stamps.write("browser", key)


def _is_unpacked():
    return (BROWSER_BIN / "chromium").exists()


def _link(chosen):
    found = shutil.which(chosen)
    if not found:
        raise Failure(f"CHROMIUM={chosen} is not a program.")
    BROWSER_BIN.mkdir()
    # The name Odoo looks for first, so that no other browser is taken.
    (BROWSER_BIN / NAMES[0]).symlink_to(Path(found).absolute())


def _unpack():
    with step("Browser: fetch and unpack Debian's chromium (125 MB)"):
        apt = PrivateApt("browser")
        apt.update()
        apt.download_with_dependencies("chromium")
        apt.unpack(BROWSER / "root")
        shutil.rmtree(apt.folder)
        BROWSER_BIN.mkdir()
        launcher = BROWSER_BIN / "chromium"
        launcher.write_text(LAUNCHER.format(root=BROWSER / "root"))
        launcher.chmod(0o755)


def _check_that_it_works(program):
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"]
    profile = BROWSER / "profile"
    page = processes.run(
        [program, *flags, f"--user-data-dir={profile}", "--dump-dom", "about:blank"],
        failed=f"The browser {program} does not start. {WHAT_TO_DO}",
        timeout=60,
    )
    shutil.rmtree(profile, ignore_errors=True)
    if "<html>" not in page:
        raise Failure(f"The browser {program} shows no page. {WHAT_TO_DO}")
