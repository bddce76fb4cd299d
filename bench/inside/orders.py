"""How many statements the confirmation of orders takes."""

from bench.inside import people
from bench.inside.odoo_process import ADMIN, count_queries, environment

CUSTOMERS_OF_A_RESELLER = 15


def prepare(url=None):
    """Create what is sold, and where the addon is, the system."""
    with environment() as env:
        if url:
            people.create_system(env, url, connections=8)
        values = {"name": "Endpoint Security", "default_code": "BENCH"}
        if "panda.system" in env:
            values["panda_provision"] = True
        env["product.product"].create(values)
        group = env.ref("sales_team.group_sale_manager")
        env["res.users"].browse(ADMIN).group_ids = [(4, group.id)]


def add_rule():
    """Create an automation rule that does nothing when an order is confirmed."""
    with environment() as env:
        model = env["ir.model"]._get("sale.order")
        state = env.ref("sale.selection__sale_order__state__sale")
        rule = env["base.automation"].create(
            {
                "name": "Nothing",
                "model_id": model.id,
                "trigger": "on_state_set",
                "trg_selection_field_id": state.id,
            }
        )
        env["ir.actions.server"].create(
            {
                "name": "Nothing",
                "model_id": model.id,
                "base_automation_id": rule.id,
                "usage": "base_automation",
                "state": "code",
                "code": "pass",
            }
        )


def add(first, count):
    """Create quotations of resellers for new customers; returns their ids."""
    with environment(ADMIN) as env:
        customers = _create_people(env, first, count)
        resellers = _create_people(env, -first, 1 + count // CUSTOMERS_OF_A_RESELLER)
        product = env["product.product"].search([("default_code", "=", "BENCH")])
        line = (0, 0, {"product_id": product.id, "product_uom_qty": 3})
        orders = env["sale.order"].create(
            [
                {
                    "partner_id": resellers[i % len(resellers)].id,
                    "order_line": [line],
                    **_for(env, customer),
                }
                for i, customer in enumerate(customers)
            ]
        )
        return orders.ids


def confirm(orders):
    """Confirm in one transaction; returns the statements, the commit's included."""
    with environment(ADMIN) as env:
        before = count_queries()
        env["sale.order"].browse(orders).action_confirm()
        env.cr.flush()
        return count_queries() - before


def _create_people(env, first, count):
    values = []
    for number in range(abs(first), abs(first) + count):
        who = people.person(number if first > 0 else 1_000_000 + number)
        values.append(
            {"name": who["name"], "email": who["email"], "phone": people.PHONE}
        )
    return env["res.partner"].create(values)


def _for(env, customer):
    if "panda.system" not in env:
        return {}
    return {"panda_end_customer_id": customer.id}
