"""List and search below an account (docs/watchguard-api.md#list-children)."""

from __future__ import annotations

from typing import Any

import pytest

from panda_sandbox.settings import FOREIGN_ACCOUNT, ROOT_ACCOUNT
from support import ACCOUNTS, Api


@pytest.fixture
def reseller(api: Api) -> str:
    """A reseller with a customer, beside two direct customers."""
    reseller_id = api.create_account(type=1, name="Beta Resale")
    api.create_account(reseller_id, name="Deep")
    api.create_account(name="alpha")
    api.create_account(name="Ωμέγα Gamma")
    return reseller_id


def test_row_has_the_documented_fields(api: Api, reseller: str) -> None:
    [row] = api.children(type=1)["items"]
    assert row.pop("parentAccess")
    assert row == {
        "accountId": reseller,
        "name": "Beta Resale",
        "type": 1,
        "totalOperators": 0,
    }


def test_only_direct_children_are_listed(api: Api, reseller: str) -> None:
    assert api.names() == ["alpha", "Beta Resale", "Ωμέγα Gamma"]
    assert api.names(reseller) == ["Deep"]


@pytest.mark.usefixtures("reseller")
@pytest.mark.parametrize(
    ("params", "names"),
    [
        ({"type": 0}, ["alpha", "Beta Resale", "Ωμέγα Gamma"]),
        ({"type": 1}, ["Beta Resale"]),
        ({"type": 2}, ["alpha", "Ωμέγα Gamma"]),
        ({"name": "A RES"}, ["Beta Resale"]),
        ({"name": "ωμέΓΑ"}, ["Ωμέγα Gamma"]),
        ({"name": "%"}, []),
        ({"name": "alpha", "type": 1}, []),
        ({"sortOrder": "desc"}, ["Ωμέγα Gamma", "Beta Resale", "alpha"]),
        ({"sortBy": "type"}, ["Beta Resale", "alpha", "Ωμέγα Gamma"]),
        ({"limit": 1}, ["alpha"]),
        ({"limit": 1, "offset": 1}, ["Beta Resale"]),
        ({"limit": -1, "offset": 2}, ["Ωμέγα Gamma"]),
        ({"limit": 5, "offset": 9}, []),
        ({"includeDelegatedAccounts": "true"}, ["alpha", "Beta Resale", "Ωμέγα Gamma"]),
    ],
)
def test_parameters(api: Api, params: dict[str, Any], names: list[str]) -> None:
    assert api.names(**params) == names


@pytest.mark.usefixtures("reseller")
def test_page_controls_count_all_pages(api: Api) -> None:
    assert api.children(limit=2, offset=1)["pageControls"] == {
        "limit": 2,
        "offset": 1,
        "totalItems": 3,
    }
    assert api.children(limit=-1, offset=9)["pageControls"]["totalItems"] == 3


def test_page_has_25_rows_unless_all_are_asked_for(api: Api) -> None:
    for number in range(26):
        api.create_account(name=f"Customer {number}")
    assert api.children()["pageControls"]["limit"] == 25
    assert len(api.names()) == 25
    assert len(api.names(limit=-1)) == 26


def test_operators_are_counted(api: Api) -> None:
    api.create_operator(api.create_account())
    [row] = api.children()["items"]
    assert row["totalOperators"] == 1


@pytest.mark.parametrize(
    "params",
    [{"type": 3}, {"limit": -2}, {"offset": -1}, {"sortBy": "id"}, {"sortOrder": "up"}],
)
def test_bad_parameters_are_refused(api: Api, params: dict[str, object]) -> None:
    path = f"{ACCOUNTS}/{ROOT_ACCOUNT}/children"
    assert api.call("GET", path, params=params).status_code == 400


@pytest.mark.parametrize(
    ("account_id", "status"), [("WGC-1-unknown", 404), (FOREIGN_ACCOUNT, 403)]
)
def test_children_of_what_is_not_managed_are_refused(
    api: Api, account_id: str, status: int
) -> None:
    path = f"{ACCOUNTS}/{account_id}/children"
    assert api.call("GET", path).status_code == status
