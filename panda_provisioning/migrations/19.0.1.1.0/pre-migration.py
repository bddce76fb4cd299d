from odoo.tools import sql

RENAMED = {
    "panda_account": {
        "has_news": "notification_pending",
        "announced": "last_notified",
    },
    "panda_system": {
        "search_grace": "search_delay",
        "activation_patience": "activation_timeout",
    },
}


def migrate(cr, version):
    """Keep what is stored in columns that have another name now."""
    for table, columns in RENAMED.items():
        for old, new in columns.items():
            if sql.column_exists(cr, table, old):
                sql.rename_column(cr, table, old, new)
    # Made anew under its new name.
    sql.drop_index(cr, "panda_account_news", "panda_account")
