"""The states of an account and the changes between them that are allowed.

``docs/states.md`` is generated from :data:`CHANGES`.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


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


DRAFT, WAITING, QUEUED, RUNNING, SYNCED, RETRY, UNKNOWN, FAILED = State

CLAIMABLE = (QUEUED, RETRY, UNKNOWN, RUNNING)
"""States in which a run may claim an account once ``next_attempt_at`` is reached. A
running account is claimed when its lease has run out."""
PENDING = (QUEUED, RUNNING)
"""States that the engine works off without anybody doing more."""
AT_REST = (DRAFT, SYNCED, FAILED)
"""States that only a person or an edit ends."""
ENDED = (SYNCED, FAILED, RETRY, UNKNOWN)
"""States in which a run leaves an account after doing what it could."""
RETRIABLE = (FAILED, RETRY, UNKNOWN)
"""States in which *Retry* makes sense."""
SCHEDULED = (RETRY, UNKNOWN)
"""States that wait for the time of the next attempt."""
REQUEUED_WHEN_EDITED = (SYNCED, FAILED, RETRY)
"""States that a run does not leave an account in that was edited meanwhile."""
SETTLED = (SYNCED, FAILED)
"""States of which people are notified."""
MOST_URGENT_FIRST = (FAILED, UNKNOWN, RETRY, RUNNING, QUEUED, WAITING, SYNCED, DRAFT)
"""Which account a contact shows when it has several."""


class Change(NamedTuple):
    """A change of state: from any of ``sources`` to ``target``, and what causes it."""

    name: str
    sources: tuple[State, ...]
    target: State
    cause: str


IDLE = tuple(state for state in State if state is not RUNNING)
CHANGES = (
    Change("queue", IDLE, QUEUED, "A person or an edit asks for a synchronization."),
    Change("wait", IDLE, WAITING, "The same, but the reseller is not ready."),
    Change("wake", (WAITING,), QUEUED, "The reseller became ready."),
    Change(
        *("claim", CLAIMABLE, RUNNING),
        "A run takes the account under a lease. One that is running already has "
        "outlived its lease: the run that held it has died.",
    ),
    Change("continue", (RUNNING,), RUNNING, "A step succeeded, or Panda works on it."),
    Change("finish", (RUNNING,), SYNCED, "Panda accepted everything that Odoo has."),
    Change(
        "put back", (RUNNING,), QUEUED, "The run ends before the next step is sent."
    ),
    Change(
        "wait for the reseller", (RUNNING,), WAITING, "It is not ready when claimed."
    ),
    Change("schedule a retry", (RUNNING,), RETRY, "A request failed and is repeated."),
    Change(
        *("lose the outcome", (RUNNING,), UNKNOWN),
        "A create was sent and its outcome is not known: Panda is searched first.",
    ),
    Change("fail", (RUNNING,), FAILED, "A correction is needed, or attempts ran out."),
    Change(
        "give up", (RETRY, UNKNOWN), FAILED, "Panda works and refuses this account."
    ),
    Change(
        *("mark as done elsewhere", tuple(s for s in IDLE if s is not SYNCED), SYNCED),
        "A person has done it in WatchGuard Cloud.",
    ),
    Change(
        "reopen", (SYNCED,), DRAFT, "What was done elsewhere is synchronized again."
    ),
    Change(
        *("withdraw", tuple(s for s in IDLE if s is not UNKNOWN), DRAFT),
        "The orders that asked for it were cancelled before anything was sent.",
    ),
    Change("move", IDLE, DRAFT, "The system was moved to another Panda."),
)
"""Every change that is allowed."""

_ALLOWED = {(source, each.target) for each in CHANGES for source in each.sources}


class IllegalTransition(Exception):  # noqa: N818
    """A change of state that is not in :data:`CHANGES`: an error of ours."""


def is_allowed(source: str, target: str) -> bool:
    """Whether an account may go from state ``source`` to ``target``."""
    return (State(source), State(target)) in _ALLOWED


def sources_of(target: State) -> tuple[State, ...]:
    """The states from which an account may get into ``target``."""
    return tuple(state for state in State if (state, target) in _ALLOWED)
