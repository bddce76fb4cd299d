"""Which tests are run for a mutant, what they say of it, and what is made of that."""

import pytest

from tools import mutants_runs
from tools.console import Failure
from tools.mutants_choice import Choice, Mentions
from tools.mutants_operators import find_mutants
from tools.mutants_plain import KILLED, LATE, SURVIVED
from tools.mutants_report import Equivalents, Report
from tools.mutants_runs import Children, Job

MODULE = """\
LIMIT = 3
FACTOR = 2

def is_much(count):
    return count > LIMIT

def twice(count):
    while True:
        return count * FACTOR
"""
TESTS = """\
from decide import is_much, twice

def test_much():
    assert is_much(4)
    assert not is_much(3)

def test_twice():
    assert twice(2) == 4
"""
MUCH, TWICE = "tests/test_decide.py::test_much", "tests/test_decide.py::test_twice"


@pytest.fixture
def project(tmp_path):
    """A repository with one module and two tests."""
    folder = tmp_path / "project"
    (folder / "tests").mkdir(parents=True)
    (folder / "decide.py").write_text(MODULE)
    (folder / "tests" / "test_decide.py").write_text(TESTS)
    (folder / "pyproject.toml").write_text(
        '[tool.pytest.ini_options]\npythonpath = ["."]\n'
        'addopts = ["--import-mode=importlib", "-p", "no:cacheprovider",'
        ' "-p", "no:odoo"]\n'
    )
    return folder


def run(project, work, **values):
    """The result of a job in a child process."""
    job = Job(project, project.parent / "result.json", sandbox=None, **values)
    with Children() as children:
        children.start(work, job)
        return children.wait()[1]


@pytest.fixture
def found(project):
    """What the tests do when nothing is changed."""
    work = mutants_runs.observed(["decide.py"], [])
    return run(project, work, tests=["tests"])


def mutants():
    return {mutant.new: mutant for mutant in find_mutants("decide.py", MODULE, {})}


# === RUNS === #


def test_it_is_known_which_test_runs_a_line(found):
    assert found["status"] == 0
    assert found["tests"] == [MUCH, TWICE]
    lines = found["lines"]["decide.py"]
    assert lines["1"] == [mutants_runs.AT_IMPORT]
    assert (lines["5"], lines["9"]) == ([0], [1])


@pytest.mark.parametrize(
    ("new", "failed"),
    [("return count >= LIMIT", MUCH), ("while False:", TWICE), ("FACTOR = 3", TWICE)],
)
def test_a_changed_module_is_noticed(project, new, failed):
    mutant = mutants()[new]
    limits = {MUCH: 60, TWICE: 60}
    result = run(
        project,
        mutants_runs.run_changed,
        tests=[TWICE, MUCH],
        limits=limits,
        mutant=mutant,
    )
    assert result == {"status": 1, "failed": failed}
    assert (project / "decide.py").read_text() == MODULE


def test_a_test_that_never_ends_is_ended(project):
    slow = (project / "tests" / "test_decide.py").read_text()
    slow += "\n\ndef test_slow():\n    while True:\n        twice(1)\n"
    (project / "tests" / "test_decide.py").write_text(slow)
    test = "tests/test_decide.py::test_slow"
    values = {"tests": [test], "limits": {test: 0.5}}
    assert run(project, mutants_runs.run_changed, **values) == {}


# === CHOICE === #


def test_a_line_is_tried_with_the_tests_that_run_it(project, found):
    choice = Choice(found, Mentions(project, ["decide.py"], "tests"))
    assert choice.tests_for(mutants()["return count >= LIMIT"]) == [MUCH]


def test_a_constant_is_tried_with_the_tests_of_those_who_use_it(project, found):
    """However indirectly; and the test that has noticed one change comes first."""
    (project / "tests" / "test_decide.py").write_text("")
    choice = Choice(found, Mentions(project, ["decide.py"], "tests"))
    assert choice.tests_for(mutants()["FACTOR = 3"]) == [TWICE]


def test_what_has_noticed_one_change_is_tried_first(found, project):
    choice = Choice(found, Mentions(project, ["decide.py"], "tests"))
    mutant = mutants()["LIMIT = 4"]
    for test in (MUCH, TWICE):
        choice.note_killer(mutant, test)
        assert choice.in_order([MUCH, TWICE], [test])[0] == test


# === REPORT === #


ENTRY = """
[[equivalent]]
module = "decide.py"
where = "is_much"
old = "return count > LIMIT"
new = '{new}'
why = "{why}"
"""


def equivalents(tmp_path, text):
    path = tmp_path / "list.toml"
    path.write_text(text)
    return Equivalents(list(mutants().values()), ["decide.py"], ["decide.py"], path)


@pytest.mark.parametrize(
    "text",
    [
        ENTRY.format(new="return count < LIMIT", why="It is gone."),
        ENTRY.format(new="return count >= LIMIT", why=" "),
        2 * ENTRY.format(new="return count >= LIMIT", why="Twice."),
        ENTRY.replace("decide.py", "gone.py").format(new="", why="No such module."),
    ],
)
def test_an_entry_that_excuses_nothing_is_an_error(tmp_path, text):
    with pytest.raises(Failure, match="fit no mutant"):
        equivalents(tmp_path, text)


def test_the_score_counts_no_equivalents(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("tools.mutants_report.SURVIVORS", tmp_path / "survivors.toml")
    new = "return count >= LIMIT"
    excused = equivalents(tmp_path, ENTRY.format(new=new, why="So it is."))
    some = [mutants()[name] for name in (new, "LIMIT = 4", "FACTOR = 3")]
    report = Report(some, [SURVIVED, LATE, KILLED], excused)
    report.show()
    assert (report.score(), report.survivors, report.wrong) == (1.0, [], [])
    lines = capsys.readouterr().out.splitlines()
    assert {"mutants: 2", "equivalent: 1", "killed: 2"} <= set(lines)
    assert "mutation_score: 1.000" in lines


def test_a_survivor_is_shown_and_written_as_an_entry(tmp_path, capsys, monkeypatch):
    path = tmp_path / "survivors.toml"
    monkeypatch.setattr("tools.mutants_report.SURVIVORS", path)
    mutant = mutants()["return count >= LIMIT"]
    report = Report([mutant], [SURVIVED], equivalents(tmp_path, ""))
    report.show()
    assert report.score() == 0
    assert "decide.py:5 is_much" in capsys.readouterr().out
    entry = path.read_text().replace('why = ""', 'why = "Now it is excused."')
    assert mutant in equivalents(tmp_path, entry)


def test_what_a_test_notices_is_not_equivalent(tmp_path):
    new = "return count >= LIMIT"
    excused = equivalents(tmp_path, ENTRY.format(new=new, why="So it was."))
    report = Report([mutants()[new]], [KILLED], excused)
    assert report.wrong == [mutants()[new]]
