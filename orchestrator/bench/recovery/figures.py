"""The figures of each scene: seconds, MiB, and counts that must be zero."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Restart:
    """SIGKILL and start again. Seconds are from the start of the new process: until
    ``/health/ready`` says so, until the first and until every partition decided a new start, until
    every open saga went on (their services start when every partition decides, and need
    ``services_s`` to answer first).

    ``sent_again``: commands that were sent a second time. ``peak_mib``: when all partitions
    decided, and at the end; ``cpu_s`` likewise is its processor time.
    """

    open: int
    opening_s: float
    first_decision_s: float
    deciding_s: float
    ready_s: float
    services_s: float
    going_on_s: float
    sent_again: int
    by_time: int
    deciding_cpu_s: float
    cpu_s: float
    deciding_mib: float
    peak_mib: float


@dataclass(frozen=True)
class Takeover:
    """SIGKILL of an owner while another process follows. ``notice_s``: from the kill until the
    group told the other; ``deciding_s``: from then until every partition taken over decided.
    ``cpu_s`` and ``peak_mib`` are the heir's since it began.
    """

    open: int
    opening_s: float
    partitions: int
    taken_over: int
    notice_s: float
    first_decision_s: float
    deciding_s: float
    sent_again: int
    cpu_s: float
    peak_mib: float


@dataclass(frozen=True)
class Waiting:
    """Down until every deadline had passed, while the replies waited in the topic.

    ``by_time``: sagas whose first decision afterwards was their timeout; law 5 says none.
    """

    open: int
    timeout_s: float
    down_s: float
    replies_waiting: int
    by_time: int
    deciding_s: float
    going_on_s: float
    cpu_s: float
    peak_mib: float


Figures = Restart | Takeover | Waiting


def seconds(start_ms: int, end_ms: int) -> float:
    """From one Unix time in milliseconds to another, in seconds."""
    return round((end_ms - start_ms) / 1_000, 2)
