"""What must be true before Panda is called."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panda_provisioning.core.snapshot import Role, Snapshot, Surroundings
from panda_provisioning.core.validation import (
    NAME_LIMIT,
    Problem,
    binding_codes,
    find_problems,
    is_email_used,
    parent_codes,
)
from panda_sandbox.schemas import NewAccount, NewOperator

from .support import CUSTOMER, RESELLER

PARENT: dict[str, Any] = {"has_parent": True}
LONG = "x" * (NAME_LIMIT + 1)
CASES = [
    ({"role": None}, "role", "role_missing"),
    ({"username": ""}, "username", "username_missing"),
    ({"username": "ann"}, "username", "username_invalid"),
    ({"username": "a" * 66}, "username", "username_invalid"),
    ({"username": "ann@acme"}, "username", "username_invalid"),
    ({"username": "ann lee"}, "username", "username_invalid"),
    ({"username": "ann.lee\n"}, "username", "username_invalid"),
    ({"username": "änn.lee"}, "username", "username_invalid"),
    ({"username": "١٢٣٤٥"}, "username", "username_invalid"),
    ({"name": ""}, "name", "name_missing"),
    ({"name": " \u00a0 "}, "name", "name_missing"),
    ({"name": LONG}, "name", "name_too_long"),
    ({"name": "Ac\x00me"}, "name", "name_unprintable"),
    ({"name": "Ac\nme"}, "name", "name_unprintable"),
    ({"name": "Acme \ud800"}, "name", "name_unprintable"),
    ({"email": ""}, "email", "email_missing"),
    ({"email": "ann"}, "email", "email_invalid"),
    ({"email": "ann@acme"}, "email", "email_invalid"),
    ({"email": "ann@-acme.example"}, "email", "email_invalid"),
    ({"email": "ann@acme..example"}, "email", "email_invalid"),
    ({"email": " ann@acme.example"}, "email", "email_invalid"),
    ({"email": "Ann <ann@acme.example>"}, "email", "email_invalid"),
    ({"email": "änn@acme.example"}, "email", "email_invalid"),
    ({"email": "a" * 250 + "@b.example"}, "email", "email_invalid"),
    ({"email": "a@b.example, c@d.example"}, "email", "email_several"),
    ({"first_name": ""}, "first_name", "first_name_missing"),
    ({"first_name": LONG}, "first_name", "first_name_too_long"),
    ({"first_name": "\t"}, "first_name", "first_name_missing"),
    ({"first_name": "A\x07nn"}, "first_name", "first_name_unprintable"),
    ({"last_name": ""}, "last_name", "last_name_missing"),
    ({"last_name": LONG}, "last_name", "last_name_too_long"),
    ({"last_name": "L\x07ee"}, "last_name", "last_name_unprintable"),
    ({"phone": ""}, "phone", "phone_missing"),
    ({"phone": "302101234567"}, "phone", "phone_missing"),
    ({"phone": "+12345"}, "phone", "phone_missing"),
    ({"phone": "+" + "1" * 41}, "phone", "phone_missing"),
    ({"phone": "+30 210 1234567"}, "phone", "phone_missing"),
]


@pytest.mark.parametrize(("values", "field", "code"), CASES)
def test_each_problem_names_its_field(
    values: dict[str, object], field: str, code: str
) -> None:
    """One thing wrong, one problem."""
    assert find_problems(replace(CUSTOMER, **values)) == [Problem(code)]
    assert Problem(code).field == field


def test_nothing_is_wrong_with_a_good_account() -> None:
    """Of either role."""
    assert find_problems(CUSTOMER) == find_problems(RESELLER) == []


def test_a_reseller_has_no_reseller_above_it() -> None:
    """Three tiers, the first of which is our own."""
    assert find_problems(replace(RESELLER, has_parent=True)) == [
        Problem("reseller_with_parent")
    ]
    ready = Surroundings(parent_ready=True)
    customer = replace(CUSTOMER, has_parent=True, surroundings=ready)
    assert find_problems(customer) == []


def test_everything_that_is_wrong_is_said_at_once_in_the_order_of_the_form() -> None:
    """A person mends it in one go."""
    empty = Snapshot(1, None, "", "", "", "", "", "")
    fields = [problem.field for problem in find_problems(empty)]
    expected = ["role", "username", "name", "email", "first_name", "last_name", "phone"]
    assert fields == expected


# === SURROUNDINGS === #

SURROUNDINGS = [
    ({"system_problem": "system_archived"}, {}, "system_id", "system_archived"),
    ({"system_problem": "system_disabled"}, {}, "system_id", "system_disabled"),
    ({"system_problem": "system_copied"}, {}, "system_id", "system_copied"),
    ({"partner_active": False}, {}, "partner_id", "partner_archived"),
    ({"other_company": True}, {}, "system_id", "other_company"),
    ({"withdrawn": True}, {}, "remote_id", "withdrawn"),
    ({"has_customers": True}, {}, "role", "has_customers"),
    ({"username_used": True}, {}, "username", "username_used"),
    ({"email_used": True}, {}, "email", "email_used"),
    ({"parent_is_self": True}, PARENT, "parent_id", "parent_is_self"),
    ({"parent_in_other_system": True}, PARENT, "parent_id", "parent_other_system"),
    ({"parent_is_reseller": False}, PARENT, "parent_id", "parent_not_reseller"),
    ({"parent_ready": False}, PARENT, "parent_id", "parent_not_synced"),
    ({"names_reseller": True}, {}, "parent_id", "parent_not_synced"),
    (
        {"names_reseller": True, "reseller_ready": True},
        {},
        "parent_id",
        "parent_missing",
    ),
]


def within(changes: dict[str, Any], values: dict[str, Any]) -> Snapshot:
    """A good customer in these surroundings, below a reseller that is ready."""
    surroundings = replace(Surroundings(parent_ready=True), **changes)
    return replace(CUSTOMER, surroundings=surroundings, **values)


@pytest.mark.parametrize(("changes", "values", "field", "code"), SURROUNDINGS)
def test_each_surrounding_names_its_field(
    changes: dict[str, Any], values: dict[str, Any], field: str, code: str
) -> None:
    """What stands against an account outside of itself."""
    assert find_problems(within(changes, values)) == [Problem(code)]
    assert Problem(code).field == field


@pytest.mark.parametrize("code", ["has_customers", "parent_not_synced"])
def test_what_concerns_creating_does_not_stop_an_account_that_exists(code: str) -> None:
    """It has its place in Panda for good."""
    [(changes, values)] = [
        (c, v) for c, v, _f, each in SURROUNDINGS[:13] if each == code
    ]
    snapshot = replace(within(changes, values), remote_id="WGC-1-1")
    assert find_problems(snapshot) == []


def test_a_reseller_needs_no_reseller_of_its_own() -> None:
    """The reseller of the contact concerns customers only."""
    surroundings = Surroundings(names_reseller=True, has_customers=True)
    assert find_problems(replace(RESELLER, surroundings=surroundings)) == []


def test_a_wrong_parent_hides_that_it_is_not_ready() -> None:
    """It has to be changed anyway."""
    changes = {"parent_is_reseller": False, "parent_ready": False}
    assert find_problems(within(changes, PARENT)) == [Problem("parent_not_reseller")]


def test_problems_of_the_system_come_first() -> None:
    """In the order of the form."""
    changes = {"system_problem": "system_disabled", "partner_active": False}
    problems = find_problems(within(changes, {"email": ""}))
    expected = ["system_disabled", "partner_archived", "email_missing"]
    assert [problem.code for problem in problems] == expected


# === WHAT PANDA ACCEPTS === #

EDGES = st.sampled_from(
    ["", "ann.lee", "Ann", "+302101234567", "ann@acme.example", LONG]
)
VALUES = st.one_of(EDGES, st.text(max_size=12))


@given(VALUES, VALUES, VALUES, VALUES, VALUES, VALUES)
def test_what_passes_is_never_refused_by_panda(
    name: str, first: str, last: str, email: str, phone: str, username: str
) -> None:
    """Our rules are at least as strict as the published ones."""
    snapshot = Snapshot(1, CUSTOMER.role, name, first, last, email, phone, username)
    if find_problems(snapshot):
        return
    person = {"firstName": first, "lastName": last, "email": email}
    NewAccount(type=2, name=name, **person)
    NewOperator(
        username=username,
        accountId="1",
        phone=phone[1:],
        role="ADMINISTRATOR",
        **person,
    )


# === E-MAIL ADDRESSES === #


@pytest.mark.parametrize(
    ("key", "is_in_panda", "owners", "taken"),
    [
        (5, False, [], False),
        (5, False, [(5, False)], False),
        (5, True, [(5, True)], False),
        (5, False, [(4, False)], True),
        (5, False, [(6, False)], False),
        (5, False, [(6, True)], True),
        (5, True, [(4, False)], False),
        (5, True, [(4, True)], True),
        (5, False, [(6, False), (4, False)], True),
        (0, False, [(1, False)], True),
        (-3, False, [(1, False)], True),
        (-3, False, [(-2, False)], True),
        (5, False, [(-2, False)], False),
    ],
)
def test_an_email_address_belongs_to_who_is_in_panda_then_to_who_was_first(
    key: int, owners: list[tuple[int, bool]], *, is_in_panda: bool, taken: bool
) -> None:
    assert is_email_used(key, owners, is_in_panda=is_in_panda) is taken


@pytest.mark.parametrize(
    ("key", "is_in_panda", "owners", "taken"),
    [
        (1, False, [(2, False)], False),
        (2, False, [(1, False)], True),
        (5, False, [(0, False)], False),
        (0, False, [(-1, False)], True),
        (-3, True, [(1, False)], False),
        (-3, True, [(1, True)], True),
        (5, False, [(5, True), (6, False)], False),
    ],
)
def test_an_account_that_is_not_saved_yet_comes_last(
    key: int, owners: list[tuple[int, bool]], *, is_in_panda: bool, taken: bool
) -> None:
    """Its id is not positive; the first id of all is 1."""
    assert is_email_used(key, owners, is_in_panda=is_in_panda) is taken


# === LIMITS === #

ACCEPTED = [
    *({"username": username} for username in ("ann.l", "A" * 65, "a.B_9+z-Z0")),
    *({"phone": phone} for phone in ("+123456", "+" + "9" * 40, "+0123456789")),
    *({field: "x" * 200} for field in ("name", "first_name", "last_name")),
    {"name": "Ä\u200b & Co. «Ω»"},
    {"email": "a" * 241 + "@acme.example"},
    {"email": "a@b.c"},
    {"email": "ANN.LEE@ACME.EXAMPLE"},
    {"email": "AZaz09.!#$%&'*+/=?^_`{|}~-@AZaz09.az-09.AZ-az"},
    {"email": "a@0.9"},
]
REFUSED = [
    *({"username": username} for username in ("a" * 4, "a" * 66, "ann:lee", "ann/l")),
    *({"phone": phone} for phone in ("+12345", "+" + "9" * 41, "+12345x", "123456")),
    *({"phone": phone} for phone in ("+123456\n", "++123456", "+١٢٣٤٥٦")),
    *({field: "x" * 201} for field in ("name", "first_name", "last_name")),
    {"email": "a" * 242 + "@acme.example"},
    {"email": "@acme.example"},
    {"email": "ann@"},
    {"email": "ann@.example"},
    {"email": "ann@acme."},
    {"email": "ann@acme.example."},
    {"email": "ann@acme-.example"},
    {"email": "ann@acme.-example"},
    {"email": "ann@acme.example-"},
    {"email": "ann@ac_me.example"},
    {"email": "ann@acme.ex_ample"},
    {"email": "ann@acme.example\n"},
    {"email": "an(n@acme.example"},
    {"email": "ann lee@acme.example"},
]


@pytest.mark.parametrize("values", ACCEPTED)
def test_what_is_just_within_its_limits_is_good(values: dict[str, str]) -> None:
    assert find_problems(replace(CUSTOMER, **values)) == []  # type: ignore[arg-type]


@pytest.mark.parametrize("values", REFUSED)
def test_what_is_just_beyond_its_limits_is_one_problem(values: dict[str, str]) -> None:
    [field] = values
    [problem] = find_problems(replace(CUSTOMER, **values))  # type: ignore[arg-type]
    assert problem.field == field


def test_several_addresses_are_told_before_a_bad_one() -> None:
    several = replace(CUSTOMER, email="a@@b")
    assert find_problems(several) == [Problem("email_several")]


# === ROLE AND PARENT === #


@pytest.mark.parametrize(
    ("role", "has_parent", "changes", "codes"),
    [
        (Role.USER, False, {}, []),
        (Role.USER, True, {}, []),
        (Role.RESELLER, False, {}, []),
        (None, False, {"has_customers": True}, []),
        (Role.RESELLER, False, {"has_customers": True}, []),
        (Role.RESELLER, False, {"parent_is_reseller": False}, []),
        (Role.USER, False, {"parent_is_reseller": False}, []),
        (Role.USER, True, {"parent_is_reseller": False}, ["parent_not_reseller"]),
        (None, True, {"parent_is_reseller": False}, ["parent_not_reseller"]),
        (Role.RESELLER, True, {"parent_is_self": True}, ["reseller_with_parent"]),
        (Role.RESELLER, False, {"parent_is_self": True}, ["parent_is_self"]),
        (
            *(Role.USER, True),
            *({"parent_is_self": True, "parent_in_other_system": True},),
            ["parent_is_self"],
        ),
        (
            *(Role.USER, True),
            *({"parent_in_other_system": True, "parent_is_reseller": False},),
            ["parent_other_system"],
        ),
        (
            *(Role.USER, True, {"parent_is_self": True, "has_customers": True}),
            ["parent_is_self", "has_customers"],
        ),
    ],
)
def test_what_can_never_be_right_about_role_and_parent(
    role: Role | None, changes: dict[str, Any], codes: list[str], *, has_parent: bool
) -> None:
    """One thing about the parent, and that a customer has none below it."""
    snapshot = within(changes, {"role": role, "has_parent": has_parent})
    assert list(parent_codes(snapshot)) == codes


@pytest.mark.parametrize(
    ("values", "changes", "codes"),
    [
        ({"role": None, **PARENT}, {"parent_ready": False}, ["role_missing"]),
        ({"role": None}, {"names_reseller": True}, ["role_missing"]),
        (PARENT, {"names_reseller": True, "reseller_ready": True}, []),
        ({}, {"reseller_ready": True}, []),
        ({"remote_id": "WGC-1"}, {"names_reseller": True}, []),
        (
            *(PARENT, {"parent_ready": False, "has_customers": True}),
            ["has_customers"],
        ),
    ],
)
def test_a_reseller_that_is_not_ready_matters_to_a_good_customer_that_is_new(
    values: dict[str, Any], changes: dict[str, Any], codes: list[str]
) -> None:
    found = find_problems(within(changes, values))
    assert [problem.code for problem in found] == codes


def test_all_that_keeps_a_contact_from_a_system_is_said() -> None:
    changes = {
        "system_problem": "system_copied",
        "partner_active": False,
        "other_company": True,
        "withdrawn": True,
    }
    codes = ["system_copied", "partner_archived", "other_company", "withdrawn"]
    assert list(binding_codes(within(changes, {}))) == codes
    assert list(binding_codes(CUSTOMER)) == []


def test_every_problem_has_its_place_in_the_order() -> None:
    changes = {
        "other_company": True,
        "parent_in_other_system": True,
        "username_used": True,
        "email_used": True,
    }
    values = {"role": None, "username": "?", "name": LONG, "email": "?", "phone": "?"}
    problems = find_problems(within(changes, {**PARENT, **values, "last_name": "\n"}))
    assert [problem.code for problem in problems] == [
        *("other_company", "role_missing", "parent_other_system"),
        *("username_used", "email_used", "username_invalid", "name_too_long"),
        *("email_invalid", "last_name_missing", "phone_missing"),
    ]


def test_a_problem_does_not_change() -> None:
    with pytest.raises(FrozenInstanceError):
        Problem("role_missing").code = "other"  # type: ignore[misc]
