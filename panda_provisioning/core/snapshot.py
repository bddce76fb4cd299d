"""What the workflow knows of one account, and what comes of a step: plain values.

They can be read in another thread and compared in tests.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, TypeVar

from ..panda_api.client import CUSTOMER_TYPE, RESELLER_TYPE
from ..panda_api.errors import PandaError
from ..panda_api.responses import Account

Record = TypeVar("Record")


def changed(record: Record, **changes: Any) -> Record:
    """A copy of a frozen dataclass with other values.

    What ``dataclasses.replace`` does, in a tenth of its time: a run changes rows for
    every step of every account.

    :raise TypeError: for a field that there is not.
    """
    values = record.__dict__
    unknown = changes.keys() - values.keys()
    if unknown:
        raise TypeError(f"{type(record).__name__} has no {', '.join(unknown)}")
    copy = object.__new__(type(record))
    copy.__dict__.update(values, **changes)
    return copy


class Role(str, Enum):
    """What an account is in Panda; values as stored on ``panda.account``."""

    USER = "user"
    RESELLER = "reseller"

    @property
    def account_type(self) -> int:
        return RESELLER_TYPE if self is Role.RESELLER else CUSTOMER_TYPE

    @property
    def operator_role(self) -> str:
        """The role that may do everything in such an account.

        See docs/watchguard-api.md#operator-roles.
        """
        return "OWNER" if self is Role.RESELLER else "ADMINISTRATOR"


class Step(str, Enum):
    """The remote steps, in the order in which they happen."""

    FIND_ACCOUNT = "find_account"
    CREATE_ACCOUNT = "create_account"
    FIND_OPERATOR = "find_operator"
    CREATE_OPERATOR = "create_operator"
    AWAIT_OPERATOR = "await_operator"
    UPDATE_ACCOUNT = "update_account"
    UPDATE_OPERATOR = "update_operator"
    AWAIT_UPDATE = "await_update"
    DONE = "done"


CREATES = {Step.CREATE_ACCOUNT, Step.CREATE_OPERATOR}
"""Steps that must not be repeated blindly. Updates may: they carry the last state."""

UPDATES = {Step.UPDATE_ACCOUNT, Step.UPDATE_OPERATOR}
"""Steps that begin while nothing is pending in Panda."""

WRITES = CREATES | UPDATES

FINDS = {
    Step.CREATE_ACCOUNT: Step.FIND_ACCOUNT,
    Step.CREATE_OPERATOR: Step.FIND_OPERATOR,
}
"""Where to look after a write whose outcome is unknown."""


TEXTS = (
    *("first_name", "last_name", "email", "phone", "username"),
    *("remote_id", "transaction_id", "sent_name", "sent_email", "sent_fingerprint"),
    *("chosen_remote_id", "activation_email"),
)
COLUMNS = (
    *(*TEXTS, "role", "parent_id", "step", "marker_at", "create_anyway"),
    *("remote_created_at", "activation_sent_at", "adopted"),
)
"""Columns of ``panda.account`` that a snapshot is made of."""


def step_when_queued(step: Step) -> Step:
    """The step that an account at ``step`` goes on with when it is queued again."""
    return Step.UPDATE_ACCOUNT if step is Step.DONE else step


@dataclass(frozen=True)
class Surroundings:
    """What else in Odoo decides whether an account may be sent.

    ``system_problem`` is the code of what keeps the whole system from being called.
    ``parent_ready`` says that the reseller and its operator exist in Panda.
    ``names_reseller`` says that the contact has a reseller, whether it is the Parent
    Account or not, and ``reseller_ready`` that this one exists in Panda.
    ``withdrawn`` says that nobody wants the account any more.
    """

    system_problem: str = ""
    partner_active: bool = True
    other_company: bool = False
    parent_is_self: bool = False
    parent_in_other_system: bool = False
    parent_is_reseller: bool = True
    parent_ready: bool = False
    names_reseller: bool = False
    reseller_ready: bool = False
    has_customers: bool = False
    username_used: bool = False
    email_used: bool = False
    withdrawn: bool = False


@dataclass(frozen=True)
class Snapshot:
    """Everything the workflow knows of one account; plain values only.

    ``marker_at`` (seconds since the epoch) is set while a create may have been sent
    without its outcome being known. ``sent_name`` and ``sent_email`` are what the
    account in Panda was sent last: the contact may be edited before it is found;
    ``sent_fingerprint`` stands for all that was sent.
    ``polls`` counts looks at the transaction.
    ``adopted`` says that the account was in Panda before Odoo knew of it.
    ``excluded`` are accounts in Panda that belong to other contacts. ``refusal`` is
    what Panda said when an operator was refused that may be our own.
    ``chosen_remote_id`` is the account that a person wants to be linked: no other one
    is, and none is created. ``created_at`` is when Panda said that the account was
    created, ``parent_created_at`` when its reseller was, ``activated_at`` when the
    operator was.
    """

    key: int
    role: Role | None
    name: str
    first_name: str
    last_name: str
    email: str
    phone: str
    username: str
    has_parent: bool = False
    parent_remote_id: str = ""
    parent_created_at: float | None = None
    remote_id: str = ""
    transaction_id: str = ""
    step: Step = Step.FIND_ACCOUNT
    marker_at: float | None = None
    sent_name: str = ""
    sent_email: str = ""
    sent_fingerprint: str = ""
    polls: int = 0
    create_anyway: bool = False
    chosen_remote_id: str = ""
    activation_email: str = ""
    created_at: float | None = None
    activated_at: float | None = None
    adopted: bool = False
    excluded: frozenset[str] = frozenset()
    refusal: PandaError | None = None
    surroundings: Surroundings = Surroundings()

    @classmethod
    def build(cls, values: Mapping[str, Any], root_account_id: str = "") -> Snapshot:
        """The snapshot of the columns in ``values``, from SQL or from a record.

        :param values: ``id`` and :data:`COLUMNS`, ``name`` of the contact,
            ``parent_remote_id``, ``parent_created_at`` and the fields of
            :class:`Surroundings`; what is missing, ``None`` or false counts as empty.
            Datetimes are naive UTC.
        :param root_account_id: the parent of accounts that have no reseller.
        """
        role = values.get("role")
        texts: dict[str, Any] = {n: values.get(n) or "" for n in ("name", *TEXTS)}
        flags = Surroundings.__dataclass_fields__.keys() & values.keys()
        return cls(
            key=values["id"],
            role=Role(role) if role else None,
            **texts,
            has_parent=bool(values.get("parent_id")),
            parent_remote_id=values.get("parent_remote_id") or root_account_id,
            parent_created_at=to_epoch(values.get("parent_created_at")),
            step=Step(values.get("step") or Step.FIND_ACCOUNT),
            marker_at=to_epoch(values.get("marker_at")),
            create_anyway=bool(values.get("create_anyway")),
            created_at=to_epoch(values.get("remote_created_at")),
            activated_at=to_epoch(values.get("activation_sent_at")),
            adopted=bool(values.get("adopted")),
            surroundings=Surroundings(**{name: values[name] for name in flags}),
        )

    def with_outcome(self, outcome: Outcome) -> Snapshot:
        """The snapshot after ``outcome``, ready for the step that it names."""
        return changed(self, step=outcome.step, **outcome.facts)

    def marked(self, moment: float) -> Snapshot:
        """The snapshot of an account whose next step may be sent from ``moment``."""
        if self.step is not Step.CREATE_ACCOUNT:
            return changed(self, marker_at=moment)
        return changed(
            self,
            marker_at=moment,
            sent_name=self.name,
            sent_email=self.email,
            sent_fingerprint=self.fingerprint,
        )

    def without(self, remote_ids: frozenset[str]) -> Snapshot:
        """The snapshot for looking again, past accounts of other contacts."""
        return changed(self, excluded=self.excluded | remote_ids)

    @property
    def name_in_panda(self) -> str:
        """The name to look for: what was sent, if anything may have been."""
        is_sent = self.marker_at is not None and self.sent_name
        return self.sent_name if is_sent else self.name

    @property
    def email_in_panda(self) -> str:
        """The contact e-mail to look for: what was sent, if anything may have been."""
        is_sent = self.marker_at is not None and self.sent_email
        return self.sent_email if is_sent else self.email

    @property
    def was_edited(self) -> bool:
        """Whether the account carries another name or e-mail in Panda, if it exists."""
        in_panda = (self.name_in_panda, self.email_in_panda)
        return in_panda != (self.name, self.email)

    @property
    def waits_for_reseller(self) -> bool:
        """Whether nothing can be sent before the reseller is ready."""
        is_ready = self.surroundings.parent_ready
        return self.has_parent and not is_ready and not self.remote_id

    @property
    def fingerprint(self) -> str:
        """Stands for the payload of an update, in 40 characters."""
        payload = (self.name, self.first_name, self.last_name, self.email, self.phone)
        return hashlib.sha1(repr(payload).encode(), usedforsecurity=False).hexdigest()


@dataclass(frozen=True)
class Outcome:
    """What a step has led to.

    ``facts`` are new values for fields of the snapshot. Without ``error`` the
    workflow goes on with ``step``, at once or after ``wait`` seconds. ``unknown``
    says that a create of ours may or may not exist in Panda. ``used`` are the
    accounts in Panda that the outcome rests on: the caller must know that they are
    free. ``likely`` are those of them that may be this account, as far as they were
    read: the caller must know that no other contact is looked for under their names.
    """

    step: Step
    facts: dict[str, object] = field(default_factory=dict)
    wait: float = 0
    unknown: bool = False
    used: tuple[str, ...] = ()
    likely: tuple[Account, ...] = ()
    error: PandaError | None = None


@dataclass(frozen=True)
class Timing:
    """Time as the workflow sees it; all in seconds.

    ``search_delay``: how long Panda may take to show a new account in a search.
    ``activation_timeout``: how long a transaction may stay pending.
    """

    now: Callable[[], float]
    search_delay: float
    activation_timeout: float = 900


EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 Odoo's datetimes are naive UTC


def to_epoch(moment: datetime | None) -> float | None:
    """Seconds since the epoch of a naive UTC datetime, ``None`` for none."""
    return (moment - EPOCH).total_seconds() if moment else None


def from_epoch(seconds: float | None) -> datetime | None:
    """Naive UTC datetime of seconds since the epoch, ``None`` for ``None``."""
    return None if seconds is None else EPOCH + timedelta(seconds=seconds)
