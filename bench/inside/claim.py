"""How long the engine takes to find what is due among many rows."""

import json
import time
from statistics import median

from bench.inside import people
from bench.inside.odoo_process import environment

CLAIM = "FOR UPDATE SKIP LOCKED"
DUE = 1_000
ROOM = 192
"""Rows claimed at once: three for each of 64 connections."""


def add(first, count, synced):
    """Create accounts; those that are not synchronised are due at once."""
    with environment() as env:
        system = env["panda.system"].search([])
        people.create_accounts(env, system, first, count, synced)
        if not synced:
            drafts = env["panda.account"].search([("state", "=", "draft")])
            env["panda.service"]._enqueue(drafts, trigger=False)


def measure(times):
    """Claim and let go again.

    :return: milliseconds, the median of ``times``, and the nodes of the plan that
        read a table
    """
    durations = []
    for _time in range(times):
        with environment() as env:
            statement = _claim(env, durations)
            plan = _explain(env, statement)
            env.cr.rollback()
    return {"ms": 1000 * median(durations), "nodes": list(_reads(plan))}


def _claim(env, durations):
    """Claim once; returns the statement as it was sent."""
    from odoo.addons.panda_provisioning.engine.queue import Queue

    system = env["panda.system"].search([])
    queue, sent = Queue(env, system._get_run_settings()), []
    execute = env.cr.execute

    def note(query, params=None, log_exceptions=True):
        execute(query, params, log_exceptions)
        sent.append(env.cr._obj.query)

    env.cr.execute = note
    started = time.perf_counter()
    claims = queue.claim(ROOM)
    durations.append(time.perf_counter() - started)
    env.cr.execute = execute
    if len(claims) != ROOM:
        raise RuntimeError(f"{len(claims)} accounts were claimed, not {ROOM}")
    [statement] = [text.decode() for text in sent if CLAIM.encode() in text]
    return statement


def _explain(env, statement):
    env.cr.rollback()
    env.cr._obj.execute(f"EXPLAIN (FORMAT JSON) {statement}")
    [(plan,)] = env.cr._obj.fetchall()
    return (plan if isinstance(plan, list) else json.loads(plan))[0]["Plan"]


def _reads(node):
    """Name each node that reads a table, with the index it uses."""
    if "Relation Name" in node and node["Node Type"] != "ModifyTable":
        index = node.get("Index Name") or _first_index(node)
        where = f"{node['Relation Name']} ({index})" if index else node["Relation Name"]
        yield f"{node['Node Type']} on {where}"
    for child in node.get("Plans", ()):
        yield from _reads(child)


def _first_index(node):
    for child in node.get("Plans", ()):
        if "Index Name" in child:
            return child["Index Name"]
    return None
