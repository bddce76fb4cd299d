"""Servers with a quota, and busy clients, on a clock of their own."""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Protocol

from panda_provisioning.core.pace import Event, Pace, Turns
from panda_provisioning.panda_api.limiter import Result

EPOCH = 1_000_000.0
CLIENT_PAUSE = 0.002
"""Seconds between an answer and the next request of a connection."""


class Server(Protocol):
    """Accepts requests as its quota allows; ``allowed`` counts what it would have."""

    allowed: float

    def ask(self, now: float) -> float | None:
        """Return ``None`` for a request that is accepted, else the seconds until one
        would be."""


class Bucket:
    """A token bucket; ``rate`` may change with time."""

    def __init__(self, rate: float | Callable[[float], float], burst: float) -> None:
        self._rate = rate if callable(rate) else lambda _now, fixed=rate: fixed
        self._burst = self._tokens = self.allowed = burst
        self._filled_at = EPOCH

    def ask(self, now: float) -> float | None:
        rate = self._rate(now - EPOCH)
        added = rate * (now - self._filled_at)
        self._filled_at = now
        self.allowed += added
        self._tokens = min(self._burst, self._tokens + added)
        if self._tokens < 1:
            return (1 - self._tokens) / rate
        self._tokens -= 1
        return None


class Window:
    """So many requests in each window of fixed length."""

    def __init__(self, requests: int, seconds: float) -> None:
        self._requests, self._seconds = requests, seconds
        self._number, self._left = -1, 0
        self.allowed = 0.0

    def ask(self, now: float) -> float | None:
        number = int(now // self._seconds)
        if number != self._number:
            self._number, self._left = number, self._requests
            self.allowed += self._requests
        if not self._left:
            return (number + 1) * self._seconds - now
        self._left -= 1
        return None


class Unlimited:
    """Accepts whatever comes."""

    allowed = math.nan

    def ask(self, now: float) -> float | None:
        return None


@dataclass
class Outcome:
    """What came of a run: the times of accepted requests, and how many there were of
    each result."""

    accepted_at: list[float] = field(default_factory=list)
    results: dict[Result, int] = field(default_factory=lambda: dict.fromkeys(Result, 0))
    allowed: float = 0

    @property
    def used(self) -> float:
        """Accepted requests ÷ what the quota allowed."""
        return len(self.accepted_at) / self.allowed

    @property
    def refused(self) -> float:
        """Refused requests ÷ all of them."""
        return self.results[Result.REFUSED] / sum(self.results.values())

    def rate(self, begin: float, end: float) -> float:
        """Accepted requests per second between two moments of the run."""
        found = [at for at in self.accepted_at if begin <= at < end]
        return len(found) / (end - begin)


class _Client:
    """Connections that share a pace. Turns are taken one by one, and given back when
    the pace changes, as the engine does it with its slices."""

    def __init__(self, pace: Pace, most: float) -> None:
        self.pace, self._most = pace, most
        self.waiting = 0
        self.wakes_at = math.inf
        self._turns: Turns | None = None
        self._plan: tuple[float | None, float | None, float] | None = None

    def next_turn(self, now: float) -> float:
        """The moment of the turn in hand."""
        pace = self.pace
        plan = (pace.learnt, pace.wall_since, pace.paused_until)
        if self._turns and plan != self._plan:
            pace.give_back(self._turns)
            self._turns = None
        self._plan = plan
        self._turns = self._turns or pace.take(1, now, self._most)
        return self._turns.begin

    def use(self) -> None:
        self._turns = None
        self.waiting -= 1


class _Simulation:
    """Connections that send as fast as their pace lets them."""

    def __init__(
        self,
        server: Server,
        latency: float,
        by_chance: dict[Result, float],
        chance: random.Random,
        *,
        tells: bool,
    ) -> None:
        self._server, self._latency = server, latency
        self._by_chance, self._tells = by_chance, tells
        self._chance = chance
        self._events: list[tuple[float, int, Callable[[float], None]]] = []
        self._order = count()
        self.outcome = Outcome()

    def at(self, moment: float, action: Callable[[float], None]) -> None:
        heapq.heappush(self._events, (moment, next(self._order), action))

    def run(self, until: float) -> None:
        while self._events and self._events[0][0] <= until:
            moment, _number, action = heapq.heappop(self._events)
            action(moment)
        self.outcome.allowed = self._server.allowed

    def want(self, client: _Client, now: float) -> None:
        client.waiting += 1
        self._send_due(client, now)

    def _wake(self, client: _Client, now: float) -> None:
        client.wakes_at = math.inf
        self._send_due(client, now)

    def _send_due(self, client: _Client, now: float) -> None:
        while client.waiting:
            turn = client.next_turn(now)
            if turn > now + 1e-9:
                if turn < client.wakes_at:
                    client.wakes_at = turn
                    self.at(turn, lambda moment: self._wake(client, moment))
                return
            client.use()
            self._send(client, now, self._latency * self._chance.uniform(0.9, 1.3))

    def _send(self, client: _Client, now: float, took: float) -> None:
        self.at(now + took / 2, lambda moment: self._arrive(client, now, took, moment))

    def _arrive(self, client: _Client, sent_at: float, took: float, now: float) -> None:
        result, retry_after = self._draw(), None
        wait = self._server.ask(now) if result is Result.ACCEPTED else None
        if wait is not None:
            result = Result.REFUSED
            retry_after = math.ceil(wait) if self._tells else None
        event = Event(result, sent_at, sent_at + took, retry_after=retry_after)
        self.at(event.at, lambda moment: self._answer(client, event, moment))

    def _draw(self) -> Result:
        drawn = self._chance.random()
        for result, part in self._by_chance.items():
            if drawn < part:
                return result
            drawn -= part
        return Result.ACCEPTED

    def _answer(self, client: _Client, event: Event, now: float) -> None:
        self.outcome.results[event.result] += 1
        if event.result is Result.ACCEPTED:
            self.outcome.accepted_at.append(now - EPOCH)
        client.pace.note([event])
        self._send_due(client, now)
        self.at(now + CLIENT_PAUSE, lambda moment: self.want(client, moment))


def simulate(
    server: Server,
    seconds: float,
    *,
    connections: int = 32,
    latency: float = 0.05,
    clients: int = 1,
    tells: bool = False,
    by_chance: dict[Result, float] | None = None,
    most: float = 0,
    seed: int = 1,
) -> tuple[Outcome, Pace]:
    """Let ``connections`` send for so many seconds.

    :param clients: with a pace of their own each, as far as the server is concerned
        somebody else.
    :param tells: whether a refusal says when to come again, in whole seconds.
    :param by_chance: parts of the requests that are refused or fail whatever the rate.
    :return: the outcome for all clients, and the pace of the first.
    """
    chance = random.Random(seed)
    simulation = _Simulation(server, latency, by_chance or {}, chance, tells=tells)
    peers = [_Client(Pace(), most) for _number in range(clients)]
    for number in range(connections):
        peer = peers[number % clients]
        simulation.at(EPOCH, lambda moment, peer=peer: simulation.want(peer, moment))
    simulation.run(EPOCH + seconds)
    return simulation.outcome, peers[0].pace
