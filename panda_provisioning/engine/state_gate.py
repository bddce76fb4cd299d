"""The gate that every change of an account's state goes through.

``panda.account._set_state`` and the statements of the queue use it. The changes that
are allowed are data, see ``core/states.py``.
"""

from odoo.modules import module
from odoo.tools import SQL

from ..core.printable import get_logger
from ..core.states import IllegalTransition, State, is_allowed, sources_of

_logger = get_logger(__name__)


def check_transition(account_id, source, target):
    """Raise in tests, and log an error in production, unless an account may go from
    state ``source`` to ``target``.

    :raise IllegalTransition: in tests only. In production the outcome of a request
        must not be lost for it.
    """
    if is_allowed(source, target):
        return
    error = IllegalTransition(f"Account {account_id}: {source} to {target}")
    if module.current_test:
        raise error
    _logger.error("Illegal transition", exc_info=error)


def change_state(target, *, where, values=None, tables=None):
    """Return the statement that puts accounts (``a``) into the state ``target``.

    Accounts in a state from which they may not get there are left as they are. The
    outcome is empty until `panda.account._store_outcome` writes the next one.

    :param SQL where: which accounts
    :param SQL values: further assignments, beginning with a comma
    :param SQL tables: the FROM clause
    """
    return SQL(
        """
        UPDATE panda_account a SET state = %(target)s, outcome = NULL %(values)s
        %(tables)s WHERE a.state IN %(sources)s AND %(where)s
        """,
        target=target.value,
        values=values or SQL(),
        tables=tables or SQL(),
        sources=tuple(state.value for state in sources_of(State(target))),
        where=where,
    )
