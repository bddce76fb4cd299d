from datetime import timedelta

from markupsafe import escape

from odoo import api, fields, models

from ..panda_api.policy import probe_wait


class PandaSystem(models.Model):
    """Whether a system answers, and what happens while it does not.

    While it is in quarantine no account is tried and none loses an attempt; the
    cron probes at growing intervals.
    """

    _inherit = "panda.system"  # pylint: disable=consider-merging-classes-inherited

    health = fields.Selection(
        [
            ("unknown", "Not Checked"),
            ("healthy", "Healthy"),
            ("throttled", "Slowed Down"),
            ("quarantined", "Interrupted"),
        ],
        default="unknown",
        required=True,
        readonly=True,
        copy=False,
    )
    health_code = fields.Char(readonly=True, copy=False)
    health_since = fields.Datetime(readonly=True, copy=False)
    health_message = fields.Char(compute="_compute_health_message")
    next_probe_at = fields.Datetime(readonly=True, copy=False)
    probe_count = fields.Integer(readonly=True, copy=False)

    @api.depends("health", "health_code", "health_since", "next_probe_at")
    @api.depends_context("lang", "tz")
    def _compute_health_message(self):
        for system in self:
            system.health_message = self.env["panda.message"]._health(system)

    def _is_paused(self):
        """Whether nothing may be sent before :attr:`next_probe_at`.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        return bool(self.next_probe_at) and self.next_probe_at > fields.Datetime.now()

    def _pause(self, error):
        """Send nothing for as long as Panda asks; ``error`` is a throttling."""
        self._set_health("throttled", error.code)
        self.probe_count += 1
        wait = probe_wait(error, self.probe_count)
        self.next_probe_at = fields.Datetime.now() + timedelta(seconds=wait)
        self._tell_overview()

    def _quarantine(self, finding):
        """Stop sending until a probe finds the system in order; ``finding`` says
        what was wrong. The responsible person hears of it once."""
        is_news = self.health != "quarantined" or self.health_code != finding.code
        self._set_health("quarantined", finding.code)
        self.probe_count = 1 if is_news else self.probe_count + 1
        wait = probe_wait(finding, self.probe_count)
        self.next_probe_at = fields.Datetime.now() + timedelta(seconds=wait)
        self._tell_overview()
        if is_news:
            self._tell_of_interruption(finding)

    def _release_from_quarantine(self):
        """Note that the system answers as it should."""
        for system in self:
            if system.health == "healthy":
                continue
            was_interrupted = system.health == "quarantined"
            system._set_health("healthy", False)
            system.write({"next_probe_at": False, "probe_count": 0})
            system._tell_overview()
            if was_interrupted:
                system._tell_of_recovery()
                self.env["panda.service"]._trigger()

    def _set_health(self, health, code):
        if (self.health, self.health_code) != (health, code):
            self.write(
                {
                    "health": health,
                    "health_code": code,
                    "health_since": fields.Datetime.now(),
                }
            )

    def _tell_of_interruption(self, finding):
        user = self.env["panda.service"]._get_person(self.responsible_user_id)
        system = self.with_context(lang=user.lang)
        message = system._finding_message(finding)
        activity = "panda_provisioning.mail_activity_type_panda"
        summary = system.env._("Panda is interrupted")
        self.activity_unlink([activity])
        note = escape(message)
        self.activity_schedule(activity, summary=summary, note=note, user_id=user.id)
        self.message_post(body=message, partner_ids=user.partner_id.ids)

    def _tell_of_recovery(self):
        system = self.with_context(lang=self.responsible_user_id.lang)
        self.activity_unlink(["panda_provisioning.mail_activity_type_panda"])
        self.message_post(
            body=system.env._("Panda answers again. What was waiting is being sent.")
        )
