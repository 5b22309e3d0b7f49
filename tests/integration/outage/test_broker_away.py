"""The broker is gone under load, or only its answers: readiness says so, and nothing is lost.

Real processes behind a proxy on a node of their own. How soon they are back is measured, not
tested: `python -m tests.measurements.broker_return`.
"""

import asyncio
from pathlib import Path

import httpx
import pytest

from orchestrator.sagalog.compare import differences
from tests.brokers import no_local_kafka
from tests.measurements.broker_return import WARM, WAYS, Scene, away, scene
from tests.orders import check_books, ended, histories, outcomes, place, told, until

WAVE = 30
MINUTE_S = 60.0
WHY = no_local_kafka()
pytestmark = [
    pytest.mark.kafka,
    pytest.mark.timeout(300),
    pytest.mark.skipif(WHY is not None, reason=f"no node of its own: {WHY}"),
]


def readiness(here: Scene) -> tuple[int, list[str]]:
    """What ``/health/ready`` answers: the status, and the reasons."""
    answer = httpx.get(f"{here.owner.url()}/health/ready", trust_env=False, timeout=10)
    return answer.status_code, answer.json()["reasons"]


async def gone(here: Scene, way: str, first: int, seconds: float) -> None:
    """Once: orders under way when it goes, others placed meanwhile; all of them end."""
    before = asyncio.create_task(place(here.door, first, WAVE))
    await until(lambda: ended(here.owner) > first, "the first of them ends")
    async with away(way, here):
        meanwhile = asyncio.create_task(place(here.door, first + WAVE, WAVE))
        await until(lambda: readiness(here)[0] == 503, "it says that it is not ready")
        reasons = readiness(here)[1]
        assert any(here.broker.address in why or "answer" in why for why in reasons), reasons
        await asyncio.sleep(seconds)
    await asyncio.gather(before, meanwhile)
    await until(lambda: ended(here.owner) == first + 2 * WAVE, "every order ends")
    await until(lambda: readiness(here) == (200, []), "it is ready again")


async def go_through(tmp_path: Path, *ways: str, seconds: float = 0.0) -> None:
    """Each of these once, one after the other; in the end log, file and books agree."""
    async with scene(tmp_path) as here:
        for number, way in enumerate(ways):
            await gone(here, way, WARM + 2 * WAVE * number, seconds)
        await told(here.broker, tmp_path / "after.db")
        assert not differences(here.owner.data / "saga.db", tmp_path / "after.db")
        new = histories(tmp_path / "after.db")
        assert len(new) == WARM + 2 * WAVE * len(ways)
        check_books(here.rest.data / "services", {saga: outcomes(new[saga]) for saga in new})


async def test_it_goes_and_returns(tmp_path: Path) -> None:
    """In every way, until it is said."""
    await go_through(tmp_path, *WAYS)


@pytest.mark.proof
@pytest.mark.parametrize("way", WAYS)
async def test_it_is_gone_for_a_minute(tmp_path: Path, way: str) -> None:
    await go_through(tmp_path, way, seconds=MINUTE_S)
