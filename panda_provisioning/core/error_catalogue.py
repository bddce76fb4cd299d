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

    ``kind`` is that of a request that may be repeated; a create that meets the same
    leaves an unknown outcome. ``field`` is the field of ``panda.account`` that is at
    fault. ``found_in_odoo`` says that it is found before anything is sent.
    ``foreseeable`` says whether reading from Panda is enough to find it out.
    ``answered`` is false where Panda said nothing, so that the detail is not in Panda's
    words. ``connection_field`` is the field of ``panda.system`` that a test of the
    connection blames. ``may_create_anyway`` says whether a person can have an account
    created all the same.
    """

    code: str
    kind: ErrorKind
    field: str
    remedies: tuple[Remedy, ...]
    found_in_odoo: bool = False
    foreseeable: bool = True
    answered: bool = True
    connection_field: str = ""
    may_create_anyway: bool = False

    @property
    def retries(self) -> bool:
        """Whether a retry by the clock makes sense."""
        return POLICIES[self.kind].stops is not Stops.ACCOUNT

    @property
    def stays_refused(self) -> bool:
        """Whether Panda refuses it again until a person has changed something, which
        no reading announces."""
        return not (self.retries or self.foreseeable)


DATA, CONFLICT = ErrorKind.DATA, ErrorKind.CONFLICT
AUTH, PERMISSION = ErrorKind.AUTH, ErrorKind.PERMISSION
OUTAGE, PROTOCOL = ErrorKind.OUTAGE, ErrorKind.PROTOCOL
LINK, OPTIONS, CONTACT = Remedy.LINK, Remedy.OPTIONS, Remedy.CONTACT
RESELLER, SYSTEM, FORGET = Remedy.RESELLER, Remedy.SYSTEM, Remedy.FORGET
NOW = Remedy.NOW


def _problems(field: str, remedy: Remedy, *codes: str) -> list[ErrorEntry]:
    """Problems that are found in Odoo."""
    return [
        ErrorEntry(code, DATA, field, (remedy,), found_in_odoo=True) for code in codes
    ]


def _text_problems(field: str, remedy: Remedy) -> list[ErrorEntry]:
    faults = ("missing", "too_long", "unprintable")
    return _problems(field, remedy, *(f"{field}_{fault}" for fault in faults))


def _refused(code: str, kind: ErrorKind, field: str, *more: Remedy) -> ErrorEntry:
    """A refusal that no reading announces."""
    return ErrorEntry(code, kind, field, (OPTIONS, *more), foreseeable=False)


def _asks(code: str, kind: ErrorKind = CONFLICT) -> ErrorEntry:
    """A person has to say which account in Panda it is, or that it is none."""
    return ErrorEntry(code, kind, "name", (LINK, OPTIONS), may_create_anyway=True)


def _system(
    code: str, kind: ErrorKind, connection_field: str = "", remedy: Remedy = SYSTEM
) -> ErrorEntry:
    """Trouble with the system or its connection, not with the account."""
    return ErrorEntry(
        *(code, kind, "system_id", (remedy,)),
        foreseeable=False,
        connection_field=connection_field,
    )


def _silence(code: str, kind: ErrorKind, field: str, blames: str = "") -> ErrorEntry:
    """Panda did not answer, or not to what was asked."""
    return ErrorEntry(
        *(code, kind, field, (NOW,)),
        foreseeable=False,
        answered=False,
        connection_field=blames,
    )


_ENTRIES = (
    # Found in Odoo.
    *_problems(
        *("system_id", SYSTEM, "system_archived", "system_disabled", "system_copied"),
        *("secrets_unreadable", "other_company"),
    ),
    *_problems("partner_id", CONTACT, "partner_archived"),
    *_problems("remote_id", NOW, "withdrawn"),
    *_problems("role", OPTIONS, "role_missing", "has_customers"),
    *_problems(
        *("parent_id", OPTIONS, "reseller_with_parent", "parent_is_self"),
        *("parent_other_system", "parent_not_reseller", "parent_missing"),
        *("reseller_problem", "reseller_failed", "reseller_hidden"),
    ),
    *_problems("parent_id", RESELLER, "parent_not_synced"),
    *_problems(
        "username", OPTIONS, "username_missing", "username_invalid", "username_used"
    ),
    *_text_problems("name", CONTACT),
    *_problems(
        *("email", OPTIONS, "email_missing", "email_invalid", "email_several"),
        "email_used",
    ),
    *_text_problems("first_name", OPTIONS),
    *_text_problems("last_name", OPTIONS),
    *_problems("phone", OPTIONS, "phone_missing", "phone_unreadable"),
    # Panda has something that is in the way.
    _refused("username_taken", CONFLICT, "username"),
    _refused("email_taken", CONFLICT, "email"),
    _refused("conflict", CONFLICT, "partner_id", CONTACT),
    ErrorEntry("operator_exists", CONFLICT, "username", (LINK, OPTIONS)),
    _asks("name_exists"),
    ErrorEntry("several_matches", CONFLICT, "name", (LINK,)),
    _asks("too_many_strangers"),
    # Panda refuses what was sent, or does not know it.
    _refused("rejected", DATA, "partner_id", CONTACT),
    _refused("blocked", DATA, "partner_id", CONTACT),
    _refused("operator_refused", DATA, "partner_id", CONTACT),
    _refused("update_refused", DATA, "partner_id", CONTACT),
    _asks("link_refused", DATA),
    ErrorEntry("not_found", DATA, "remote_id", (FORGET,)),
    ErrorEntry("account_not_found", DATA, "remote_id", (FORGET,)),
    ErrorEntry("parent_not_found", DATA, "parent_id", (RESELLER,)),
    # The system or its connection.
    _system("root_not_found", PERMISSION, "root_account_id"),
    _system("invalid_credentials", AUTH, "access_id"),
    _system("token_refused", AUTH, "access_id"),
    _system("forbidden", PERMISSION, "access_id"),
    _system("wrong_api_key", PERMISSION, "api_key"),
    _system("unknown_root_account", PERMISSION, "root_account_id"),
    _system("root_account_is_customer", PERMISSION, "root_account_id"),
    _system("read_only_access_id", PERMISSION, "access_id"),
    _system("throttled", ErrorKind.THROTTLED, remedy=NOW),
    _silence("daily_limit", ErrorKind.THROTTLED, "system_id"),
    _system("server_error", OUTAGE, remedy=NOW),
    _system("inconsistent_listing", OUTAGE, remedy=NOW),
    _system("unreadable", PROTOCOL, "base_url", NOW),
    _system("unexpected_status", PROTOCOL, "base_url", NOW),
    _silence("unreachable", OUTAGE, "system_id", "base_url"),
    _silence("certificate", OUTAGE, "system_id", "base_url"),
    _silence("timeout", OUTAGE, "system_id", "base_url"),
    _silence("update_stuck", OUTAGE, "remote_id"),
    _silence("invalid_url", PROTOCOL, "system_id", "base_url"),
    _silence("too_many", OUTAGE, "system_id"),
    _silence("not_sent", OUTAGE, "remote_id"),
    _silence("unsavable", PROTOCOL, "remote_id"),
    # The outcome of a write is not known.
    _silence("lost_answer", ErrorKind.UNKNOWN, "remote_id", "base_url"),
    _silence("transaction_stuck", ErrorKind.UNKNOWN, "remote_id"),
    _silence("bug", ErrorKind.BUG, "remote_id"),
)
CATALOGUE: dict[str, ErrorEntry] = {entry.code: entry for entry in _ENTRIES}

PASSING_KINDS = {OUTAGE, PROTOCOL, ErrorKind.UNKNOWN, ErrorKind.THROTTLED}
NEEDS_SOMEBODY = {"certificate", "invalid_url"}
"""Trouble of these kinds that nevertheless stays until a person corrects something."""

ACCOUNT_GONE = {"account_not_found", "not_found"}
PARENT_GONE = {"parent_not_found"}
"""What Panda says of an account that was deleted there, and of one below it."""

MADE_OF_CONTACT: dict[str, frozenset[str]] = {
    "name": frozenset({"name"}),
    "email": frozenset({"email"}),
    "phone": frozenset({"phone", "country_id"}),
    "first_name": frozenset({"name"}),
    "last_name": frozenset({"name"}),
    "partner_id": frozenset({"active", "name", "email", "phone"}),
}
"""Fields of the contact that a field of the account is made of."""

MADE_OF_OPTIONS = frozenset({"role", "username", "parent_id"})
"""Fields that are corrected on the account itself."""


def as_error(code: str, detail: str = "", *, status: int | None = None) -> PandaError:
    """The error of ``code``, with the kind that the catalogue gives it."""
    return PandaError(CATALOGUE[code].kind, code, detail, status=status)


def field_of(code: str | None) -> str:
    """The field of ``panda.account`` that ``code`` is about, or ``""``."""
    entry = CATALOGUE.get(code or "")
    return entry.field if entry else ""


def contact_fields_of(code: str | None) -> frozenset[str]:
    """Fields of the contact whose edit may correct ``code``."""
    return MADE_OF_CONTACT.get(field_of(code), frozenset())


def is_corrected_by_edit(code: str | None) -> bool:
    """Whether an edit in Odoo is enough for another try."""
    field = field_of(code)
    return field in MADE_OF_CONTACT or field in MADE_OF_OPTIONS


def passes_by_itself(code: str | None) -> bool:
    """Whether trouble of a system with ``code`` may be over without anybody doing
    anything."""
    entry = CATALOGUE.get(code or "")
    return bool(entry and entry.kind in PASSING_KINDS and code not in NEEDS_SOMEBODY)


def may_create_anyway(code: str | None) -> bool:
    """Whether a person can have an account created despite ``code``."""
    entry = CATALOGUE.get(code or "")
    return bool(entry and entry.may_create_anyway)


def is_found_in_odoo(code: str | None) -> bool:
    """Whether ``code`` is found before anything is sent."""
    entry = CATALOGUE.get(code or "")
    return bool(entry and entry.found_in_odoo)
