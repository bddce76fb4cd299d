"""How long a claim takes with very many synchronised rows in the table."""

from bench.inside.claim import DUE
from bench.program import odoo_program

TIMES = 20
TABLES = "res_partner, panda_account"


def measure(stage, settings, report):
    """The same claim without and with the rows that are of no concern."""
    with (
        stage.copy(stage.ours()) as database,
        odoo_program("claim", stage.server, database) as program,
    ):
        program.call("add", first=1, count=DUE, synced=False)
        few = _claim(stage, database, program)
        program.call("add", first=DUE + 1, count=settings.rows, synced=True)
        many = _claim(stage, database, program)
    report.add("claim_synced_rows", settings.rows)
    report.add("claim_ms_without_synced_rows", few["ms"])
    report.add("claim_ms", many["ms"])
    for node in many["nodes"]:
        report.add("claim_plan", node)
    scans = [node for node in many["nodes"] if node.startswith("Seq Scan")]
    report.add("claim_uses_index", "no" if scans else "yes")


def _claim(stage, database, program):
    stage.server.execute(f"VACUUM ANALYZE {TABLES}", database=database)
    return program.call("measure", times=TIMES)
