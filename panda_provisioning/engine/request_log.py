"""Writes the requests of a run to the sync log."""

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


class RequestLog:
    """The sync log of one run."""

    def __init__(self, env, system_id):
        self.env = env
        self._system_id = system_id

    def record(self, finished):
        """Log every request of ``finished`` in one statement.

        :param finished: :class:`~.worker_pool.Finished` steps
        """
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
