"""How many statements the usual screens of contacts take."""

import itertools

from lxml import etree

from bench.inside import people
from bench.inside.odoo_process import ADMIN, count_queries, environment

ROWS = 80
OURS = [("email", "like", "@bench.example")]
LIST, FORM = "base.view_partner_tree", "base.view_partner_form"
IRRELEVANT = {
    "function": "Baker",
    "street": "Main Street 1",
    "website": "https://bakery.example",
    "comment": "<p>Calls on Mondays.</p>",
}
"""Fields of a contact of which Panda is told nothing."""


def add():
    """Create the contacts of a list, with synchronised accounts if there are any."""
    with environment() as env:
        if "panda.system" not in env:
            last = {"first": 1, "last": ROWS, "phone": people.PHONE}
            env.cr.execute(people.PARTNERS, last)
            return
        system = env["panda.system"].search([])
        people.create_accounts(env, system, 1, ROWS, synced=True)
        group = env.ref("panda_provisioning.group_panda_manager")
        env["res.users"].browse(ADMIN).group_ids = [(4, group.id)]


def measure():
    """Return statements by screen, with everything cached that a living Odoo has."""
    found = {}
    for name, work in (("list", _list), ("form", _form), ("write", _write)):
        _count(work, 1)
        found[name] = _count(work, 2)
    return found


def _count(work, turn):
    with environment(ADMIN) as env:
        act = work(env, turn)
        env.flush_all()
        env.invalidate_all()
        before = count_queries()
        act()
        env.flush_all()
        return count_queries() - before


def _list(env, _turn):
    partners = env["res.partner"]
    fields = _specification(partners, LIST, "list")
    return lambda: partners.web_search_read(OURS, fields, limit=ROWS)


def _form(env, turn):
    partner = env["res.partner"].search(OURS, limit=1, offset=turn)
    fields = _specification(partner, FORM, "form")
    return lambda: partner.web_read(fields)


def _write(env, turn):
    partner = env["res.partner"].search(OURS, limit=1, offset=turn)
    return lambda: partner.write({k: f"{v} {turn}" for k, v in IRRELEVANT.items()})


def _specification(records, view, kind):
    """What the web client asks for: all fields of the view, optional ones too."""
    arch = records.get_view(records.env.ref(view).id, kind)["arch"]
    return _read_node(records, etree.fromstring(arch))


def _read_node(records, node):
    fields = {}
    for child in _own_fields(node):
        field = records._fields[child.get("name")]
        fields[field.name] = {}
        if field.type == "many2one":
            fields[field.name] = {"fields": {"display_name": {}}}
        elif field.type in ("one2many", "many2many"):
            inner = _read_node(records.env[field.comodel_name], child)
            fields[field.name] = {"fields": inner or {"display_name": {}}}
    return fields


def _own_fields(node):
    """The fields of a view, without those of the views inside them."""
    children = (
        [child] if child.tag == "field" else _own_fields(child) for child in node
    )
    return list(itertools.chain.from_iterable(children))
