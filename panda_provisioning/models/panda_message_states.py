import math
from datetime import timedelta

from odoo import fields, models
from odoo.tools import format_datetime

from ..panda_api.policy import MAX_ATTEMPTS
from .panda_message import PARTNER_FIELDS, field_of
from .panda_texts import PROBLEMS


class PandaMessage(models.AbstractModel):
    """What each state means, and what happens next."""

    _inherit = "panda.message"

    def _status(self, account):
        """Return the state of ``account`` with what it waits for."""
        label = dict(account._fields["state"]._description_selection(self.env))
        state = label[account.state]
        if account.state == "waiting":
            return self.env._(
                "Waiting for %(reseller)s (%(reseller_status)s)",
                reseller=account.parent_id.display_name,
                reseller_status=label[account.parent_id.state or "draft"],
            )
        if account.state == "queued" and account.system_id.state == "disabled":
            return self.env._("%s: the system is disabled", state)
        if account.state in ("retry", "unknown") and account.next_attempt_at:
            return self.env._(
                "%(status)s: %(time)s", status=state, time=self._next_try(account)
            )
        return state

    def _next_try(self, account):
        """Return when ``account`` is tried again, for people."""
        system = account.system_id
        times = (account.next_attempt_at, system.next_probe_at, fields.Datetime.now())
        next_at = max(filter(None, times))
        seconds = (next_at - fields.Datetime.now()).total_seconds()
        if seconds <= 60:
            return self.env._("next try within a minute")
        if seconds < 3600:
            return self.env._("next try in %s minutes", math.ceil(seconds / 60))
        return self.env._("next try %s", format_datetime(self.env, next_at))

    def _explain(self, account):
        """Return why ``account``, maybe none, stands as it does and what happens
        next."""
        return " ".join(filter(None, (self._error(account), self._next(account))))

    def _next(self, account):
        """Return what happens next to ``account``, maybe none."""
        return getattr(self, f"_next_after_{account.state or 'draft'}")(account)

    def _next_after_draft(self, _account):
        return self.env._(
            "Nothing was sent to Panda yet. Choose a role and a username in Sync "
            "Options and synchronize."
        )

    def _next_after_waiting(self, account):
        reseller = account.parent_id
        if reseller.state in ("failed", "unknown", "retry"):
            values = {
                "reseller": reseller.display_name,
                "status": self._get_label(reseller),
                "reason": self._error(reseller) or "",
            }
            if reseller.state == "failed":
                return self.env._(
                    "Waits for %(reseller)s – %(status)s: "  # noqa: RUF001
                    "%(reason)s When that is mended, this customer follows by itself.",
                    **values,
                )
            return self.env._(
                "Waits for %(reseller)s – %(status)s: "  # noqa: RUF001
                "%(reason)s Odoo goes on with both by itself.",
                **values,
            )
        return self.env._(
            "Waits for %(reseller)s (%(status)s) and follows by itself.",
            reseller=reseller.display_name,
            status=self._get_label(reseller),
        )

    def _next_after_queued(self, account):
        return self._explain_stop(account.system_id) or self.env._(
            "Odoo sends it to Panda within a minute, by itself."
        )

    def _next_after_running(self, account):
        if account.transaction_id:
            return self.env._(
                "Panda is working on the operator. Odoo looks again and goes on by "
                "itself."
            )
        return self.env._("Odoo is talking to Panda right now.")

    def _next_after_synced(self, account):
        if account._is_left_alone():
            return self.env._(
                "Done elsewhere: %s. Odoo leaves it alone until somebody synchronizes "
                "it again.",
                account.done_elsewhere,
            )
        return self.env._(
            "Panda knows all that Odoo knows. Changes of the contact are sent by "
            "themselves."
        )

    def _next_after_retry(self, account):
        return self.env._(
            "Odoo tries again by itself: %(time)s. %(spent)s of %(all)s tries were in "
            "vain; after the last one it asks you.",
            time=self._next_try(account),
            spent=account.attempt_count,
            all=MAX_ATTEMPTS,
        )

    def _next_after_unknown(self, account):
        """Until when nothing is created again, see ``search_grace``."""
        grace = timedelta(seconds=account.system_id.search_grace)
        ends_at = account.marker_at and account.marker_at + grace
        if ends_at and ends_at > fields.Datetime.now():
            return self.env._(
                "Panda may have done it: Odoo looks there by itself (%(time)s) and "
                "creates nothing again before %(end)s.",
                time=self._next_try(account),
                end=format_datetime(self.env, ends_at),
            )
        return self.env._(
            "Panda may have done it: Odoo looks there by itself (%s) and creates it "
            "again only if it finds nothing.",
            self._next_try(account),
        )

    def _next_after_failed(self, account):
        if self._is_woken_by_edit(account):
            return self.env._("Odoo tries again by itself as soon as it is corrected.")
        return self.env._("When it is mended, retry.")

    def _explain_stop(self, system):
        """Return why nothing is sent to ``system``, or ``False``."""
        if system.state == "disabled":
            return self._fill_in_system(PROBLEMS["system_disabled"], system)
        if not system._is_own_database():
            return self._fill_in_system(PROBLEMS["system_copied"], system)
        return self._health(system)

    def _fill_in_system(self, text, system):
        return str(self.env._(text)) % {"system": system.display_name}

    def _is_woken_by_edit(self, account):
        """Whether a correction in Odoo is enough for another try."""
        at_fault = field_of(account.error_code or "")
        return at_fault in PARTNER_FIELDS or (
            at_fault in account._fields and at_fault != "system_id"
        )

    def _get_label(self, account):
        labels = dict(account._fields["state"]._description_selection(self.env))
        return labels[account.state or "draft"]
