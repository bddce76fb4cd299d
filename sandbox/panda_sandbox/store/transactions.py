"""Operator writes are asynchronous: asked for now, decided later.

See docs/watchguard-api.md#transaction-status.

Nothing runs in the background. :meth:`Transactions.settle` decides what has become
due, in the order in which it became due, and is called before anybody looks; so a
transaction that was pending when the process was killed is decided after it.
"""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Literal

from ..switches import Switches
from .accounts import SERVICE_PROVIDER, Account, Accounts
from .database import Database
from .lag import NO_LAG, Lag
from .mails import Mails
from .operators import Operator, Operators

Action = Literal["create", "update", "delete"]

COLUMNS = (
    "id, action, account_id, username, payload, status, error, created_at, due_at,"
    " forced_error"
)


@dataclass(frozen=True)
class Order:
    """What a transaction is to do; empty values of an update change nothing."""

    action: Action
    operator: Operator
    has_password: bool = False
    lag: Lag = NO_LAG


@dataclass(frozen=True)
class Transaction:
    """An order, and what has become of it; ``due_at`` ``None`` means never."""

    id: str
    action: Action
    account_id: str
    username: str
    payload: str
    status: str
    error: str
    created_at: float
    due_at: float | None
    forced_error: str

    @property
    def order(self) -> Order:
        """The order as it was given."""
        values = json.loads(self.payload)
        return Order(
            self.action,
            Operator(**values["operator"]),
            values["has_password"],
            Lag(**values["lag"]),
        )


class Transactions:
    """Takes orders, decides them, and tells what has become of them."""

    def __init__(
        self,
        database: Database,
        accounts: Accounts,
        operators: Operators,
        mails: Mails,
        switches: Switches,
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._operators = operators
        self._mails = mails
        self._switches = switches
        self._actions: dict[str, Callable[[Order, Account, float], str]] = {
            "create": self._create,
            "update": self._update,
            "delete": self._delete,
        }

    def begin(
        self, order: Order, now: float, due_at: float | None, forced_error: str = ""
    ) -> str:
        """Take an order and return the transaction's ID.

        :param due_at: when it is decided, ``None`` for never.
        :param forced_error: makes it fail, with this text.
        """
        transaction_id = str(uuid.uuid4())
        payload = {
            "operator": asdict(order.operator),
            "has_password": order.has_password,
            "lag": asdict(order.lag),
        }
        self._database.connection.execute(
            f"INSERT INTO transactions ({COLUMNS})"
            " VALUES (?, ?, ?, ?, ?, 'PENDING', '', ?, ?, ?)",
            (
                transaction_id,
                order.action,
                order.operator.account_id,
                order.operator.username,
                json.dumps(payload),
                now,
                due_at,
                forced_error,
            ),
        )
        return transaction_id

    def find(self, transaction_id: str) -> Transaction | None:
        """The transaction, ``None`` when there is none."""
        row = self._database.connection.execute(
            f"SELECT {COLUMNS} FROM transactions WHERE id = ?",
            (transaction_id,),
        ).fetchone()
        return Transaction(*row) if row else None

    def all(self) -> list[Transaction]:
        """Every transaction, in order of creation."""
        rows = self._database.connection.execute(
            f"SELECT {COLUMNS} FROM transactions ORDER BY seq"
        )
        return [Transaction(*row) for row in rows]

    def settle(self, now: float) -> None:
        """Decide every transaction that is due by ``now``."""
        rows = self._database.connection.execute(
            f"SELECT {COLUMNS} FROM transactions"
            " WHERE status = 'PENDING' AND due_at <= ? ORDER BY due_at, seq",
            (now,),
        ).fetchall()
        if not rows:
            return
        with self._database.transaction() as connection:
            for row in rows:
                self._decide(connection, Transaction(*row))

    def conflict(self, operator: Operator) -> str:
        """Why an operator cannot be added, empty when nothing is in the way."""
        case_counts = self._switches["username_case"] == "counts"
        if self._operators.has_username(operator.username, case_counts=case_counts):
            return "Username is already taken."
        if self._operators.has_email(operator.email):
            return "Email address is already in use."
        return ""

    def _decide(self, connection: sqlite3.Connection, transaction: Transaction) -> None:
        error = transaction.forced_error or self._carry_out(transaction)
        connection.execute(
            "UPDATE transactions SET status = ?, error = ? WHERE id = ?",
            ("FAILED" if error else "SUCCESS", error, transaction.id),
        )

    def _carry_out(self, transaction: Transaction) -> str:
        account = self._accounts.get(transaction.account_id)
        if not account:
            return "Account was not found."
        # A mail leaves when its transaction is due, however late anybody looks.
        moment = transaction.due_at or transaction.created_at
        return self._actions[transaction.action](transaction.order, account, moment)

    def _create(self, order: Order, account: Account, moment: float) -> str:
        operator = order.operator
        error = self.conflict(operator)
        if error:
            return error
        self._operators.add(operator, order.lag)
        if not order.has_password or self._switches["activation_mail"] == "always":
            self._mails.send(
                operator.email, operator.username, account.id, account.name, moment
            )
        return ""

    def _update(self, order: Order, account: Account, _moment: float) -> str:
        known = self._operators.find(account.id, order.operator.username)
        if not known:
            return "Operator was not found."
        new = order.operator
        self._operators.update(
            replace(
                known,
                first_name=new.first_name or known.first_name,
                last_name=new.last_name or known.last_name,
                phone=new.phone or known.phone,
                role=new.role or known.role,
            )
        )
        return ""

    def _delete(self, order: Order, account: Account, _moment: float) -> str:
        known = self._operators.find(account.id, order.operator.username)
        if not known:
            return "Operator was not found."
        if account.type == SERVICE_PROVIDER and self._operators.is_last_owner(known):
            return "The last owner of a service provider cannot be deleted."
        self._operators.remove(known)
        return ""
