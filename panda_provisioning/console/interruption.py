"""Ctrl-C as a request to come to an end."""

import signal

from .output import tell


class Interruption:
    """A context manager; the second Ctrl-C interrupts at once."""

    def __init__(self):
        self.is_requested = False
        self._before = {}

    def __enter__(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_error):
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, _number, _frame):
        if self.is_requested:
            raise KeyboardInterrupt
        self.is_requested = True
        tell(
            "",
            "Stopping as soon as what is on its way to Panda is answered; the rest "
            "stays queued. Once more stops at once, which is safe too.",
        )
