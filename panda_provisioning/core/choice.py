"""Whether an account of Panda may be the one that a person says it is."""

from __future__ import annotations

from collections.abc import Container

from ..panda_api.client import PandaClient
from ..panda_api.errors import PandaError
from ..panda_api.responses import Account, is_account_id, is_clear, unreadable


def may_be_chosen(chosen_id: str, *, parent_id: str, root_id: str) -> bool:
    """Whether it makes sense to ask Panda about ``chosen_id`` at all."""
    not_theirs = (root_id.casefold(), parent_id.casefold())
    return is_account_id(chosen_id) and chosen_id.casefold() not in not_theirs


def find_chosen(
    client: PandaClient,
    chosen_id: str,
    *,
    parent_id: str,
    root_id: str,
    account_type: int,
    excluded: Container[str] = (),
) -> Account | None:
    """Return the account ``chosen_id`` if it exists directly below ``parent_id``, is of
    ``account_type`` and belongs to nobody else, otherwise ``None``.

    :param root_id: our own account, which is nobody's.
    :param excluded: accounts that belong to other contacts.
    :raise PandaError: if Panda cannot be asked.
    """
    if not may_be_chosen(chosen_id, parent_id=parent_id, root_id=root_id):
        return None
    if chosen_id in excluded:
        return None
    try:
        account = client.get_account(chosen_id)
    except PandaError as error:
        if error.code != "not_found":
            raise
        return None
    if not is_clear(account.name):
        raise unreadable("the name of the account")
    children = client.list_children(parent_id, name=account.name)
    is_below = chosen_id in {child.id for child in children}
    # Better an account of a type that cannot be read than none.
    return account if is_below and account.type in (account_type, 0) else None
