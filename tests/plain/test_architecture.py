"""Rules of the structure that import-linter cannot express."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from panda_provisioning.core.states import State

STATES = {state.value for state in State}
ROOT = Path(__file__).resolve().parent.parent.parent
ADDONS = ("panda_provisioning", "panda_provisioning_sale")
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


def writes_state(node: ast.AST) -> bool:
    """Whether ``node`` writes ``state``: SQL, values to write, an assignment."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return "panda_account" in node.value and "SET state" in node.value
    if isinstance(node, ast.Dict):
        keys = (ast.unparse(key) for key in node.keys if key)
        values = (getattr(value, "value", None) for value in node.values)
        return any(
            k == "'state'" and v in STATES for k, v in zip(keys, values, strict=False)
        )
    if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "write":
        dicts = (each for each in node.args if isinstance(each, ast.Dict))
        return any("'state'" in ast.unparse(each) for each in dicts)
    targets = node.targets if isinstance(node, ast.Assign) else []
    return any(getattr(target, "attr", "") == "state" for target in targets)


def state_writes(tree: ast.Module) -> list[int]:
    return [node.lineno for node in ast.walk(tree) if writes_state(node)]  # type: ignore[attr-defined]


def test_only_the_gate_writes_the_state_of_an_account() -> None:
    gates = {
        "panda_provisioning/engine/state_gate.py",
        "panda_provisioning/models/panda_account.py",
    }
    # The state of a system is another field.
    others = {"panda_provisioning/models/panda_system.py"}
    found = {
        str(path) for path, tree in modules(*ADDONS) if state_writes(tree)
    } - others
    assert found == gates


def test_a_write_of_the_state_is_found() -> None:
    """The search above can fail."""
    for line in (
        'account.write({"state": "synced"})',
        'values = {"state": "draft", "attempt_count": 0}',
        'account.state = "synced"',
        'cr.execute("UPDATE panda_account SET state = 1")',
    ):
        assert set(state_writes(ast.parse(line))) == {1}
