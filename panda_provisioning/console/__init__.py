"""What ``odoo panda`` does; its options are in ``cli/panda.py``."""

from odoo.exceptions import UserError

from . import connection, output, preview, status, synchronize
from .exit_status import ExitStatus
from .selection import UsageError

COMMANDS = {
    "status": status.show_status,
    "preview": preview.show_preview,
    "sync": synchronize.sync,
    "retry": synchronize.retry,
    "test-connection": connection.test_connection,
}


def run(env, args):
    """Run a subcommand and return its :class:`ExitStatus`."""
    try:
        return COMMANDS[args.subcommand](env, args)
    except UserError as error:
        output.tell(*str(error).splitlines())
        return ExitStatus.NOT_WELL
