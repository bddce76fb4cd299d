"""The part [pace] of ``make bench``: from when until when something counts."""

import pytest

from bench.parts.pace import BUCKET, TAIL, WINDOW, Trial, get_end, get_recovery

BEGUN = 1000.0


def evenly(first, last, rate):
    """Times from ``first`` to before ``last``, so many a second."""
    return [first + n / rate for n in range(round((last - first) * rate))]


def done(last_at):
    """A run that has finished, with its first and its last request."""
    times = [BEGUN, last_at]
    return Trial(1, BEGUN, seconds=last_at - BEGUN + 1, is_cut=False, accepted=times)


def test_time_of_a_bucket_ends_before_the_last_requests():
    assert get_end(done(BEGUN + 60), BUCKET) == BEGUN + 60 - TAIL


@pytest.mark.parametrize(("last_at", "end"), [(5, 10), (25, 20), (30, 30), (31, 30)])
def test_time_of_windows_ends_with_the_last_whole_one(last_at, end):
    assert get_end(done(BEGUN + last_at), WINDOW) == BEGUN + end


def test_time_of_a_run_that_was_cut_ends_when_it_was_cut():
    others = {"failed lost_answer": 3, "queued": 1}
    trial = Trial(9, BEGUN, seconds=100, synced=5, others=others)
    assert get_end(trial, BUCKET) == BEGUN + 100 - TAIL
    assert get_end(trial, WINDOW) == BEGUN + 100
    said = "; 5 of 9 accounts in 100 s, 3 failed lost_answer, 1 queued"
    assert trial.shortfall == said


def test_recovered_when_a_second_has_nine_tenths_of_the_rate():
    accepted = evenly(0, 50, 20) + evenly(50, 57, 30) + evenly(57, 60, 40)
    # The 36 of a second are complete after some of it was as slow as before.
    assert 57 < 50 + get_recovery(accepted, 50, 40, ended=60) < 58


def test_what_was_accepted_before_it_was_restored_is_no_recovery():
    accepted = evenly(0, 50, 100) + evenly(50, 60, 20)
    assert get_recovery(accepted, 50, 40, ended=62) == 12
