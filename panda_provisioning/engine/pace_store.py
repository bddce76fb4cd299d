"""Where the pace of a system is kept, so that all its senders share it."""

import json

import psycopg2

from odoo.sql_db import db_connect

from ..core.printable import get_logger

_logger = get_logger(__name__)

LOCK_TIMEOUT, STATEMENT_TIMEOUT = "1s", "2s"
"""No sender waits longer for another one that has the row, or for the database."""


class PaceStore:
    """The row of ``panda_system_pace`` of one system.

    Read and written on a connection of its own, in transactions of milliseconds, by
    whichever thread needs a turn. So it neither waits for the transaction of a run nor
    conflicts with it.
    """

    def __init__(self, database, system_id):
        self._database = database
        self._system_id = system_id

    def update(self, change):
        """Let ``change(values, now)`` return new values, and write them.

        :param change: gets the values and the time of the database, in seconds since
            the epoch, which all senders share.
        :return: that time, or ``None`` if the database did not answer in time.
        :raise LookupError: if there is no such system, or it is not committed yet.
        """
        try:
            with db_connect(self._database).cursor() as cr:
                # Whoever waits for the row sees what the one before has written.
                cr.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
                cr.execute(
                    "SELECT set_config('lock_timeout', %s, TRUE),"
                    " set_config('statement_timeout', %s, TRUE)",
                    [LOCK_TIMEOUT, STATEMENT_TIMEOUT],
                )
                row = self._lock(cr) or self._insert(cr)
                if not row:
                    raise LookupError
                cr.execute("SELECT EXTRACT(EPOCH FROM clock_timestamp())::float8")
                [now] = cr.fetchone()
                state = json.dumps(change(row[0] or {}, now))
                cr.execute(
                    "UPDATE panda_system_pace SET state = %s WHERE system_id = %s",
                    [state, self._system_id],
                )
                return now
        except psycopg2.Error:
            _logger.warning("The pace of Panda system %s", self._system_id, exc_info=1)
            return None

    def _lock(self, cr):
        cr.execute(
            "SELECT state FROM panda_system_pace WHERE system_id = %s FOR UPDATE",
            [self._system_id],
        )
        return cr.fetchone()

    def _insert(self, cr):
        """Insert the row and return it, unless there is no system to have one."""
        cr.execute(
            "INSERT INTO panda_system_pace (system_id)"
            " SELECT id FROM panda_system WHERE id = %s ON CONFLICT DO NOTHING",
            [self._system_id],
        )
        # Another sender may have been faster.
        return self._lock(cr)
