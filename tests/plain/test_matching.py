"""When two names or two e-mail addresses are the same, or likely the same."""

from __future__ import annotations

import time

import pytest

from panda_provisioning.core.matching import (
    MOST_COMPARED,
    Sought,
    find_seekers,
    fold,
    likely_same_email,
    may_be_account,
    may_be_name,
    name_key,
    same_email,
    same_name,
    twin_keys,
)
from panda_provisioning.panda_api.responses import Account


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


# === LIKELY THE SAME === #


@pytest.mark.parametrize(
    "stored",
    [
        "Smith & Böhm GmbH",
        "SMITH & BÖHM GMBH",
        "smith & böhm gmbh",
        "Smith &amp; B&ouml;hm GmbH",
        "Smith &amp;amp; Böhm GmbH",
        "Smith &#38; Böhm GmbH",
        "SMITH &AMP; B&OUML;HM GMBH",
        "Smith & Bo\u0308hm GmbH",
        "Smith & Bohm GmbH",
        "Smith  &\u00a0Böhm\tGmbH ",
        "Smith\u200b & Böhm\u2060 GmbH",
        "Ｓｍｉｔｈ ＆ Böhm GmbH",
        "Smith & Böhm",
        "Smith &",
        "Smith & Böhm Gmb",
    ],
)
def test_a_server_may_have_stored_a_name_otherwise(stored: str) -> None:
    assert fold(stored) in set(twin_keys("Smith & Böhm GmbH"))


def test_letters_with_a_stroke_may_have_lost_it() -> None:
    assert fold("Søren Łódź") == fold("SOREN LODZ")


def test_a_name_of_entities_is_compared_as_a_whole() -> None:
    name = "Ωμέγα " * 30
    encoded = name.encode("ascii", "xmlcharrefreplace").decode()
    assert fold(encoded) == fold(name)


@pytest.mark.parametrize(
    "other",
    [
        "Smith & Böhm GmbH Wien",
        "Smith & Bö",
        "Smi",
        "Böhm GmbH",
        "Smith and Böhm GmbH",
        "Smythe & Böhm GmbH",
        "",
    ],
)
def test_other_names_are_other_names(other: str) -> None:
    assert fold(other) not in set(twin_keys("Smith & Böhm GmbH"))


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("Acme", {"acme"}),
        ("Acme Ltd", {"acme ltd", "acme"}),
        ("Acme, Inc.", {"acme,", "acme"}),
        ("Ann B", {"ann b"}),
        ("Abcdefghijklmnopqr", {"abcdefghijklmnop", "abcdefghijklmnopq"}),
        ("", {""}),
    ],
)
def test_a_beginning_counts_if_it_is_a_word_or_was_likely_cut(
    name: str, keys: set[str]
) -> None:
    assert set(twin_keys(name)) == {name.lower(), *keys}


def test_a_name_of_any_length_is_compared_at_once() -> None:
    """Normalizing very many combining marks takes quadratic time."""
    endless = "Z" + "\u0301\u0316" * 50_000
    began = time.monotonic()
    assert fold(endless) == "z"
    assert len(name_key(endless)) <= MOST_COMPARED
    assert len(list(twin_keys("x y" * 50_000))) <= MOST_COMPARED
    assert time.monotonic() - began < 1


@pytest.mark.parametrize(
    ("shown", "sent", "likely"),
    [
        ("ann@acme.example", "Ann@Acme.example", True),
        ("ann@acme.example", "ann+panda@acme.example", True),
        ("ann+a@acme.example", "ann+b@acme.example", True),
        ("a***@acme.example", "ann@acme.example", True),
        ("a***n@a***.example", "ann@acme.example", True),
        ("***@acme.example", "ann@acme.example", True),
        ("b***@acme.example", "ann@acme.example", False),
        ("a***@other.example", "ann@acme.example", False),
        ("ann*ann@acme.example", "ann@acme.example", False),
        ("bob@acme.example", "ann@acme.example", False),
        ("", "", False),
        ("", "ann@acme.example", False),
        ("ann", "ann", False),
    ],
)
def test_an_email_may_be_shown_masked_or_without_its_tag(
    shown: str, sent: str, *, likely: bool
) -> None:
    assert likely_same_email(shown, sent) is likely


# === WHO IS LOOKED FOR === #


@pytest.mark.parametrize(
    ("name", "email", "key"),
    [
        ("Acme", "ann@acme.example", 1),
        ("ACME", "Ann@acme.example", 1),
        ("Acme Ltd", "ann@acme.example", 1),
        ("Beta", "bob@beta.example", 2),
        ("Acme", "bob@beta.example", None),
        ("Acm", "ann@acme.example", None),
        ("Acme", "", None),
    ],
)
def test_an_account_belongs_to_who_is_looked_for_by_name_and_email(
    name: str, email: str, key: int | None
) -> None:
    """Neither of them is enough."""
    sought = [
        Sought(1, ("Acme Ltd", "Acme"), "ann@acme.example"),
        Sought(2, ("Beta",), "bob@beta.example"),
    ]
    found = find_seekers([Account("WGC-1", name, 2, email)], sought)
    assert found == ({"WGC-1": key} if key else {})


# === WHAT IS DAMAGED === #


@pytest.mark.parametrize(
    ("shown", "may_be"),
    [
        ("", True),
        ("  ", True),
        ("\ufffd", True),
        ("M\ufffdller & Co", True),
        ("M\ufffd\ufffdller & Co", True),
        ("MÜLLER \ufffd CO", True),
        ("Müller & Co\ufffd\ufffd", True),
        ("\ufffdM\ufffdl\ufffdo", True),
        ("M\ufffdller & Sons", False),
        ("Müller & Co & Co\ufffd", False),
        ("M\ufffdo\ufffdo", False),
        ("Müller", False),
    ],
)
def test_a_damaged_name_may_be_any_that_fits(shown: str, *, may_be: bool) -> None:
    """U+FFFD stands for any number of letters."""
    assert may_be_name(shown, "Müller & Co") is may_be


@pytest.mark.parametrize(
    ("shown", "may_be"),
    [
        ("\ufffd", True),
        ("a\ufffdn@acme.example", True),
        ("ann@acme.example\ufffd\ufffd", True),
        ("ann\ufffd", True),
        ("bob\ufffd", False),
        ("a\ufffdn@other.example", False),
        ("", False),
    ],
)
def test_a_damaged_address_may_be_any_that_fits(shown: str, *, may_be: bool) -> None:
    assert likely_same_email(shown, "ann@acme.example") is may_be


@pytest.mark.parametrize(
    ("name", "email", "may_be"),
    [
        ("Acme", "bob@b.example", True),
        ("Beta", "ann@acme.example", True),
        ("Beta", "bob@b.example", False),
        ("", "bob@b.example", False),
        ("", "", True),
        ("B\ufffd", "\ufffd", True),
        ("Beta", "", False),
    ],
)
def test_an_account_that_was_listed_unclearly_is_known_once_it_is_read(
    name: str, email: str, *, may_be: bool
) -> None:
    account = Account("WGC-1", name, 2, email)
    assert may_be_account(account, "Acme", "ann@acme.example") is may_be
