"""An upgrade from the last release keeps what people have entered and what was sent."""

import io
import re
import subprocess
import tarfile
from collections import Counter
from types import SimpleNamespace

import pytest

from tools import addons, odoo_server, odoo_source
from tools.paths import ROOT
from tools.rpc import system_values

OURS = ("panda_provisioning", "panda_provisioning_sale")
RELEASE = "19.0.1.0.0"
COMMIT = "5a6f51a564c4b5fdddce4875296afb070cd746c8"
"""The last one of that release."""

FILL = """
from odoo.addons.panda_provisioning.models.panda_texts import PROBLEMS, REFUSALS

system = env["panda.system"].create(
    {**system, "search_grace": 0, "activation_patience": 77}
)

def make(name, **values):
    return env["res.partner"].create({
        "name": name,
        "email": name.lower().replace(" ", ".") + "@example.com",
        "phone": "+32 470 12 34 56",
        "country_id": env.ref("base.be").id,
        **values,
    })

def bind(name, **values):
    partner = make(name)
    return env["panda.account"].create({
        "partner_id": partner.id,
        "system_id": system.id,
        "role": "user",
        "username": f"user.{partner.id}",
        **values,
    })

def put(account, **values):
    env.flush_all()
    columns = ", ".join(f"{name} = %s" for name in values)
    update = f"UPDATE panda_account SET {columns} WHERE id = %s"
    env.cr.execute(update, (*values.values(), account.id))

product = env["product.product"].create({"name": "Panda", "panda_provision": True})
order = env["sale.order"].create({
    "partner_id": make("No Phone", phone=False).id,
    "order_line": [(0, 0, {"product_id": product.id})],
})
order.action_confirm()

past = "2026-01-01 00:00:00"
sent = [bind(f"Already {state}") for state in ("Synced", "Running", "Unknown")]
env["panda.account"].union(*sent).action_synchronize()
env["panda.service"]._cron_synchronize()
lost = {"marker_at": past, "next_attempt_at": past, "remote_id": None,
        "operator_ready": False}
put(sent[1], state="running", step="create_account", run_token="killed", **lost)
put(sent[2], state="unknown", step="find_account", **lost)

reseller = bind("Still Queued", role="reseller")
put(reseller, state="queued", next_attempt_at=past)
put(bind("Still Waiting", parent_id=reseller.id), state="waiting")
put(
    bind("Still Retry"),
    state="retry", attempt_count=2, error_code="server_error", next_attempt_at=past,
)
bind("Still Draft")
for code in (*PROBLEMS, *REFUSALS):
    account = bind(f"Failed {code}")
    put(account, state="failed", error_code=code, failed_at=past, announced=code)

result = {"codes": [*PROBLEMS, *REFUSALS], "notified": order.panda_told}
"""
"""Accounts in every state and with every error of the release, and an order."""

GO_ON = """
system = env["panda.system"].search([])
order = env["sale.order"].search([])
accounts = env["panda.account"].search([])
synced = accounts.filtered(lambda a: a.state == "synced")
outcomes = {(a.state, a.outcome) for a in accounts}
env["panda.service"]._enqueue(synced)
resent = synced.filtered(lambda a: a.state != "synced")
result = {
    "search_delay": system.search_delay,
    "activation_timeout": system.activation_timeout,
    "is_waiting": system.is_waiting_for_confirmation,
    "notified": order.panda_last_notified,
    "status": order.panda_status,
    "outcomes": sorted(pair for pair in outcomes if pair[1]),
    "resent": resent.mapped("display_name"),
    "unexplained": accounts.filtered(
        lambda a: a.state == "failed" and not (a.error_message and a.explanation)
    ).mapped("error_code"),
}
for model in ("panda.account", "panda.system", "panda.sync.log", "sale.order"):
    env[model].search([]).read()
for system in env["panda.system"].search([]):
    system._cron_synchronize(system.id)
"""


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    """A folder with the addons as they were released."""
    done = subprocess.run(
        ["git", "archive", COMMIT, *OURS], cwd=ROOT, capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip(f"this copy of the repository lacks the commit {COMMIT}")
    folder = tmp_path_factory.mktemp("release")
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder


@pytest.fixture(scope="module")
def upgraded(release, new_database, panda):
    """A database of the release after its upgrade, with what was there before."""
    folders = [*odoo_source.addons_paths(), release]
    as_released = f"--addons-path={','.join(map(str, folders))}"
    core = ("contacts", "mail", "phone_validation", "sale")
    with new_database("upgrade", core) as database:
        # Its list of modules has addons of today, which the release lacked.
        database.server.execute(
            "UPDATE ir_module_module SET auto_install = FALSE"
            " WHERE name ~ '^panda_' AND name NOT IN %s",
            OURS,
            database=database.name,
        )
        odoo_server.install(database.server, database.name, OURS, as_released)
        assert set(find_versions(database).values()) == {RELEASE}
        values = system_values(panda.url)
        before = database.run(FILL, as_released, system=values)
        columns, tenants = find_columns(database), panda.tenants()
        states = find_states(database)
        database.upgrade("panda_provisioning")
        yield SimpleNamespace(
            database=database,
            before=SimpleNamespace(
                columns=columns, tenants=tenants, states=states, **before
            ),
            columns=find_columns(database),
            versions=find_versions(database),
            found=database.run(GO_ON),
        )


def find_versions(database):
    return dict(
        database.select(
            "SELECT name, latest_version FROM ir_module_module WHERE name IN %s", OURS
        )
    )


def find_columns(database):
    """Return the columns of our tables, and those that we add to tables of others; what
    dialogs store is of no use after an hour."""
    return set(
        database.select(
            """
            SELECT table_name, column_name FROM information_schema.columns
            WHERE table_schema = 'public' AND (table_name || column_name) ~ 'panda'
                AND table_name NOT IN (
                    SELECT replace(model, '.', '_') FROM ir_model WHERE transient
                )
            """
        )
    )


def find_states(database):
    return Counter(
        state for (state,) in database.select("SELECT state FROM panda_account")
    )


def test_both_addons_are_upgraded(upgraded):
    assert upgraded.versions == {name: addons.own_addon(name).version for name in OURS}


def test_there_was_an_account_in_every_state(upgraded):
    """Else the tests below would show little."""
    states = upgraded.before.states
    assert set(states) == {
        *("draft", "waiting", "queued", "running", "synced", "retry"),
        *("unknown", "failed"),
    }
    assert states["failed"] >= len(upgraded.before.codes) > 50


def test_the_outcome_of_what_has_settled_is_stored(upgraded):
    assert upgraded.found["outcomes"] == [["failed", "failed"], ["synced", "synced"]]


def test_a_column_that_is_gone_was_carried_over(upgraded):
    """A script of a later version names it."""
    scripts = " ".join(
        script.read_text()
        for name in OURS
        for script in (ROOT / name / "migrations").glob("*/*.py")
    )
    gone = {column for _table, column in upgraded.before.columns - upgraded.columns}
    assert gone >= {"has_news", "panda_told", "api_key_secret"}
    assert {name for name in gone if not re.search(rf"\b{name}\b", scripts)} == set()


def test_settings_and_notifications_are_kept(upgraded):
    found, before = upgraded.found, upgraded.before
    assert (found["search_delay"], found["activation_timeout"]) == (0, 77)
    assert "phone" in before.notified
    assert (found["notified"], found["status"]) == (before.notified, "failed")
    assert found["is_waiting"] is False  # it is no copy


def test_every_error_of_the_release_is_still_explained(upgraded):
    assert upgraded.found["unexplained"] == []


def test_what_was_sent_is_not_sent_again(upgraded):
    """Even when somebody asks for it: nothing of it has changed."""
    assert upgraded.found["resent"] == []


def test_what_was_under_way_is_finished_and_creates_nothing_twice(upgraded, panda):
    before, states = upgraded.before, find_states(upgraded.database)
    assert states == {
        "draft": before.states["draft"],
        "failed": before.states["failed"],
        "synced": 6,
    }
    names = Counter(name for name, _id, _parent in panda.tenants())
    assert names == Counter(
        f"{when} {state}"
        for when, states in (
            ("Already", ("Synced", "Running", "Unknown")),
            ("Still", ("Queued", "Waiting", "Retry")),
        )
        for state in states
    )
    assert set(panda.tenants()) >= set(before.tenants)
    assert len(before.tenants) == 3
