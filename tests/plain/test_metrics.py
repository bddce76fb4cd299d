"""The health reports as Prometheus reads them."""

from __future__ import annotations

import re
from typing import Any

from panda_provisioning.core.metrics import METRICS, as_text

LINE = re.compile(
    r'[a-z_]+\{[a-z]+="(\\.|[^"\\])*"(,[a-z]+="(\\.|[^"\\])*")*\} [\d.e+]+'
)


def report(**values: Any) -> dict[str, Any]:
    return {
        "name": "Panda",
        "problem": "",
        "accounts": {"synced": 1_234_567, "failed": 2},
        "failures": {"phone_missing": 2},
        "oldest_due_s": 12,
        "pace": {"rate": 18.5, "requests": {"accepted": 7}},
        **values,
    }


def test_a_report_line_by_line() -> None:
    samples = [line for line in as_text([report()]).splitlines() if line[0] != "#"]
    assert samples == [
        'panda_up{system="Panda"} 1',
        'panda_accounts{system="Panda",state="synced"} 1234567',
        'panda_accounts{system="Panda",state="failed"} 2',
        'panda_failures{system="Panda",code="phone_missing"} 2',
        'panda_oldest_due_seconds{system="Panda"} 12',
        'panda_requests_last_minute{system="Panda",result="accepted"} 7',
        'panda_accepted_rate{system="Panda"} 18.5',
    ]


def test_a_system_that_does_not_work_is_down() -> None:
    assert 'panda_up{system="Panda"} 0\n' in as_text([report(problem="unreachable")])


def test_each_metric_is_explained_once_however_many_systems() -> None:
    text = as_text([report(), report(name="Other")])
    for metric in METRICS:
        assert text.count(f"# HELP {metric.name} {metric.help}\n") == 1
        assert text.count(f"# TYPE {metric.name} gauge\n") == 1
    assert 'panda_up{system="Other"} 1\n' in text


def test_no_name_breaks_a_line() -> None:
    text = as_text([report(name='a"b\\c\nd')])
    samples = [line for line in text.splitlines() if line[0] != "#"]
    assert len(samples) == 7
    assert all(LINE.fullmatch(line) for line in samples)
    assert 'system="a\\"b\\\\c\\nd"' in text


def test_nothing_to_tell() -> None:
    lines = as_text([]).splitlines()
    assert all(line.startswith("# ") for line in lines)
