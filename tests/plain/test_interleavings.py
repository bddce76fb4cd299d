"""Every interleaving of faults, crashes and edits that hypothesis can think of.

The saga is driven by a small engine with the discipline of the real one, against a
Panda in memory that is late to show what is new, loses answers before and after the
write, and has transactions that fail, hang or are forgotten. After every step, and
once more when the faults have ceased, it is asserted that

* no account has two tenants, two operators or two activation mails,
* an account of Panda is adopted only on its exact name and e-mail,
* in the end every account is synchronised, and Panda knows the last edit.

Whether the search can find anything is tested too: each class in ``BROKEN`` breaks
one rule of the discipline, and for each the search has to find a counterexample. To
see one, run ``PANDA_SHOW=ForgetsTheMarker pytest -k show``.

``PANDA_PROFILE=thorough`` searches through 5,000 histories instead of 500.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from panda_api import saga
from panda_api.directory import same_email, same_name
from panda_api.errors import ErrorKind, PandaError
from panda_api.saga import Outcome, Role, Snapshot, Step

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
QUICK, STEPS = 500, 30
"""Histories, and things that happen in each."""


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


# === RULES BROKEN ON PURPOSE === #


class ForgetsTheMarker(Engine):
    """Sends a create without having written down that it is about to."""

    def kept(self, snapshot: Snapshot) -> Snapshot:
        is_write = snapshot.step in saga.WRITES
        kept = super().kept(snapshot)
        return replace(kept, marker_at=None) if is_write else kept


class IgnoresTheGrace(Engine):
    """Creates again as soon as a search shows nothing."""

    def grace(self) -> float:
        return 0


class LeavesTheMarkerBehind(Engine):
    """Counts the grace from the marker, though the request may have left later."""

    def marker_of(self, row: Row) -> float | None:
        return row.durable.marker_at


class RepeatsTheStep(Engine):
    """Does again what a crash interrupted instead of looking first."""

    def step_of(self, row: Row) -> Step:
        return row.durable.step


class ForgetsWhatWasSent(Engine):
    """Looks for the contact as it is now, not as it was sent."""

    def kept(self, snapshot: Snapshot) -> Snapshot:
        return replace(super().kept(snapshot), sent_name="", sent_email="")


class NeverLosesPatience(Engine):
    """Moves the marker whenever a row is claimed, so that no wait ever ends."""

    def marker_of(self, row: Row) -> float | None:
        marker_at = row.durable.marker_at
        moves = marker_at is not None and row.state == "running"
        return max(marker_at, row.due) if moves else marker_at


class BelievesThatNothingWasDone(MemoryPanda):
    """Reports a lost answer as an outage."""

    def _call(self, act: Callable, *, write: bool) -> object:
        try:
            return super()._call(act, write=write)
        except PandaError as error:
            if error.kind is ErrorKind.UNKNOWN:
                error.kind = ErrorKind.OUTAGE
            raise


def machine(broken: type | None = None) -> type[Histories]:
    """The histories of an engine, or of a Panda, that breaks a rule."""
    if broken is None:
        return Histories
    role = "engine_class" if issubclass(broken, Engine) else "panda_class"
    return type(broken.__name__, (Histories,), {role: broken})


BROKEN = {
    ForgetsTheMarker: "two tenants|two operators",
    IgnoresTheGrace: "two tenants|two operators",
    LeavesTheMarkerBehind: "two tenants|two operators",
    RepeatsTheStep: "two tenants|two operators",
    ForgetsWhatWasSent: "two tenants|an edit was lost",
    NeverLosesPatience: "is stuck",
    BelievesThatNothingWasDone: "two tenants|two operators",
}


SEARCH = settings(
    derandomize=True,
    max_examples=QUICK,
    stateful_step_count=STEPS,
    phases=[Phase.generate],
    print_blob=False,
)
"""As long as the quick search for counterexamples, without making them short."""


@pytest.fixture(autouse=True)
def _quiet() -> None:
    """The bugs that are injected are not worth a traceback each."""
    logging.getLogger("panda_api.saga").setLevel(logging.CRITICAL)
    yield
    logging.getLogger("panda_api.saga").setLevel(logging.NOTSET)


def test_no_history_leads_to_two_of_anything_or_to_a_dead_end() -> None:
    """The search finds nothing."""
    is_quick = settings().derandomize
    run_state_machine_as_test(
        Histories,
        settings=settings(
            max_examples=QUICK if is_quick else settings().max_examples,
            stateful_step_count=STEPS,
        ),
    )


@pytest.mark.parametrize("broken", BROKEN, ids=lambda each: each.__name__)
def test_the_search_finds_every_rule_that_is_broken(broken: type) -> None:
    """So that it finding nothing means something."""
    with pytest.raises(AssertionError, match=BROKEN[broken]):
        run_state_machine_as_test(machine(broken), settings=SEARCH)


def test_adopting_on_the_name_alone_is_found_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The same for the rule that is in the saga itself."""
    monkeypatch.setattr(saga, "same_email", lambda _left, _right: True)
    endless = type("Endless", (Histories,), {"teardown": lambda _self: None})
    with pytest.raises(AssertionError, match="adopted somebody else"):
        run_state_machine_as_test(endless, settings=SEARCH)


@pytest.mark.skipif("PANDA_SHOW" not in os.environ, reason="PANDA_SHOW is not set")
def test_show_a_counterexample() -> None:
    """Fails, with the shortest history that a broken rule leads to trouble by."""
    [broken] = [b for b in BROKEN if b.__name__ == os.environ["PANDA_SHOW"]]
    run_state_machine_as_test(machine(broken))
