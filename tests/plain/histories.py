"""What can happen to two accounts, in any order: the rules of the search.

The tests are in ``test_histories``; nothing here breaks a rule on purpose.
"""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from panda_provisioning.core.matching import name_key, same_email, same_name
from panda_provisioning.core.snapshot import Outcome, Role, Snapshot
from panda_provisioning.core.states import CLAIMABLE, State

from .memory_panda import FAULTS, ROOT, SPELLINGS, MemoryPanda
from .row_engine import LEASE, SEARCH_DELAY, Account, Engine, new_account

NAME = "Böhm & Co"
OWNERS = ("ann", "bob")
"""Two accounts of the same name: only the e-mail tells them apart."""

WHICH = st.sampled_from([0, 0, 0, 1])
PAUSES = st.sampled_from(
    [0.0, 0.0, 0.0, 4.0, SEARCH_DELAY / 2, SEARCH_DELAY + 1, LEASE - 8]
)
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


def has_failed(account: Account) -> bool:
    return account.state is State.FAILED


class Histories(RuleBasedStateMachine):
    """Rules that happen to the accounts, in any order and number."""

    engine_class: type[Engine] = Engine
    panda_class: type[MemoryPanda] = MemoryPanda

    @initialize(
        lag=st.sampled_from([0.0, 1.0, SEARCH_DELAY / 2, SEARCH_DELAY - 1]),
        pending=st.sampled_from([0.0, 0.7, 10.0, 3 * SEARCH_DELAY]),
        unique=st.booleans(),
        spelling=st.sampled_from(["", *SPELLINGS]),
        exists=st.sampled_from(["", "", "same", "other", "both", "reseller"]),
    )
    def begin(
        self, lag: float, pending: float, exists: str, spelling: str, *, unique: bool
    ) -> None:
        if not unique:  # then nobody but us stands between two operators
            pending = min(pending, SEARCH_DELAY - 1 - lag)
        panda = self.panda_class(lag=lag, pending=max(0, pending), unique=unique)
        panda.spelling = spelling
        if exists in ("same", "both"):
            panda.add_tenant(f" {NAME}", 2, "Ann@Example.com")
        if exists in ("other", "both"):
            panda.add_tenant(NAME, 2, "carl@example.com")
        if exists == "reseller":
            panda.add_tenant(NAME, 1, "ann@example.com")
        accounts = [
            new_account(self._snapshot(key, owner), panda.now)
            for key, owner in enumerate(OWNERS, start=1)
        ]
        self.panda = panda
        self.engine = self.engine_class(panda, accounts)
        self.edits = 0

    def _snapshot(self, key: int, owner: str) -> Snapshot:
        return Snapshot(
            key=key,
            role=Role.USER,
            name=NAME,
            first_name=owner,
            last_name="Lee",
            email=f"{owner}@example.com",
            phone="+302101234567",
            username=f"{owner}.lee",
            parent_remote_id=ROOT,
        )

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
        self._work(self.engine.accounts[which], faults, crash, may_go_on=not ends)

    @rule(which=WHICH, pause=PAUSES, faults=STRIKES, crash=CRASHES)
    def work_more(
        self, which: int, pause: float, faults: list[str], crash: str
    ) -> None:
        """The same, said twice so that it happens more often than edits."""
        self.work(which, pause, faults, crash, ends=False)

    @rule(which=WHICH)
    def work_late(self, which: int) -> None:
        """A step whose request is about to leave when its lease is almost over."""
        self.work(which, LEASE - 8, ["slow"], "", ends=False)

    @rule(which=WHICH, steps=st.integers(1, 3))
    def work_in_peace(self, which: int, steps: int) -> None:
        """Some steps of an account without any trouble."""
        for _step in range(steps):
            self._work(self.engine.accounts[which])

    @rule(which=WHICH, field=st.sampled_from(["name", "email"]))
    def edit(self, which: int, field: str) -> None:
        """Somebody changes the contact, whatever the account is doing."""
        self.edits += 1
        account = self.engine.accounts[which]
        if field == "name":
            account.columns["name"] = f"{NAME} {self.edits}"
        else:
            account.columns["email"] = f"{OWNERS[which]}{self.edits}@example.com"
        self.engine.enqueue(account)

    @rule(which=WHICH)
    def undo(self, which: int) -> None:
        """Somebody gives the contact back its first name, whatever was sent."""
        account = self.engine.accounts[which]
        account.columns["name"] = NAME
        self.engine.enqueue(account)

    @precondition(lambda self: any(map(has_failed, self.engine.accounts)))
    @rule(anyway=st.booleans())
    def retry(self, *, anyway: bool) -> None:
        """A person looks at what has failed."""
        for account in filter(has_failed, self.engine.accounts):
            self._retry(account, anyway=anyway)

    def _retry(self, account: Account, *, anyway: bool) -> None:
        if anyway and account.error_code == "name_exists":
            account.columns["create_anyway"] = True
        self.engine.enqueue(account)

    def _work(
        self,
        account: Account,
        faults: Sequence[str] = (),
        crash: str = "",
        *,
        may_go_on: bool = True,
    ) -> None:
        engine = self.engine
        if account.live and self.panda.now >= account.due:
            engine.crash(account)  # the lease has run out: it is another run's
        if not account.live and account.state in CLAIMABLE:
            self.panda.now = max(self.panda.now, account.due)
        if not account.live and not engine.claim(account):
            return
        if not account.live:
            return
        self.panda.now = max(self.panda.now, account.live_due)
        if crash == "before":
            engine.crash(account)
            return
        self.panda.faults = list(faults)
        self.panda.meanwhile = lambda: self._retry_now(account)
        looked_for = account.live.snapshot
        outcome = engine.send(account)
        self.panda.faults = []
        if outcome is None:
            return
        if crash == "after":
            engine.crash(account)
            return
        engine.settle(account, outcome, may_go_on=may_go_on)
        self._check_adoption(account, looked_for, outcome)

    def _retry_now(self, account: Account) -> None:
        """Another run works on an account while a request for it takes its time, as
        soon as the lease has run out."""
        faults, self.panda.faults = self.panda.faults, []
        if account.live and self.panda.now >= account.due:
            for _step in range(4):
                self._work(account)
        self.panda.faults = faults

    # === WHAT MUST BE TRUE === #

    def _check_adoption(
        self, account: Account, before: Snapshot, outcome: Outcome
    ) -> None:
        if before.remote_id or not account.remote_id or not outcome.used:
            return
        tenant = self.panda.tenants[account.remote_id]
        assert before.role
        assert tenant.type == before.role.account_type
        if before.marker_at is None:
            assert same_name(tenant.name, before.name), "adopted by another name"
        assert same_email(tenant.email, before.email_in_panda), "adopted somebody else"

    @invariant()
    def nobody_has_two_of_anything(self) -> None:
        """Tenants, operators, mails: one each at most."""
        if not hasattr(self, "panda"):
            return
        self.panda.settle()
        usernames = [person.username for person in self.panda.operators]
        for account, owner in zip(self.engine.accounts, OWNERS, strict=True):
            mine = {t.id for t in self.panda.tenants.values() if t.owner == owner}
            mine |= {account.remote_id} - {""}
            assert len(mine) <= 1, f"two tenants for {owner}"
            assert usernames.count(f"{owner}.lee") <= 1, f"two operators for {owner}"
            assert self.panda.mails.count(f"{owner}.lee") <= 1, f"two mails to {owner}"
        bound = [a.remote_id for a in self.engine.accounts if a.remote_id]
        assert len(bound) == len(set(bound)), "one tenant for two accounts"

    def teardown(self) -> None:
        """The faults have ceased: everything comes to a good end."""
        if not hasattr(self, "panda"):
            return
        for round_number in range(FINAL_ROUNDS):
            accounts = self.engine.accounts
            unfinished = [a for a in accounts if a.state is not State.SYNCED]
            if not unfinished:
                break
            for account in unfinished:
                if has_failed(account):
                    self._retry(account, anyway=round_number > 5)
                self._work(account)
                self.nobody_has_two_of_anything()
            if all(account.live is None for account in unfinished):
                dues = [a.due for a in unfinished if not has_failed(a)]
                self.panda.now = max(self.panda.now, min(dues, default=0))
                self.engine.begin_run()
        for account, owner in zip(self.engine.accounts, OWNERS, strict=True):
            assert account.state is State.SYNCED, f"{owner} is stuck: {account}"
            tenant = self.panda.tenants[account.remote_id]
            contact = account.columns
            name = name_key(contact["name"])
            names = (name, name_key(self.panda.stored(name)))
            assert name_key(tenant.name) in names, "an edit was lost"
            assert same_email(tenant.email, contact["email"]), "an edit was lost"
            assert self.panda.mails.count(f"{owner}.lee") == 1
