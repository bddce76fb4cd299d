"""What confirming an order costs, and how soon its customers are in Panda."""

import time
from contextlib import contextmanager
from statistics import median

from bench.program import odoo_program
from tools import addons, databases, odoo_server
from tools.console import step
from tools.rpc import Odoo

ADDON = "panda_provisioning_sale"
AT_ONCE = 200
PATIENCE = 60
WIRE = """
    SELECT sum(log.duration_ms) FROM panda_sync_log log
    JOIN panda_account_sale_order_rel rel USING (account_id) WHERE rel.order_id = %s
"""
STATUS = "SELECT panda_status FROM sale_order WHERE id = %s"


def measure(stage, settings, report):
    """Count statements with and without the addon, then use a real server."""
    with _database(stage, []) as plain, _database(stage, [ADDON]) as ours:
        without = _count(stage, plain)
        rule = _count(stage, plain, with_rule=True)
        with_addon = _count(stage, ours)
        report.add("confirm_queries_without_addon", without["many"])
        report.add("confirm_extra_queries", with_addon["many"] - without["many"])
        report.add("confirm_alone_queries_without_addon", without["alone"])
        total = with_addon["alone"] - without["alone"]
        report.add("confirm_alone_total_extra_queries", total)
        # Any rule has to be read, once in a transaction, before it does anything.
        report.add("confirm_alone_rule_queries", rule["alone"] - without["alone"])
        report.add("confirm_alone_extra_queries", with_addon["alone"] - rule["alone"])
        _measure_time(stage, ours, settings, report)


@contextmanager
def _database(stage, modules):
    """A database with what the addon needs, and ``modules``, to copy."""
    addon = addons.own_addon(ADDON)
    name = f"bench_sales_{'ours' if modules else 'plain'}"
    database = f"{stage.server.prefix}{name}"
    try:
        with step(f"Database {database}"):
            databases.create(stage.server, name, addons.core_modules([addon]))
            if modules:
                odoo_server.install(stage.server, database, modules)
            with odoo_program("orders", stage.server, database) as program:
                program.call("prepare", url=stage.url if modules else None)
        yield database
    finally:
        databases.drop(stage.server, database)


def _count(stage, database, with_rule=False):
    """Statements of an order that is confirmed alone, and of one among many."""
    with (
        stage.copy(database) as copy,
        odoo_program("orders", stage.server, copy) as program,
    ):
        if with_rule:
            program.call("add_rule")
        orders = program.call("add", first=1, count=AT_ONCE + 3)
        program.call("confirm", orders=orders[:1])  # fills what a living Odoo has
        alone = [program.call("confirm", orders=[i]) for i in orders[1:3]]
        many = program.call("confirm", orders=orders[3:])
    return {"alone": min(alone), "many": many / AT_ONCE}


def _measure_time(stage, database, settings, report):
    stage.new_panda(settings.latency)
    with stage.copy(database) as copy:
        with odoo_program("orders", stage.server, copy) as program:
            orders = [
                order
                for number in range(settings.presses + 1)
                for order in program.call("add", first=1 + 100 * number, count=1)
            ]
        with odoo_server.OdooServer(stage.server, copy) as odoo:
            client = Odoo(odoo.url, copy)
            times = [_confirm(stage, client, copy, order) for order in orders]
    stage.check_panda(2 * len(orders))
    totals, wires = zip(*times[1:], strict=True)
    overheads = [total - wire for total, wire in times[1:]]
    report.add("order_to_synced_ms", median(totals))
    report.add("order_wire_ms", median(wires))
    # Two operators, one after the other: Panda needs a moment before each is ready.
    report.add("order_overhead_ms", median(overheads))


def _confirm(stage, client, database, order):
    """Confirm, and return the milliseconds from then on, and those on the wire."""
    client.call("sale.order", "action_confirm", [order])
    started = time.monotonic()
    while stage.server.execute(STATUS, order, database=database) != [("done",)]:
        if time.monotonic() - started > PATIENCE:
            raise RuntimeError(f"Order {order} is not in Panda after {PATIENCE} s")
        time.sleep(0.01)
    total = 1000 * (time.monotonic() - started)
    [(wire,)] = stage.server.execute(WIRE, order, database=database)
    return total, float(wire)
