"""Puts one queue_job per account in the queue; the server of the other side works."""

import time
from contextlib import ExitStack

from bench.inside.engine import add, connect
from bench.inside.odoo_process import environment

__all__ = ["add", "connect", "count", "prepare", "release"]

_held = ExitStack()


def prepare():
    """Write jobs for all new accounts that nobody sees yet; returns the seconds."""
    started = time.perf_counter()
    env = _held.enter_context(environment())
    for account in env["panda.account"].search([("state", "=", "draft")]):
        account.with_delay()._bench_job()
    env.flush_all()
    return time.perf_counter() - started


def release():
    """Let the jobs be seen."""
    _held.close()


def count():
    """Return how many jobs are in each state."""
    with environment() as env:
        groups = env["queue.job"]._read_group([], ["state"], ["__count"])
    return dict(groups)
