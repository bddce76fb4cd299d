"""The health reports of systems in the text format of Prometheus.

Format: https://prometheus.io/docs/instrumenting/exposition_formats/. A library would be
one more dependency for a few lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Report = dict[str, Any]
"""As ``panda.system._get_health_reports`` returns it."""


@dataclass(frozen=True)
class Metric:
    """A gauge: its name, what it says, and its values in one report.

    ``read`` returns a number, or numbers by the value of the label ``label``.
    """

    name: str
    help: str
    read: Callable[[Report], Any]
    label: str = ""

    def samples(self, report: Report) -> Iterator[tuple[dict[str, str], float]]:
        """The labels and the value of each line."""
        system = {"system": report["name"]}
        found = self.read(report)
        if not self.label:
            yield system, found
            return
        for value, number in found.items():
            yield {**system, self.label: value}, number


METRICS = (
    Metric(
        "panda_up",
        "Whether the system works: 1 or 0.",
        lambda report: int(not report["problem"]),
    ),
    Metric(
        "panda_accounts",
        "Accounts by status.",
        lambda report: report["accounts"],
        "state",
    ),
    Metric(
        "panda_failures",
        "Failed accounts by error code.",
        lambda report: report["failures"],
        "code",
    ),
    Metric(
        "panda_oldest_due_seconds",
        "For how long the account that waits longest has been due.",
        lambda report: report["oldest_due_s"],
    ),
    Metric(
        "panda_requests_last_minute",
        "Requests of the last minute by result.",
        lambda report: report["pace"]["requests"],
        "result",
    ),
    Metric(
        "panda_accepted_rate",
        "Requests per second that Panda accepts; 0 where no limit was met.",
        lambda report: report["pace"]["rate"],
    ),
)


def as_text(reports: Iterable[Report]) -> str:
    """All :data:`METRICS` of ``reports``, one line for each sample."""
    reports = list(reports)
    lines = []
    for metric in METRICS:
        lines.append(f"# HELP {metric.name} {metric.help}")
        lines.append(f"# TYPE {metric.name} gauge")
        for report in reports:
            for labels, value in metric.samples(report):
                lines.append(f"{metric.name}{{{_as_labels(labels)}}} {value}")
    return "\n".join(lines) + "\n"


def _as_labels(labels: dict[str, str]) -> str:
    return ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
