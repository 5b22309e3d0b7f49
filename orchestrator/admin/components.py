"""The components of a process, each with how it is doing and why: what people see of its health.

``down``: nothing goes on there, and the process is not ready. ``degraded``: it works, and somebody
should look. Nothing in it is a secret: no credentials, no content of messages.
"""

from collections.abc import Container, Iterable, Iterator, Sequence
from typing import Any, Final, Literal

import msgspec

from orchestrator.admin.ports import Backend, ServiceHealth
from orchestrator.runtime.health import PartitionHealth
from orchestrator.runtime.vitals import BrokerVitals, FileVitals, TimerVitals, Vitals

Status = Literal["ok", "degraded", "down"]
ORDER: Final[tuple[Status, ...]] = ("down", "degraded")
LITTLE_ROOM: Final = 256 * 1024 * 1024
"""Bytes; with less the disk is about to be full, and then nothing is decided any more."""
BEHIND_MS: Final = 5_000
"""Timers that are this late are no matter of a moment. Well above TICK_S and the barrier."""
JUMP_MS: Final = 5_000


class Component(msgspec.Struct, frozen=True):
    """One part of the process; ``reason`` is empty where it is ok, ``facts`` are for programs."""

    name: str
    status: Status = "ok"
    reason: str = ""
    facts: dict[str, Any] = {}


def worst(found: Iterable[Component]) -> Status:
    """How they are doing together."""
    statuses = [one.status for one in found]
    for status in ORDER:
        if status in statuses:
            return status
    return "ok"


def components_of(backend: Backend, services: Sequence[ServiceHealth]) -> list[Component]:
    """All of them; while there is no orchestrator (it is starting, or stopping) that and why."""
    vitals = backend.vitals()
    if vitals is None:
        why = "; ".join(backend.health().reasons)
        return [Component("orchestrator", "down", why), *map(service_component, services)]
    return components(vitals, services)


def service_component(service: ServiceHealth) -> Component:
    """One service of this process."""
    why = "; ".join(service.reasons)
    facts = {"lag": service.lag, "counts": dict(service.counts)}
    return Component(f"service {service.name}", "down" if why else "ok", why, facts)


def components(vitals: Vitals, services: Sequence[ServiceHealth]) -> list[Component]:
    """All of them, in the order in which they depend on each other."""
    found = [
        _file(vitals.file),
        _broker(vitals.broker),
        *(
            Component(f"topic {topic}", "degraded", why)
            for topic, why in vitals.broker.sick.items()
        ),
        *_partitions(vitals),
        _timers(vitals),
        _sagas(vitals),
        *map(service_component, services),
    ]
    return [_orchestrator(vitals, {one.reason for one in found}), *found]


def _orchestrator(vitals: Vitals, told: Container[str]) -> Component:
    """The process itself: whatever keeps it from being ready and is no other component's."""
    partitions = tuple(f"partition {one.partition}: " for one in vitals.health.partitions)
    own = [
        why for why in vitals.health.reasons if why not in told and not why.startswith(partitions)
    ]
    if own:
        return Component("orchestrator", "down", "; ".join(own))
    if abs(vitals.jump_ms) > JUMP_MS:
        seconds = vitals.jump_ms / 1_000
        why = f"the wall clock has jumped by {seconds:+.0f} s; it is followed slowly"
        return Component("orchestrator", "degraded", why)
    return Component("orchestrator")


def _file(file: FileVitals) -> Component:
    facts = msgspec.structs.asdict(file)
    facts.pop("trouble")
    if file.trouble:
        return Component("database", "down", file.trouble, facts)
    if 0 <= file.free_bytes < LITTLE_ROOM:
        left = f"{file.free_bytes / 2**20:.0f} MiB are left on its disk"
        return Component("database", "degraded", left, facts)
    return Component("database", facts=facts)


def _broker(broker: BrokerVitals) -> Component:
    kind = "embedded" if broker.embedded else "cluster"
    facts = {"kind": kind, "address": broker.address, "unsent": broker.unsent}
    return Component("broker", "down" if broker.trouble else "ok", broker.trouble, facts)


def _partitions(vitals: Vitals) -> Iterator[Component]:
    for one in vitals.health.partitions:
        name = f"partition {one.partition}"
        why, note = _about(name, vitals.health.reasons), _about(name, vitals.health.notes)
        status: Status = "down" if why else "degraded" if note else "ok"
        yield Component(name, status, why or note, _place(one))


def _about(name: str, lines: Iterable[str]) -> str:
    """What these lines say of the component of that name."""
    begins = f"{name}: "
    return "; ".join(line.removeprefix(begins) for line in lines if line.startswith(begins))


def _place(one: PartitionHealth) -> dict[str, Any]:
    return {"role": one.role, "lag": one.lag, "log_offset": one.log_offset, "sent": one.sent}


def _timers(vitals: Vitals) -> Component:
    owed, behind = sum(one.owed for one in vitals.timers), _behind(vitals.timers)
    facts = {"owed": owed, "behind_ms": behind, "partitions": len(vitals.timers)}
    if behind > BEHIND_MS:
        why = f"{owed} wake-ups are owed, the oldest for {behind / 1_000:.0f} s"
        return Component("timers", "degraded", why, facts)
    return Component("timers", facts=facts)


def _behind(timers: Iterable[TimerVitals]) -> int:
    return max((one.behind_ms for one in timers), default=0)


def _sagas(vitals: Vitals) -> Component:
    lost = vitals.health.waiting_for_nobody
    why = f"{lost} open sagas that nothing would move were found, and go on" if lost else ""
    return Component("sagas", "degraded" if lost else "ok", why, {"wakeless": lost})
