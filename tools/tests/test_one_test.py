"""A name that is mistyped is answered with those that there are."""

import pytest

from tools import addons, odoo_tests, one_test, test_names
from tools.console import Failure

TESTS = """
class TestPhone(PandaCase):
    def test_missing(self): ...

    def helper(self): ...

class TestEmail(PandaCase):
    def test_missing(self): ...
"""


@pytest.fixture(autouse=True)
def repository(tmp_path, monkeypatch):
    for module in (addons, one_test, test_names):
        monkeypatch.setattr(module, "ROOT", tmp_path)
    for name in ("panda_one", "panda_two"):
        (tmp_path / name / "tests").mkdir(parents=True)
        (tmp_path / name / "__manifest__.py").write_text("{'depends': ['mail']}")
        (tmp_path / name / "tests/test_contact.py").write_text(TESTS)


@pytest.mark.parametrize(
    "chosen",
    [
        "panda_one/tests",
        "panda_one/tests/test_contact.py",
        "panda_one/tests/test_contact.py::TestPhone",
        "panda_one/tests/test_contact.py::TestPhone::test_missing",
    ],
)
def test_the_addon_is_that_of_the_file(chosen):
    assert one_test.find_addon([chosen, "-k", "missing"]).name == "panda_one"


@pytest.mark.parametrize(
    ("chosen", "answer"),
    [
        ("panda_on/tests/test_contact.py", "There is no panda_on. Did you mean panda"),
        ("panda_one/tests/test_contract.py", "Did you mean test_contact.py?"),
        ("panda_one/tests/test_contact.py::TestPhon", "Did you mean TestPhone"),
        ("panda_one/tests/test_contact.py::X", "Did you mean TestEmail, TestPhone?"),
        (
            "panda_one/tests/test_contact.py::TestPhone::test_mising",
            "There is no test_mising. Did you mean test_missing?",
        ),
        ("-k missing", "Say which"),
    ],
)
def test_a_wrong_name_says_what_exists(chosen, answer):
    with pytest.raises(Failure) as failure:
        one_test.find_addon([chosen])
    assert answer in str(failure.value)


def test_tests_of_two_addons_are_refused():
    with pytest.raises(Failure, match="one addon at a time"):
        one_test.find_addon(["panda_one/tests", "panda_two/tests"])


def test_a_mistyped_tag_is_answered_too(monkeypatch):
    monkeypatch.setenv("TAGS", "/panda_one:TestPhon,/panda_one:TestEmail")
    assert odoo_tests.explain_nothing() == (
        "Odoo ran no test at all. There is no TestPhon. Did you mean TestPhone?"
    )
