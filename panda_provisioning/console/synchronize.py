import math

from ..models.panda_account import RETRIABLE
from .exit_status import ExitStatus
from .interruption import Interruption
from .output import show, show_json, show_table, tell
from .preview import describe_lines
from .progress_bar import ProgressBar
from .selection import get_accounts, get_contacts, get_plans


def sync(env, args):
    """Do what ``preview`` shows for the chosen contacts."""
    accounts, problems = env["panda.account"], []
    for plan in get_plans(env, args):
        lines = describe_lines(plan)
        problems += [line for line in lines if line["outcome"] == "problem"]
        known = accounts.union(*(line.account for line in plan.lines.values()))
        accounts |= known | env["panda.service"]._queue_plan(plan, plan.sent)
    held_up = {line["contact_id"] for line in problems}
    accounts = accounts.filtered(lambda a: a.partner_id.id not in held_up)
    return _synchronize(accounts, problems, args)


def retry(env, args):
    """Try again what has failed, waits for its next try or is not known."""
    accounts = get_accounts(env, args, RETRIABLE)
    if args.ids or args.domain:
        chosen = get_contacts(env, args)
        accounts = accounts.filtered(lambda a: a.partner_id in chosen)
    return _synchronize(accounts, [], args)


def _synchronize(accounts, problems, args):
    # A reseller that somebody waits for goes first.
    pending = (accounts | accounts.parent_id).filtered(lambda a: not a._is_up_to_date())
    with Interruption() as interruption:
        if pending:
            _run(pending, interruption)
    accounts.invalidate_recordset()
    rows = [*map(_describe, accounts), *map(_describe_problem, problems)]
    _report(rows, args)
    for message in set(filter(None, accounts.system_id.mapped("health_message"))):
        tell(message)
    if interruption.is_requested:
        return ExitStatus.STOPPED
    return ExitStatus.of(all(row["state"] == "synced" for row in rows))


def _run(pending, interruption):
    progress = ProgressBar(pending)

    def watch():
        progress.show()
        return interruption.is_requested

    service = pending.env["panda.service"]
    service._synchronize_now(pending, seconds=math.inf, watch=watch)
    progress.finish()


def _report(rows, args):
    synced = sum(row["state"] == "synced" for row in rows)
    if args.json:
        show_json({"total": len(rows), "synchronized": synced, "accounts": rows})
        return
    left = [row for row in rows if row["state"] != "synced"]
    if left:
        columns = ("contact_id", "contact", "username", "status", "reason")
        titles = ("ID", "Contact", "Username", "Status", "Reason")
        show_table(titles, [[row[name] for name in columns] for row in left])
        show("")
    show(f"{synced} of {len(rows)} are synchronized.")


def _describe(account):
    return {
        "contact_id": account.partner_id.id,
        "contact": account.partner_id.display_name,
        "system": account.system_id.name,
        "role": account.role or None,
        "username": account.username or None,
        "panda_id": account.remote_id or None,
        "state": account.state,
        "status": account.status_text,
        "error_code": account.error_code or None,
        "reason": account.error_message or None,
        "next_try": account.next_attempt_at or None,
    }


def _describe_problem(line):
    """Return a line of a plan that was not sent, in the form of an account."""
    return {
        "contact_id": line["contact_id"],
        "contact": line["contact"],
        "role": line["role"],
        "username": line["username"],
        "state": "problem",
        "status": "Not sent",
        "error_code": line["heading"],
        "reason": line["remark"],
    }
