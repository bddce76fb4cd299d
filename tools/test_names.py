"""What tests an addon has, so that whoever mistypes a name reads the right one."""

import ast
import difflib

from tools.paths import ROOT

CLOSE = 5
"""So many names are proposed at most."""


def find(addon):
    """Return ``{file: {class: [method]}}`` of an addon, files as in ``test_x.py``."""
    folder = ROOT / addon / "tests"
    return {
        file.name: _classes(ast.parse(file.read_text()))
        for file in sorted(folder.glob("test_*.py"))
    }


def _classes(tree):
    return {
        node.name: [
            each.name
            for each in node.body
            if isinstance(each, ast.FunctionDef) and each.name.startswith("test")
        ]
        for node in tree.body
        if isinstance(node, ast.ClassDef)
    }


def propose(name, known):
    """Return a sentence that names what is like ``name``, or all that there is."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, CLOSE) or names
    return f"There is no {name}. Did you mean {', '.join(close)}?"
