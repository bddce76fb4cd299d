"""Compares what Panda holds with what Odoo holds."""

import html
import unicodedata
from collections import Counter, defaultdict

CREATED_BEFORE = 10
"""Seconds before the first of two twins from which requests are told."""
FIELDS = ["display_name", "email", "remote_id", "state", "parent_id", "phone"]


def audit(world, accounts):
    """Return ``{name: count}`` of everything that is as it must not be."""
    state = world.sandbox.control("GET", "state")
    tenants = state["tenants"]
    rows = world.client.call("panda.account", "read", accounts, fields=FIELDS)
    found = Counter(tenant["email"] for tenant in tenants)
    mails = Counter(mail["to"] for mail in state["mails"])
    phones = {each["accountId"]: each["phone"] for each in state["operators"]}
    names = {tenant["accountId"]: tenant["name"] for tenant in tenants}
    return {
        "accounts": len(rows),
        "remote_accounts": len(tenants),
        "duplicates": sum(found.values()) - len(found),
        "lost": sum(not _is_known(row, tenants) for row in rows),
        "wrong_parent": _count_wrong_parents(rows, tenants, world),
        "double_mails": sum(mails.values()) - len(mails),
        "missing_mails": sum(not mails[row["email"]] for row in rows),
        "lost_edits": sum(
            phones.get(row["remote_id"]) != row["phone"].lstrip("+")
            or _plain(names.get(row["remote_id"])) != _plain(row["display_name"])
            for row in rows
        ),
        "stuck": sum(row["state"] != "synced" for row in rows),
    }


def count_unsettled(world, accounts):
    """Return how many accounts have not come to rest as they should."""
    domain = [("id", "in", accounts), ("state", "!=", "synced")]
    return world.client.call("panda.account", "search_count", domain)


def describe_stuck(world, accounts):
    """Return the states and reasons of what is not synchronised, for the log."""
    domain = [("id", "in", accounts), ("state", "!=", "synced")]
    rows = world.client.call(
        *("panda.account", "search_read", domain),
        fields=["display_name", "state", "step", "error_code", "attempt_count"],
    )
    return [
        f"{r['display_name']}: {r['state']} at {r['step']}, {r['error_code']}"
        f" after {r['attempt_count']}"
        for r in rows
    ]


def describe_duplicates(world):
    """Return what each duplicate in Panda came from, for the log: the accounts, the
    requests that Panda has seen for their creation, and what Odoo knows of its own."""
    state = world.sandbox.control("GET", "state")
    by_email = defaultdict(list)
    for tenant in state["tenants"]:
        by_email[tenant["email"]].append(tenant)
    twins = {email: found for email, found in by_email.items() if len(found) > 1}
    return [
        line for email in sorted(twins) for line in _tell(world, email, twins[email])
    ]


def _tell(world, email, tenants):
    yield f"{email} in Panda:"
    yield from (f"  {tenant}" for tenant in tenants)
    fields = ["date", "step", "method", "path", "http_status", "duration_ms"]
    fields += ["error_class", "message", "request_body", "response_body"]
    entries = world.client.call(
        *("panda.sync.log", "search_read", [("account_id.email", "=", email)]),
        fields=fields,
        order="date, id",
    )
    yield "requests that Odoo has logged:"
    yield from (f"  {[entry[name] for name in fields]}" for entry in entries)
    yield "creates that Panda has seen:"
    first = min(tenant["createdAt"] for tenant in tenants)
    path = "/rest/platform/accounts/v1/accounts/*"
    creates = world.sandbox.control("GET", f"requests?method=POST&path={path}")
    for create in creates:
        if first - CREATED_BEFORE < create["time"]:
            yield f"  {create}"


def _plain(name):
    """``name`` without what Panda may do to it when it stores it."""
    return unicodedata.normalize("NFC", html.unescape(name or "")).casefold()


def _is_known(row, tenants):
    """Whether Odoo knows the account in Panda as its own."""
    return any(
        tenant["accountId"] == row["remote_id"] and tenant["email"] == row["email"]
        for tenant in tenants
    )


def _count_wrong_parents(rows, tenants, world):
    remote_ids = {row["id"]: row["remote_id"] for row in rows}
    parents = {tenant["accountId"]: tenant["parentId"] for tenant in tenants}
    [system] = world.client.call(
        "panda.system", "read", [world.system], fields=["root_account_id"]
    )
    wrong = 0
    for row in rows:
        parent = row["parent_id"] and remote_ids.get(row["parent_id"][0])
        expected = parent or system["root_account_id"]
        wrong += row["remote_id"] in parents and parents[row["remote_id"]] != expected
    return wrong
