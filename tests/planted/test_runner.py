"""The runner can fail: it tells a bug that is caught from one that is not, and from an accident."""

import shutil
from pathlib import Path

import pytest

from tests.planted.planted import CODE, Planted, PlantedError, read
from tests.planted.runner import Runner

SOUND = "def total(prices: list[int]) -> int:\n    return sum(prices)\n"
CHECK = """
from contracts.till import total


def test_total() -> None:
    assert total([1, 2]) == 3


def test_of_nothing() -> None:
    assert total([]) == 0


def test_that_is_wrong_itself() -> None:
    assert total([1]) == 2
"""
PATCH = """Defect: {defect}
Law: 4
Check: {check}
{shows}
--- a/contracts/till.py
+++ b/contracts/till.py
@@ -1,2 +1,2 @@
 def total(prices: list[int]) -> int:
-    return {old}
+    return {new}
"""
TOTAL = "tests/test_till.py::test_total"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree of one module and its checks."""
    root = tmp_path / "tree"
    for name in (*CODE, "tests"):
        (root / name).mkdir(parents=True)
        (root / name / "__init__.py").touch()  # else the installed packages would come first
    (root / "contracts" / "till.py").write_text(SOUND, encoding="utf-8")
    (root / "tests" / "test_till.py").write_text(CHECK, encoding="utf-8")
    settings = (
        '[tool.pytest.ini_options]\naddopts = ["--import-mode=importlib"]\npythonpath = ["."]\n'
    )
    (root / "pyproject.toml").write_text(settings, encoding="utf-8")
    return root


def plant(
    tree: Path, new: str, check: str = TOTAL, old: str = "sum(prices)", shows: str = ""
) -> Planted:
    """A patch that puts another expression there."""
    file = tree.parent / "bug.patch"
    text = PATCH.format(defect="it adds up wrongly", check=check, old=old, new=new, shows=shows)
    file.write_text(text, encoding="utf-8")
    return read(file)


def outcome(tree: Path, planted: Planted) -> str:
    """What its check says of it; raises what the runner raises."""
    folder = tree.parent / "runs"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    runner = Runner(folder, tree)
    runner.begin([planted])
    try:
        return runner.caught(planted)
    finally:
        runner.close()


def test_a_bug_is_caught_by_an_assertion(tree: Path) -> None:
    """And the tree that it was copied from stays as it was."""
    assert "assert 2 == 3" in outcome(tree, plant(tree, "len(prices)"))
    assert (tree / "contracts" / "till.py").read_text(encoding="utf-8") == SOUND


NOT_CAUGHT = [
    ({"new": "sum(prices) or 0"}, "was not caught"),
    ({"new": "len(prices)", "check": "tests/test_till.py::test_of_nothing"}, "was not caught"),
    ({"new": "prices.total()"}, "no assertion failed"),
    ({"new": "len(prices)", "shows": "Shows: a text that nobody says\n"}, "nothing says"),
    ({"new": "sum(prices"}, "did not run to a verdict"),
    ({"new": "0", "old": "max(prices)"}, "bug.patch no longer applies"),
    ({"new": "0", "check": "tests/test_till.py::test_that_is_wrong_itself"}, "does not pass on"),
    ({"new": "0", "check": "tests/test_till.py::test_that_is_not_there"}, "does not pass on"),
]
"""What is planted, and what the runner says of it; the first of them runs without ``-m proof``."""


@pytest.mark.parametrize(
    ("changes", "why"),
    [NOT_CAUGHT[0], *(pytest.param(*case, marks=pytest.mark.proof) for case in NOT_CAUGHT[1:])],
)
def test_what_does_not_count_as_caught(tree: Path, changes: dict[str, str], why: str) -> None:
    """Another check, an accident, a patch that is out of date, a check that fails anyway."""
    with pytest.raises(PlantedError) as caught:
        outcome(tree, plant(tree, **changes))
    assert why in str(caught.value)


def test_a_command_is_a_check_too(tree: Path) -> None:
    """It ends with 1 and says what the header wants."""
    script = (
        "from contracts.till import total\nif total([1, 2]) != 3:\n    raise SystemExit('wrong')\n"
    )
    (tree / "tests" / "adds.py").write_text(script, encoding="utf-8")
    bug = plant(tree, "0", check="python -m tests.adds", shows="Shows: wrong\n")
    assert "wrong" in outcome(tree, bug)


def test_a_header_that_lacks_something_is_refused(tree: Path) -> None:
    """A patch says what it breaks and who must see it."""
    file = tree.parent / "bug.patch"
    file.write_text("Defect: x\nLaw: 4\n\n--- a/x\n+++ b/x\n", encoding="utf-8")
    with pytest.raises(PlantedError):
        read(file)
