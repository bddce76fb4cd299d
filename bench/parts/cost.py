"""What an account costs: statements and processor time."""

from bench.parts.sides import run_engine

CONNECTIONS = 32


def measure(stage, settings, report):
    """Statements at the usual latency, processor time at none."""
    usual = run_engine(stage, settings.accounts, CONNECTIONS, settings.latency)
    report.add("sql_queries_per_account", usual.details["queries"] / settings.accounts)
    done = run_engine(stage, settings.accounts, CONNECTIONS, latency=0).details
    parts = {
        "": done["cpu"],
        # All threads but this one do nothing but talk to Panda.
        "_client": done["cpu"] - done["main"],
        "_orm": done["orm"],
        "_rest": done["main"] - done["orm"],
    }
    for name, seconds in parts.items():
        report.add(f"cpu_ms_per_account{name}", 1000 * seconds / settings.accounts)
