"""The check of the documentation: what it links to and what cites it is there.

Run as ``python -m tools.doc_links``. It prints a line for each problem:

* an anchor of a page of ``docs`` that is cited anywhere and does not exist, and a page
  that a Markdown or reStructuredText file names;
* a relative link of such a file that leads nowhere;
* a name such as ``path/file.py:Class.method`` between backticks in a page of ``docs``
  or in ``CONTRIBUTING.md`` that the file does not define;
* a test in such a file, as ``TAGS=/addon:Class.method``, that the addon does not have;
* a page on the architecture without any such name, in which nothing can be checked.
"""

import ast
import os
import re
import sys
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import unquote

from tools.paths import ROOT

CITING = {".py", ".md", ".rst", ".xml"}
"""Endings of the files that may cite a page of ``docs``."""
CITATION = re.compile(r"(?<![\w/.-])(docs/[\w/.-]+\.md)(?:#([\w-]+))?")

FENCE = re.compile(r"^ *(```|~~~)")
CODE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)")
LINKS = {
    ".md": (
        re.compile(r"\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)"),
        re.compile(r"^ {0,3}\[[^\]]+\]:\s+<?([^\s>]+)"),
    ),
    ".rst": (
        re.compile(r"`[^`<]*<([^`>]+)>`__?"),
        re.compile(r"^\s*\.\. (?:image|figure|include|_[^:]+):{1,2}\s+(\S+)"),
    ),
}
ELSEWHERE = re.compile(r"[a-zA-Z][\w+.-]*:|//")
"""Begins a link that leaves the repository."""

ANCHOR = re.compile(r"<a\s+(?:id|name)=\"([^\"]+)\"")
HEADING = re.compile(r"^ {0,3}#{1,6}\s+(.+?)\s*#*$")
LINK_TEXT = re.compile(r"\[([^\]]*)\]\([^)]*\)")

ARCHITECTURE = "docs/architecture.md"
NAME = re.compile(r"`([\w./-]+\.py):(?!:)([A-Za-z_][\w.]*)(?:\(\))?`")
TEST = re.compile(r"TAGS=/(\w+):([\w.]+)")


@dataclass(frozen=True, order=True)
class Problem:
    """One thing to correct."""

    path: Path
    line: int
    text: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.text}"


class Repository:
    """The files below ``root``; hidden folders are no part of it."""

    def __init__(self, root):
        self._root = root
        self._anchors = cache(find_anchors)
        self._names = cache(find_names)

    def problems(self):
        """Return all problems, sorted by file and line."""
        found = set()
        for path in self._files():
            lines = path.read_text(encoding="utf-8").splitlines()
            faults = [*self._check_citations(path, lines)]
            if path.suffix in LINKS:
                faults += self._check_links(path, lines)
            place = path.relative_to(self._root)
            if _is_documentation(place.as_posix()):
                faults += self._check_names(lines)
            if place.as_posix() == ARCHITECTURE and not NAME.search("\n".join(lines)):
                faults.append((1, "it names no function, as `path/file.py:name`"))
            found.update(Problem(place, number, text) for number, text in faults)
        return sorted(found)

    def _files(self):
        for folder, folders, names in os.walk(self._root):
            folders[:] = [each for each in folders if not each.startswith(".")]
            paths = (Path(folder, name) for name in names)
            yield from (path for path in paths if path.suffix in CITING)

    def _check_citations(self, path, lines):
        is_prose = path.suffix in LINKS
        for number, line in enumerate(lines, start=1):
            for page, anchor in CITATION.findall(line):
                fault = self._find_fault(self._root / page, anchor)
                if fault and (anchor or is_prose):
                    yield number, f"{page}: {fault}"

    def _check_links(self, path, lines):
        if path.suffix == ".md":
            lines = without_code(lines)
        for number, line in enumerate(lines, start=1):
            for pattern in LINKS[path.suffix]:
                for link in pattern.findall(line):
                    fault = self._find_fault_of_link(path, link)
                    if fault:
                        yield number, f"link {link}: {fault}"

    def _find_fault_of_link(self, path, link):
        if ELSEWHERE.match(link):
            return ""
        target, _, anchor = unquote(link).partition("#")
        if target.startswith("/"):
            return self._find_fault(self._root / target.lstrip("/"), anchor)
        return self._find_fault(path.parent / target if target else path, anchor)

    def _find_fault(self, target, anchor):
        """Return what is wrong with a place in the repository, or ``""``."""
        if not target.exists():
            return "there is no such file"
        is_markdown = target.suffix == ".md"
        if anchor and is_markdown and anchor not in self._anchors(target.resolve()):
            return f"there is no anchor {anchor}"
        return ""

    def _check_names(self, lines):
        for number, line in enumerate(lines, start=1):
            for place, name in NAME.findall(line):
                path = self._root / place
                if not path.is_file():
                    yield number, f"{place}: there is no such file"
                elif name not in self._names(path):
                    yield number, f"{place}: it does not define {name}"
            for addon, name in TEST.findall(line):
                files = (self._root / addon / "tests").glob("test_*.py")
                if not any(name in self._names(path) for path in files):
                    yield number, f"{addon} has no test {name}"


def _is_documentation(place):
    in_docs = place.startswith("docs/") and place.endswith(".md")
    return in_docs or place == "CONTRIBUTING.md"


def without_code(lines):
    """Return ``lines`` of Markdown with nothing in place of what is code."""
    fence = ""
    kept = []
    for line in lines:
        found = FENCE.match(line)
        if found and fence in ("", found[1]):
            fence = "" if fence else found[1]
            kept.append("")
        else:
            kept.append("" if fence else CODE.sub("", line))
    return kept


def find_anchors(path):
    """Return the anchors of a Markdown file: its own, and those of its headings."""
    lines = path.read_text(encoding="utf-8").splitlines()
    anchors = set()
    seen = Counter()
    for line, text in zip(lines, without_code(lines), strict=True):
        anchors.update(ANCHOR.findall(text))
        if HEADING.match(text):
            name = slug(HEADING.match(line)[1])
            anchors.add(f"{name}-{seen[name]}" if seen[name] else name)
            seen[name] += 1
    return anchors


def slug(heading):
    """Return the anchor that GitHub makes of a heading."""
    text = LINK_TEXT.sub(r"\1", heading).lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def find_names(path):
    """Return the dotted names that a Python file defines; nothing is imported."""
    names = set()
    _collect(ast.parse(path.read_text(encoding="utf-8")).body, "", names)
    return names


def _collect(body, prefix, names):
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(prefix + node.name)
        if isinstance(node, ast.ClassDef):
            _collect(node.body, f"{prefix}{node.name}.", names)
        elif isinstance(node, ast.Assign):
            names.update(prefix + name for name in _targets(node.targets))
        elif isinstance(node, ast.AnnAssign):
            names.update(prefix + name for name in _targets([node.target]))
        elif isinstance(node, (ast.If, ast.Try)):
            _collect([*node.body, *node.orelse], prefix, names)


def _targets(nodes):
    for node in nodes:
        yield from (each.id for each in ast.walk(node) if isinstance(each, ast.Name))


def main():
    problems = Repository(ROOT).problems()
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
