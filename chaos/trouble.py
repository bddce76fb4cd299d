"""What goes wrong, and what people do meanwhile."""

import contextlib
import itertools
import random
import threading
import time
import xmlrpc.client

import requests

FAULTS = {
    "lost_answer": {"rate": 0.04, "lag_seconds": 2},
    "lost_request": {"rate": 0.02},
    "timeout": {"rate": 0.005, "seconds": 4, "lag_seconds": 2},
    "slow": {"rate": 0.02, "seconds": 1},
    "truncated": {"rate": 0.01, "lag_seconds": 2},
    "server_error": {"rate": 0.02, "performed": True, "status": 502, "body": "html"},
    "throttled": {"rate": 0.002, "retry_after": 1},
    "expire_token": {"rate": 0.002},
    "transaction_stuck": {"rate": 0.01},
    "lagging_search": {"rate": 0.05, "seconds": 2},
    "empty_listing": {"rate": 0.01},
    "endless_pages": {"rate": 0.002},
    "error_in_success": {"rate": 0.01, "lag_seconds": 2},
    "poison_text": {"rate": 0.01},
    "poison_id": {"rate": 0.003, "value": "..", "lag_seconds": 2},
    "undecodable": {"rate": 0.002, "megabytes": 1, "lag_seconds": 2},
    "drip": {"rate": 0.005, "seconds": 10, "lag_seconds": 2},
}
"""What Panda does wrong, as rates of all requests, those for a token among them."""

LIES = {
    "endless_pages": {"rate": 0.5},
    "drip": {"rate": 0.3, "seconds": 30},
    "poison_id": {"rate": 0.3, "value": "."},
}
"""What the Panda of the neighbour does wrong, all the time."""

QUOTAS = [
    {"kind": "bucket", "rate": 5, "burst": 5, "retry_after": False},
    {"kind": "bucket", "rate": 60, "burst": 15, "retry_after": True},
    {"kind": "bucket", "rate": 20, "burst": 5, "retry_after": False},
    None,
    {"kind": "bucket", "rate": 5, "burst": 5, "retry_after": True},
    {"kind": "bucket", "rate": 60, "burst": 15, "retry_after": False},
    {"kind": "bucket", "rate": 20, "burst": 5, "retry_after": True},
    None,
]
"""How many requests Panda accepts, each for a few seconds: so few and in such small
bursts, since a cron that is killed soon does not get far."""

SPELLINGS = ("as_sent", "html", "upper", "nfd")
"""How Panda stores names; each seed has the next one."""

RENAMED = " & Söhne"
TRAFFIC = 30
"""Requests before each kill: more than people's buttons make while the cron starts."""
HANDS = 2
"""People who press buttons and edit contacts."""


class People(threading.Thread):
    """Presses the button and edits contacts until told to stop."""

    def __init__(self, world, accounts, seed):
        super().__init__(daemon=True)
        self._client = world.connect()
        self._accounts = accounts
        self._random = random.Random(seed)
        self._stopped = threading.Event()
        self.pressed = self.edited = self.refused = 0
        self.crashes = []

    def run(self):
        while not self._stopped.wait(self._random.uniform(0.05, 0.5)):
            try:
                self._act(self._random.choice(self._accounts))
            except xmlrpc.client.Fault as fault:
                # What is refused with a reason is no crash.
                if "Traceback" in fault.faultString:
                    self.crashes.append(fault.faultString)
                else:
                    self.refused += 1
            except Exception as error:  # noqa: BLE001
                self.crashes.append(repr(error))

    def stop(self):
        self._stopped.set()
        self.join()

    def _act(self, account):
        [row] = self._client.call(
            "panda.account", "read", [account], fields=["partner_id", "system_id"]
        )
        partner, system = row["partner_id"][0], row["system_id"][0]
        if self._random.random() < 0.5:
            self._edit(partner)
            self.edited += 1
        else:
            self._press(partner, system)
            self.pressed += 1

    def _edit(self, partner):
        """Change the phone number, or the name: to another or back again."""
        if self._random.random() < 0.5:
            values = {"phone": f"+32 470 {self._random.randrange(10**6):06}"}
        else:
            [row] = self._client.call("res.partner", "read", [partner], fields=["name"])
            name = row["name"].removesuffix(RENAMED)
            values = {"name": name if name != row["name"] else name + RENAMED}
        self._client.call("res.partner", "write", [partner], values)

    def _press(self, partner, system):
        options = {"partner_id": partner, "system_id": system}
        ids = self._client.call("panda.sync.options", "create", [options])
        self._client.call("panda.sync.options", "action_save_and_synchronize", ids)


class Overload(threading.Thread):
    """Changes Panda's quota every few seconds and lets all requests fail now and then,
    until told to stop."""

    def __init__(self, world, seed):
        super().__init__(daemon=True)
        self._world = world
        self._random = random.Random(seed)
        self._stopped = threading.Event()
        self.quota_changes = 0

    def run(self):
        quotas = itertools.cycle(QUOTAS)
        for act in itertools.cycle((self._change, self._change, self._fail)):
            # It may be just about to be restarted.
            with contextlib.suppress(RuntimeError, requests.RequestException):
                act(quotas)
            if self._stopped.wait(self._random.uniform(1, 4)):
                return

    def stop(self):
        self._stopped.set()
        self.join()

    def _change(self, quotas):
        self._world.set_quota(next(quotas))
        self.quota_changes += 1

    def _fail(self, _quotas):
        self._world.fail_for(self._random.uniform(1, 3))


def kill_again_and_again(world, kills, rng, say):
    """Kill the cron ``kills`` times at random moments, with other mishaps between."""
    for number in range(kills):
        world.start_cron()
        _wait_until_it_works(world)
        time.sleep(rng.uniform(0, 1.5))
        mishap = rng.random()
        if mishap < 0.15:
            world.restart_panda(FAULTS)
        elif mishap < 0.3:
            world.cut_database()
            time.sleep(rng.uniform(0, 0.5))
        world.kill_cron()
        say(f"  killed {number + 1} of {kills}")


def _wait_until_it_works(world, patience=20):
    """Return when :data:`TRAFFIC` requests were sent, or nobody has any to send."""
    query = "requests/count?path=/rest/*"
    before = world.sandbox.control("GET", query)["count"]
    ends_at = time.monotonic() + patience
    while time.monotonic() < ends_at:
        world.wake_cron()
        if world.sandbox.control("GET", query)["count"] >= before + TRAFFIC:
            return
        time.sleep(0.2)
