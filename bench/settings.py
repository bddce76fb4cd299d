"""What can be chosen, from variables of the environment."""

import os
from dataclasses import dataclass, field, fields

from tools.console import Failure


def _names(name):
    """What the variable ``name`` chooses, nothing when it is empty."""

    def read():
        return tuple(filter(None, os.environ.get(name, "").split(",")))

    return field(default_factory=read)


def _number(name, default):
    """A size that the variable ``name`` may change."""

    def read():
        text = os.environ.get(name) or default
        try:
            value = int(text)
        except ValueError as error:
            raise Failure(f"{name} must be a number, not {text!r}.") from error
        if value < 0:
            raise Failure(f"{name} must not be negative.")
        return value

    return field(default_factory=read, metadata={"usual": default})


@dataclass(frozen=True)
class Settings:
    """Sizes of all measurements; ``latency`` is in milliseconds.

    ``only`` names the parts to run, ``pace`` the measurements of that part; empty means
    all of them.
    """

    only: tuple = _names("ONLY")
    pace: tuple = _names("PACE")
    accounts: int = _number("ACCOUNTS", 2_000)
    latency: int = _number("LATENCY", 100)
    rounds: int = _number("ROUNDS", 3)
    small: int = _number("SMALL", 1_000)
    large: int = _number("LARGE", 20_000)
    rows: int = _number("ROWS", 1_000_000)
    presses: int = _number("PRESSES", 20)

    @property
    def are_usual(self):
        """Whether the sizes are those for which the goals were set."""
        return all(
            getattr(self, each.name) == each.metadata["usual"]
            for each in fields(self)
            if each.metadata
        )
