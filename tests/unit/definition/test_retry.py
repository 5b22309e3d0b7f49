"""A policy of attempts: its pauses grow, and stop growing (DESIGN law 7)."""

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.definition.nodes import Retry


@given(attempt=st.integers(1, 10_000), more=st.integers(1, 10_000))
def test_pauses_grow_up_to_the_cap(attempt: int, more: int) -> None:
    """However often an undo has been tried."""
    retry = Retry(attempts=0, initial_ms=100, maximum_ms=5_000, coefficient=2.0)
    pause, later = retry.delay_ms(attempt), retry.delay_ms(attempt + more)
    assert 100 <= pause <= later <= 5_000
    assert not retry.exhausted(attempt)
