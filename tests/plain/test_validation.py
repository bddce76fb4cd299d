"""What must be true before Panda is called, and names that people have."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panda_provisioning.core.names import propose_username, split_name
from panda_provisioning.core.snapshot import Snapshot, Surroundings
from panda_provisioning.core.validation import (
    NAME_LIMIT,
    USERNAME,
    Problem,
    find_problems,
)
from panda_sandbox.schemas import NewAccount, NewOperator

from .support import CUSTOMER, RESELLER

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


# === NAMES === #


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("Maria Lopez Garcia", "Maria", "Lopez Garcia"),
        ("Lopez Garcia, Maria", "Maria", "Lopez Garcia"),
        ("  Maria   Lopez ", "Maria", "Lopez"),
        ("Maria", "Maria", ""),
        ("Lopez,", "", "Lopez"),
        ("Lopez, Maria, Dr.", "Maria, Dr.", "Lopez"),
        ("Ψαρρού Μαρία", "Ψαρρού", "Μαρία"),
        ("", "", ""),
    ],
)
def test_a_name_is_split_into_first_and_last(name: str, first: str, last: str) -> None:
    """As people write it, in either order."""
    assert split_name(name) == (first, last)


@given(st.text())
def test_no_letter_of_a_name_is_lost(name: str) -> None:
    """All words come back, in one order or the other."""
    first, last = split_name(name)
    assert sorted("".join(f"{first} {last}".split())) == sorted(
        "".join(name.replace(",", "", 1).split())
    )


@pytest.mark.parametrize(
    ("email", "name", "username"),
    [
        ("Ann.Lee@acme.example", "Acme", "ann.lee"),
        ("änn.lée+x@acme.example", "Acme", "ann.lee+x"),
        ("info@acme.example", "Acme Ltd.", "acme.ltd"),
        ("al@acme.example", "Acme Ltd", "acme.ltd"),
        ("", "Böhm & Co", "bohm.co"),
        ("info@ab.example", "AB", "ab.panda"),
        ("", "Ψ", "panda"),
        ("", "", "panda"),
    ],
)
def test_a_username_is_proposed_that_is_likely_to_be_free(
    email: str, name: str, username: str
) -> None:
    """From the e-mail, or from the name when that says little."""
    assert propose_username(email, name) == username


@given(st.one_of(st.text(), st.emails()), st.text())
def test_a_proposed_username_is_always_valid(email: str, name: str) -> None:
    """Whatever people are called."""
    assert USERNAME.fullmatch(propose_username(email, name))
