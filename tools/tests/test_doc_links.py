"""The check of the documentation finds every link and name that leads nowhere."""

import pytest

from tools import doc_links
from tools.doc_links import Repository

PAGE = "docs/" + "page.md"
"""Put together, so that this file itself cites nothing."""


@pytest.fixture
def write(tmp_path):
    def write_file(place, text):
        path = tmp_path / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    return write_file


@pytest.fixture
def problems(tmp_path):
    return lambda: [str(each) for each in Repository(tmp_path).problems()]


@pytest.fixture
def page(write):
    write(
        PAGE,
        '<a id="own"></a>\n'
        "# A `code` heading, [linked](page.md)\n"
        '- <a id="inner"></a>text\n'
        "## Twice\n"
        "## Twice\n"
        "```\n"
        "# no heading\n"
        "```\n",
    )


# === CITATIONS === #


@pytest.mark.usefixtures("page")
@pytest.mark.parametrize("ending", ["py", "md", "rst", "xml"])
@pytest.mark.parametrize(
    "anchor", ["#own", "#inner", "#a-code-heading-linked", "#twice", "#twice-1", ""]
)
def test_a_citation_of_what_exists_is_fine(write, problems, ending, anchor):
    write(f"addon/file.{ending}", f"See {PAGE}{anchor}.\n")
    assert problems() == []


@pytest.mark.usefixtures("page")
@pytest.mark.parametrize("ending", ["py", "md", "rst", "xml"])
@pytest.mark.parametrize("anchor", ["ow", "twice-2", "no-heading"])
def test_an_unknown_anchor_is_named(write, problems, ending, anchor):
    write(f"addon/file.{ending}", f"\nSee ``{PAGE}#{anchor}``.\n")
    assert problems() == [f"addon/file.{ending}:2: {PAGE}: there is no anchor {anchor}"]


def test_an_unknown_page_is_named(write, problems):
    write("addon/file.py", f'"""Facts: {PAGE}#own."""\n')
    assert problems() == [f"addon/file.py:1: {PAGE}: there is no such file"]


def test_a_page_without_an_anchor_is_a_citation_in_prose_only(write, problems):
    write("addon/file.py", f'PLACE = "{PAGE}"\n')
    write("README.rst", f"See ``{PAGE}``.\n")
    assert problems() == [f"README.rst:1: {PAGE}: there is no such file"]


def test_a_page_of_another_repository_is_not_looked_for(write, problems):
    write("addon/file.py", f"# https://example.com/{PAGE}#own\n")
    assert problems() == []


def test_what_is_in_a_hidden_folder_is_not_read(write, problems):
    write(".runtime/file.py", f"# {PAGE}#own\n")
    assert problems() == []


# === LINKS === #


@pytest.mark.usefixtures("page")
@pytest.mark.parametrize(
    "link",
    [
        "[text](page.md)",
        "[text](page.md#own)",
        "[text](#here)",
        "[text](../README.rst)",
        "[text](/docs/page.md)",
        "[text](https://example.com/nothing.md)",
        "[text](mailto:nobody@example.com)",
        "[text][ref]\n\n[ref]: page.md#own",
        "`[text](code.md)`",
        "```\n[text](code.md)\n```",
    ],
)
def test_a_link_in_markdown_that_leads_somewhere_is_fine(write, problems, link):
    write("README.rst", "Title\n")
    write("docs/other.md", f"# Here\n\n{link}\n")
    assert problems() == []


@pytest.mark.usefixtures("page")
@pytest.mark.parametrize(
    ("link", "reason"),
    [
        ("[text](nothing.md)", "link nothing.md: there is no such file"),
        ("![text](nothing.png)", "link nothing.png: there is no such file"),
        ("[text](page.md#other)", "link page.md#other: there is no anchor other"),
        ("[text](#there)", "link #there: there is no anchor there"),
        ("[ref]: nothing.md", "link nothing.md: there is no such file"),
        ("`code` [text](nothing.md)", "link nothing.md: there is no such file"),
    ],
)
def test_a_link_in_markdown_that_leads_nowhere_is_named(write, problems, link, reason):
    write("docs/other.md", f"# Here\n\n{link}\n")
    assert problems() == [f"docs/other.md:3: {reason}"]


@pytest.mark.usefixtures("page")
def test_links_in_restructured_text_are_followed(write, problems):
    write(
        "README.rst",
        "`Good <docs/page.md>`_, `bad <docs/bad>`_, `web <https://example.com>`__\n\n"
        ".. image:: bad.png\n.. _good: docs\n",
    )
    assert problems() == [
        "README.rst:1: link docs/bad: there is no such file",
        "README.rst:3: link bad.png: there is no such file",
    ]


# === NAMES === #

SOURCE = """
LIMIT = 1
first, second = 1, 2
typed: int = 3
try:
    import quick
except ImportError:
    quick = None


def function():
    inner = 1


class Outer:
    field = 1

    async def method(self):
        pass

    class Inner:
        def method(self):
            pass
"""


@pytest.mark.parametrize(
    "name",
    [
        *("LIMIT", "second", "typed", "function", "function()", "Outer"),
        *("Outer.field", "Outer.method", "Outer.Inner.method"),
    ],
)
@pytest.mark.parametrize("place", ["docs/architecture.md", "CONTRIBUTING.md"])
def test_a_name_that_is_defined_is_fine(write, problems, place, name):
    write("addon/file.py", SOURCE)
    write(place, f"Look at `addon/file.py:{name}`.\n")
    assert problems() == []


@pytest.mark.parametrize("name", ["method", "inner", "Outer.Inner.field", "Outer.x"])
def test_a_name_that_is_not_defined_is_named(write, problems, name):
    write("addon/file.py", SOURCE)
    write("docs/architecture.md", f"Look at `addon/file.py:{name}`.\n")
    assert problems() == [
        f"docs/architecture.md:1: addon/file.py: it does not define {name}"
    ]


def test_a_name_in_a_file_that_does_not_exist_is_named(write, problems):
    write("docs/architecture.md", "Look at `addon/gone.py:function`.\n")
    assert problems() == [
        "docs/architecture.md:1: addon/gone.py: there is no such file"
    ]


def test_a_test_named_as_pytest_does_is_no_such_name(write, problems):
    write("CONTRIBUTING.md", "Run `tests/test_some.py::test_it`.\n")
    assert problems() == []


def test_a_test_of_an_addon_is_looked_for(write, problems):
    write("addon/tests/test_some.py", "class TestIt:\n    def test_one(self): pass\n")
    write(
        "CONTRIBUTING.md",
        "`TAGS=/addon:TestIt` `TAGS=/addon:TestIt.test_one` `TAGS=/addon`\n"
        "`TAGS=/addon:TestIt.test_two`\n"
        "`TAGS=/other:TestIt`\n",
    )
    assert problems() == [
        "CONTRIBUTING.md:2: addon has no test TestIt.test_two",
        "CONTRIBUTING.md:3: other has no test TestIt",
    ]


def test_a_page_on_the_architecture_without_names_is_a_problem(write, problems):
    write("docs/architecture.md", "Look at `addon/file.py`, there is everything.\n")
    [problem] = problems()
    assert problem.startswith("docs/architecture.md:1: it names no function")


# === PROGRAM === #


def test_the_program_fails_and_prints_what_it_found(
    write, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(doc_links, "ROOT", tmp_path)
    write("docs/page.md", "Nothing to say.\n")
    assert doc_links.main() == 0
    write("docs/page.md", "[text](nothing.md)\n")
    assert doc_links.main() == 1
    printed = capsys.readouterr().out
    assert printed == "docs/page.md:1: link nothing.md: there is no such file\n"
