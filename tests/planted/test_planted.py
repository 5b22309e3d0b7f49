"""Every bug that is planted in the code is seen by the check that is named for it."""

import pytest

from tests.planted.planted import ROOT, NotApplied, Planted, apply, every
from tests.planted.runner import Runner

EVERY = every()
SAMPLE = ("undo-before-settle", "epoch-not-compared", "stored-reply-not-sent-again")
"""What runs without ``-m proof``: one of the engine, one of the log, one of the participant."""


def _share(planted: Planted) -> list[pytest.MarkDecorator]:
    return [] if planted.name in SAMPLE else [pytest.mark.proof]


@pytest.mark.timeout(600)  # the first one waits for the checks on the tree as it is
@pytest.mark.parametrize("planted", [pytest.param(p, id=p.name, marks=_share(p)) for p in EVERY])
def test_a_planted_bug_is_caught(planted: Planted, runner: Runner) -> None:
    print(f"{planted.defect} (law {planted.law})\n{planted.check}\n{runner.caught(planted)}")


def test_every_patch_applies() -> None:
    """Said at once, and not only by the long check: who changes the code makes the patch anew."""
    wrong: list[str] = []
    for planted in EVERY:
        try:
            apply(planted, ROOT, look=True)
        except NotApplied as error:
            wrong.append(str(error))
    assert not wrong, "\n".join(wrong)


def test_there_are_enough_of_them() -> None:
    """At least the number that was promised, and the sample is among them."""
    assert len(EVERY) >= 24
    assert {*SAMPLE} <= {planted.name for planted in EVERY}
