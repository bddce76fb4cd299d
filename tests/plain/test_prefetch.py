"""What is read from Panda before a dry run: all that it needs, and nothing twice."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from threading import Barrier, current_thread
from typing import Any

import pytest

from panda_provisioning.core.prefetch import Prefetch, fill
from panda_provisioning.core.snapshot import Snapshot, Step
from panda_provisioning.panda_api.errors import ErrorKind, PandaError
from panda_sandbox.settings import ROOT_ACCOUNT

from .support import ACCOUNTS, CUSTOMER

ANN = "ann@acme.example"
Answer = dict[str, Any]


class FakePanda:
    """A transport to a Panda of a few accounts; it notes what it is asked."""

    def __init__(
        self,
        children: dict[str, dict[str, str]] | None = None,
        emails: dict[str, str] | None = None,
        operators: dict[str, list[str]] | None = None,
        page: int = 100,
    ) -> None:
        self.asked: list[tuple[str, ...]] = []
        self.children = {ROOT_ACCOUNT: {}} if children is None else children
        self.names = {
            id_: name for rows in self.children.values() for id_, name in rows.items()
        }
        self.emails = emails or {}
        self.operators = operators or {}
        self.page = page
        self.timeout = 30.0
        self.fault: tuple[str, PandaError] | None = None
        self.on_request: Callable[[], object] = lambda: None

    def request(
        self, method: str, path: str, *, params: Answer, **_options: Any
    ) -> Answer:
        assert method == "GET"
        self.on_request()
        if "account_id" in params:
            return self._list_operators(params["account_id"])
        account_id, *rest = path.removeprefix(f"{ACCOUNTS}/").split("/")
        if rest:
            return self._list_children(account_id, params)
        return self._get_account(account_id)

    def _list_operators(self, account_id: str) -> Answer:
        known = self._look_up("operators", self.operators, account_id)
        rows = [{"username": n, "email": ANN, "mfa": True} for n in known]
        return {"result": rows}

    def _list_children(self, account_id: str, params: Answer) -> Answer:
        start = int(params["offset"])
        if start and start >= len(self.children[account_id]):
            return {"items": []}  # that there is no more, which every listing asks
        known = self._look_up(
            *("children", self.children, account_id), params.get("name", "")
        )
        rows = [{"accountId": i, "name": name, "type": 2} for i, name in known.items()]
        items = rows[start : start + self.page]
        return {"items": items, "totalItems": len(rows), "limit": self.page}

    def _get_account(self, account_id: str) -> Answer:
        email = self._look_up("account", self.emails, account_id)
        name = self.names[account_id]
        contact = {"email": email}
        return {"accountId": account_id, "name": name, "type": 2, "contacts": contact}

    def _look_up(self, what: str, known: dict, account_id: str, *more: str) -> Any:
        self.asked.append((what, account_id, *more))
        if self.fault and self.fault[0] == what:
            raise self.fault[1]
        if account_id not in known:
            raise PandaError(ErrorKind.DATA, "not_found")
        return known[account_id]


def below_root(**children: str) -> dict[str, dict[str, str]]:
    """Children of the root account, name by ID."""
    return {ROOT_ACCOUNT: children}


def read(
    panda: FakePanda, *snapshots: Snapshot, is_over: Callable[[], bool] = lambda: False
) -> Prefetch:
    """What is read for these accounts, in one thread: one after the other."""
    prefetch = Prefetch()
    fill(prefetch, panda, snapshots, 1, is_over)  # type: ignore[arg-type]
    return prefetch


def named(*names: str) -> list[Snapshot]:
    """An account of each name, to be looked for below the root account."""
    return [replace(CUSTOMER, key=10 + i, name=name) for i, name in enumerate(names)]


# === AN ACCOUNT THAT IS LOOKED FOR === #


def test_nothing_is_known_before_anything_is_read() -> None:
    assert Prefetch() == Prefetch({}, {}, {}, {}, {}, [], "")


def test_where_there_is_no_namesake_one_request_is_enough() -> None:
    panda = FakePanda(below_root(A1="Acme Two", A2="An Acme"))
    assert read(panda, CUSTOMER) == Prefetch(
        children={ROOT_ACCOUNT: {"Acme": []}}, pages={ROOT_ACCOUNT: 1}
    )
    assert panda.asked == [("children", ROOT_ACCOUNT, "")]


def test_what_likely_is_the_account_is_read() -> None:
    panda = FakePanda(below_root(A1="ACME"), {"A1": "bob@acme.example"})
    assert read(panda, CUSTOMER).children == {
        ROOT_ACCOUNT: {"Acme": [["A1", "ACME", 2]]}
    }
    assert panda.asked[1:] == [("account", "A1")]


def test_a_namesake_with_the_same_email_is_read_with_its_operators() -> None:
    """It is what the account will be linked to."""
    panda = FakePanda(
        below_root(A1="Acme", A2="Acme Two"),
        {"A1": "Ann@ACME.example"},
        {"A1": ["ann.lee"]},
    )
    assert read(panda, CUSTOMER) == Prefetch(
        children={ROOT_ACCOUNT: {"Acme": [["A1", "Acme", 2]]}},
        pages={ROOT_ACCOUNT: 1},
        accounts={"A1": ["Acme", 2, "Ann@ACME.example"]},
        operators={"A1": [["ann.lee", ANN, True]]},
    )
    assert panda.asked == [
        ("children", ROOT_ACCOUNT, ""),
        ("account", "A1"),
        ("operators", "A1"),
    ]


def test_the_operators_of_another_namesake_do_not_matter() -> None:
    panda = FakePanda(below_root(A1="Acme"), {"A1": "bob@acme.example"})
    prefetch = read(panda, CUSTOMER)
    assert prefetch.accounts == {"A1": ["Acme", 2, "bob@acme.example"]}
    assert prefetch.operators == {}
    assert panda.asked[1:] == [("account", "A1")]


def test_names_are_compared_without_their_white_space() -> None:
    panda = FakePanda(below_root(A1="Acme  Ltd"), {"A1": ""})
    prefetch = read(panda, *named(" Acme   Ltd "))
    assert prefetch.children == {ROOT_ACCOUNT: {"Acme Ltd": [["A1", "Acme  Ltd", 2]]}}


@pytest.mark.parametrize(
    ("child", "email"),
    [
        ("Acme", ANN),
        ("Acme", "eve@acme.example"),
        ("Acme & Sons", ANN),
        ("Acme & Sons", "eve@acme.example"),
    ],
)
def test_an_account_that_was_edited_is_read_as_sent_and_as_it_is_now(
    child: str, email: str
) -> None:
    """It may be found under the old name or the new one, with either e-mail."""
    sent = replace(CUSTOMER, step=Step.CREATE_ACCOUNT).marked(1)
    edited = replace(
        *(sent,), step=Step.FIND_ACCOUNT, name="Acme & Sons", email="eve@acme.example"
    )
    panda = FakePanda(below_root(A1=child), {"A1": email}, {"A1": []})
    prefetch = read(panda, edited)
    assert prefetch.children[ROOT_ACCOUNT].keys() == {"Acme", "Acme & Sons"}
    assert sorted(panda.asked) == [
        ("account", "A1"),
        ("children", ROOT_ACCOUNT, ""),
        ("operators", "A1"),
    ]
    assert prefetch.operators == {"A1": []}


# === MANY BELOW ONE PARENT === #


def test_all_below_a_parent_are_read_from_one_listing() -> None:
    """It notes the number of its pages, and of its rows those that were looked for."""
    panda = FakePanda(
        below_root(A1="Other", A2="N1", A3="N1"), {"A2": "", "A3": ""}, page=2
    )
    prefetch = read(panda, *named("N0", "N1", "N2"))
    assert prefetch == Prefetch(
        children={
            ROOT_ACCOUNT: {"N0": [], "N1": [["A2", "N1", 2], ["A3", "N1", 2]], "N2": []}
        },
        pages={ROOT_ACCOUNT: 2},
        accounts={"A2": ["N1", 2, ""], "A3": ["N1", 2, ""]},
    )
    assert panda.asked == [
        ("children", ROOT_ACCOUNT, ""),
        ("children", ROOT_ACCOUNT, ""),
        ("account", "A2"),
        ("account", "A3"),
    ]


def test_each_parent_is_listed() -> None:
    panda = FakePanda({ROOT_ACCOUNT: {}, "R1": {}})
    below = [replace(CUSTOMER, key=1, parent_remote_id="R1")]
    prefetch = read(panda, *named("N0", "N1", "N2"), *below)
    assert prefetch.children["R1"] == {"Acme": []}
    assert panda.asked == [
        ("children", ROOT_ACCOUNT, ""),
        ("children", "R1", ""),
    ]


# === AN ACCOUNT THAT A PERSON HAS CHOSEN === #

CHOSEN = replace(CUSTOMER, chosen_remote_id="A9")


def test_a_chosen_account_is_read_with_its_siblings_of_that_name() -> None:
    """They show that it is below the parent; its operators are read in any case."""
    panda = FakePanda(
        below_root(A9="Chosen"), {"A9": "bob@chosen.example"}, {"A9": ["bob"]}
    )
    assert read(panda, CHOSEN) == Prefetch(
        children={ROOT_ACCOUNT: {"Chosen": [["A9", "Chosen", 2]]}},
        accounts={"A9": ["Chosen", 2, "bob@chosen.example"]},
        operators={"A9": [["bob", ANN, True]]},
    )
    assert panda.asked == [
        ("account", "A9"),
        ("children", ROOT_ACCOUNT, "Chosen"),
        ("operators", "A9"),
    ]


def test_a_chosen_account_that_is_a_namesake_is_read_once() -> None:
    panda = FakePanda(below_root(A9="Acme"), {"A9": ANN}, {"A9": []})
    prefetch = read(panda, CHOSEN)
    assert prefetch.children == {ROOT_ACCOUNT: {"Acme": [["A9", "Acme", 2]]}}
    assert panda.asked.count(("account", "A9")) == 1
    assert panda.asked.count(("operators", "A9")) == 1


def test_a_chosen_account_without_a_name_does_not_end_the_reading() -> None:
    """Of its siblings those without a name are kept."""
    panda = FakePanda(below_root(A9="", A8="Other"), {"A9": ""}, {"A9": []})
    assert read(panda, CHOSEN) == Prefetch(
        children={ROOT_ACCOUNT: {"": [["A9", "", 2]]}},
        accounts={"A9": ["", 2, ""]},
        operators={"A9": []},
    )


def test_of_a_chosen_account_that_is_gone_nothing_more_is_asked() -> None:
    panda = FakePanda()
    prefetch = read(panda, CHOSEN)
    assert (prefetch.missing, prefetch.trouble) == (["A9"], "")
    assert panda.asked == [("account", "A9")]


# === ACCOUNTS THAT NEED LITTLE === #


def test_below_a_reseller_that_is_yet_to_be_created_there_is_nobody() -> None:
    panda = FakePanda()
    chosen = replace(CHOSEN, parent_remote_id="pretended 7")
    assert read(panda, replace(chosen, chosen_remote_id=""), chosen) == Prefetch()
    assert panda.asked == []


@pytest.mark.parametrize("step", set(Step) - {Step.FIND_ACCOUNT, Step.FIND_OPERATOR})
def test_only_a_step_that_looks_for_something_reads(step: Step) -> None:
    panda = FakePanda()
    snapshot = replace(CHOSEN, step=step, remote_id="A1")
    assert read(panda, snapshot, snapshot, snapshot) == Prefetch()
    assert panda.asked == []


def test_of_an_account_that_exists_only_the_operators_are_read() -> None:
    panda = FakePanda(operators={"A1": ["ann.lee", "bob"]})
    snapshot = replace(CHOSEN, step=Step.FIND_OPERATOR, remote_id="A1")
    assert read(panda, snapshot) == Prefetch(
        operators={"A1": [["ann.lee", ANN, True], ["bob", ANN, True]]}
    )
    assert panda.asked == [("operators", "A1")]


# === WHAT IS NOT THERE, AND TROUBLE === #


def test_a_parent_that_is_gone_is_noted() -> None:
    panda = FakePanda(children={})
    assert read(panda, CUSTOMER) == Prefetch(missing=[ROOT_ACCOUNT])
    assert len(panda.asked) == 1


def test_an_account_that_was_deleted_after_it_was_listed_is_noted() -> None:
    panda = FakePanda(below_root(A1="Acme"))
    prefetch = read(panda, CUSTOMER)
    assert (prefetch.missing, prefetch.accounts) == (["A1"], {})
    assert panda.asked[1:] == [("account", "A1")]


def test_an_account_that_was_deleted_before_its_operators_were_read_is_noted() -> None:
    panda = FakePanda(below_root(A1="Acme"), {"A1": ANN})
    prefetch = read(panda, CUSTOMER)
    assert (prefetch.missing, prefetch.operators) == (["A1"], {})
    assert prefetch.trouble == ""


@pytest.mark.parametrize(
    ("what", "asked"), [("children", 1), ("account", 2), ("operators", 3)]
)
def test_reading_ends_with_the_first_trouble(what: str, asked: int) -> None:
    """That Panda cannot be asked does not say that anything is missing."""
    panda = FakePanda(below_root(A1="Acme"), {"A1": ANN}, {"A1": []})
    panda.fault = (what, PandaError(ErrorKind.THROTTLED, "throttled"))
    prefetch = read(panda, CUSTOMER)
    assert (prefetch.trouble, prefetch.missing) == ("throttled", [])
    assert len(panda.asked) == asked


def test_reading_ends_when_the_time_is_up() -> None:
    """What was read until then is kept."""
    panda = FakePanda(below_root(A1="Acme"), {"A1": ANN})
    prefetch = read(panda, CUSTOMER, is_over=lambda: bool(panda.asked))
    assert prefetch.trouble == "too_many"
    assert prefetch.children == {ROOT_ACCOUNT: {"Acme": [["A1", "Acme", 2]]}}
    assert prefetch.accounts == {}
    assert len(panda.asked) == 1


# === THREADS === #


def test_what_does_not_depend_on_each_other_is_read_at_the_same_time() -> None:
    parents = (ROOT_ACCOUNT, "R1")
    panda = FakePanda({parent: {} for parent in parents})
    both = Barrier(2, timeout=10)
    panda.on_request = both.wait
    prefetch = Prefetch()
    below = [replace(CUSTOMER, parent_remote_id=parent) for parent in parents]
    fill(prefetch, panda, below, 2, lambda: False)  # type: ignore[arg-type]
    assert prefetch.children == {parent: {"Acme": []} for parent in parents}


def test_no_more_threads_than_allowed_are_used() -> None:
    panda = FakePanda({f"R{i}": {} for i in range(4)})
    threads = set()

    def note_thread() -> None:
        threads.add(current_thread().name)
        time.sleep(0.01)

    panda.on_request = note_thread
    below = [replace(CUSTOMER, key=i, parent_remote_id=f"R{i}") for i in range(4)]
    read(panda, *below)
    [name] = threads
    assert name.startswith("panda_")
