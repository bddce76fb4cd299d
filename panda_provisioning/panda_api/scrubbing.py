"""Takes secrets out of a text, whatever a server has made of them.

Whoever quotes a secret may have encoded it on the way: for HTML, for a URL, for JSON,
some of it or several times, in base 64 or in hexadecimal, or have read its UTF-8 as
Latin-1. So the text is decoded step by step, and each step is searched.
"""

from __future__ import annotations

import base64
import html.entities
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

HIDDEN = "***"
MOST_STEPS = 6
"""Encodings of encodings that are undone."""
SHORTEST_PACKED = 6
"""Characters of base 64 by which a secret is recognized."""

ENCODED = re.compile(
    r"\\u([0-9a-f]{4})|\\u\{([0-9a-f]{1,6})\}|\\U([0-9a-f]{8})|\\x([0-9a-f]{2})"
    r"|%([0-9a-f]{2})|&#x([0-9a-f]{1,6});?|&#([0-9]{1,7});?|\\([0-7]{3})"
    r"|&([a-z][a-z0-9]{1,31});?|\\(.)",
    re.IGNORECASE | re.DOTALL,
)
"""One letter: of JSON and of many languages, of URLs, and of HTML."""
MARKS = ("\\", "%", "&")
"""One of them begins each encoded letter."""
DECIMAL, OCTAL, NAMED, ESCAPED = 7, 8, 9, 10
"""The groups that are not hexadecimal."""
PACKED = re.compile(r"[\w+/=-]", re.ASCII)


def scrub(text: str, secrets: Iterable[str]) -> str:
    """Return ``text`` with :data:`HIDDEN` in the place of each of ``secrets``.

    All are looked for in the text as it was: of one that lies within another, or
    overlaps with it, nothing is left over.
    """
    forms = [form for secret in set(secrets) for form in _forms(secret)]
    spans = sorted({span for view in _views(text) for span in view.find(forms)})
    parts, shown_from = [], 0
    for start, end in spans:
        if start >= shown_from:
            parts += [text[shown_from:start], HIDDEN]
        shown_from = max(shown_from, end)
    return "".join([*parts, text[shown_from:]])


@dataclass(frozen=True)
class _Form:
    """What a secret may look like, in lower case; ``is_packed`` says that the letters
    around it hold some bits of it, too."""

    letters: str
    is_packed: bool = False


@dataclass(frozen=True)
class _View:
    """A text with some of it decoded. Its letter ``n`` stands from ``starts[n]`` to
    ``ends[n]`` in the text as it was."""

    letters: str
    starts: Sequence[int]
    ends: Sequence[int]

    def find(self, forms: Iterable[_Form]) -> Iterator[tuple[int, int]]:
        """Where any of ``forms`` is, in the text as it was."""
        letters = _lower(self.letters)
        for form in forms:
            at = letters.find(form.letters)
            while at >= 0:
                first = after = at
                last = at + len(form.letters) - 1
                if form.is_packed:
                    while first and PACKED.match(letters, first - 1):
                        first -= 1
                    while PACKED.match(letters, last + 1):
                        last += 1
                    after = last
                yield self.starts[first], self.ends[last]
                at = letters.find(form.letters, after + 1)

    def decoded(self) -> _View:
        """The view with what is encoded in it decoded once; itself, if nothing is."""
        if not any(mark in self.letters for mark in MARKS):
            return self
        parts: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        done = 0
        for match in ENCODED.finditer(self.letters):
            letter = _decoded(match)
            if letter is None:
                continue
            first, end = match.span()
            parts += (self.letters[done:first], letter)
            starts += (*self.starts[done:first], self.starts[first])
            ends += (*self.ends[done:first], self.ends[end - 1])
            done = end
        parts.append(self.letters[done:])
        starts += self.starts[done:]
        ends += self.ends[done:]
        return _View("".join(parts), starts, ends)


def _views(text: str) -> Iterator[_View]:
    """``text``, and what it is when it is decoded, and again."""
    size = len(text)
    view = _View(text, range(size), range(1, size + 1))
    yield view
    for _step in range(MOST_STEPS):
        before, view = view, view.decoded()
        if view.letters == before.letters:
            return
        yield view


def _decoded(match: re.Match[str]) -> str | None:
    group, word = match.lastindex or 0, match[match.lastindex or 0]
    if group == ESCAPED:
        return {"n": "\n", "r": "\r", "t": "\t"}.get(word, word)
    if group == NAMED:
        letter = html.entities.html5.get(f"{word};", "")
        return letter if len(letter) == 1 else None
    code = int(word, {DECIMAL: 10, OCTAL: 8}.get(group, 16))
    return chr(code) if code <= 0x10FFFF else None


def _lower(text: str) -> str:
    """``text`` in lower case, letter by letter: that of one letter alone is longer."""
    return text.replace("\u0130", "i").lower()


# === FORMS === #


@lru_cache(maxsize=32)
def _forms(secret: str) -> tuple[_Form, ...]:
    """What ``secret`` may look like once letters are decoded."""
    secret = secret.strip()
    if not secret:
        return ()
    words = secret.split()
    plain: set[str] = set()
    for spaced in (secret, "".join(words), "+".join(words)):
        for normal_form in ("NFC", "NFD"):
            plain.update(_misread(unicodedata.normalize(normal_form, spaced)))
    # What looks encoded in the secret itself is decoded along with the text.
    plain |= {view.letters for form in plain for view in _views(form)}
    data = secret.encode("utf-8", "surrogatepass")
    plain.update((data.hex(), data.hex(" "), data.hex(":")))
    packed = {_within(data, offset) for offset in range(3)}
    packed |= {form.translate({43: 45, 47: 95}) for form in packed}
    return (
        *(_Form(_lower(form)) for form in plain),
        *(_Form(f.lower(), True) for f in packed if len(f) >= SHORTEST_PACKED),
    )


def _misread(secret: str) -> Iterator[str]:
    """``secret``, and what becomes of it when its UTF-8 is read as something else, once
    or twice; or its Latin-1 as UTF-8; or its surrogates one by one."""
    yield secret
    if secret.isascii():
        return
    for charset in ("latin-1", "cp1252"):
        misread = secret
        for _time in range(2):
            data = misread.encode("utf-8", "surrogatepass")
            misread = data.decode(charset, "replace")
            yield misread
    for stand_in in ("\ufffd", "?"):
        yield "".join(each if each.isascii() else stand_in for each in secret)
    units = secret.encode("utf-16-be", "surrogatepass")
    pairs = (units[at : at + 2] for at in range(0, len(units), 2))
    yield "".join(chr(int.from_bytes(pair, "big")) for pair in pairs)


def _within(data: bytes, offset: int) -> str:
    """The characters of base 64 that ``data`` alone decides, behind ``offset`` bytes of
    something else."""
    encoded = base64.b64encode(b"\0" * offset + data).decode()
    return encoded[-(-offset * 8 // 6) : (offset + len(data)) * 8 // 6]
