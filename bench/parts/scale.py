"""Whether an account costs more when there are many.

The cost is processor time, of the cron process and of the database's side of its
connections: unlike the clock it is not stretched by what else the machine does.
"""

from statistics import median

from bench.parts.sides import run_engine

CONNECTIONS = 64


def measure(stage, settings, report):
    """A small run before and after the large one."""
    sizes = (settings.small, settings.large, settings.small)
    small, large, again = (_cost(stage, size) for size in sizes)
    report.add("scale_small", settings.small)
    report.add("scale_large", settings.large)
    report.add("cost_ms_small", median([small, again]))
    report.add("cost_ms_large", large)
    report.add("scale_ratio_20k_1k", large / median([small, again]))


def _cost(stage, accounts):
    """Milliseconds of processor time per account, Panda answering at once."""
    run = run_engine(stage, accounts, CONNECTIONS, latency=0)
    return 1000 * (run.cpu + run.database_cpu) / accounts
