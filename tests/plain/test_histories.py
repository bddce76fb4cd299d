"""Every interleaving of faults, crashes and edits that hypothesis can think of.

The workflow and the transition of the addon work on a table in memory, against a Panda
in memory that is late to show what is new, loses answers before and after the write,
and has transactions that fail, hang or are forgotten. After every step, and
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
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from panda_provisioning.core import workflow
from panda_provisioning.core.account_lookup import AccountLookup, Listing
from panda_provisioning.core.matching import same_name
from panda_provisioning.core.snapshot import CREATES, Step
from panda_provisioning.core.states import State
from panda_provisioning.core.transition import AccountRow
from panda_provisioning.panda_api.errors import ErrorKind, PandaError
from panda_provisioning.panda_api.responses import Children, is_account_id

from .histories import Histories
from .memory_panda import MemoryPanda
from .row_engine import SEARCH_DELAY, Columns, Engine

QUICK, STEPS = 500, 30
"""Histories, and things that happen in each."""

# === RULES BROKEN ON PURPOSE === #


def with_snapshot(row: AccountRow, **changes: object) -> AccountRow:
    """The row with another snapshot."""
    return replace(row, snapshot=replace(row.snapshot, **changes))  # type: ignore[arg-type]


class AlwaysLate(MemoryPanda):
    """Shows what is new at the very end of the grace."""

    def __init__(self, *, lag: float, pending: float, unique: bool) -> None:
        super().__init__(lag=SEARCH_DELAY - 1, pending=0, unique=unique)


class ListsSlowly(AlwaysLate):
    """Takes half of the grace to say what it has found."""

    def list_children(self, *arguments: Any, **options: Any) -> list:
        children = super().list_children(*arguments, **options)
        self.now += SEARCH_DELAY / 2 + 1
        return children


class HangsAtFirst(MemoryPanda):
    """Never ends its first transaction."""

    def _order(self, username: str, carry_out: Callable[[float], str]) -> str:
        self.faults = self.faults if self._orders else ["stuck"]
        return super()._order(username, carry_out)


class ForgetsTheMarker(Engine):
    """Sends a create without having written down that it is about to."""

    def written(self, columns: Columns) -> Columns:
        is_write = Step(columns["step"]) in CREATES
        return {**columns, "marker_at": None} if is_write else columns


class IgnoresTheSearchDelay(Engine):
    """Creates again as soon as a search shows nothing."""

    def search_delay(self) -> float:
        return 0


class LeavesTheMarkerBehind(Engine):
    """Counts the grace from the marker, though the request may have left later."""

    panda = AlwaysLate

    def claimed(self, row: AccountRow) -> AccountRow:
        return with_snapshot(super().claimed(row), marker_at=row.snapshot.marker_at)


class RepeatsTheStep(Engine):
    """Does again what a crash interrupted instead of looking first."""

    def claimed(self, row: AccountRow) -> AccountRow:
        return with_snapshot(super().claimed(row), step=row.snapshot.step)


class ForgetsWhatWasSent(Engine):
    """Looks for the contact as it is now, not as it was sent."""

    def written(self, columns: Columns) -> Columns:
        return {**columns, "sent_name": None, "sent_email": None}


class NeverTimesOut(Engine):
    """Moves the marker whenever a row is claimed, so that no wait ever ends."""

    panda = HangsAtFirst

    def claimed(self, row: AccountRow) -> AccountRow:
        claimed, marker_at = super().claimed(row), row.snapshot.marker_at
        if marker_at is None or row.state is not State.RUNNING:
            return claimed
        return with_snapshot(claimed, marker_at=max(marker_at, row.due_at or 0))


class IgnoresTheLease(Engine):
    """Sends a create however late it is."""

    def may_send(self, send_before: float) -> bool:
        return True


class LooksTooLate(AccountLookup):
    """Says that it has looked when the answer has come."""

    def listing(self, *arguments: Any, **options: Any) -> Listing:
        listing = super().listing(*arguments, **options)
        listing.looked_at = self._now()
        return listing


class TakesTheAnswerForTheLook(Engine):
    panda = ListsSlowly

    def new_lookup(self) -> AccountLookup:
        return LooksTooLate(lambda: self.panda.now)


class KnowsNoOtherSpelling(Engine):
    """Finds an account under the very name that was sent only."""

    def new_lookup(self) -> AccountLookup:
        return LooksForTheVeryName(lambda: self.panda.now)


class LooksForTheVeryName(AccountLookup):
    def listing(self, *arguments: Any, **options: Any) -> Listing:
        listing = super().listing(*arguments, **options)
        children = listing.children
        listing.twins = lambda name: [c for c in children if same_name(c.name, name)]  # type: ignore[method-assign]
        return listing

    def with_email(self, *_arguments: Any) -> list:
        return []


class DamagesListings(MemoryPanda):
    """Every other listing arrives damaged."""

    listings = 0

    def list_children(self, *arguments: Any, **options: Any) -> Children:
        self.listings += 1
        if self.listings % 2 and not self.faults:
            self.faults = ["damaged"]
        return super().list_children(*arguments, **options)


class BelievesADamagedListing(Engine):
    """Looks past what it cannot read."""

    panda = DamagesListings

    def new_lookup(self) -> AccountLookup:
        return LooksPastDamage(lambda: self.panda.now)


class LooksPastDamage(AccountLookup):
    def listing(self, *arguments: Any, **options: Any) -> Listing:
        listing = super().listing(*arguments, **options)
        readable = [child for child in listing.children if is_account_id(child.id)]
        return Listing(listing.looked_at, Children(readable))


class BelievesThatNothingWasDone(MemoryPanda):
    """Reports a lost answer as an outage."""

    def _call(self, act: Callable, *, write: bool) -> object:
        try:
            return super()._call(act, write=write)
        except PandaError as error:
            if error.kind is ErrorKind.UNKNOWN:
                error.kind = ErrorKind.OUTAGE
            raise


def machine(broken: type[Engine | MemoryPanda]) -> type[Histories]:
    """The histories of an engine, or of a Panda, that breaks a rule; a ``panda`` of
    an engine's own is one with which that shows soon."""
    parts: dict[str, type] = {"engine_class": broken}
    if issubclass(broken, MemoryPanda):
        parts = {"panda_class": broken}
    elif hasattr(broken, "panda"):
        parts["panda_class"] = broken.panda
    return type(broken.__name__, (Histories,), parts)


BROKEN = {
    ForgetsTheMarker: "two tenants|two operators",
    IgnoresTheSearchDelay: "two tenants|two operators",
    LeavesTheMarkerBehind: "two tenants|two operators",
    RepeatsTheStep: "two tenants|two operators",
    ForgetsWhatWasSent: "two tenants|an edit was lost",
    NeverTimesOut: "is stuck",
    IgnoresTheLease: "two tenants|two operators",
    TakesTheAnswerForTheLook: "two tenants|an edit was lost",
    KnowsNoOtherSpelling: "two tenants|is stuck",
    BelievesADamagedListing: "two tenants|is stuck",
    BelievesThatNothingWasDone: "two tenants|two operators",
}


SEARCH = settings(
    derandomize=True,
    max_examples=10 * QUICK,
    stateful_step_count=STEPS,
    phases=[Phase.generate],
    print_blob=False,
)
"""Ends with the first counterexample, without making it short."""


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """The bugs that are injected are not worth a traceback each."""
    logging.getLogger("panda_provisioning.core.workflow").setLevel(logging.CRITICAL)
    yield
    logging.getLogger("panda_provisioning.core.workflow").setLevel(logging.NOTSET)


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


@pytest.mark.parametrize("panda", [AlwaysLate, ListsSlowly, HangsAtFirst])
def test_a_panda_at_its_worst_leads_to_nothing_of_that_either(panda: type) -> None:
    """What breaks a careless engine below does not break this one."""
    bad = type(panda.__name__, (Histories,), {"panda_class": panda})
    run_state_machine_as_test(bad, settings=settings(SEARCH, max_examples=50))


@pytest.mark.parametrize("broken", BROKEN, ids=lambda each: each.__name__)
def test_the_search_finds_every_rule_that_is_broken(broken: type) -> None:
    """So that it finding nothing means something."""
    with pytest.raises(AssertionError, match=BROKEN[broken]):
        run_state_machine_as_test(machine(broken), settings=SEARCH)


def test_adopting_on_the_name_alone_is_found_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The same for the rule that is in the workflow itself."""
    monkeypatch.setattr(workflow, "same_email", lambda _left, _right: True)
    endless = type("Endless", (Histories,), {"teardown": lambda _self: None})
    with pytest.raises(AssertionError, match="adopted somebody else"):
        run_state_machine_as_test(endless, settings=SEARCH)


if "PANDA_SHOW" in os.environ:

    def test_show_a_counterexample() -> None:
        """Fails, with the shortest history that a broken rule comes to grief by."""
        [broken] = [b for b in BROKEN if b.__name__ == os.environ["PANDA_SHOW"]]
        run_state_machine_as_test(machine(broken))
