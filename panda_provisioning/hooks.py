"""What an uninstallation removes besides the records that an addon has come with."""

import re

from odoo.fields import Domain

MODULE = "panda_provisioning"
ACTIVITY_TYPES = ("mail_activity_type_panda", "mail_activity_type_confirmation")
WORDS = (r"panda\.(account|message|preview|service|sync\.log|system)",)
"""Models of this addon, as code names them."""


def uninstall_hook(env):
    """Remove what people and the engine have made with this addon, and what would fail
    without it."""
    # Odoo deletes no type of an activity that there has ever been.
    remove_activities(env)
    parameters = env["ir.config_parameter"]
    parameters.search([("key", "=like", f"{MODULE}.%")]).unlink()
    _search_all(env["ir.filters"], [("model_id", "=like", "panda.%")]).unlink()
    env["ir.exports"].search([("resource", "=like", "panda.%")]).unlink()
    remove_references(env, MODULE, *WORDS, "action_panda_synchronize")


def remove_activities(env, domain=Domain.TRUE):
    """Remove the activities that this addon has scheduled, done ones as well."""
    types = env["mail.activity.type"]
    for name in ACTIVITY_TYPES:
        types |= env.ref(f"{MODULE}.{name}", raise_if_not_found=False) or types
    ours = Domain("activity_type_id", "in", types.ids) & Domain(domain)
    _search_all(env["mail.activity"], ours).unlink()


def remove_references(env, module, *words):
    """Remove favourites and columns of exports that name a field of ``module``, and
    switch off automation rules that name a field or one of ``words``.

    Such a favourite opens no list any more, such a rule stops whoever sets it off.
    """
    names = _get_field_names(env, module)
    uses = _search_for(names)
    saved = _search_all(env["ir.filters"])
    saved.filtered(lambda f: uses(f"{f.domain} {f.context} {f.sort}")).unlink()
    env["ir.exports.line"].search([]).filtered(lambda line: uses(line.name)).unlink()
    if "base.automation" in env:
        uses = _search_for((*names, *words))
        rules = env["base.automation"].search([])
        rules.filtered(lambda rule: uses(_get_text(rule))).active = False


def _get_field_names(env, module):
    """Return the names of the fields that ``module`` has added to models of others."""
    data = env["ir.model.data"].search(
        [("module", "=", module), ("model", "=", "ir.model.fields")]
    )
    fields = env["ir.model.fields"].browse(data.mapped("res_id"))
    return [name for name in fields.mapped("name") if name.startswith("panda_")]


def _get_text(rule):
    codes = rule.action_server_ids.mapped("code")
    return " ".join(map(str, (rule.filter_pre_domain, rule.filter_domain, *codes)))


def _search_all(model, domain=Domain.TRUE):
    return model.with_context(active_test=False).search(domain)


def _search_for(words):
    """Return what finds one of ``words`` in a text; nothing if there are none."""
    return re.compile(rf"\b({'|'.join(words) or '(?!)'})\b").search
