"""Odoo in this process, as a cron worker has it: one registry, real cursors."""

import sys
import threading
from contextlib import contextmanager

ADMIN = 2
"""User id of the administrator, who is subject to access rules as everybody is."""

_database = None


def boot(options):
    """Configure Odoo with ``options`` of its command line and load the registry."""
    global _database
    sys.argv[1:] = []
    from odoo.modules.registry import Registry
    from odoo.tools import config

    config.parse_config(options, setup_logging=True)
    from odoo.service import server

    server.load_server_wide_modules()
    [_database] = config["db_name"]
    Registry(_database)
    _confirm_copy()


def _confirm_copy():
    """Confirm that this copy of a prepared database is the one that calls Panda."""
    with environment() as env:
        if "panda.system" in env:
            env["panda.system"].search([])._stamp_database()


def database():
    """Return the name of the database."""
    return _database


@contextmanager
def environment(user=None):
    """An environment on a cursor of its own, committed at the end.

    :param user: id of the user; without one the superuser.
    """
    from odoo import SUPERUSER_ID, api
    from odoo.modules.registry import Registry

    threading.current_thread().dbname = _database
    with Registry(_database).cursor() as cr:
        yield api.Environment(cr, user or SUPERUSER_ID, {})


def count_queries():
    """Return how many statements this thread has sent since it began to count."""
    thread = threading.current_thread()
    if not hasattr(thread, "query_count"):
        thread.query_count = 0
    return thread.query_count
