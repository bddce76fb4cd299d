"""Beside OCA queue_job: the same calls of the same client, one job per account.

64 channels and workers to match on one side, one cron process on the other. CPU and
memory are those of all processes of a side, without PostgreSQL and without Panda.
"""

import os
import time
from contextlib import contextmanager
from statistics import median
from unittest.mock import patch

from bench.parts.sides import FIRST, WARM_UP, Run, run_engine
from bench.program import odoo_program
from bench.stage import addons_path
from bench.usage import Memory, cpu_seconds, family
from tools import processes
from tools.console import Failure
from tools.odoo_server import OdooServer

CHANNELS = 64
SPARE_WORKERS = 2
GLANCE_SECONDS = 0.2
SAMPLE_SECONDS = 10
"""Between two looks at the memory of all workers, which takes a while itself."""
PATIENCE = 900


def measure(stage, settings, report):
    """Alternate both sides."""
    pairs = []
    for _round in range(settings.rounds):
        jobs = run_jobs(stage, settings.accounts, settings.latency)
        ours = run_engine(stage, settings.accounts, CHANNELS, settings.latency)
        pairs.append((jobs, ours))
    report.add("rate_queue_job", median(jobs.rate for jobs, _ours in pairs))
    report.add("rate_addon_beside_queue_job", median(o.rate for _jobs, o in pairs))
    report.add("processes_queue_job", max(jobs.processes for jobs, _ours in pairs))
    for unit in ("pss", "rss"):
        for name, side in (("queue_job", 0), ("addon", 1)):
            peak = median(getattr(pair[side], unit) for pair in pairs)
            report.add(f"peak_{unit}_mib_{name}", peak)
    ratios = {
        "ratio_addon_queue_job": lambda jobs, ours: ours.rate / jobs.rate,
        "ratio_cpu_queue_job": lambda jobs, ours: jobs.cpu / ours.cpu,
        # Shared pages are counted once: the stricter of the two readings.
        "ratio_rss_queue_job": lambda jobs, ours: jobs.pss / ours.pss,
    }
    for name, ratio in ratios.items():
        report.add(name, median(ratio(jobs, ours) for jobs, ours in pairs))


def run_jobs(stage, accounts, latency):
    """Let a server with queue_job provision ``accounts``."""
    stage.new_panda(latency)
    with (
        stage.copy(stage.jobs()) as database,
        _server(stage, database) as server,
        odoo_program("jobs", stage.server, database, addons_path()) as program,
    ):
        memory = Memory(server.process.pid)
        program.call("add", first=1, count=WARM_UP)
        _work(stage, program, server, database, memory)
        program.call("add", first=FIRST, count=accounts)
        seconds, cpu = _work(stage, program, server, database, memory)
        states = program.call("count")
    if states != {"done": WARM_UP + accounts}:
        raise Failure(f"Jobs by state: {states}")
    stage.check_panda(WARM_UP + accounts)
    return Run(accounts, seconds, cpu, memory.pss, memory.rss, memory.processes)


@contextmanager
def _server(stage, database):
    options = (
        addons_path(),
        "--load=base,web,queue_job",
        f"--workers={CHANNELS + SPARE_WORKERS}",
        "--max-cron-threads=0",
        "--db_maxconn=4",
        f"--gevent-port={processes.free_port()}",
        "--log-level=warn",
    )
    server = OdooServer(stage.server, database, *options)
    variables = {
        "ODOO_QUEUE_JOB_CHANNELS": f"root:{CHANNELS}",
        "ODOO_QUEUE_JOB_PORT": str(server.port),
        "ODOO_QUEUE_JOB_HOST": "127.0.0.1",
    }
    with patch.dict(os.environ, variables), server:
        yield server


def _work(stage, program, server, database, memory):
    """Enqueue, wait until all is done; returns seconds and processor seconds."""
    program.call("prepare")
    pid = server.process.pid
    cpu, started = cpu_seconds(family(pid)), time.monotonic()
    program.call("release")
    sampled = started
    while _count_left(stage, database):
        if time.monotonic() - started > PATIENCE:
            raise Failure(f"queue_job is not done after {PATIENCE} s ({server.log}).")
        if time.monotonic() - sampled > SAMPLE_SECONDS:
            memory.sample()
            sampled = time.monotonic()
        time.sleep(GLANCE_SECONDS)
    seconds = time.monotonic() - started
    cpu = cpu_seconds(family(pid)) - cpu
    memory.sample()
    return seconds, cpu


def _count_left(stage, database):
    [(left,)] = stage.server.execute(
        "SELECT count(*) FROM queue_job WHERE state NOT IN ('done', 'failed')",
        database=database,
    )
    return left
