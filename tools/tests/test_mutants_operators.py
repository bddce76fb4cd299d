"""What is changed in a module, and what is let alone."""

import textwrap

from tools.mutants_operators import find_enums, find_mutants


def changes(source, enums=None):
    """The changes of a source, as the lines before and after."""
    mutants = find_mutants("module.py", textwrap.dedent(source), enums or {})
    return {(mutant.old, mutant.new) for mutant in mutants}


def test_a_row_of_a_table_is_left_out():
    found = changes("KINDS = {\n    400: 'data',\n    401: 'auth',\n}\n")
    assert ("401: 'auth',", "") in found
    assert ("400: 'data',", "401: 'data',") in found
    assert ("400: 'data',", "400: 'XXdataXX',") in found


def test_properties_and_fields_are_changed_too():
    source = """
    @dataclass(frozen=True)
    class Policy:
        longest: float = 60

        @property
        def is_endless(self):
            return self.longest > 3600
    """
    found = changes(source)
    assert ("longest: float = 60", "longest: float = 61") in found
    assert (
        "return self.longest > 3600",
        "return self.longest >= 3600",
    ) in found
    assert not any("frozen" in old for old, _new in found)


def test_a_member_of_an_enumeration_becomes_the_next_one():
    source = "class Kind(Enum):\n    DATA = 'data'\n    AUTH = 'auth'\n"
    enums = find_enums([source])
    assert enums == {"Kind": ["DATA", "AUTH"]}
    found = changes("def f(e):\n    return e is Kind.AUTH\n", enums)
    assert ("return e is Kind.AUTH", "return e is Kind.DATA") in found


def test_conditions_and_consequences():
    source = """
    def f(found, row):
        if found:
            row.append(1)
        try:
            g(row)
        except (TypeError, ValueError):
            raise Wrong(row)
    """
    found = changes(source)
    assert ("if found:", "if not (found):") in found
    assert ("row.append(1)", "pass") in found
    assert ("raise Wrong(row)", "pass") in found
    assert ("except (TypeError, ValueError):", "except ValueError:") in found


def test_the_bounds_of_a_pattern():
    found = {new for _old, new in changes('NAME = re.compile(r"[a-z]{5,65}")\n')}
    assert 'NAME = re.compile(r"[a-z]{4,65}")' in found
    assert 'NAME = re.compile(r"[a-z]{5,66}")' in found


def test_what_no_test_could_see_is_let_alone():
    source = '''
    """A docstring."""

    from typing import TypeVar

    Result = TypeVar("Result", bound=object)
    Trace = Callable[[int], None]

    def f(value: "list[int]"):
        """Another one."""
        _logger.info("done %s", value)
    '''
    assert changes(source) == set()


def test_a_change_in_the_middle_keeps_the_rest_to_the_letter():
    source = textwrap.dedent(
        """
        # a comment

        def f(
            first,  # why
            second=3,
        ):
            return g(
                first
                or second,
                {"key": (first)},
            )
        # the end
        """
    )
    for mutant in find_mutants("module.py", source, {}):
        lines = mutant.source.splitlines()
        assert lines[:4] == source.splitlines()[:4]
        assert lines[-1] == "# the end"
        assert mutant.source != source


def test_a_mutant_knows_its_function_and_its_statement():
    source = textwrap.dedent(
        """\
        class A:
            limit = 3

            def f(self):
                return g(
                    3
                )
        """
    )
    mutants = find_mutants("module.py", source, {})
    by_new = {mutant.new: mutant for mutant in mutants}
    field, inside = by_new["limit = 4"], by_new["4"]
    assert (field.where, field.lines, field.is_at_import) == ("class A", (2, 2), True)
    assert (inside.where, inside.lines, inside.line) == ("A.f", (5, 7), 6)
    assert not inside.is_at_import
