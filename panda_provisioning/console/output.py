"""Results go to the standard output, all else to the standard error."""

import json
import sys


def show_json(value):
    """Print ``value`` for programs; times are in UTC."""
    text = json.dumps(value, indent=2, ensure_ascii=False, default=_iso)
    sys.stdout.write(f"{text}\n")


def show(text):
    """Print a line of the result."""
    sys.stdout.write(f"{text}\n")


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
    return "" if value is None or value is False else str(value)


def _iso(time):
    return f"{time.isoformat()}Z"


def tell(text):
    """Print a line that is no part of the result."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
