"""Writes the requests of a run to the sync log."""

from odoo import fields
from odoo.tools import SQL

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

    def record(self, finished, ours):
        """Log every request of ``finished`` in one statement.

        :param finished: :class:`~.worker_pool.Finished` steps
        :param ours: ids of the accounts that this transaction has written, which
            nobody else can delete before it ends.
        """
        now = fields.Datetime.now()
        others = {item.claim.id for item in finished} - ours
        existing = ours | self._hold(others)
        rows = [
            self._row(now, item, exchange, existing)
            for item in finished
            for exchange in item.exchanges
        ]
        if rows:
            columns = ", ".join(COLUMNS)
            query = f"INSERT INTO panda_sync_log ({columns}) VALUES %s"  # noqa: S608
            self.env.cr.execute_values(query, rows, page_size=len(rows))

    def _hold(self, account_ids):
        """Return those of ``account_ids`` that still exist, and see that they go on
        doing so until this transaction ends."""
        if not account_ids:
            return set()
        query = SQL(
            "SELECT id FROM panda_account WHERE id = ANY(%s) FOR KEY SHARE",
            list(account_ids),
        )
        return {account_id for (account_id,) in self.env.execute_query(query)}

    def _row(self, now, item, exchange, existing):
        error = exchange.error
        return (
            item.claim.id if item.claim.id in existing else None,
            self._system_id,
            now,
            item.step.value,
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
