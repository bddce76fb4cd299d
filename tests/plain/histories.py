"""What can happen to two accounts, in any order: the rules of the search.

The tests are in ``test_interleavings``; nothing here breaks a rule on purpose.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from panda_api.directory import same_email, same_name
from panda_api.steps import Outcome, Role, Snapshot

from .memory_panda import FAULTS, ROOT, MemoryPanda
from .small_engine import CLAIMABLE, GRACE, LEASE, Engine, Row

NAME = "Böhm & Co"
OWNERS = ("ann", "bob")
"""Two accounts of the same name: only the e-mail tells them apart."""

WHICH = st.sampled_from([0, 0, 0, 1])
PAUSES = st.sampled_from([0.0, 0.0, 0.0, 4.0, GRACE / 2, GRACE + 1, LEASE - 8])
"""Seconds before a step, also between the marker and the request."""
CRASHES = st.sampled_from(["", "", "", "before", "after", "after"])
STRIKES = st.one_of(
    st.just([]),
    st.sampled_from(FAULTS).map(lambda fault: [fault]),
    st.sampled_from(FAULTS).map(lambda fault: ["", fault]),
)
"""Which call of a step gets which fault."""
MAYBE = st.sampled_from([False, False, False, True])
FINAL_ROUNDS = 150


class Histories(RuleBasedStateMachine):
    """Rules that happen to the accounts, in any order and number."""

    engine_class: type[Engine] = Engine
    panda_class: type[MemoryPanda] = MemoryPanda

    @initialize(
        lag=st.sampled_from([0.0, 1.0, GRACE / 2, GRACE - 1]),
        pending=st.sampled_from([0.0, 0.7, 10.0, 3 * GRACE]),
        unique=st.booleans(),
        listed=st.booleans(),
        exists=st.sampled_from(["", "", "same", "other", "both"]),
    )
    def begin(
        self, lag: float, pending: float, exists: str, *, unique: bool, listed: bool
    ) -> None:
        if not unique:  # then nobody but us stands between two operators
            pending = min(pending, GRACE - 1 - lag)
        panda = self.panda_class(lag=lag, pending=max(0, pending), unique=unique)
        if exists in ("same", "both"):
            panda.add_tenant(f" {NAME}", 2, "Ann@Example.com")
        if exists in ("other", "both"):
            panda.add_tenant(NAME, 2, "carl@example.com")
        panda.add_tenant(NAME, 1, "ann@example.com")  # a reseller is no customer
        rows = [self._row(key, owner) for key, owner in enumerate(OWNERS)]
        self.panda = panda
        self.engine = self.engine_class(panda, rows, listed=listed)
        self.edits = 0

    def _row(self, key: int, owner: str) -> Row:
        email = f"{owner}@example.com"
        snapshot = Snapshot(
            key=key,
            role=Role.USER,
            name=NAME,
            first_name=owner,
            last_name="Lee",
            email=email,
            phone="+302101234567",
            username=f"{owner}.lee",
            parent_remote_id=ROOT,
        )
        return Row(snapshot, NAME, email)

    # === WHAT HAPPENS === #

    @rule(which=WHICH, pause=PAUSES, faults=STRIKES, crash=CRASHES, ends=MAYBE)
    def work(
        self, which: int, pause: float, faults: list[str], crash: str, *, ends: bool
    ) -> None:
        """The next step of an account, after a pause, with what the network, a power
        cut or the end of the run makes of it."""
        self.panda.now += pause
        if ends:
            self.engine.begin_run()
        self._work(self.engine.rows[which], faults, crash, may_go_on=not ends)

    @rule(which=WHICH, pause=PAUSES, faults=STRIKES, crash=CRASHES)
    def work_more(
        self, which: int, pause: float, faults: list[str], crash: str
    ) -> None:
        """The same, said twice so that it happens more often than edits."""
        self.work(which, pause, faults, crash, ends=False)

    @rule(which=WHICH, steps=st.integers(1, 3))
    def work_in_peace(self, which: int, steps: int) -> None:
        """Some steps of an account without any trouble."""
        for _step in range(steps):
            self._work(self.engine.rows[which])

    @rule(which=WHICH, field=st.sampled_from(["name", "email"]))
    def edit(self, which: int, field: str) -> None:
        """Somebody changes the contact, whatever the account is doing."""
        self.edits += 1
        row = self.engine.rows[which]
        if field == "name":
            row.name = f"{NAME} {self.edits}"
        else:
            row.email = f"{OWNERS[which]}{self.edits}@example.com"
        if row.state in ("synced", "failed"):
            self.engine.enqueue(row)

    @rule(which=WHICH)
    def undo(self, which: int) -> None:
        """Somebody gives the contact back its first name, whatever was sent."""
        row = self.engine.rows[which]
        row.name = NAME
        if row.state in ("synced", "failed"):
            self.engine.enqueue(row)

    @precondition(lambda self: any(r.state == "failed" for r in self.engine.rows))
    @rule(anyway=st.booleans())
    def retry(self, *, anyway: bool) -> None:
        """A person looks at what has failed."""
        for row in self.engine.rows:
            if row.state == "failed":
                self._retry(row, anyway=anyway)

    def _retry(self, row: Row, *, anyway: bool) -> None:
        if anyway and row.error_code == "name_exists":
            row.durable = replace(row.durable, create_anyway=True)
        self.engine.enqueue(row)

    def _work(
        self,
        row: Row,
        faults: Sequence[str] = (),
        crash: str = "",
        *,
        may_go_on: bool = True,
    ) -> None:
        engine = self.engine
        if row.live and self.panda.now >= row.due:
            engine.crash(row)  # the lease has run out: it is another run's
        if not row.live and row.state in CLAIMABLE:
            self.panda.now = max(self.panda.now, row.due)
        if not row.live and not engine.claim(row):
            return
        if not row.live:
            return
        self.panda.now = max(self.panda.now, row.live_due)
        if crash == "before":
            engine.crash(row)
            return
        self.panda.faults = list(faults)
        looked_for = row.live
        outcome = engine.send(row)
        self.panda.faults = []
        if crash == "after":
            engine.crash(row)
            return
        engine.settle(row, outcome, may_go_on=may_go_on)
        self._check_adoption(row, looked_for, outcome)

    # === WHAT MUST BE TRUE === #

    def _check_adoption(self, row: Row, before: Snapshot, outcome: Outcome) -> None:
        if before.remote_id or not row.durable.remote_id or not outcome.used:
            return
        tenant = self.panda.tenants[row.durable.remote_id]
        assert tenant.type == before.role.account_type
        assert same_name(tenant.name, before.name_in_panda), "adopted by another name"
        assert same_email(tenant.email, before.email_in_panda), "adopted somebody else"

    @invariant()
    def nobody_has_two_of_anything(self) -> None:
        """Tenants, operators, mails: one each at most."""
        if not hasattr(self, "panda"):
            return
        self.panda.settle()
        usernames = [person.username for person in self.panda.operators]
        for row, owner in zip(self.engine.rows, OWNERS, strict=True):
            mine = {t.id for t in self.panda.tenants.values() if t.owner == owner}
            mine |= {row.durable.remote_id} - {""}
            assert len(mine) <= 1, f"two tenants for {owner}"
            assert usernames.count(f"{owner}.lee") <= 1, f"two operators for {owner}"
            assert self.panda.mails.count(f"{owner}.lee") <= 1, f"two mails to {owner}"
        bound = [r.durable.remote_id for r in self.engine.rows if r.durable.remote_id]
        assert len(bound) == len(set(bound)), "one tenant for two accounts"

    def teardown(self) -> None:
        """The faults have ceased: everything comes to a good end."""
        if not hasattr(self, "panda"):
            return
        for round_number in range(FINAL_ROUNDS):
            unfinished = [r for r in self.engine.rows if r.state != "synced"]
            if not unfinished:
                break
            for row in unfinished:
                if row.state == "failed":
                    self._retry(row, anyway=round_number > 5)
                self._work(row)
                self.nobody_has_two_of_anything()
            if all(row.live is None for row in unfinished):
                dues = [r.due for r in unfinished if r.state != "failed"]
                self.panda.now = max(self.panda.now, min(dues, default=0))
                self.engine.begin_run()
        for row, owner in zip(self.engine.rows, OWNERS, strict=True):
            assert row.state == "synced", f"{owner} is stuck: {row}"
            tenant = self.panda.tenants[row.durable.remote_id]
            assert same_name(tenant.name, row.name), "an edit was lost"
            assert same_email(tenant.email, row.email), "an edit was lost"
            assert self.panda.mails.count(f"{owner}.lee") == 1
