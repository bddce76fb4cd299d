"""A page of the browser that waits until nothing moves any more."""

import json
import re
import time
from datetime import date, datetime, timedelta, timezone
from itertools import cycle
from pathlib import Path

from tools.console import Failure

STILL = """
*, *::before, *::after {
    animation: none !important;
    caret-color: transparent !important;
    scroll-behavior: auto !important;
    transition: none !important;
}
[class*=ImStatus] {
    visibility: hidden !important;
}
"""
SAMENESS = Path(__file__).with_name("sameness.js").read_text()
STILL_CHARTS = """
let chart;
Object.defineProperty(window, "Chart", {
    get: () => chart,
    set: (library) => {
        library.defaults.animation = false;
        chart = library;
    },
});
"""
OWN_VALUES = """
() => {
    for (const input of document.querySelectorAll("[data-own]")) {
        input.value = input.dataset.own;
    }
}
"""
STEP_MS, QUIET_MS = 50, 300
PATIENCE = 15


LAST_DAY = date(2026, 11, 16)
DAYS = 30


def _make_days_alike(route):
    """Let the days of a graph, which is a picture already, end on the same one."""
    days = cycle(LAST_DAY - timedelta(days=ago) for ago in reversed(range(DAYS)))
    response = route.fetch()
    body = re.sub(
        r"\d{4}-\d\d-\d\d(?=\\\")", lambda _day: str(next(days)), response.text()
    )
    route.fulfill(response=response, body=body)


NINE = int(datetime(2026, 11, 16, 8, tzinfo=timezone.utc).timestamp())  # in Brussels
HOUR = json.dumps(
    [
        {
            "key": key,
            "values": [
                {"label": NINE + 60 * minute, "value": count(minute)}
                for minute in range(60)
            ],
        }
        for key, count in (
            ("Accepted", lambda minute: (minute > 24) * (600 + 37 * minute % 90)),
            ("Refused", lambda minute: 19 * (minute > 30 and not minute % 7)),
            ("Failed", lambda minute: 60 * (minute == 44)),
        )
    ]
)


def _make_hour_alike(route):
    """Let the graph of the last hour, a picture too, show the same hour."""
    response = route.fetch()
    answer = response.json()
    for record in answer.get("result", []):
        if record.get("pace_graph"):
            record["pace_graph"] = HOUR
    route.fulfill(response=response, json=answer)


class Tab:
    """Shows one screen after the other, the same each time."""

    def __init__(self, page):
        self.page = page
        self._unanswered = set()
        page.add_init_script(STILL_CHARTS)
        page.route("**/panda.system/web_search_read", _make_days_alike)
        page.route("**/panda.system/web_read", _make_hour_alike)
        page.on("request", self._note)
        page.on("requestfinished", self._forget)
        page.on("requestfailed", self._forget)

    def show(self, screen, ids):
        """Open ``screen`` and return when it has come to rest."""
        self.page.evaluate(OWN_VALUES)  # else Odoo saves the samples when it is left
        self.page.goto(screen.path.format(**ids))
        if screen.steps:
            screen.steps(self.page)
        self.page.wait_for_selector(screen.shows)
        self.page.mouse.move(0, 0)  # else something looks as if pointed at
        self._wait_until_quiet()
        self.page.add_style_tag(content=STILL)
        self.page.evaluate("document.fonts.ready")
        self.page.evaluate(SAMENESS)

    def _note(self, request):
        # The bus is always waiting for something.
        if "/websocket" not in request.url:
            self._unanswered.add(request)

    def _forget(self, request):
        self._unanswered.discard(request)

    def _wait_until_quiet(self):
        deadline = time.monotonic() + PATIENCE
        quiet = 0
        while quiet < QUIET_MS:
            if time.monotonic() > deadline:
                waiting = [request.url for request in self._unanswered]
                raise Failure(f"{self.page.url} does not come to rest: {waiting}")
            self.page.wait_for_timeout(STEP_MS)
            quiet = 0 if self._unanswered else quiet + STEP_MS
