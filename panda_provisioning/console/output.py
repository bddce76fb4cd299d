"""Results go to the standard output, all else to the standard error.

Every text that comes from the database or from Panda goes through here: nothing of it
moves the cursor of a terminal, hides a line or looks like one of ours.
"""

import json
import re
import sys

from ..core.printable import printable

BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")


def show_json(value):
    """Print ``value`` for programs; times are in UTC."""
    text = json.dumps(value, indent=2, ensure_ascii=False, default=_iso)
    # What is ASCII is escaped already, but for the line breaks between the values.
    _print(sys.stdout, BEYOND_ASCII.sub(_as_json, text))


def _as_json(match):
    char = match[0]
    return char if printable(char) == char else json.dumps(char)[1:-1]


def show(*lines):
    """Print lines of the result."""
    for line in lines:
        _print(sys.stdout, printable(line))


def show_table(columns, rows):
    """Print ``rows`` below the titles ``columns``, numbers to the right."""
    cells = [[_text(value) for value in row] for row in (columns, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    is_number = [isinstance(value, int) for value in (*rows, columns)[0]]
    cells.insert(1, ["-" * width for width in widths])
    for row in cells:
        aligned = [
            cell.rjust(width) if to_the_right else cell.ljust(width)
            for cell, width, to_the_right in zip(row, widths, is_number, strict=True)
        ]
        show("  ".join(aligned).rstrip())


def _text(value):
    return "" if value is None or value is False else printable(str(value))


def _iso(time):
    return f"{time.isoformat()}Z"


def tell(*lines):
    """Print lines that are no part of the result."""
    for line in lines:
        _print(sys.stderr, printable(line))
    sys.stderr.flush()


def _print(stream, text):
    stream.write(f"{text}\n")
