"""The check of the translations finds what a translator may overlook."""

import polib
import pytest

from tools.addons import Addon
from tools.translations import LANGUAGES, problems, template_path, translation_path

MSGID = "%(count)s customers wait for <b>%(name)s</b>."


@pytest.fixture
def addon(tmp_path):
    addon = Addon("our_addon", tmp_path, ())
    (tmp_path / "i18n").mkdir()
    save(template_path(addon), "")
    for language in LANGUAGES:
        save(translation_path(addon, language), MSGID)
    return addon


def save(path, msgstr, msgid=MSGID, **values):
    catalogue = polib.POFile()
    catalogue.metadata = {"Content-Type": "text/plain; charset=UTF-8"}
    catalogue.append(polib.POEntry(msgid=msgid, msgstr=msgstr, **values))
    catalogue.save(str(path))


def test_complete_translations_are_fine(addon):
    assert problems(addon) == []


def test_an_addon_without_a_template_is_told_of(addon):
    template_path(addon).unlink()
    (problem,) = problems(addon)
    assert problem.endswith(".pot: missing; run: make i18n")


@pytest.mark.parametrize(
    ("msgstr", "values", "reason"),
    [
        ("", {}, "not translated"),
        (MSGID, {"flags": ["fuzzy"]}, "fuzzy"),
        ("%(n)s Kunden warten auf <b>%(name)s</b>.", {}, "other placeholders"),
        ("%(count)s Kunden warten auf %(name)s.", {}, "other tags"),
        (f"{MSGID} ", {}, "other spaces"),
        (MSGID, {"msgid": "Something else"}, "other strings than in the template"),
    ],
)
def test_a_fault_is_named(addon, msgstr, values, reason):
    save(translation_path(addon, "de"), msgstr, **values)
    assert any("de.po: " in text and reason in text for text in problems(addon))


def test_a_missing_language_is_named(addon):
    translation_path(addon, "el").unlink()
    [problem] = problems(addon)
    assert "el.po: missing" in problem
