"""The check of the translations: complete, and nothing lost in them."""

import re
import sys
from collections import Counter

import polib

from tools import addons

LANGUAGES = ("de", "el", "es", "fr")
PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[-#0 +]*\d*(?:\.\d+)?[a-zA-Z%]")
SHOWN = 20
TAG = re.compile(r"</?\w+")


def template_path(addon):
    return addon.path / "i18n" / f"{addon.name}.pot"


def translation_path(addon, language):
    return addon.path / "i18n" / f"{language}.po"


def problems(addon):
    """Return what is wrong with the translations of an addon."""
    if not template_path(addon).exists():
        return [f"{template_path(addon)}: missing; run: make i18n"]
    wanted = {entry.msgid for entry in polib.pofile(str(template_path(addon)))}
    found = []
    for language in LANGUAGES:
        path = translation_path(addon, language)
        if path.exists():
            found += [f"{path}: {text}" for text in _find_problems(path, wanted)]
        else:
            found.append(f"{path}: missing; run: make i18n")
    return found


def _find_problems(path, wanted):
    try:
        entries = polib.pofile(str(path), check_for_duplicates=True)
    except (OSError, ValueError) as error:
        yield str(error)
        return
    if {entry.msgid for entry in entries if not entry.obsolete} != wanted:
        yield "other strings than in the template; run: make i18n"
    for entry in entries:
        reason = _find_fault(entry)
        if reason:
            yield f"line {entry.linenum}: {reason}: {entry.msgid!r}"


def _find_fault(entry):
    """Return the first thing that is wrong with an entry, or None."""
    source, text = entry.msgid, entry.msgstr
    faults = {
        "obsolete": entry.obsolete,
        "fuzzy": entry.fuzzy,
        "not translated": not text,
        "other placeholders": _count(PLACEHOLDER, source) != _count(PLACEHOLDER, text),
        "other tags": _count(TAG, source) != _count(TAG, text),
        "other spaces at the beginning or the end": _edges(source) != _edges(text),
    }
    return next((reason for reason, is_so in faults.items() if is_so), None)


def _count(pattern, text):
    return Counter(pattern.findall(text))


def _edges(text):
    return text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]


def main():
    found = [problem for addon in addons.own_addons() for problem in problems(addon)]
    print("\n".join(found[:SHOWN]))
    if len(found) > SHOWN:
        print(f"... and {len(found) - SHOWN} more")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
