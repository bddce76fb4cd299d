from odoo.tools import sql

RENAMED = {"has_news": "notification_pending", "announced": "last_notified"}


def migrate(cr, version):
    """Keep what was notified: the columns have other names."""
    for old, new in RENAMED.items():
        if sql.column_exists(cr, "panda_account", old):
            sql.rename_column(cr, "panda_account", old, new)
    # Made anew under its new name.
    sql.drop_index(cr, "panda_account_news", "panda_account")
