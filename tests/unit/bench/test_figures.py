"""Figures from what was measured, and which process listens where."""

import os
import socket

from orchestrator.bench.listeners import listening_on
from orchestrator.bench.load import Load, Run
from orchestrator.bench.processes import Usage, usage
from orchestrator.bench.report import figures, percentile


def test_percentiles_are_of_the_nearest_rank() -> None:
    ordered = [float(n) for n in range(1, 101)]
    assert percentile(ordered, 0.50) == 51
    assert percentile(ordered, 0.99) == 100
    assert percentile([7.0], 0.99) == 7


def test_figures_are_per_saga_and_by_process() -> None:
    run = Run(seconds=2.0, latencies=[0.004, 0.002, 0.003, 0.001])
    before = {"broker": Usage(1.0, 10.0)}
    found = figures(run, before, {"broker": Usage(1.5, 12.0)})
    assert (found.sagas, found.sagas_per_s) == (4, 2.0)
    assert (found.p50_ms, found.p99_ms) == (3.0, 4.0)
    assert found.cpu_ms_per_saga == {"broker": 125.0}
    assert found.as_json()["peak_mib"] == {"broker": 12.0}


def test_a_load_says_what_it_is() -> None:
    assert (str(Load(10, 5)), str(Load(10, 5, 2.5))) == ("5 at a time", "2.5 a second")


def test_the_process_that_listens_is_found() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert listening_on(port) == os.getpid()
    assert listening_on(port) is None


def test_usage_of_this_process_is_something_and_of_none_nothing() -> None:
    assert usage(os.getpid()).peak_mib > 1
    assert usage(2**22 + 1) == Usage(0.0, 0.0)
