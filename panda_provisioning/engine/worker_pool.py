"""Threads that send requests, and timers for accounts that only wait."""

import heapq
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from queue import Empty, SimpleQueue

from ..core.snapshot import CREATES, Outcome, Step
from ..core.workflow import perform
from ..panda_api.client import PandaClient
from ..panda_api.responses import Exchange


@dataclass
class Finished:
    """A step that was performed: of which claim, its outcome, and the requests made."""

    claim: object
    step: Step
    outcome: Outcome
    exchanges: list[Exchange]

    @property
    def was_answered(self):
        """Whether Panda has answered anything: it may have been a wait only."""
        return any(each.status is not None for each in self.exchanges)


class WorkerPool:
    """The accounts that are being worked on: a rolling window over the connections.

    Threads never touch a cursor or a record: they get a plain snapshot and return a
    plain outcome. Waiting for a transaction occupies no thread.
    """

    MOMENT = 0.5
    """Seconds; who waits longer leaves the connection to others."""
    COALESCE = 0.015
    """Seconds to gather answers for, so that they share one database round trip."""

    def __init__(self, transport, threads, lookup, timing):
        self._transport = transport
        self._lookup = lookup
        self._timing = timing
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="panda")
        self._finished = SimpleQueue()
        self._timers = []
        self._order = count()
        self._in_flight = {}

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._pool.shutdown(wait=True, cancel_futures=True)

    def __len__(self):
        return len(self._in_flight) + len(self._timers)

    def count_waiting(self):
        """Return how many accounts only wait, and not for a moment."""
        soon = time.monotonic() + self.MOMENT
        return sum(due > soon for due, _order, _claim in self._timers)

    def submit(self, claim, wait=0):
        """Perform the next step of ``claim`` after ``wait`` seconds."""
        if wait:
            due = time.monotonic() + wait
            heapq.heappush(self._timers, (due, next(self._order), claim))
            return
        self._in_flight[claim.id] = (self._pool.submit(self._perform, claim), claim)

    def call(self, function):
        """Call ``function`` in one of the threads; returns its future."""
        return self._pool.submit(function)

    def take_back(self):
        """Return the claims of which nothing is on the wire, and forget them."""
        idle = [claim for _due, _order, claim in self._timers]
        self._timers = []
        for future, claim in list(self._in_flight.values()):
            if future.cancel():
                del self._in_flight[claim.id]
                idle.append(claim)
        return idle

    def get_creates(self):
        """Return the claims of which a create is on the wire, or on its way there."""
        claims = [claim for _future, claim in self._in_flight.values()]
        return [claim for claim in claims if claim.snapshot.step in CREATES]

    def collect(self, longest=None):
        """Return what has finished, waiting for the first of it.

        :param longest: seconds after which nothing is waited for any more.
        """
        self._submit_due()
        waits = [] if longest is None else [longest]
        if self._timers:
            waits.append(max(0, self._timers[0][0] - time.monotonic()))
        try:
            finished = [self._finished.get(timeout=min(waits, default=None))]
        except Empty:
            return []
        gather_until = time.monotonic() + self.COALESCE
        while len(finished) < len(self._in_flight):
            try:
                left = max(0, gather_until - time.monotonic())
                finished.append(self._finished.get(timeout=left))
            except Empty:
                break
        for item in finished:
            del self._in_flight[item.claim.id]
        return finished

    def _submit_due(self):
        while self._timers and self._timers[0][0] <= time.monotonic():
            _due, _order, claim = heapq.heappop(self._timers)
            self.submit(claim)

    def _perform(self, claim):
        exchanges = []
        client = PandaClient(
            self._transport,
            exchanges.append,
            may_send=lambda: claim.may_send(self._timing.now()),
        )
        outcome = perform(client, claim.snapshot, self._lookup, self._timing)
        step = claim.snapshot.step
        self._finished.put(Finished(claim, step, outcome, exchanges))
