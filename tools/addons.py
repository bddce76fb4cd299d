"""The addons of this repository, read from their manifests."""

import ast
from dataclasses import dataclass
from pathlib import Path

from tools.paths import ROOT

# What every Odoo test database has: a web client to run tours in.
ALWAYS = ("base", "web")


@dataclass(frozen=True)
class Addon:
    """One folder with a manifest at the root of the repository."""

    name: str
    path: Path
    depends: tuple
    version: str = ""


def own_addons():
    """Return every addon of ours, sorted by name."""
    return [_read(manifest) for manifest in sorted(ROOT.glob("*/__manifest__.py"))]


def own_addon(name):
    """Return the addon of ours with this name."""
    return _read(ROOT / name / "__manifest__.py")


def _read(manifest):
    values = ast.literal_eval(manifest.read_text(encoding="utf-8"))
    depends = tuple(values.get("depends", ["base"]))
    version = values.get("version", "")
    return Addon(manifest.parent.name, manifest.parent, depends, version)


def core_modules(addons):
    """Return the modules that addons of ours need, directly or through each other,
    and that are not ours.

    :param addons: list of :class:`Addon`
    :return: sorted list of names
    """
    ours = {addon.name: addon for addon in own_addons()}
    core, seen = set(ALWAYS), set()
    waiting = [name for addon in addons for name in addon.depends]
    while waiting:
        name = waiting.pop()
        if name not in ours:
            core.add(name)
        elif name not in seen:
            seen.add(name)
            waiting.extend(ours[name].depends)
    return sorted(core)
