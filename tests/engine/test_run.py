"""What a whole run does between its transactions, seen from other connections."""

import json
import logging
import threading
import time
from contextlib import contextmanager
from dataclasses import replace

import pytest

from .support import CONNECTIONS, Spy, ago, ahead, epoch, finished, now

RUNNER = "odoo.addons.panda_provisioning.engine.runner"


class Submitted:
    """Takes the place of a worker pool and keeps what is given to it."""

    def __init__(self):
        self.claims = []

    def submit(self, claim, _wait=0):
        self.claims.append(claim)


def customer_of(world, request):
    """The account that a create is about, as every other transaction sees it."""
    email = json.loads(request.body)["email"]
    [row] = world.execute("SELECT * FROM panda_account WHERE email = %s", [email])
    return row


# === DURABLE BEFORE IT IS SENT === #


def test_what_is_asked_about_was_claimed_before(world):
    """Nothing leaves the machine for an account that others see in the queue."""
    account = world.add()
    seen = []
    with Spy(lambda _request: seen.append(world.read(account))):
        world.run([account])  # which reads no names at its end
    assert len(seen) >= 3
    assert {row.state for row in seen} == {"running"}
    assert {bool(row.run_token) for row in seen} == {True}
    assert world.read(account).state == "synced"


def test_every_create_is_marked_before_it_leaves(world):
    account = world.add()
    marked = {}

    def look(request):
        if request.method == "POST":
            marked[request.url.rpartition("/")[2]] = world.read(account)

    with Spy(look):
        world.run()
    assert len(marked) == 2, "the account and its operator"
    for row in marked.values():
        assert row.marker_at
    [first, _operator] = marked.values()
    assert first.sent_name == world.tenants()[0]["name"]
    assert first.sent_email == first.email


def test_creates_that_follow_from_a_listing_are_marked_too(world):
    """They are not looked for one by one: the claim goes on to the create."""
    for _number in range(12):
        world.add()
    world.configure(max_connections=1)
    unmarked = []

    def look(request):
        if request.method == "POST" and not customer_of(world, request).marker_at:
            unmarked.append(request)

    with Spy(look), listings() as asked:
        world.run()
    assert not unmarked
    assert world.states() == {"synced": 12}
    assert len(asked) == 2, "before, and for the names that Panda has stored"


def test_a_parent_with_many_due_is_listed_though_few_are_claimed_at_once(world):
    """Who is claimed first is not looked for by name either."""
    world.configure(max_connections=1)
    remote_id = world.add_tenant("Rita Reseller", "rita@example.com", account_type=1)
    reseller = world.add_ready_reseller(remote_id=remote_id)
    for _number in range(4):
        world.add(next_attempt_at=ago(300))
    for _number in range(3):
        world.add(parent_id=reseller)
    with listings() as asked:
        world.run()
    urls = [url for url in asked if remote_id in url]
    assert len(urls) == 2, "before, and for the names that Panda has stored"
    assert not any("name=" in url for url in urls)
    assert world.states() == {"synced": 8}


def synced(world, **columns):
    """Add an account that Panda has, as Odoo knows; returns both ids."""
    account = world.add()
    world.run()
    world.set(account, step="update_account", state="queued", **columns)
    world.set(account, next_attempt_at=ago(1))
    return account


def test_the_synced_fingerprint_is_empty_while_an_update_is_sent(world):
    """A run that dies then must not leave a fingerprint of what was before."""
    account = synced(world, last_name="Edited")
    before = world.read(account).synced_fingerprint
    seen = []

    def look(request):
        if request.method == "PATCH":
            seen.append(world.read(account).synced_fingerprint)

    with Spy(look):
        world.run()
    assert seen[0] is None
    row = world.read(account)
    assert row.state == "synced"
    assert row.synced_fingerprint not in (None, before)


def test_what_panda_has_already_is_not_sent(world):
    account = synced(world)
    sent = []
    with Spy(sent.append):
        world.run()
    assert not sent
    assert world.read(account).state == "synced"


# === MARKERS === #

IN_PANDA = {"name": "Ada Lovelace", "email": "ada@example.com"}


def unknown(world, **columns):
    """Add an account of which a create may have been sent."""
    return world.add(
        **{
            "state": "unknown",
            "marker_at": ago(300),
            "sent_name": IN_PANDA["name"],
            "sent_email": IN_PANDA["email"],
            **IN_PANDA,
            **columns,
        }
    )


@pytest.mark.parametrize("wrong", [{"email": "nonsense"}, {"phone": None}])
def test_what_may_have_been_created_is_looked_for_whatever_is_wrong(world, wrong):
    """The contact was edited since; without the marker it would fail at once."""
    remote_id = world.add_tenant(**IN_PANDA)
    account = unknown(world, **wrong)
    world.run()
    assert world.read(account).remote_id == remote_id


@pytest.mark.parametrize("wrong", [{"active": False}, {"phone": None}])
def test_what_was_not_created_is_not_created_once_its_contact_is_archived(world, wrong):
    """The same when anything else is wrong by now: a look comes first, no write."""
    account = unknown(world, **wrong)
    writes = []
    with Spy(lambda request: request.method != "GET" and writes.append(request)):
        world.run()
    row = world.read(account)
    assert not writes
    assert row.state == "failed"
    assert row.marker_at is None, "the look has shown that nothing was created"


def test_what_is_edited_before_its_create_is_looked_at_again(world):
    """In the same run: the edit may be that nobody wants it any more."""
    account = world.add()
    creates = []

    def look(request):
        if request.method == "GET":
            world.set(account, resync_requested=True, phone=None)
        else:
            creates.append(request)

    with Spy(look):
        world.run()
    row = world.read(account)
    assert not creates
    assert (row.state, row.error_code) == ("failed", "phone_missing")
    assert (row.marker_at, row.resync_requested) == (None, False)


def test_what_is_withdrawn_while_its_create_waits_is_not_sent(world, monkeypatch):
    """A marked create waits for its turn and for a token. Nobody may be created for an
    order that is cancelled meanwhile."""
    from odoo.addons.panda_provisioning.engine import runner

    monkeypatch.setattr(runner, "REPORT_INTERVAL", 0.1)
    world.fault("expire_token", method="POST", times=1)
    world.fault("slow", path="/oauth/token", skip=1, seconds=3)
    account = world.add()
    marked = []

    def withdraw(request):
        if request.method == "POST" and not marked:
            marked.append(world.read(account).marker_at)
            world.set(account, is_withdrawn=True, resync_requested=True)

    with Spy(withdraw):
        world.run()
    assert marked[0]
    assert world.tenants() == []
    row = world.read(account)
    assert (row.state, row.error_code, row.marker_at) == ("failed", "withdrawn", None)


def test_accounts_of_other_contacts_are_not_read_to_find_our_own(world):
    """What may have been created could be stored under any name; those that belong to
    somebody are not it."""
    known = world.add_tenant("Known Person", "known@example.com")
    world.add(state="synced", step="done", next_attempt_at=None, remote_id=known)
    stranger = world.add_tenant("Stranger", "stranger@example.com")
    account = unknown(world)
    read = []
    with Spy(lambda request: read.append(request.url)):
        world.run()
    assert world.read(account).state == "synced"
    assert any(stranger in url for url in read)
    assert not any(f"{known}?" in url for url in read)


def test_our_own_accounts_are_no_strangers_among_whom_to_look(world):
    """Two creates fail, when there are accounts of an earlier run in Panda and then
    also many of this one: too many to be read."""
    most_read = 2 * CONNECTIONS  # more than may be created while a listing is read
    for _number in range(most_read + 1):
        world.add()
    world.run()
    for _number in range(most_read + 16):
        world.add()
    for skip in (0, most_read + 11):
        create = {"method": "POST", "path": "*/accounts/ACC-*", "times": 1}
        world.fault("server_error", skip=skip, **create)
    with world.runner() as runner:
        runner._lookup._most_read = most_read
        runner.execute()
    assert world.states() == {"synced": 2 * most_read + 17}
    assert len(world.tenants()) == 2 * most_read + 17


def test_a_row_that_cannot_be_written_fails_alone(world):
    """Whatever it is that the database refuses: the attempt is counted, the reason is
    said, and what may have been created is looked for."""
    poison, *others = [world.add() for _number in range(4)]
    email = world.read(poison).email
    world.execute(
        "ALTER TABLE panda_account ADD CONSTRAINT poison"
        " CHECK (state != 'running' OR remote_id IS NULL OR email != %s)",
        [email],
    )
    try:
        world.run()
    finally:
        world.execute("ALTER TABLE panda_account DROP CONSTRAINT poison")
    assert {world.read(account).state for account in others} == {"synced"}
    row = world.read(poison)
    assert (row.state, row.error_code) == ("unknown", "unsavable")
    assert (row.step, row.attempt_count) == ("find_account", 1)
    assert row.marker_at
    world.set(poison, next_attempt_at=ago(1))
    world.run()
    assert world.states() == {"synced": 4}
    assert len(world.tenants()) == 4


def test_what_is_wrong_is_not_sent(world):
    account = world.add(phone=None)
    sent = []
    with Spy(sent.append):
        world.run()
    row = world.read(account)
    assert not sent
    assert (row.state, row.error_code) == ("failed", "phone_missing")


def test_a_marker_is_kept_when_the_account_is_put_back(world):
    """Panda may not show yet what was created."""
    world.configure(search_delay=600)
    account = unknown(world)
    marker = world.read(account).marker_at
    world.run()
    row = world.read(account)
    assert (row.state, row.error_code) == ("unknown", "lost_answer")
    assert row.marker_at == marker
    left = epoch(row.next_attempt_at) - epoch(marker)
    assert left == pytest.approx(600, abs=20)
    assert world.tenants() == []


def test_a_marker_of_what_was_not_sent_is_dropped(world):
    """The run was called off between looking and creating."""
    account = world.add()
    world.run(watch=lambda: True)
    row = world.read(account)
    assert (row.state, row.step, row.marker_at) == ("queued", "create_account", None)
    assert row.next_attempt_at <= now()
    assert row.run_token is None
    assert world.tenants() == []


def test_a_run_that_is_called_off_begins_no_further_step(world):
    """What it has found out is written down; the create is left to a later run."""
    account = world.add()
    with world.runner(watch=lambda: True) as runner:
        [claim] = runner._queue.claim(1)
        runner._is_called_off = True
        runner._handle(Submitted(), [finished(claim, "create_account")])
    row = world.read(account)
    assert (row.state, row.step) == ("queued", "create_account")


def test_the_marker_of_a_create_that_was_taken_back_unsent_is_dropped(world):
    account = world.add()
    with world.runner() as runner:
        [claim] = runner._queue.claim(1)
        runner._handle(Submitted(), [finished(claim, "create_account")])
        assert world.read(account).marker_at
        runner._let_go([claim])
    row = world.read(account)
    assert (row.state, row.marker_at, row.run_token) == ("queued", None, None)
    assert row.next_attempt_at <= now()


def test_a_run_that_is_called_off_gives_back_accounts_that_wait(world):
    """With the marker, and without anything of its next step having been sent."""
    world.configure(search_delay=304)
    remote_id = world.add_tenant("Rita Reseller", "rita@example.com", account_type=1)
    reseller = world.add_ready_reseller(remote_id=remote_id)
    waiting, other = unknown(world), world.add(parent_id=reseller)
    marker = world.read(waiting).marker_at
    first_came_in = threading.Event()

    def hold(request):
        methods.add(request.method)
        if f"{remote_id}/children" in request.url:
            assert first_came_in.wait(10)

    def watch():
        is_second = first_came_in.is_set()
        first_came_in.set()
        return is_second

    methods = set()
    with Spy(hold):
        world.run(watch=watch)
    row = world.read(waiting)
    assert (row.state, row.marker_at) == ("unknown", marker)
    assert row.run_token is None
    assert row.next_attempt_at <= now()
    assert world.read(other).state == "queued"
    assert methods == {"GET"}


def test_a_killed_run_is_continued_where_nothing_is_known(world):
    """The tenant was created, the process died before it wrote that down."""
    remote_id = world.add_tenant(**IN_PANDA)
    account = unknown(
        world,
        state="running",
        step="create_account",
        run_token="dead",
        next_attempt_at=ago(1),
    )
    world.run()
    row = world.read(account)
    assert (row.state, row.remote_id, row.adopted) == ("synced", remote_id, False)
    assert len(world.tenants()) == 1


# === LEASES === #


def test_a_claim_that_goes_on_may_send_as_long_as_its_new_lease_lets_it(world):
    """Otherwise a long run could create nothing any more."""
    world.add()
    with world.runner() as runner:
        [claim] = runner._queue.claim(1)
        runner.env.cr.commit()
        claim.send_before = 0
        pool = Submitted()
        runner._handle(pool, [finished(claim, "create_account")])
    assert pool.claims == [claim]
    assert claim.send_before > time.time()


def test_a_run_stops_working_on_what_another_has_taken_over(world, caplog):
    """It neither writes it nor goes on with it, and says so."""
    account = world.add()

    def take_over(request):
        if request.method == "GET":
            world.set(account, next_attempt_at=ago(1))
            with world.queue() as other:
                assert len(other.claim(1)) == 1
                other.env.cr.commit()
            tokens.append(world.read(account).run_token)

    tokens = []
    with Spy(take_over):
        world.run()
    assert len(tokens) == 1
    assert world.tenants() == []
    row = world.read(account)
    assert (row.state, row.run_token) == ("running", tokens[0])
    [message] = [r.getMessage() for r in caplog.records if "taken over" in r.message]
    assert str(account) in message
    assert world.count_requests() == count_log(world)


def count_log(world):
    """Return how many requests are in the sync log."""
    [row] = world.execute("SELECT count(*) FROM panda_sync_log")
    return row.count


# === THE ACCOUNT EXISTS === #


def test_an_account_that_exists_does_not_wait_for_the_reseller(world):
    """What is left to do is below the account itself."""
    reseller = world.add(role="reseller", state="failed")
    remote_id = world.add_tenant(**IN_PANDA)
    account = world.add(
        **IN_PANDA, parent_id=reseller, remote_id=remote_id, step="find_operator"
    )
    world.run()
    assert world.read(account).state == "synced"


def test_an_account_in_panda_of_another_contact_is_never_adopted(world):
    """Its contact was renamed in Odoo since; the namesake gets one of their own."""
    theirs = world.add_tenant(**IN_PANDA)
    other = world.add(state="failed", remote_id=theirs, next_attempt_at=None)
    account = world.add(**IN_PANDA)
    world.run(seconds=5)
    row = world.read(account)
    assert row.state == "synced"
    assert row.remote_id not in (None, theirs)
    assert world.read(other).remote_id == theirs
    assert len(world.tenants()) == 2


def test_an_account_in_panda_that_is_ones_own_is_no_other_ones(world):
    """It is found again by its name, and kept."""
    mine = world.add_tenant(**IN_PANDA)
    account = world.add(**IN_PANDA, remote_id=mine)
    world.run()
    row = world.read(account)
    assert (row.state, row.remote_id) == ("synced", mine)
    assert len(world.tenants()) == 1


def test_a_marker_is_kept_when_the_account_found_belongs_to_another(world):
    """Looking past the accounts of others says nothing about one's own."""
    world.configure(search_delay=600)
    theirs = world.add_tenant(**IN_PANDA)
    world.add(state="failed", remote_id=theirs, next_attempt_at=None)
    account = unknown(world)
    world.run()
    row = world.read(account)
    assert (row.state, row.remote_id) == ("unknown", None)
    assert row.marker_at
    assert len(world.tenants()) == 1


def test_a_free_account_in_panda_is_adopted(world):
    remote_id = world.add_tenant(**IN_PANDA)
    account = world.add(**IN_PANDA)
    world.run()
    row = world.read(account)
    assert (row.state, row.remote_id, row.adopted) == ("synced", remote_id, True)


# === TRANSACTIONS OF PANDA === #


def test_a_stuck_transaction_is_left_unknown_and_looked_into_later(world):
    """Neither polled for ever nor repeated at once: it may still be done."""
    world.configure(activation_timeout=1)
    world.fault("transaction_stuck", method="POST", times=1)
    account = world.add()
    world.run()
    row = world.read(account)
    assert (row.state, row.error_code) == ("unknown", "transaction_stuck")
    assert (row.step, row.transaction_id) == ("find_operator", None)
    assert row.marker_at
    assert row.attempt_count == 1
    assert row.next_attempt_at >= now()
    assert world.count_requests(method="POST", path="*/operators") == 1


def test_the_name_that_panda_has_stored_is_kept(world):
    """Of those that were sent long enough ago to be listed; no request is made for
    it."""
    world.switch(stored_name="upper")
    first = world.add(name="Acme & Sons")
    world.run([first])
    assert world.read(first).sent_name == "Acme & Sons"
    world.set(first, last_sync_at=ago(60))
    second = world.add(name="Zenith")
    world.run([second])
    assert world.read(first).sent_name == "ACME & SONS"
    assert world.read(second).sent_name == "Zenith", "not listed since it was sent"
    # Of nobody, of the first, and that there is nobody else.
    assert world.count_requests(method="GET", path="*/children*") == 3


@contextmanager
def listings():
    """The listings that Panda is asked for: the addresses of their first pages."""
    urls = []

    def look(request):
        if "/children?" in request.url and "offset=0" in request.url:
            urls.append(request.url)

    with Spy(look):
        yield urls


def add_of_other_spelling(world, name, **values):
    """Add an account whose name Panda is going to store otherwise than it is sent."""
    world.switch(stored_name="html")
    return world.add(name=name, **values)


def test_the_names_of_what_was_created_are_read_back(world):
    """By one listing for each parent, although they are younger than the search
    delay."""
    world.configure(search_delay=600)
    remote_id = world.add_tenant("Rita Reseller", "rita@example.com", account_type=1)
    reseller = world.add_ready_reseller(remote_id=remote_id)
    accounts = [
        add_of_other_spelling(world, "Smith & Sons"),
        add_of_other_spelling(world, "Weber & Söhne"),
        add_of_other_spelling(world, "Dupont & Fils", parent_id=reseller),
    ]
    with listings() as asked:
        world.run()
    names = [world.read(account).sent_name for account in accounts]
    assert names == ["Smith &amp; Sons", "Weber &amp; Söhne", "Dupont &amp; Fils"]
    assert len(asked) == 4, "below two parents, before and after"
    assert count_log(world) == world.count_requests() - 1, "all but what the test sent"


def test_a_name_that_was_sent_since_is_not_overwritten(world):
    world.configure(search_delay=600)
    account = add_of_other_spelling(world, "Smith & Sons")

    def rename(request):
        if "/children?" in request.url and world.read(account).state == "synced":
            world.set(account, sent_name="Smith & Daughters")

    with Spy(rename):
        world.run()
    assert world.read(account).sent_name == "Smith & Daughters"


def test_a_name_that_is_not_listed_yet_is_left_to_a_later_run(world):
    account = add_of_other_spelling(world, "Smith & Sons")
    world.fault("lagging_search", path="*/accounts/*", calls=1)
    world.run()
    assert world.read(account).sent_name == "Smith & Sons"
    world.set(account, last_sync_at=ago(1))
    world.add()
    world.run()
    assert world.read(account).sent_name == "Smith &amp; Sons"


def test_whoever_has_pressed_a_button_does_not_wait_for_names(world):
    account = world.add()
    with listings() as asked:
        world.run([account])
    assert world.read(account).state == "synced"
    assert len(asked) == 1


def test_a_run_that_is_called_off_reads_no_names(world):
    account = world.add()
    with listings() as asked:
        world.run(watch=lambda: bool(world.tenants()))
    assert world.read(account).remote_id
    assert len(asked) == 1


def test_a_run_in_trouble_reads_no_names(world):
    account = world.add()
    world.fault("throttled", retry_after=120, path="*/operators")
    with listings() as asked:
        world.run()
    assert world.read(account).remote_id
    assert len(asked) == 1


def test_names_that_cannot_be_read_change_nothing(world):
    account = add_of_other_spelling(world, "Smith & Sons")
    world.fault("server_error", method="GET", path="*/children", skip=1)
    with listings() as asked:
        world.run()
    assert len(asked) == 1 + 4, "the second one is repeated three times"
    row = world.read(account)
    assert (row.state, row.sent_name) == ("synced", "Smith & Sons")
    assert health(world).health == "healthy"


def test_a_lost_answer_is_looked_for_in_the_same_run(world):
    world.fault("lost_answer", method="POST", times=1)
    account = world.add()
    world.run()
    assert world.read(account).state == "synced"
    assert len(world.tenants()) == 1


# === EDITED MEANWHILE === #


def test_an_edit_while_an_account_fails_is_tried_in_the_same_run(world):
    """The run does not end before what it has queued again is done."""
    world.add_tenant(IN_PANDA["name"], "somebody.else@example.com")
    account = world.add(**IN_PANDA)

    requests = []

    def edit(request):
        requests.append(request)
        if len(requests) == 1:
            world.set(account, resync_requested=True, create_anyway=True)

    with Spy(edit):
        world.run()
    row = world.read(account)
    assert (row.state, row.error_code) == ("synced", None)
    assert len(world.tenants()) == 2


def test_what_panda_has_answered_is_written_although_the_row_was_changed(world):
    """The transaction is begun anew, the request is not sent again."""
    account = world.add()
    with world.runner() as runner:
        [claim] = runner._queue.claim(1)
        runner.env.cr.commit()
        runner.env.cr.execute("SELECT 1")  # the snapshot of the transaction
        world.set(account, phone="+32470999999")
        runner._handle(Submitted(), [finished(claim, "done")])
    row = world.read(account)
    assert (row.state, row.phone) == ("synced", "+32470999999")


# === THE END OF A RUN === #


def held(world):
    """Return how many accounts belong to a run."""
    [row] = world.execute("SELECT count(run_token) FROM panda_account")
    return row.count


def test_an_account_deleted_while_it_is_sent_ends_neither_the_run_nor_its_log(world):
    """Past the ORM, which refuses it."""
    gone, other = world.add(), world.add()

    def delete(request):
        if request.method == "POST" and "accounts" in request.url:
            world.execute("DELETE FROM panda_account WHERE id = %s", [gone])

    with Spy(delete):
        world.run()
    assert world.read(other).state == "synced"
    logged = world.execute(
        "SELECT account_id FROM panda_sync_log WHERE method = 'POST'"
    )
    assert {row.account_id for row in logged} == {None, other}


def test_a_run_ends_when_its_time_is_up(world):
    """Without holding anything; the cron goes on with it."""
    for _number in range(3):
        world.add()
    world.run(seconds=0.001)
    assert world.states() == {"queued": 3}
    assert held(world) == 0


def test_a_run_takes_as_many_as_its_connections_need(world):
    """Others may take the rest."""
    world.configure(max_connections=1)
    for _number in range(12):
        world.add()
    seen = []
    with Spy(lambda _request: seen.append(held(world))):
        world.run()
    assert max(seen) == 5
    assert world.states() == {"synced": 12}


def test_who_waits_for_panda_keeps_no_connection_from_others(world):
    """Lost answers are looked into later; all others are created meanwhile."""
    world.configure(max_connections=1, search_delay=7)
    for _number in range(10):
        world.add()
    lost = {"method": "POST", "path": "*/accounts/*", "times": 6}
    world.fault("lost_request", **lost)
    names = []

    def look(request):
        if request.method == "POST" and "/accounts/" in request.url:
            names.append(json.loads(request.body)["name"])

    with Spy(look):
        world.run()
    assert world.states() == {"synced": 10}
    assert len(names) == 16
    assert len(set(names[:10])) == 10


def test_a_button_works_on_its_own_accounts_only(world):
    mine, other = world.add(), world.add()
    world.run([mine])
    assert world.read(mine).state == "synced"
    assert world.read(other).state == "queued"


def test_settled_accounts_are_notified_before_the_run_ends(world):
    done, refused = world.add(), world.add(phone=None)
    world.run()
    for account in (done, refused):
        row = world.read(account)
        assert not row.notification_pending
        assert row.last_notified


def test_an_exception_after_settling_concerns_its_own_account_only(
    world, monkeypatch, caplog
):
    """The others are notified, and the run goes on."""
    broken, fine = world.add(), world.add()
    with world.environment() as env:
        model = env.registry["panda.account"]

    def on_settled(accounts):
        if broken in accounts.ids:
            raise ZeroDivisionError
        done.append(accounts.ids)

    done = []
    monkeypatch.setattr(model, "_on_settled", on_settled)
    world.run()
    assert done == [[fine]]
    assert world.states() == {"synced": 2}
    assert all(world.read(account).last_notified for account in (broken, fine))
    assert "ZeroDivisionError" in caplog.text


def test_a_batch_is_counted_over_runs(world):
    """What a person sees goes on where the last run has ended."""
    world.add(phone=None)
    world.add()
    world.run(watch=lambda: True)
    assert health(world).batch_done == 1
    world.run()
    assert health(world).batch_done == 0


# === THE CRON === #


def synchronize(world):
    """Do what the cron of the system does."""
    with world.environment() as env:
        env["panda.system"]._cron_synchronize(world.system)
        env.cr.commit()


def wake_ups(world):
    """Return when the cron is called next, the first one first."""
    rows = world.execute(
        "SELECT call_at FROM ir_cron_trigger WHERE cron_id = ("
        f" SELECT cron_id FROM panda_system WHERE id = {world.system})"
        " ORDER BY call_at"
    )
    return [row.call_at for row in rows]


def test_a_system_that_is_paused_is_not_called(world):
    world.configure(health="throttled", next_probe_at=ahead(60))
    account = world.add()
    synchronize(world)
    assert world.count_requests() == 0
    assert world.read(account).state == "queued"


def test_an_interrupted_system_is_probed_before_anybody_is_tried(world):
    world.configure(health="quarantined", next_probe_at=ago(1), probe_count=1)
    world.fault("server_error")
    account = world.add()
    open_transactions = []

    def look(_request):
        [row] = world.execute(
            "SELECT count(xact_start) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid != pg_backend_pid()"
        )
        open_transactions.append(row.count)

    with Spy(look):
        synchronize(world)
    assert set(open_transactions) == {0}
    assert world.read(account).state == "queued"
    assert health(world).health == "quarantined"
    assert health(world).next_probe_at > now()


def test_an_exception_is_logged_and_the_cron_comes_again(world, monkeypatch, caplog):
    from odoo.addons.panda_provisioning.engine.queue import Queue

    account = world.add()
    world.execute("DELETE FROM ir_cron_trigger")

    def fail(queue, limit):
        raise ZeroDivisionError

    with monkeypatch.context() as broken:
        broken.setattr(Queue, "claim", fail)
        synchronize(world)
    assert "ZeroDivisionError" in caplog.text
    assert wake_ups(world)
    synchronize(world)
    assert world.read(account).state == "synced"


def test_a_slow_system_keeps_no_other_waiting(world):
    """Each has a scheduled action, which another worker takes while one is busy."""
    from odoo.addons.base.models.ir_cron import IrCron

    slow = world.add(name="Slow One")
    other = world.add(system_id=world.other_system)
    world.fault("slow", account="Slow *", seconds=5)
    started = time.monotonic()
    with world.environment() as env:
        crons = env["panda.system"].browse([world.system, world.other_system]).cron_id
        assert len(crons) == 2
        workers = [
            threading.Thread(target=IrCron._process_jobs, args=[env.cr.dbname])
            for _cron in crons
        ]
        for cron in crons:
            cron._trigger()
        env.cr.commit()
    for worker in workers:
        worker.start()
    while world.read(other).state != "synced":
        assert time.monotonic() - started < 5
        time.sleep(0.05)
    assert world.read(slow).state == "running"
    for worker in workers:
        worker.join()
    assert world.read(slow).state == "synced"


def test_what_hangs_is_cut_when_the_time_of_a_button_is_over(world, monkeypatch):
    """Its outcome is then unknown, and the cron looks."""
    from odoo.addons.panda_provisioning.models import panda_service

    monkeypatch.setattr(panda_service, "BUTTON_GRACE_SECONDS", 1)
    account = world.add()
    world.fault("drip", path="/rest/*", skip=1, seconds=20)
    started = time.monotonic()
    with world.environment() as env:
        accounts = env["panda.account"].browse(account)
        env["panda.service"]._synchronize_now(accounts, seconds=2)
    assert time.monotonic() - started < 2 + 1 + 1
    assert world.read(account).state == "unknown"


def test_what_hangs_is_cut_when_the_share_of_the_cron_is_over(world, monkeypatch):
    """However long an answer may take: Odoo ends workers that take longer."""
    from odoo.addons.panda_provisioning.models import panda_service

    monkeypatch.setattr(panda_service, "CRON_SECONDS", 2)
    monkeypatch.setattr(panda_service, "CRON_GRACE_SECONDS", 1)
    world.configure(request_timeout=120)
    account = world.add()
    world.fault("drip", path="/rest/*", skip=1, seconds=20)
    started = time.monotonic()
    synchronize(world)
    assert time.monotonic() - started < 2 + 1 + 2
    assert world.read(account).state == "unknown"


def test_the_cron_is_called_when_the_next_account_is_due(world):
    world.execute("DELETE FROM ir_cron_trigger")
    due = ahead(500)
    world.add(state="retry", next_attempt_at=due)
    synchronize(world)
    assert wake_ups(world) == [due]


# === TROUBLE WITH THE SYSTEM === #


def health(world):
    [row] = world.execute("SELECT * FROM panda_system WHERE id = %s", [world.system])
    return row


def test_a_system_that_does_not_work_costs_nobody_an_attempt(world):
    world.fault("server_error")
    account = world.add(attempt_count=2)
    world.run()
    row = world.read(account)
    assert (row.state, row.attempt_count) == ("retry", 2)
    assert health(world).health == "quarantined"


def test_the_last_attempt_is_given_back_too(world):
    """It would have failed for good, and a person would have been asked."""
    world.fault("server_error")
    account = world.add(attempt_count=9)
    world.run()
    row = world.read(account)
    assert (row.state, row.attempt_count, row.failed_at) == ("queued", 9, None)
    assert row.next_attempt_at
    assert not row.notification_pending
    assert health(world).health == "quarantined"


def test_an_outage_of_one_account_is_an_attempt_of_its_own(world):
    """What succeeded shows that the system works."""
    world.configure(health="quarantined", health_code="server_error")
    remote_id = world.add_tenant(**IN_PANDA)
    path = f"/rest/platform/accounts/v1/accounts/{remote_id}"
    world.fault("server_error", method="GET", path=path)
    account, other = world.add(**IN_PANDA, attempt_count=3), world.add()
    world.run()
    row = world.read(account)
    assert (row.state, row.attempt_count) == ("retry", 4)
    assert world.read(other).state == "synced"
    assert health(world).health == "healthy"


def test_a_failure_that_passes_costs_nothing(world):
    """Neither an attempt nor a run, and nobody hears of it."""
    world.fault("server_error", method="GET", times=2)
    account = world.add()
    with world.runner() as runner:
        runner.execute()
        assert runner._system_watch.error is None
    row = world.read(account)
    assert (row.state, row.attempt_count, row.error_code) == ("synced", 0, None)
    assert health(world).health == "healthy"


def test_a_short_outage_is_waited_for_by_the_run(world, monkeypatch):
    """The attempt counts while it lasts."""
    from odoo.addons.panda_provisioning.core import retry_policy
    from odoo.addons.panda_provisioning.panda_api.errors import ErrorKind

    outage = replace(retry_policy.POLICIES[ErrorKind.OUTAGE], first=0.2)
    monkeypatch.setitem(retry_policy.POLICIES, ErrorKind.OUTAGE, outage)
    world.fault("error_in_success", method="GET", times=4)
    account = world.add()
    seen = []
    with Spy(lambda _request: seen.append(world.read(account))):
        world.run()
    # A listing is read twice before it counts as a failure.
    assert [row.attempt_count for row in seen[:5]] == [0, 0, 1, 1, 2]
    assert {row.state for row in seen[:5]} == {"running"}
    row = world.read(account)
    assert (row.state, row.attempt_count) == ("synced", 0)


def test_a_run_of_outages_ends_the_run(world, monkeypatch):
    """Nobody's next step is begun, and nobody has lost an attempt."""
    from odoo.addons.panda_provisioning.core import pace

    monkeypatch.setattr(pace, "DOWN_AFTER", 1)
    monkeypatch.setattr(pace, "WALL_LONGEST", pace.WALL_SHORTEST)
    world.configure(max_connections=1)
    world.fault("server_error", path="/rest/platform/accounts/*")
    for _number in range(20):
        world.add(attempt_count=2)
    world.run()
    assert world.count_requests() <= 28
    [row] = world.execute(
        "SELECT min(attempt_count), max(attempt_count) FROM panda_account"
    )
    assert (row.min, row.max) == (2, 2)
    assert held(world) == 0
    assert health(world).health == "quarantined"


def test_a_pause_that_panda_asks_for_ends_the_run(world):
    world.configure(max_connections=1)
    world.fault("throttled", retry_after=120, path="/rest/platform/accounts/*")
    for _number in range(20):
        world.add()
    world.run()
    assert world.count_requests() <= 5
    found = health(world)
    assert found.health == "throttled"
    assert found.next_probe_at > ahead(100)
    assert held(world) == 0
    assert world.states()["queued"] >= 15, "only who has met it waits as long"


def test_an_account_that_is_forbidden_while_the_system_works_fails(world):
    world.fault("server_error", status=403, account=IN_PANDA["name"])
    account = world.add(**IN_PANDA)
    world.run()
    row = world.read(account)
    assert (row.state, row.error_code) == ("failed", "forbidden")
    assert health(world).health == "healthy"


def test_a_system_that_answers_again_is_released(world):
    world.configure(health="quarantined", health_code="server_error")
    world.add()
    world.run()
    assert health(world).health == "healthy"


# === ASKED FOR WHILE A RUN WORKS === #


def test_what_is_asked_for_while_a_run_holds_it_is_noted_for_later(world):
    """Its row is not queued under the hands of the run."""
    account = world.add()
    with world.queue() as queue:
        queue.claim(1)
        queue.env.cr.commit()
    before = world.read(account)
    with world.environment() as env:
        env["panda.service"]._enqueue(env["panda.account"].browse(account))
        env.cr.commit()
    row = world.read(account)
    assert row.resync_requested
    assert (row.state, row.run_token) == ("running", before.run_token)
    assert row.next_attempt_at == before.next_attempt_at


def test_a_button_waits_for_the_run_that_works_on_its_account(world):
    account = world.add()
    with world.queue() as queue:
        queue.claim(1)
        queue.env.cr.commit()

    def let_go():
        time.sleep(0.5)
        world.set(account, state="synced", run_token=None, next_attempt_at=None)

    thread = threading.Thread(target=let_go)
    with world.environment() as env:
        record = env["panda.account"].browse(account)
        thread.start()
        env["panda.service"]._synchronize_now(record, seconds=10)
        assert record.state == "synced"
    thread.join()


def test_what_becomes_of_an_account_is_logged_for_programs(world, caplog):
    """In one line; Panda and the Sync Log know its last request by the same ID."""
    good, bad = world.add(), world.add(phone=None)
    with caplog.at_level(logging.INFO, logger=RUNNER):
        world.run()
    lines = [r.getMessage() for r in caplog.records if r.levelno == logging.INFO]
    found = [dict(part.split("=") for part in line.split()) for line in lines]
    by_account = {int(fields["account"]): fields for fields in found}
    assert len(found) == len(by_account) == 2
    [request] = world.execute(
        "SELECT correlation_id FROM panda_sync_log WHERE account_id = %s"
        " AND step = 'await_operator' ORDER BY id DESC LIMIT 1",
        [good],
    )
    runs = {fields.pop("run") for fields in found}
    assert len(runs) == 1
    common = {"system": str(world.system), "attempts": "0"}
    assert by_account == {
        good: {
            **common,
            "account": str(good),
            "state": "synced",
            "error": "-",
            "request": request.correlation_id,
        },
        bad: {
            **common,
            "account": str(bad),
            "state": "failed",
            "error": "phone_missing",
            "request": "-",
        },
    }
