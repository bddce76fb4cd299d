"""How much of a quota is used, and how fast it goes on when requests fail.

The quota is enforced by the sandbox and not told to the engine. Each run has a fresh
Panda, a fresh database and a new process that has warmed up without quota and faults.
"""

import math
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial

from bench.parts.sides import FIRST, WARM_UP
from bench.program import odoo_program
from tools.console import Failure, step

CONNECTIONS = 32
LATENCY = 50
"""Milliseconds for each answer."""
SEARCH_DELAY = 2
"""Seconds of the system: at the usual 120 a run would mostly wait after a fault."""
PATIENCE = 180
"""Seconds after which a run is cut, so that a bad engine has a figure, too."""
TAIL = 3
"""Seconds before the last request that do not count: there is less and less to send."""

BUCKET = {"kind": "bucket", "rate": 60, "burst": 60}
WINDOW = {"kind": "window", "requests": 600, "seconds": 10}
WHOLE = {"kind": "bucket", "rate": 80, "burst": 80}
HALF = {"kind": "bucket", "rate": 40, "burst": 40}
HALVED_AT, RESTORED_AT = 15, 75
"""Seconds after the begin of a run of the usual size."""
RECOVERED = 0.9
"""Part of the restored quota."""

FAULTS = {
    "5xx": ("server_error", {"status": 503}),
    "lost": ("lost_answer", {}),
    "429": ("throttled", {"retry_after": None}),
}
RATES = {"": 0.05, "_20": 0.2}
"""Suffixes of names, and how many of all requests get the fault."""

PRESSED_AT_ONCE = 50
"""Accounts that the second process synchronises at once, as a button would."""
USUAL_ACCOUNTS = 2_000


def measure(stage, settings, report):
    """Make the measurements, or those that ``PACE`` names."""
    unknown = set(settings.pace) - set(MEASUREMENTS)
    if unknown:
        known = ", ".join(MEASUREMENTS)
        raise Failure(f"PACE names {', '.join(unknown)}; known are {known}.")
    report.add("pace_connections", CONNECTIONS)
    report.add("pace_latency_ms", LATENCY)
    report.add("pace_search_delay_s", SEARCH_DELAY)
    for name, measure_one in MEASUREMENTS.items():
        if not settings.pace or name in settings.pace:
            measure_one(stage, settings.accounts, report)


# === QUOTAS === #


def measure_quota(stage, accounts, report, name, quota):
    """With a quota that stays the same, with and without ``Retry-After``."""
    for suffix, tells in (("", False), ("_retry_after", True)):
        trial = run(stage, accounts, [(0, {**quota, "retry_after": tells})])
        note = f"{_described(quota)}{trial.shortfall}"
        report.add(f"quota_used_{name}{suffix}", _used(stage, trial, quota), note)
        report.add(f"refused_{name}{suffix}", trial.refused_part, note)
        report.add(f"calls_per_account_{name}{suffix}", trial.calls_per_account)


def measure_change(stage, accounts, report):
    """With a quota that halves for a while, with and without ``Retry-After``."""
    scale = accounts / USUAL_ACCOUNTS
    for suffix, tells in (("", False), ("_retry_after", True)):
        whole, half = ({**quota, "retry_after": tells} for quota in (WHOLE, HALF))
        quotas = [(0, whole), (HALVED_AT * scale, half), (RESTORED_AT * scale, whole)]
        trial = run(stage, accounts, quotas)
        note = f"{_described(WHOLE)}, half of it for {quotas[2][0] - quotas[1][0]:g} s"
        note += trial.shortfall
        report.add(f"quota_used_change{suffix}", _used(stage, trial, WHOLE), note)
        report.add(f"refused_change{suffix}", trial.refused_part, note)
        if len(trial.quotas_at) == len(quotas):
            recovery = get_recovery(
                trial.accepted, trial.quotas_at[-1], WHOLE["rate"], trial.ended
            )
            report.add(f"recovery_s{suffix}", recovery, note)
        report.add(f"calls_per_account_change{suffix}", trial.calls_per_account)


def measure_two_processes(stage, accounts, report):
    """With two processes on one system: a cron, and somebody who presses a button."""
    quota = {**BUCKET, "retry_after": False}
    cron = 3 * accounts // 5
    trial = run(stage, cron, [(0, quota)], pressed=accounts - cron)
    note = f"{_described(BUCKET)}{trial.shortfall}"
    report.add("quota_used_two_processes", _used(stage, trial, quota), note)
    report.add("refused_two_processes", trial.refused_part, note)
    report.add("calls_per_account_two_processes", trial.calls_per_account)


def get_recovery(accepted, restored_at, rate, ended):
    """Return the seconds until the restored quota is used.

    :param accepted: times of the accepted requests, the first one first
    :param restored_at: when the quota was restored
    :param rate: requests a second that it allows
    :param ended: when the run has ended; so long it took at least, if it never was
    """
    after = [at for at in accepted if at >= restored_at]
    needed = math.ceil(RECOVERED * rate)
    for first, last in zip(after, after[needed - 1 :], strict=False):
        if last - first <= 1:
            return last - restored_at
    return ended - restored_at


def get_end(trial, quota):
    """Return until when the use of ``quota`` counts, in seconds since the epoch."""
    if quota["kind"] == "window":
        # Of the last one, not all was needed.
        whole = (trial.last_at - trial.begun) // quota["seconds"]
        return trial.begun + max(1, whole) * quota["seconds"]
    return max(trial.last_at - TAIL, trial.begun + 1)


def _used(stage, trial, quota):
    """Accepted requests ÷ allowed ones, while there was work."""
    use = stage.get_quota_use(trial.begun, get_end(trial, quota))
    return len(use["accepted"]) / use["allowed"]


def _described(quota):
    if quota["kind"] == "window":
        return f"{quota['requests']} requests in each {quota['seconds']} s"
    return f"{quota['rate']} requests/s, burst {quota['burst']}"


# === FAULTS === #


def measure_goodput(stage, accounts, report):
    """With faults by chance, beside runs without any before and after them."""

    def go(note, **faults):
        with step(f"{total} accounts, {note}"):
            return run(stage, total, faults=faults)

    # Three times as many, so that it does not all depend on the last search delay.
    total = 3 * accounts
    before = go("no faults")
    trials = []
    for suffix, rate in RATES.items():
        for name, (fault, options) in FAULTS.items():
            note = f"{100 * rate:g} % {name}"
            trial = go(note, **{fault: {"rate": rate, **options}})
            trials.append((name + suffix, note, trial))
    without = (before.rate + go("no faults").rate) / 2
    report.add("rate_without_faults", without)
    report.add("calls_per_account_without_faults", before.calls_per_account)
    for name, note, trial in trials:
        report.add(f"goodput_{name}", trial.rate / without, note + trial.shortfall)
        report.add(f"calls_per_account_{name}", trial.calls_per_account)


# === RUNS === #


@dataclass
class Trial:
    """What came of a run. Times of the clock are in seconds since the epoch.

    ``quotas_at`` are the times at which the quotas of the run came into force,
    ``seconds`` is how long it took until the last account was settled; ``others`` are
    the numbers of those that are not synchronised, by state and error.
    """

    accounts: int
    begun: float
    quotas_at: list = field(default_factory=list)
    seconds: float = PATIENCE
    is_cut: bool = True
    synced: int = 0
    others: dict = field(default_factory=dict)
    accepted: list = field(default_factory=list)
    refused: list = field(default_factory=list)

    @property
    def ended(self):
        """When it was over."""
        return self.begun + self.seconds

    @property
    def last_at(self):
        """Until when there was work: the last request, if it was not cut."""
        return self.ended if self.is_cut else max(self.accepted)

    @property
    def rate(self):
        """Accounts a second."""
        return self.synced / self.seconds

    @property
    def refused_part(self):
        """Requests beyond the quota ÷ all requests."""
        return len(self.refused) / (len(self.refused) + len(self.accepted))

    @property
    def calls_per_account(self):
        """Requests, refused ones too, for each account that was synchronised."""
        return (len(self.refused) + len(self.accepted)) / max(1, self.synced)

    @property
    def shortfall(self):
        """Says how far it came, if it did not finish."""
        if self.synced == self.accounts:
            return ""
        done = f"; {self.synced} of {self.accounts} accounts in {self.seconds:.0f} s"
        return ", ".join([done, *(f"{n} {what}" for what, n in self.others.items())])


def run(stage, accounts, quotas=(), faults=None, pressed=0):
    """Let the cron synchronise ``accounts`` and return a :class:`Trial`.

    :param quotas: ``[(seconds after the begin, quota)]``, the first one at 0
    :param faults: of Panda, by their rates
    :param pressed: so many more accounts are synchronised by a second process
    """
    stage.new_panda(LATENCY)
    with stage.copy(stage.ours()) as database:
        with ExitStack() as running:
            programs = [
                running.enter_context(odoo_program("engine", stage.server, database))
                for _number in range(2 if pressed else 1)
            ]
            _prepare(programs, accounts, pressed)
            stage.misbehave(faults or {})
            trial = Trial(accounts + pressed, time.time())
            if quotas:
                trial.begun = stage.set_quota(quotas[0][1])
                trial.quotas_at.append(trial.begun)
            _work(stage, programs, trial, quotas[1:])
        trial.others = _count_states(stage, database)
        trial.synced = trial.others.pop("synced", 0) - WARM_UP
    use = stage.get_quota_use(trial.begun, time.time())
    trial.accepted, trial.refused = use["accepted"], use["refused"]
    is_finished = trial.synced == trial.accounts
    stage.check_panda(WARM_UP + trial.accounts, is_finished=is_finished)
    return trial


def _prepare(programs, accounts, pressed):
    """Warm up, queue ``accounts`` and leave ``pressed`` ones to be asked for."""
    cron = programs[0]
    cron.call("connect", connections=CONNECTIONS, search_delay=SEARCH_DELAY)
    cron.call("add", first=1, count=WARM_UP)
    cron.call("enqueue")
    cron.call("run")
    cron.call("add", first=FIRST, count=accounts)
    cron.call("enqueue")
    if pressed:
        cron.call("add", first=FIRST + accounts, count=pressed)


def _work(stage, programs, trial, changes):
    """Let all work until they are done or :data:`PATIENCE` is over."""

    def wait(program, until):
        return program.has_returned(trial.begun + until - time.time())

    cron, *others = programs
    rounds = {"idle_rounds": math.inf}
    cron.send("run", **rounds)
    for other in others:
        other.send("press", at_once=PRESSED_AT_ONCE)
    for seconds, quota in changes:
        if not wait(cron, seconds):
            trial.quotas_at.append(stage.set_quota(quota))
    for program in programs:
        if not wait(program, PATIENCE):
            return
        program.get_result()
    if others:
        # What the button has left to the cron after that had found nothing more.
        cron.send("run", **rounds)
        if not wait(cron, PATIENCE):
            return
        cron.get_result()
    trial.seconds = time.time() - trial.begun
    trial.is_cut = False


def _count_states(stage, database):
    query = """
        SELECT concat_ws(' ', state, NULLIF(error_code, '')), count(*)
        FROM panda_account GROUP BY 1 ORDER BY 2 DESC
    """
    return dict(stage.server.execute(query, database=database))


MEASUREMENTS = {
    "bucket": partial(measure_quota, name="bucket", quota=BUCKET),
    "window": partial(measure_quota, name="window", quota=WINDOW),
    "change": measure_change,
    "two_processes": measure_two_processes,
    "goodput": measure_goodput,
}
