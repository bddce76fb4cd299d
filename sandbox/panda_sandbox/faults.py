"""Which request gets which fault: rules, by pattern, by count and by chance.

The faults are listed in docs/watchguard-api.md#sandbox-faults; :mod:`.effects` says
what they do.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

OPERATOR_WRITES = (
    "/rest/platform/operator-mgmt/v1/operators",
    "/rest/platform/operator-mgmt/v1/DeleteOperators",
)
LISTINGS = ("/rest/platform/accounts/v1/accounts/*/children",)
CREATES = ("/rest/platform/accounts/v1/accounts/*", OPERATOR_WRITES[0])

FAULTS = {
    "lost_answer": "The request is performed, then the connection is dropped.",
    "lost_request": "The connection is dropped and nothing is performed.",
    "timeout": "The request is performed, then nothing is said for `seconds`.",
    "slow": "The request is performed, and answered, after `seconds`.",
    "throttled": "429; `retry_after` null leaves the header out.",
    "server_error": "`status` with a `body` of json, html or empty; with `performed` "
    "the request is performed first.",
    "truncated": "The request is performed; the JSON of the answer breaks off.",
    "expire_token": "The token of the request has just expired.",
    "transaction_stuck": "The operator transaction stays PENDING for ever.",
    "transaction_failed": "The operator transaction ends FAILED with `message`.",
    "lagging_search": "What is created is missing from listings, for `seconds` or "
    "for the next `calls` listings.",
    "drip": "Performed; one byte of the answer now and then, for `seconds`.",
    "continue": "Performed; 100 Continue again and again, for `seconds`.",
    "endless_body": "Performed; an answer without an end, for `seconds`.",
    "endless_pages": "A listing of which every page has new rows, or with `repeated` "
    "the same ones, and promises more.",
    "big_json": "Performed; `megabytes` of JSON.",
    "gzip_bomb": "Performed; `megabytes` of zeroes, packed.",
    "odd_charset": "Performed; the answer claims to be in `charset`.",
    "undecodable": "Performed; `megabytes` of bytes that are no text.",
    "many_children": "A listing of `rows` accounts.",
    "empty_listing": "A listing keeps its total and loses its rows.",
    "poison_text": "Performed; NUL and half a surrogate pair in every text.",
    "poison_id": "Performed; every ID in the answer is `value`.",
    "error_in_success": "Performed; the answer speaks of an error as well.",
}
"""Names and meanings; what is between backticks are options of a rule."""

FaultName = Literal[
    "lost_answer",
    "lost_request",
    "timeout",
    "slow",
    "throttled",
    "server_error",
    "truncated",
    "expire_token",
    "transaction_stuck",
    "transaction_failed",
    "lagging_search",
    "drip",
    "continue",
    "endless_body",
    "endless_pages",
    "big_json",
    "gzip_bomb",
    "odd_charset",
    "undecodable",
    "many_children",
    "empty_listing",
    "poison_text",
    "poison_id",
    "error_in_success",
]

APPLIES_TO: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "transaction_stuck": (("POST", "PATCH"), OPERATOR_WRITES),
    "transaction_failed": (("POST", "PATCH"), OPERATOR_WRITES),
    "lagging_search": (("POST",), CREATES),
    "endless_pages": (("GET",), LISTINGS),
    "many_children": (("GET",), LISTINGS),
    "empty_listing": (("GET",), LISTINGS),
}
"""Methods and paths of faults that mean something there only."""

DEFAULT_SECONDS = {
    "timeout": 60.0,
    "slow": 2.0,
    "lagging_search": 5.0,
    "drip": 60.0,
    "continue": 60.0,
    "endless_body": 60.0,
}


class FaultRule(BaseModel):
    """A fault and the requests that get it.

    ``path`` and ``account`` (the account's name) are patterns with ``*`` and ``?``.
    The first ``skip`` requests that match are spared, after ``times`` faults the
    rule is spent, and ``rate`` is the chance that a request gets the fault at all.
    With ``lasts`` it is spent after so many seconds, whatever has come in.
    With ``lag_seconds`` or ``lag_calls`` any fault lets what is created all the same
    lag behind in listings.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    fault: FaultName
    method: str | None = None
    path: str = "/rest/*"
    account: str | None = None
    rate: float = Field(default=1, ge=0, le=1)
    skip: int = Field(default=0, ge=0)
    times: int | None = Field(default=None, ge=1)
    lasts: float | None = Field(default=None, gt=0)
    seconds: float | None = Field(default=None, ge=0)
    calls: int = Field(default=0, ge=0)
    lag_seconds: float = Field(default=0, ge=0)
    lag_calls: int = Field(default=0, ge=0)
    retry_after: float | None = Field(default=1, ge=0)
    status: int = Field(default=500, ge=400, le=599)
    body: Literal["json", "html", "empty"] = "json"
    performed: bool = False
    repeated: bool = False
    megabytes: int = Field(default=200, ge=1)
    charset: str = "punycode"
    rows: int = Field(default=100_000, ge=0)
    value: str = ".."
    message: str = "Internal error while processing the operator."

    def matches(self, method: str, path: str, account: str) -> bool:
        """Whether a request is one that this rule speaks of."""
        if self.fault in APPLIES_TO:
            methods, paths = APPLIES_TO[self.fault]
            if method not in methods or not any(fnmatchcase(path, p) for p in paths):
                return False
        return (
            self.method in (None, method)
            and fnmatchcase(path, self.path)
            and (self.account is None or fnmatchcase(account, self.account))
        )

    @property
    def duration(self) -> float:
        """Seconds that the fault lasts."""
        if self.seconds is not None:
            return self.seconds
        return 0 if self.calls else DEFAULT_SECONDS.get(self.fault, 0)

    @property
    def lags(self) -> tuple[float, int] | None:
        """Seconds and listings by which what is created lags behind, if it does."""
        if self.fault == "lagging_search":
            return self.duration, self.calls
        if self.lag_seconds or self.lag_calls:
            return self.lag_seconds, self.lag_calls
        return None


class _Armed:
    """A rule and how often it has matched and struck."""

    def __init__(self, rule: FaultRule) -> None:
        self.rule = rule
        self.matched = 0
        self.struck = 0
        self._ends_at = time.monotonic() + (rule.lasts or math.inf)

    def strikes(self, chance: random.Random) -> bool:
        """Count a request that matches and say whether it gets the fault."""
        self.matched += 1
        if self.matched <= self.rule.skip or self.is_spent:
            return False
        if self.rule.rate < 1 and chance.random() >= self.rule.rate:
            return False
        self.struck += 1
        return True

    @property
    def is_spent(self) -> bool:
        is_used_up = self.rule.times is not None and self.struck >= self.rule.times
        return is_used_up or time.monotonic() >= self._ends_at


class Faults:
    """The rules in force; the first that strikes wins.

    :param start: rules that :meth:`reset` comes back to.
    :param seed: makes chance repeatable for the same order of requests.
    """

    def __init__(self, start: Iterable[FaultRule] = (), seed: int = 0) -> None:
        self._start = tuple(start)
        self._seed = seed
        self.reset()

    def reset(self) -> None:
        """Go back to the rules of the start, unspent."""
        self._chance = random.Random(self._seed)  # noqa: S311
        self._armed = [_Armed(rule) for rule in self._start]

    def replace(self, rules: Iterable[FaultRule]) -> None:
        """Put ``rules`` in the place of all others."""
        self._armed = [_Armed(rule) for rule in rules]

    def add(self, rule: FaultRule) -> None:
        """Add a rule, before all others."""
        self._armed.insert(0, _Armed(rule))

    def pick(self, method: str, path: str, account: str) -> FaultRule | None:
        """The fault that a request gets, if any."""
        for armed in self._armed:
            if armed.rule.matches(method, path, account) and armed.strikes(
                self._chance
            ):
                return armed.rule
        return None

    def as_list(self) -> list[dict[str, Any]]:
        """The rules with the number of requests that matched and were struck."""
        return [
            {
                **armed.rule.model_dump(exclude_unset=True),
                "matched": armed.matched,
                "struck": armed.struck,
            }
            for armed in self._armed
        ]


def rules_from_rates(rates: Mapping[str, Any]) -> list[FaultRule]:
    """Rules for ``{"slow": 0.1, "throttled": {"rate": 0.1, "retry_after": 2}}``."""
    rules = []
    for fault, value in rates.items():
        options = value if isinstance(value, Mapping) else {"rate": value}
        rules.append(FaultRule.model_validate({"fault": fault, **options}))
    return rules


def rules_from_text(text: str) -> list[FaultRule]:
    """Rules for ``slow=0.1,throttled=0.1:retry_after=none`` of a command line."""
    rules = []
    for part in filter(None, text.split(",")):
        (fault, rate), *more = (
            option.partition("=")[::2] for option in part.split(":")
        )
        options = {name: None if value == "none" else value for name, value in more}
        rules.append(
            FaultRule.model_validate({"fault": fault, "rate": rate, **options})
        )
    return rules
