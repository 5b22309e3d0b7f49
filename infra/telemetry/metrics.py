"""The one register of metrics: every metric of the product, with its type, unit, labels and help.

docs/telemetry.md says the same in words, and infra/monitoring draws them; tests hold the three
together. Names follow Prometheus' rules: ``saga_`` in front, ``_total`` for counters, base units
(seconds, bytes) at the end.
"""

from collections.abc import Sequence
from typing import Final

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest

from infra.telemetry.kinds import Counter, Gauge, Histogram, written

__all__ = ["CONTENT_TYPE", "Counter", "Gauge", "Histogram", "Metrics"]

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_DISK: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
_HTTP: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0)
_STEPS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0, 600.0)
_SAGAS: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0, 30.0, 60.0, 600.0, 86_400.0)
"""Seconds. 15 is the time that an order has (DESIGN, order lifecycle)."""
_PROCESS: Final = CollectorRegistry(auto_describe=False)
ProcessCollector(registry=_PROCESS)


class Metrics:  # pylint: disable=too-many-instance-attributes  # the register itself
    """All metrics of one process; the attributes are the register."""

    def __init__(self) -> None:
        # ------------------------------------------------------------------------------- sagas
        self.sagas = Gauge(
            "saga_sagas",
            "Sagas by state, in this process's file: the same in every process that follows.",
            ("definition", "state"),
        )
        self.started = Counter("saga_started_total", "Sagas started.", ("definition",))
        self.ended = Counter("saga_ended_total", "Sagas ended.", ("definition", "outcome"))
        self.seconds = Histogram(
            "saga_duration_seconds",
            "Time from the start of a saga to its end.",
            ("definition", "outcome"),
            _SAGAS,
        )
        self.failures = Counter(
            "saga_failures_total", "Sagas that failed, by why.", ("definition", "code")
        )
        self.late = Counter(
            "saga_late_total",
            "Sagas whose deadline passed when there was no way back any more.",
            ("definition",),
        )
        self.needs_operator = Counter(
            "saga_needs_operator_total", "Times a saga came to wait for a person.", ("definition",)
        )
        self.repairs = Counter(
            "saga_repairs_total", "Decisions of operators, carried out.", ("definition", "action")
        )
        self.start_refusals = Counter(
            "saga_start_refusals_total", "Starts that were refused.", ("code",)
        )
        self.transitions = Counter("saga_transitions_total", "Decisions written to the log.")
        # ------------------------------------------------------------- steps, waits, children
        self.step_seconds = Histogram(
            "saga_step_seconds",
            "Time from the last attempt of a step, or of its undo, to its outcome; where a child"
            " saga does it, from its first.",
            ("definition", "step", "direction"),
            _STEPS,
        )
        self.retries = Counter(
            "saga_retries_total",
            "Attempts that failed or timed out.",
            ("definition", "step", "direction", "cause"),
        )
        self.given_up = Counter(
            "saga_given_up_total",
            "Steps that were given up: what they did is unknown, and undone.",
            ("definition", "step", "direction"),
        )
        self.refusals = Counter(
            "saga_refusals_total", "Commands refused by a service.", ("definition", "step", "code")
        )
        self.undos_owed = Counter(
            "saga_undos_owed_total", "Undos that became owed.", ("definition",)
        )
        self.undos_done = Counter(
            "saga_undos_done_total", "Undos that were done.", ("definition", "step")
        )
        self.waits = Counter(
            "saga_waits_total",
            "Waits: begun, accepted or rejected by a signal, elapsed or expired by time, dropped.",
            ("definition", "step", "outcome"),
        )
        self.wait_seconds = Histogram(
            "saga_wait_seconds",
            "Time from the beginning of a wait to its outcome.",
            ("definition", "step"),
            _SAGAS,
        )
        self.children = Counter(
            "saga_children_total",
            "Child sagas: begun, succeeded, refused, and told to stop (halted).",
            ("definition", "step", "outcome"),
        )
        self.signals = Counter(
            "saga_signals_total",
            "Signals to sagas: applied, refused as too late or out of place, or held.",
            ("definition", "signal", "outcome"),
        )
        # ------------------------------------------------------------------ timers, dead letters
        self.timers_owed = Gauge(
            "saga_timers_owed",
            "Wake-ups of an owned partition whose time has come, 1000 at most.",
            ("partition",),
        )
        self.timers_behind = Gauge(
            "saga_timers_behind_seconds",
            "How long the oldest of them has been owed.",
            ("partition",),
        )
        self.wakeless = Gauge(
            "saga_wakeless", "Open sagas that nothing would ever move: there should be none."
        )
        self.dead_letters = Counter(
            "saga_dead_letters_total", "Messages sent to the dead letters.", ("topic",)
        )
        self.redriven = Counter(
            "saga_dead_letters_redriven_total", "Dead letters sent again.", ("topic",)
        )
        # --------------------------------------------------------------------- log, file, broker
        self.lag = Gauge(
            "saga_partition_lag_records",
            "Requests and replies of an owned partition that are not decided yet.",
            ("partition",),
        )
        self.owned = Gauge(
            "saga_partition_owned",
            "1 where this process owns the partition, else 0.",
            ("partition",),
        )
        self.append_seconds = Histogram(
            "saga_log_append_seconds",
            "Time until an append to the log was acknowledged.",
            buckets=_DISK,
        )
        self.log_records = Counter(
            "saga_log_records_total", "Records acknowledged by the log.", ("partition",)
        )
        self.commit_seconds = Histogram(
            "saga_commit_seconds",
            "Time of a transaction of the file, until it was on the disk.",
            buckets=_DISK,
        )
        self.file_bytes = Gauge(
            "saga_file_bytes", "Size of the file and of its write-ahead log.", ("file",)
        )
        self.disk_free = Gauge("saga_disk_free_bytes", "Room on the disk of the data folder.")
        self.unsent = Gauge("saga_unsent_messages", "Messages that are not acknowledged yet.")
        self.sick = Gauge("saga_topic_sick", "1 for a topic that takes nothing now.", ("topic",))
        # ------------------------------------------------------------------------------- services
        self.service_messages = Counter(
            "saga_service_messages_total",
            "Messages to the services of this process, by what became of them.",
            ("service", "outcome"),
        )
        self.service_lag = Gauge(
            "saga_service_lag_records",
            "Messages that wait for a service of this process, as far as is known.",
            ("service",),
        )
        self.service_seconds = Histogram(
            "saga_service_seconds",
            "Time in a service's handler, whatever became of it.",
            ("service", "message"),
            _STEPS,
        )
        # --------------------------------------------------------------------------- the process
        self.healthy = Gauge(
            "saga_component_healthy",
            "1 where a component of this process is well, 0 where it is not.",
            ("component",),
        )
        self.http_seconds = Histogram(
            "saga_http_seconds",
            "Time from a request to the beginning of its answer; waiting that it asked for too.",
            ("method", "route", "status"),
            _HTTP,
        )

    def all(self) -> Sequence[Counter | Gauge | Histogram]:
        """Every metric of the register."""
        kinds = (Counter, Gauge, Histogram)
        return [metric for metric in vars(self).values() if isinstance(metric, kinds)]

    def text(self) -> bytes:
        """The exposition that ``/metrics`` answers with (``CONTENT_TYPE``): the register, and what
        every process has (``process_*``: CPU, memory, open files; Linux).
        """
        return written(self.all()) + generate_latest(_PROCESS)
