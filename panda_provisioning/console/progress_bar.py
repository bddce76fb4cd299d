"""How far a run is: a bar on a terminal, a line now and then elsewhere."""

import sys
import time

from ..core.states import ENDED

REDRAW = 0.25
REPORT = 10
WIDTH = 30


class ProgressBar:
    """Counts accounts that have come to rest, on a cursor of its own.

    :param pending: the accounts that are to be worked on
    """

    def __init__(self, pending):
        self._registry = pending.env.registry
        self._ids = tuple(pending.ids)
        self._is_terminal = sys.stderr.isatty()
        self._began_at = time.monotonic()
        self._shown_at = 0

    def show(self):
        """Show it, if the last time is long enough ago."""
        pause = REDRAW if self._is_terminal else REPORT
        if time.monotonic() - self._shown_at >= pause:
            self._write()

    def finish(self):
        """Show it for the last time."""
        self._write()
        if self._is_terminal:
            sys.stderr.write("\n")

    def _write(self):
        self._shown_at = time.monotonic()
        counts = self._count()
        done = sum(counts.get(state.value, 0) for state in ENDED)
        text = self._describe(done, counts.get("failed", 0))
        if self._is_terminal:
            filled = WIDTH * done // len(self._ids)
            sys.stderr.write(f"\r\033[K[{'#' * filled:.<{WIDTH}}] {text}")
        else:
            sys.stderr.write(f"{text}\n")
        sys.stderr.flush()

    def _describe(self, done, failed):
        total, seconds = len(self._ids), time.monotonic() - self._began_at
        rate = done / seconds
        parts = [f"{done} of {total}", f"{100 * done // total} %", f"{rate:.1f}/s"]
        if 0 < done < total:
            parts.append(f"{(total - done) / rate:.0f} s left")
        if failed:
            parts.append(f"{failed} failed")
        return ", ".join(parts)

    def _count(self):
        # Not the cursor of the run, which has no transaction open while it waits.
        with self._registry.cursor(readonly=True) as cr:
            cr.execute(
                """
                SELECT state, count(*) FROM panda_account
                WHERE id IN %s GROUP BY state
                """,
                [self._ids],
            )
            return dict(cr.fetchall())
