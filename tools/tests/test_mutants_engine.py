"""The list of lines that are changed by hand."""

import pytest

from tools import mutants_engine
from tools.console import Failure
from tools.mutants_engine import is_meant, read_entries, show

ENTRY = """
[[mutant]]
name = "a rule"
file = "queue.py"
old = "a < b"
new = "a > b"
tests = ["/addon:TestQueue.test_rule", "tests/test_rule.py::test_rule"]
"""


@pytest.fixture
def read(tmp_path, monkeypatch):
    monkeypatch.setattr(mutants_engine, "ROOT", tmp_path)
    (tmp_path / "queue.py").write_text("one = a < b\ntwo = c < d\n")

    def read_text(text):
        path = tmp_path / "list.toml"
        path.write_text(text)
        return read_entries(path)

    return read_text


def test_an_entry_changes_the_one_place(read):
    [entry] = read(ENTRY)
    assert entry.changed() == "one = a > b\ntwo = c < d\n"


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('old = "a < b"', 'old = "a <= b"', "stands 0 times"),
        ('old = "a < b"', 'old = " < "', "stands 2 times"),
        ("queue.py", "gone.py", "stands 0 times"),
        ('new = "a > b"', 'new = "a >"', "no Python"),
        ('new = "a > b"\n', "", "must consist of"),
        ("/addon:TestQueue.test_rule", "/addon/TestQueue", "not of the form"),
        (ENTRY, ENTRY + ENTRY, "stands there twice"),
    ],
)
def test_an_entry_that_does_not_fit_is_an_error(read, old, new, problem):
    with pytest.raises(Failure, match=problem):
        read(ENTRY.replace(old, new))


def test_an_entry_without_tests_is_an_error(read):
    start = ENTRY.partition("tests")[0]
    with pytest.raises(Failure, match="names no test"):
        read(f"{start}tests = []\n")


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("/addon", True),
        ("/addon:TestQueue", True),
        ("/addon:TestQueue.test_rule", True),
        ("/addon:TestQueue.test_other", False),
        ("/addon:TestOther", False),
        ("/addon_sale", False),
    ],
)
def test_whether_a_test_has_been_run_is_told_from_the_log(tag, expected):
    module = "odoo.addons.addon.tests.test_queue"
    assert is_meant(tag, module, "TestQueue.test_rule") is expected


@pytest.mark.parametrize(("by", "status"), [("", 1), ("tests/test_rule.py", 0)])
def test_a_rule_that_can_be_taken_out_unnoticed_fails(read, capsys, by, status):
    assert show(read(ENTRY), {"a rule": by}) == status
    lines = capsys.readouterr().out.splitlines()
    assert f"killed: {1 - status}" in lines
    assert ("    - a < b" in lines) is bool(status)
