"""What the services of one process share."""

from dataclasses import dataclass, field
from math import inf

from infra.broker.outputs import TopicSenders
from infra.clock import Clock, SystemClock
from infra.telemetry.metrics import Metrics


@dataclass(frozen=True)
class Shared:
    """- ``clock``, and ``metrics``: the register of the process.
    - ``senders``: the way out; None has each service make its own.
    - ``turn_s``: a batch lets the others of the event loop go on after this long, still in its
      transaction. For where people are answered on it: to services alone it brings only smaller
      batches, and so more commits and requests for the same work (ADR 0011).
    """

    clock: Clock = field(default_factory=SystemClock)
    metrics: Metrics = field(default_factory=Metrics)
    senders: TopicSenders | None = None
    turn_s: float = inf
