"""How close the engine comes to a bare pool of threads that makes the same calls."""

from statistics import median

from bench.parts.sides import run_engine, run_raw


def measure(stage, settings, report):
    """With 32 connections."""
    _compare(stage, settings, report, 32, "ratio_addon_raw")


def measure_64(stage, settings, report):
    """With 64 connections."""
    _compare(stage, settings, report, 64, "ratio_addon_raw_64")


def _compare(stage, settings, report, connections, name):
    ratios, rates = [], []
    for _round in range(settings.rounds):
        sides = [
            side(stage, settings.accounts, connections, settings.latency)
            for side in (run_raw, run_engine)
        ]
        raw, ours = (run.rate for run in sides)
        rates.append((raw, ours))
        ratios.append(ours / raw)
    suffix = f"_{connections}"
    report.add(f"rate_raw{suffix}", median(raw for raw, _ours in rates))
    report.add(f"rate_addon{suffix}", median(ours for _raw, ours in rates))
    report.add(f"{name}_rounds", " ".join(f"{ratio:.3f}" for ratio in ratios))
    report.add(name, median(ratios))
