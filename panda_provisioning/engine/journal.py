"""Writes down what a run did: the sync log, and what people should be told."""

from odoo import fields

COLUMNS = (
    "account_id",
    "system_id",
    "date",
    "step",
    "method",
    "path",
    "http_status",
    "duration_ms",
    "error_class",
    "message",
    "correlation_id",
    "request_body",
    "response_body",
)


class Journal:
    """The sync log and the news of one run.

    :param attended: somebody looks on and needs no activity to hear of a failure.
    """

    def __init__(self, env, system, attended):
        self.env = env
        self._system_id = system.id
        self._attended = attended

    def record_exchanges(self, finished):
        """Log every request of ``finished`` in one statement."""
        now = fields.Datetime.now()
        rows = [
            self._row(now, item.claim.id, item.step.value, exchange)
            for item in finished
            for exchange in item.exchanges
        ]
        if rows:
            columns = ", ".join(COLUMNS)
            query = f"INSERT INTO panda_sync_log ({columns}) VALUES %s"  # noqa: S608
            self.env.cr.execute_values(query, rows, page_size=len(rows))

    def _row(self, now, account_id, step, exchange):
        error = exchange.error
        return (
            account_id,
            self._system_id,
            now,
            step,
            exchange.method,
            exchange.path,
            exchange.status,
            round(exchange.duration * 1000),
            error.kind.value if error else None,
            (error.detail or error.code) if error else None,
            exchange.correlation_id,
            exchange.sent or None,
            exchange.received or None,
        )

    def announce(self, ids):
        """Tell people how the accounts ``ids`` stand."""
        accounts = self.env["panda.account"].browse(ids)
        if accounts:
            accounts.invalidate_recordset()  # the rows were written past the ORM
            accounts._on_settled(attended=self._attended)
