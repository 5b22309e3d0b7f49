"""The orders service without a broker, and a terminal for its commands."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.unit.services.shop import Shop
from tests.unit.services.terminal import FakeTerminal


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    made = Shop(tmp_path)
    yield made
    made.close()


@pytest.fixture
def terminal() -> FakeTerminal:
    return FakeTerminal()
