"""Runs the measurements one after the other and prints what they found."""

from bench import machine
from bench.parts import button, claim, cost, jobs, raw, scale, screens
from bench.report import Report
from bench.settings import Settings
from bench.stage import Stage
from tools.console import Failure, say
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
}


def run():
    """Run all parts, or those that ``ONLY`` names; returns the exit status."""
    settings = Settings()
    unknown = set(settings.only) - set(PARTS)
    if unknown:
        raise Failure(f"ONLY names {', '.join(unknown)}; known are {', '.join(PARTS)}.")
    report = Report()
    with postgres() as server, Stage(server) as stage:
        machine.describe(server, settings)
        for name, measure in PARTS.items():
            if not settings.only or name in settings.only:
                say(f"\n[{name}]")
                measure(stage, settings, report)
    say("")
    report.close()
    return 0
