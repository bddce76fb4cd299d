"""The states of an account and the changes between them that are allowed.

``docs/states.md`` is generated from :data:`CHANGES`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


class State(str, Enum):
    """Where the synchronization of an account stands; values as stored."""

    DRAFT = "draft"
    WAITING = "waiting"
    QUEUED = "queued"
    RUNNING = "running"
    SYNCED = "synced"
    RETRY = "retry"
    UNKNOWN = "unknown"
    FAILED = "failed"


CLAIMABLE = (State.QUEUED, State.RETRY, State.UNKNOWN, State.RUNNING)
"""States in which a run may claim an account once ``next_attempt_at`` is reached. A
running account is claimed when its lease has run out."""

PENDING = (State.QUEUED, State.RUNNING)
"""States that the engine works off without anybody doing more."""

AT_REST = (State.DRAFT, State.SYNCED, State.FAILED)
"""States that only a person or an edit ends."""

ENDED = (State.SYNCED, State.FAILED, State.RETRY, State.UNKNOWN)
"""States in which a run leaves an account after doing what it could."""

RETRIABLE = (State.FAILED, State.RETRY, State.UNKNOWN)
"""States in which *Retry* makes sense."""

SETTLED = (State.SYNCED, State.FAILED)
"""States of which people are notified."""

MOST_URGENT_FIRST = (
    State.FAILED,
    State.UNKNOWN,
    State.RETRY,
    State.RUNNING,
    State.QUEUED,
    State.WAITING,
    State.SYNCED,
    State.DRAFT,
)
"""Which account a contact shows when it has several."""


@dataclass(frozen=True)
class Change:
    """A change of state: from any of ``sources`` to ``target``."""

    name: str
    sources: tuple[State, ...]
    target: State
    cause: str


CHANGES = (
    Change(
        "queue",
        tuple(state for state in State if state is not State.RUNNING),
        State.QUEUED,
        "Somebody or an edit asks for a synchronization.",
    ),
    Change(
        "wait",
        tuple(state for state in State if state is not State.RUNNING),
        State.WAITING,
        "A synchronization is asked for before the reseller is ready.",
    ),
    Change(
        "wake",
        (State.WAITING,),
        State.QUEUED,
        "The reseller became ready.",
    ),
    Change(
        "claim",
        CLAIMABLE,
        State.RUNNING,
        "A run takes the account under a lease. One that is running already has "
        "outlived its lease: the run that held it has died.",
    ),
    Change(
        "continue",
        (State.RUNNING,),
        State.RUNNING,
        "A step succeeded and the run goes on, or Panda is still working on it.",
    ),
    Change(
        "finish",
        (State.RUNNING,),
        State.SYNCED,
        "Everything that Odoo knows was accepted by Panda.",
    ),
    Change(
        "put back",
        (State.RUNNING,),
        State.QUEUED,
        "The run ends before the next step is sent.",
    ),
    Change(
        "wait for the reseller",
        (State.RUNNING,),
        State.WAITING,
        "A run claims the account and its reseller is not ready.",
    ),
    Change(
        "schedule a retry",
        (State.RUNNING,),
        State.RETRY,
        "A request failed and may be repeated later.",
    ),
    Change(
        "lose the outcome",
        (State.RUNNING,),
        State.UNKNOWN,
        "A create was sent and its outcome is not known: Panda is searched first.",
    ),
    Change(
        "fail",
        (State.RUNNING,),
        State.FAILED,
        "Something must be corrected, or the last attempt failed.",
    ),
    Change(
        "give up",
        (State.RETRY, State.UNKNOWN),
        State.FAILED,
        "Panda works and refuses this account all the same.",
    ),
    Change(
        "mark as done elsewhere",
        (
            State.DRAFT,
            State.WAITING,
            State.QUEUED,
            State.RETRY,
            State.UNKNOWN,
            State.FAILED,
        ),
        State.SYNCED,
        "A person has done it in WatchGuard Cloud.",
    ),
    Change(
        "reopen",
        (State.SYNCED,),
        State.DRAFT,
        "What was marked as done elsewhere is to be synchronized after all.",
    ),
    Change(
        "withdraw",
        (
            State.DRAFT,
            State.WAITING,
            State.QUEUED,
            State.RETRY,
            State.FAILED,
            State.SYNCED,
        ),
        State.DRAFT,
        "The orders that asked for it were cancelled before anything was sent.",
    ),
)

_ALLOWED = {(source, each.target) for each in CHANGES for source in each.sources}


class IllegalTransition(Exception):  # noqa: N818
    """A change of state that is not in :data:`CHANGES`: an error of ours."""


def is_allowed(source: str, target: str) -> bool:
    """Whether an account may go from state ``source`` to ``target``."""
    return (State(source), State(target)) in _ALLOWED


def sources_of(target: State) -> tuple[State, ...]:
    """The states from which an account may get into ``target``."""
    return tuple(state for state in State if (state, target) in _ALLOWED)


def most_urgent(states: Iterable[str]) -> State | None:
    """The one of ``states`` that needs attention most, ``None`` without any."""
    found = set(states)
    return next((state for state in MOST_URGENT_FIRST if state.value in found), None)
