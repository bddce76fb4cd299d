"""Text of others in a form that may go to a terminal or into a log."""

from __future__ import annotations

import logging
import unicodedata

UNPRINTABLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Categories of characters that move a cursor, end a line or turn text round."""
JOINERS = {"\u200c", "\u200d"}
"""Of category Cf as well, but needed to write Persian, Hindi and others."""


def printable(text: str) -> str:
    """Return ``text`` on one line, with escapes such as ``\\x1b`` instead of what
    steers a terminal, forges a line of a log or hides what is written."""
    if text.isprintable():  # nearly always
        return text
    return "".join(_escaped(char) if _is_unprintable(char) else char for char in text)


def _is_unprintable(char: str) -> bool:
    return unicodedata.category(char) in UNPRINTABLE and char not in JOINERS


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


class _OnItsLines(logging.Filter):
    """Keeps the words of others from ending a line of the log and beginning one that
    looks like the server's."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(_harmless(value) for value in record.args)
        if record.exc_info:
            lines = logging.Formatter().formatException(record.exc_info).split("\n")
            # What a formatter finds here, it takes as it is.
            record.exc_text = "\n".join(f"  {printable(line)}" for line in lines)
        return True


def _harmless(value: object) -> object:
    return value if isinstance(value, (int, float)) else printable(str(value))


_ON_ITS_LINES = _OnItsLines()


def get_logger(name: str) -> logging.Logger:
    """Return the logger ``name``, for code that logs what Panda or customers say."""
    logger = logging.getLogger(name)
    logger.addFilter(_ON_ITS_LINES)  # once, however often it is added
    return logger
