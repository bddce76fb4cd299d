"""Runs the measurements one after the other and prints what they found."""

import fcntl
from contextlib import contextmanager

from bench import machine
from bench.parts import button, claim, cost, jobs, orders, pace, raw, scale, screens
from bench.report import Report
from bench.settings import Settings
from bench.stage import Stage
from tools.console import Failure, say
from tools.paths import RUNTIME
from tools.postgres import postgres

PARTS = {
    "raw": raw.measure,
    "raw_64": raw.measure_64,
    "queue_job": jobs.measure,
    "cost": cost.measure,
    "scale": scale.measure,
    "claim": claim.measure,
    "screens": screens.measure,
    "button": button.measure,
    "orders": orders.measure,
    "pace": pace.measure,
}


def run():
    """Run all parts, or those that ``ONLY`` names; returns the exit status."""
    settings = Settings()
    unknown = set(settings.only) - set(PARTS)
    if unknown:
        raise Failure(f"ONLY names {', '.join(unknown)}; known are {', '.join(PARTS)}.")
    report = Report()
    with _alone(), postgres() as server, Stage(server) as stage:
        machine.describe(server, settings)
        for name, measure in PARTS.items():
            if not settings.only or name in settings.only:
                say(f"\n[{name}]")
                measure(stage, settings, report)
    say(f"\nload_after: {machine.loads()}")
    report.close(settings.are_usual)
    return 0


@contextmanager
def _alone():
    """Keep a second run away: it would use the same databases, and both be slow."""
    with (RUNTIME / "bench.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Failure("make bench runs in this checkout already.") from error
        yield
