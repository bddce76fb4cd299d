"""When two names or two e-mail addresses are the same."""

from __future__ import annotations

import pytest

from panda_provisioning.core.matching import name_key, same_email, same_name


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("Acme", "Acme", True),
        (" Acme  Ltd ", "Acme Ltd", True),
        ("Acme\u00a0Ltd", "Acme Ltd", True),
        ("Bo\u0308hm", "Böhm", True),
        ("Acme", "ACME", False),
        ("Acme", "Acme.", False),
        ("Böhm", "Bohm", False),
    ],
)
def test_names_are_the_same_to_the_letter(left: str, right: str, *, same: bool) -> None:
    """White space and the form of an accent are no letters."""
    assert same_name(left, right) is same
    assert (name_key(left) == name_key(right)) is same


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("ann@acme.example", "Ann@ACME.example ", True),
        ("ann+x@acme.example", "ann@acme.example", False),
        ("", "", False),
        ("", "ann@acme.example", False),
    ],
)
def test_emails_are_the_same_but_for_case(left: str, right: str, *, same: bool) -> None:
    """Two that are missing are not the same."""
    assert same_email(left, right) is same
