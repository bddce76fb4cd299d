import time
from contextlib import contextmanager

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..core.connection_check import check_connection
from ..core.prefetch import fill
from ..core.printable import get_logger, printable
from ..core.snapshot import Step, step_when_queued
from ..engine.queue import count_due, get_next_due
from ..engine.runner import CONFLICTS, RunListener, Runner
from .panda_preview_plan import Plan

_logger = get_logger(__name__)

CRON_SECONDS = 60
"""How long a cron works on its system. Longer than Odoo's hint of ten
seconds, since every new run must look again at what is in Panda already; shorter than
the time limit of a worker."""
BUTTON_GRACE_SECONDS = 5
"""After the time of a button, what is still on the wire is cut."""
CRON_GRACE_SECONDS = 30
"""The same for the cron, which Odoo gives 120 seconds."""
BUTTON_SECONDS = 25
"""How long somebody who has pressed a button waits before the cron takes over."""
GLANCE_SECONDS = 0.25
"""Between two looks at an account that another run is working on."""
MAX_CONFLICTS = 5
"""After so many in a row it is no other transaction that is in the way."""
LONGEST_REASON = 500
PREVIEW_SECONDS = 60
"""How long Panda is asked; Odoo ends a worker that takes much longer."""


class PandaService(models.AbstractModel):
    """The one door to the engine: for buttons, crons, automation and bulk."""

    _name = "panda.service"
    _description = "Panda Service"

    # === REQUESTS === #

    def _request(self, accounts, trigger=True):
        """Have ``accounts`` synchronised because somebody asks for it."""
        # Sudo: the engine reads it.
        accounts.sudo().filtered("is_withdrawn").is_withdrawn = False
        self._enqueue(accounts, trigger=trigger)

    def _enqueue(self, accounts, trigger=True):
        """Have ``accounts`` synchronised soon; those that are up to date are left.

        An account that is being worked on is looked at again afterwards. A reseller
        for whom somebody waits and who was never synchronised is queued too.

        :param trigger: false when the caller runs the engine himself.
        """
        # Sudo: states are the engine's, whoever asks for a synchronisation.
        stale = accounts.sudo().filtered(lambda a: not a._is_up_to_date())
        running = stale.filtered(lambda a: a.state == "running")
        running.resync_requested = True
        resting = stale - running
        waiting = resting.filtered(lambda a: a._waits_for_reseller())
        self._put_in_queue(resting - waiting)
        waiting._set_state("waiting", next_attempt_at=False)
        resellers = waiting.parent_id.filtered(lambda a: a.state == "draft")
        if resellers:
            self._enqueue(resellers, trigger=False)
        if trigger:
            stale.system_id._trigger()

    def _put_in_queue(self, accounts):
        done = accounts.filtered(lambda a: a.step == Step.DONE.value)
        done.step = step_when_queued(Step.DONE).value
        accounts._set_state(
            "queued",
            attempt_count=0,
            next_attempt_at=fields.Datetime.now(),
            error_code=False,
            error_detail=False,
        )

    def _partner_changed(self, partners, names):
        """Send what ``partners`` have become, after their fields ``names`` changed."""
        # Sudo: whoever may edit a contact need not know about Panda.
        accounts = (
            self.env["panda.account"]
            .sudo()
            .search(
                Domain("state", "!=", "draft")
                & (
                    Domain("partner_id", "in", partners.ids)
                    | Domain("contact_id", "in", partners.ids)
                )
            )
        )
        self._enqueue(accounts.filtered(lambda a: a._is_affected_by(names)))

    # === SYNCHRONIZING AT ONCE === #

    def _synchronize_now(self, accounts, seconds=BUTTON_SECONDS, watch=lambda: False):
        """Synchronise ``accounts`` and return when they have come to rest.

        What is not finished in time is left to the cron. Commits what the caller has
        written: from then on it is durable, whatever happens on the wire.

        :param watch: called whenever something has come in, with no transaction open;
            once it returns true, no further step is begun.
        """
        ends_at = time.monotonic() + seconds
        self._request(accounts, trigger=False)
        self._commit()
        for system in accounts.sudo().system_id:
            if not system._is_paused() and system._may_be_called() and not watch():
                ids = accounts.filtered(lambda a, s=system: a.system_id == s).ids
                seconds_left = ends_at - time.monotonic()
                self._get_runner(system, seconds_left, ids, watch).execute()
        self._arm(accounts.sudo().system_id)
        self._commit()
        self._await(accounts, ends_at, watch)

    def _await(self, accounts, ends_at, watch):
        """Return when no other run works on ``accounts`` any more, or at the end."""
        while time.monotonic() < ends_at and not watch():
            accounts.invalidate_recordset()
            self._commit()  # only a new transaction sees what others have written
            if not any(account._is_held_by_a_run() for account in accounts.sudo()):
                return
            time.sleep(GLANCE_SECONDS)

    # === CRON === #

    def _synchronize_system(self, system):
        """Work on all that is due in ``system``, for the cron of it."""
        self._commit(remaining=self._count_due(system))
        self._run_system(system, CRON_SECONDS)
        self._arm(system)
        self._commit(remaining=self._count_due(system))

    def _count_due(self, system):
        """Return how many accounts of ``system`` could be worked on right now."""
        if system._is_paused() or not system._may_be_called():
            return 0
        self.env["panda.account"].flush_model()
        return count_due(self.env, system.id)

    def _run_system(self, system, seconds):
        try:
            system._ask_for_confirmation()
            system._recover()
            if self._may_run(system):
                self._get_runner(system, seconds).execute()
        except Exception:
            self.env.cr.rollback()
            _logger.exception("Synchronising with Panda system %s", system.id)

    def _may_run(self, system):
        """Whether ``system`` may be called; probes it when it was interrupted."""
        if system._is_paused() or not system._may_be_called():
            return False
        if system.health != "quarantined":
            return True
        transport = system._open_transport(urgent=False)
        root = system.root_account_id
        self._commit()  # no transaction is open while a request is on the wire
        with transport:
            finding = check_connection(transport, root)
        if finding.is_connected:
            system._set_healthy()
        else:
            system._interrupt(finding)
        self._commit()
        return finding.is_connected

    def _get_runner(self, system, seconds, account_ids=None, watch=lambda: False):
        """Return a :class:`Runner` for ``system``.

        :param account_ids: only these, for a person who waits for them.
        """
        connections = system._get_connection_count()
        if account_ids:
            connections = min(connections, len(account_ids))
        # A button waits for two calls at most; the cron takes over what is left.
        longest = seconds / 2 if account_ids else None
        grace = BUTTON_GRACE_SECONDS if account_ids else CRON_GRACE_SECONDS
        return Runner(
            self.env,
            system._get_run_settings(connections),
            system._open_transport(
                connections,
                longest=longest,
                ends_at=time.monotonic() + seconds + grace,
                urgent=bool(account_ids),
            ),
            _Listener(system, attended=bool(account_ids)),
            account_ids,
            seconds,
            watch,
        )

    def _arm(self, systems):
        """Have the cron of each of ``systems`` called when its next account or probe is
        due."""
        for system in systems:
            if system.state != "disabled" and system._may_be_called():
                next_at = get_next_due(self.env, system.id)
                if next_at:
                    system._trigger(next_at)

    @api.model
    def _cron_reconcile(self):
        """Find what differs from what was sent and nobody has noticed, e.g. after an
        import past the ORM."""
        self.env.cr.execute(
            SQL(
                """
                SELECT a.id FROM panda_account a
                JOIN res_partner p ON p.id = a.partner_id
                LEFT JOIN res_partner c ON c.id = a.contact_id
                WHERE a.state = 'synced'
                    AND GREATEST(p.write_date, c.write_date) >= a.last_sync_at
                """
            )
        )
        ids = [account_id for (account_id,) in self.env.cr.fetchall()]
        accounts = self.env["panda.account"].browse(ids)
        for name in ("email", "phone", "first_name", "last_name"):
            self.env.add_to_compute(accounts._fields[name], accounts)
        self._enqueue(accounts)

    # === PREVIEW === #
    # Says beforehand what a synchronisation would do, and then does it.

    def _plan(self, partners, system=None):
        """Return the :class:`Plan` of ``partners``, with what Panda knows of them.

        Reads from Panda and writes nothing; ends the transaction before it does.

        :param system: the one of the company when it is not given.
        """
        self.env["panda.account"].check_access("create")
        partners.check_access("read")
        system = system or self.env["panda.system"]._get_default(partners[:1])
        system.check_access("read")
        self._check_may_be_called(system)
        plan = Plan(system, partners)
        threads = system._get_connection_count()
        ends_at = time.monotonic() + PREVIEW_SECONDS
        transport = system._open_transport(
            threads, ends_at=ends_at + BUTTON_GRACE_SECONDS
        )
        is_paused = system._is_paused()
        plan.prefetch.trouble = (is_paused and system.health_code) or ""

        def is_over():
            return time.monotonic() >= ends_at

        with transport:
            for snapshots in plan.play():
                # No transaction is open while a request is on the wire.
                self._commit()
                if not plan.prefetch.trouble:
                    fill(plan.prefetch, transport, snapshots, threads, is_over)
        return plan

    def _check_may_be_called(self, system):
        code = system._get_problem_code()
        if code:
            raise UserError(self.env["panda.message"]._system_problem(system, code))

    def _queue_plan(self, plan, lines):
        """Save the options of ``lines`` of ``plan``, queue them and return their
        accounts. Resellers who are to be created for them are queued too."""
        resellers = [plan.lines.get(line.claim.parent_id) for line in lines]
        partners = {line.partner for line in (*lines, *resellers) if line}
        proposals = {p: o for p, o in plan.proposals.items() if p in partners}
        accounts = self.env["panda.account"]._accept(proposals, plan.system)
        queued = self.env["panda.account"].union(*(accounts[p] for p in proposals))
        self._request(queued)
        return queued

    # === HELPERS === #

    def _commit(self, processed=0, remaining=None):
        """The one place that commits.

        The progress of a cron costs four statements, so it is noted only when there
        is any.
        """
        if processed or remaining is not None:
            self.env["ir.cron"]._commit_progress(processed, remaining=remaining)
        else:
            # What is about to be sent must be durable before it leaves the machine.
            self.env.cr.commit()  # pylint: disable=invalid-commit

    @contextmanager
    def _checked_savepoint(self):
        """A savepoint at whose end the database refuses what it otherwise refuses at
        the commit, and with it the work of all others."""
        with self.env.cr.savepoint():
            yield
            self.env.cr.flush()
            self.env.cr.execute("SET CONSTRAINTS ALL IMMEDIATE")

    def _get_person(self, users):
        """Return who is to act: the first of ``users`` who still works here."""
        admin = self.env.ref("base.user_admin", raise_if_not_found=False)
        return users.filtered("active")[:1] or admin or self.env.user


class _Listener(RunListener):
    """What follows in records from what a run reports.

    :param attended: whether a person is looking on, who needs no activity.
    """

    def __init__(self, system, *, attended):
        self.env = system.env
        self._system = system
        self._attended = attended
        self._conflicts = 0

    def commit(self, processed=0):
        self.env["panda.service"]._commit(processed)

    def on_progress(self, progress):
        self._system._notify_progress(progress)

    def on_settled(self, account_ids):
        accounts = self.env["panda.account"].browse(account_ids)
        accounts.invalidate_recordset()  # the rows were written past the ORM
        accounts = accounts.exists()  # but for those that were deleted meanwhile
        bad = self._do(accounts, lambda each: each._on_settled())
        bad |= self._do(accounts, lambda each: each._store_outcome())
        bad |= self._do(accounts, lambda each: each._notify(attended=self._attended))
        good = (accounts - bad).filtered("notification_error")
        if good:
            self._do(good, lambda each: each.write({"notification_error": False}))
        self._conflicts = 0

    def _do(self, accounts, work):
        """Do ``work`` with ``accounts`` and return those with which it went wrong.

        One's trouble is neither the others' nor the run's.
        """
        try:
            with self.env["panda.service"]._checked_savepoint():
                work(accounts)
        except CONFLICTS as error:
            self._conflicts += 1
            if self._conflicts <= MAX_CONFLICTS:
                raise  # met another transaction; the run does it again
            return self._do_one_by_one(accounts, work, error)
        except Exception as error:
            if self.env.cr.closed:
                raise  # the connection to the database is lost
            return self._do_one_by_one(accounts, work, error)
        return accounts.browse()

    def _do_one_by_one(self, accounts, work, error):
        if len(accounts) == 1:
            _logger.error(
                "After settling the Panda account %s", accounts.id, exc_info=error
            )
            self._note_trouble(accounts, error)
            return accounts
        return accounts.browse().union(*(self._do(each, work) for each in accounts))

    def _note_trouble(self, account, error):
        """Show at ``account`` why people did not hear of it."""
        text = self.env._(
            "Something unexpected went wrong, which the server has noted in its log."
        )
        if isinstance(error, UserError):
            text = printable(str(error))[:LONGEST_REASON]
        try:
            with self.env["panda.service"]._checked_savepoint():
                account.notification_error = text
        except Exception:
            _logger.exception("Noting that of the Panda account %s", account.id)

    def on_healthy(self):
        self._system._set_healthy()

    def on_throttled(self, error):
        self._system._pause(error)

    def on_interrupted(self, finding):
        self._system._interrupt(finding)

    def on_finished(self, batch_done, *, is_over):
        if batch_done != self._system.batch_done:
            self._system.batch_done = batch_done
        if is_over:
            self._system._notify_overview()
