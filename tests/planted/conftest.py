"""The planted bugs that this run is about, each run in the background."""

from collections.abc import Iterator

import pytest

from tests.planted.planted import Planted
from tests.planted.runner import Runner


@pytest.fixture(scope="session")
def runner(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Runner]:
    """All planted bugs that were selected, two at a time, in the order in which they are asked."""
    chosen = dict.fromkeys(
        item.callspec.params["planted"]
        for item in request.session.items
        if isinstance(item, pytest.Function)
        and hasattr(item, "callspec")
        and isinstance(item.callspec.params.get("planted"), Planted)
    )
    found = Runner(tmp_path_factory.mktemp("planted"))
    found.begin(chosen)
    try:
        yield found
    finally:
        found.close()
