from ..models.panda_preview_texts import HEADINGS
from .exit_status import ExitStatus
from .output import show, show_json, show_table, tell
from .selection import get_plans


def show_preview(env, args):
    """Show what would become of the chosen contacts."""
    plans = get_plans(env, args)
    if args.json:
        show_json({"systems": [describe_plan(plan) for plan in plans]})
    else:
        for plan in plans:
            _show(plan)
        if not plans:
            show("No contacts are chosen.")
    return ExitStatus.of(not any(map(_has_problems, plans)))


def describe_plan(plan):
    """Return a plan as values for programs."""
    return {
        "id": plan.system.id,
        "name": plan.system.name,
        **plan.totals,
        "contacts": describe_lines(plan),
    }


def describe_lines(plan):
    """Return the lines of a plan as values for programs."""
    names = ("outcome", "heading", "role", "username", "requests")
    rows = plan.env["panda.preview"]._prepare_rows(plan)
    remarks = plan.env["panda.preview"]._get_remarks(plan, [row["id"] for row in rows])
    return [
        {
            "contact_id": row["id"],
            "contact": row["name"],
            "reseller_id": row["panda_reseller_id"],
            "remark": remarks[row["id"]],
            **{name: row[name] for name in names},
        }
        for row in rows
    ]


def _has_problems(plan):
    return bool(plan.totals["trouble"] or plan.totals["outcomes"]["problem"])


def _show(plan):
    headings = dict(HEADINGS)
    show_table(
        ("ID", "Contact", "Role", "Username", "What Happens", "Remark"),
        [
            (
                *(line["contact_id"], line["contact"], line["role"], line["username"]),
                *(headings[line["heading"]], line["remark"]),
            )
            for line in describe_lines(plan)
        ],
    )
    totals = plan.totals
    show(
        "",
        f"{plan.system.name}: {totals['queued']} would be sent, with "
        f"{totals['requests']} calls; {totals['outcomes']['problem']} have problems.",
        "",
    )
    if totals["trouble"]:
        tell(f"Panda could not be asked ({totals['trouble']}).")
