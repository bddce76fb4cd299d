"""The workflow of one synchronization: a chain of remote steps.

Any of them may be the last thing that this process does.

:func:`perform` makes the calls of one step for one :class:`Snapshot` and returns an
:class:`Outcome`: what is now known, and what comes next. It stores nothing and
never raises for what Panda does. Before a step of :data:`CREATES` is performed the
caller must have made durable that it is about to happen (``marker_at``); a step
whose marker has no outcome is *unknown* and is resolved by looking, never by
repeating.

    find account > create account > create operator > await operator > done
    update account > update operator > await update > done
"""

from __future__ import annotations

import logging
import re

from ..panda_api.client import PandaClient
from ..panda_api.errors import ErrorKind, PandaError
from ..panda_api.responses import Account, Child, Transaction
from .account_lookup import AccountLookup
from .error_catalogue import as_error
from .matching import name_key, same_email
from .snapshot import CREATES, FINDS, Outcome, Role, Snapshot, Step, Timing

_logger = logging.getLogger(__name__)

TAKEN = re.compile(
    r"\b(already|taken|in use|unique|duplicated?|(?<!not )exists?)\b", re.IGNORECASE
)
MAIL = re.compile(r"\be-?mail\b", re.IGNORECASE)
USER = re.compile(r"\b(user|username|login|operator)\b", re.IGNORECASE)
"""Words of a refusal that say what is in the way."""

POLL_INTERVALS = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Seconds before each look at a pending transaction; the last one repeats."""


def perform(
    client: PandaClient, snapshot: Snapshot, lookup: AccountLookup, timing: Timing
) -> Outcome:
    """Make the calls of ``snapshot.step`` and say what they have led to."""
    try:
        return _STEPS[snapshot.step](client, snapshot, lookup, timing)
    except PandaError as error:
        return _failed(snapshot, error, timing)
    except Exception as error:
        # Whatever went wrong in here, the request may have left the machine.
        _logger.exception("Step %s of account %s", snapshot.step, snapshot.key)
        return _failed(snapshot, as_error("bug", repr(error)), timing)


def perform_in_time(
    client: PandaClient,
    snapshot: Snapshot,
    lookup: AccountLookup,
    timing: Timing,
    send_before: float,
) -> Outcome:
    """The same, but a create that would leave too late is looked for again instead.

    :param send_before: seconds since the epoch; a create that leaves later might
        outlive the lease of its account.
    """
    if snapshot.step in FINDS and timing.now() > send_before:
        return Outcome(FINDS[snapshot.step], {"marker_at": None})
    return perform(client, snapshot, lookup, timing)


def _failed(snapshot: Snapshot, error: PandaError, timing: Timing) -> Outcome:
    step = snapshot.step
    if error.code == "not_found":
        error = _missing(snapshot, error)
    if step not in CREATES:
        return Outcome(step, error=error)
    if error.kind in (ErrorKind.UNKNOWN, ErrorKind.BUG):
        # The answer may have been lost long after the request was marked.
        facts: dict[str, object] = {"marker_at": timing.now()}
        return Outcome(FINDS[step], facts, unknown=True, error=error)
    if step is Step.CREATE_OPERATOR and error.kind is ErrorKind.CONFLICT:
        return _taken(_conflict(error))
    return Outcome(FINDS[step], {"marker_at": None}, error=error)


def _missing(snapshot: Snapshot, error: PandaError) -> PandaError:
    """Which account it is that Panda does not know."""
    if snapshot.remote_id:
        code = "account_not_found"
    elif snapshot.has_parent:
        code = "parent_not_found"
    else:
        # Our own root: no account can be created, it is the connection.
        code = "root_not_found"
    return as_error(code, error.detail, status=error.status)


# === ACCOUNT === #


def _look_for_account(
    client: PandaClient, snapshot: Snapshot, lookup: AccountLookup, timing: Timing
) -> Outcome:
    if snapshot.chosen_remote_id:
        return _find_chosen(client, snapshot)
    return _find_account(client, snapshot, lookup, timing)


def _find_account(
    client: PandaClient, snapshot: Snapshot, lookup: AccountLookup, timing: Timing
) -> Outcome:
    looked_at, children = lookup.children(client, snapshot)
    namesakes = _namesakes(client, snapshot, children)
    candidates = tuple(account.id for account in namesakes)
    matches = [a for a in namesakes if same_email(a.email, snapshot.email_in_panda)]
    if len(matches) == 1:
        return _adopt(snapshot, matches[0], candidates)
    if len(matches) > 1:
        ids = ", ".join(account.id for account in matches)
        return _needs_decision(snapshot, "several_matches", ids, candidates)
    if snapshot.marker_at is not None:
        unclear = [account.id for account in namesakes if not account.email]
        if unclear:  # may be the one that we have created
            return _needs_decision(snapshot, "name_exists", unclear[0], candidates)
        # What was sent is not there. What the contact is called now, if somebody has
        # edited it since, was not looked for yet.
        step = Step.FIND_ACCOUNT if snapshot.was_edited else Step.CREATE_ACCOUNT
        return _create_after_search_delay(snapshot, step, looked_at, timing)
    if namesakes and not snapshot.create_anyway:
        return _needs_decision(snapshot, "name_exists", candidates[0], candidates)
    return Outcome(Step.CREATE_ACCOUNT)


def _find_chosen(client: PandaClient, snapshot: Snapshot) -> Outcome:
    """Adopt the account that a person has chosen, if it may be this one."""
    chosen_id = snapshot.chosen_remote_id
    try:
        account = client.get_account(chosen_id)
    except PandaError as error:
        if error.code != "not_found":
            raise
        return _refuse_chosen(chosen_id)
    role = snapshot.role or Role.USER
    siblings = client.list_children(snapshot.parent_remote_id, name=account.name)
    is_free = chosen_id not in snapshot.excluded
    is_below = chosen_id in {child.id for child in siblings}
    if is_free and is_below and account.type in (role.account_type, 0):
        return _adopt(snapshot, account, (chosen_id,))
    return _refuse_chosen(chosen_id)


def _refuse_chosen(chosen_id: str) -> Outcome:
    error = as_error("link_refused", chosen_id)
    return Outcome(Step.FIND_ACCOUNT, {"chosen_remote_id": ""}, error=error)


def _adopt(snapshot: Snapshot, account: Account, used: tuple[str, ...]) -> Outcome:
    facts: dict[str, object] = {
        "remote_id": account.id,
        "sent_name": account.name,
        "sent_email": account.email,
        "sent_fingerprint": snapshot.sent_fingerprint or snapshot.fingerprint,
        "marker_at": None,
        "adopted": snapshot.marker_at is None,
        "chosen_remote_id": "",
    }
    return Outcome(Step.FIND_OPERATOR, facts, used=used)


def _namesakes(
    client: PandaClient, snapshot: Snapshot, children: list[Child]
) -> list[Account]:
    """The children that could be this account, with their contact e-mail."""
    role = snapshot.role or Role.USER
    found = []
    for child in children:
        # Better an account of a type that cannot be read than a second tenant.
        if child.type in (role.account_type, 0) and child.id not in snapshot.excluded:
            try:
                found.append(client.get_account(child.id))
            except PandaError as error:
                if error.code != "not_found":  # deleted since it was listed
                    raise
    return found


def _create_account(
    client: PandaClient, snapshot: Snapshot, lookup: AccountLookup, timing: Timing
) -> Outcome:
    role = snapshot.role or Role.USER
    remote_id = client.create_account(
        snapshot.parent_remote_id,
        account_type=role.account_type,
        name=name_key(snapshot.name),
        first_name=snapshot.first_name,
        last_name=snapshot.last_name,
        email=snapshot.email,
    )
    facts: dict[str, object] = {"remote_id": remote_id, "marker_at": None}
    return Outcome(Step.CREATE_OPERATOR, facts)


# === OPERATOR === #


def _find_operator(
    client: PandaClient, snapshot: Snapshot, lookup: AccountLookup, timing: Timing
) -> Outcome:
    looked_at = timing.now()
    operators = client.list_operators(snapshot.remote_id)
    wanted = snapshot.username.lower()
    for operator in operators:
        if operator.username.lower() == wanted:
            email = operator.email or snapshot.activation_email or snapshot.email
            facts: dict[str, object] = {
                "marker_at": None,
                "refusal": None,
                "activation_email": email,
                # With a marker it is the one that we have asked for.
                "activated_at": snapshot.activated_at or snapshot.marker_at,
            }
            return _finish(snapshot, facts)
    for operator in operators:
        if same_email(operator.email, snapshot.email):
            return _needs_decision(snapshot, "operator_exists", operator.username)
    if snapshot.refusal:
        facts = {"marker_at": None, "refusal": None}
        return Outcome(Step.FIND_OPERATOR, facts, error=snapshot.refusal)
    if snapshot.marker_at is not None:
        return _create_after_search_delay(
            snapshot, Step.CREATE_OPERATOR, looked_at, timing
        )
    return Outcome(Step.CREATE_OPERATOR)


def _create_operator(
    client: PandaClient, snapshot: Snapshot, lookup: AccountLookup, timing: Timing
) -> Outcome:
    role = snapshot.role or Role.USER
    transaction_id = client.create_operator(
        snapshot.remote_id,
        username=snapshot.username,
        first_name=snapshot.first_name,
        last_name=snapshot.last_name,
        email=snapshot.email,
        phone=snapshot.phone.lstrip("+"),
        role=role.operator_role,
    )
    # The marker stays: until the transaction ends an operator may or may not exist.
    # It counts from here, as the request may have left long after it was marked.
    sent: dict[str, object] = {"activation_email": snapshot.email}
    return _await(Step.AWAIT_OPERATOR, transaction_id, timing, sent)


def _await_operator(
    client: PandaClient, snapshot: Snapshot, lookup: AccountLookup, timing: Timing
) -> Outcome:
    transaction = _read_transaction(client, snapshot)
    if transaction is None:
        return Outcome(Step.FIND_OPERATOR, {"transaction_id": ""}, unknown=True)
    if transaction.status == "SUCCESS":
        done: dict[str, object] = {
            "marker_at": None,
            "transaction_id": "",
            "activated_at": timing.now(),
        }
        return _finish(snapshot, done)
    if transaction.status == "FAILED":
        error = _operator_error(transaction.error)
        if error.kind is ErrorKind.CONFLICT:
            return _taken(error)
        facts: dict[str, object] = {"marker_at": None, "transaction_id": ""}
        return Outcome(Step.FIND_OPERATOR, facts, error=error)
    marker_at = snapshot.marker_at or timing.now()
    if timing.now() - marker_at > timing.activation_timeout:
        error = as_error("transaction_stuck")
        facts = {"transaction_id": ""}
        return Outcome(Step.FIND_OPERATOR, facts, unknown=True, error=error)
    return _poll_again(snapshot)


def _finish(snapshot: Snapshot, facts: dict[str, object]) -> Outcome:
    """Done, unless the contact was edited after it was sent."""
    sent = snapshot.sent_fingerprint or snapshot.fingerprint
    is_current = sent == snapshot.fingerprint
    return Outcome(Step.DONE if is_current else Step.UPDATE_ACCOUNT, facts)


def _taken(error: PandaError) -> Outcome:
    """Look before believing it: the operator that is in the way may be our own,
    from a request whose answer was lost."""
    facts: dict[str, object] = {"refusal": error, "transaction_id": ""}
    return Outcome(Step.FIND_OPERATOR, facts)


# === UPDATES === #


def _update_account(
    client: PandaClient, snapshot: Snapshot, lookup: AccountLookup, timing: Timing
) -> Outcome:
    client.update_account(
        snapshot.remote_id,
        name=name_key(snapshot.name),
        first_name=snapshot.first_name,
        last_name=snapshot.last_name,
        email=snapshot.email,
    )
    facts: dict[str, object] = {
        "sent_name": snapshot.name,
        "sent_email": snapshot.email,
        "sent_fingerprint": snapshot.fingerprint,
    }
    return Outcome(Step.UPDATE_OPERATOR, facts)


def _update_operator(
    client: PandaClient, snapshot: Snapshot, lookup: AccountLookup, timing: Timing
) -> Outcome:
    transaction_id = client.update_operator(
        snapshot.remote_id,
        username=snapshot.username,
        first_name=snapshot.first_name,
        last_name=snapshot.last_name,
        phone=snapshot.phone.lstrip("+"),
    )
    return _await(Step.AWAIT_UPDATE, transaction_id, timing, {})


def _await_update(
    client: PandaClient, snapshot: Snapshot, lookup: AccountLookup, timing: Timing
) -> Outcome:
    transaction = _read_transaction(client, snapshot)
    waited = timing.now() - (snapshot.marker_at or timing.now())
    facts: dict[str, object] = {"marker_at": None, "transaction_id": ""}
    if transaction is None or (
        transaction.status == "PENDING" and waited > timing.activation_timeout
    ):
        # An update may be repeated: it carries the whole last state.
        error = as_error("update_stuck")
        return Outcome(Step.UPDATE_OPERATOR, facts, error=error)
    if transaction.status == "FAILED":
        error = as_error("update_refused", transaction.error)
        return Outcome(Step.UPDATE_OPERATOR, facts, error=error)
    if transaction.status == "SUCCESS":
        return _finish(snapshot, facts)
    return _poll_again(snapshot)


# === HELPERS === #


def _create_after_search_delay(
    snapshot: Snapshot, step: Step, looked_at: float, timing: Timing
) -> Outcome:
    """Create again only if Panda was looked at after it had time to show it."""
    left = (snapshot.marker_at or 0) + timing.search_delay - looked_at
    if left <= 0:
        return Outcome(step, {"marker_at": None})
    return Outcome(snapshot.step, wait=left, unknown=True)


def _await(
    step: Step, transaction_id: str, timing: Timing, facts: dict[str, object]
) -> Outcome:
    """Wait in ``step`` for a transaction that Panda has just begun."""
    begun = {"transaction_id": transaction_id, "marker_at": timing.now(), "polls": 0}
    return Outcome(step, {**facts, **begun}, wait=POLL_INTERVALS[0])


def _poll_again(snapshot: Snapshot) -> Outcome:
    polls = snapshot.polls + 1
    wait = POLL_INTERVALS[min(polls, len(POLL_INTERVALS) - 1)]
    return Outcome(snapshot.step, {"polls": polls}, wait=wait)


def _needs_decision(
    snapshot: Snapshot, code: str, detail: str, used: tuple[str, ...] = ()
) -> Outcome:
    return Outcome(snapshot.step, used=used, error=as_error(code, detail))


def _read_transaction(client: PandaClient, snapshot: Snapshot) -> Transaction | None:
    """The transaction, ``None`` when Panda knows nothing of it."""
    try:
        return client.get_transaction(snapshot.transaction_id, snapshot.username)
    except PandaError as error:
        if error.code != "not_found":
            raise
        return None


def _operator_error(words: str) -> PandaError:
    """Class of a refusal that comes late, as text of unknown wording.

    See docs/watchguard-api.md#operator-conflict.
    """
    if TAKEN.search(words) and (MAIL.search(words) or USER.search(words)):
        return _conflict(as_error("conflict", words))
    return as_error("operator_refused", words)


def _conflict(error: PandaError) -> PandaError:
    code = "email_taken" if MAIL.search(error.detail) else "username_taken"
    return as_error(code, error.detail, status=error.status)


_STEPS = {
    Step.FIND_ACCOUNT: _look_for_account,
    Step.CREATE_ACCOUNT: _create_account,
    Step.FIND_OPERATOR: _find_operator,
    Step.CREATE_OPERATOR: _create_operator,
    Step.AWAIT_OPERATOR: _await_operator,
    Step.UPDATE_ACCOUNT: _update_account,
    Step.UPDATE_OPERATOR: _update_operator,
    Step.AWAIT_UPDATE: _await_update,
}
