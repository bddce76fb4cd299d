from odoo.addons.panda_provisioning.hooks import remove_activities, remove_references

MODULE = "panda_provisioning_sale"


def uninstall_hook(env):
    """Remove what nobody would keep up to date any more, and what would fail."""
    remove_activities(env, [("res_model", "=", "sale.order")])
    remove_references(env, MODULE, "action_panda_provision")
