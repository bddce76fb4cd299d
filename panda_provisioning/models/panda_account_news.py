from markupsafe import escape

from odoo import models

ACTIVITY = "panda_provisioning.mail_activity_type_panda"
AGAIN = "again:"
"""Marks the failure of an account that was in Panda already."""


class PandaAccount(models.Model):
    """What people hear of an account: one note for each change that matters."""

    _inherit = "panda.account"  # pylint: disable=consider-merging-classes-inherited

    def _on_settled(self, *, attended):
        self._notify(attended=attended)

    def _notify(self, *, attended):
        """Tell the followers of the contacts what has become of these accounts.

        :param attended: whether somebody is looking on, who needs no activity.
        """
        news = self.filtered(lambda a: a.announced != a._get_announcement())
        self.env["res.partner"].browse(news.partner_id.ids)._message_log_batch(
            bodies={account.partner_id.id: account._get_news() for account in news}
        )
        failed = news.filtered(lambda a: a.state == "failed")
        (news - failed).filtered("announced")._unschedule_activity()
        if not attended:
            failed._schedule_activity()
        told = news.grouped(lambda account: account._get_announcement())
        for announcement, accounts in told.items():
            accounts.announced = announcement

    def _get_announcement(self):
        """Return what people are told, as a code."""
        if self.state == "failed":
            return f"{AGAIN if self._was_told_ready() else ''}{self.error_code}"
        if self._has_another_login_email():
            return f"email:{self.email}"
        return "synced"

    def _was_told_ready(self):
        """Whether people were told before that this account is in Panda."""
        return (self.announced or "").startswith(("synced", "email:", AGAIN))

    def _has_another_login_email(self):
        """Whether the operator was made with another e-mail address than today's."""
        return bool(self.activation_email) and self.activation_email != self.email

    def _get_news(self):
        lang = self.system_id.responsible_user_id.lang
        return self.env["panda.message"].with_context(lang=lang)._news(self)

    def _unschedule_activity(self):
        """Ask nobody any more, unless another system still needs somebody."""
        partners = self.partner_id
        failing = partners.panda_account_ids.filtered(lambda a: a.state == "failed")
        (partners - failing.partner_id).activity_unlink([ACTIVITY])

    def _schedule_activity(self):
        self.partner_id.activity_unlink([ACTIVITY])
        for account in self:
            responsible = account.system_id.responsible_user_id
            user = self.env["panda.service"]._get_person(responsible)
            account.partner_id.activity_schedule(
                ACTIVITY,
                note=escape(account._get_news()),
                user_id=user.id,
            )
