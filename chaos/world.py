"""Everything that takes part: a sandbox, an Odoo that people use, and its cron."""

import os
import signal
import sys
from contextlib import ExitStack

from tools import addons, databases, odoo_server, processes
from tools.paths import LOGS, ROOT, RUNTIME
from tools.rpc import Odoo, system_values

sys.path.append(str(ROOT / "sandbox"))
from panda_sandbox.process import SandboxProcess

ADDON = "panda_provisioning"
CUSTOMERS_OF_A_RESELLER = 19
CRON_LOG = LOGS / "chaos-cron.log"
TROUBLES = ("faults", "bursts", "quota_refusals")
PACE = {
    "max_connections": 16,
    "request_timeout": 2,
    "search_delay": 4,
    "activation_timeout": 6,
}
"""Short times, so that what takes hours in real life happens in minutes; their order
is that of the real ones: Panda's search lags less than the grace period."""


class World:
    """A context manager; ``cron`` is the process that is killed over and over."""

    def __init__(self, server, name, latency_ms):
        self.server = server
        self._name = name
        self._latency_ms = latency_ms
        self._running = ExitStack()
        self.cron = None
        self._troubles_before = dict.fromkeys(TROUBLES, 0)
        self._spelling = "as_sent"

    def __enter__(self):
        with ExitStack() as running:
            core = addons.core_modules([addons.own_addon(ADDON)])
            self.database = databases.create(self.server, self._name, core)
            running.callback(databases.drop, self.server, self.database)
            odoo_server.install(self.server, self.database, [ADDON])
            file = RUNTIME / f"{self._name}.sqlite"
            file.unlink(missing_ok=True)
            latency = ("--latency", str(self._latency_ms))
            self.sandbox = running.enter_context(SandboxProcess(file, args=latency))
            self.sandbox.control("POST", "reset")
            liar = file.with_name(f"{self._name}-liar.sqlite")
            liar.unlink(missing_ok=True)
            self.liar = running.enter_context(SandboxProcess(liar))
            self.liar.control("POST", "reset")
            options = ("--max-cron-threads=0",)
            self.odoo = running.enter_context(
                odoo_server.OdooServer(self.server, self.database, *options)
            )
            self.client = self.connect()
            self.system = self.client.connect_sandbox(self.sandbox.url, **PACE)
            self.liars_system = self.client.call(
                "panda.system", "create", [{**system_values(self.liar.url), **PACE}]
            )[0]
            running.callback(self.kill_cron)
            self._running = running.pop_all()
        return self

    def __exit__(self, *_error):
        self._running.close()

    def connect(self):
        """Return a client of one's own, for a thread."""
        return Odoo(self.odoo.url, self.database)

    # === PANDA === #

    def misbehave(self, faults):
        """Let Panda do wrong by these rates, see ``/_control/faults``."""
        self.sandbox.control("PUT", "faults", {"rates": faults})

    def spell(self, spelling):
        """Let Panda store names in this way, see ``/_control/switches``."""
        self._spelling = spelling
        self.sandbox.control("PATCH", "switches", {"stored_name": spelling})

    def count_lies(self):
        """Return how many answers of the neighbour's Panda were wrong so far."""
        rules = self.liar.control("GET", "faults")["rules"]
        return sum(rule["struck"] for rule in rules)

    def set_quota(self, quota):
        """Let Panda accept so many requests, see ``/_control/settings``."""
        self.sandbox.control("PATCH", "settings", {"quota": quota})

    def fail_for(self, seconds):
        """Let everything fail for a while, whatever else goes wrong."""
        failure = {"fault": "server_error", "status": 503, "path": "*"}
        self.sandbox.control("POST", "faults", {**failure, "lasts": seconds})

    def count_troubles(self):
        """Return how often Panda has done wrong so far: requests with ``faults``,
        ``bursts`` in which all of them failed, and ``quota_refusals``."""
        rules = self.sandbox.control("GET", "faults")["rules"]
        refusals = self.sandbox.control("GET", "requests/count?fault=quota")["count"]
        counts = {
            "faults": sum(rule["struck"] for rule in rules if "lasts" not in rule),
            "bursts": sum(rule["struck"] > 0 for rule in rules if "lasts" in rule),
            "quota_refusals": refusals,
        }
        return {name: n + self._troubles_before[name] for name, n in counts.items()}

    def restart_panda(self, faults):
        """Kill the sandbox and start it again; it keeps what it has acknowledged."""
        self._troubles_before = self.count_troubles()
        self.sandbox.kill()
        self.sandbox.start()
        self.spell(self._spelling)
        self.misbehave(faults)

    # === CRON === #

    def start_cron(self):
        """Start the Odoo process that runs the crons."""
        command = odoo_server.odoo_command(
            self.server, self.database, "--no-http", "--max-cron-threads=1"
        )
        environment = odoo_server.environment()
        self.cron = processes.start(command, CRON_LOG, env=environment, cwd=ROOT)

    def kill_cron(self):
        """Kill it as a power cut would."""
        if self.cron:
            os.killpg(self.cron.pid, signal.SIGKILL)
            self.cron.wait()
            self.cron = None

    def wake_cron(self):
        """Have the cron look, and probe Panda, at once; in real life that takes up to a
        quarter of an hour after each trouble."""
        self.server.execute(
            """UPDATE panda_system SET next_probe_at = now() AT TIME ZONE 'UTC'
            WHERE id = %s AND next_probe_at IS NOT NULL""",
            self.system,
            database=self.database,
        )
        self.server.execute(
            """INSERT INTO ir_cron_trigger (cron_id, call_at)
            SELECT cron_id, now() AT TIME ZONE 'UTC' FROM panda_system
            WHERE cron_id IS NOT NULL""",
            database=self.database,
        )
        self.server.execute("SELECT pg_notify('cron_trigger', %s)", self.database)

    def cut_database(self):
        """Terminate the connections that the cron has to its database."""
        self.server.execute(
            """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = %s AND application_name = %s""",
            *(self.database, f"odoo-{self.cron.pid}"),
        )

    # === PEOPLE === #

    def make_accounts(self, count):
        """Create resellers with their customers and queue them all."""
        resellers = max(1, count // (CUSTOMERS_OF_A_RESELLER + 1))
        parents = self._create("Reseller", resellers, "reseller")
        customers = self._create("Customer", count - resellers, "user", parents)
        accounts = parents + customers
        self.client.call("panda.account", "action_synchronize", accounts)
        return accounts

    def make_neighbours(self, count):
        """Create customers of the Panda that only lies, and queue them."""
        accounts = self._create("Neighbour", count, "user", system=self.liars_system)
        self.client.call("panda.account", "action_synchronize", accounts)

    def make_newcomers(self, count):
        """Create customers of the Panda that works again, and queue them."""
        accounts = self._create("Newcomer", count, "user")
        self.client.call("panda.account", "action_synchronize", accounts)
        return accounts

    def _create(self, kind, count, role, parents=(), system=None):
        [country] = self.client.call("res.country", "search", [("code", "=", "BE")])
        partners = self.client.call(
            *("res.partner", "create"),
            [
                {
                    "name": f"{kind} Number{i}",
                    "email": f"{kind.lower()}{i}@example.com",
                    "phone": f"+32 470 {i:06}",
                    "country_id": country,
                }
                for i in range(count)
            ],
        )
        values = [
            {
                "partner_id": partner,
                "system_id": system or self.system,
                "role": role,
                "username": f"{kind.lower()}.{i}",
                # Every fifth customer is a direct one.
                "parent_id": parents[i % len(parents)] if parents and i % 5 else False,
            }
            for i, partner in enumerate(partners)
        ]
        return self.client.call("panda.account", "create", values)
