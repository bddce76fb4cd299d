"""A Panda in memory for the search through interleavings: fast, and with its own time.

It stands in for :class:`panda_api.client.PandaClient`, so it fails with the errors
that the client would raise. What the client makes of the wire is tested elsewhere.
"""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from panda_provisioning.panda_api.errors import ErrorKind, PandaError
from panda_provisioning.panda_api.responses import (
    DAMAGE,
    Account,
    Child,
    Children,
    Operator,
    Transaction,
)

SPELLINGS: dict[str, Callable[[str], str]] = {
    "": str,
    "html": html.escape,
    "upper": str.upper,
    "nfd": lambda name: unicodedata.normalize("NFD", name),
    "cut": lambda name: name[:8],
}
"""How a Panda may store the names that it is sent."""

ROOT = "ACC-1"
CALL_SECONDS = 0.01
Result = TypeVar("Result")

FAULTS = (
    "slow",
    "late",
    "throttled",
    "unreachable",
    "lost_request",
    "lost_answer",
    "server_error",
    "bug",
    "damaged",
    "stuck",
    "failed",
    "forgotten",
)
"""The first two take their time: before the request leaves, and before its answer is
there. The next three do nothing, three do what was asked and then fail, one damages
every text of the answer, the last say what becomes of an operator transaction: pending
for ever, refused, or carried out but unknown to whoever asks for it."""

SLOW, LATE = 20.0, 4.0
"""Seconds that a token and the own turn may take, and an answer."""


@dataclass
class Tenant:
    """An account; ``owner`` is the account in Odoo that it was created for."""

    id: str
    name: str
    type: int
    email: str
    owner: str
    visible_at: float


@dataclass
class Person:
    """An operator."""

    tenant_id: str
    username: str
    email: str
    visible_at: float


@dataclass
class Order:
    """An operator transaction."""

    username: str
    due_at: float
    carry_out: Callable[[float], str]
    status: str = "PENDING"
    error: str = ""
    forgotten: bool = False


class MemoryPanda:
    """All accounts and operators, the mails sent, and the faults to come.

    ``unique`` says whether Panda itself refuses a username or an e-mail twice;
    when it does not, only our own care keeps operators and mails single.
    """

    def __init__(self, *, lag: float, pending: float, unique: bool) -> None:
        self.now = 1_000_000.0
        self.lag = lag
        self.pending = pending
        self.unique = unique
        self.spelling = ""
        self.tenants: dict[str, Tenant] = {}
        self.operators: list[Person] = []
        self.mails: list[str] = []
        self.faults: list[str] = []
        self.may_send: Callable[[], bool] = lambda: True
        """What the client asks before a write leaves."""
        self.meanwhile: Callable[[], None] = lambda: None
        """What happens while a request takes its time."""
        self._orders: dict[str, Order] = {}

    def add_tenant(self, name: str, kind: int, email: str, owner: str = "") -> str:
        tenant_id = f"WGC-{len(self.tenants) + 1}"
        visible_at = self.now + (self.lag if owner else 0)
        tenant = Tenant(tenant_id, name, kind, email, owner, visible_at)
        self.tenants[tenant_id] = tenant
        return tenant_id

    def stored(self, name: str) -> str:
        """The name under which an account is kept."""
        return SPELLINGS[self.spelling](name)

    # === THE CLIENT'S METHODS === #

    def list_children(self, _parent_id: str, *, name: str = "") -> Children:
        def act() -> Children:
            return Children(
                Child(t.id, t.name, t.type)
                for t in self.tenants.values()
                if t.visible_at <= self.now and name.lower() in t.name.lower()
            )

        return self._call(act, write=False)

    def get_account(self, tenant_id: str) -> Account:
        def act() -> Account:
            tenant = self.tenants[tenant_id]
            return Account(tenant.id, tenant.name, tenant.type, tenant.email)

        return self._call(act, write=False)

    def create_account(self, _parent_id: str, **values: Any) -> str:
        return self._call(
            lambda: self.add_tenant(
                self.stored(values["name"]),
                values["account_type"],
                values["email"],
                values["first_name"],
            ),
            write=True,
        )

    def update_account(self, tenant_id: str, **values: Any) -> None:
        def act() -> None:
            tenant = self.tenants[tenant_id]
            tenant.name, tenant.email = self.stored(values["name"]), values["email"]

        self._call(act, write=True)

    def list_operators(self, tenant_id: str) -> list[Operator]:
        def act() -> list[Operator]:
            return [
                Operator(person.username, person.email)
                for person in self.operators
                if person.tenant_id == tenant_id and person.visible_at <= self.now
            ]

        return self._call(act, write=False)

    def create_operator(self, tenant_id: str, **values: Any) -> str:
        username, email = values["username"], values["email"]

        def carry_out(moment: float) -> str:
            if self.unique and any(p.username == username for p in self.operators):
                return "Username is already taken."
            if self.unique and any(p.email == email for p in self.operators):
                return "Email address is already in use."
            visible_at = moment + self.lag
            self.operators.append(Person(tenant_id, username, email, visible_at))
            self.mails.append(username)
            return ""

        return self._order(username, carry_out)

    def update_operator(self, _tenant_id: str, **values: Any) -> str:
        return self._order(values["username"], lambda _moment: "")

    def get_transaction(self, order_id: str, _username: str) -> Transaction:
        def act() -> Transaction:
            order = self._orders[order_id]
            if order.forgotten:
                raise PandaError(ErrorKind.DATA, "not_found", status=404)
            return Transaction(order.status, order.error)

        return self._call(act, write=False)

    # === HELPERS === #

    def settle(self) -> None:
        """Carry out the orders that are due, as of when they were due."""
        for order in self._orders.values():
            if order.status == "PENDING" and order.due_at <= self.now:
                order.error = order.carry_out(order.due_at)
                order.status = "FAILED" if order.error else "SUCCESS"

    def _pass(self, seconds: float) -> None:
        """Let time pass inside a call, and others work."""
        self.now += seconds
        self.meanwhile()
        self.settle()

    def _order(self, username: str, carry_out: Callable[[float], str]) -> str:
        fault = self.faults[0] if self.faults else ""

        def act() -> str:
            order = Order(username, self.now + self.pending, carry_out)
            if fault == "stuck":
                order.due_at = float("inf")
            if fault == "failed":
                order.carry_out = lambda _moment: "Internal error."
            order.forgotten = fault == "forgotten"
            order_id = str(len(self._orders) + 1)
            self._orders[order_id] = order
            return order_id

        return self._call(act, write=True)

    def _call(self, act: Callable[[], Result], *, write: bool) -> Result:
        self.now += CALL_SECONDS
        self.settle()
        fault = self.faults.pop(0) if self.faults else ""
        lost = ErrorKind.UNKNOWN if write else ErrorKind.OUTAGE
        may_send = self.may_send
        if fault == "slow":
            self._pass(SLOW)
        if write and not may_send():
            raise PandaError(ErrorKind.OUTAGE, "not_sent")
        if fault == "throttled":
            raise PandaError(ErrorKind.THROTTLED, "throttled", status=429)
        if fault == "unreachable":
            raise PandaError(ErrorKind.OUTAGE, "unreachable")
        if fault == "lost_request":
            raise PandaError(lost, "lost_answer")
        result = act()
        if fault in ("lost_answer", "server_error"):
            raise PandaError(lost, fault)
        if fault == "late":
            self._pass(LATE)
        if fault == "bug":
            raise RuntimeError("a bug of our own, after the request was sent")
        return _damaged(result, lost) if fault == "damaged" else result


def _damaged(result: Any, lost: ErrorKind) -> Any:
    """``result`` as the client reads it when no text of it arrives as it was sent."""
    if isinstance(result, Children):
        rows = [replace(each, id=each.id + DAMAGE) for each in result]
        return Children(replace(each, name=DAMAGE + each.name[2:]) for each in rows)
    if isinstance(result, list):
        rows = [replace(each, username=each.username + DAMAGE) for each in result]
        return [replace(each, email=each.email + DAMAGE) for each in rows]
    if isinstance(result, Transaction):
        return replace(result, status=result.status + DAMAGE)
    if result is None:
        return None
    kind = lost if isinstance(result, str) else ErrorKind.PROTOCOL
    raise PandaError(kind, "unreadable")
