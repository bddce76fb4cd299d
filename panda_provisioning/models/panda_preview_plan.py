"""What would happen if contacts were synchronised, found out without writing."""

import math
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import chain

from ..core.dry_run import Ending, dry_run, pretended_id
from ..core.error_catalogue import CATALOGUE
from ..core.matching import Sought, find_seekers
from ..core.prefetch import Prefetch
from ..core.snapshot import Role, Snapshot, Step
from ..core.states import State
from ..core.transition import AccountRow
from ..core.validation import find_problems, is_email_used
from ..engine.queue import (
    Claim,
    get_bound_accounts,
    get_email_owners,
    get_seekers,
    look_at,
)
from ..panda_api.responses import Account

TOKEN_REQUESTS = 1
"""What a run sends before anything else."""
SENT = ("create", "link", "update", "waiting")
"""Outcomes of what is queued."""


@dataclass
class Line:
    """One contact of a :class:`Plan`.

    ``account`` may be empty; then the key of ``claim`` is minus the id of the
    contact. ``options`` are those of `panda.account._propose`, with the account of
    the reseller as ``parent``. ``is_added`` says that the contact was not selected,
    but is the reseller of one that was. ``codes`` are its problems.
    """

    partner: object
    account: object
    claim: Claim
    options: dict
    is_added: bool
    codes: list[str] = field(default_factory=list)
    detail: str = ""
    outcome: str = ""
    ending: Ending | None = None

    @property
    def requests(self):
        return self.ending.requests if self.ending and not self.codes else 0

    @property
    def snapshot(self):
        return self.claim.snapshot

    def change(self, **changes):
        """Change the snapshot of the claim."""
        snapshot = replace(self.claim.snapshot, **changes)
        self.claim.row = replace(self.claim.row, snapshot=snapshot)

    def get_problem_codes(self, **surroundings):
        """Return the codes of what keeps it from being sent, with other
        ``surroundings``; that it waits for its reseller is none."""
        found = find_problems(
            replace(
                self.snapshot,
                surroundings=replace(
                    self.snapshot.surroundings,
                    parent_ready=True,
                    withdrawn=False,  # asking for it is what is previewed
                    **surroundings,
                ),
            )
        )
        return [problem.code for problem in found]


class Plan:
    """The lines of ``partners`` in ``system``, each contact by its entity.

    :param prefetch: what was read in Panda; :meth:`play` says what to read.
    """

    def __init__(self, system, partners, prefetch=None):
        self.env = system.env
        self.system = system
        self.prefetch = Prefetch() if prefetch is None else prefetch
        self._accounts = self.env["panda.account"]
        self.proposals = {}
        self.lines = {}
        self.env.flush_all()  # for what is read past the ORM
        self._collect(partners.with_context(active_test=False))

    @property
    def sent(self):
        """The lines that are to be queued."""
        return [line for line in self.lines.values() if line.outcome in SENT]

    @property
    def totals(self):
        """How many lines there are of each outcome, how many are to be queued, and
        how many requests that takes."""
        requests = sum(line.requests for line in self.sent)
        return {
            "outcomes": Counter(line.outcome for line in self.lines.values()),
            "queued": len(self.sent),
            "requests": requests + TOKEN_REQUESTS if requests else 0,
            "trouble": self.prefetch.trouble,
        }

    # === COLLECT === #

    def _collect(self, partners):
        entities = partners._get_panda_entities()
        # What the user may not see is left out.
        entities &= entities.search([("id", "in", entities.ids)])
        accounts = self._accounts._get_by_partner(entities, self.system)
        at_rest = entities.filtered(lambda p: self._is_skipped(accounts[p]))
        self.proposals = self._accounts._propose(entities - at_rest, self.system)
        resellers = [options["reseller"] for options in self.proposals.values()]
        known = entities.union(*self.proposals, *resellers)
        accounts = self._accounts._get_by_partner(known, self.system)
        ids = [account.id for account in accounts.values()]
        root_id = self.system.root_account_id or ""
        claims = {c.id: c for c in look_at(self.env, self.system.id, root_id, ids)}
        selected = set(entities.ids)
        waves = self._accounts._in_waves(self.proposals)
        for partner in chain(at_rest, *waves):
            options = self.proposals.get(partner, {})
            line = Line(
                partner=partner,
                account=accounts[partner],
                claim=claims.get(accounts[partner].id) or self._new_claim(partner),
                options={**options, "parent": accounts[options.get("reseller")]},
                is_added=partner.id not in selected,
            )
            self._apply_options(line)
            self.lines[line.claim.id] = line
            if partner not in self.proposals:
                is_running = line.account.state == "running"
                line.outcome = "busy" if is_running else "none"
        self._find_problems()

    def _is_skipped(self, account):
        return account and (account.state == "running" or account._is_up_to_date())

    def _new_claim(self, partner):
        """The claim of an account that does not exist yet."""
        person = partner
        if partner.is_company:
            person = partner._get_panda_person(self.system.company_id)
        first_name, last_name = person._get_panda_names() if person else ("", "")
        snapshot = Snapshot.build(
            {
                "id": -partner.id,
                "name": partner.name,
                "first_name": first_name,
                "last_name": last_name,
                "email": partner._get_panda_email(),
                "phone": partner._get_panda_phone(person),
                "partner_active": partner.active,
            },
            self.system.root_account_id or "",
        )
        return Claim(AccountRow(snapshot, State.DRAFT), parent_id=None)

    def _apply_options(self, line):
        """Have the claim of ``line`` look as when its options are saved and it is
        queued."""
        claim, options = line.claim, line.options
        changes = {}
        if claim.snapshot.step is Step.DONE:
            changes["step"] = Step.UPDATE_ACCOUNT
        if "role" in options:
            changes |= {"role": Role(options["role"]), "username": options["username"]}
        if options.get("reseller"):
            parent = options["parent"]
            claim.parent_id = parent.id or -options["reseller"].id
            changes["has_parent"] = True
            changes["parent_remote_id"] = parent.remote_id or pretended_id(
                claim.parent_id
            )
        if options.get("role"):
            changes["surroundings"] = self._get_surroundings(line)
        line.change(**changes)

    def _get_surroundings(self, line):
        """Return the surroundings of ``line`` with its options.

        Whoever has a reseller in the end has it as Parent Account.
        """
        partner, account, options = line.partner, line.account, line.options
        reseller, parent = options["reseller"], options["parent"]
        chosen = self.proposals.get(reseller, {}).get("role") or parent.role
        company = partner.company_id
        return replace(
            line.claim.snapshot.surroundings,
            other_company=bool(company) and company != self.system.company_id,
            parent_is_self=bool(reseller) and reseller == partner,
            parent_is_reseller=not reseller or chosen == "reseller",
            parent_ready=parent.operator_ready,
            names_reseller=False,
            has_customers=bool(account.child_ids or partner._count_panda_customers()),
        )

    # === PROBLEMS === #

    def _find_problems(self):
        lines = [line for line in self.lines.values() if not line.outcome]
        emails = [line.snapshot.email for line in self.lines.values()]
        owners = get_email_owners(self.env, self.system.id, emails)
        # First come, first served; accounts that do not exist yet come last.
        for line in sorted(lines, key=lambda line: line.account.id or math.inf):
            others = owners[line.snapshot.email.lower()]
            is_in_panda = bool(line.snapshot.remote_id)
            is_used = bool(line.snapshot.email) and is_email_used(
                line.claim.id, others, is_in_panda=is_in_panda
            )
            line.codes = [*self._get_own_problems(line)]
            if not line.snapshot.marker_at:
                line.codes += line.get_problem_codes(email_used=is_used)
            if not line.codes:
                others.append((line.claim.id, is_in_panda))

    def _get_own_problems(self, line):
        """What keeps the account from being queued besides its problems."""
        partner, account, options = line.partner, line.account, line.options
        entry = CATALOGUE.get(account.error_code or "")
        if account.state == "failed" and entry and entry.stays_refused:
            yield account.error_code
        is_new_user = options["role"] == "user" and not account._may_be_in_panda()
        if is_new_user and partner.panda_reseller_id and not options["reseller"]:
            yield "reseller_hidden"

    # === PLAY === #

    def play(self):
        """Find out what becomes of every line, resellers first.

        Yields the snapshots of each wave, so that what Panda knows of them can be
        read, before it is played.
        """
        left = {key: line for key, line in self.lines.items() if not line.outcome}
        while left:
            wave = [line for line in left.values() if line.claim.parent_id not in left]
            wave = wave or list(left.values())
            for line in wave:
                self._see_parent(line)
            yield [line.claim.snapshot for line in wave]
            self._play(wave)
            for line in wave:
                del left[line.claim.id]

    def _see_parent(self, line):
        """Take over what has become of the reseller of ``line``."""
        parent = self.lines.get(line.claim.parent_id)
        if parent and parent.outcome == "problem":
            line.codes.append("reseller_problem")
        elif not parent and line.options["parent"].state == "failed":
            line.codes.append("reseller_failed")
        elif parent and parent.ending:
            line.change(parent_remote_id=parent.ending.snapshot.remote_id)

    def _play(self, wave):
        idle = [line for line in wave if line.claim.row.has_nothing_to_send]
        for line in idle:
            line.ending = Ending(0, line.claim.snapshot)
        played = [line for line in wave if not line.codes and not line.ending]
        bound = self._get_bound()
        while self._dry_run(played, bound):
            # Those are not sent, and whoever is has to look without them.
            played = [line for line in played if not line.codes]
        for line in wave:
            line.outcome = self._get_outcome(line)

    def _get_bound(self):
        """Return ``{ID in Panda: key}`` of the accounts that belong to an account of
        Odoo, or are going to be linked to one."""
        known = self.prefetch.accounts
        accounts = [Account(account_id, *row) for account_id, row in known.items()]
        sought = [
            Sought(snapshot.key, (snapshot.name_in_panda,), snapshot.email_in_panda)
            for line in self.lines.values()
            if not line.codes and not (snapshot := line.claim.snapshot).remote_id
        ]
        return {
            **find_seekers(accounts, sought),
            **get_seekers(self.env, self.system.id, accounts),
            **get_bound_accounts(self.env, self.system.id, known),
        }

    def _dry_run(self, lines, bound):
        """Find out how it ends for ``lines``; returns whether any has a problem."""
        snapshots = [line.claim.snapshot for line in lines]
        endings = dry_run(snapshots, self.prefetch, bound, time.time())
        for line in lines:
            line.ending = endings[line.claim.id]
            if line.ending.error:
                line.codes = [line.ending.error.code]
                line.detail = line.ending.error.detail
        return any(line.codes for line in lines)

    def _get_outcome(self, line):
        if line.codes:
            return "problem"
        if line.claim.snapshot.remote_id:
            return "update"
        if line.ending.snapshot.adopted:
            return "link"
        return "waiting" if line.snapshot.waits_for_reseller else "create"
