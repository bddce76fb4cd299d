"""Which tests might notice a mutant, and in which order they are run."""

import ast
import re
from collections import defaultdict
from dataclasses import dataclass

from tools.mutants_runs import AT_IMPORT

SHORTEST_LIMIT, LIMIT_FACTOR = 5, 10
"""A test may take so many seconds, or so many times as long as without a change."""
WORD = re.compile(r"\w+")


class Choice:
    """Chooses by what the tests do when nothing is changed.

    :param dict found: see :func:`tools.mutants_runs.observed`
    :param Mentions mentions: where the names are used that have a value since import
    """

    def __init__(self, found, mentions):
        self._tests = found["tests"]
        self._lines = {
            module: {int(line): set(numbers) for line, numbers in lines.items()}
            for module, lines in found["lines"].items()
        }
        self._mentions = mentions
        self._seconds = dict(zip(found["tests"], found["seconds"], strict=True))
        self.limits = {
            test: max(SHORTEST_LIMIT, LIMIT_FACTOR * seconds)
            for test, seconds in self._seconds.items()
        }
        self._killers = defaultdict(set)

    def tests_for(self, mutant):
        """Return the tests that might notice, those first that do so soonest."""
        first, last = mutant.lines
        numbers = self._that_run(mutant.module, range(first, last + 1))
        if mutant.is_at_import or AT_IMPORT in numbers:
            numbers |= self._that_use(mutant)
        found = {self._tests[number] for number in numbers - {AT_IMPORT}}
        return self.in_order(found, self._killers[mutant.module, mutant.where])

    def in_order(self, tests, first=()):
        """Return ``tests``, the quick ones before the others."""
        return sorted(tests, key=lambda test: (test not in first, self._seconds[test]))

    def note_killer(self, mutant, test):
        """Begin with ``test`` at the next change of the same function."""
        self._killers[mutant.module, mutant.where].add(test)

    def _that_run(self, module, lines):
        known = self._lines.get(module, {})
        return set().union(*(known.get(line, ()) for line in lines))

    def _that_use(self, mutant):
        """The tests that use what the changed statement gives a name to."""
        used = self._mentions.of(mutant.module, mutant.line)
        numbers = {n for n, t in enumerate(self._tests) if t.split("::")[0] in used}
        for module in self._lines:
            numbers |= self._that_run(module, used.get(module, ()))
        return numbers


@dataclass
class _Statement:
    """A statement that runs at import, and the names that it gives a value to."""

    first: int
    last: int
    names: set


class Mentions:
    """Finds who uses a table, a constant, a field or a default.

    It goes by the bare word, so it finds too much rather than too little.

    :param Path folder: the copy of the repository
    :param modules: paths below it
    :param str tests: the folder with the tests
    """

    def __init__(self, folder, modules, tests):
        self._modules = {module: _words(folder / module) for module in modules}
        self._statements = {
            module: list(_at_import(ast.parse((folder / module).read_text()).body))
            for module in modules
        }
        files = {
            path.relative_to(folder).as_posix(): set().union(*_words(path))
            for path in (folder / tests).rglob("*.py")
        }
        self._tests = {n: words for n, words in files.items() if "/test_" in n}
        self._helpers = {n: words for n, words in files.items() if "/test_" not in n}

    def of(self, module, line):
        """Return the lines by module that mention what is defined at a line, and the
        files with tests that do, directly or by way of other names."""
        names = self._defined_at(module, line)
        while True:
            more = self._by_way_of(names)
            if more <= names:
                break
            names |= more
        lines = {
            module: [n for n, words in enumerate(found, 1) if words & names]
            for module, found in self._modules.items()
        }
        return lines | {file: () for file, ws in self._tests.items() if ws & names}

    def _defined_at(self, module, line):
        """The names of the innermost statement there."""
        around = [s for s in self._statements[module] if s.first <= line <= s.last]
        narrow = min(around, key=lambda s: s.last - s.first, default=None)
        return set(narrow.names) if narrow else set()

    def _by_way_of(self, names):
        """The names of statements and of helpers of the tests that use ``names``."""
        found = set()
        for module, statements in self._statements.items():
            words = self._modules[module]
            for s in statements:
                if names & set().union(*words[s.first - 1 : s.last]):
                    found |= s.names
        for file, words in self._helpers.items():
            if names & words:
                found.add(file.rsplit("/", 1)[-1].removesuffix(".py"))
        return found


def _words(path):
    return [set(WORD.findall(line)) for line in path.read_text().splitlines()]


def _at_import(body):
    """Yield the statements of a module or class that may run at import."""
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield from _at_import(node.body)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            continue
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            # Its default values, and all of it if something calls it at import.
            yield _Statement(node.lineno, node.end_lineno, {node.name})
        else:
            stored = (
                n.id
                for n in ast.walk(node)
                if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
            )
            yield _Statement(node.lineno, node.end_lineno, set(stored))
