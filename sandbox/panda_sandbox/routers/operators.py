"""The Operator Management API (docs/watchguard-api.md#operators)."""

from __future__ import annotations

import time
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from ..errors import ApiError
from ..faults import FaultRule
from ..sandbox import Sandbox, SandboxDep
from ..schemas import (
    ROLES,
    NewOperator,
    OperatorChange,
    OperatorKey,
    OperatorList,
    TransactionStarted,
    TransactionState,
)
from ..store.accounts import Account
from ..store.operators import Operator
from ..store.transactions import Order
from .access import CREDENTIALS, REFUSALS, CallerDep, FaultDep, account_for
from .lag import lag_of

router = APIRouter(
    prefix="/rest/platform/operator-mgmt/v1",
    tags=["Operators"],
    dependencies=CREDENTIALS,
    responses=REFUSALS,
)

STARTED: dict[int | str, dict[str, Any]] = {200: {"model": TransactionStarted}}


@router.post(
    "/operators",
    summary="Ask for an operator",
    responses={**STARTED, 409: REFUSALS[400]},
)
async def create_operator(
    new: NewOperator, sandbox: SandboxDep, caller: CallerDep, fault: FaultDep
) -> JSONResponse:
    account = account_for(sandbox, caller, new.accountId)
    _check_role(account, new.role)
    operator = Operator(
        new.username,
        account.id,
        new.firstName,
        new.lastName,
        new.email,
        new.phone,
        new.role,
    )
    if sandbox.switches["operator_conflict"] == "409":
        conflict = sandbox.transactions.conflict(operator)
        if conflict:
            raise ApiError(409, conflict)
    lag = lag_of(fault, sandbox.settings.pending_seconds)
    order = Order("create", operator, new.password is not None, lag)
    return _begin(sandbox, order, fault)


@router.patch(
    "/operators", summary="Ask for a change of an operator", responses=STARTED
)
async def update_operator(
    change: OperatorChange, sandbox: SandboxDep, caller: CallerDep, fault: FaultDep
) -> JSONResponse:
    account = account_for(sandbox, caller, change.accountId)
    if change.role:
        _check_role(account, change.role)
    operator = Operator(
        change.username,
        account.id,
        change.firstName or "",
        change.lastName or "",
        "",
        change.phone or "",
        change.role or "",
    )
    return _begin(sandbox, Order("update", operator), fault)


@router.post(
    "/DeleteOperators",
    summary="Ask for the removal of an operator",
    responses=STARTED,
)
async def delete_operator(
    key: OperatorKey, sandbox: SandboxDep, caller: CallerDep, fault: FaultDep
) -> JSONResponse:
    account = account_for(sandbox, caller, key.accountId)
    operator = Operator(key.username, account.id, "", "", "", "", "")
    return _begin(sandbox, Order("delete", operator), fault)


@router.get(
    "/TransactionStatus",
    summary="See what has become of a transaction",
    responses={200: {"model": TransactionState}},
)
async def get_transaction(
    transaction_id: str, sandbox: SandboxDep, caller: CallerDep
) -> JSONResponse:
    transaction = sandbox.transactions.find(transaction_id)
    if not transaction:
        raise ApiError(404, "Transaction was not found.")
    # The account may be gone by now; its transactions still answer.
    if sandbox.accounts.get(transaction.account_id):
        account_for(sandbox, caller, transaction.account_id)
    row = {
        "username": transaction.username,
        "status": transaction.status,
        sandbox.switches["transaction_text"]: transaction.error,
    }
    return JSONResponse({"status": "success", "transaction_status": [row]})


@router.get(
    "/OperatorsByAccountId",
    summary="List the operators of an account",
    responses={200: {"model": OperatorList}},
)
async def list_operators(
    account_id: str, sandbox: SandboxDep, caller: CallerDep
) -> JSONResponse:
    account = account_for(sandbox, caller, account_id)
    operators = sandbox.operators.list_for(account.id, time.time())
    return JSONResponse(
        {"status": "success", "result": [_row(sandbox, each) for each in operators]}
    )


def _check_role(account: Account, role: str) -> None:
    if role not in ROLES[account.type]:
        allowed = ", ".join(ROLES[account.type])
        raise ApiError(400, "Invalid request.", f"role: one of {allowed}")


def _begin(sandbox: Sandbox, order: Order, fault: FaultRule | None) -> JSONResponse:
    now = time.time()
    due_at: float | None = now + sandbox.settings.pending_seconds
    forced_error = ""
    if fault and fault.fault == "transaction_stuck":
        due_at = None
    if fault and fault.fault == "transaction_failed":
        forced_error = fault.message
    transaction_id = sandbox.transactions.begin(order, now, due_at, forced_error)
    return JSONResponse(
        {
            "transaction_id": transaction_id,
            "status": "success",
            "message": "The request is being processed.",
        }
    )


def _row(sandbox: Sandbox, operator: Operator) -> dict[str, Any]:
    return {
        "accountId": operator.account_id,
        "email": operator.email,
        "firstName": operator.first_name,
        "lastName": operator.last_name,
        "phone": operator.phone,
        "mfa": "Disabled" if sandbox.switches["mfa"] == "text" else False,
        sandbox.switches["operator_name_field"]: operator.username,
    }
