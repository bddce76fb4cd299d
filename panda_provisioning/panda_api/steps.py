"""What the saga works on: the steps, what it knows of an account, what came of it.

Plain values only, so that they can be read in another thread and compared in tests.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import Enum

from .client import CUSTOMER_TYPE, RESELLER_TYPE
from .errors import PandaError


class Role(str, Enum):
    """What an account is in Panda; values as stored on ``panda.account``."""

    USER = "user"
    RESELLER = "reseller"

    @property
    def account_type(self) -> int:
        return RESELLER_TYPE if self is Role.RESELLER else CUSTOMER_TYPE

    @property
    def operator_role(self) -> str:
        """The role that may do everything in such an account (panda-api 4)."""
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


WRITES = {Step.CREATE_ACCOUNT, Step.CREATE_OPERATOR}
"""Steps that must not be repeated blindly. Updates may: they carry the last state."""

UPDATES = {Step.UPDATE_ACCOUNT, Step.UPDATE_OPERATOR}
"""Steps that begin with nothing under way."""

FINDS = {
    Step.CREATE_ACCOUNT: Step.FIND_ACCOUNT,
    Step.CREATE_OPERATOR: Step.FIND_OPERATOR,
}
"""Where to look after a write whose outcome is unknown."""


@dataclass(frozen=True)
class Snapshot:
    """Everything the saga knows of one account; plain values only.

    ``marker_at`` (seconds since the epoch) is set while a create may have been sent
    without its outcome being known. ``sent_name`` and ``sent_email`` are what the
    account in Panda was told last: the contact may be edited before it is found;
    ``sent_fingerprint`` stands for all that it was told.
    ``polls`` counts looks at the transaction.
    ``adopted`` says that the account was in Panda before Odoo knew of it.
    ``excluded`` are accounts in Panda that belong to somebody else. ``refusal`` is
    what Panda said when an operator was refused that may be our own.
    ``chosen_remote_id`` is the account that a person wants to be linked: no other one
    is, and none is created. ``activated_at`` is when the operator was created.
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
    activated_at: float | None = None
    adopted: bool = False
    excluded: frozenset[str] = frozenset()
    refusal: PandaError | None = None

    def with_outcome(self, outcome: Outcome) -> Snapshot:
        """The snapshot after ``outcome``, ready for the step that it names."""
        return replace(self, step=outcome.step, **outcome.facts)  # type: ignore[arg-type]

    def marked(self, moment: float) -> Snapshot:
        """The snapshot of an account whose next step may be sent from ``moment``."""
        if self.step is not Step.CREATE_ACCOUNT:
            return replace(self, marker_at=moment)
        return replace(
            self,
            marker_at=moment,
            sent_name=self.name,
            sent_email=self.email,
            sent_fingerprint=self.fingerprint,
        )

    def without(self, remote_ids: frozenset[str]) -> Snapshot:
        """The snapshot for looking again, past accounts that belong to others."""
        return replace(self, excluded=self.excluded | remote_ids)

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
    def fingerprint(self) -> str:
        """What Panda is told of the person and the name, in 40 characters."""
        told = (self.name, self.first_name, self.last_name, self.email, self.phone)
        return hashlib.sha1(repr(told).encode(), usedforsecurity=False).hexdigest()


@dataclass(frozen=True)
class Outcome:
    """What a step has led to.

    ``facts`` are new values for fields of the snapshot. Without ``error`` the saga
    goes on with ``step``, at once or after ``wait`` seconds. ``unknown`` says that
    a create of ours may or may not exist in Panda. ``used`` are the accounts in
    Panda that the outcome rests on: the caller must know that they are free.
    """

    step: Step
    facts: dict[str, object] = field(default_factory=dict)
    wait: float = 0
    unknown: bool = False
    used: tuple[str, ...] = ()
    error: PandaError | None = None


@dataclass(frozen=True)
class Clock:
    """Time as the saga sees it; all in seconds.

    ``grace``: how long Panda may take to show a new account in a search.
    ``patience``: how long a transaction may stay pending.
    """

    now: Callable[[], float]
    grace: float
    patience: float = 900
