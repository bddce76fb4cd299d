"""Short progress lines, and errors that are a sentence instead of a traceback."""

import sys
import time
from contextlib import contextmanager


class Failure(Exception):
    """Something went wrong that a person can mend; the text says how."""


def say(text):
    print(text, flush=True)


@contextmanager
def step(name):
    """Announce a piece of work that takes time, and say how long it took."""
    say(f"  {name} ...")
    started = time.monotonic()
    yield
    say(f"  {name}: done in {time.monotonic() - started:.0f} s")


def run_main(main):
    """Exit with the status ``main`` returns, or with the reason why it failed."""
    try:
        status = main()
    except Failure as failure:
        print(f"\nFailed: {failure}", file=sys.stderr, flush=True)
        status = 1
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr, flush=True)
        status = 130
    sys.exit(status)
