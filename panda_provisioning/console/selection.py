"""Systems and contacts that the options name."""

from ast import literal_eval

from odoo.fields import Domain

from ..core.printable import printable


class UsageError(Exception):
    """An option names what does not exist, or cannot be read."""

    def __init__(self, text):
        super().__init__(printable(text))  # names of systems, and the user's own words


def get_systems(env, args):
    """Return the systems that ``--system`` names; without it, all of them."""
    systems = env["panda.system"].search([])
    if not args.system:
        return systems
    chosen = systems.filtered(lambda s: args.system in (s.name, str(s.id)))
    if not chosen:
        names = ", ".join(f"{s.name} ({s.id})" for s in systems) or "none"
        raise UsageError(f"there is no system {args.system}; there are: {names}")
    return chosen


def get_system(env, args):
    """Return the one system that ``--system`` names, empty without it."""
    if not args.system:
        return env["panda.system"]
    systems = get_systems(env, args)
    if len(systems) > 1:
        ids = ", ".join(map(str, systems.ids))
        raise UsageError(f"several systems are called {args.system}; give an id: {ids}")
    return systems


def get_plans(env, args):
    """Return what would become of the contacts that ``--ids`` or ``--domain`` chooses;
    without either, of those whose accounts were never sent. One plan for each system.
    """
    if args.ids or args.domain:
        chosen = {get_system(env, args): get_contacts(env, args)}
    else:
        drafts = get_accounts(env, args, ("draft",)).grouped("system_id")
        chosen = {system: each.partner_id for system, each in drafts.items()}
    service = env["panda.service"]
    return [service._plan(each, system) for system, each in chosen.items() if each]


def get_contacts(env, args):
    """Return the contacts that ``--ids`` or ``--domain`` chooses."""
    if args.domain:
        return _search(env["res.partner"], args.domain)
    contacts = env["res.partner"].browse(args.ids)
    missing = contacts - contacts.exists()
    if missing:
        raise UsageError(f"there are no contacts {', '.join(map(str, missing.ids))}")
    return contacts


def get_accounts(env, args, states):
    """Return the accounts in one of ``states`` of the chosen systems."""
    domain = Domain("state", "in", states)
    if args.system:
        domain &= Domain("system_id", "in", get_systems(env, args).ids)
    return env["panda.account"].search(domain)


def _search(contacts, text):
    try:
        return contacts.search(Domain(literal_eval(text)))
    except (SyntaxError, TypeError, ValueError) as error:
        raise UsageError(f"the domain {text} cannot be used: {error}") from error
