"""The addon's engine without a database: what it makes durable, and when.

It keeps to the rules of ``panda_provisioning/engine`` (``queue``, ``verdict``,
``run``), each in the method that its docstring names, so that a test can break one
of them and see what happens.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from panda_api.directory import Directory
from panda_api.policy import MAX_ATTEMPTS, POLICIES, Stops, wait_before_retry
from panda_api.saga import perform
from panda_api.steps import FINDS, UPDATES, WRITES, Clock, Outcome, Snapshot, Step

from .memory_panda import ROOT, MemoryPanda

GRACE, LEASE, PATIENCE = 30.0, 60.0, 90.0
LONGEST_CALL = 5.0
LONG_WAIT = 5.0
CLAIMABLE = ("queued", "retry", "unknown", "running")
LIVE_ONLY = {"polls": 0, "excluded": frozenset(), "refusal": None}
"""What a snapshot holds for the length of a run."""


@dataclass
class Row:
    """One account: the columns of its row, and the snapshot of a run at work.

    ``name`` and ``email`` are the contact's, who may be edited at any moment.
    """

    durable: Snapshot
    name: str
    email: str
    state: str = "queued"
    due: float = 0.0
    attempts: int = 0
    error_code: str = ""
    told: str = ""
    live: Snapshot | None = None
    live_due: float = 0.0


class Engine:
    """Claims, marks, sends and writes down, one account and one step at a time."""

    def __init__(self, panda: MemoryPanda, rows: list[Row], *, listed: bool) -> None:
        self.panda = panda
        self.rows = rows
        self.clock = Clock(lambda: panda.now, grace=self.grace(), patience=PATIENCE)
        self._listed = listed
        self.begin_run()

    def begin_run(self) -> None:
        """A new run looks anew; with many accounts below a parent it lists them."""
        self.directory = Directory(lambda: self.panda.now)
        if self._listed:
            self.directory.expect_many([ROOT])

    # === RULES THAT TESTS BREAK === #

    def grace(self) -> float:
        """As long as Panda may take to show what is new (``Run.__init__``)."""
        return GRACE

    def marker_of(self, row: Row) -> float | None:
        """A create whose process died may have left until the lease ran out
        (``Queue._as_claim``)."""
        marker_at = row.durable.marker_at
        if marker_at is None or row.state != "running":
            return marker_at
        return max(marker_at, row.due) if row.durable.step in WRITES else marker_at

    def step_of(self, row: Row) -> Step:
        """Whatever happened before: look first, then write (``Queue._as_claim``)."""
        return FINDS.get(row.durable.step, row.durable.step)

    def marked(self, snapshot: Snapshot) -> Snapshot:
        """What is made durable before a step is sent (``verdict._go_on``)."""
        is_write = snapshot.step in WRITES
        return snapshot.marked(self.panda.now) if is_write else snapshot

    def kept(self, snapshot: Snapshot) -> Snapshot:
        """What a row remembers of a snapshot (``verdict.row_values``)."""
        return replace(snapshot, **LIVE_ONLY)

    # === ONE STEP === #

    def claim(self, row: Row) -> bool:
        """Take a row that is due; its lease is made durable."""
        now = self.panda.now
        if row.state not in CLAIMABLE or row.due > now:
            return False
        row.live = replace(
            row.durable,
            name=row.name,
            email=row.email,
            step=self.step_of(row),
            marker_at=self.marker_of(row),
            **LIVE_ONLY,
        )
        row.state, row.due, row.live_due = "running", now + LEASE, now
        if row.live.step is Step.UPDATE_ACCOUNT and row.told == row.live.fingerprint:
            self._done(row, row.live)
        elif row.live.step in UPDATES:
            row.told = ""  # from here on nobody knows what Panda holds
        return True

    def send(self, row: Row) -> Outcome:
        """Make the calls of a row's step, unless its lease is about to run out."""
        assert row.live
        step = row.live.step
        if step in FINDS and self.panda.now > row.due - LONGEST_CALL:
            return Outcome(FINDS[step], {"marker_at": None})
        return perform(self.panda, row.live, self.directory, self.clock)  # type: ignore[arg-type]

    def settle(self, row: Row, outcome: Outcome, *, may_go_on: bool = True) -> None:
        """Write down what came of a step (``Run._settle``, ``verdict.judge``)."""
        assert row.live
        bound = {r.durable.remote_id for r in self.rows if r is not row}
        if bound & set(outcome.used):
            row.live = row.live.without(frozenset(bound & set(outcome.used)))
            outcome = Outcome(Step.FIND_ACCOUNT, unknown=outcome.unknown)
        snapshot = row.live.with_outcome(outcome)
        row.error_code = outcome.error.code if outcome.error else ""
        if outcome.step is Step.DONE:
            self._done(row, snapshot)
        elif outcome.error and not self._is_looked_into(row, outcome):
            self._failed(row, snapshot, outcome)
        elif may_go_on and outcome.wait <= LONG_WAIT:
            row.live = self.marked(snapshot)
            row.live_due = self.panda.now + outcome.wait
            self._write(row, row.live, "running", LEASE)
        else:
            self._put_back(row, snapshot, outcome.wait)

    def crash(self, row: Row) -> None:
        """What was not made durable is gone."""
        row.live = None
        self.begin_run()

    # === VERDICTS === #

    def _write(self, row: Row, snapshot: Snapshot, state: str, wait: float) -> None:
        row.durable = self.kept(snapshot)
        row.state, row.due = state, self.panda.now + wait

    def _done(self, row: Row, snapshot: Snapshot) -> None:
        row.live, row.attempts, row.told = None, 0, snapshot.fingerprint
        self._write(row, snapshot, "synced", 0)
        if (snapshot.name, snapshot.email) != (row.name, row.email):
            self.enqueue(row)

    def enqueue(self, row: Row) -> None:
        """Queue a row at rest, as a person or an edit does."""
        step = row.durable.step
        step = Step.UPDATE_ACCOUNT if step is Step.DONE else step
        row.durable = replace(row.durable, step=step)
        row.state, row.due, row.attempts = "queued", self.panda.now, 0

    def _is_looked_into(self, row: Row, outcome: Outcome) -> bool:
        assert outcome.error
        if not outcome.unknown or outcome.error.code == "transaction_stuck":
            return False
        row.attempts += 1
        return row.attempts < MAX_ATTEMPTS

    def _failed(self, row: Row, snapshot: Snapshot, outcome: Outcome) -> None:
        assert outcome.error
        policy = POLICIES[outcome.error.kind]
        row.live = None
        row.attempts += policy.spends
        if policy.stops is Stops.ACCOUNT or row.attempts >= MAX_ATTEMPTS:
            self._write(row, snapshot, "failed", 0)
            return
        state = "retry" if snapshot.marker_at is None else "unknown"
        wait = wait_before_retry(outcome.error, row.attempts)
        self._write(row, snapshot, state, wait)

    def _put_back(self, row: Row, snapshot: Snapshot, wait: float) -> None:
        row.live = None
        if snapshot.step in WRITES:
            snapshot = replace(snapshot, marker_at=None)
        state = "queued" if snapshot.marker_at is None else "unknown"
        self._write(
            row, snapshot, "running" if snapshot.transaction_id else state, wait
        )
