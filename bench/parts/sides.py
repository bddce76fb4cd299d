"""One run of a side: fresh Panda, fresh database, a new process that has warmed up."""

from dataclasses import dataclass

from bench.program import Program
from bench.usage import Memory

WARM_UP = 64
"""Accounts before the clock runs: a worker has done something before."""
FIRST = 1_001
"""Number of the first customer that counts."""


@dataclass
class Run:
    """What a run took: ``seconds`` on the clock, ``cpu`` seconds of the processor,
    ``pss`` and ``rss`` in MiB at their peak; ``details`` as the side told."""

    accounts: int
    seconds: float
    cpu: float
    pss: float = 0
    rss: float = 0
    processes: int = 1
    details: dict | None = None

    @property
    def rate(self):
        """Accounts a second."""
        return self.accounts / self.seconds


def run_raw(stage, accounts, connections, latency):
    """Let the bare pool provision ``accounts``."""
    stage.new_panda(latency)
    with Program("raw") as program:
        shared = {"url": stage.url, "connections": connections}
        program.call("run", **shared, first=1, count=WARM_UP)
        done = program.call("run", **shared, first=FIRST, count=accounts)
    stage.check_panda(WARM_UP + accounts)
    return Run(accounts, done["seconds"], done["cpu"])


def run_engine(stage, accounts, connections, latency):
    """Let one cron worker synchronise ``accounts``."""
    stage.new_panda(latency)
    with stage.odoo("engine", stage.ours()) as program:
        program.call("connect", connections=connections)
        for first, count in ((1, WARM_UP), (FIRST, accounts)):
            program.call("add", first=first, count=count)
            program.call("enqueue")
            memory = Memory(program.pid)
            program.send("run")
            done = program.watch(memory)
        states = program.call("count")
    if states != {"synced": WARM_UP + accounts}:
        raise RuntimeError(f"accounts by state: {states}")
    stage.check_panda(WARM_UP + accounts)
    return Run(
        accounts,
        done["seconds"],
        done["cpu"],
        memory.pss,
        memory.rss,
        memory.processes,
        done,
    )
