"""The catalogue holds every error code, and everything that is to be known of it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from panda_provisioning.core.error_catalogue import (
    ACCOUNT_GONE,
    CATALOGUE,
    MADE_OF_CONTACT,
    MADE_OF_OPTIONS,
    PARENT_GONE,
    ErrorEntry,
    Remedy,
    as_error,
    contact_fields_of,
    field_of,
    is_corrected_by_edit,
    is_found_in_odoo,
    may_create_anyway,
    passes_by_itself,
)
from panda_provisioning.core.retry_policy import POLICIES, Stops
from panda_provisioning.panda_api.errors import ErrorKind, PandaError

ROOT = Path(__file__).resolve().parent.parent.parent
ADDON = ROOT / "panda_provisioning"
TEST_FOLDERS = ("tests", "panda_provisioning/tests", "panda_provisioning_sale/tests")
CODE_ARGUMENTS = {
    "PandaError": 1,
    "as_error": 0,
    "Problem": 0,
    "Finding": 0,
    "_needs_decision": 1,
}
"""Where the functions that make an error take its code."""


def entries() -> list[ErrorEntry]:
    return list(CATALOGUE.values())


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry.code)
def test_an_entry_has_a_field_and_a_remedy(entry: ErrorEntry) -> None:
    assert entry.field
    assert entry.remedies
    assert set(entry.remedies) <= set(Remedy)
    assert CATALOGUE[entry.code] is entry


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry.code)
def test_an_entry_retries_unless_a_person_must_change_something(
    entry: ErrorEntry,
) -> None:
    stops = POLICIES[entry.kind].stops
    assert entry.retries is (stops is not Stops.ACCOUNT)
    is_persons = entry.kind in (ErrorKind.DATA, ErrorKind.CONFLICT)
    assert entry.retries is not is_persons


def test_only_problems_are_found_in_odoo() -> None:
    found = {entry.code for entry in entries() if is_found_in_odoo(entry.code)}
    assert {"email_missing", "username_used", "system_disabled"} <= found
    assert all(CATALOGUE[code].kind is ErrorKind.DATA for code in found)
    assert not found & {"rejected", "email_taken", "lost_answer"}
    assert not is_found_in_odoo("no_such_code")
    assert not is_found_in_odoo(None)


def test_refusals_that_stay_are_those_that_no_reading_announces() -> None:
    assert {entry.code for entry in entries() if entry.stays_refused} == {
        "blocked",
        "conflict",
        "email_taken",
        "operator_refused",
        "rejected",
        "update_refused",
        "username_taken",
    }


def test_where_panda_said_nothing_there_are_no_words_of_panda() -> None:
    assert {entry.code for entry in entries() if not entry.answered} == {
        "bug",
        "certificate",
        "daily_limit",
        "invalid_url",
        "lost_answer",
        "not_sent",
        "timeout",
        "too_many",
        "transaction_stuck",
        "unreachable",
        "unsavable",
        "update_stuck",
    }


def test_the_field_of_a_code() -> None:
    assert field_of("email_taken") == "email"
    assert field_of("no_such_code") == field_of("") == field_of(None) == ""


def test_an_edit_of_the_contact_corrects_what_is_made_of_it() -> None:
    assert contact_fields_of("phone_missing") == {"phone", "country_id"}
    assert contact_fields_of("username_taken") == frozenset()
    for entry in entries():
        is_editable = entry.field in MADE_OF_CONTACT or entry.field in MADE_OF_OPTIONS
        assert is_corrected_by_edit(entry.code) is is_editable
    assert not is_corrected_by_edit("forbidden")
    assert not is_corrected_by_edit(None)


def test_an_error_has_the_kind_of_its_code() -> None:
    error = as_error("email_taken", "Taken.", status=409)
    assert (error.kind, error.code) == (ErrorKind.CONFLICT, "email_taken")
    assert (error.detail, error.status) == ("Taken.", 409)


def test_an_error_says_nothing_more_than_it_was_given() -> None:
    error = as_error("timeout")
    assert (error.detail, error.status, error.retry_after) == ("", None, None)


# === THE CATALOGUE, SAID ONCE MORE AND BY HAND === #

IN_ODOO, UNSEEN, SILENT = "found in Odoo", "no reading announces it", "no answer"
EXPECTED = {
    # Found in Odoo, before anything is sent.
    "system_archived": ("data", "system_id", "system", IN_ODOO, ""),
    "system_disabled": ("data", "system_id", "system", IN_ODOO, ""),
    "system_copied": ("data", "system_id", "system", IN_ODOO, ""),
    "secrets_unreadable": ("data", "system_id", "system", IN_ODOO, ""),
    "other_company": ("data", "system_id", "system", IN_ODOO, ""),
    "partner_archived": ("data", "partner_id", "contact", IN_ODOO, ""),
    "withdrawn": ("data", "remote_id", "now", IN_ODOO, ""),
    "role_missing": ("data", "role", "options", IN_ODOO, ""),
    "has_customers": ("data", "role", "options", IN_ODOO, ""),
    "reseller_with_parent": ("data", "parent_id", "options", IN_ODOO, ""),
    "parent_is_self": ("data", "parent_id", "options", IN_ODOO, ""),
    "parent_other_system": ("data", "parent_id", "options", IN_ODOO, ""),
    "parent_not_reseller": ("data", "parent_id", "options", IN_ODOO, ""),
    "parent_missing": ("data", "parent_id", "options", IN_ODOO, ""),
    "reseller_problem": ("data", "parent_id", "options", IN_ODOO, ""),
    "reseller_failed": ("data", "parent_id", "options", IN_ODOO, ""),
    "reseller_hidden": ("data", "parent_id", "options", IN_ODOO, ""),
    "parent_not_synced": ("data", "parent_id", "reseller", IN_ODOO, ""),
    "username_missing": ("data", "username", "options", IN_ODOO, ""),
    "username_invalid": ("data", "username", "options", IN_ODOO, ""),
    "username_used": ("data", "username", "options", IN_ODOO, ""),
    "name_missing": ("data", "name", "contact", IN_ODOO, ""),
    "name_too_long": ("data", "name", "contact", IN_ODOO, ""),
    "name_unprintable": ("data", "name", "contact", IN_ODOO, ""),
    "email_missing": ("data", "email", "options", IN_ODOO, ""),
    "email_invalid": ("data", "email", "options", IN_ODOO, ""),
    "email_several": ("data", "email", "options", IN_ODOO, ""),
    "email_used": ("data", "email", "options", IN_ODOO, ""),
    "first_name_missing": ("data", "first_name", "options", IN_ODOO, ""),
    "first_name_too_long": ("data", "first_name", "options", IN_ODOO, ""),
    "first_name_unprintable": ("data", "first_name", "options", IN_ODOO, ""),
    "last_name_missing": ("data", "last_name", "options", IN_ODOO, ""),
    "last_name_too_long": ("data", "last_name", "options", IN_ODOO, ""),
    "last_name_unprintable": ("data", "last_name", "options", IN_ODOO, ""),
    "phone_missing": ("data", "phone", "options", IN_ODOO, ""),
    "phone_unreadable": ("data", "phone", "options", IN_ODOO, ""),
    # Panda has something that is in the way.
    "username_taken": ("conflict", "username", "options", UNSEEN, ""),
    "email_taken": ("conflict", "email", "options", UNSEEN, ""),
    "conflict": ("conflict", "partner_id", "options contact", UNSEEN, ""),
    "operator_exists": ("conflict", "username", "link options", "", ""),
    "name_exists": ("conflict", "name", "link options", "", ""),
    "several_matches": ("conflict", "name", "link", "", ""),
    "too_many_strangers": ("conflict", "name", "link options", "", ""),
    # Panda refuses what was sent, or does not know it.
    "rejected": ("data", "partner_id", "options contact", UNSEEN, ""),
    "blocked": ("data", "partner_id", "options contact", UNSEEN, ""),
    "operator_refused": ("data", "partner_id", "options contact", UNSEEN, ""),
    "update_refused": ("data", "partner_id", "options contact", UNSEEN, ""),
    "link_refused": ("data", "name", "link options", "", ""),
    "not_found": ("data", "remote_id", "forget", "", ""),
    "account_not_found": ("data", "remote_id", "forget", "", ""),
    "parent_not_found": ("data", "parent_id", "reseller", "", ""),
    # The system or its connection.
    "root_not_found": ("permission", "system_id", "system", UNSEEN, "root_account_id"),
    "invalid_credentials": ("auth", "system_id", "system", UNSEEN, "access_id"),
    "token_refused": ("auth", "system_id", "system", UNSEEN, "access_id"),
    "forbidden": ("permission", "system_id", "system", UNSEEN, "access_id"),
    "wrong_api_key": ("permission", "system_id", "system", UNSEEN, "api_key"),
    "unknown_root_account": (
        *("permission", "system_id", "system", UNSEEN, "root_account_id"),
    ),
    "root_account_is_customer": (
        *("permission", "system_id", "system", UNSEEN, "root_account_id"),
    ),
    "read_only_access_id": ("permission", "system_id", "system", UNSEEN, "access_id"),
    "throttled": ("throttled", "system_id", "now", UNSEEN, ""),
    "daily_limit": ("throttled", "system_id", "now", SILENT, ""),
    "server_error": ("outage", "system_id", "now", UNSEEN, ""),
    "inconsistent_listing": ("outage", "system_id", "now", UNSEEN, ""),
    "unreadable": ("protocol", "system_id", "now", UNSEEN, "base_url"),
    "unexpected_status": ("protocol", "system_id", "now", UNSEEN, "base_url"),
    "unreachable": ("outage", "system_id", "now", SILENT, "base_url"),
    "certificate": ("outage", "system_id", "now", SILENT, "base_url"),
    "timeout": ("outage", "system_id", "now", SILENT, "base_url"),
    "update_stuck": ("outage", "remote_id", "now", SILENT, ""),
    "invalid_url": ("protocol", "system_id", "now", SILENT, "base_url"),
    "too_many": ("outage", "system_id", "now", SILENT, ""),
    "not_sent": ("outage", "remote_id", "now", SILENT, ""),
    "unsavable": ("protocol", "remote_id", "now", SILENT, ""),
    # The outcome of a write is not known.
    "lost_answer": ("unknown_outcome", "remote_id", "now", SILENT, "base_url"),
    "transaction_stuck": ("unknown_outcome", "remote_id", "now", SILENT, ""),
    "bug": ("bug", "remote_id", "now", SILENT, ""),
}
"""Kind, field of the account, remedies, how it is found out, field of the system."""

BUTTONS = {
    "link": "action_link",
    "options": "action_open_options",
    "contact": "action_open_contact",
    "reseller": "action_open_reseller",
    "system": "action_open_system",
    "forget": "action_forget_remote",
    "now": "action_synchronize_now",
    "done": "action_mark_done",
}
"""The method of ``panda.account`` that each remedy calls."""


def test_the_codes_in_their_order() -> None:
    """The selection field and the lists of errors show them in it."""
    assert list(CATALOGUE) == list(EXPECTED)


@pytest.mark.parametrize("code", EXPECTED)
def test_what_a_code_means(code: str) -> None:
    kind, field, remedies, found, connection_field = EXPECTED[code]
    entry = CATALOGUE[code]
    assert (entry.kind.value, entry.field) == (kind, field)
    assert [each.value for each in entry.remedies] == [
        BUTTONS[name] for name in remedies.split()
    ]
    assert entry.found_in_odoo is is_found_in_odoo(code) is (found == IN_ODOO)
    assert entry.foreseeable is (found in (IN_ODOO, ""))
    assert entry.answered is (found != SILENT)
    assert entry.connection_field == connection_field


def test_what_passes_by_itself() -> None:
    """Of what a check of the connection finds; people are not notified at once."""
    passing = {code for code in CATALOGUE if passes_by_itself(code)}
    assert passing == {
        *("throttled", "daily_limit", "server_error", "inconsistent_listing"),
        *("unreadable", "unexpected_status", "unreachable", "timeout", "too_many"),
        *("update_stuck", "not_sent", "unsavable", "lost_answer", "transaction_stuck"),
    }
    assert not passes_by_itself(None)
    assert not passes_by_itself("a code of another version")


def test_where_an_account_can_be_created_all_the_same() -> None:
    """Where Sync Options asks for that, they are among the remedies."""
    codes = {code for code in CATALOGUE if may_create_anyway(code)}
    assert codes == {"name_exists", "too_many_strangers", "link_refused"}
    assert all(Remedy.OPTIONS in CATALOGUE[code].remedies for code in codes)
    assert not may_create_anyway(None)
    assert not may_create_anyway("a code of another version")


def test_a_remedy_is_a_method_of_the_account() -> None:
    assert {each.name.lower(): each.value for each in Remedy} == BUTTONS


def test_an_entry_is_foreseen_and_answered_unless_it_says_otherwise() -> None:
    entry = ErrorEntry("code", ErrorKind.DATA, "name", (Remedy.LINK,))
    assert (entry.found_in_odoo, entry.foreseeable, entry.answered) == (
        *(False, True, True),
    )
    assert entry.connection_field == ""
    assert entry.may_create_anyway is False


def test_what_is_gone_in_panda() -> None:
    """The account itself, or its parent: what is below it cannot go on."""
    assert {"account_not_found", "not_found"} == ACCOUNT_GONE
    assert {"parent_not_found"} == PARENT_GONE


@pytest.mark.parametrize(
    ("code", "fields"),
    [
        ("name_missing", {"name"}),
        ("email_invalid", {"email"}),
        ("phone_missing", {"phone", "country_id"}),
        ("first_name_missing", {"name"}),
        ("last_name_missing", {"name"}),
        ("rejected", {"active", "name", "email", "phone"}),
        ("username_taken", set()),
        ("forbidden", set()),
        ("no_such_code", set()),
        (None, set()),
    ],
)
def test_the_fields_of_the_contact_that_correct_a_code(
    code: str | None, fields: set[str]
) -> None:
    assert contact_fields_of(code) == fields


@pytest.mark.parametrize(
    ("code", "is_corrected"),
    [
        ("name_missing", True),
        ("email_taken", True),
        ("phone_unreadable", True),
        ("first_name_too_long", True),
        ("last_name_unprintable", True),
        ("rejected", True),
        ("role_missing", True),
        ("username_taken", True),
        ("parent_not_found", True),
        ("not_found", False),
        ("system_disabled", False),
        ("lost_answer", False),
        ("no_such_code", False),
        (None, False),
    ],
)
def test_which_codes_an_edit_in_odoo_corrects(
    code: str | None, *, is_corrected: bool
) -> None:
    """An edit of the contact or of the account; the system and Panda are elsewhere."""
    assert is_corrected_by_edit(code) is is_corrected


# === CODES IN THE SOFTWARE === #


def test_every_code_in_the_software_is_an_entry() -> None:
    """A string that is used as a code and is none would have no text and no way out."""
    found = {code for path in sources(ADDON) for code in codes_in(path)}
    assert len(found) > 40, "the search itself is broken"
    assert found - CATALOGUE.keys() - NO_CODES == set()


def test_every_entry_is_used_and_tested() -> None:
    """A code that nothing produces, or that no test names, is dead or unproven."""
    listings = {"error_catalogue.py", "panda_error_texts.py"}
    software = [path for path in sources(ADDON) if path.name not in listings]
    tests = [
        path
        for folder in TEST_FOLDERS
        for path in sources(ROOT / folder)
        if path != Path(__file__)
    ]
    used, tested = (set().union(*map(strings_in, each)) for each in (software, tests))
    assert len(tests) > 50, "the search itself is broken"
    assert CATALOGUE.keys() - used == set()
    assert CATALOGUE.keys() - tested == set()


def test_a_code_that_is_no_entry_is_found(tmp_path: Path) -> None:
    """The search above can fail."""
    path = tmp_path / "module.py"
    path.write_text(
        'PandaError(kind, "no_such_code")\n'
        'as_error("email_taken")\n'
        'account.error_code == "compared"\n'
        'code = "either" if x else "or"\n'
        "def find_problems():\n"
        '    yield "yielded"\n'
    )
    expected = {"no_such_code", "email_taken", "compared", "either", "or", "yielded"}
    assert codes_in(path) == expected


def test_the_kind_of_a_code_is_that_of_the_catalogue() -> None:
    """But for a create, which leaves an unknown outcome, and for a firewall, which
    refuses the data of a write and whoever makes a read."""
    seen = set()
    for path in sources(ADDON):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                parts: list[ast.expr] = node.args
            elif isinstance(node, ast.Tuple):
                parts = node.elts
            else:
                continue
            if len(parts) < 2 or not ast.unparse(parts[0]).startswith("ErrorKind."):
                continue
            names = re.findall(r"ErrorKind\.(\w+)", ast.unparse(parts[0]))
            for code in literals(parts[1]):
                seen.add(code)
                kinds = {ErrorKind[name] for name in names} - {ErrorKind.UNKNOWN}
                if code == "blocked":
                    kinds.remove(ErrorKind.OUTAGE)
                assert kinds <= {CATALOGUE[code].kind}, (path, code)
    assert len(seen) > 8, "the search itself is broken"


def sources(folder: Path) -> list[Path]:
    is_test_run = folder.name == "tests"
    return [
        path
        for path in folder.rglob("*.py")
        if is_test_run or "tests" not in path.relative_to(folder).parts
    ]


def strings_in(path: Path) -> set[str]:
    """String literals, and the codes that are put together of them."""
    tree = ast.parse(path.read_text())
    constants = (node for node in ast.walk(tree) if isinstance(node, ast.Constant))
    found = {node.value for node in constants if isinstance(node.value, str)}
    if path.name == "validation.py":
        found |= {code for each in found for code in problem_codes(each)}
    return found


def problem_codes(text: str) -> set[str]:
    """Validation names the faults of its texts ``{field}_missing`` and so on."""
    fields = ("name", "first_name", "last_name")
    return {f"{field}{text}" for field in fields if text.startswith("_")}


def codes_in(path: Path) -> set[str]:
    """Literals that are given as the code of an error, or are raised by a validator."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            place = CODE_ARGUMENTS.get(name)
            if place is not None and len(node.args) > place:
                found |= literals(node.args[place])
        elif isinstance(node, ast.FunctionDef) and CODES.search(node.name):
            yields = (each for each in ast.walk(node) if isinstance(each, ast.Yield))
            found |= {code for each in yields for code in literals(each.value)}
        elif isinstance(node, ast.Compare) and CODES.search(ast.unparse(node)):
            for each in (node.left, *node.comparators):
                found |= literals(each)
        elif isinstance(node, ast.Assign) and CODES.search(
            ast.unparse(node.targets[0])
        ):
            found |= literals(node.value)
        elif isinstance(node, ast.Tuple) and is_kind(node):
            found |= {code for each in node.elts[1:] for code in literals(each)}
    return found


CODES = re.compile(r"(codes?|problems|_refusal\(\)|GONE)\b")
"""Names of what holds codes, or yields them."""
NO_CODES = {"connected", ""}


def is_kind(node: ast.Tuple) -> bool:
    """Whether a tuple begins with a kind of error, as in a table of statuses."""
    return bool(node.elts) and "ErrorKind." in ast.unparse(node.elts[0])


def literals(node: ast.expr | None) -> set[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return {node.value}
    if isinstance(node, ast.IfExp):
        return literals(node.body) | literals(node.orelse)
    return set()


def test_an_error_keeps_what_panda_said() -> None:
    assert str(as_error("rejected", "Bad name.")) == "rejected: Bad name."
    assert isinstance(as_error("bug"), PandaError)
