"""One cron worker that synchronises accounts: ours."""

import threading
import time

from bench.inside import people
from bench.inside.odoo_process import count_queries, database, environment
from bench.inside.stopwatch import Stopwatch

IDLE_ROUNDS = 50
PAUSE = 0.1
"""Seconds between two looks of the cron worker when nothing is due yet."""


def prepare(url, connections):
    """Connect to the sandbox, and leave one cron on: that of the system."""
    with environment() as env:
        env["ir.cron"].search([]).active = False
        people.create_system(env, url, connections)
        env["panda.system"].search([]).cron_id.nextcall = "2099-01-01 00:00:00"


def connect(connections, **values):
    """Set how many requests may be under way, and other ``values`` of the system."""
    with environment() as env:
        system = env["panda.system"].search([])
        system.write({"max_connections": connections, **values})


def add(first, count):
    """Create accounts that nobody has asked to be synchronised."""
    with environment() as env:
        people.create_accounts(env, env["panda.system"].search([]), first, count)
    _analyze()


def enqueue():
    """Ask for a synchronisation of all; returns the seconds that took."""
    started = time.perf_counter()
    with environment() as env:
        accounts = env["panda.account"].search([("state", "=", "draft")])
        env["panda.service"]._enqueue(accounts)
    return time.perf_counter() - started


def run(idle_rounds=IDLE_ROUNDS):
    """Let the cron work until nothing is left to do.

    :param idle_rounds: looks in a row at which nothing was due until it is an error
    :return: seconds, processor seconds (``cpu`` of the process, ``main`` of this
        thread, ``orm`` of this thread where it deals with the database) and the
        number of SQL statements
    """
    with Stopwatch.of_engine() as orm:
        queries, cpu, main = count_queries(), time.process_time(), time.thread_time()
        started = time.perf_counter()
        passes = _work(idle_rounds)
        return {
            "seconds": time.perf_counter() - started,
            "cpu": time.process_time() - cpu,
            "main": time.thread_time() - main,
            "orm": orm.seconds,
            "queries": count_queries() - queries,
            "passes": passes,
        }


def press(at_once):
    """Have a person synchronise what nobody has asked for, so many at a time.

    What takes longer than a button may is left to the cron.
    """
    drafts = True
    while drafts:
        with environment() as env:
            domain = [("state", "=", "draft")]
            drafts = env["panda.account"].search(domain, limit=at_once)
            if drafts:
                env["panda.service"]._synchronize_now(drafts)


def count():
    """Return how many accounts are in each state."""
    with environment() as env:
        groups = env["panda.account"]._read_group([], ["state"], ["__count"])
    return dict(groups)


def backends():
    """Return the process ids of the database's side of our connections."""
    with environment() as env:
        env.cr.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
        )
        return [pid for (pid,) in env.cr.fetchall()]


def _work(idle_rounds):
    """Do what a cron worker does; returns how often the cron has begun."""
    from odoo.addons.base.models.ir_cron import IrCron

    passes = idle = 0
    while idle < idle_rounds:
        left = _count_left()
        if not left:
            return passes
        IrCron._process_jobs(database())
        threading.current_thread().dbname = database()
        passes += 1
        if _count_left() < left:
            idle = 0
        else:
            idle += 1
            time.sleep(PAUSE)
    raise RuntimeError(f"the cron does not get on: {count()}")


def _count_left():
    with environment() as env:
        env.cr.execute(
            "SELECT count(*) FROM panda_account"
            " WHERE state IN ('queued', 'running', 'retry', 'unknown', 'waiting')"
        )
        [(left,)] = env.cr.fetchall()
    return left


def _analyze():
    """Give the planner the statistics that a living database has."""
    with environment() as env:
        env.cr.execute("ANALYZE res_partner, panda_account")
