"""A saga and the one that it begins, on the stage: an order whose packing is a saga of its own."""

from contracts.topics import DEFAULT_TENANT, partition_of_start
from infra.broker.settings import BrokerSettings
from orchestrator.definition.nodes import Change
from orchestrator.engine.state import State
from orchestrator.runtime.orchestrator import Orchestrator
from orchestrator.sagalog.reader import Reader
from orchestrator.sagalog.rows import SagaRow
from tests.integration.runtime.stage import (
    PARTITIONS,
    Participant,
    child,
    events,
    eventually,
    saga,
    step,
)

REORDER = "reorder"
PACKING = saga(
    step("prepare"),
    step("dispatch", kind="pivot"),
    name="packing",
    result={"order": "input.order"},
    changes=(Change(REORDER, ("new",), {"order": "new"}, "prepare"),),
)
ORDER = saga(
    step("charge"),
    child("packing"),
    step("ship", kind="retriable"),
    name="order",
    deadline_ms=600_000,
    changes=(Change(REORDER, ("new",), {"order": "new"}, "packing"),),
)
IMPATIENT = saga(step("charge"), child("packing", 400), name="order")
"""It asks for its child again before long."""


def apart(key: str) -> bool:
    """Whether the child of the first saga of this key is begun in the other partition."""
    home = partition_of_start(DEFAULT_TENANT, "order", key, PARTITIONS)
    first = f"{DEFAULT_TENANT}/{(1 << 10) | home}/packing/do/1"
    return partition_of_start(DEFAULT_TENANT, "packing", first, PARTITIONS) != home


KEY = next(key for key in (f"key-{n}" for n in range(100)) if apart(key))
"""Under it parent and child lie in different partitions."""


async def begin(orchestrator: Orchestrator, key: str = KEY) -> int:
    """Start the parent; its id."""
    await orchestrator.door.start("order", key, {"order": 7})
    row = await orchestrator.wait(DEFAULT_TENANT, "order", key, 20)
    assert isinstance(row, SagaRow)
    return row.id


async def asked(work: Participant, step_name: str, count: int = 1) -> None:
    """Wait until the participant was asked for this step so often."""
    await eventually(lambda: sum(c["step"] == step_name for c in work.commands) >= count)


async def answer(work: Participant, step_name: str) -> None:
    """Let the participant answer at last what it was asked for first."""
    await work.answer(next(c for c in work.commands if c["step"] == step_name))


def state_of(reader: Reader, saga_id: int) -> State:
    """How it stands in the file."""
    state = reader.state(saga_id)
    assert state is not None
    return state


def child_of(reader: Reader, parent: int) -> State:
    """The child of the parent's step packing, in its first round."""
    key = f"{DEFAULT_TENANT}/{parent}/packing/do/1"
    row = reader.by_key(DEFAULT_TENANT, "packing", key)
    assert row is not None
    return state_of(reader, row.id)


async def signalled(broker: BrokerSettings, topic: str) -> set[tuple[str, str, str]]:
    """What was told of signals: definition, signal, outcome."""
    told = [e["data"] for e in await events(broker, topic) if e["type"] == "SagaSignalled"]
    return {(one["definition"], one["signal"], one["outcome"]) for one in told}
