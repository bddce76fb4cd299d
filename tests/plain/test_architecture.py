"""Rules of the structure that import-linter cannot express."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from panda_provisioning.core.states import State
from tools.addons import own_addons

STATES = {state.value for state in State}
ROOT = Path(__file__).resolve().parent.parent.parent
ADDONS = tuple(addon.name for addon in own_addons())
OWNERS = {"self", "cls", "super"}


def modules(*folders: str) -> Iterator[tuple[Path, ast.Module]]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if not {"tests", "migrations"} & set(path.relative_to(ROOT).parts):
                yield path.relative_to(ROOT), ast.parse(path.read_text())


def private_calls(tree: ast.Module) -> Iterator[str]:
    """Calls of another object's method whose name begins with an underscore."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            is_own = isinstance(owner, ast.Name) and owner.id in OWNERS
            if node.func.attr.startswith("_") and not is_own:
                yield node.func.attr


def test_the_engine_calls_no_private_method_of_a_model() -> None:
    found = {
        str(path): names
        for path, tree in modules("panda_provisioning/engine")
        if (names := list(private_calls(tree)))
    }
    assert found == {}


def test_a_private_call_is_found() -> None:
    """The search above can fail."""
    assert list(private_calls(ast.parse("system._pause()\nself._own()"))) == ["_pause"]


STATE_SQL = re.compile(r"UPDATE\s+panda_account\b.*\bSET\b.*\bstate\s*=", re.DOTALL)


def writes_state(node: ast.AST) -> bool:
    """Whether ``node`` writes ``state``: SQL, values to write, an assignment."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        before, _where, _conditions = node.value.partition("WHERE")
        return bool(STATE_SQL.search(before))
    if isinstance(node, ast.Dict):
        return any(
            getattr(key, "value", None) == "state"
            and getattr(value, "value", None) in STATES
            for key, value in zip(node.keys, node.values, strict=True)
        )
    if isinstance(node, ast.Call):
        return calls_for_a_write(node)
    targets = node.targets if isinstance(node, ast.Assign) else []
    return any(getattr(target, "attr", "") == "state" for target in targets)


def calls_for_a_write(node: ast.Call) -> bool:
    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
    if name == "write":
        return any("state" in KEY.findall(ast.unparse(each)) for each in node.args)
    if name == "dict":
        values = {k.arg: getattr(k.value, "value", None) for k in node.keywords}
        return values.get("state") in STATES
    return name == "setattr" and "'state'" in ast.unparse(node)


KEY = re.compile(r"['\"](\w+)['\"]\s*:")


def state_writes(tree: ast.Module) -> list[int]:
    return [node.lineno for node in ast.walk(tree) if writes_state(node)]  # type: ignore[attr-defined]


def test_only_the_gate_writes_the_state_of_an_account() -> None:
    gates = {
        "panda_provisioning/engine/state_gate.py",
        "panda_provisioning/models/panda_account.py",
    }
    # The state of a system is another field, and so is that of its pace.
    others = {
        "panda_provisioning/models/panda_system.py",
        "panda_provisioning/models/panda_system_address.py",
        "panda_provisioning/models/panda_system_pace.py",
    }
    found = {
        str(path) for path, tree in modules(*ADDONS) if state_writes(tree)
    } - others
    assert found == gates


def test_reading_the_state_is_no_write() -> None:
    """Neither is a condition, nor a value that only looks like it."""
    for line in (
        'cr.execute("UPDATE panda_account SET step = 1 WHERE state = 2")',
        'values = {"state": account.state}',
        'card = {"status": "synced"}',
    ):
        assert state_writes(ast.parse(line)) == []


def test_a_write_of_the_state_is_found() -> None:
    """The search above can fail."""
    for line in (
        'account.write({"state": "synced"})',
        'values = {"state": "draft", "attempt_count": 0}',
        'account.state = "synced"',
        'cr.execute("UPDATE panda_account SET state = 1")',
        'cr.execute("UPDATE panda_account a SET attempt_count = 0, state = 1")',
        'values = dict(state="synced")',
        'setattr(account, "state", "synced")',
    ):
        assert set(state_writes(ast.parse(line))) == {1}


# === IMPORTS === #

LAYERS = ("panda_api", "core", "engine", "models", "wizard", "console", "cli")
FORBIDDEN = {"time", "random", "datetime.now", "socket", "http"}


def imports(tree: ast.Module) -> Iterator[str]:
    """Modules that are imported by their full name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{each.name}" for each in node.names)
        elif isinstance(node, ast.Import):
            yield from (each.name for each in node.names)


def layer_of(name: str) -> str:
    """The layer of the addon that a full name is in, or ``""``."""
    own = name.removeprefix("odoo.addons.panda_provisioning.")
    return own.split(".")[0] if own != name else ""


def test_odoos_spelling_of_an_import_keeps_to_the_layers_too() -> None:
    """import-linter sees relative imports only."""
    seen = 0
    for path, tree in modules("panda_provisioning"):
        layer = path.parts[1]
        for name in filter(None, map(layer_of, imports(tree))):
            seen += 1
            assert layer in LAYERS, path
            assert LAYERS.index(name) <= LAYERS.index(layer), f"{path}: {name}"
    # The command of Odoo is loaded apart from its addon.
    assert seen == 1


def test_the_orders_know_models_and_hooks_only() -> None:
    found = {
        layer
        for _path, tree in modules("panda_provisioning_sale")
        for layer in filter(None, map(layer_of, imports(tree)))
    }
    assert found == {"models", "hooks"}


def test_core_reads_no_clock_and_no_chance() -> None:
    """They come in as arguments."""
    found = {
        f"{path}: {name}"
        for path, tree in modules("panda_provisioning/core")
        for name in imports(tree)
        if name.split(".")[0] in FORBIDDEN or name in FORBIDDEN
    }
    assert found == set()


# === LIBRARIES === #

WITH_ODOO = {"lxml", "markupsafe", "psycopg2"}
"""Without these Odoo itself does not start."""


def libraries(tree: ast.Module) -> set[str]:
    """The packages of others that a module imports, Odoo's apart."""
    names = {name.split(".")[0] for name in imports(tree)}
    return names - set(sys.stdlib_module_names) - {"odoo"}


def declared(addon: str) -> set[str]:
    """The libraries that Odoo looks for before it installs an addon."""
    manifest = ast.literal_eval((ROOT / addon / "__manifest__.py").read_text())
    names = set(manifest.get("external_dependencies", {}).get("python", ()))
    for each in set(ADDONS).intersection(manifest["depends"]):
        names |= declared(each)
    return names


def test_every_library_is_declared() -> None:
    """Else an installation fails with a traceback instead of the name of a package."""
    for addon in ADDONS:
        used = set().union(
            *(libraries(ast.parse(path.read_text())) for path in installed_files(addon))
        )
        assert used <= declared(addon) | WITH_ODOO, addon


def installed_files(addon: str) -> Iterator[Path]:
    """Every module of an addon that Odoo may load where no tests are run."""
    folder = ROOT / addon
    for path in sorted(folder.rglob("*.py")):
        if path.relative_to(folder).parts[0] != "tests":
            yield path


def test_a_library_is_found() -> None:
    """The search above can fail; an import within a function counts too."""
    lines = "import json, urllib3.util\nfrom . import a\ndef f():\n from yaml import x"
    assert libraries(ast.parse(lines)) == {"urllib3", "yaml"}
    assert {"urllib3", "cryptography"} <= declared("panda_provisioning_sale")
