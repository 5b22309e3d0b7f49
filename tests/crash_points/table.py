"""Which scenario leads to which boundary. A point that is in none of them fails the test."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from orchestrator.bootstrap.crash_points import crash_points
from tests.crash_points import doors, families, letters, older, stores, traffic
from tests.crash_points.stage import Direction

DIRECTIONS: Final[tuple[Direction, ...]] = ("forward", "undo")

SCENARIOS: Final[Mapping[str, traffic.Scenario]] = {
    "backup.copy": stores.backed_up,
    "backup.restore": stores.restored,
    "file.aside": stores.set_aside,
    "file.commit": traffic.orchestrator_in_traffic,
    "file.displace": stores.refilled,
    "file.follow": stores.followed,
    "file.forget": stores.set_aside,
    "file.home": traffic.orchestrator_at_first,
    "file.mark": traffic.orchestrator_in_traffic,
    "file.migrate": older.saga_log,
    "log.claim": traffic.orchestrator_in_traffic,
    "log.refill": stores.refilled,
    "log.transitions": traffic.orchestrator_in_traffic,
    "offsets.replies": traffic.orchestrator_in_traffic,
    "offsets.requests": traffic.orchestrator_in_traffic,
    "orchestrator.own": traffic.orchestrator_in_traffic,
    "orchestrator.resend": traffic.orchestrator_in_traffic,
    "orchestrator.resend-open": stores.refilled,
    "orchestrator.sent-mark": traffic.orchestrator_in_traffic,
    "orchestrator.start": traffic.orchestrator_in_traffic,
    "orchestrator.stop": traffic.orchestrator_at_its_end,
    "participant.dead-letters": letters.poisoned_commands,
    "participant.forget": traffic.services_in_traffic,
    "participant.handle": traffic.services_in_traffic,
    "participant.migrate": older.service,
    "participant.offsets": traffic.services_in_traffic,
    "participant.publish": doors.front_door,
    "participant.replies": traffic.services_in_traffic,
    "participant.seed": traffic.services_in_traffic,
    "participant.start": traffic.services_in_traffic,
    "participant.stop": traffic.services_at_their_end,
    "participant.tables": traffic.services_in_traffic,
    "participant.write": doors.front_door,
    "redrive.mark": letters.redriven,
    "redrive.send": letters.redriven,
    "replay.rebuild": stores.rebuilt,
    "send.children": families.family,
    "send.commands": traffic.orchestrator_in_traffic,
    "send.dead-letters": letters.poisoned_replies,
    "send.events": traffic.orchestrator_in_traffic,
    "send.forwarded": doors.forwarded,
    "send.request": doors.request,
}


class CrashCase(NamedTuple):
    """A point, and in which direction the sagas go."""

    point: str
    direction: Direction

    @property
    def name(self) -> str:
        """As it is shown, and as it can be asked for with -k."""
        return f"{self.direction}-{self.point}"

    @property
    def scenario(self) -> traffic.Scenario | None:
        """What leads there."""
        return SCENARIOS.get(self.point.partition(":")[0])

    @property
    def family(self) -> str:
        """Cases whose databases end alike: those with orders of the front door, those with a saga
        and its child, and the others.
        """
        if self.scenario is families.family:
            return "kin"
        return "door" if self.scenario is doors.front_door else "plain"


def _passings(point: str) -> list[str]:
    """The point itself, or where what passes there differs from time to time, each time."""
    if SCENARIOS.get(point.partition(":")[0]) is not families.family:
        return [point]
    return [f"{point}:{number}" for number, _ in enumerate(families.PASSINGS, 1)]


CASES: Final = [
    CrashCase(point, d) for p in crash_points() for point in _passings(p.name) for d in DIRECTIONS
]
SAMPLE: Final = [CASES[n] for n in range(0, len(CASES), len(CASES) // 8)]
"""Some of everything, for where all of them would take too long."""
