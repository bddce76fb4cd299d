"""Beside OCA's partner_firstname its two fields are what Panda gets."""

from types import SimpleNamespace

import pytest

from tools.rpc import system_values

SYNCHRONIZE = """
env["ir.config_parameter"].set_param("partner_names_order", "last_first")
system = env["panda.system"].create({**system, "search_delay": 0})
ana = env["res.partner"].create({
    "firstname": "Ana",
    "lastname": "Vidal Ruiz",
    "email": "ana@example.com",
    "phone": "+32 470 12 34 56",
    "country_id": env.ref("base.be").id,
})
account = env["panda.account"]._get_or_create(ana, system)
account.action_synchronize()
system._cron_synchronize(system.id)
result = {"name": ana.name, "state": account.state}
"""

MOVE_A_WORD = """
ana = env["res.partner"].search([("email", "=", "ana@example.com")])
ana.write({"firstname": "Ruiz Ana", "lastname": "Vidal"})
account = ana.panda_account_ids
queued = account.state
system = account.system_id
system._cron_synchronize(system.id)
result = {"name": ana.name, "queued": queued, "state": account.state}
"""
"""The whole name is the same before and after."""


@pytest.fixture(scope="module")
def synchronized(new_database, panda):
    core = ("contacts", "mail", "phone_validation")
    with new_database("firstname", core) as database:
        database.install("partner_firstname", "panda_provisioning")
        found = database.run(SYNCHRONIZE, system=system_values(panda.url))
        yield SimpleNamespace(database=database, panda=panda, **found)


def operator_names(panda):
    operators = panda.sandbox.control("GET", "state")["operators"]
    return [(each["firstName"], each["lastName"]) for each in operators]


def test_what_is_stored_apart_is_not_split_again(synchronized):
    assert (synchronized.name, synchronized.state) == ("Vidal Ruiz Ana", "synced")
    assert operator_names(synchronized.panda) == [("Ana", "Vidal Ruiz")]


def test_a_word_that_moves_from_one_to_the_other_is_sent(synchronized):
    moved = synchronized.database.run(MOVE_A_WORD)
    assert moved == {"name": "Vidal Ruiz Ana", "queued": "queued", "state": "synced"}
    assert operator_names(synchronized.panda) == [("Ruiz Ana", "Vidal")]
