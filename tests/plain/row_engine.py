"""The engine's loop over one table in memory, for the property-based search.

It decides nothing: claims, outcomes and retries are those of ``core.transition``, and
a row is what ``AccountRow.columns`` writes and ``AccountRow.build`` reads. What it
adds is what the queue's SQL and the worker pool do around them. Each rule that a test
breaks is a method of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import Any

from panda_provisioning.core import transition
from panda_provisioning.core.account_lookup import AccountLookup
from panda_provisioning.core.snapshot import (
    UPDATES,
    Outcome,
    Snapshot,
    Step,
    Timing,
    from_epoch,
    step_when_queued,
)
from panda_provisioning.core.states import (
    CLAIMABLE,
    REQUEUED_WHEN_EDITED,
    State,
    is_allowed,
)
from panda_provisioning.core.transition import AccountRow, RunPolicy
from panda_provisioning.core.workflow import perform

from .memory_panda import ROOT, MemoryPanda

SEARCH_DELAY, LEASE, ACTIVATION_TIMEOUT = 30.0, 60.0, 90.0
REQUEST_TIMEOUT = 5.0

Columns = dict[str, Any]


@dataclass
class Account:
    """A row of the table, and the same row in the hands of a run at work."""

    columns: Columns
    live: AccountRow | None = None
    live_due: float = 0.0
    resync_requested: bool = field(default=False)

    @property
    def durable(self) -> AccountRow:
        """What another process reads."""
        return AccountRow.build(self.columns, ROOT)

    @property
    def state(self) -> State:
        return State(self.columns["state"])

    @property
    def due(self) -> float:
        return self.durable.due_at or 0.0

    @property
    def remote_id(self) -> str:
        return self.columns["remote_id"] or ""

    @property
    def error_code(self) -> str:
        return self.columns["error_code"] or ""


def new_account(snapshot: Snapshot, now: float) -> Account:
    """An account that was queued and never sent."""
    row = AccountRow(snapshot, State.QUEUED, due_at=now)
    contact = ("name", "first_name", "last_name", "email", "phone", "username")
    return Account(
        {
            **{name: getattr(snapshot, name) for name in contact},
            "role": snapshot.role,
            "create_anyway": False,
            **row.columns,
            "run_token": None,
        }
    )


class Engine:
    """Claims, marks, sends and writes, one account and one step at a time."""

    def __init__(self, panda: MemoryPanda, accounts: list[Account]) -> None:
        self.panda = panda
        self.accounts = accounts
        self.timing = Timing(
            lambda: panda.now,
            search_delay=self.search_delay(),
            activation_timeout=ACTIVATION_TIMEOUT,
        )
        self.policy = RunPolicy(LEASE, lambda _low, high: high)
        self._tokens = count(1)
        self.begin_run()

    def begin_run(self) -> None:
        """A new run looks anew."""
        self.lookup = self.new_lookup()
        self.lookup.bound = {each.remote_id for each in self.accounts}

    # === RULES THAT TESTS BREAK === #

    def search_delay(self) -> float:
        """As long as Panda may take to show what is new."""
        return SEARCH_DELAY

    def new_lookup(self) -> AccountLookup:
        return AccountLookup(lambda: self.panda.now)

    def may_send(self, send_before: float) -> bool:
        """Whether the answer to a write would be there before the lease ends."""
        return self.panda.now <= send_before

    def claimed(self, row: AccountRow) -> AccountRow:
        return transition.claimed(row, self.policy, self.panda.now)

    def written(self, columns: Columns) -> Columns:
        """What is made durable of a row."""
        return columns

    # === ONE STEP === #

    def claim(self, account: Account) -> bool:
        """Take an account that is due; its lease is made durable."""
        if account.state not in CLAIMABLE or account.due > self.panda.now:
            return False
        row = self.claimed(account.durable)
        account.resync_requested = False
        account.columns |= {
            "state": State.RUNNING.value,
            "next_attempt_at": from_epoch(row.due_at),
            "run_token": str(next(self._tokens)),
        }
        account.live, account.live_due = row, self.panda.now
        settled = transition.resolved_without_request(row, self.panda.now)
        if settled:
            self._write(account, settled)
        elif row.snapshot.step in UPDATES:
            begun = transition.update_begun(row, self.policy, self.panda.now)
            self._write(account, begun)
        return True

    def send(self, account: Account) -> Outcome | None:
        """Make the calls of a step; ``None`` if another run has taken the account
        meanwhile, which writes the outcome down."""
        assert account.live
        send_before = account.due - REQUEST_TIMEOUT
        token = account.columns["run_token"]
        self.panda.may_send = lambda: self.may_send(send_before)
        panda: Any = self.panda
        outcome = perform(panda, account.live.snapshot, self.lookup, self.timing)
        return outcome if account.columns["run_token"] == token else None

    def settle(
        self, account: Account, outcome: Outcome, *, may_go_on: bool = True
    ) -> None:
        """Write what came of a step."""
        row = account.live
        assert row
        others = {each.remote_id for each in self.accounts if each is not account}
        others.discard("")
        row, outcome = transition.past_bound(row, outcome, others)
        new = transition.transition(
            row, outcome, self.policy, self.panda.now, may_go_on=may_go_on
        )
        account.live_due = self.panda.now + outcome.wait
        self._write(account, new)

    def crash(self, account: Account) -> None:
        """What was not made durable is gone."""
        account.live = None
        self.begin_run()

    def enqueue(self, account: Account) -> None:
        """Queue an account, as a person or an edit does."""
        if account.state is State.RUNNING:
            account.resync_requested = True
            return
        self._to_state(account, State.QUEUED)
        account.columns |= {
            "step": step_when_queued(Step(account.columns["step"])).value,
            "next_attempt_at": from_epoch(self.panda.now),
            "attempt_count": 0,
        }

    # === HELPERS === #

    def _write(self, account: Account, row: AccountRow) -> None:
        self._to_state(account, row.state)
        account.columns |= self.written(row.columns)
        if not row.is_held:
            account.columns["run_token"] = None
        account.live = row if row.is_held else None
        if account.resync_requested and row.state in REQUEUED_WHEN_EDITED:
            account.resync_requested = False
            self.enqueue(account)

    def _to_state(self, account: Account, state: State) -> None:
        assert is_allowed(account.state, state), f"{account.state} to {state}"
        account.columns["state"] = state.value
