import math
from datetime import timedelta

from odoo import fields, models
from odoo.tools import format_datetime

from ..core.connection_check import Finding
from ..core.error_catalogue import is_corrected_by_edit
from ..core.printable import printable
from ..core.retry_policy import MAX_ATTEMPTS
from .panda_error_texts import CONNECTION_TEXTS, TEXTS

SHOWN_CUSTOMERS = 5


class PandaMessage(models.AbstractModel):
    """Every error and state in the words of who has to deal with it."""

    _name = "panda.message"
    _description = "Panda Message"

    # === ERRORS === #

    def _error(self, account):
        """Return why ``account`` is not synchronised and what to do, or ``False``."""
        code = account.error_code
        return self._problem(account, code) if code else False

    def _problem(self, account, code, detail=None):
        """Return the text of ``code`` for ``account``.

        :param str detail: Panda's own words, if not those stored on the account.
        """
        if code == "phone_missing" and self._get_phone(account):
            code = "phone_unreadable"
        # A code of another version of this addon may still be stored.
        return self._fill_in(TEXTS.get(code, TEXTS["rejected"]), account, detail)

    def _finding(self, system, finding):
        """Return what a :class:`Finding` means to the administrator of ``system``."""
        text = CONNECTION_TEXTS.get(finding.code, CONNECTION_TEXTS["unreachable"])
        return self._say(
            text,
            detail=finding.detail,
            root_id=system.root_account_id,
            url=system.base_url,
        )

    def _fill_in(self, text, account, detail=None):
        """Return ``text`` translated, with what is known of ``account``."""
        partner, system, parent = (
            account.partner_id,
            account.system_id,
            account.parent_id,
        )
        # Sudo: its name is on the contact for all to see, as of any many2one.
        reseller = (parent.partner_id or partner.panda_reseller_id).sudo()
        return self._say(
            text,
            contact=partner.display_name,
            detail=detail or account.error_detail or account.error_code,
            email=account.email,
            parent_id=parent.remote_id,
            phone=self._get_phone(account),
            remote_id=account.remote_id,
            reseller=reseller.display_name,
            root_id=system.root_account_id,
            system=system.display_name,
        )

    def _say(self, text, **values):
        """Return ``text`` translated, with ``values`` in it.

        These are the words of Panda and of contacts: on one line, since Odoo writes
        the errors that people see to its log as they are.
        """
        values = {name: printable(value or "") for name, value in values.items()}
        return str(self.env._(text)) % values

    def _get_phone(self, account):
        return account.contact_id.phone or account.partner_id.phone or ""

    # === STATES === #
    # What each state means, and what happens next.

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
        if account._is_handled_elsewhere():
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
        """Until when nothing is created again, see ``search_delay``."""
        grace = timedelta(seconds=account.system_id.search_delay)
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
        if is_corrected_by_edit(account.error_code):
            return self.env._("Odoo tries again by itself as soon as it is corrected.")
        return self.env._("When it is mended, retry.")

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

    def _get_label(self, account):
        labels = dict(account._fields["state"]._description_selection(self.env))
        return labels[account.state or "draft"]

    # === NOTIFICATIONS === #

    def _notification(self, account):
        """Return what the followers of the contact should hear, as plain text."""
        system = account.system_id.display_name
        if account.state == "failed":
            return self.env._(
                "Not synchronized with %(system)s: %(reason)s",
                system=system,
                reason=" ".join(
                    filter(None, (account.error_message, self._customers(account)))
                ),
            )
        is_new = not account._was_notified_ready()
        if account.adopted and is_new:
            return self.env._(
                "Linked to %(id)s, which was in %(system)s already. Its operator "
                "%(username)s has the e-mail address %(email)s.",
                id=account.remote_id,
                system=system,
                username=account.username,
                email=account.activation_email,
            )
        if account._has_another_login_email():
            return self._login_email(account)
        if not is_new:
            return self.env._("Synchronized with %s again.", system)
        return self.env._(
            "Created in %(system)s as %(id)s. The activation e-mail went to %(email)s.",
            system=system,
            id=account.remote_id,
            email=account.activation_email,
        )

    def _customers(self, account):
        """Return who waits for ``account``, a reseller that has failed."""
        waiting = account.child_ids.filtered(lambda child: child.state == "waiting")
        if not waiting:
            return ""
        names = ", ".join(waiting[:SHOWN_CUSTOMERS].mapped("display_name"))
        return self.env._(
            "Customers who wait for it (%(count)s): %(names)s.",
            count=len(waiting),
            names=f"{names}, …" if len(waiting) > SHOWN_CUSTOMERS else names,
        )

    def _login_email(self, account):
        """Return with which e-mail address the operator was made, not today's."""
        if (account.sent_email or "").lower() != (account.email or "").lower():
            return self.env._(
                "The operator %(username)s in Panda has the e-mail address %(old)s, "
                "not %(new)s: Panda does not let anybody change that.",
                new=account.email,
                username=account.username,
                old=account.activation_email,
            )
        return self.env._(
            "The account in Panda has the new e-mail address %(new)s. Its operator "
            "%(username)s keeps %(old)s: Panda does not let anybody change that.",
            new=account.email,
            username=account.username,
            old=account.activation_email,
        )

    # === SYSTEMS === #

    def _explain_stop(self, system):
        """Return why nothing is sent to ``system``, or ``False``."""
        code = system._get_problem_code()
        return self._system_problem(system, code) if code else self._health(system)

    def _system_problem(self, system, code):
        """Return the text of ``code``, which keeps ``system`` from being called."""
        return self._say(TEXTS[code], system=system.display_name)

    def _health(self, system):
        """Return why ``system`` does not work and when it is tried again."""
        if system.health not in ("throttled", "quarantined"):
            return False
        since = format_datetime(self.env, system.health_since)
        next_at = format_datetime(self.env, system.next_probe_at)
        if system.health_code == "daily_limit":
            return self.env._(
                "Paused since %(since)s: the requests that Odoo may send in a day are "
                "used up. Odoo goes on by itself at %(next)s.",
                since=since,
                next=next_at,
            )
        if system.health == "throttled":
            return self.env._(
                "Paused since %(since)s: Panda asked for it. Next try: %(next)s.",
                since=since,
                next=next_at,
            )
        return self.env._(
            "Interrupted since %(since)s. %(reason)s Odoo goes on by itself as soon as "
            "Panda answers. Next try: %(next)s.",
            since=since,
            reason=self._finding(system, Finding(system.health_code)),
            next=next_at,
        )
