"""What the addon adds to the usual work with contacts.

Statements are counted in a database with the addon and in one without, with every
field of the view shown and synchronised accounts behind the contacts.
"""

from bench.program import odoo_program

NAMES = {
    "list": "contacts_list_extra_queries",
    "form": "contact_form_extra_queries",
    "write": "partner_write_extra_queries",
}


def measure(stage, settings, report):
    """Count on both databases and subtract."""
    without = _count(stage, stage.plain())
    with_addon = _count(stage, stage.ours())
    for screen, name in NAMES.items():
        report.add(f"{screen}_queries_without_addon", without[screen])
        report.add(name, with_addon[screen] - without[screen])


def _count(stage, database):
    with (
        stage.copy(database) as copy,
        odoo_program("screens", stage.server, copy) as program,
    ):
        program.call("add")
        return program.call("measure")
