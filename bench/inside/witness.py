"""What the engine does between its transactions, seen on cursors of our own."""

import json
import random
import threading
import time
from collections import Counter
from functools import partial

from psycopg2.errors import DeadlockDetected, SerializationFailure
from requests.adapters import HTTPAdapter

from bench.inside import people
from bench.inside.odoo_process import environment

CONNECTIONS = 8
"""Each thread looks at the database too, and Odoo's pool has 64 connections."""
SECONDS = 60
TRIES = 20


def add(count, first=1):
    """Create accounts and ask for their synchronisation."""
    with environment() as env:
        system = env["panda.system"].search([])
        system.max_connections = CONNECTIONS
        people.create_accounts(env, system, first, count)
        env["panda.service"]._enqueue(env["panda.account"].search([]))


def watch_requests():
    """Synchronise all, and look at the database while requests are on the wire.

    :return: how many requests were ``sent``, over how many of them the engine ``held``
        one transaction from the first to the last moment, and how many creates were
        ``unmarked`` when they left
    """
    seen = Counter(sent=0, held=0, unmarked=0)
    with environment() as env:
        backend = env.cr._cnx.get_backend_pid()

        def before(request):
            seen["sent"] += 1
            if request.method == "POST" and "/rest/" in request.url:
                seen["unmarked"] += not _is_marked(request)
            return _transaction_of(backend)

        def after(began_in):
            seen["held"] += bool(began_in) and _transaction_of(backend) == began_in

        with _Spy(before, after):
            _run(env)
    return dict(seen)


def edit_meanwhile():
    """Edit every contact, on another cursor, while its operator is being created."""

    def edit(request):
        if request.method == "POST" and request.url.endswith("/operators"):
            _as_a_person(partial(_edit, _number(request)))

    with environment() as env, _Spy(edit):
        _run(env)


def claim_on_two_cursors(count):
    """Return the ids that two runs take at the same time."""
    from odoo.addons.panda_provisioning.engine.queue import Queue

    with environment() as one, environment() as two:
        taken = []
        for env in (one, two):
            queue = Queue(env, env["panda.system"].search([])._get_run_settings())
            taken.append([claim.id for claim in queue.claim(count)])
        one.cr.rollback()
        two.cr.rollback()
    return taken


def write_after_the_lease():
    """Return the ids that a run may still write after another has taken them over."""
    from odoo.addons.panda_provisioning.core.transition import put_back
    from odoo.addons.panda_provisioning.engine.queue import Queue

    with environment() as env:
        system = env["panda.system"].search([])
        settings = system._get_run_settings()
        slow, fast = Queue(env, settings), Queue(env, settings)
        [claim] = slow.claim(1)
        env.cr.execute(
            "UPDATE panda_account SET next_attempt_at = '2020-01-01' WHERE id = %s",
            [claim.id],
        )
        fast.claim(1)
        written = slow.save([put_back(claim.row, time.time())])
        env.cr.rollback()
    return sorted(written)


def run_twice_at_once(presses):
    """Let two runs and some buttons work on all accounts at the same time.

    :return: what each thread was stopped by
    """
    errors = []

    def guarded(work):
        try:
            work()
        except Exception as error:  # noqa: BLE001
            errors.append(repr(error))

    works = [_run_alone, _run_alone]
    works += [
        partial(_as_a_person, partial(_press, number)) for number in range(presses)
    ]
    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


def states():
    """Return how many accounts are in each state."""
    with environment() as env:
        groups = env["panda.account"]._read_group([], ["state"], ["__count"])
    return dict(groups)


def _run(env):
    system = env["panda.system"].search([])
    env["panda.service"]._get_runner(system, SECONDS).execute()


def _run_alone():
    with environment() as env:
        _run(env)


def _as_a_person(work):
    """Do ``work`` in a transaction, again when it has met another, as a request is."""
    with environment() as env:
        for _attempt in range(TRIES):
            try:
                work(env)
                env.cr.commit()
                return
            except (SerializationFailure, DeadlockDetected):
                env.cr.rollback()
                time.sleep(random.uniform(0, 0.1))
        work(env)


def _press(number, env):
    env["panda.service"]._synchronize_now(_account(env, number + 1))


def _edit(number, env):
    _account(env, number).partner_id.phone = "+32470999999"


def _account(env, number):
    return env["panda.account"].search([("username", "=", f"bench{number}")])


def _is_marked(request):
    """Whether the row of a create is marked, as another transaction sees it."""
    with environment() as env:
        return bool(_account(env, _number(request)).marker_at)


def _number(request):
    """The number of the customer whom a create is about."""
    return int(
        json.loads(request.body)["email"].partition("@")[0].removeprefix("bench")
    )


def _transaction_of(backend):
    """When the transaction of ``backend`` began, ``None`` if it has none open."""
    with environment() as env:
        env.cr.execute(
            "SELECT xact_start FROM pg_stat_activity WHERE pid = %s", [backend]
        )
        [(began,)] = env.cr.fetchall()
    return began


class _Spy:
    """Calls ``before`` with each request of ours before it goes out, and ``after``
    with what that returned when the answer is there."""

    def __init__(self, before, after=lambda _seen: None):
        self._before = before
        self._after = after
        self._send = HTTPAdapter.send

    def __enter__(self):
        def send(adapter, request, **options):
            seen = self._before(request)
            try:
                return self._send(adapter, request, **options)
            finally:
                self._after(seen)

        HTTPAdapter.send = send
        return self

    def __exit__(self, *_error):
        HTTPAdapter.send = self._send
