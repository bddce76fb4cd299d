"""The figures, as they are printed, and the goals that they are held against."""

import operator

from tools.console import say

GOALS = {
    "ratio_addon_raw": (">=", 0.95),
    "ratio_addon_raw_64": (">=", 0.90),
    "ratio_addon_queue_job": (">=", 2.5),
    "ratio_cpu_queue_job": (">=", 4),
    "ratio_rss_queue_job": (">=", 15),
    "sql_queries_per_account": ("<=", 3),
    "scale_ratio_20k_1k": ("<=", 1.10),
    "contacts_list_extra_queries": ("<=", 2),
    "contact_form_extra_queries": ("<=", 3),
    "partner_write_extra_queries": ("<=", 0),
    "confirm_extra_queries": ("<=", 5),
    "confirm_alone_extra_queries": ("<=", 5),
    "quota_used_bucket": (">=", 0.95),
    "quota_used_bucket_retry_after": (">=", 0.95),
    "quota_used_window": (">=", 0.90),
    "quota_used_window_retry_after": (">=", 0.90),
    "quota_used_change": (">=", 0.90),
    "quota_used_change_retry_after": (">=", 0.90),
    "refused_bucket": ("<=", 0.02),
    "refused_bucket_retry_after": ("<=", 0.02),
    "refused_window": ("<=", 0.08),
    "refused_window_retry_after": ("<=", 0.02),
    "refused_two_processes": ("<=", 0.03),
    "recovery_s": ("<=", 10),
    "recovery_s_retry_after": ("<=", 10),
    "goodput_5xx": (">=", 0.80),
    "goodput_lost": (">=", 0.80),
    "goodput_429": (">=", 0.80),
    "goodput_5xx_20": (">=", 0.40),
    "goodput_lost_20": (">=", 0.40),
    "goodput_429_20": (">=", 0.40),
}
COMPARE = {">=": operator.ge, "<=": operator.le}


class Report:
    """Prints ``name: value`` lines and remembers which goals were missed."""

    def __init__(self):
        self._missed = []
        self._compared = 0

    def add(self, name, value, note=""):
        """Print a figure; floats with three significant decimals at most.

        :param note: how it was measured, if that is to stand beside it
        """
        say(f"{name}: {_shown(value)}" + (f" ({note})" if note else ""))
        if name in GOALS:
            sign, goal = GOALS[name]
            self._compared += 1
            if not COMPARE[sign](value, goal):
                self._missed.append(f"{name} {_shown(value)} (goal {sign} {goal})")

    def close(self, are_usual):
        """Say which goals were missed.

        :param are_usual: whether the sizes are those for which the goals were set
        """
        if not are_usual:
            say("goals_met: not compared, the sizes are not the usual ones")
            return
        met = self._compared - len(self._missed)
        say(f"goals_met: {met} of {self._compared}")
        for text in self._missed:
            say(f"goal_missed: {text}")


def _shown(value):
    if not isinstance(value, float):
        return value
    return f"{value:.1f}" if abs(value) >= 100 else f"{value:.3f}"
