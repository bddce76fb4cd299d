"""Words of others move no cursor and forge no line of a log."""

import io
import logging

import pytest

from panda_provisioning.core.printable import get_logger, printable


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("ACME 12", "ACME 12"),
        ("Zoë Ångström Ελλάδα 日本", "Zoë Ångström Ελλάδα 日本"),
        ("10\N{NARROW NO-BREAK SPACE}PM", "10\N{NARROW NO-BREAK SPACE}PM"),
        ("می‌خواهم", "می‌خواهم"),
        ("a\nb", "a\\nb"),
        ("a\rb\tc", "a\\rb\\tc"),
        ("\x1b[2J", "\\x1b[2J"),
        ("é\x9b1A", "é\\x9b1A"),
        ("\N{RIGHT-TO-LEFT OVERRIDE}exe", "\\u202eexe"),
        ("a\N{LINE SEPARATOR}b", "a\\u2028b"),
        ("a\N{PARAGRAPH SEPARATOR}b", "a\\u2029b"),
        ("\N{WOMAN}\N{ZERO WIDTH JOINER}\N{PERSONAL COMPUTER}\n", "👩‍💻\\n"),
        ("\ud800", "\\ud800"),
        ("\N{ZERO WIDTH SPACE}", "\\u200b"),
    ],
)
def test_printable(text, expected):
    assert printable(text) == expected


@pytest.fixture
def log():
    """A logger and what it has written."""
    logger, stream = get_logger("panda_provisioning.test"), io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    logger.addHandler(handler)
    logger.propagate = False
    yield logger, stream
    logger.removeHandler(handler)


def test_arguments_stay_on_their_line(log):
    logger, stream = log
    logger.warning("Account %s of %r, %d left", "a\nERROR forged", ["b\n"], 3)
    assert (
        stream.getvalue()
        == "WARNING Account a\\nERROR forged of \"['b\\\\n']\", 3 left\n"
    )


def test_exceptions_stay_indented(log):
    logger, stream = log
    try:
        raise ValueError("from Panda\nERROR forged\r\x1b[2J")
    except ValueError:
        logger.exception("Account %s", 7)
    first, *others = stream.getvalue().splitlines()
    assert first == "ERROR Account 7"
    assert "  ERROR forged\\r\\x1b[2J" in others
    assert all(line.startswith("  ") for line in others)


def test_one_filter_for_one_logger():
    logger = get_logger("panda_provisioning.test.once")
    assert logger is get_logger("panda_provisioning.test.once")
    assert logger.name == "panda_provisioning.test.once"
    assert len(logger.filters) == 1
