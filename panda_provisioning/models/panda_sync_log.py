from datetime import timedelta

from odoo import api, fields, models

from ..core.snapshot import Step

KEPT_DAYS = 180
GC_LIMIT = 10_000


class PandaSyncLog(models.Model):
    """What was asked of Panda and what it answered, request by request.

    Written by the engine only, free of secrets, never changed.
    """

    _name = "panda.sync.log"
    _description = "Panda Sync Log"
    _order = "date desc, id desc"
    _rec_name = "step"
    _log_access = False

    account_id = fields.Many2one(
        "panda.account", index="btree_not_null", ondelete="cascade", readonly=True
    )
    system_id = fields.Many2one(
        "panda.system", required=True, index=True, ondelete="cascade", readonly=True
    )
    company_id = fields.Many2one(related="system_id.company_id")
    date = fields.Datetime(required=True, index=True, readonly=True)
    step = fields.Selection(
        [
            (Step.FIND_ACCOUNT.value, "Look for account"),
            (Step.CREATE_ACCOUNT.value, "Create account"),
            (Step.FIND_OPERATOR.value, "Look for operator"),
            (Step.CREATE_OPERATOR.value, "Create operator"),
            (Step.AWAIT_OPERATOR.value, "Await activation"),
            (Step.UPDATE_ACCOUNT.value, "Update account"),
            (Step.UPDATE_OPERATOR.value, "Update operator"),
            (Step.AWAIT_UPDATE.value, "Await update"),
        ],
        readonly=True,
    )
    method = fields.Char(readonly=True)
    path = fields.Char(readonly=True)
    http_status = fields.Integer(string="HTTP Status", readonly=True, aggregator=None)
    duration_ms = fields.Integer(string="Time (ms)", readonly=True, aggregator="avg")
    error_class = fields.Char(readonly=True)
    message = fields.Char(readonly=True)
    correlation_id = fields.Char(string="Correlation ID", readonly=True)
    request_body = fields.Text(string="Sent", readonly=True)
    response_body = fields.Text(string="Received", readonly=True)

    @api.autovacuum
    def _gc_old_entries(self):
        """Delete entries older than the configured number of days."""
        days = self.env["ir.config_parameter"].get_param(
            "panda_provisioning.log_days", KEPT_DAYS
        )
        limit = fields.Datetime.now() - timedelta(days=int(days))
        entries = self.search([("date", "<", limit)], limit=GC_LIMIT)
        entries.unlink()
        return len(entries), len(entries) == GC_LIMIT  # done, and whether more is left
