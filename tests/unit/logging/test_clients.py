"""A client that says the same for ever is heard now and then, and our own lines always."""

import logging

from infra.clock import ManualClock
from infra.logging.clients import FewLines


def line(name: str, text: str, *arguments: object) -> logging.LogRecord:
    return logging.LogRecord(name, logging.ERROR, "x.py", 1, text, arguments, None)


def test_lines_that_differ_only_in_their_arguments_are_one_in_thirty_seconds() -> None:
    clock = ManualClock()
    few = FewLines(clock)
    lines = [line("aiokafka.conn", "no node %s", n) for n in range(4)]
    assert [few.filter(each) for each in lines] == [True, False, False, False]
    clock.advance(30_000)
    again = line("aiokafka.conn", "no node %s", 9)
    assert few.filter(again)
    assert again.getMessage() == "no node 9 (and 3 lines like this one)"
    clock.advance(30_000)
    third = line("aiokafka.conn", "no node %s", 9)
    assert few.filter(third)
    assert third.getMessage() == "no node 9"


def test_another_line_and_our_own_are_told_at_once() -> None:
    few = FewLines(ManualClock())
    assert few.filter(line("aiokafka.conn", "one"))
    assert few.filter(line("aiokafka.conn", "another"))
    assert few.filter(line("aiokafka.client", "one"))
    assert all(few.filter(line("orchestrator.runtime", "same")) for _ in range(3))


def test_clients_can_be_quiet() -> None:
    few = FewLines(ManualClock(), logging.CRITICAL)
    assert not few.filter(line("aiokafka", "no leader"))
    assert few.filter(line("services.payment", "ours"))
