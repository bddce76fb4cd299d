"""Every error code: what kind it is, what it is about, and what a person can do.

The texts under the same codes are in ``models/panda_error_texts.py``, since they are
translated by Odoo.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from ..panda_api.errors import ErrorKind, PandaError
from .retry_policy import POLICIES, Stops


class Remedy(str, Enum):
    """What a person can do about an error; the value is a method of
    ``panda.account``."""

    LINK = "action_link"
    OPTIONS = "action_open_options"
    CONTACT = "action_open_contact"
    RESELLER = "action_open_reseller"
    SYSTEM = "action_open_system"
    FORGET = "action_forget_remote"
    NOW = "action_synchronize_now"
    DONE = "action_mark_done"


@dataclass(frozen=True)
class ErrorEntry:
    """What a code means to the software.

    ``field`` is the field of ``panda.account`` that is at fault. ``found_in_odoo``
    says that it is found before anything is sent. ``foreseeable`` says whether
    reading from Panda is enough to find it out. ``answered`` is false where Panda
    said nothing, so that the detail is not in Panda's words. ``connection_field`` is
    the field of ``panda.system`` that a test of the connection blames.
    """

    code: str
    kind: ErrorKind
    field: str
    remedies: tuple[Remedy, ...]
    found_in_odoo: bool = False
    foreseeable: bool = True
    answered: bool = True
    connection_field: str = ""

    @property
    def retries(self) -> bool:
        """Whether a retry by the clock makes sense."""
        return POLICIES[self.kind].stops is not Stops.ACCOUNT

    @property
    def stays_refused(self) -> bool:
        """Whether Panda refuses it again until a person has changed something, which
        no reading announces."""
        return not (self.retries or self.foreseeable)


def _problem(code: str, field: str, *remedies: Remedy) -> ErrorEntry:
    """A problem that is found in Odoo."""
    return ErrorEntry(
        code, ErrorKind.DATA, field, remedies or (Remedy.OPTIONS,), found_in_odoo=True
    )


def _refusal(
    code: str, kind: ErrorKind, field: str, *remedies: Remedy, foreseeable: bool = True
) -> ErrorEntry:
    """Something that Panda does not accept of this account."""
    return ErrorEntry(code, kind, field, remedies, foreseeable=foreseeable)


def _system(
    code: str,
    kind: ErrorKind,
    connection_field: str = "",
    *,
    remedy: Remedy = Remedy.SYSTEM,
    answered: bool = True,
) -> ErrorEntry:
    """Trouble with the system or its connection, not with the account."""
    return ErrorEntry(
        code,
        kind,
        "system_id",
        (remedy,),
        foreseeable=False,
        answered=answered,
        connection_field=connection_field,
    )


def _texts_of(field: str, *remedies: Remedy) -> list[ErrorEntry]:
    """The problems that every text has."""
    faults = ("missing", "too_long", "unprintable")
    return [_problem(f"{field}_{fault}", field, *remedies) for fault in faults]


CATALOGUE: dict[str, ErrorEntry] = {
    entry.code: entry
    for entry in (
        # Found in Odoo, in the order of the form.
        _problem("system_archived", "system_id", Remedy.SYSTEM),
        _problem("system_disabled", "system_id", Remedy.SYSTEM),
        _problem("system_copied", "system_id", Remedy.SYSTEM),
        _problem("partner_archived", "partner_id", Remedy.CONTACT),
        _problem("other_company", "system_id", Remedy.SYSTEM),
        _problem("role_missing", "role"),
        _problem("has_customers", "role"),
        _problem("reseller_with_parent", "parent_id"),
        _problem("parent_is_self", "parent_id"),
        _problem("parent_other_system", "parent_id"),
        _problem("parent_not_reseller", "parent_id"),
        _problem("parent_missing", "parent_id"),
        _problem("parent_not_synced", "parent_id", Remedy.RESELLER),
        _problem("reseller_problem", "parent_id"),
        _problem("reseller_failed", "parent_id"),
        _problem("reseller_hidden", "parent_id"),
        _problem("username_missing", "username"),
        _problem("username_invalid", "username"),
        _problem("username_used", "username"),
        *_texts_of("name", Remedy.CONTACT),
        _problem("email_missing", "email"),
        _problem("email_invalid", "email"),
        _problem("email_several", "email"),
        _problem("email_used", "email"),
        *_texts_of("first_name"),
        *_texts_of("last_name"),
        _problem("phone_missing", "phone"),
        _problem("phone_unreadable", "phone"),
        # Panda has something that is in the way.
        _refusal(
            "username_taken",
            ErrorKind.CONFLICT,
            "username",
            Remedy.OPTIONS,
            foreseeable=False,
        ),
        _refusal(
            "email_taken",
            ErrorKind.CONFLICT,
            "email",
            Remedy.OPTIONS,
            foreseeable=False,
        ),
        _refusal(
            "operator_exists",
            ErrorKind.CONFLICT,
            "username",
            Remedy.LINK,
            Remedy.OPTIONS,
        ),
        _refusal(
            "name_exists", ErrorKind.CONFLICT, "name", Remedy.LINK, Remedy.OPTIONS
        ),
        _refusal("several_matches", ErrorKind.CONFLICT, "name", Remedy.LINK),
        _refusal(
            "conflict",
            ErrorKind.CONFLICT,
            "partner_id",
            Remedy.OPTIONS,
            Remedy.CONTACT,
            foreseeable=False,
        ),
        # Panda refuses what was sent, or does not know it.
        _refusal(
            "rejected",
            ErrorKind.DATA,
            "partner_id",
            Remedy.OPTIONS,
            Remedy.CONTACT,
            foreseeable=False,
        ),
        _refusal(
            "operator_refused",
            ErrorKind.DATA,
            "partner_id",
            Remedy.OPTIONS,
            Remedy.CONTACT,
            foreseeable=False,
        ),
        _refusal(
            "update_refused",
            ErrorKind.DATA,
            "partner_id",
            Remedy.OPTIONS,
            Remedy.CONTACT,
            foreseeable=False,
        ),
        _refusal("link_refused", ErrorKind.DATA, "name", Remedy.LINK),
        _refusal("not_found", ErrorKind.DATA, "remote_id", Remedy.FORGET),
        _refusal("account_not_found", ErrorKind.DATA, "remote_id", Remedy.FORGET),
        _refusal("parent_not_found", ErrorKind.DATA, "parent_id", Remedy.RESELLER),
        # The system or its connection.
        _system("root_not_found", ErrorKind.PERMISSION, "root_account_id"),
        _system("invalid_credentials", ErrorKind.AUTH, "access_id"),
        _system("token_refused", ErrorKind.AUTH, "access_id"),
        _system("forbidden", ErrorKind.PERMISSION, "access_id"),
        _system("wrong_api_key", ErrorKind.PERMISSION, "api_key"),
        _system("unknown_root_account", ErrorKind.PERMISSION, "root_account_id"),
        _system("root_account_is_customer", ErrorKind.PERMISSION, "root_account_id"),
        _system("read_only_access_id", ErrorKind.PERMISSION, "access_id"),
        _system("throttled", ErrorKind.THROTTLED, remedy=Remedy.NOW),
        _system("server_error", ErrorKind.OUTAGE, remedy=Remedy.NOW),
        _system(
            "unreachable",
            ErrorKind.OUTAGE,
            "base_url",
            remedy=Remedy.NOW,
            answered=False,
        ),
        _system(
            "timeout", ErrorKind.OUTAGE, "base_url", remedy=Remedy.NOW, answered=False
        ),
        _system(
            "invalid_url",
            ErrorKind.PROTOCOL,
            "base_url",
            remedy=Remedy.NOW,
            answered=False,
        ),
        _system("unreadable", ErrorKind.PROTOCOL, "base_url", remedy=Remedy.NOW),
        _system("unexpected_status", ErrorKind.PROTOCOL, "base_url", remedy=Remedy.NOW),
        _system("too_many", ErrorKind.OUTAGE, remedy=Remedy.NOW, answered=False),
        # The outcome of a write is not known.
        ErrorEntry(
            "lost_answer",
            ErrorKind.UNKNOWN,
            "remote_id",
            (Remedy.NOW,),
            foreseeable=False,
            answered=False,
            connection_field="base_url",
        ),
        ErrorEntry(
            "transaction_stuck",
            ErrorKind.UNKNOWN,
            "remote_id",
            (Remedy.NOW,),
            foreseeable=False,
        ),
        ErrorEntry(
            "bug",
            ErrorKind.BUG,
            "remote_id",
            (Remedy.NOW,),
            foreseeable=False,
            answered=False,
        ),
    )
}

CONTACT_FIELDS: dict[str, frozenset[str]] = {
    "name": frozenset({"name"}),
    "email": frozenset({"email"}),
    "phone": frozenset({"phone", "country_id"}),
    "first_name": frozenset({"name"}),
    "last_name": frozenset({"name"}),
    "partner_id": frozenset({"active", "name", "email", "phone"}),
}
"""Fields of the contact that a field of the account is made of."""

OPTION_FIELDS = frozenset({"role", "username", "parent_id"})
"""Fields at fault that are corrected on the account itself."""


def as_error(code: str, detail: str = "", *, status: int | None = None) -> PandaError:
    """The error of ``code``, with the kind that the catalogue gives it."""
    return PandaError(CATALOGUE[code].kind, code, detail, status=status)


def field_of(code: str | None) -> str:
    """The field of ``panda.account`` that ``code`` is about, or ``""``."""
    entry = CATALOGUE.get(code or "")
    return entry.field if entry else ""


def contact_fields_of(code: str | None) -> frozenset[str]:
    """Fields of the contact whose edit may correct ``code``."""
    return CONTACT_FIELDS.get(field_of(code), frozenset())


def is_corrected_by_edit(code: str | None) -> bool:
    """Whether an edit in Odoo is enough for another try."""
    field = field_of(code)
    return field in CONTACT_FIELDS or field in OPTION_FIELDS


def is_found_in_odoo(code: str | None) -> bool:
    """Whether ``code`` is found before anything is sent."""
    entry = CATALOGUE.get(code or "")
    return bool(entry and entry.found_in_odoo)
