"""One cron worker that synchronises accounts: ours."""

import threading
import time

from bench.inside import people
from bench.inside.odoo_process import count_queries, database, environment
from bench.inside.stopwatch import Stopwatch

CRON = "panda_provisioning.ir_cron_synchronize"
IDLE_ROUNDS = 50
PAUSE = 0.1
"""Seconds between two looks of the cron worker when nothing is due yet."""


def prepare(url, connections):
    """Connect to the sandbox, and leave one cron on."""
    with environment() as env:
        env["ir.cron"].search([("id", "!=", env.ref(CRON).id)]).active = False
        env.ref(CRON).write({"nextcall": "2099-01-01 00:00:00"})
        people.create_system(env, url, connections)


def connect(connections):
    """Set how many requests may be under way."""
    with environment() as env:
        env["panda.system"].search([]).max_connections = connections


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


def run():
    """Let the cron work until nothing is left to do.

    :return: seconds, processor seconds (``cpu`` of the process, ``main`` of this
        thread, ``orm`` of this thread where it deals with the database) and the
        number of SQL statements
    """
    with Stopwatch.of_engine() as orm:
        queries, cpu, main = count_queries(), time.process_time(), time.thread_time()
        started = time.perf_counter()
        passes = _work()
        return {
            "seconds": time.perf_counter() - started,
            "cpu": time.process_time() - cpu,
            "main": time.thread_time() - main,
            "orm": orm.seconds,
            "queries": count_queries() - queries,
            "passes": passes,
        }


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


def _work():
    """Do what a cron worker does; returns how often the cron has begun."""
    from odoo.addons.base.models.ir_cron import IrCron

    passes = idle = 0
    while idle < IDLE_ROUNDS:
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
