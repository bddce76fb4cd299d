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


@given(st.one_of(st.text(), st.emails()), st.text())
def test_a_proposed_username_is_always_valid(email: str, name: str) -> None:
    """Whatever people are called."""
    assert USERNAME.fullmatch(propose_username(email, name))
