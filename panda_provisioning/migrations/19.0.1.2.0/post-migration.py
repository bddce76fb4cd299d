from odoo import SUPERUSER_ID, api
from odoo.tools import SQL, sql

MOVED = {"access_password_secret": "access_password", "api_key_secret": "api_key"}


def migrate(cr, version):
    """Move the secrets of systems out of the row of the system, and stamp what is this
    database as far as its uuid tells."""
    _move_secrets(cr)
    _stamp_databases(cr)


def _move_secrets(cr):
    secrets = api.Environment(cr, SUPERUSER_ID, {})["panda.system.secret"]
    for column, name in MOVED.items():
        if not sql.column_exists(cr, "panda_system", column):
            continue
        value = SQL.identifier(column)
        cr.execute(
            SQL("SELECT id, %s FROM panda_system WHERE %s IS NOT NULL", value, value)
        )
        for system_id, secret in cr.fetchall():
            secrets._store(system_id, name, secrets._get_box().seal(secret))
        cr.execute(SQL("UPDATE panda_system SET %s = NULL", value))
        cr.execute(SQL("ALTER TABLE panda_system DROP COLUMN %s", value))


def _stamp_databases(cr):
    if not sql.column_exists(cr, "panda_system", "database_uuid"):
        return
    systems = api.Environment(cr, SUPERUSER_ID, {})["panda.system"]
    cr.execute(
        SQL(
            """
            UPDATE panda_system SET database_stamp = CASE
                WHEN database_uuid = (SELECT value FROM ir_config_parameter
                    WHERE key = 'database.uuid') THEN %s
                ELSE database_uuid END
            WHERE database_stamp IS NULL
            """,
            systems._get_database_stamp(),
        )
    )
    cr.execute("ALTER TABLE panda_system DROP COLUMN database_uuid")
