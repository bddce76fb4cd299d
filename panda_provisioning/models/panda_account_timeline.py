from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import format_datetime, formatLang

from ..core.error_catalogue import CATALOGUE, Remedy, is_found_in_odoo
from ..core.snapshot import Step

SHOWN_REQUESTS = 60
"""The latest ones; the sync log has them all."""

SHOWN_OF_REQUEST = (
    "step",
    "date",
    "method",
    "path",
    "http_status",
    "duration_ms",
    "error_class",
    "message",
    "request_body",
    "response_body",
)

STAGES = ("data", "reseller", "find", "account", "operator", "activation", "changes")

STAGE_OF_STEP = {
    Step.FIND_ACCOUNT.value: "find",
    Step.CREATE_ACCOUNT.value: "account",
    Step.FIND_OPERATOR.value: "operator",
    Step.CREATE_OPERATOR.value: "operator",
    Step.AWAIT_OPERATOR.value: "operator",
    Step.UPDATE_ACCOUNT.value: "changes",
    Step.UPDATE_OPERATOR.value: "changes",
    Step.AWAIT_UPDATE.value: "changes",
}

STATUS_OF_STATE = {
    "draft": "todo",
    "waiting": "waiting",
    "queued": "waiting",
    "running": "running",
    "retry": "waiting",
    "unknown": "waiting",
    "failed": "failed",
}
"""How far the stage is that an account is at."""

OPERATORS_PAGE = (
    "https://www.watchguard.com/help/docs/help-center/en-US/Content/en-US/WG-Cloud/"
    "sp_add-operator-to-mngd.html"
)


class PandaAccount(models.Model):
    """What was done for an account, step by step, as people follow it."""

    _inherit = "panda.account"

    # === FIELDS === #

    timeline = fields.Json(compute="_compute_timeline", exportable=False)

    # === COMPUTE METHODS === #

    @api.depends(
        "state", "step", "error_code", "next_attempt_at", "done_elsewhere",
        "parent_id.state",
    )  # fmt: skip
    @api.depends_context("uid", "lang", "tz")
    def _compute_timeline(self):
        for account in self:
            account.timeline = account._get_timeline()

    # === BUSINESS METHODS === #

    def _get_timeline(self):
        """Return ``[{"name", "label", "status", "status_label", "text", "reason",
        "detail", "buttons", "time", "duration", "requests"}]``, one for each stage.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        if self._is_handled_elsewhere():
            return [self._get_stage("elsewhere", "done")]
        entries = self._get_latest_entries()
        is_cut = len(entries) == SHOWN_REQUESTS
        by_stage = entries.grouped(lambda entry: STAGE_OF_STEP[entry.step])
        current = self._get_current_stage(entries[:1])
        statuses = self._get_stage_statuses(current)
        return [
            self._get_stage(name, statuses[name], by_stage.get(name), is_cut=is_cut)
            for name in STAGES
            if name != "changes" or name in by_stage or name == current
        ]

    def _get_stage_statuses(self, current):
        """Return ``{stage: status}`` for an account that is at ``current``."""
        at = STAGES.index(current)
        reached = set(STAGES[:at])
        if self.remote_id:
            reached |= {"reseller", "find", "account"}
        if self.operator_ready:
            reached |= {"operator", "activation"}
        if self.state == "synced":
            reached = set(STAGES)
        else:
            reached.discard(current)
        return {
            **{name: "done" if name in reached else "todo" for name in STAGES},
            **({} if current in reached else {current: STATUS_OF_STATE[self.state]}),
        }

    def _get_latest_entries(self):
        return self.env["panda.sync.log"].search_fetch(
            Domain("account_id", "=", self.id) & Domain("step", "!=", False),
            SHOWN_OF_REQUEST,
            limit=SHOWN_REQUESTS,
        )

    def _get_current_stage(self, latest):
        """Return the name of the stage that this account is at.

        :param latest: the latest entry of the log, if there is any.
        """
        if self.state == "waiting" or Remedy.RESELLER in self._get_error_remedies():
            return "reseller"
        if self.state == "draft" or is_found_in_odoo(self.error_code):
            return "data"
        if self.state == "synced":
            return "activation"
        # After a refusal the next step is to look; what was refused is of interest.
        step = latest.step if latest.error_class else self.step
        return STAGE_OF_STEP.get(step, "changes")

    def _get_stage(self, name, status, entries=None, *, is_cut=False):
        entries = entries or self.env["panda.sync.log"]
        stage = {
            "name": name,
            "label": self._get_stage_labels()[name],
            "status": status,
            "status_label": self._get_status_label(status, entries),
            "text": self._describe_stage(name) if status == "done" else "",
            "time": self._get_stage_time(name, status, entries),
            "duration": self._format_duration(sum(e.duration_ms for e in entries)),
            "requests": [self._describe_request(entry) for entry in reversed(entries)],
            "requests_label": self._get_requests_label(entries, is_cut=is_cut),
        }
        if name == "activation" and status == "done":
            return stage | self._get_activation_help()
        if status not in ("done", "todo") or (name, self.state) == ("data", "draft"):
            stage |= {
                "text": self.env["panda.message"]._next(self),
                "reasons": self._get_reasons(name),
                "detail": self._get_detail(),
                "buttons": self._get_remedies(),
            }
        return stage

    def _get_stage_time(self, name, status, entries):
        known = {"activation": self.activation_sent_at, "elsewhere": self.last_sync_at}
        moment = self.failed_at if status == "failed" else known.get(name)
        moment = moment or entries[:1].date
        return format_datetime(self.env, moment) if moment else ""

    def _get_activation_help(self):
        """Return what somebody can do for whom the e-mail did not reach."""
        return {
            "buttons": [
                {
                    "name": "action_check_operator",
                    "string": self.env._("Check Operator"),
                }
            ],
            "help": self.env._(
                "Did it not arrive? Panda has no call to send it again. In WatchGuard "
                "Cloud select the account in Account Manager, then Administration > "
                "Operators and Roles: whoever is added there as an operator is sent an "
                "e-mail with a link to set a password."
            ),
            "link": OPERATORS_PAGE,
            "link_label": self.env._("The page in WatchGuard's help"),
        }

    def _get_reasons(self, name):
        """Return all that keeps this account at the stage ``name``."""
        if name != "data":
            return list(filter(None, [self.error_message]))
        messages = self.env["panda.message"]
        codes = [problem.code for problem in self._get_problems(reseller_first=True)]
        texts = [messages._problem(self, code) for code in codes]
        return texts or list(filter(None, [self.error_message]))

    def _get_detail(self):
        """Return the vendor's own words, unless the reason quotes them already."""
        words = self.error_detail or ""
        is_quoted = words in (self.error_message or "")
        entry = CATALOGUE.get(self.error_code or "")
        is_panda_s = entry and entry.answered
        return words if is_panda_s and not is_quoted else ""

    # === BUSINESS METHODS - TEXTS === #

    def _get_stage_labels(self):
        return {
            "data": self.env._("Data complete"),
            "reseller": self.env._("Reseller ready"),
            "find": self.env._("Exists in Panda?"),
            "account": self.env._("Account"),
            "operator": self.env._("Operator"),
            "activation": self.env._("Activation"),
            "changes": self.env._("Changes"),
            "elsewhere": self.env._("Done elsewhere"),
        }

    def _get_status_label(self, status, entries):
        """Return the word for ``status`` of a stage with these ``entries``."""
        if status == "todo" and entries:
            return self.env._("Tried")  # and Panda is looked at before the next try
        labels = {
            "done": self.env._("Done"),
            "running": self.env._("Under way"),
            "waiting": self.env._("Waiting"),
            "failed": self.env._("Failed"),
            "todo": self.env._("To come"),
        }
        return labels[status]

    def _get_requests_label(self, entries, *, is_cut):
        if is_cut:
            return self.env._(
                "What was sent and answered lately (%s); Sync Log has the rest",
                len(entries),
            )
        return self.env._("What was sent and answered (%s)", len(entries))

    def _describe_stage(self, name):
        """Return what came of the stage ``name``, which is done."""
        return getattr(self, f"_describe_{name}")()

    def _describe_data(self):
        return self.env._("Everything that Panda asks for is there.")

    def _describe_reseller(self):
        if not self.parent_id:
            return self.env._("None needed: it is directly below your own account.")
        return self.env._(
            "%(reseller)s is in Panda as %(id)s.",
            reseller=self.parent_id.display_name,
            id=self.parent_id.remote_id,
        )

    def _describe_find(self):
        if self.adopted or self.done_elsewhere:
            return self.env._("Yes, as %s.", self.remote_id)
        return self.env._("No, so it was created.")

    def _describe_account(self):
        if self.done_elsewhere:
            return self.env._("Done elsewhere: %s", self.done_elsewhere)
        if self.adopted:
            return self.env._("Linked to %s.", self.remote_id)
        return self.env._("Created as %s.", self.remote_id)

    def _describe_operator(self):
        return self.env._("%s may sign in.", self.username)

    def _describe_activation(self):
        if self.activation_sent_at:
            return self.env._(
                "Panda has sent the activation e-mail to %s.", self.activation_email
            )
        if self.done_elsewhere:
            return self.env._("Seen to in WatchGuard Cloud.")
        return self.env._(
            "The operator was in Panda already, with the address %s, so no activation "
            "e-mail was sent.",
            self.activation_email,
        )

    def _describe_changes(self):
        return self.env._("Panda has the latest changes of the contact.")

    def _describe_elsewhere(self):
        return self.env["panda.message"]._next(self)

    def _describe_request(self, entry):
        labels = dict(entry._fields["step"]._description_selection(self.env))
        return {
            "id": entry.id,
            "label": labels[entry.step],
            "time": format_datetime(self.env, entry.date),
            "request": f"{entry.method} {entry.path}",
            "status": entry.http_status or self.env._("no answer"),
            "failed": bool(entry.error_class),
            "duration": self._format_duration(entry.duration_ms),
            "sent": entry.request_body or "",
            "received": entry.response_body or entry.message or "",
        }

    def _format_duration(self, milliseconds):
        """Return a time as people read it, nothing for none."""
        if not milliseconds:
            return ""
        if milliseconds < 1000:
            return self.env._("%s ms", milliseconds)
        return self.env._("%s s", formatLang(self.env, milliseconds / 1000, digits=1))
