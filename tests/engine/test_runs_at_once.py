"""Runs, buttons and edits at the same time, on cursors of their own."""

import json
import random
import threading
import time
from functools import partial

import pytest
from psycopg2.errors import DeadlockDetected, SerializationFailure

from .support import Spy, ago

COUNT = 24
TRIES = 20
LONGEST_TRANSACTION = 10
"""Seconds, however busy the machine is."""


@pytest.fixture
def accounts(world):
    """Accounts that are queued, in a Panda that takes its time."""
    set_latency(world, 20)
    return [world.add() for _number in range(COUNT)]


def set_latency(world, milliseconds):
    world.sandbox.control("PATCH", "settings", {"latency_ms": milliseconds})


def check_panda(world):
    """Fail unless Panda holds one customer for each account, each mailed once."""
    state = world.panda()
    customers = [tenant["email"] for tenant in state["tenants"] if tenant["tier"] > 1]
    mailed = [mail["to"] for mail in state["mails"]]
    emails = sorted(r.email for r in world.execute("SELECT email FROM panda_account"))
    assert sorted(customers) == sorted(mailed) == emails


def as_a_person(world, work):
    """Do ``work`` in a transaction, again when it has met another, as a request is."""
    with world.environment() as env:
        for _attempt in range(TRIES):
            try:
                work(env)
                env.cr.commit()
                return
            except (SerializationFailure, DeadlockDetected):
                env.cr.rollback()
                time.sleep(random.uniform(0, 0.1))
        work(env)
        env.cr.commit()


def test_no_transaction_is_held_open_over_a_request(world, accounts):
    """Short ones come and go meanwhile: one that is open when a request is about to
    leave ends without its answer."""
    ended = []
    with world.runner() as runner:
        backend = runner.env.cr._cnx.get_backend_pid()

        def began():
            [row] = world.execute(
                "SELECT xact_start FROM pg_stat_activity WHERE pid = %s", [backend]
            )
            return row.xact_start

        def wait(_request):
            before, deadline = began(), time.monotonic() + LONGEST_TRANSACTION
            while before and began() == before and time.monotonic() < deadline:
                time.sleep(0.01)
            ended.append(time.monotonic() < deadline)

        with Spy(wait):
            runner.execute()
    assert len(ended) >= 3 * COUNT
    assert all(ended)
    check_panda(world)


def test_runs_and_buttons_at_once_create_everything_once(world, accounts):
    errors = []

    def guarded(work):
        try:
            work()
        except Exception as error:  # noqa: BLE001
            errors.append(repr(error))

    def press(account, env):
        env["panda.service"]._synchronize_now(env["panda.account"].browse(account))

    works = [world.run, world.run]
    works += [partial(as_a_person, world, partial(press, a)) for a in accounts[::4]]
    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    # Left to the next run: a row that was locked when the last one looked, and one for
    # which a listing contradicted itself, since another run created between its pages.
    assert world.states().keys() <= {"synced", "queued", "retry"}
    retried = world.execute(
        "UPDATE panda_account SET next_attempt_at = %s WHERE state = 'retry'"
        " RETURNING error_code",
        [ago(1)],
    )
    assert {row.error_code for row in retried} <= {"inconsistent_listing"}
    world.run()
    assert world.states() == {"synced": COUNT}
    check_panda(world)


def test_an_edit_while_it_is_sent_is_not_lost(world, accounts):
    """On another cursor, while the operator is being created."""

    def edit(email, env):
        account = env["panda.account"].search([("email", "=", email)])
        account.partner_id.phone = "+32470999999"

    def look(request):
        if request.method == "POST" and request.url.endswith("/operators"):
            email = json.loads(request.body)["email"]
            as_a_person(world, partial(edit, email))

    with Spy(look):
        world.run()
    assert world.states() == {"synced": COUNT}
    phones = {operator["phone"] for operator in world.panda()["operators"]}
    assert phones == {"32470999999"}
    check_panda(world)


# === TWO ACCOUNTS, ONE ACCOUNT IN PANDA === #


def test_two_of_one_batch_are_not_linked_to_the_same_account(world):
    tenant = world.add_tenant("Ada Lovelace", "ada@example.com")
    pair = [
        world.add(name=name, chosen_remote_id=tenant)
        for name in ("Ada Lovelace", "Ada King")
    ]
    world.run()
    check_one_is_linked(world, pair, tenant)


def test_two_runs_do_not_link_the_same_account(world):
    """The other run links it between the question who has it and the write."""
    tenant = world.add_tenant("Ada Lovelace", "ada@example.com")
    pair = [
        world.add(name=name, chosen_remote_id=tenant, state="failed")
        for name in ("Ada Lovelace", "Ada King")
    ]
    world.set(pair[0], state="queued")
    with world.runner() as runner:
        get_owners = runner._queue.get_owners

        def link_meanwhile(remote_ids):
            owners = get_owners(remote_ids)
            world.set(pair[1], remote_id=tenant)
            return owners

        runner._queue.get_owners = link_meanwhile
        runner.execute()
    first, second = map(world.read, pair)
    assert (first.state, first.error_code) == ("failed", "link_refused")
    assert second.remote_id == tenant


def check_one_is_linked(world, pair, tenant):
    """Fail unless one of the ``pair`` has the ``tenant`` and the other says why not."""
    rows = sorted(map(world.read, pair), key=lambda row: row.state)
    assert [row.state for row in rows] == ["failed", "synced"]
    assert [row.remote_id for row in rows] == [None, tenant]
    assert rows[0].error_code == "link_refused"
    assert len(world.tenants()) == 1


@pytest.mark.parametrize("marker_at", [None, ago(60)])
def test_what_another_contact_is_looked_for_under_is_no_twin(world, marker_at):
    """One of two contacts whose names are alike is in Panda, and not linked yet: the
    other one is created without asking anybody."""
    ann = {"name": "Acme Company", "email": "ann@example.com"}
    tenant = world.add_tenant(**ann)
    sent = {"marker_at": marker_at, "state": "unknown" if marker_at else "queued"}
    first = world.add(**ann, **sent)
    second = world.add(name="Acme Company 2", **sent)
    world.run([second])
    assert world.read(second).state == "synced"
    world.run([first])
    assert world.read(first).remote_id == tenant
    assert len(world.tenants()) == 2


def test_an_account_without_an_id_is_nobodys_in_a_batch_either(world):
    """Whoever is created beside it has no ID in Panda yet, too."""
    world.add_tenant("Acme Company", "other@example.com")
    world.fault("poison_id", value="", method="GET", path="*/children")
    others = [world.add() for _number in range(4)]
    twins = [world.add(name=f"Acme Company {n}") for n in range(4)]
    world.run()
    rows = [world.read(twin) for twin in twins]
    assert {(row.state, row.error_code) for row in rows} == {("failed", "name_exists")}
    assert {world.read(each).state for each in others} == {"synced"}
