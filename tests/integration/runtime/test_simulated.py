"""Simulated and real: the same small saga on the runtime and on the virtual clock comes to the same
outcomes and needs as many attempts, as often, but for chance. So does the simulation of what is
measured in the log of the real one.
"""

import asyncio
from collections import Counter
from math import sqrt
from pathlib import Path
from random import Random
from typing import Any

from contracts.topics import DEFAULT_TENANT
from infra.broker.settings import BrokerSettings
from orchestrator.definition.words.builder import Saga
from orchestrator.engine.facts import Sent, Transition
from orchestrator.runtime.orchestrator import Orchestrator
from orchestrator.sagalog.rows import SagaRow
from orchestrator.simulate.cast import Family, family_of
from orchestrator.simulate.crew import crew
from orchestrator.simulate.durations import Constant, Uniform
from orchestrator.simulate.measure import Measured
from orchestrator.simulate.outcomes import Given, Outcome, Outcomes, Part
from tests.brokers import MakeTopics
from tests.integration.runtime.stage import (
    TOPICS,
    Behaviour,
    participant,
    running,
    saga,
    step,
    succeed,
)

SAGAS = 160
RUNS = 10_000
STEPS = ("first", "second")
WEIGHTS = {"works": 5, "raises": 3, "hangs": 2}
"""Of every attempt to do a step; an undo always works."""

Shares = dict[object, float]


def flaky(seed: int) -> Behaviour:
    """A participant that works, raises or says nothing, by these weights."""
    chance = Random(seed)

    def behave(command: dict[str, Any]) -> dict[str, Any] | None:
        if command["direction"] == "undo":
            return succeed(command)
        (came,) = chance.choices(list(WEIGHTS), list(WEIGHTS.values()))
        if came == "raises":
            return {"outcome": "failed", "data": {"code": "exception", "reason": "it raised"}}
        return succeed(command) if came == "works" else None

    return behave


def shares(counted: Counter[object], of: int) -> Shares:
    """How often each was counted, as a share."""
    return {what: count / of for what, count in counted.items()}


def real(rows: list[SagaRow], histories: list[list[Transition]]) -> Shares:
    """How the sagas ended, and how many came to the n-th attempt of each step."""
    counted: Counter[object] = Counter((row.status, row.code) for row in rows)
    for transitions in histories:
        for transition in transitions:
            for fact in transition.facts:
                if isinstance(fact, Sent):
                    counted[fact.step, fact.direction, fact.attempt] += 1
    return shares(counted, len(rows))


def simulated(of: Family, given: Given) -> Shares:
    """The same of the simulation."""
    with crew(given, of, 1, workers=1) as players:
        tally = players.runs(of, RUNS)
    counted: Counter[object] = Counter()
    for ended, ms in tally.ms.items():
        counted[ended.end.status, ended.end.code] += len(ms)
    for (part, attempt), count in tally.asked.items():
        counted[part.step, part.direction, attempt] += count
    return shares(counted, RUNS)


def unlike(one: Shares, other: Shares) -> dict[object, tuple[float, float]]:
    """What differs by more than chance allows: five standard errors of so few sagas."""
    found: dict[object, tuple[float, float]] = {}
    for what in one.keys() | other.keys():
        have, wanted = one.get(what, 0.0), other.get(what, 0.0)
        error = sqrt(max(wanted * (1 - wanted), 1 / SAGAS) / SAGAS)
        if abs(have - wanted) > 5 * error:
            found[what] = (have, wanted)
    return found


def described(of: Saga) -> Given:
    """What the participant does, as one would write it down."""
    laws = {"works": Uniform(1, 20), "raises": Uniform(1, 20), "hangs": None}
    doing = Outcomes(
        tuple(Outcome(kind, weight, laws[kind]) for kind, weight in WEIGHTS.items())  # type: ignore[arg-type]
    )
    works = Outcomes((Outcome("works", 1, Constant(10)),))
    return Given({Part(of.name, name, "do"): doing for name in STEPS}, works)


def as_often_as_told(outcomes: Outcomes) -> None:
    """How often each kind of outcome was measured is how often it came, but for chance."""
    kinds = {one.kind: one.weight for one in outcomes}
    total = sum(kinds.values())
    for kind, weight in WEIGHTS.items():
        share = weight / sum(WEIGHTS.values())
        assert abs(kinds[kind] / total - share) <= 5 * sqrt(share * (1 - share) / total)


async def ended(orchestrator: Orchestrator) -> list[SagaRow]:
    """Start all the sagas at once, and wait until each has ended."""
    keys = [f"key-{n}" for n in range(SAGAS)]
    await asyncio.gather(
        *(orchestrator.door.start("work", key, {"order": n}) for n, key in enumerate(keys))
    )
    rows: list[SagaRow] = []
    for key in keys:
        begun = await orchestrator.wait(DEFAULT_TENANT, "work", key, 30)
        assert isinstance(begun, SagaRow)
        row = await orchestrator.wait_saga(begun.id, 60)
        assert row is not None and row.status in ("completed", "failed")
        rows.append(row)
    return rows


async def test_simulated_and_real_come_to_the_same(
    embedded_broker: BrokerSettings, make_topics: MakeTopics, tmp_path: Path
) -> None:
    await make_topics(embedded_broker, TOPICS)
    # Long enough that an answer is hardly ever late on a machine with much else to do.
    work = saga(*(step(name, timeout_ms=2_000) for name in STEPS))
    async with (
        running(embedded_broker, tmp_path, work) as orchestrator,
        participant(embedded_broker, flaky(7)),
    ):
        rows = await ended(orchestrator)
        # Beside the process that writes it: the log of a running installation is measured.
        histories = list(orchestrator.reader.latest("work", SAGAS))
    assert len(histories) == SAGAS
    of = family_of("work", {"work": work.definition})
    found = real(rows, histories)
    assert not unlike(found, simulated(of, described(work)))
    measured = Measured()
    for transitions in histories:
        measured.take("work", transitions)
    assert not unlike(found, simulated(of, measured.given()))
    as_often_as_told(measured.given().parts[Part("work", "first", "do")])
