"""How secrets are stored, and from where else they come."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet

from panda_provisioning.core.secret_box import (
    SecretBox,
    UnusableKey,
    find_configured,
)

SECRET = "canary-secret ü"
ADDRESS = "https://api.example.com"
SYSTEM = {
    "api_address": ADDRESS,
    "root_account_id": "ACC-1",
    "access_password": "p",
    "api_key": "k",
}


def key() -> str:
    return Fernet.generate_key().decode()


def test_without_a_key_values_are_stored_as_they_are() -> None:
    box = SecretBox.from_text("")
    assert box.seal(SECRET) == SECRET
    assert box.open(SECRET) == SECRET
    assert box.is_current(SECRET)


def test_with_a_key_they_are_encrypted() -> None:
    box = SecretBox.from_text(key())
    sealed = box.seal(SECRET)
    assert SECRET not in sealed
    assert box.open(sealed) == SECRET
    assert box.seal(SECRET) != sealed, "equal secrets do not look alike"


def test_the_newest_key_encrypts_and_all_of_them_decrypt() -> None:
    old, new = key(), key()
    sealed = SecretBox.from_text(old).seal(SECRET)
    both = SecretBox.from_text(f"{new}, {old}")
    assert both.open(sealed) == SECRET
    assert not both.is_current(sealed)
    assert both.is_current(both.seal(SECRET))
    assert SecretBox.from_text(new).open(both.seal(SECRET)) == SECRET


def test_what_was_never_encrypted_stays_readable() -> None:
    box = SecretBox.from_text(key())
    assert box.open(SECRET) == SECRET
    assert not box.is_current(SECRET)


@pytest.mark.parametrize("text", ["", "no-key", key()], ids=["none", "bad", "other"])
def test_without_the_right_key_nothing_is_told(text: str) -> None:
    sealed = SecretBox.from_text(key()).seal(SECRET)
    box = SecretBox.from_text(text)
    assert not box.opens(sealed)
    with pytest.raises(UnusableKey) as error:
        box.open(sealed)
    assert sealed not in str(error.value)
    if text:
        assert text not in str(error.value) + repr(box)


def test_a_key_that_is_none_stores_nothing() -> None:
    with pytest.raises(UnusableKey):
        SecretBox.from_text("no-key").seal(SECRET)


def test_configured_secrets_are_for_their_place_only() -> None:
    assert find_configured([SYSTEM], f"{ADDRESS}:443/", "ACC-1") == {
        "access_password": "p",
        "api_key": "k",
    }
    for url, root in (
        ("https://evil.example.com", "ACC-1"),
        ("http://api.example.com", "ACC-1"),
        (f"{ADDRESS}:444", "ACC-1"),
        (ADDRESS, "ACC-2"),
        ("", ""),
    ):
        assert find_configured([SYSTEM], url, root) == {}


def test_without_an_address_nothing_is_configured() -> None:
    """Otherwise a system without an address would be given the secrets of any."""
    assert find_configured([{"access_password": "p"}], "", "") == {}


def test_one_secret_may_be_configured_alone() -> None:
    half = {**SYSTEM, "api_key": ""}
    assert find_configured([half], ADDRESS, "ACC-1") == {"access_password": "p"}
