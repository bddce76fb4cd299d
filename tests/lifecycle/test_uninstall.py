"""What is left when the addons go, and what is found again when they come back."""

from types import SimpleNamespace

import pytest

from tools.rpc import system_values

FILL = """
ACTIVITY = "panda_provisioning.mail_activity_type_panda"
system = env["panda.system"].create({**system, "search_delay": 0})

def make(name, **values):
    return env["res.partner"].create({
        "name": name,
        "email": f"{name.split()[0].lower()}@example.com",
        "phone": "+32 470 12 34 56",
        "country_id": env.ref("base.be").id,
        **values,
    })

nora = make("Nora North")
make("Bo Baker", panda_reseller_id=nora.id)
make("Flo Rist", panda_reseller_id=nora.id)
make("Olive Press")
bad = make("Bad Number", phone=False)

product = env["product.product"].create({"name": "Licence", "panda_provision": True})
order = env["sale.order"].create({
    "partner_id": bad.id,
    "order_line": [(0, 0, {"product_id": product.id})],
})
order.action_confirm()
system._cron_synchronize(system.id)

system.activity_schedule(ACTIVITY)
system.activity_schedule("panda_provisioning.mail_activity_type_confirmation")
nora.activity_schedule(ACTIVITY).action_feedback()
nora.activity_schedule("mail.mail_activity_data_todo", summary="Call her")
env["panda.system"].dismiss_first_steps()

def save(model, **values):
    return env[model].create(values).id

save("ir.filters", name="Failed", model_id="panda.account", user_ids=[])
for name, model, domain in (
    ("In Panda", "res.partner", "[('panda_sync_status', '=', 'synced')]"),
    ("Waiting", "sale.order", "[('panda_status', '=', 'waiting')]"),
    ("Mine", "sale.order", "[('user_id', '=', uid)]"),
):
    save("ir.filters", name=name, model_id=model, domain=domain, user_ids=[])
save("ir.exports", name="Accounts", resource="panda.account")
save(
    "ir.exports",
    name="Contacts",
    resource="res.partner",
    export_fields=[(0, 0, {"name": name}) for name in ("name", "panda_remote_id")],
)
env["ir.default"].set("panda.account", "role", "user")
for name, model, trigger, code in (
    ("Orders", "sale.order", "on_create_or_write", "records.action_panda_provision()"),
    ("Contacts", "res.partner", "on_create", "records.action_panda_synchronize()"),
    ("Log", "res.partner", "on_create", "log('new')"),
):
    rule = env["base.automation"].create({
        "name": name,
        "model_id": env["ir.model"]._get(model).id,
        "trigger": trigger,
    })
    env["ir.actions.server"].create({
        "name": name,
        "model_id": rule.model_id.id,
        "base_automation_id": rule.id,
        "usage": "base_automation",
        "state": "code",
        "code": code,
    })
result = order.panda_status
"""
"""Contacts, an order, and what people make for themselves."""

FAVOURITES = ("Failed", "In Panda", "Waiting", "Mine")
CUSTOMERS = "[('name', 'in', ('Nora North', 'Bo Baker', 'Flo Rist', 'Olive Press'))]"

WORK = """
partner = env["res.partner"].search([("name", "=", "Nora North")])
partner.write({"phone": "+32 470 65 43 21"})
order = env["sale.order"].create({
    "partner_id": partner.id,
    "order_line": [(0, 0, {"product_id": env["product.product"].search(
        [("name", "=", "Licence")]).id})],
})
order.action_confirm()
env["res.partner"].create({"name": "New One"})
env["res.partner"].get_views([(False, "list"), (False, "form"), (False, "search")])
env["sale.order"].get_views([(False, "list"), (False, "form"), (False, "search")])
for model in ("res.partner", "sale.order"):
    env[model].search([]).read()
    for saved in env["ir.filters"].search([("model_id", "=", model)]):
        env[model].search(eval(saved.domain, {"uid": env.uid}))
env["res.users"].browse(2).with_user(2)._get_activity_groups()
result = {
    "activities": env["mail.activity"].search([]).mapped(
        lambda a: [a.res_name, a.activity_type_id.name]),
    "columns": env["ir.exports.line"].search([]).mapped("name"),
    "filters": env["ir.filters"].search([("name", "in", favourites)]).mapped("name"),
    "rules": env["base.automation"].search([]).mapped("name"),
}
"""
"""A day without the addons: it must pass, and tells what is there."""

KEPT = {
    "bus_bus",  # messages to browsers, for a day
    "ir_act_server",  # rules that people have made, and what they were before
    "ir_actions_server_history",
    "ir_model_constraint",  # Odoo keeps the names of foreign keys, of every addon
    "ir_model_data",  # what base calls our apps, and mail what it added to our models
    "ir_module_module",
    "ir_module_module_dependency",
    "mail_mail",  # what was written to people, until it has left
    "mail_message",  # what was said and done stays said
    "mail_tracking_value",
}
"""Tables that may speak of the addons when they are gone."""
NAMES = "panda(?!ng)|provisioning[_. ]system"
"""As PostgreSQL looks for it; one of the time zones is Ujung Pandang."""


def find_traces(database):
    """Return all that speaks of the addons: tables, columns, indexes and constraints by
    their names, and tables in which a row does, by its content."""
    found = {
        name
        for (name,) in database.select(
            """
            SELECT relname FROM pg_class WHERE relname ~* %s
            UNION SELECT attrelid::regclass || '.' || attname FROM pg_attribute
                WHERE attname ~* %s AND NOT attisdropped
            UNION SELECT conname FROM pg_constraint WHERE conname ~* %s
            """,
            *(NAMES, NAMES, NAMES),
        )
    }
    for (table,) in database.select(
        "SELECT relname FROM pg_class WHERE relkind = 'r'"
        " AND relnamespace = 'public'::regnamespace"
    ):
        statement = f'SELECT 1 FROM "{table}" t WHERE t::text ~* %s LIMIT 1'
        if database.select(statement, NAMES):
            found.add(table)
    return found


@pytest.fixture(scope="module")
def full(installed, new_database, panda):
    """All that there can be, synchronized."""
    with new_database("full", source=installed) as database:
        status = database.run(FILL, system=system_values(panda.url))
        assert status == "failed"
        done = database.panda("sync", "--domain", CUSTOMERS)
        assert (done["total"], done["synchronized"]) == (4, 4)
        yield database


@pytest.fixture(scope="module")
def gone(full, new_database, panda):
    """The same after both addons were uninstalled."""
    with new_database("gone", source=full) as database:
        before = find_traces(database)
        database.uninstall("panda_provisioning")
        yield SimpleNamespace(database=database, before=before)


@pytest.fixture(scope="module")
def orders_gone(full, new_database):
    """The same after the addon for orders was uninstalled."""
    with new_database("orders_gone", source=full) as database:
        database.uninstall("panda_provisioning_sale")
        yield database


def test_nothing_is_left(gone):
    assert gone.database.installed() & {"sale", "panda_provisioning"} == {"sale"}
    assert find_traces(gone.database) - KEPT == set()
    select = gone.database.select
    actions = "SELECT name ->> 'en_US' FROM ir_act_server a WHERE a::text ~* %s"
    assert sorted(select(actions, NAMES)) == [("Contacts",), ("Orders",)]
    names = "SELECT name FROM ir_model_data WHERE module ~* %s"
    assert select(names, NAMES) == []


def test_traces_would_be_found(gone):
    """Else the test above would show nothing."""
    assert gone.before >= {
        *("panda_account", "provisioning_systems_line", "panda_account_due"),
        *("res_partner.panda_reseller_id", "sale_order.panda_status"),
        *("ir_act_server", "ir_config_parameter", "ir_exports", "ir_exports_line"),
        *("ir_filters", "ir_model_data", "ir_ui_view", "ir_model_access"),
        *("mail_activity_type", "res_groups_privilege", "ir_module_category"),
    }


def test_odoo_works_without(gone):
    """Nobody is asked for what nobody needs any more; what is not ours stays."""
    assert gone.database.run(WORK, favourites=FAVOURITES) == {
        "activities": [["Nora North", "To-Do"]],
        "columns": ["name"],
        "filters": ["Mine"],
        "rules": ["Log"],
    }


def test_orders_work_without_theirs(orders_gone):
    """Contacts are synchronized as before, with their activities and rules."""
    states = "SELECT state, count(*) FROM panda_account GROUP BY state"
    assert dict(orders_gone.select(states)) == {"synced": 4, "failed": 1}
    found = orders_gone.run(WORK, favourites=FAVOURITES)
    assert sorted(found["activities"]) == [
        ["Bad Number", "Panda: needs you"],
        ["Nora North", "To-Do"],
        ["Panda Antivirus", "Panda: confirm the production"],
        ["Panda Antivirus", "Panda: needs you"],
    ]
    assert sorted(found["filters"]) == ["Failed", "In Panda", "Mine"]
    assert sorted(found["rules"]) == ["Contacts", "Log"]
    assert found["columns"] == ["name", "panda_remote_id"]


def test_a_reinstall_finds_what_is_in_panda(gone, panda):
    """It creates neither accounts nor operators. Who sells to whom has to be entered
    again first, since Panda is searched below the reseller."""
    tenants, operators = panda.tenants(), panda.operators()
    assert len(tenants) == 4
    database = gone.database
    database.install("panda_provisioning")
    database.run(
        """
        nora, *customers = (
            env["res.partner"].search([("name", "=", name)])
            for name in ("Nora North", "Bo Baker", "Flo Rist")
        )
        for customer in customers:
            customer.panda_reseller_id = nora
        env["panda.system"].create({**system, "search_delay": 0})
        """,
        system=system_values(panda.url),
    )
    done = database.panda("sync", "--domain", CUSTOMERS)
    assert (done["total"], done["synchronized"]) == (4, 4)
    assert (panda.tenants(), panda.operators()) == (tenants, operators)
    ids = database.select("SELECT remote_id FROM panda_account WHERE adopted")
    assert {remote_id for (remote_id,) in ids} == {tenant[1] for tenant in tenants}
