from odoo.tools import sql


def migrate(cr, version):
    if sql.column_exists(cr, "sale_order", "panda_told"):
        sql.rename_column(cr, "sale_order", "panda_told", "panda_last_notified")
    # The cron is noupdate data, so its code is not replaced by the new version.
    cr.execute(
        "UPDATE ir_act_server SET code = 'model._cron_process_requested_orders()'"
        " WHERE code = 'model._cron_take_up_orders()'"
    )
