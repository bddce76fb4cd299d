"""Names of people, and the usernames that are proposed for them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panda_provisioning.core.names import propose_username, split_name
from panda_provisioning.core.validation import USERNAME


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


@pytest.mark.parametrize(
    "mailbox",
    [
        *("admin", "contact", "hello", "info", "invoice", "mail", "office"),
        *("reception", "sales", "service", "support", "team"),
    ],
)
def test_a_mailbox_that_many_companies_have_is_no_username(mailbox: str) -> None:
    """It is taken by somebody else, so the name of the company is used."""
    assert propose_username(f"{mailbox}@acme.example", "Acme Ltd") == "acme.ltd"
    assert propose_username(f"{mailbox}.two@acme.example", "Acme Ltd") == (
        f"{mailbox}.two"
    )


def test_panda_asks_for_five_characters() -> None:
    """See docs/watchguard-api.md#operator-username."""
    assert propose_username("annie@acme.example", "Acme Ltd") == "annie"
    assert propose_username("anni@acme.example", "Acme Ltd") == "acme.ltd"


def test_a_long_username_leaves_room_for_a_number() -> None:
    """It is cut, and does not end in the dot that it was cut at."""
    assert propose_username(f"{'a' * 61}@acme.example", "") == "a" * 60
    assert propose_username(f"{'a' * 59}.{'b' * 9}@acme.example", "") == "a" * 59


@pytest.mark.parametrize(
    ("email", "username"),
    [
        ("ann.lee@acme@example", "ann.lee"),
        ("+annlee+@acme.example", "+annlee+"),
        ("-ann_lee-@acme.example", "-ann_lee-"),
        ("no address", "acme.ltd"),
        (".ann.lee.@acme.example", "ann.lee"),
        ("@acme.example", "acme.ltd"),
    ],
)
def test_a_username_is_what_stands_before_the_at(email: str, username: str) -> None:
    """Without the dots at its ends; text that is no address says nothing."""
    assert propose_username(email, "Acme Ltd") == username


@given(st.one_of(st.text(), st.emails()), st.text())
def test_a_proposed_username_is_always_valid(email: str, name: str) -> None:
    """Whatever people are called."""
    assert USERNAME.fullmatch(propose_username(email, name))
