"""What Odoo adds to the wire when a person presses *Save & Synchronize*."""

from bench.program import odoo_program


def measure(stage, settings, report):
    """Press it several times, one contact after the other."""
    stage.new_panda(settings.latency)
    with (
        stage.copy(stage.ours()) as database,
        odoo_program("button", stage.server, database) as program,
    ):
        found = program.call("press", times=settings.presses)
    report.add("button_ms", found["total"])
    report.add("button_wire_ms", found["wire"])
    # Part of the overhead: Panda needs a moment before it is worth asking.
    report.add("button_pause_ms", found["pause"])
    report.add("button_overhead_ms", found["overhead"])
