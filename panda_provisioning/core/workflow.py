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

import re

from ..panda_api.client import PandaClient
from ..panda_api.errors import ErrorKind, PandaError
from ..panda_api.responses import DAMAGE, Account, Transaction, is_clear
from .account_lookup import AccountLookup
from .choice import find_chosen
from .error_catalogue import as_error
from .matching import (
    likely_same_email,
    may_be_account,
    name_key,
    same_email,
    same_name,
)
from .printable import get_logger
from .snapshot import (
    CREATES,
    FINDS,
    Outcome,
    Role,
    Snapshot,
    Step,
    Timing,
    changed,
)

_logger = get_logger(__name__)

TAKEN = re.compile(
    r"\b(already|taken|in use|unique|duplicated?|(?<!not )exists?)\b", re.IGNORECASE
)
MAIL = re.compile(r"\be-?mail\b", re.IGNORECASE)
USER = re.compile(r"\b(user|username|login|operator)\b", re.IGNORECASE)
"""Words of a refusal that say what is in the way."""

MOST_TWINS = 20
"""Accounts of the same name that are read to find the one; more are for a person."""

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


def _failed(snapshot: Snapshot, error: PandaError, timing: Timing) -> Outcome:
    step = snapshot.step
    nothing_done = Outcome(step)
    if step in CREATES:
        nothing_done = Outcome(FINDS[step], {"marker_at": None})
    if error.code == "not_sent":
        # The lease was about to end: go on under a new one.
        return nothing_done
    if error.code == "not_found":
        left = _until_shown(snapshot, timing)
        if left > 0:
            return changed(nothing_done, wait=left)
        error = _missing(snapshot, error)
    if step in CREATES and error.kind in (ErrorKind.UNKNOWN, ErrorKind.BUG):
        # The answer may have been lost long after the request was marked.
        facts: dict[str, object] = {"marker_at": timing.now()}
        return Outcome(FINDS[step], facts, unknown=True, error=error)
    if step in CREATES and error.kind is ErrorKind.CONFLICT:
        is_operator = step is Step.CREATE_OPERATOR
        return _taken(step, _conflict(error) if is_operator else error)
    return changed(nothing_done, error=error)


def _until_shown(snapshot: Snapshot, timing: Timing) -> float:
    """Seconds that Panda may still take to show the account that was created, or the
    reseller below whom it is looked for."""
    is_known = bool(snapshot.remote_id)
    created_at = snapshot.created_at if is_known else snapshot.parent_created_at
    return 0 if created_at is None else created_at + timing.search_delay - timing.now()


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
    parent_id, name = snapshot.parent_remote_id, snapshot.name_in_panda
    not_before = _look_not_before(snapshot, timing)
    wait = lookup.wait_for_listing(parent_id, not_before)
    if wait:
        is_unknown = snapshot.marker_at is not None
        return Outcome(snapshot.step, wait=wait, unknown=is_unknown)
    listing = lookup.listing(client, parent_id, not_before)
    twins = lookup.twins(client, parent_id, listing, name)
    free = [child for child in twins if child.id not in snapshot.excluded]
    if len(free) > MOST_TWINS:
        used = tuple(child.id for child in free)
        return _needs_decision(snapshot, "several_matches", f"{len(free)}", used)
    unclear = {child.id for child in free if not is_clear(child.name)}
    accounts = [
        account
        for account in lookup.get_accounts(client, parent_id, free)
        if account.id not in unclear
        or may_be_account(account, name, snapshot.email_in_panda)
    ]
    matches = [account for account in accounts if _is_ours(snapshot, account)]
    if snapshot.marker_at is not None and not matches:
        # Panda may have stored it under a name that nobody would recognize.
        others = [child for child in listing.children if child not in twins]
        email = snapshot.email_in_panda
        found = lookup.with_email(client, parent_id, others, email, snapshot.key)
        if found is None and not snapshot.create_anyway:
            return _too_many(snapshot, len(others), listing.looked_at, timing)
        accounts += [each for each in found or () if each.id not in snapshot.excluded]
        matches = [account for account in accounts if _is_ours(snapshot, account)]
    if len(matches) == 1:
        return _adopt(snapshot, matches[0], _ids(accounts))
    if len(matches) > 1:
        ids = ", ".join(_ids(matches))
        return _needs_decision(snapshot, "several_matches", ids, _ids(accounts))
    return _not_found(snapshot, accounts, listing.looked_at, timing)


def _too_many(
    snapshot: Snapshot, count: int, looked_at: float, timing: Timing
) -> Outcome:
    """What follows when any of ``count`` accounts may be what was sent, under another
    name: once it would have been shown, a person has to say that it is none."""
    step = Step.CREATE_ACCOUNT
    outcome = _create_after_search_delay(snapshot, step, looked_at, timing)
    if outcome.wait:
        return outcome
    return _needs_decision(snapshot, "too_many_strangers", str(count))


def _look_not_before(snapshot: Snapshot, timing: Timing) -> float:
    """How new a listing has to be, in seconds since the epoch: whatever may have been
    sent is looked for anew, and after the search delay once more."""
    if snapshot.marker_at is None:
        return 0
    shown_at = snapshot.marker_at + timing.search_delay
    return snapshot.marker_at if timing.now() < shown_at else shown_at


def _has_our_type(snapshot: Snapshot, account: Account) -> bool:
    """Whether ``account`` is of the type of ``snapshot``, or of one that cannot be
    read: better that one than a second tenant."""
    role = snapshot.role or Role.USER
    return account.type in (role.account_type, 0)


def _is_ours(snapshot: Snapshot, account: Account) -> bool:
    """Whether ``account`` is linked without asking. The name may differ from what was
    sent only if we have sent it."""
    is_sent = snapshot.marker_at is not None
    return (
        _has_our_type(snapshot, account)
        and same_email(account.email, snapshot.email_in_panda)
        and (is_sent or same_name(account.name, snapshot.name))
    )


def _may_be_ours(snapshot: Snapshot, account: Account) -> bool:
    """Whether ``account`` may be what we have sent, as far as its e-mail tells."""
    email = account.email
    return _has_our_type(snapshot, account) and (
        not email or likely_same_email(email, snapshot.email_in_panda)
    )


def _not_found(
    snapshot: Snapshot, likely: list[Account], looked_at: float, timing: Timing
) -> Outcome:
    """What follows when no account is linked.

    :param likely: accounts that may be this one all the same.
    """
    is_sent = snapshot.marker_at is not None
    if snapshot.create_anyway:  # despite these, but not despite one of our own
        likely = [each for each in likely if is_sent and _may_be_ours(snapshot, each)]
    if snapshot.refusal and not likely:
        facts: dict[str, object] = {"marker_at": None, "refusal": None}
        return Outcome(Step.FIND_ACCOUNT, facts, error=snapshot.refusal)
    if is_sent and not snapshot.refusal:
        # What was sent is not there. What the contact is called now, if somebody has
        # edited it since, was not looked for yet.
        step = Step.FIND_ACCOUNT if snapshot.was_edited else Step.CREATE_ACCOUNT
        outcome = _create_after_search_delay(snapshot, step, looked_at, timing)
        if outcome.wait or not likely:
            return outcome
    if not likely:
        return Outcome(Step.CREATE_ACCOUNT)
    ids = _ids(likely)
    outcome = _needs_decision(snapshot, "name_exists", ", ".join(ids), ids)
    return changed(outcome, likely=tuple(likely))


def _ids(accounts: list[Account]) -> tuple[str, ...]:
    return tuple(account.id for account in accounts)


def _find_chosen(client: PandaClient, snapshot: Snapshot) -> Outcome:
    """Adopt the account that a person has chosen, if it may be this one."""
    role, parent_id = snapshot.role or Role.USER, snapshot.parent_remote_id
    chosen_id = snapshot.chosen_remote_id
    account = find_chosen(
        client,
        chosen_id,
        parent_id=parent_id,
        root_id=parent_id,
        account_type=role.account_type,
        excluded=snapshot.excluded,
    )
    if account:
        return _adopt(snapshot, account, (chosen_id,))
    error = as_error("link_refused", chosen_id)
    return Outcome(Step.FIND_ACCOUNT, error=error)


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


def _create_account(
    client: PandaClient, snapshot: Snapshot, lookup: AccountLookup, timing: Timing
) -> Outcome:
    role = snapshot.role or Role.USER
    parent_id = snapshot.parent_remote_id
    listed_before = lookup.get_listed(parent_id)
    remote_id = client.create_account(
        parent_id,
        account_type=role.account_type,
        name=name_key(snapshot.name),
        first_name=snapshot.first_name,
        last_name=snapshot.last_name,
        email=snapshot.email,
    )
    if remote_id in listed_before:
        # Panda has named an account as new that is not.
        raise PandaError(ErrorKind.UNKNOWN, "unreadable", remote_id)
    lookup.note_created(snapshot, remote_id)
    facts: dict[str, object] = {
        "remote_id": remote_id,
        "marker_at": None,
        "created_at": timing.now(),
    }
    return Outcome(Step.CREATE_OPERATOR, facts, used=(remote_id,))


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
    if any(not is_clear(each.username) or DAMAGE in each.email for each in operators):
        error = as_error("unreadable", "an operator without a readable name")
        return Outcome(Step.FIND_OPERATOR, error=error)
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
    transaction = _read_transaction(client, snapshot, timing)
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
            return _taken(Step.CREATE_OPERATOR, error)
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


def _taken(step: Step, error: PandaError) -> Outcome:
    """Look before believing it: what is in the way may be our own, from a request
    whose answer was lost."""
    return Outcome(FINDS[step], {"refusal": error, "transaction_id": ""})


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
    transaction = _read_transaction(client, snapshot, timing)
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


def _read_transaction(
    client: PandaClient, snapshot: Snapshot, timing: Timing
) -> Transaction | None:
    """The transaction, ``None`` when Panda knows nothing of it. One that has just begun
    may not be shown yet and counts as pending."""
    begun_at = snapshot.marker_at
    waited = 0.0 if begun_at is None else timing.now() - begun_at
    try:
        return client.get_transaction(snapshot.transaction_id, snapshot.username)
    except PandaError as error:
        if error.kind is ErrorKind.PROTOCOL and waited > timing.activation_timeout:
            # It is not read in time, and perhaps never.
            return Transaction("PENDING", "")
        if error.code != "not_found":
            raise
    if begun_at is not None and waited < timing.search_delay:
        return Transaction("PENDING", "")
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
