"""At every crash point, in both directions, on real Kafka: the process ends itself there (SIGKILL),
is started again, and in the end every database holds what it holds without the crash.

All cases of a run go side by side before the first test looks at its own: `pytest -m proof
tests/crash_points` runs all of them, without `-m` a sample runs. `CRASH_POINTS_AT_ONCE` says how
many at a time.
"""

import asyncio
import os
import resource
import tempfile
import time
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from infra.broker.errors import BrokerError
from infra.broker.removal import delete_topics
from infra.broker.settings import BrokerSettings
from infra.broker.topics import list_topics
from infra.broker.types import KafkaError
from orchestrator.bootstrap.catalogue import load_sagas
from orchestrator.bootstrap.checked import checked_definitions
from orchestrator.bootstrap.crash_points import crash_points
from orchestrator.bootstrap.load import load_application
from tests.brokers import unique_prefix
from tests.crash_points import doors, families, model, traffic
from tests.crash_points.nursery import Nursery
from tests.crash_points.stage import BrokerAway, Direction, Stage
from tests.crash_points.table import CASES, DIRECTIONS, SAMPLE, SCENARIOS, CrashCase

AT_ONCE = int(os.environ.get("CRASH_POINTS_AT_ONCE", "6"))
PLAY_S = 1_800
"""The first test waits until all have been played; each case has its own patience."""

UNDISTURBED: Mapping[str, traffic.Scenario] = {
    "door": doors.front_door,
    "kin": families.family,
    "plain": traffic.undisturbed,
}
Verdicts = Mapping[CrashCase, str]
"""What went wrong with each case; empty where nothing did."""


class Theatre:
    """Runs cases: so many at a time, each on a stage of its own."""

    def __init__(self, nursery: Nursery, kafka: str, folder: Path) -> None:
        self._nursery = nursery
        self._kafka = kafka
        self._folder = folder
        self._room = asyncio.Semaphore(AT_ONCE)
        self._checked = folder / "checked"
        self._undisturbed: dict[tuple[str, Direction], asyncio.Task[model.Rows]] = {}

    async def play(self, cases: Sequence[CrashCase]) -> Verdicts:
        """All of them, beside what they are compared with."""
        sagas = load_sagas(load_application("sagas:app", None))
        self._checked.mkdir()  # once, and not at the first start on every one of the folders
        checked_definitions(sagas, self._checked, print)
        for kind in sorted({(case.family, case.direction) for case in cases}):
            self._undisturbed[kind] = asyncio.create_task(self._reference(*kind))
        verdicts = await asyncio.gather(*(self._judge(case) for case in cases))
        return dict(zip(cases, verdicts, strict=True))

    async def _reference(self, family: str, direction: Direction) -> model.Rows:
        """What a run without a crash leaves."""
        play = UNDISTURBED[family]
        async with self._room:
            stage = self._stage(f"{family}-{direction}", direction)
            async with self._closing(stage):
                await play(stage, "")
                await self._end(stage)
                return await model.check(stage, None, family)

    async def _judge(self, case: CrashCase) -> str:
        async with self._room:
            began = time.monotonic()
            wrong = ""
            try:
                await self._again(case)
            except Exception:  # pylint: disable=broad-exception-caught  # told by the case's test
                wrong = traceback.format_exc()
            print(f"{time.monotonic() - began:6.1f} s {case.name} {wrong or 'ok'}", flush=True)
            return wrong

    async def _again(self, case: CrashCase) -> None:
        """Play a case; once more on a new stage where the broker was not there for it."""
        for last in (False, False, True):
            try:
                await self._case(case)
            except (BrokerAway, BrokerError, KafkaError):
                if last:
                    raise
            else:
                return

    async def _case(self, case: CrashCase) -> None:
        assert case.scenario is not None
        stage = self._stage(case.name.replace(":", "-"), case.direction)
        async with self._closing(stage):
            await case.scenario(stage, case.point)
            await self._end(stage)
            undisturbed = await self._undisturbed[case.family, case.direction]
            await model.check(stage, undisturbed, case.family)

    def _stage(self, name: str, direction: Direction) -> Stage:
        folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self._folder))
        broker = BrokerSettings.local(self._kafka, topic_prefix=unique_prefix())
        stage = Stage(self._nursery, broker, folder, direction)
        stage.keep_checked(self._checked / "checked.json")
        return stage

    async def _end(self, stage: Stage) -> None:
        """Everything that runs ends as it should, the services first: they hold their files."""
        for role in sorted(stage.processes, reverse=True):
            await stage.stop(role)

    def _closing(self, stage: Stage) -> "Closing":
        return Closing(stage)


class Closing:
    """At the end of a stage nothing of it runs, and its topics are gone."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    async def __aenter__(self) -> None:
        pass

    async def __aexit__(self, *_: object) -> None:
        for process in self._stage.began:
            if not process.code.done():
                await process.signal(9)
                await process.code
        try:
            names = await list_topics(self._stage.broker)
            ours = [name for name in names if name.startswith(tuple(self._stage.prefixes))]
            if ours:
                await delete_topics(self._stage.broker, ours)
        except (BrokerError, KafkaError, OSError):
            pass  # the broker is thrown away with the tests; too many topics only slow it down


async def _play(cases: Sequence[CrashCase], kafka: str, folder: Path) -> tuple[Verdicts, int]:
    async with Nursery() as nursery:
        verdicts = await Theatre(nursery, kafka, folder).play(cases)
        return verdicts, nursery.started


@pytest.fixture(scope="module", name="verdicts")
def _verdicts(
    request: pytest.FixtureRequest, kafka_bootstrap: str, tmp_path_factory: pytest.TempPathFactory
) -> Verdicts:
    """Every case of this run, played."""
    cases = [
        item.callspec.params["case"]
        for item in request.session.items
        if isinstance(item, pytest.Function) and hasattr(item, "callspec")
        if isinstance(item.callspec.params.get("case"), CrashCase)
    ]
    cases = list(dict.fromkeys(case for case in cases if case.scenario is not None))
    began = time.monotonic()
    verdicts, started = asyncio.run(
        _play(cases, kafka_bootstrap, tmp_path_factory.mktemp("crash-points"))
    )
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu = sum(usage.ru_utime + usage.ru_stime for usage in used)
    took = time.monotonic() - began
    print(f"\n{len(cases)} cases, {started} processes, {took:.0f} s, {cpu:.0f} s of CPU")
    return verdicts


def _told(verdicts: Verdicts, case: CrashCase) -> None:
    assert case.scenario is not None, f"{case.point}: no scenario leads there"
    assert not verdicts[case], verdicts[case]


@pytest.mark.kafka
@pytest.mark.timeout(PLAY_S)
@pytest.mark.parametrize("case", SAMPLE, ids=lambda case: case.name)
def test_a_sample(verdicts: Verdicts, case: CrashCase) -> None:
    """What `test_every_point` shows, at a few points."""
    _told(verdicts, case)


@pytest.mark.kafka
@pytest.mark.proof
@pytest.mark.timeout(PLAY_S)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_point(verdicts: Verdicts, case: CrashCase) -> None:
    """The process dies there, and nothing shows of it in the end."""
    _told(verdicts, case)


def test_every_point_has_a_scenario() -> None:
    points = {point.name.partition(":")[0] for point in crash_points()}
    assert SCENARIOS.keys() == points
    assert len(CASES) == len({case.name for case in CASES})
    assert {case.direction for case in CASES} == set(DIRECTIONS)
