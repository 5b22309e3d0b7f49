"""A saga and the one that it begins: the orchestrator dies at each message between the two.

One order lifecycle and its child, shipping. The child waits at its first step, as its service does
not run yet; meanwhile the order is told something that the child must decide. ``forward``: a new
address, held until the package is prepared, which is then prepared again. ``undo``: a cancel, which
the child carries out. So what is between them goes in an order that never changes (``PASSINGS``).
"""

import contextlib
import json
from collections.abc import Iterator
from typing import Final

from contracts.topics import DEFAULT_TENANT, REQUESTS, partition_of_start
from infra.boundaries import OUTSIDE
from infra.broker.types import Record
from infra.datastore import open_database
from orchestrator.engine.facts import Sent
from orchestrator.engine.state import State
from orchestrator.runtime.door import FrontDoor
from orchestrator.sagalog.reader import Reader
from tests.broker_tools import sending
from tests.crash_points.stage import PARTITIONS, Direction, Stage

PARENT: Final = "order-lifecycle"
CHILD: Final = "shipping"
KEY: Final = "order-1"
PASSINGS: Final = ("start", "signal", "answer", "end")
"""What passes between the two, in this order."""
OTHERS: Final = ("product", "payment", "orders")
ADDRESS: Final = {
    "street": "1 Old Road",
    "city": "Springfield",
    "state": "IL",
    "zip_code": "62701",
    "country": "US",
}
ORDER: Final[dict[str, object]] = {
    "order_id": KEY,
    "items": [{"product_id": 1, "quantity": 1}],
    "address": ADDRESS,
}
PREPARED_AGAIN: Final = "participant.replies:after:2"
SIGNALS: Final[dict[Direction, tuple[str, dict[str, object]]]] = {
    "forward": ("update-address", {"new_address": {**ADDRESS, "street": "2 New Road"}}),
    "undo": ("cancel", {}),
}
ENDS: Final[dict[Direction, str]] = {"forward": "completed", "undo": "failed"}

MOVES: Final[dict[Direction, set[str]]] = {
    "forward": {
        *("receive do done", "quote do done", "validate do done", "review do done"),
        *("payment do done", "shipping do done", "ship do done"),
        *("shipping/prepare do done again", "shipping/dispatch do done"),
    },
    "undo": {
        *("receive undo undone", "quote do done", "validate do done", "review do done"),
        *("payment undo undone", "shipping do refused", "shipping/prepare undo undone"),
    },
}
"""How each step ended, and whether in a later round, as the service of the front door has heard."""

_STEPS: Final = ("receive", "quote", "validate", "payment", "shipping", "ship")
_PATIENT: Final = {"timeout": 600}
OVERRIDES: Final = json.dumps(
    {
        PARENT: {
            "deadline": 900,
            "steps": {"review": {"timeout": 0.1}, **dict.fromkeys(_STEPS, _PATIENT)},
        },
        CHILD: {"steps": {"prepare": _PATIENT, "dispatch": _PATIENT}},
    }
)
"""Nobody is late here, however busy the machine is: a timeout would be another way to an end."""


async def family(stage: Stage, point: str) -> None:
    """The order is begun and told; the orchestrator dies at the passing that the point names."""
    stage.overrides = OVERRIDES
    passing = int(point.rpartition(":")[2]) if point else 0
    stage.orchestrator(point)
    stage.services(*OTHERS)
    await stage.topics_there()
    await _start(stage)
    await _survived(stage, point, passing == 1)
    await stage.until(lambda: _prepared_at(stage), "the child has asked for its first step")
    await _tell(stage)
    await _survived(stage, point, passing == 2)
    await stage.until(lambda: _told(stage), "the child knows of the signal")
    if stage.direction == "forward" and passing == 4:
        await _answered(stage)
    stage.services(CHILD, role=CHILD)
    await _survived(stage, point, passing > 2)
    await stage.until(lambda: _ended(stage), "both have ended")
    await stage.until(lambda: _followed(stage), "the front door heard of every move")


async def _answered(stage: Stage) -> None:
    """The package is prepared anew, and its service is gone again: the child goes no further, so
    that its answer passes before its end, and not both at once.
    """
    stage.services(CHILD, role=CHILD, point=PREPARED_AGAIN)
    await stage.died(CHILD, PREPARED_AGAIN)
    await stage.until(lambda: bool(states(stage)[PARENT].signals), "the parent knows the answer")


async def _survived(stage: Stage, point: str, dies: bool) -> None:
    if dies:
        await stage.died("orchestrator", point)
        stage.orchestrator()


async def _start(stage: Stage) -> None:
    door = FrontDoor(stage.broker, PARTITIONS)
    await door.open()
    try:
        await door.start(PARENT, KEY, ORDER)
    finally:
        await door.close()


async def _tell(stage: Stage) -> None:
    """By request key, as a service tells a saga whose id it does not know."""
    signal, data = SIGNALS[stage.direction]
    body = {"definition": PARENT, "signal": signal, "reason": "because", "by": "ann", "data": data}
    message = {
        "specversion": "1.0",
        "id": "s-1",
        "source": "crash-points",
        "type": "saga.signal",
        "tenant": str(DEFAULT_TENANT),
        "requestkey": KEY,
        "data": body,
    }
    partition = partition_of_start(DEFAULT_TENANT, PARENT, KEY, PARTITIONS)
    async with sending(stage.broker) as sender:
        record = Record(KEY.encode(), json.dumps(message).encode())
        await sender.submit(stage.broker.topic(REQUESTS), partition, [record], OUTSIDE)


# ------------------------------------------------------------------------------------- what stands


def states(stage: Stage) -> dict[str, State]:
    """How parent and child stand in the file, by the name of their definition."""
    found: dict[str, State] = {}
    rows = stage.rows()
    if rows:
        with Reader.open(stage.file) as reader:
            for row in rows:
                state = reader.state(row.id)
                if state is not None:
                    found[state.definition] = state
    return found


def _prepared_at(stage: Stage) -> bool:
    child = states(stage).get(CHILD)
    return child is not None and "prepare" in child.steps


def _told(stage: Stage) -> bool:
    child = states(stage)[CHILD]
    return bool(child.held or child.signals)


def _ended(stage: Stage) -> bool:
    found = states(stage)
    return len(found) == 2 and not any(state.open for state in found.values())


def _followed(stage: Stage) -> bool:
    """Whether the service of the front door has heard the last of both: events of the two, and
    those of the business, come side by side.
    """
    file = stage.data / "services" / "orders.db"
    again = "CASE WHEN round > 1 THEN ' again' ELSE '' END"
    moves = f"SELECT path || ' ' || direction || ' ' || phase || {again} FROM steps"
    ended = "SELECT count(*) FROM lifecycles WHERE status IN ('completed', 'cancelled')"
    with contextlib.closing(open_database(file, readonly=True)) as db:
        found = {move for (move,) in db.execute(moves)}
        return found == MOVES[stage.direction] and db.execute(ended).fetchone() == (1,)


def disagreements(stage: Stage) -> Iterator[str]:
    """What is wrong with the two: each begun once, and both at the same end for the same reason."""
    rows = stage.rows()
    if sorted(row.definition for row in rows) != [PARENT, CHILD]:
        yield f"there are {[(row.definition, row.key) for row in rows]}"
        return
    found = states(stage)
    parent, child = found[PARENT], found[CHILD]
    for state in (parent, child):
        if state.mode != ENDS[stage.direction] or state.held:
            yield f"{state.definition} is {state.mode} ({state.reason}), holding {state.held}"
        if state.signals != {"s-1": ""}:
            yield f"{state.definition} has the signals {state.signals}, and not one that applied"
    if stage.direction == "forward":
        changed = [state.changed.get("address") for state in (parent, child)]
        rounds = _rounds(stage, child.saga)
        if changed[0] is None or changed[0] != changed[1] or rounds != {1, 2}:
            yield f"they go to {changed}, prepared in the rounds {rounds}"
    elif (parent.code, child.code) != ("cancelled", "cancelled"):
        yield f"they failed with {parent.code} and {child.code}"


def _rounds(stage: Stage, child: int) -> set[int]:
    with Reader.open(stage.file) as reader:
        facts = [fact for transition in reader.history(child) for fact in transition.facts]
    return {fact.round for fact in facts if isinstance(fact, Sent) and fact.step == "prepare"}
