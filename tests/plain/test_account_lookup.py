"""What exists below a parent, and how few requests it takes to know."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from panda_provisioning.core.account_lookup import BUSY, PAUSE, AccountLookup, Listing
from panda_provisioning.panda_api.errors import ErrorKind, PandaError
from panda_provisioning.panda_api.responses import DAMAGE, Account, Child, Children
from panda_sandbox.settings import ROOT_ACCOUNT

from .support import ACME, CUSTOMER, World, at_once

GONE = PandaError(ErrorKind.DATA, "not_found", status=404)
HIDDEN = PandaError(ErrorKind.DATA, "not_found", status=404)
BROKEN = PandaError(ErrorKind.OUTAGE, "server_error", status=500)


class FakePanda:
    """Counts how it is asked; its accounts have e-mail addresses, or errors."""

    def __init__(self, **emails: str | PandaError) -> None:
        self.listed = 0
        self.read: list[str] = []
        self._emails = emails

    def list_children(self, _parent_id: str, *, name: str = "") -> Children:
        self.listed += 1
        names = [each for each in self._emails if name in each]
        if self.listed > 1:
            names = [each for each in names if self._emails[each] is not GONE]
        return Children(Child(f"ACC-{each}", each, 2) for each in names)

    def get_account(self, account_id: str) -> Account:
        self.read.append(account_id)
        name = account_id.removeprefix("ACC-")
        email = self._emails[name]
        if isinstance(email, PandaError):
            raise email
        return Account(account_id, name, 2, email)


# === ONE LISTING === #


def test_many_threads_list_a_parent_once(world: World) -> None:
    """Whoever comes second waits for the listing of the first."""
    world.client.create_account(ROOT_ACCOUNT, **ACME)
    lookup = world.new_lookup()

    def look() -> Listing:
        return lookup.listing(world.client, ROOT_ACCOUNT)

    listings = at_once(8, look)
    assert [[c.name for c in each.children] for each in listings] == [["Acme"]] * 8
    assert world.count("GET", "*/children") == 2  # and that there is no more


def test_many_threads_share_a_listing_that_fails(world: World) -> None:
    """Nobody waits for one time-out after the other, and one attempt is lost."""
    world.fault("timeout", path="*/children", seconds=1, times=8)
    lookup = world.new_lookup()
    errors = at_once(8, lambda: lookup.listing(world.client, ROOT_ACCOUNT))
    codes = sorted(error.code for error in errors)
    assert codes == ["lost_answer", *["not_sent"] * 7]
    assert world.count("GET", "*/children") == 1


def test_a_listing_that_failed_is_made_again(world: World) -> None:
    """The lock is released and nothing half is remembered."""
    world.fault("error_in_success", path="*/children", times=2)
    lookup = world.new_lookup()
    with pytest.raises(PandaError):
        lookup.listing(world.client, ROOT_ACCOUNT)
    assert not lookup.lacks(CUSTOMER)
    assert lookup.listing(world.client, ROOT_ACCOUNT).children == []


@pytest.mark.parametrize(
    ("not_before", "listed"), [(0.0, 1), (99.5, 1), (100.0, 1), (100.5, 2)]
)
def test_who_needs_a_newer_listing_gets_one(not_before: float, listed: int) -> None:
    moments = iter([100.0, 100.1, 200.0, 200.1])
    lookup, panda = AccountLookup(lambda: next(moments)), FakePanda(Acme="")
    lookup.listing(panda, ROOT_ACCOUNT)  # type: ignore[arg-type]
    lookup.listing(panda, ROOT_ACCOUNT, not_before)  # type: ignore[arg-type]
    assert panda.listed == listed


@pytest.mark.parametrize(
    ("read_at", "now", "not_before", "wait"),
    [
        (104.0, 105.0, 100.0, 0),  # the one that there is will do
        (100.2, 100.2, 100.1, 1.8),  # it took 0.2 s, a tenth of the time until the next
        (104.0, 105.0, 101.0, 4),  # it took four seconds: the longest pause
        (108.0, 109.0, 101.0, 7),  # longer than that: half of the time
        (108.0, 117.0, 101.0, 0),
    ],
)
def test_a_listing_that_takes_long_is_not_read_all_the_time(
    read_at: float, now: float, not_before: float, wait: float
) -> None:
    """Whoever needs a newer one waits and shares it with others."""
    moments = iter([100.0, read_at, now])
    lookup, panda = AccountLookup(lambda: next(moments)), FakePanda(Acme="")
    assert lookup.wait_for_listing(ROOT_ACCOUNT, not_before) == 0
    lookup.listing(panda, ROOT_ACCOUNT)  # type: ignore[arg-type]
    pause = lookup.wait_for_listing(ROOT_ACCOUNT, not_before)
    assert pause == pytest.approx(wait)


def test_many_who_need_a_newer_listing_within_a_moment_share_one() -> None:
    """However fast it is read."""
    moments = iter([100.0, 100.01, 100.2, 101.0])
    lookup, panda = AccountLookup(lambda: next(moments)), FakePanda(Acme="")
    lookup.listing(panda, ROOT_ACCOUNT)  # type: ignore[arg-type]
    waits = [lookup.wait_for_listing(ROOT_ACCOUNT, 100.1) for _look in range(2)]
    assert waits == [pytest.approx(100.01 + PAUSE - 100.2), 0]


def test_no_thread_waits_for_a_newer_listing_that_is_being_read() -> None:
    """It has other accounts to go on with."""
    moments = iter([100.0, 100.1, 200.0, 200.1])
    lookup, waits = AccountLookup(lambda: next(moments)), []

    class Client:
        def list_children(self, _parent_id: str) -> Children:
            waits.append(lookup.wait_for_listing(ROOT_ACCOUNT, 150.0))
            return Children()

    client: Any = Client()
    lookup.listing(client, ROOT_ACCOUNT)
    lookup.listing(client, ROOT_ACCOUNT, 150.0)
    assert waits == [0, BUSY]


def test_what_was_created_is_known_by_parent_and_by_name() -> None:
    """So that each parent is listed once more, after the last of its creates."""
    moments = iter([30.0, 10.0, 20.0])
    lookup = AccountLookup(lambda: next(moments))
    for key, parent in enumerate(["ACC-1", "ACC-1", "ACC-2"], start=1):
        sent = replace(
            CUSTOMER, key=key, parent_remote_id=parent, sent_name=f"Name {key}"
        )
        lookup.note_created(sent, f"WGC-{key}")
    newest = [
        (each.id, each.parent_id, each.at) for each in lookup.get_newest_created()
    ]
    assert sorted(newest) == [(1, "ACC-1", 30.0), (3, "ACC-2", 20.0)]
    names = {"WGC-1": "Name 1", "WGC-2": "Name 2", "WGC-3": "Name 3"}
    assert lookup.get_created_names() == names


def test_each_parent_has_a_listing_of_its_own() -> None:
    lookup, panda = AccountLookup(lambda: 0.0), FakePanda(Acme="")
    for parent in ("ACC-1", "ACC-2", "ACC-1"):
        lookup.listing(panda, parent)  # type: ignore[arg-type]
    assert panda.listed == 2


def test_the_moment_of_a_look_is_before_its_request() -> None:
    """Else something created while the answer was on its way would count as seen."""
    moments = iter([100.0, 200.0, 300.0])

    class Client:
        def list_children(self, _parent_id: str) -> Children:
            assert next(moments) == 200.0
            return Children()

    lookup = AccountLookup(lambda: next(moments))
    assert lookup.listing(Client(), ROOT_ACCOUNT).looked_at == 100.0  # type: ignore[arg-type]


# === NAMES === #


def test_the_children_that_likely_carry_a_name_are_found() -> None:
    names = ("Smith &amp; Sons", "SMITH & SONS", "Smith & S", "Smithers", "Jones")
    children = [Child(f"ACC-{n}", name, 2) for n, name in enumerate(names)]
    twins = Listing(0, Children(children)).twins("Smith & Sons")
    assert [child.name for child in twins] == list(names[:2])


def test_no_child_is_found_twice() -> None:
    """Whatever the ways in which its name is like another."""
    listing = Listing(0, Children([Child("ACC-1", "Acme", 2)]))
    assert len(listing.twins("Acme  Ltd")) == len(listing.twins("acme")) == 1


def test_a_name_is_lacking_only_when_a_listing_says_so() -> None:
    """Never to an account of which a create may have been sent since, or that a person
    has chosen, which is read by its ID."""
    lookup = AccountLookup(lambda: 0.0)
    assert not lookup.lacks(CUSTOMER), "nobody has looked yet"
    lookup.listing(FakePanda(Other=""), CUSTOMER.parent_remote_id)  # type: ignore[arg-type]
    assert lookup.lacks(CUSTOMER)
    assert not lookup.lacks(CUSTOMER.marked(1))
    assert not lookup.lacks(replace(CUSTOMER, chosen_remote_id="ACC-7"))
    assert not lookup.lacks(replace(CUSTOMER, name="OTHER"))


# === PAGES === #


class PagedPanda(FakePanda):
    """Takes two answers for a listing, between which an account slips through."""

    def __init__(self, missing: str, **emails: str) -> None:
        super().__init__(**emails)
        self.missing = missing
        self.pages = 2
        self.asked: list[str] = []

    def list_children(self, parent_id: str, *, name: str = "") -> Children:
        rows = super().list_children(parent_id)
        if name:
            self.asked.append(name)
            return Children(row for row in rows if row.name == name)
        return Children((row for row in rows if row.name != self.missing), self.pages)


@pytest.mark.parametrize("missing", ["", "Acme"])
def test_who_may_have_slipped_between_two_pages_is_asked_for(missing: str) -> None:
    """By name, and only if the listing does not show it anyway."""
    lookup, panda = AccountLookup(lambda: 0.0), PagedPanda(missing, Acme="", Other="")
    listing = lookup.listing(panda, ROOT_ACCOUNT)  # type: ignore[arg-type]
    found = lookup.twins(panda, ROOT_ACCOUNT, listing, " Acme")  # type: ignore[arg-type]
    assert [child.name for child in found] == ["Acme"]
    assert panda.asked == (["Acme"] if missing else [])


def test_what_a_run_knew_as_a_whole_still_says_what_is_lacking() -> None:
    """After a listing during which others created, which may have hidden one."""
    lookup, panda = AccountLookup(lambda: 0.0), PagedPanda("", Other="")
    panda.pages = 1
    first = lookup.listing(panda, ROOT_ACCOUNT)  # type: ignore[arg-type]
    panda.pages = 2
    newer = lookup.listing(panda, ROOT_ACCOUNT, 1.0)  # type: ignore[arg-type]
    assert newer is not first
    assert lookup.lacks(CUSTOMER)
    assert lookup.listing(panda, ROOT_ACCOUNT) is first  # type: ignore[arg-type]


def test_a_listing_in_pages_does_not_say_that_a_name_is_lacking() -> None:
    lookup, panda = AccountLookup(lambda: 0.0), PagedPanda("Acme", Acme="", Other="")
    lookup.listing(panda, CUSTOMER.parent_remote_id)  # type: ignore[arg-type]
    assert not lookup.lacks(CUSTOMER)


# === E-MAIL ADDRESSES === #


def with_email(
    lookup: AccountLookup, panda: Any, among: list[Child]
) -> list[Account] | None:
    """Those that may have the e-mail address of the account 1."""
    return lookup.with_email(panda, ROOT_ACCOUNT, among, "ann@acme.example", 1)


@pytest.mark.parametrize("account_id", ["", ".", "..", "W" * 900, "x/y"])
def test_an_account_whose_id_is_none_is_not_asked_for(account_id: str) -> None:
    """It may be anybody's, so it keeps an account from being created twice."""
    lookup, panda = AccountLookup(lambda: 0.0), FakePanda()
    child = Child(account_id, "Acme", 2)
    found = lookup.get_accounts(panda, ROOT_ACCOUNT, [child])  # type: ignore[arg-type]
    assert found == [Account(account_id, "Acme", 2, DAMAGE)]
    assert with_email(lookup, panda, [child]) == found


def children(panda: FakePanda) -> list[Child]:
    return panda.list_children("")


def test_an_account_is_read_once() -> None:
    """For whoever asks, as long as the run lasts."""
    lookup, panda = AccountLookup(lambda: 0.0), FakePanda(Acme="ann@acme.example")
    for _time in range(2):
        [account] = lookup.get_accounts(panda, ROOT_ACCOUNT, children(panda))  # type: ignore[arg-type]
        assert account.email == "ann@acme.example"
    assert panda.read == ["ACC-Acme"]


def test_an_account_that_was_deleted_since_it_was_listed_is_left_out() -> None:
    """One that cannot be read is not."""
    lookup, panda = AccountLookup(lambda: 0.0), FakePanda(Acme=GONE, Beta="b@b.example")
    found = lookup.get_accounts(panda, ROOT_ACCOUNT, children(panda))  # type: ignore[arg-type]
    assert [account.id for account in found] == ["ACC-Beta"]
    panda = FakePanda(Gamma=BROKEN)
    with pytest.raises(PandaError, match="server_error"):
        lookup.get_accounts(panda, ROOT_ACCOUNT, children(panda))  # type: ignore[arg-type]


def test_an_account_that_is_still_listed_was_not_deleted() -> None:
    """Whatever the answer to the question for it says: a gateway may have made it."""
    lookup, panda = AccountLookup(lambda: 0.0), FakePanda(Acme=HIDDEN)
    found = lookup.get_accounts(panda, ROOT_ACCOUNT, children(panda))  # type: ignore[arg-type]
    assert found == [Account("ACC-Acme", "Acme", 2, DAMAGE)]


def test_accounts_of_nobody_are_compared_by_email() -> None:
    """Those that belong to accounts of Odoo are not even read."""
    panda = FakePanda(A="ann+x@acme.example", B="ann@acme.example", C="c@c.example")
    lookup = AccountLookup(lambda: 0.0)
    lookup.bound = {"ACC-B"}
    found = with_email(lookup, panda, children(panda)) or []
    assert [account.id for account in found] == ["ACC-A"]
    assert panda.read == ["ACC-A", "ACC-C"]


@pytest.mark.parametrize(("creator", "read"), [(1, ["ACC-A"]), (2, [])])
def test_what_the_run_has_created_for_others_is_not_compared(
    creator: int, read: list[str]
) -> None:
    """It is no stranger, whether its row is written by now or not."""
    panda = FakePanda(A="ann@acme.example")
    lookup = AccountLookup(lambda: 0.0)
    lookup.note_created(replace(CUSTOMER, key=creator), "ACC-A")
    with_email(lookup, panda, children(panda))
    assert panda.read == read


@pytest.mark.parametrize(("most_read", "found"), [(2, ["ACC-A"]), (1, None)])
def test_too_many_accounts_of_nobody_are_not_read(
    most_read: int, found: list[str] | None
) -> None:
    panda = FakePanda(A="ann@acme.example", B="b@b.example")
    lookup = AccountLookup(lambda: 0.0, most_read=most_read)
    accounts = with_email(lookup, panda, children(panda))
    assert (accounts and [account.id for account in accounts]) == found
