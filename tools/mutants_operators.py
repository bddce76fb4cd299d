"""What ``make mutants`` changes in a module, one change at a time.

The operators are mutmut's, applied to the whole module: its own command changes the
bodies of undecorated functions only, not the tables, dataclasses, enumerations and
properties in which decisions are written down here (and cosmic-ray, the other tool,
changes files in place, one at a time). What a table of decisions needs on top is below.
"""

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation import mutators

ENUMS = ("Enum", "IntEnum", "StrEnum", "Flag", "IntFlag")
QUIET_CALLS = re.compile(r"_?logger\.\w+|TypeVar|NewType|ParamSpec")
"""Calls without a consequence that a test could see."""
TYPE_ALIAS = re.compile(r"[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*")
BOUND = re.compile(r"(?<=[{,])\d+(?=[,}])")
"""A number of repetitions in a regular expression."""
STRIPPING = (".strip", ".lstrip", ".rstrip")
"""More characters in their argument hardly ever make a difference."""
OPPOSITES = {"min": "max", "max": "min", "any": "all", "all": "any"}


@dataclass(frozen=True)
class Mutant:
    """One change of one module.

    ``old`` and ``new`` are the lines that differ, ``where`` the class or function they
    are in, ``lines`` the first and the last line of the statement.
    """

    module: str
    where: str
    lines: tuple
    line: int
    old: str
    new: str
    source: str

    @property
    def key(self):
        """What tells it from the others, wherever in the file its line is."""
        return (self.module, self.where, self.old, self.new)

    @property
    def is_at_import(self):
        """Whether the changed code runs when the module is imported, and only then."""
        return not self.where or self.where.startswith("class ")


def find_enums(sources):
    """Return the names of members by the name of their enumeration."""
    found = {}
    for source in sources:
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.ClassDef) and _is_enum(node):
                targets = (s.targets[0] for s in node.body if isinstance(s, ast.Assign))
                found[node.name] = [t.id for t in targets if isinstance(t, ast.Name)]
    return found


def _is_enum(node):
    return any(ast.unparse(base).split(".")[-1] in ENUMS for base in node.bases)


def find_mutants(module, source, enums):
    """Return the mutants of a module, without those that say the same twice.

    :param str module: its path below the root
    :param dict enums: see :func:`find_enums`
    """
    wrapper = MetadataWrapper(cst.parse_module(source))
    finder = _Finder(enums)
    wrapper.visit(finder)
    text = _Text(wrapper.module, source)
    found = {}
    for change in finder.changes:
        mutated = text.after(change)
        line, old, new = _difference(source, mutated)
        if old != new and _compiles(mutated):
            mutant = Mutant(module, *change.place, line, old, new, mutated)
            found.setdefault((line, old, new), mutant)
    return list(found.values())


class _Text:
    """The source of a module, in which one piece after the other is exchanged."""

    def __init__(self, tree, source):
        self._tree = tree
        self._source = source
        lengths = (len(line) for line in source.splitlines(keepends=True))
        self._starts = [0, *accumulate(lengths)]
        self._header = "".join(tree.code_for_node(line) for line in tree.header)
        self._footer = "".join(tree.code_for_node(line) for line in tree.footer)
        self._parts = {part: tree.code_for_node(part) for part in tree.body}

    def after(self, change):
        """Return the source with a change."""
        start, end = (self._starts[p.line - 1] + p.column for p in change.span)
        code = self._tree.code_for_node
        if self._source[start:end] == code(change.node):
            return self._source[:start] + code(change.mutated) + self._source[end:]
        # Parentheses, or the indentation of further lines, belong to the node.
        changed = change.top.visit(_Replacement(change.node, change.mutated))
        parts = {**self._parts, change.top: code(changed)}
        return self._header + "".join(parts.values()) + self._footer


def _compiles(source):
    try:
        compile(source, "mutant", "exec", dont_inherit=True)
    except SyntaxError:
        return False
    return True


def _difference(source, mutated):
    """Return the first line that differs, and the lines that do, before and after."""
    left, right = source.splitlines(), mutated.splitlines()
    first, last = _alike(left, right), _alike(left[::-1], right[::-1])
    last = min(last, len(left) - first, len(right) - first)
    old, new = left[first : len(left) - last], right[first : len(right) - last]
    return first + 1, _joined(old), _joined(new)


def _alike(left, right):
    """How many lines are the same before the first that differs."""
    pairs = enumerate(zip(left, right, strict=False))
    differing = (index for index, (one, other) in pairs if one != other)
    return next(differing, min(len(left), len(right)))


def _joined(lines):
    return " ".join(line.strip() for line in lines)


# === SEARCH === #


@dataclass(frozen=True)
class _Change:
    node: cst.CSTNode
    mutated: cst.CSTNode
    span: tuple
    top: cst.CSTNode
    place: tuple


class _Finder(cst.CSTVisitor):
    """Collects the changes of a module."""

    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self, enums):
        super().__init__()
        self.changes = []
        self._operators = [*OPERATORS, (cst.Attribute, _EnumNeighbour(enums))]
        self._scopes = []
        self._statements = []
        self._skipped = set()

    def on_visit(self, node):
        super().on_visit(node)
        if isinstance(node, (cst.FunctionDef, cst.ClassDef)):
            self._scopes.append(node)
        if isinstance(node, (cst.BaseStatement, cst.BaseSmallStatement)):
            self._statements.append(node)
        if self._is_left_alone(node):
            return False
        if isinstance(node, (cst.For, cst.CompFor)):
            self._skipped.add(node.target)
        if isinstance(node, cst.Call) and _name(node.func).endswith(STRIPPING):
            self._skipped.update(argument.value for argument in node.args)
        self._collect(node)
        return True

    def on_leave(self, original_node):
        super().on_leave(original_node)
        for stack in (self._scopes, self._statements):
            if stack and stack[-1] is original_node:
                stack.pop()

    def _is_left_alone(self, node):
        if isinstance(
            node,
            (
                cst.Annotation,
                cst.Decorator,
                cst.Import,
                cst.ImportFrom,
                cst.AssignTarget,
            ),
        ):
            return True
        if isinstance(node, cst.Assign) and not self._scopes:
            name = node.targets[0].target
            return isinstance(name, cst.Name) and bool(TYPE_ALIAS.fullmatch(name.value))
        return node in self._skipped or (
            isinstance(node, cst.Call) and bool(QUIET_CALLS.fullmatch(_name(node.func)))
        )

    def _collect(self, node):
        for kind, operator in self._operators:
            if isinstance(node, kind):
                for mutated in operator(node):
                    part = mutated if isinstance(mutated, tuple) else (node, mutated)
                    self.changes.append(self._change(*part))

    def _change(self, node, mutated):
        position = self.get_metadata(PositionProvider, node)
        span = (position.start, position.end)
        place = (self._where(), self._lines(node))
        return _Change(node, mutated, span, self._statements[0], place)

    def _where(self):
        """The class or function around: ``class Name`` where neither runs later."""
        names = ".".join(scope.name.value for scope in self._scopes)
        is_class = self._scopes and isinstance(self._scopes[-1], cst.ClassDef)
        return f"class {names}" if is_class else names

    def _lines(self, node):
        """The lines by which to tell whether a test runs the changed code."""
        statement = self._statements[-1]
        is_compound = isinstance(statement, cst.BaseCompoundStatement)
        last = node if is_compound else statement
        start = self.get_metadata(PositionProvider, statement).start
        return start.line, self.get_metadata(PositionProvider, last).end.line


class _Replacement(cst.CSTTransformer):
    """Puts one node in place of another."""

    def __init__(self, old, new):
        super().__init__()
        self._old = old
        self._new = new

    def on_visit(self, node):
        return node is not self._old

    def on_leave(self, original_node, updated_node):
        return self._new if original_node is self._old else updated_node


def _name(expression):
    """A dotted name as text; empty for anything else."""
    if isinstance(expression, cst.Name):
        return expression.value
    if isinstance(expression, cst.Attribute):
        return f"{_name(expression.value)}.{expression.attr.value}"
    return ""


# === OPERATORS === #

BARE = (cst.Name, cst.Attribute, cst.Call, cst.Subscript, cst.NamedExpr)
"""Conditions in which there is no operator to change."""


def _negated(condition):
    if condition.lpar:
        return cst.UnaryOperation(cst.Not(), condition)
    inner = condition.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    return cst.UnaryOperation(cst.Not(), inner)


def negate_condition(node):
    """``if found`` becomes ``if not (found)``.

    Here and below a pair is a part of the node and what becomes of it.
    """
    if isinstance(node.test, BARE):
        yield node.test, _negated(node.test)


def negate_operand(node):
    """``is_new and found`` becomes ``not (is_new) and found``."""
    for side in ("left", "right"):
        if isinstance(getattr(node, side), BARE):
            yield node.with_changes(**{side: _negated(getattr(node, side))})


def return_nothing(node):
    """``return found`` becomes ``return None``; True and False have their own."""
    if node.value and _name(node.value) not in ("None", "True", "False"):
        yield node.with_changes(value=cst.Name("None"))


def leave_out_statement(node):
    """A call whose result nobody wants, or a ``raise``, becomes ``pass``."""
    is_call = isinstance(node, cst.Expr) and isinstance(node.value, cst.Call)
    is_quiet = is_call and QUIET_CALLS.fullmatch(_name(node.value.func))
    if isinstance(node, cst.Raise) or (is_call and not is_quiet):
        yield cst.Pass()


def leave_out_element(node):
    """A row of a table, or one of several possibilities, is missing.

    Of a pair nothing is left out: it is unpacked, and breaks whatever is tested.
    """
    smallest = {cst.Tuple: 3, cst.Set: 2}.get(type(node), 1)
    if len(node.elements) >= smallest:
        for index in range(len(node.elements)):
            rest = [e for i, e in enumerate(node.elements) if i != index]
            yield node.with_changes(elements=rest)


def leave_out_exception(node):
    """One of several exceptions is not caught any more."""
    if isinstance(node.type, cst.Tuple) and len(node.type.elements) == 2:
        for element in node.type.elements:
            yield node.type, element.value


def change_bounds(node):
    """``[a-z]{5,65}`` becomes ``[a-z]{6,65}``, ``[a-z]{4,65}``, ..."""
    if "r" in node.prefix.lower():
        for bound in BOUND.finditer(node.value):
            for number in (int(bound[0]) + 1, int(bound[0]) - 1):
                start, end = bound.span()
                value = f"{node.value[:start]}{number}{node.value[end:]}"
                yield node.with_changes(value=value)


def change_text(node):
    """Other text; another case only in a regular expression, which often asks for one.

    mutmut changes the case of every text. A test that would miss that misses the
    change of the text too.
    """
    if isinstance(node, cst.FormattedStringText):
        yield node.with_changes(value=f"XX{node.value}XX")
    elif isinstance(node, cst.SimpleString):
        found = list(mutators.operator_string(node))
        yield from found if "r" in node.prefix.lower() else found[:1]


def swap_function(node):
    """``min`` becomes ``max``, ``any`` becomes ``all``."""
    other = OPPOSITES.get(_name(node.func))
    if other:
        yield node.with_changes(func=cst.Name(other))


def change_arguments(node):
    """mutmut's, but for two functions that break when they get a None.

    An argument is None or missing. None in place of another value that is false is
    hardly ever a difference, and such a value has an operator of its own.
    """
    if _name(node.func) in ("len", "isinstance"):
        return
    for mutated in mutators.operator_arg_removal(node):
        pairs = zip(node.args, mutated.args, strict=False)
        kept = len(mutated.args) == len(node.args)
        if not (kept and any(_is_false(a.value) and a is not b for a, b in pairs)):
            yield mutated


def change_assignment(node):
    """mutmut's, with the same exception."""
    if node.value and not _is_false(node.value):
        yield from mutators.operator_assignment(node)


def _is_false(value):
    if isinstance(value, (cst.Integer, cst.Float, cst.SimpleString)):
        return not value.evaluated_value
    return _name(value) == "False"


class _EnumNeighbour:
    """``ErrorKind.DATA`` becomes the next member of its enumeration."""

    def __init__(self, enums):
        self._enums = enums

    def __call__(self, node):
        members = self._enums.get(_name(node.value), [])
        if node.attr.value in members:
            position = members.index(node.attr.value) + 1
            other = members[position % len(members)]
            yield node.with_changes(attr=cst.Name(other))


REPLACED = (
    mutators.operator_string,
    mutators.operator_arg_removal,
    mutators.operator_assignment,
)
OPERATORS: list[tuple[type, Callable]] = [
    *(
        (kind, operator)
        for kind, operator in mutators.mutation_operators
        if operator not in REPLACED
    ),
    (cst.Assign, change_assignment),
    (cst.AnnAssign, change_assignment),
    (cst.Call, change_arguments),
    (cst.Call, swap_function),
    (cst.SimpleString, change_text),
    (cst.SimpleString, change_bounds),
    (cst.FormattedStringText, change_text),
    (cst.If, negate_condition),
    (cst.While, negate_condition),
    (cst.CompIf, negate_condition),
    (cst.IfExp, negate_condition),
    (cst.BooleanOperation, negate_operand),
    (cst.Return, return_nothing),
    (cst.Expr, leave_out_statement),
    (cst.Raise, leave_out_statement),
    (cst.Dict, leave_out_element),
    (cst.Set, leave_out_element),
    (cst.List, leave_out_element),
    (cst.Tuple, leave_out_element),
    (cst.ExceptHandler, leave_out_exception),
]
