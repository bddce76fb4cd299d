"""A test runner that misreads a log is green when it should be red."""

import pytest

from tools import odoo_log

TESTS = "odoo.addons.panda.tests.test_it"
TRACEBACK = "Traceback (most recent call last):\n  ...\nAssertionError: 1 != 2\n"
CLOSING = "odoo.tests.result: 0 failed, 0 error(s) of 1 tests when loading database 'x'"


def entry(text, level="INFO"):
    return f"2026-01-02 03:04:05,678 99 {level} some_db {text} \n"


def started(test):
    return entry(f"{TESTS}: Starting {test} ...")


@pytest.fixture
def read(tmp_path):
    def read_text(text, status=0):
        log = tmp_path / "odoo.log"
        log.write_text(text)
        return odoo_log.read_results(log, status)

    return read_text


def test_a_started_test_that_nothing_is_said_of_passed(read):
    results = read(started("TestA.test_one") + entry(CLOSING))
    assert (results.passed, results.failed, results.skipped) == (1, {}, {})


@pytest.mark.parametrize("flavour", ["FAIL", "ERROR"])
def test_a_failed_test_is_shown_with_its_traceback(read, flavour):
    text = (
        started("TestA.test_one")
        + started("TestA.test_two")
        + entry(f"{TESTS}: {flavour}: TestA.test_two", "ERROR")
        + TRACEBACK
        + entry(CLOSING)
    )
    results = read(text, 1)
    assert results.passed == 1
    assert list(results.failed) == ["panda/test_it: TestA.test_two"]
    assert "1 != 2" in results.failed["panda/test_it: TestA.test_two"]


def test_several_failed_subtests_are_one_failed_test(read):
    text = started("TestA.test_one") + entry(CLOSING)
    for number in range(3):
        what = f"{TESTS}: FAIL: Subtest TestA.test_one (i={number})"
        text += entry(what, "ERROR") + TRACEBACK
    results = read(text, 1)
    assert results.passed == 0
    assert len(results.failed) == 1


def test_a_class_that_cannot_be_set_up_is_a_failure(read):
    what = "odoo.tests.suite: ERROR: setUpClass (odoo.addons.panda.tests.test_it.TestA)"
    results = read(entry(what, "ERROR") + TRACEBACK + entry(CLOSING), 1)
    assert len(results.failed) == 1


def test_a_skipped_test_did_not_pass(read):
    skip = entry(f"{TESTS}: skipped TestA.test_one : not on Sundays")
    results = read(started("TestA.test_one") + skip + entry(CLOSING))
    assert results.passed == 0
    assert list(results.skipped.values()) == ["not on Sundays"]


@pytest.mark.parametrize(
    "reason",
    ["Chrome executable not found", "websocket-client module is not installed"],
)
def test_a_tour_without_a_browser_is_a_failure(read, reason):
    skip = entry(f"{TESTS}: skipped TestA.test_tour : {reason}")
    assert read(started("TestA.test_tour") + skip + entry(CLOSING)).failed


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("", 0),
        (started("TestA.test_one"), 0),
        (started("TestA.test_one"), 255),
        (started("TestA.test_one") + entry(CLOSING), 1),
        (started("TestA.test_one") + entry(CLOSING), -9),
        (started("TestA.test_one") + entry(CLOSING), None),
    ],
)
def test_a_run_that_broke_off_is_a_failure(read, text, status):
    assert read(text, status).failed


@pytest.mark.parametrize(
    ("record", "noise"),
    [
        (entry("odoo.addons.panda.models.x: something odd", "WARNING"), True),
        (entry("odoo.addons.panda.models.x: something bad", "ERROR"), True),
        (entry("odoo.http: Exception during request handling", "ERROR"), True),
        (entry(f"{TESTS}: FAIL: TestA.test_two", "ERROR") + TRACEBACK, False),
        (entry(CLOSING), False),
    ],
)
def test_warnings_and_errors_are_found(tmp_path, record, noise):
    log = tmp_path / "odoo.log"
    log.write_text(entry("odoo: Odoo version 19.0") + record)
    assert bool(odoo_log.find_noise(log)) is noise
