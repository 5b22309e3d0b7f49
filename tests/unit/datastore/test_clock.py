"""Clocks: the machine's goes on, the manual one only when told to."""

import time

import pytest

from infra.clock import Clock, ManualClock, SystemClock


def test_the_manual_clock_moves_only_when_told_to():
    clock = ManualClock(now_ms=1_000)
    began = clock.monotonic()
    assert clock.now_ms() == 1_000
    clock.advance(1_500)
    assert clock.now_ms() == 2_500
    assert clock.monotonic() - began == 1.5


def test_a_jump_of_the_wall_clock_is_no_passing_of_time():
    clock = ManualClock(now_ms=10_000)
    began = clock.monotonic()
    clock.jump(-9_000)
    assert clock.now_ms() == 1_000
    assert clock.monotonic() == began


def test_time_does_not_go_back():
    with pytest.raises(ValueError, match="jump"):
        ManualClock().advance(-1)


def test_the_system_clock_is_unix_time_in_milliseconds():
    clock: Clock = SystemClock()
    before = int(time.time() * 1_000) - 1
    assert before <= clock.now_ms() <= int(time.time() * 1_000) + 1
    assert clock.monotonic() <= clock.monotonic()
