"""The sets of ``make matrix``: which there are and what they name."""

import ast

import pytest

from tools import addons, matrix
from tools.console import Failure


def declared():
    """Return the libraries that the manifests of the addons name."""
    found = set()
    for addon in addons.own_addons():
        values = ast.literal_eval((addon.path / "__manifest__.py").read_text())
        found |= set(values.get("external_dependencies", {}).get("python", ()))
    return found


def test_some_sets_are_chosen_by_name():
    assert [each.name for each in matrix.choose("newest,odoo")] == [
        "newest",
        "odoo",
    ]
    assert matrix.choose("") == list(matrix.SETS)
    with pytest.raises(Failure, match="nonsense"):
        matrix.choose("odoo,nonsense")


@pytest.mark.parametrize("pins", sorted({each.pins for each in matrix.SETS}))
def test_a_set_names_each_declared_library_and_no_address(pins):
    lines = (matrix.PINS / f"{pins}.txt").read_text().splitlines()
    names = {matrix.name_of(line) for line in lines}
    assert declared() <= names
    assert not [line for line in lines if "/" in line or line.startswith("-")]


def test_the_tests_bring_no_library_that_a_set_decides():
    names = {matrix.name_of(line) for line in matrix.test_requirements()}
    assert {"pytest", "hypothesis", "fastapi", "uvicorn"} <= names
    assert not names & declared()


def test_a_python_that_is_not_there_is_none():
    assert matrix.find_python("2.99") is None
    assert matrix.find_python("").exists()
