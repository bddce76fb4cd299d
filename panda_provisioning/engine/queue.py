"""The table ``panda_account`` as a queue: plain SQL, many rows a statement."""

import random
import time
import uuid
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import timedelta

from odoo import fields
from odoo.tools import SQL

from ..core import transition
from ..core.matching import Sought, find_seekers
from ..core.retry_policy import MAX_ATTEMPTS
from ..core.snapshot import Role, Step, from_epoch, step_when_queued
from ..core.states import CLAIMABLE, REQUEUED_WHEN_EDITED, SCHEDULED, State
from ..core.transition import AccountRow, RunPolicy
from ..core.validation import EMAIL_LIMIT, is_email_used
from ..panda_api.responses import is_clear
from .state_gate import change_state, check_transition

MARGIN = 5
"""Seconds to write down an answer in, beyond the time that requests may take."""


def is_in(states):
    """Return the condition for rows in one of ``states``."""
    return SQL("state IN %s", tuple(state.value for state in states))


IS_CLAIMABLE = is_in(CLAIMABLE)
IS_SCHEDULED = is_in(SCHEDULED)

FACTS = SQL(
    """
    SELECT a.*, p.name, p.active AS partner_active,
        p.company_id IS NOT NULL AND p.company_id != a.company_id AS other_company,
        p.panda_reseller_id IS NOT NULL AS names_reseller,
        a.is_withdrawn AND NOT COALESCE(a.operator_ready, FALSE) AS withdrawn,
        TRUE AS reseller_ready, -- by now whoever has no Parent Account must choose
        reseller.remote_id AS parent_remote_id,
        reseller.remote_created_at AS parent_created_at,
        COALESCE(reseller.operator_ready, FALSE) AS parent_ready,
        COALESCE(reseller.partner_id = a.partner_id, FALSE) AS parent_is_self,
        COALESCE(reseller.system_id != a.system_id, FALSE) AS parent_in_other_system,
        a.parent_id IS NULL OR reseller.role IS NOT DISTINCT FROM 'reseller'
            AS parent_is_reseller,
        a.role = 'user' AND a.remote_id IS NULL AND (
            EXISTS (SELECT FROM panda_account WHERE parent_id = a.id)
            OR EXISTS (SELECT FROM res_partner
                WHERE panda_reseller_id = p.id AND active)
        ) AS has_customers
    FROM taken a
    JOIN res_partner p ON p.id = a.partner_id
    LEFT JOIN panda_account reseller ON reseller.id = a.parent_id
    """
)
"""What a claim is made of, for the rows of ``taken``."""


@dataclass
class Claim:
    """An account that this run has taken.

    ``send_before``, in seconds since the epoch: a write that leaves later might
    outlive the lease. ``is_outdated``: the account was edited, or is not wanted any
    more, since it was claimed; set while worker threads may be about to send.
    """

    row: AccountRow
    parent_id: int | None
    send_before: float = 0
    is_outdated: bool = False

    @property
    def id(self):
        return self.row.snapshot.key

    @property
    def snapshot(self):
        return self.row.snapshot

    @property
    def is_reseller(self):
        return self.snapshot.role is Role.RESELLER

    def may_send(self, now):
        """Whether a write may leave at ``now``, in seconds since the epoch."""
        return not self.is_outdated and now <= self.send_before


class Queue:
    """Claims and writes rows of one system for one run.

    Every claim carries the run's token; a row whose lease has run out and that
    another run has taken is not written any more.

    :param settings: a :class:`~.runner.RunSettings`
    """

    def __init__(self, env, settings, account_ids=None):
        self.env = env
        self.system_id = settings.system_id
        self._root_account_id = settings.root_account_id
        self._only = SQL("AND id = ANY(%s)", account_ids) if account_ids else SQL()
        self._base_url = settings.base_url
        self.token = uuid.uuid4().hex
        self._request_timeout = settings.request_timeout
        self.policy = RunPolicy(
            lease=5 * settings.request_timeout + MARGIN, uniform=random.uniform
        )

    # === CLAIM === #

    def claim(self, limit):
        """Take up to ``limit`` due rows; to be committed before anything is sent.

        None once the system is at another place than when the run began.
        """
        taken = change_state(
            State.RUNNING,
            values=SQL(
                ", run_token = %s, next_attempt_at = %s, resync_requested = FALSE",
                self.token,
                fields.Datetime.now() + timedelta(seconds=self.policy.lease),
            ),
            tables=SQL("FROM due"),
            where=SQL("a.id = due.id"),
        )
        rows = self.env.execute_query_dict(
            SQL(
                """
                WITH due AS (
                    SELECT id, state, next_attempt_at, run_token FROM panda_account
                    WHERE system_id = %(system)s AND %(is_due)s %(only)s
                        AND EXISTS (SELECT FROM panda_system
                            WHERE id = %(system)s AND base_url = %(base_url)s
                                AND root_account_id = %(root_account_id)s)
                    ORDER BY next_attempt_at, id LIMIT %(limit)s
                    FOR UPDATE SKIP LOCKED
                ), taken AS (
                    %(taken)s RETURNING a.*, due.state AS previous_state,
                        due.next_attempt_at AS due_at, due.run_token AS previous_token
                )
                %(facts)s
                """,
                system=self.system_id,
                base_url=self._base_url,
                root_account_id=self._root_account_id,
                is_due=is_due(fields.Datetime.now()),
                only=self._only,
                limit=limit,
                taken=taken,
                facts=FACTS,
            )
        )
        _add_email_used(self.env, self.system_id, rows)
        return [self._as_claim(row) for row in rows]

    def _as_claim(self, row):
        """Return the claim of a row as it was before it was taken."""
        before = {
            **row,
            "state": row["previous_state"],
            "next_attempt_at": row["due_at"],
            "run_token": row["previous_token"],
        }
        durable = AccountRow.build(before, self._root_account_id)
        taken = transition.claimed(durable, self.policy, time.time())
        claim = Claim(taken, row["parent_id"])
        self.renew(claim)
        return claim

    def renew(self, claim):
        """Note until when the lease of ``claim`` lets a write leave: its answer is
        there, or given up, before the lease ends."""
        claim.send_before = int(claim.row.due_at) - self._request_timeout

    # === WRITE === #

    def save(self, rows):
        """Write ``rows``, each an :class:`AccountRow` that this run has claimed; return
        the ids of those that are still ours, and of those that were edited since."""
        if not rows:
            return set(), set()
        for row in rows:
            check_transition(row.snapshot.key, State.RUNNING, row.state)
        values = [
            {**row.columns, "run_token": self.token if row.is_held else None}
            for row in rows
        ]
        fields_ = self.env["panda.account"]._fields
        columns = [name for name in values[0] if name != "id"]
        new = {name: f"v.{name}::{fields_[name].column_type[1]}" for name in columns}
        # A person may have agreed since the claim: only the account in Panda ends it.
        new["create_anyway"] = (
            "a.create_anyway AND (v.create_anyway OR v.remote_id IS NULL)"
        )
        assignments = ", ".join(f"{name} = {value}" for name, value in new.items())
        # Names of our own fields only; values are passed apart.
        query = f"""
            UPDATE panda_account a SET {assignments}
            FROM (VALUES %s) AS v (id, claimed_by, {", ".join(columns)})
            WHERE a.id = v.id AND a.run_token = v.claimed_by
            RETURNING a.id, a.resync_requested
        """  # noqa: S608
        updated = self.env.cr.execute_values(
            query,
            [(row["id"], self.token, *map(row.get, columns)) for row in values],
            page_size=len(values),
            fetch=True,
        )
        ours = {account_id for account_id, _edited in updated}
        return ours, {account_id for account_id, edited in updated if edited}

    def requeue_edited(self, ids):
        """Queue those of ``ids`` that came to rest but were edited meanwhile; returns
        whether any were."""
        if not ids:
            return False
        return self._execute(
            change_state(
                State.QUEUED,
                values=SQL(
                    """
                    , next_attempt_at = %s, resync_requested = FALSE,
                    notification_pending = FALSE,
                    step = CASE step WHEN %s THEN %s ELSE step END
                    """,
                    fields.Datetime.now(),
                    Step.DONE.value,
                    step_when_queued(Step.DONE).value,
                ),
                where=SQL(
                    """
                    a.id = ANY(%s) AND a.resync_requested AND %s
                    """,
                    list(ids),
                    is_in(REQUEUED_WHEN_EDITED),
                ),
            )
        )

    def wake_customers(self, reseller_ids=None):
        """Queue the customers who wait for resellers that are ready; returns whether
        any did.

        :param reseller_ids: of these resellers only.
        """
        mine = SQL("AND a.parent_id = ANY(%s)", reseller_ids) if reseller_ids else SQL()
        return self._execute(
            change_state(
                State.QUEUED,
                values=SQL(", next_attempt_at = %s", fields.Datetime.now()),
                tables=SQL("FROM panda_account reseller"),
                where=SQL(
                    """
                    a.system_id = %s AND a.state = 'waiting' %s
                    AND reseller.id = a.parent_id AND reseller.operator_ready
                    """,
                    self.system_id,
                    mine,
                ),
            )
        )

    def fail(self, ids):
        """Leave ``ids``, which were to be tried again, to a person after all."""
        self._execute(
            change_state(
                State.FAILED,
                values=SQL(
                    """
                    , failed_at = %s, next_attempt_at = NULL,
                    notification_pending = TRUE
                    """,
                    fields.Datetime.now(),
                ),
                where=SQL("a.id = ANY(%s) AND %s", ids, IS_SCHEDULED),
            )
        )

    def give_back_attempts(self, ids):
        """Do not count the last attempts of ``ids``, one for each time that an ID is
        there: the system was at fault. Those that failed because it was their last one
        are queued again."""
        for count, some in _by_count(ids).items():
            self._give_back(some, count)

    def _give_back(self, ids, count):
        self._execute(
            SQL(
                """
                UPDATE panda_account
                SET attempt_count = GREATEST(attempt_count - %s, 0)
                WHERE id = ANY(%s) AND %s
                """,
                count,
                ids,
                IS_CLAIMABLE,
            )
        )
        self._execute(
            change_state(
                State.QUEUED,
                values=SQL(
                    """
                    , attempt_count = attempt_count - %s, next_attempt_at = %s,
                    failed_at = NULL, notification_pending = FALSE
                    """,
                    count,
                    fields.Datetime.now(),
                ),
                where=SQL(
                    "a.id = ANY(%s) AND state = 'failed' AND attempt_count >= %s",
                    ids,
                    MAX_ATTEMPTS,
                ),
            )
        )

    def _execute(self, statement):
        self.env.cr.execute(statement)
        return bool(self.env.cr.rowcount)

    # === READ === #

    def get_edited(self, ids):
        """Return those of ``ids`` that this run holds and that were edited, or
        withdrawn, since it claimed them."""
        rows = self.env.execute_query(
            SQL(
                "SELECT id FROM panda_account"
                " WHERE id = ANY(%s) AND run_token = %s AND resync_requested",
                list(ids),
                self.token,
            )
        )
        return {account_id for (account_id,) in rows}

    def take_notifications(self, limit=500):
        """Return up to ``limit`` accounts that settled and whose notification is
        pending, and mark them as notified."""
        rows = self.env.execute_query(
            SQL(
                """
                UPDATE panda_account SET notification_pending = FALSE WHERE id IN (
                    SELECT id FROM panda_account
                    WHERE system_id = %s AND notification_pending %s
                    ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
                ) RETURNING id
                """,
                self.system_id,
                self._only,
                limit,
            )
        )
        return [account_id for (account_id,) in rows]

    def get_owners(self, remote_ids):
        """Return ``{ID in Panda: account id}`` of those of ``remote_ids`` that are not
        free; our own root account belongs to no account of Odoo, so its owner is
        ``None``."""
        if not remote_ids:
            return {}
        root_id = self._root_account_id.casefold()
        return {
            **{each: None for each in remote_ids if each.casefold() == root_id},
            **get_bound_accounts(self.env, self.system_id, remote_ids),
        }

    def get_seekers(self, accounts):
        """Return ``{ID in Panda: account id}`` of those of ``accounts`` in Panda that
        an account of Odoo which is queued is going to be linked to."""
        return get_seekers(self.env, self.system_id, accounts)

    def get_all_bound(self):
        """Return all accounts in Panda that belong to accounts of Odoo."""
        rows = self.env.execute_query(
            SQL(
                "SELECT remote_id FROM panda_account"
                " WHERE system_id = %s AND remote_id IS NOT NULL",
                self.system_id,
            )
        )
        return {remote_id for (remote_id,) in rows}

    def keep_names(self, listing, seen_after, created):
        """Keep what Panda calls the accounts in ``listing``, which may store a name
        otherwise than it was sent. A name that is empty or damaged is none.

        :param seen_after: seconds after which Panda lists what it was sent.
        :param created: ``{ID in Panda: name}`` of accounts that have had no other name
            there, unless one was sent since: however it is listed, it is that one.
        """
        named = [child for child in listing.children if is_clear(child.name)]
        self.env.cr.execute(
            SQL(
                """
                UPDATE panda_account a SET sent_name = child.name
                FROM unnest(%s::varchar[], %s::varchar[]) AS child (id, name)
                WHERE a.system_id = %s AND a.remote_id = child.id
                    AND a.state = %s AND a.sent_name IS DISTINCT FROM child.name
                    AND (a.last_sync_at < %s OR EXISTS (
                        SELECT FROM unnest(%s::varchar[], %s::varchar[])
                            AS created (id, name)
                        WHERE created.id = a.remote_id AND created.name = a.sent_name
                    ))
                """,
                [child.id for child in named],
                [child.name for child in named],
                self.system_id,
                State.SYNCED.value,
                from_epoch(listing.looked_at - seen_after),
                list(created),
                list(created.values()),
            )
        )


# === QUERIES WITHOUT A RUN === #


def is_due(now):
    """Return the condition for rows that a run may claim at ``now``."""
    return SQL("%s AND next_attempt_at <= %s", IS_CLAIMABLE, now)


def count_due(env, system_id):
    """Return how many accounts of a system a run may claim right now."""
    [(count,)] = env.execute_query(
        SQL(
            "SELECT count(*) FROM panda_account WHERE system_id = %s AND %s",
            system_id,
            is_due(fields.Datetime.now()),
        )
    )
    return count


def get_next_due(env, system_id):
    """Return when the next account or probe of a system is due, or ``None``."""
    [(next_at,)] = env.execute_query(
        SQL(
            """
            SELECT min(GREATEST(due.next_attempt_at, s.next_probe_at))
            FROM panda_system s, LATERAL (
                SELECT next_attempt_at FROM panda_account
                WHERE system_id = s.id AND %s
                ORDER BY next_attempt_at LIMIT 1
            ) due
            WHERE s.id = %s
            """,
            IS_CLAIMABLE,
            system_id,
        )
    )
    return next_at


def look_at(env, system_id, root_account_id, account_ids):
    """Return the claims that a run would make of ``account_ids``, taking nothing."""
    rows = env.execute_query_dict(
        SQL(
            """
            WITH taken AS (
                SELECT * FROM panda_account WHERE system_id = %s AND id = ANY(%s)
            )
            %s
            """,
            system_id,
            account_ids,
            FACTS,
        )
    )
    policy = RunPolicy(lease=0, uniform=random.uniform)
    return [
        Claim(
            transition.claimed(AccountRow.build(row, root_account_id), policy, now=0),
            row["parent_id"],
        )
        for row in rows
    ]


def get_email_owners(env, system_id, emails):
    """Return ``{e-mail in lower case: [(account id, whether it is in Panda)]}`` of the
    accounts that use one of ``emails`` and were ever queued."""
    rows = env.execute_query(
        SQL(
            """
            SELECT lower(email), id, remote_id IS NOT NULL FROM panda_account
            WHERE system_id = %s AND state != 'draft' AND lower(email) = ANY(%s)
                AND length(email) <= %s -- for the index
            """,
            system_id,
            [email.lower() for email in emails if email],
            EMAIL_LIMIT,
        )
    )
    owners = defaultdict(list)
    for email, account_id, is_in_panda in rows:
        owners[email].append((account_id, is_in_panda))
    return owners


def get_seekers(env, system_id, accounts):
    """Return ``{ID in Panda: account id}`` of those of ``accounts`` in Panda that carry
    name and e-mail address of an account of Odoo which is queued and has none there.

    :param accounts: each an :class:`~..panda_api.responses.Account`
    """
    emails = {each.email.lower() for each in accounts} - {""}
    if not emails:
        return {}
    rows = env.execute_query(
        SQL(
            """
            SELECT a.id, p.name, a.sent_name, a.email FROM panda_account a
            JOIN res_partner p ON p.id = a.partner_id
            WHERE a.system_id = %s AND %s AND a.remote_id IS NULL
                AND lower(a.email) = ANY(%s)
                AND length(a.email) <= %s -- for the index
            """,
            system_id,
            IS_CLAIMABLE,
            list(emails),
            EMAIL_LIMIT,
        )
    )
    sought = [
        Sought(account_id, tuple(filter(None, names)), email)
        for account_id, *names, email in rows
    ]
    return find_seekers(accounts, sought)


def _add_email_used(env, system_id, rows):
    """Add to ``rows`` whether another account may use the e-mail address instead."""
    owners = get_email_owners(env, system_id, [row["email"] for row in rows])
    for row in rows:
        row["email_used"] = is_email_used(
            row["id"],
            owners[(row["email"] or "").lower()],
            is_in_panda=bool(row["remote_id"]),
        )


def _by_count(ids):
    """Return ``{how often they are there: those of ids}``."""
    counts = Counter(ids)
    return {
        count: [each for each in counts if counts[each] == count]
        for count in set(counts.values())
    }


def get_bound_accounts(env, system_id, remote_ids):
    """Return ``{ID in Panda: account id}`` of those of ``remote_ids`` that belong to
    an account of Odoo."""
    rows = env.execute_query(
        SQL(
            "SELECT remote_id, id FROM panda_account"
            " WHERE system_id = %s AND remote_id = ANY(%s)",
            system_id,
            list(remote_ids),
        )
    )
    return dict(rows)
