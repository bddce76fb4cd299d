"""Every choice that the vendor's documentation leaves open, in one table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Switch:
    """One open choice: its values, the default first, and where it is documented."""

    name: str
    values: tuple[str, ...]
    anchor: str
    meaning: str


TABLE = (
    Switch(
        "token_refusal",
        ("401", "200"),
        "docs/watchguard-api.md#token-answer",
        "Status of a refused token request; 200 carries the error in a success.",
    ),
    Switch(
        "token_json_body",
        ("400", "401", "415"),
        "docs/watchguard-api.md#sandbox-token",
        "Status when a token is asked for in JSON.",
    ),
    Switch(
        "wrong_api_key",
        ("403", "401"),
        "docs/watchguard-api.md#permission",
        "Status for a wrong API key.",
    ),
    Switch(
        "foreign_account",
        ("403", "404"),
        "docs/watchguard-api.md#sandbox-admission",
        "Status for an account outside the caller's tree.",
    ),
    Switch(
        "error_body",
        ("documented", "message_only", "nested", "html", "empty"),
        "docs/watchguard-api.md#error-body",
        "Body of an error: {code, message, details}, {message}, {error: {message}}, "
        "HTML or nothing.",
    ),
    Switch(
        "throttled_message",
        ("Too Many Requests", "Limit Exceeded"),
        "docs/watchguard-api.md#rate-limits",
        "Message of a 429.",
    ),
    Switch(
        "rate_limit_headers",
        ("no", "yes"),
        "docs/watchguard-api.md#rate-limits",
        "Whether a 429 carries headers of the X-RateLimit kind.",
    ),
    Switch(
        "account_id_field",
        ("accountId", "accountID"),
        "docs/watchguard-api.md#create-account",
        "Spelling of the ID of an account in every answer.",
    ),
    Switch(
        "created_status",
        ("200", "201"),
        "docs/watchguard-api.md#create-account",
        "Status for a created account.",
    ),
    Switch(
        "duplicate_name",
        ("accept", "409"),
        "docs/watchguard-api.md#account-name",
        "A second account of the same name below the same parent.",
    ),
    Switch(
        "tier_violation",
        ("403", "400"),
        "docs/watchguard-api.md#account-types",
        "Status for a parent that may not have such an account below it.",
    ),
    Switch(
        "contacts",
        ("object", "list", "missing"),
        "docs/watchguard-api.md#get-account",
        "Form of an account's contacts.",
    ),
    Switch(
        "stored_name",
        ("as_sent", "html", "upper", "nfd", "cut"),
        "docs/watchguard-api.md#account-name",
        "What becomes of the name of a new account.",
    ),
    Switch(
        "shown_email",
        ("as_sent", "masked", "untagged"),
        "docs/watchguard-api.md#account-contact",
        "How the e-mail address of an account is shown.",
    ),
    Switch(
        "name_limit",
        ("none", "64"),
        "docs/watchguard-api.md#account-name",
        "Characters of an account's name, else 400.",
    ),
    Switch(
        "children_without_force",
        ("409", "400"),
        "docs/watchguard-api.md#delete-account",
        "Status for deleting an account that has children, without force.",
    ),
    Switch(
        "operators_after_delete",
        ("freed", "kept"),
        "docs/watchguard-api.md#delete-account",
        "Whether a deleted account's usernames and e-mails can be used again.",
    ),
    Switch(
        "paging",
        ("nested", "flat", "none"),
        "docs/watchguard-api.md#paging",
        "Paging values inside pageControls, beside items, or not at all.",
    ),
    Switch(
        "most_rows",
        ("any", "2"),
        "docs/watchguard-api.md#paging",
        "Rows of a page, whatever limit was asked for.",
    ),
    Switch(
        "listing_total",
        ("right", "of_page", "zero", "too_big"),
        "docs/watchguard-api.md#paging",
        "What totalItems says.",
    ),
    Switch(
        "offset",
        ("obeyed", "ignored"),
        "docs/watchguard-api.md#paging",
        "Whether a listing begins where it was asked to.",
    ),
    Switch(
        "unlimited",
        ("accepted", "400"),
        "docs/watchguard-api.md#paging",
        "What the limit -1 of a listing means: everything, or a bad request.",
    ),
    Switch(
        "children_scope",
        ("direct", "tree"),
        "docs/watchguard-api.md#list-children",
        "Whether a listing shows the levels below the children too.",
    ),
    Switch(
        "name_filter",
        ("contains", "exact", "ignored"),
        "docs/watchguard-api.md#name-filter",
        "How the name filter matches; case never counts.",
    ),
    Switch(
        "operator_conflict",
        ("transaction", "409"),
        "docs/watchguard-api.md#operator-conflict",
        "A taken username or e-mail: FAILED later or an error at once.",
    ),
    Switch(
        "username_case",
        ("ignored", "counts"),
        "docs/watchguard-api.md#operator-username",
        "Whether usernames that differ in case only are different.",
    ),
    Switch(
        "activation_mail",
        ("without_password", "always"),
        "docs/watchguard-api.md#activation-mail",
        "Which new operators get an activation mail.",
    ),
    Switch(
        "transaction_text",
        ("error", "message"),
        "docs/watchguard-api.md#transaction-status",
        "Field that says why a transaction failed.",
    ),
    Switch(
        "operator_name_field",
        ("userName", "username"),
        "docs/watchguard-api.md#list-operators",
        "Spelling of the username in a listing of operators.",
    ),
    Switch(
        "mfa",
        ("text", "boolean"),
        "docs/watchguard-api.md#mfa",
        "Form of the mfa field.",
    ),
)

BY_NAME = {switch.name: switch for switch in TABLE}


class Switches:
    """The position of every switch.

    :param start: positions that :meth:`reset` comes back to.
    """

    def __init__(self, start: Mapping[str, object] | None = None) -> None:
        self._start: dict[str, str] = {s.name: s.values[0] for s in TABLE}
        self._start.update(_checked(start or {}))
        self._values = dict(self._start)

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def status(self, name: str) -> int:
        """The position of a switch whose values are HTTP statuses."""
        return int(self._values[name])

    def change(self, changes: Mapping[str, object]) -> None:
        """Move switches, all or none; raises ``ValueError`` for a bad one."""
        self._values.update(_checked(changes))

    def reset(self) -> None:
        """Put all switches back to where they were at the start."""
        self._values = dict(self._start)

    def as_dict(self) -> dict[str, str]:
        """Positions by name."""
        return dict(self._values)


def _checked(changes: Mapping[str, object]) -> dict[str, str]:
    values = {name: str(value) for name, value in changes.items()}
    for name, value in values.items():
        if name not in BY_NAME:
            raise ValueError(f"unknown switch {name!r}")
        if value not in BY_NAME[name].values:
            allowed = ", ".join(BY_NAME[name].values)
            raise ValueError(f"switch {name} is one of {allowed}, not {value!r}")
    return values
