from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    """Give each system a scheduled action of its own, in place of one for all."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    old = env.ref("panda_provisioning.ir_cron_synchronize", raise_if_not_found=False)
    if old:
        old.unlink()
    systems = env["panda.system"].with_context(active_test=False).search([])
    systems._ensure_cron()
    systems._trigger()
