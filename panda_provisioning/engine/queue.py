"""The table ``panda_account`` as a queue: plain SQL, many rows a statement."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from odoo import fields
from odoo.tools import SQL

from ..panda_api.directory import MANY
from ..panda_api.steps import FINDS, WRITES, Role, Snapshot, Step

EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 Odoo's datetimes are naive UTC
MARGIN = 5
"""Seconds to write down an answer in, beyond the time that requests may take."""

CLAIMABLE = ("queued", "retry", "unknown", "running")
"""A row that is running is due when its lease has run out."""

FACTS = SQL(
    """
    SELECT a.*, p.name, p.active AS partner_active,
        p.panda_reseller_id IS NOT NULL AND a.parent_id IS NULL
            AND a.remote_id IS NULL AND a.role = 'user' AS reseller_left_out,
        reseller.remote_id AS parent_remote_id,
        COALESCE(reseller.operator_ready, FALSE) AS parent_ready,
        EXISTS (
            SELECT FROM panda_account other
            WHERE other.system_id = a.system_id AND other.id != a.id
                AND lower(other.email) = lower(a.email)
                AND other.state != 'draft'
                AND (other.remote_id IS NOT NULL
                    OR (a.remote_id IS NULL AND other.id < a.id))
        ) AS email_used
    FROM taken a
    JOIN res_partner p ON p.id = a.partner_id
    LEFT JOIN panda_account reseller ON reseller.id = a.parent_id
    """
)
"""What a claim is made of, for the rows of ``taken``."""


@dataclass
class Claim:
    """A row that this run has taken, and what Odoo alone knows of it."""

    snapshot: Snapshot
    attempt_count: int
    partner_active: bool
    parent_ready: bool
    email_used: bool
    operator_ready: bool
    last_sync_at: datetime | None
    synced_fingerprint: str | None
    reseller_left_out: bool
    parent_id: int | None = None
    send_before: float = 0
    """Seconds since the epoch; a create that leaves later might outlive the lease."""

    @property
    def id(self):
        return self.snapshot.key

    @property
    def is_reseller(self):
        return self.snapshot.role is Role.RESELLER


class Queue:
    """Claims and writes rows of one system for one run.

    Every claim carries the run's token; a row whose lease has run out and that
    another run has taken is not written any more.
    """

    def __init__(self, env, system, account_ids=None):
        self.env = env
        # Plain values: a commit empties the cache of every record.
        self.system_id = system.id
        self._root_account_id = system.root_account_id
        self._only = SQL("AND id = ANY(%s)", account_ids) if account_ids else SQL()
        self.token = uuid.uuid4().hex
        # A call may take four time-outs: refused token, new token, call, connecting.
        self._longest_call = 4 * system.request_timeout
        self._lease = timedelta(seconds=5 * system.request_timeout + MARGIN)

    def lease(self, claim):
        """Extend the lease of ``claim`` and return until when, for its row."""
        until = fields.Datetime.now() + self._lease
        claim.send_before = to_epoch(until) - self._longest_call
        return until

    def claim(self, limit):
        """Take up to ``limit`` due rows; to be committed before anything is sent."""
        now = fields.Datetime.now()
        until = now + self._lease
        rows = self.env.execute_query_dict(
            SQL(
                """
                WITH due AS (
                    SELECT id, state, next_attempt_at FROM panda_account
                    WHERE system_id = %(system)s AND state IN %(states)s
                        AND next_attempt_at <= %(now)s %(only)s
                    ORDER BY next_attempt_at, id LIMIT %(limit)s
                    FOR UPDATE SKIP LOCKED
                ), taken AS (
                    UPDATE panda_account a
                    SET state = 'running', run_token = %(token)s,
                        next_attempt_at = %(until)s, resync_requested = FALSE
                    FROM due WHERE a.id = due.id
                    RETURNING a.*, due.state AS previous_state,
                        due.next_attempt_at AS due_at
                )
                %(facts)s
                """,
                system=self.system_id,
                states=CLAIMABLE,
                now=now,
                only=self._only,
                limit=limit,
                token=self.token,
                until=until,
                facts=FACTS,
            )
        )
        send_before = to_epoch(until) - self._longest_call
        return [self._as_claim(row, send_before) for row in rows]

    def look_at(self, account_ids):
        """Return the claims of ``account_ids`` without taking anything."""
        rows = self.env.execute_query_dict(
            SQL(
                """
                WITH taken AS (
                    SELECT *, state AS previous_state, next_attempt_at AS due_at
                    FROM panda_account WHERE id = ANY(%s)
                )
                %s
                """,
                account_ids,
                FACTS,
            )
        )
        return [self._as_claim(row) for row in rows]

    def _as_claim(self, row, send_before=0):
        marker_at = row["marker_at"]
        step = Step(row["step"])
        if marker_at and step in WRITES and row["previous_state"] == "running":
            # The process that was to write down the outcome died. Its request may
            # have left at any moment until its lease ran out.
            marker_at = max(marker_at, row["due_at"])
        # Whatever happened before: look first, then write.
        step = FINDS.get(step, step)
        return Claim(
            snapshot=Snapshot(
                key=row["id"],
                role=Role(row["role"]) if row["role"] else None,
                name=row["name"] or "",
                first_name=row["first_name"] or "",
                last_name=row["last_name"] or "",
                email=row["email"] or "",
                phone=row["phone"] or "",
                username=row["username"] or "",
                has_parent=bool(row["parent_id"]),
                parent_remote_id=row["parent_remote_id"] or self._root_account_id,
                remote_id=row["remote_id"] or "",
                transaction_id=row["transaction_id"] or "",
                step=step,
                adopted=bool(row["adopted"]),
                sent_name=row["sent_name"] or "",
                sent_email=row["sent_email"] or "",
                sent_fingerprint=row["sent_fingerprint"] or "",
                marker_at=_as_epoch(marker_at),
                create_anyway=bool(row["create_anyway"]),
                chosen_remote_id=row["chosen_remote_id"] or "",
                activation_email=row["activation_email"] or "",
                activated_at=_as_epoch(row["activation_sent_at"]),
            ),
            attempt_count=row["attempt_count"] or 0,
            partner_active=row["partner_active"],
            parent_ready=row["parent_ready"],
            email_used=row["email_used"],
            operator_ready=bool(row["operator_ready"]),
            last_sync_at=row["last_sync_at"],
            synced_fingerprint=row["synced_fingerprint"],
            reseller_left_out=row["reseller_left_out"],
            parent_id=row["parent_id"],
            send_before=send_before,
        )

    def get_crowded(self):
        """Return the ids of the parents below whom many accounts are to be looked
        for by now; ``None`` is the root."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT parent_id FROM panda_account
                WHERE system_id = %s AND remote_id IS NULL %s
                    AND (state = 'waiting'
                        OR (state IN %s AND next_attempt_at <= %s))
                GROUP BY parent_id HAVING count(*) >= %s
                """,
                self.system_id,
                self._only,
                CLAIMABLE,
                fields.Datetime.now(),
                MANY,
            )
        )
        return {parent_id for (parent_id,) in rows}

    def save(self, rows):
        """Write the columns of ``rows`` (dicts with the same keys, ``id`` among
        them) and return the ids of those that are still ours."""
        if not rows:
            return set()
        fields_ = self.env["panda.account"]._fields
        columns = [name for name in rows[0] if name != "id"]
        assignments = ", ".join(
            f"{name} = v.{name}::{fields_[name].column_type[1]}" for name in columns
        )
        # Names of our own fields only; values are passed apart.
        query = f"""
            UPDATE panda_account a SET {assignments}
            FROM (VALUES %s) AS v (id, claimed_by, {", ".join(columns)})
            WHERE a.id = v.id AND a.run_token = v.claimed_by
            RETURNING a.id
        """  # noqa: S608
        values = [
            (row["id"], self.token, *(row[name] for name in columns)) for row in rows
        ]
        updated = self.env.cr.execute_values(
            query, values, page_size=len(values), fetch=True
        )
        return {account_id for (account_id,) in updated}

    def take_news(self, limit=500):
        """Return up to ``limit`` accounts of whose state nobody was told yet."""
        rows = self.env.execute_query(
            SQL(
                """
                UPDATE panda_account SET has_news = FALSE WHERE id IN (
                    SELECT id FROM panda_account
                    WHERE system_id = %s AND has_news %s
                    ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
                ) RETURNING id
                """,
                self.system_id,
                self._only,
                limit,
            )
        )
        return [account_id for (account_id,) in rows]

    def requeue_edited(self, ids):
        """Queue those of ``ids`` that came to rest but were edited meanwhile; returns
        whether any were."""
        if not ids:
            return False
        self.env.cr.execute(
            SQL(
                """
                UPDATE panda_account
                SET state = 'queued', next_attempt_at = %s, resync_requested = FALSE,
                    step = CASE state WHEN 'synced' THEN %s ELSE step END
                WHERE id = ANY(%s) AND resync_requested
                    AND state IN ('synced', 'failed', 'retry')
                """,
                fields.Datetime.now(),
                Step.UPDATE_ACCOUNT.value,
                list(ids),
            )
        )
        return bool(self.env.cr.rowcount)

    def wake_customers(self, reseller_ids=None):
        """Queue the customers who wait for resellers that are ready; returns whether
        any did.

        :param reseller_ids: of these resellers only.
        """
        mine = SQL("AND a.parent_id = ANY(%s)", reseller_ids) if reseller_ids else SQL()
        self.env.cr.execute(
            SQL(
                """
                UPDATE panda_account a SET state = 'queued', next_attempt_at = %s
                FROM panda_account reseller
                WHERE a.system_id = %s AND a.state = 'waiting' %s
                    AND reseller.id = a.parent_id AND reseller.operator_ready
                """,
                fields.Datetime.now(),
                self.system_id,
                mine,
            )
        )
        return bool(self.env.cr.rowcount)

    def fail(self, ids):
        """Leave ``ids``, which were to be tried again, to a person after all."""
        self.env.cr.execute(
            SQL(
                """
                UPDATE panda_account
                SET state = 'failed', failed_at = %s, next_attempt_at = NULL,
                    has_news = TRUE
                WHERE id = ANY(%s) AND state IN ('retry', 'unknown')
                """,
                fields.Datetime.now(),
                ids,
            )
        )

    def give_back_attempts(self, ids):
        """Do not count the last attempt of ``ids``: it was not their fault."""
        self.env.cr.execute(
            SQL(
                """
                UPDATE panda_account
                SET attempt_count = GREATEST(attempt_count - 1, 0)
                WHERE id = ANY(%s) AND state IN ('retry', 'unknown')
                """,
                ids,
            )
        )

    def get_bound(self, remote_ids, except_id):
        """Return those of ``remote_ids`` that belong to another account of Odoo."""
        rows = self.env.execute_query(
            SQL(
                "SELECT remote_id FROM panda_account WHERE system_id = %s"
                " AND remote_id = ANY(%s) AND id != %s",
                self.system_id,
                list(remote_ids),
                except_id,
            )
        )
        return {remote_id for (remote_id,) in rows}


def to_epoch(moment):
    """Seconds since the epoch of a naive UTC datetime, as Odoo stores them."""
    return (moment - EPOCH).total_seconds()


def _as_epoch(moment):
    return None if moment is None else to_epoch(moment)


def from_epoch(seconds):
    """Naive UTC datetime of seconds since the epoch, ``None`` for ``None``."""
    return None if seconds is None else EPOCH + timedelta(seconds=seconds)
