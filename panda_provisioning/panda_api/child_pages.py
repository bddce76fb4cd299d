"""The pages of a listing of managed accounts, put together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .responses import Child, Children, as_list, as_object, inconsistent, integer, text

EVERYTHING = -1
"""The limit of a listing that is not cut into pages."""
NOT_SAID = -9


class ChildPages:
    """Takes pages until one shows that there are no more.

    Both known forms of paging are read (docs/watchguard-api.md#paging). A total and a
    limit are hints: some servers count the rows of the page and repeat the limit that
    they were asked for. So it takes a page that brings nothing new to end a listing.

    :ivar rows: all that were shown, each once, in the order of the pages.
    :ivar offset: how many were shown, also those that were shown before.
    :ivar count: pages that were taken.
    :ivar seems_whole: whether the last page said that all has been shown.
    """

    def __init__(self) -> None:
        self.rows: dict[Child, None] = {}
        self.offset = 0
        self.count = 0
        self.seems_whole = False
        self._known: set[object] = set()
        self._total = 0

    def add(self, answer: Mapping[str, Any]) -> Children | None:
        """Take the page in ``answer``; return the listing if that was the last one.

        :raise PandaError: ``inconsistent_listing`` if it shows fewer accounts than it
            says that there are.
        """
        page = [_child(row) for row in as_list(answer.get("items"))]
        total, limit = _get_hints(answer)
        has_room = limit == EVERYTHING or len(page) < limit
        was_whole, shown, known = self.seems_whole, self.offset, len(self._known)
        self._known.update(child.id or child for child in page)
        self.rows.update(dict.fromkeys(page))
        self.offset += len(page)
        self.count += 1
        self._total = max(self._total, total)
        self.seems_whole = has_room and len(self._known) == total
        has_grown = was_whole and self.count == 2 and has_room and self.offset == total
        if has_grown and len(page) < shown:
            # What is new was created since, wherever it is shown. While many are
            # created there is no end of that.
            return Children(self.rows, 2 if page else 1, 2)
        if len(self._known) > known:
            return None
        if known < self._total:
            raise inconsistent(f"{known} of {self._total} accounts")
        # A page that has only shown that there is no more is none.
        is_none = was_whole and not page
        return Children(self.rows, self.count - is_none, self.count)


def _get_hints(answer: Mapping[str, Any]) -> tuple[int, int]:
    """The total and the limit in ``answer``, :data:`NOT_SAID` for what it lacks. Of two
    totals the larger one counts."""
    controls = as_object(answer.get("pageControls") or {})
    totals = [integer(each.get("totalItems"), NOT_SAID) for each in (answer, controls)]
    return max(totals), integer({**answer, **controls}.get("limit"), NOT_SAID)


def _child(row: Mapping[str, Any]) -> Child:
    return Child(
        text(row, "accountId", "accountID"),
        text(row, "name"),
        integer(row.get("type")),
    )
