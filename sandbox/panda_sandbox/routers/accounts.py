"""The Accounts API (docs/watchguard-api.md#accounts)."""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import JSONResponse

from ..errors import ApiError
from ..sandbox import Sandbox, SandboxDep
from ..schemas import (
    AccountChange,
    AccountDetails,
    Children,
    CreatedAccount,
    DeletedAccount,
    NewAccount,
)
from ..settings import ROOT_ACCOUNT
from ..store.accounts import SERVICE_PROVIDER, SUBSCRIBER, Account, Contact, Listing
from .access import CREDENTIALS, REFUSALS, CallerDep, FaultDep, account_for
from .lag import lag_of

router = APIRouter(
    prefix="/rest/platform/accounts/v1/accounts",
    tags=["Accounts"],
    dependencies=CREDENTIALS,
    responses=REFUSALS,
)

LONGEST_CUT_NAME = 24
"""Characters of a name that a Panda keeps which cuts names."""

LOWEST_PROVIDER_TIER = 2
"""Below a tier-2 Service Provider there are Subscribers only.

See docs/watchguard-api.md#account-tiers.
"""

AccountId = Annotated[str, Path(max_length=64, examples=[ROOT_ACCOUNT])]


@router.post(
    "/{account_id}",
    summary="Create an account below another",
    responses={200: {"model": CreatedAccount}, 409: REFUSALS[400]},
)
async def create_account(
    account_id: AccountId,
    new: NewAccount,
    sandbox: SandboxDep,
    caller: CallerDep,
    fault: FaultDep,
) -> JSONResponse:
    parent = account_for(sandbox, caller, account_id)
    _check_tiers(sandbox, parent, new.type)
    _check_name(sandbox, new.name)
    if sandbox.switches["duplicate_name"] == "409" and sandbox.accounts.has_child_named(
        parent.id, new.name
    ):
        raise ApiError(409, "An account of this name exists already.")
    new_id = sandbox.accounts.create(
        parent, new.type, _stored(sandbox, new), lag_of(fault)
    )
    return JSONResponse(
        {sandbox.switches["account_id_field"]: new_id},
        sandbox.switches.status("created_status"),
    )


@router.get(
    "/{account_id}",
    summary="Read an account",
    responses={200: {"model": AccountDetails}},
)
async def get_account(
    account_id: AccountId,
    sandbox: SandboxDep,
    caller: CallerDep,
    fields: Annotated[str, Query(examples=["contacts,parent"])] = "",
) -> JSONResponse:
    account = account_for(sandbox, caller, account_id)
    wanted = {field.strip() for field in fields.split(",")}
    extras = {
        name: value
        for name, value in _extras(sandbox, account).items()
        if name in wanted
    }
    return JSONResponse(
        {
            sandbox.switches["account_id_field"]: account.id,
            "name": account.name,
            "status": "Active",
            "type": account.type,
            **extras,
        }
    )


@router.patch("/{account_id}", summary="Change an account", status_code=204)
async def update_account(
    account_id: AccountId,
    change: AccountChange,
    sandbox: SandboxDep,
    caller: CallerDep,
) -> Response:
    account = account_for(sandbox, caller, account_id)
    _check_name(sandbox, change.name)
    sandbox.accounts.update(account.id, _stored(sandbox, change))
    return Response(status_code=204)


@router.delete(
    "/{account_id}",
    summary="Delete an account and all it holds",
    responses={200: {"model": DeletedAccount}, 409: REFUSALS[400]},
)
async def delete_account(
    account_id: AccountId,
    sandbox: SandboxDep,
    caller: CallerDep,
    *,
    force: bool = False,
) -> JSONResponse:
    account = account_for(sandbox, caller, account_id)
    if account.id == caller.root_id:
        raise ApiError(403, "An account cannot delete itself.")
    if not force and sandbox.accounts.ids_below(account.id):
        status = sandbox.switches.status("children_without_force")
        raise ApiError(status, "The account has children.", "Use force to delete them.")
    return JSONResponse({"childIds": sandbox.delete_account(account)})


@router.get(
    "/{account_id}/children",
    summary="List or search the accounts below another",
    responses={200: {"model": Children}},
)
async def list_children(
    account_id: AccountId,
    sandbox: SandboxDep,
    caller: CallerDep,
    account_type: Annotated[Literal["0", "1", "2"], Query(alias="type")] = "0",
    sort_by: Annotated[Literal["name", "type"], Query(alias="sortBy")] = "name",
    sort_order: Annotated[Literal["asc", "desc"], Query(alias="sortOrder")] = "asc",
    offset: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=-1)] = 25,
    name: str = "",
    _delegated: Annotated[bool, Query(alias="includeDelegatedAccounts")] = False,  # noqa: FBT002
) -> JSONResponse:
    account = account_for(sandbox, caller, account_id)
    if limit < 0 and sandbox.switches["unlimited"] == "400":
        raise ApiError(400, "Invalid request.", "limit: must be greater than 0")
    if sandbox.switches["most_rows"] != "any":
        limit = int(sandbox.switches["most_rows"])
    wanted = Listing(
        type=int(account_type),
        name=name,
        name_filter=sandbox.switches["name_filter"],
        sort_by=sort_by,
        descending=sort_order == "desc",
        offset=offset if sandbox.switches["offset"] == "obeyed" else 0,
        limit=limit,
        whole_tree=sandbox.switches["children_scope"] == "tree",
    )
    rows, total = sandbox.accounts.list_below(account.id, wanted)
    totals = {"of_page": len(rows), "zero": 0, "too_big": total + 1}
    total = totals.get(sandbox.switches["listing_total"], total)
    paging: dict[str, Any] = {"limit": limit, "offset": offset, "totalItems": total}
    form = sandbox.switches["paging"]
    if form != "flat":
        paging = {"pageControls": paging} if form == "nested" else {}
    id_field = sandbox.switches["account_id_field"]
    return JSONResponse({"items": [_child(row, id_field) for row in rows], **paging})


def _check_tiers(sandbox: Sandbox, parent: Account, new_type: int) -> None:
    """Three tiers: provider, provider, subscriber.

    See docs/watchguard-api.md#account-tiers.
    """
    status = sandbox.switches.status("tier_violation")
    if parent.type == SUBSCRIBER:
        raise ApiError(status, "A Subscriber cannot manage accounts.")
    if new_type == SERVICE_PROVIDER and parent.tier >= LOWEST_PROVIDER_TIER:
        raise ApiError(status, "A Service Provider cannot be on the third tier.")


def _check_name(sandbox: Sandbox, name: str) -> None:
    limit = sandbox.switches["name_limit"]
    if limit != "none" and len(name) > int(limit):
        raise ApiError(400, "Invalid request.", f"name: over {limit} characters")


SPELLINGS: dict[str, Callable[[str], str]] = {
    "as_sent": str,
    "html": html.escape,
    "upper": str.upper,
    "nfd": lambda name: unicodedata.normalize("NFD", name),
    "cut": lambda name: name[:LONGEST_CUT_NAME],
}


def _stored(sandbox: Sandbox, change: AccountChange) -> Contact:
    name = SPELLINGS[sandbox.switches["stored_name"]](change.name)
    return Contact(name, change.firstName, change.lastName, change.email)


def _shown_email(sandbox: Sandbox, email: str) -> str:
    mailbox, _at, domain = email.rpartition("@")
    forms = {
        "as_sent": email,
        "masked": f"{mailbox[:1]}***@{domain}",
        "untagged": f"{mailbox.partition('+')[0]}@{domain}",
    }
    return forms[sandbox.switches["shown_email"]]


def _extras(sandbox: Sandbox, account: Account) -> dict[str, Any]:
    """Parts of an account that are shown when asked for.

    See docs/watchguard-api.md#get-account.
    """
    contact = {
        "primaryContactId": f"contact-{account.id}",
        "firstName": account.first_name,
        "lastName": account.last_name,
        "email": _shown_email(sandbox, account.email),
        "phone": "",
    }
    forms: dict[str, dict[str, Any]] = {
        "object": {"contacts": contact},
        "list": {"contacts": [contact]},
        "missing": {},
    }
    return {
        **forms[sandbox.switches["contacts"]],
        "parent": (
            {"id": account.parent_id, "access": "Full"} if account.parent_id else {}
        ),
        "addresses": {},
        "serviceProperties": {},
    }


def _child(row: Any, id_field: str) -> dict[str, Any]:
    return {
        id_field: row["id"],
        "name": row["name"],
        "type": row["type"],
        "parentAccess": "Full",
        "totalOperators": row["operators"],
    }
