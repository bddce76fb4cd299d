import json
import math
import time
from collections import Counter
from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, format_datetime, formatLang, str2bool

from ..core.states import PENDING
from ..panda_api.limiter import Result
from .panda_account import MOST_URGENT_FIRST, SETTLED
from .panda_system import LIMITS, MANAGER

DAYS = 30
MINUTES = 60
REFUSED_WITHIN, USED_WITHIN = 180, 15
"""Seconds without a refusal, and without anybody who wants to send, after which a
system no longer counts as slowed down."""
RECOVERED = 2
"""How much faster than after its last refusals it may send when it has recovered."""
MOST_REQUESTS = LIMITS["requests_per_second"][1]
"""A learnt pace above is none: nobody sends so much."""
FIRST_STEPS_DISMISSED = "panda_provisioning.first_steps_dismissed"


class PandaSystem(models.Model):
    """What the Overview shows of a system, and what it hears while it is shown."""

    _name = "panda.system"
    _inherit = ["panda.system", "bus.listener.mixin"]

    # === FIELDS === #

    batch_done = fields.Integer(
        readonly=True,
        copy=False,
        help="Accounts worked on since there was nothing left to do, by the runs that "
        "have ended.",
    )
    overview = fields.Json(compute="_compute_overview")
    overview_graph = fields.Text(compute="_compute_overview")
    pace_graph = fields.Text(compute="_compute_pace")
    learnt_pace = fields.Char(
        compute="_compute_pace",
        groups=MANAGER,
        help="How many requests Panda accepts, as far as its refusals have shown. It "
        "grows again while nothing is refused.",
    )

    # === COMPUTE METHODS === #

    @api.depends_context("lang", "tz")
    def _compute_overview(self):
        rows = self._count_accounts()
        paces = self.env["panda.system.pace"]._get(self)
        for system in self:
            own = [row[1:] for row in rows if row[0] == system.id]
            overview = system._get_overview(own)
            overview["pace"] = system._get_pace_facts(*paces[system.id])
            system.overview = overview
            system.overview_graph = json.dumps(system._get_graph(own))

    @api.depends_context("lang")
    def _compute_pace(self):
        paces = self.env["panda.system.pace"]._get(self)
        now = time.time()
        for system in self:
            pace, _quota = paces[system.id]
            system.pace_graph = system._get_pace_graph(pace, now)
            system.learnt_pace = system._get_learnt_pace(pace, now)

    def _count_accounts(self):
        """Return rows of system, state, day on which it began, number of accounts and
        their next try: one query, however many systems."""
        self.env["panda.account"].flush_model()
        return self.env.execute_query(
            SQL(
                """
                SELECT system_id, state,
                    (CASE state WHEN 'synced' THEN last_sync_at
                        WHEN 'failed' THEN failed_at END
                    AT TIME ZONE 'UTC' AT TIME ZONE %s)::date AS day,
                    count(*),
                    min(next_attempt_at) FILTER (WHERE state IN ('retry', 'unknown'))
                FROM panda_account WHERE system_id = ANY(%s) GROUP BY 1, 2, 3
                """,
                str(self.env.tz),
                self.ids,
            )
        )

    def _get_overview(self, rows):
        labels = self._get_state_labels()
        counts = Counter()
        for state, _day, count, _next_try in rows:
            counts[state] += count
        next_try = min((row[3] for row in rows if row[3]), default=False)
        if self.next_probe_at:
            next_try = False  # the health says when
        return {
            "states": [
                {"state": state, "label": labels[state], "count": counts[state]}
                for state in MOST_URGENT_FIRST
            ],
            "next_try": next_try and format_datetime(self.env, next_try),
            "done": self.batch_done,
            "left": sum(counts[state] for state in PENDING),
        }

    def _get_graph(self, rows):
        """Return how many accounts were synchronised on each of the last days, and how
        many have failed, as ``dashboard_graph`` wants it."""
        counts = {(state, day): count for state, day, count, _next_try in rows}
        today = fields.Date.context_today(self)
        days = [today - timedelta(days=ago) for ago in reversed(range(DAYS))]
        labels = self._get_state_labels()
        bars = {
            labels[state]: [counts.get((state, day), 0) for day in days]
            for state in SETTLED
        }
        return _get_bars(bars, map(fields.Date.to_string, days))

    def _get_pace_facts(self, pace, quota):
        """Return what the Overview says of the pace of this system: ``{"slowed": False
        or {"rate", "most", "refused"}, "today": False or {"sent", "most"}}``.

        The rates are in requests per second, ``most`` is 0 where people have set no
        limit; ``refused`` are the requests of the last minute.
        """
        now = time.time()
        most = self.requests_per_second
        quota.note(0, now)  # what was sent yesterday is not of today
        return {
            "slowed": _is_slowed_down(pace, now, most)
            and {
                "rate": pace.rate(now, most),
                "most": most,
                "refused": pace.refused_lately(now),
            },
            "today": self.requests_per_day > 0
            and {"sent": quota.sent, "most": self.requests_per_day},
        }

    def _get_learnt_pace(self, pace, now):
        """Return what ``pace`` would give to the next sender, for people."""
        pace.wall_since = None  # while nothing works, no rate is learnt
        interval = pace.take(0, now).interval
        if interval * MOST_REQUESTS <= 1:
            return self.env._("No limit met")
        rate = formatLang(self.env, 1 / interval, digits=1 if interval > 0.1 else 0)
        return self.env._("%s requests/s", rate)

    def _get_pace_graph(self, pace, now):
        """Return what came of the requests in each minute of the last hour, as
        ``dashboard_graph`` wants it, ``False`` when there were none."""
        series = {result: pace.minutes[result.value].series(now) for result in Result}
        if not any(map(sum, series.values())):
            return False
        labels = {
            Result.ACCEPTED: self.env._("Accepted"),
            Result.REFUSED: self.env._("Refused"),
            Result.FAILED: self.env._("Failed"),
        }
        bars = {labels[result]: counts for result, counts in series.items()}
        minutes = [60 * int(now // 60 - ago) for ago in reversed(range(MINUTES))]
        return json.dumps(_get_bars(bars, minutes))

    def _get_state_labels(self):
        state = self.env["panda.account"]._fields["state"]
        return dict(state._description_selection(self.env))

    # === ACTION METHODS === #

    def action_open_accounts(self, state=None):
        """Open the accounts of this system, all or those in ``state``."""
        self.ensure_one()
        self.check_access("read")
        domain = Domain("system_id", "=", self.id)
        if state:
            domain &= Domain("state", "=", state)
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "panda_provisioning.panda_account_action"
        )
        return {
            **action,
            "name": self.env._("Accounts of %s", self.display_name),
            "domain": list(domain),
            "context": {"default_system_id": self.id},
        }

    # === BUSINESS METHODS === #

    def _notify_progress(self, progress):
        """Let those who look at the Overview see how far a run is, and its pace."""
        for system in self:
            [found] = self.env["panda.system.pace"]._get(system).values()
            pace = system._get_pace_facts(*found)
            system._notify_overview({**progress, "pace": pace})

    def _notify_overview(self, progress=None):
        """Let those who look at the Overview see ``progress``, or look again."""
        for system in self:
            system._bus_send(
                "panda_provisioning.overview",
                {"system_id": system.id, "progress": progress},
            )

    # === BUSINESS METHODS - FIRST STEPS === #
    # What to do in an app in which nothing has been done yet, one after the other.

    def get_first_steps(self):
        """Return what the guide on the Overview shows, nothing when all is done."""
        self.check_access("read")
        steps = self._get_first_steps()
        # Sudo: parameters are closed to everybody else.
        parameters = self.env["ir.config_parameter"].sudo()
        is_dismissed = str2bool(
            parameters.get_param(FIRST_STEPS_DISMISSED), default=False
        )
        # Without a system there is nothing else to show.
        may_hide = bool(self.search_count([], limit=1))
        if all(step["is_done"] for step in steps) or (may_hide and is_dismissed):
            return {"steps": []}
        may_dismiss = may_hide and self.has_access("write")
        return {"steps": steps, "may_dismiss": may_dismiss}

    def dismiss_first_steps(self):
        """Do not show the guide any more, to nobody."""
        self.check_access("write")
        # Sudo: parameters are closed to everybody else.
        self.env["ir.config_parameter"].sudo().set_param(FIRST_STEPS_DISMISSED, True)
        return True  # XML-RPC knows no None

    def _get_first_steps(self):
        """Return the steps: title, text, whether done, and buttons. A button is a label
        and an action, by name or in full."""
        return [
            self._get_step_connect(),
            self._get_step_bring_in(),
            self._get_step_synchronize(),
            self._get_step_orders(),
        ]

    def _get_step_connect(self):
        # An interruption does not undo it.
        has_answered = Domain("health", "in", ("healthy", "throttled"))
        has_answered |= Domain("account_ids.remote_id", "!=", False)
        connected = Domain("state", "!=", "disabled") & has_answered
        step = {
            "title": self.env._("Connect to Panda"),
            "text": self.env._(
                "Enter the five values that WatchGuard Cloud shows, press Test "
                "Connection and switch the system on."
            ),
            "is_done": bool(self.search_count(connected, limit=1)),
            "buttons": [],
        }
        if not self.has_access("create"):
            step["text"] = self.env._("A Panda administrator connects Odoo to Panda.")
            return step
        begun = self.search([], limit=1)
        step["buttons"] = [
            {
                "label": self.env._("Connect"),
                "action": {
                    "type": "ir.actions.act_window",
                    "res_model": self._name,
                    "res_id": begun.id,
                    "views": [(False, "form")],
                },
            },
            {
                "label": self.env._("Try it with the sandbox"),
                "action": "panda_provisioning.panda_sandbox_connect_action",
            },
        ]
        return step

    def _get_step_bring_in(self):
        accounts = self.env["panda.account"]
        step = {
            "title": self.env._("Bring in what there is"),
            "text": self.env._(
                "Import roles, resellers and usernames, or choose them on the "
                "contacts. What is in Panda already is linked, not created again."
            ),
            "is_done": bool(accounts.search_count([], limit=1)),
            "buttons": [],
        }
        if "base_import.import" in self.env and accounts.has_access("create"):
            step["buttons"] = [
                {
                    "label": self.env._("Import"),
                    "action": {
                        "type": "ir.actions.client",
                        "tag": "import",
                        "name": self.env._("Import Panda Accounts"),
                        "params": {"active_model": accounts._name},
                    },
                }
            ]
        return step

    def _get_step_synchronize(self):
        synced = [("state", "=", "synced")]
        return {
            "title": self.env._("Synchronize one contact"),
            "text": self.env._(
                "Open a contact, press the link beside Provisioning Sync Status, fill "
                "in Sync Options and press Save & Synchronize."
            ),
            "is_done": bool(self.env["panda.account"].search_count(synced, limit=1)),
            "buttons": [
                {
                    "label": self.env._("Contacts"),
                    "action": "contacts.action_contacts",
                }
            ],
        }

    def _get_step_orders(self):
        """Panda Provisioning: Sales says what to do once it is installed."""
        step = {
            "title": self.env._("Switch on orders"),
            "text": self.env._(
                "With Panda Provisioning: Sales, confirming an order puts the reseller "
                "and the customer into Panda."
            ),
            "is_done": False,
            "buttons": [],
        }
        if self.env.user.has_group("base.group_system"):
            step["buttons"] = [
                {
                    "label": self.env._("Install"),
                    "action": "base.open_module_tree",
                    "context": {
                        "search_default_name": "panda_provisioning_sale",
                    },
                }
            ]
        return step


def _is_slowed_down(pace, now, most):
    """Whether what was learnt holds requests back at present.

    :param most: requests per second that people have set, 0 for none.
    """
    refused = pace.minutes[Result.REFUSED.value].total(REFUSED_WITHIN, now)
    is_used = now < max(pace.wanted_at, pace.turn_at) + USED_WITHIN
    full = min(most or math.inf, RECOVERED * (pace.learnt or math.inf))
    return refused > 0 and is_used and pace.rate(now) < full


def _get_bars(bars, labels):
    """Return ``bars``, numbers by what they count, as ``dashboard_graph`` wants
    them."""
    labels = list(labels)
    return [
        {
            "key": key,
            "values": [
                {"label": label, "value": value}
                for label, value in zip(labels, values, strict=True)
            ],
        }
        for key, values in bars.items()
    ]
