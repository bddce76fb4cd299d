from odoo.fields import Domain

from ..models.panda_account import STATES
from .exit_status import ExitStatus
from .output import show, show_json, show_table
from .selection import get_systems


def show_status(env, args):
    """Show how the systems and their accounts stand."""
    found = [_describe(system) for system in get_systems(env, args)]
    if args.json:
        show_json({"systems": found})
    else:
        _show(env, found)
    return ExitStatus.of(not any(map(_needs_somebody, found)))


def _describe(system):
    accounts, service = system.env["panda.account"], system.env["panda.service"]
    ours = Domain("system_id", "=", system.id)
    counts = dict(accounts._read_group(ours, ["state"], ["__count"]))
    return {
        "id": system.id,
        "name": system.name,
        "company": system.company_id.name,
        "state": system.state,
        "health": system.health,
        "health_message": system.health_message or None,
        "accounts": {state: counts.get(state, 0) for state, _label in STATES},
        "due": service._count_due(system),
        "next_try": _next_try(system, ours) or None,
    }


def _next_try(system, ours):
    """Return when the next account is due that waits for a time."""
    later = ours & Domain("state", "in", ("retry", "unknown"))
    next_account = system.env["panda.account"].search(
        later, order="next_attempt_at", limit=1
    )
    if not next_account:
        return system.next_probe_at
    return max(filter(None, (next_account.next_attempt_at, system.next_probe_at)))


def _needs_somebody(system):
    return system["health"] == "quarantined" or system["accounts"]["failed"] > 0


def _show(env, systems):
    if not systems:
        show("There is no Panda system yet; set one up under Panda > Configuration.")
        return
    mode, health, status = (
        dict(env[model]._fields[name]._description_selection(env))
        for model, name in (
            ("panda.system", "state"),
            ("panda.system", "health"),
            ("panda.account", "state"),
        )
    )
    show_table(
        ("System", "Company", "Mode", "Health", "Due", "Next Try"),
        [
            (
                *(s["name"], s["company"], mode[s["state"]], health[s["health"]]),
                *(s["due"], s["next_try"] and f"{s['next_try']} UTC"),
            )
            for s in systems
        ],
    )
    show("")
    show_table(
        ("Status", *(s["name"] for s in systems)),
        [
            (label, *(s["accounts"][state] for s in systems))
            for state, label in status.items()
        ],
    )
    for message in filter(None, (s["health_message"] for s in systems)):
        show("", message)
