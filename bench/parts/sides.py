"""One run of a side: fresh Panda, fresh database, a new process that has warmed up."""

from contextlib import suppress
from dataclasses import dataclass

import psutil

from bench.program import Program
from bench.usage import Memory, cpu_seconds

WARM_UP = 64
"""Accounts before the clock runs: a worker has done something before."""
FIRST = 1_001
"""Number of the first customer that counts."""


@dataclass
class Run:
    """What a run took: ``seconds`` on the clock, ``cpu`` seconds of the processor,
    ``pss`` and ``rss`` in MiB at their peak, ``database_cpu`` seconds of the
    processor in PostgreSQL for us; ``details`` as the side told.
    """

    accounts: int
    seconds: float
    cpu: float
    pss: float = 0
    rss: float = 0
    processes: int = 1
    database_cpu: float = 0
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
            database_cpu = _database_cpu(program)
            memory = Memory(program.pid)
            program.send("run")
            done = program.watch(memory)
            database_cpu = _database_cpu(program) - database_cpu
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
        database_cpu,
        done,
    )


def _database_cpu(program):
    """Processor seconds of PostgreSQL for this process, 0 if it is elsewhere."""
    servers = []
    for pid in program.call("backends"):
        with suppress(psutil.NoSuchProcess):
            server = psutil.Process(pid)
            if server.name() == "postgres":
                servers.append(server)
    return cpu_seconds(servers)
