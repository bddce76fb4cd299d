"""What the root's requirements.txt names is what the manifests declare."""

import ast

from tools import addons
from tools.paths import ROOT


def test_requirements_are_the_external_dependencies_of_the_addons():
    declared = set()
    for addon in addons.own_addons():
        manifest = ast.literal_eval((addon.path / "__manifest__.py").read_text())
        declared.update(manifest.get("external_dependencies", {}).get("python", []))
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    assert [line for line in lines if line[:1] != "#"] == sorted(declared)
