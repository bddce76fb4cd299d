"""``make chaos``: kill everything at random moments, then count duplicates.

KILLS, ACCOUNTS and SEED (or SEEDS, how many seeds from 1 on) say how much.
"""

import os
import random
import time

from chaos.audit import audit, count_unsettled, describe_duplicates, describe_stuck
from chaos.trouble import (
    FAULTS,
    HANDS,
    LIES,
    SPELLINGS,
    Overload,
    People,
    kill_again_and_again,
)
from chaos.world import World
from tools import processes
from tools.console import Failure, run_main, say
from tools.postgres import postgres

KILLS, ACCOUNTS, LATENCY_MS = 50, 1000, 100
OVERLOAD_SECONDS = 20
"""How long all but the kills and the people go on: a cron that is not killed meets the
quota for sure."""
RECOVERY_SECONDS = 600
NEIGHBOURS = 10
"""Accounts in the Panda that only lies, and as many in the other one, which must not
be kept waiting for longer than:"""
NEIGHBOUR_SECONDS = 120
MUST_BE_NONE = (
    "duplicates",
    "lost",
    "wrong_parent",
    "double_mails",
    "missing_mails",
    "lost_edits",
    "stuck",
    "crashes",
    "neighbours_blocked",
)


def main():
    processes.exit_on_signals()
    kills = int(os.environ.get("KILLS") or KILLS)
    accounts = int(os.environ.get("ACCOUNTS") or ACCOUNTS)
    bad = []
    with postgres() as server:
        for seed in _seeds():
            say(f"seed: {seed}")
            figures = run(server, seed, kills, accounts)
            for name, value in figures.items():
                say(f"{name}: {value}")
            bad += [f"{name} (seed {seed})" for name in MUST_BE_NONE if figures[name]]
    if bad:
        raise Failure(f"These must be 0: {', '.join(bad)}")
    return 0


def _seeds():
    if os.environ.get("SEEDS"):
        return range(1, int(os.environ["SEEDS"]) + 1)
    return [int(os.environ.get("SEED") or 1)]


def run(server, seed, kills, count):
    """Return the figures of one run."""
    with World(server, f"chaos_{os.getpid()}", LATENCY_MS) as world:
        world.misbehave(FAULTS)
        world.spell(SPELLINGS[seed % len(SPELLINGS)])
        world.liar.control("PUT", "faults", {"rates": LIES})
        accounts = world.make_accounts(count)
        people = [People(world, accounts, seed * HANDS + i) for i in range(HANDS)]
        overload = Overload(world, seed)
        for thread in (overload, *people):
            thread.start()
        kill_again_and_again(world, kills, random.Random(seed), say)
        for person in people:
            person.stop()
        recover(world, accounts, OVERLOAD_SECONDS)
        overload.stop()
        troubles = world.count_troubles()
        world.sandbox.control("DELETE", "faults")
        world.set_quota(None)
        world.make_neighbours(NEIGHBOURS)
        recovery = recover(world, accounts, RECOVERY_SECONDS)
        audited = audit(world, accounts)
        newcomers = world.make_newcomers(NEIGHBOURS)
        recover(world, newcomers, NEIGHBOUR_SECONDS)
        crashes = [crash for person in people for crash in person.crashes]
        duplicates = describe_duplicates(world)
        for line in (*describe_stuck(world, accounts), *crashes[:1], *duplicates):
            say(f"  {line}")
        return {
            **audited,
            "kills": kills,
            **troubles,
            "quota_changes": overload.quota_changes,
            "pressed": sum(person.pressed for person in people),
            "edited": sum(person.edited for person in people),
            "refused": sum(person.refused for person in people),
            "crashes": sum(len(person.crashes) for person in people),
            "recovery_s": round(recovery, 1),
            "lies": world.count_lies(),
            "neighbours_blocked": count_unsettled(world, newcomers),
        }


def recover(world, accounts, patience):
    """Return the seconds until ``accounts`` have come to rest."""
    started = time.monotonic()
    if not world.cron:
        world.start_cron()
    while count_unsettled(world, accounts):
        if time.monotonic() - started > patience:
            break
        world.wake_cron()
        time.sleep(1)
    return time.monotonic() - started


if __name__ == "__main__":
    run_main(main)
