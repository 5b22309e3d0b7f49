"""What chance decides: as often as the weights say, and the same for whoever asks."""

from math import sqrt

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.simulate.durations import Constant, Uniform
from orchestrator.simulate.luck import BLOCK, Luck
from orchestrator.simulate.outcomes import NEVER_MS, Draws, Outcome, Outcomes, Part

PART, OTHER = Part("s", "a", "do"), Part("s", "a", "undo")
MIXED = Outcomes(
    (
        Outcome("works", 6, Uniform(100, 200)),
        Outcome("raises", 0, Constant(1)),
        Outcome("refuses", 3, Constant(7), "no"),
        Outcome("hangs", 1),
    )
)


def drawn(
    seed: int = 1, part: Part = PART, attempt: int = 1, block: int = 0
) -> list[tuple[int, int]]:
    """A column of a block."""
    column = Luck(seed, block, {PART: Draws(MIXED), OTHER: Draws(MIXED)}, BLOCK).column(
        part, 1, attempt
    )
    return [column.draw(run) for run in range(BLOCK)]


def test_outcomes_come_as_often_as_their_weights_say() -> None:
    found = [one for block in range(40) for one in drawn(block=block)]
    for index, share in enumerate((0.6, 0.0, 0.3, 0.1)):
        error = sqrt(share * (1 - share) / len(found))
        assert abs(sum(one == index for one, _ in found) / len(found) - share) <= 4 * error


def test_what_is_left_of_the_number_decides_how_long() -> None:
    took = [ms for block in range(40) for index, ms in drawn(block=block) if index == 0]
    mean, error = sum(took) / len(took), 100 / sqrt(12 * len(took))
    assert min(took) >= 100 and max(took) <= 200
    assert abs(mean - 150) < 4 * error


def test_what_hangs_never_comes() -> None:
    assert {ms for index, ms in drawn() if index == 3} == {NEVER_MS}


def test_luck_is_a_matter_of_seed_run_part_and_attempt_alone() -> None:
    assert drawn() == drawn()
    different = [drawn(), drawn(seed=2), drawn(part=OTHER), drawn(attempt=2), drawn(block=1)]
    assert all(one != other for n, one in enumerate(different) for other in different[:n])


def test_the_luck_of_two_attempts_has_nothing_to_do_with_each_other() -> None:
    pairs = [
        (one == 0, other == 0)
        for block in range(40)
        for (one, _), (other, _) in zip(
            drawn(block=block), drawn(attempt=2, block=block), strict=True
        )
    ]
    both = pairs.count((True, True)) / len(pairs)
    assert abs(both - 0.36) <= 4 * sqrt(0.36 * 0.64 / len(pairs))


@given(
    st.lists(st.floats(0, 10), min_size=1, max_size=6).filter(any),
    st.floats(0, 1, exclude_max=True),
)
def test_only_what_has_a_weight_is_drawn(weights: list[float], u: float) -> None:
    outcomes = Outcomes(tuple(Outcome("works", one, Constant(n)) for n, one in enumerate(weights)))
    index, ms = Draws(outcomes).draw(u)
    assert weights[index] > 0 and ms == index
