"""``/_control``: look into the sandbox and set it up, without credentials."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Body, Depends, Request
from pydantic import BaseModel, ConfigDict, ValidationError

from ..errors import ApiError
from ..faults import FAULTS, FaultRule, rules_from_rates
from ..quota import QUOTA
from ..recorder import Filter
from ..sandbox import Sandbox, SandboxDep
from ..settings import API_KEY, PASSWORDS, READ_WRITE_ID, ROOT_ACCOUNT, Settings
from ..switches import TABLE

router = APIRouter(prefix="/_control", tags=["Control of the sandbox"])

Result = TypeVar("Result")

Changes = Annotated[dict[str, Any], Body()]
FilterDep = Annotated[Filter, Depends()]


class FaultSet(BaseModel):
    """All faults: rules, and rates as a shorthand for rules that apply always.

    A rate is a number or an object with ``rate`` and options of a rule.
    """

    model_config = ConfigDict(extra="forbid")

    rules: list[FaultRule] = []
    rates: dict[str, float | dict[str, Any]] = {}


@router.get("/connection", summary="With what a client may connect")
async def get_connection() -> dict[str, str]:
    return {
        "rootAccountId": ROOT_ACCOUNT,
        "accessId": READ_WRITE_ID,
        "password": PASSWORDS[READ_WRITE_ID],
        "apiKey": API_KEY,
    }


@router.get("/state", summary="All that has been created")
async def get_state(request: Request, sandbox: SandboxDep) -> dict[str, Any]:
    sandbox.settle()
    return {
        "tenants": [
            {
                "accountId": each.id,
                "parentId": each.parent_id,
                "type": each.type,
                "tier": each.tier,
                "name": each.name,
                "firstName": each.first_name,
                "lastName": each.last_name,
                "email": each.email,
                "createdAt": each.created_at,
            }
            for each in sandbox.accounts.all()
        ],
        "operators": [
            {
                "accountId": each.account_id,
                "username": each.username,
                "firstName": each.first_name,
                "lastName": each.last_name,
                "email": each.email,
                "phone": each.phone,
                "role": each.role,
            }
            for each in sandbox.operators.all()
        ],
        "transactions": [
            {
                "transactionId": each.id,
                "action": each.action,
                "accountId": each.account_id,
                "username": each.username,
                "status": each.status,
                "error": each.error,
                "createdAt": each.created_at,
            }
            for each in sandbox.transactions.all()
        ],
        "mails": _mails(request, sandbox),
    }


@router.get("/outbox", summary="The activation mails, the oldest first")
async def get_outbox(request: Request, sandbox: SandboxDep) -> list[dict[str, Any]]:
    sandbox.settle()
    return _mails(request, sandbox)


@router.get("/requests", summary="The requests that came in")
async def get_requests(sandbox: SandboxDep, wanted: FilterDep) -> list[dict[str, Any]]:
    return [entry.as_dict() for entry in sandbox.recorder.find(wanted)]


@router.get("/requests/count", summary="How many requests came in")
async def count_requests(sandbox: SandboxDep, wanted: FilterDep) -> dict[str, int]:
    return {"count": sum(1 for _ in sandbox.recorder.find(wanted))}


@router.post("/reset", summary="Be as after a start with an empty database")
async def reset(sandbox: SandboxDep) -> dict[str, str]:
    sandbox.reset()
    return {"status": "reset"}


@router.delete("/accounts/{account_id}", summary="Delete an account behind the API")
async def delete_account(account_id: str, sandbox: SandboxDep) -> dict[str, list[str]]:
    sandbox.settle()
    account = sandbox.accounts.get(account_id)
    if not account or not account.parent_id:
        raise ApiError(404, "Account was not found.")
    return {"childIds": sandbox.delete_account(account)}


@router.get("/settings", summary="Delays and lifetimes")
async def get_settings(sandbox: SandboxDep) -> Settings:
    return sandbox.settings


@router.patch("/settings", summary="Change delays and lifetimes")
async def change_settings(changes: Changes, sandbox: SandboxDep) -> Settings:
    _checked(lambda: sandbox.change_settings(changes))
    return sandbox.settings


@router.get("/quota", summary="How much of the quota was used, and when")
async def get_quota(
    sandbox: SandboxDep, begin: float | None = None, end: float | None = None
) -> dict[str, Any]:
    """The requests of a time: those that the quota allowed, `null` for any number,
    and the times of those that it accepted and refused.

    Times are in seconds since the epoch; without them, since the quota in force was
    set, until now.
    """
    begin = sandbox.quota.since if begin is None else begin
    end = time.time() if end is None else end
    came = [e for e in sandbox.recorder.find(Filter()) if begin <= e.time < end]
    return {
        "begin": begin,
        "end": end,
        "allowed": sandbox.quota.allowed(begin, end),
        "accepted": [entry.time for entry in came if entry.fault != QUOTA],
        "refused": [entry.time for entry in came if entry.fault == QUOTA],
    }


@router.get("/switches", summary="Positions of all switches")
async def get_switches(sandbox: SandboxDep) -> dict[str, str]:
    return sandbox.switches.as_dict()


@router.get("/switches/table", summary="What the switches mean")
async def get_switch_table() -> list[dict[str, Any]]:
    return [
        {
            "name": switch.name,
            "values": switch.values,
            "anchor": switch.anchor,
            "meaning": switch.meaning,
        }
        for switch in TABLE
    ]


@router.patch("/switches", summary="Move switches")
async def change_switches(changes: Changes, sandbox: SandboxDep) -> dict[str, str]:
    _checked(lambda: sandbox.switches.change(changes))
    return sandbox.switches.as_dict()


@router.get("/faults", summary="Faults in force, and the kinds that there are")
async def get_faults(sandbox: SandboxDep) -> dict[str, Any]:
    return {"rules": sandbox.faults.as_list(), "kinds": FAULTS}


@router.put("/faults", summary="Replace all faults")
async def replace_faults(faults: FaultSet, sandbox: SandboxDep) -> dict[str, Any]:
    rates = _checked(lambda: rules_from_rates(faults.rates))
    sandbox.faults.replace([*faults.rules, *rates])
    return {"rules": sandbox.faults.as_list()}


@router.post("/faults", summary="Add a fault, before all others")
async def add_fault(rule: FaultRule, sandbox: SandboxDep) -> dict[str, Any]:
    sandbox.faults.add(rule)
    return {"rules": sandbox.faults.as_list()}


@router.delete("/faults", summary="Remove all faults")
async def remove_faults(sandbox: SandboxDep) -> dict[str, Any]:
    sandbox.faults.replace([])
    return {"rules": []}


def _checked(change: Callable[[], Result]) -> Result:
    try:
        return change()
    except ValidationError as error:
        problems = (f"{p['loc'][-1:]}: {p['msg']}" for p in error.errors())
        raise ApiError(400, "Invalid request.", "; ".join(problems)) from error
    except ValueError as error:
        raise ApiError(400, "Invalid request.", str(error)) from error


def _mails(request: Request, sandbox: Sandbox) -> list[dict[str, Any]]:
    base_url = str(request.base_url).rstrip("/")
    return [
        {
            "to": each.recipient,
            "username": each.username,
            "accountId": each.account_id,
            "accountName": each.account_name,
            "link": base_url + each.link,
            "sentAt": each.sent_at,
        }
        for each in sandbox.mails.all()
    ]
