"""`saga simulate`: what it prints, and what it says of bad input."""

import json
from pathlib import Path

import pytest

from orchestrator.cli.main import run

GIVEN = """
otherwise:
  - {works: {lognormal: {median: 0.02, p99: 0.2}}, weight: 97}
  - {raises: 0.01, weight: 2}
  - {hangs: , weight: 1}
sagas:
  order-fulfillment:
    payment:
      - {works: 0.05, weight: 95}
      - {refuses: {code: insufficient_funds, after: 0.03}, weight: 5}
"""
SMALL = ["--runs", "400", "--workers", "1"]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "outcomes.yaml").write_text(GIVEN, encoding="utf-8")


def simulate(*words: str) -> int:
    """Run the command."""
    return run(["simulate", *words])


def test_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert simulate("order-fulfillment", "--given", "outcomes.yaml", *SMALL) == 0
    out = capsys.readouterr().out
    for said in (
        "400 runs on the engine and a virtual clock, seed 1",
        "completed (no deadline): ",
        "as otherwise: order-fulfillment, product; ",
        "how it ends",
        "insufficient_funds  payment",
        "where the time goes",
        "what each knob changes, alone (400 runs of the same luck)",
    ):
        assert said in out


def test_for_programs_and_the_same_seed_is_the_same_luck(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ("order-fulfillment", "--given", "outcomes.yaml", "--json", "--no-knobs", *SMALL)
    assert simulate(*words) == 0
    first = capsys.readouterr().out
    assert simulate(*words, "--seed", "1") == 0
    assert first == capsys.readouterr().out
    found = json.loads(first)
    assert found["definition"] == "order-fulfillment" and found["runs"] == 400
    assert 0.85 < found["in_time"]["share"] < 0.99
    assert {way["code"] for way in found["ways"]} >= {"", "insufficient_funds"}
    assert found["knobs"] == [] and found["search"] is None


def test_a_file_to_start_from(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert simulate("order-fulfillment", "--write-given") == 0
    text = capsys.readouterr().out
    assert "payment:  # compensatable; may refuse with: insufficient_funds" in text
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
    assert simulate("order-fulfillment", "--given", "mine.yaml", "--no-knobs", *SMALL) == 0


def test_a_search_that_reaches_nothing_is_no_success(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--find", "pause", "--target", "0.999", "--no-knobs", *SMALL)
    assert simulate("order-fulfillment", "--given", "outcomes.yaml", *words) == 1
    assert "No turning of these knobs reaches 99.9%" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nope"], "no definition 'nope'; there are: order-fulfillment"),
        (
            ["order-fulfillment"],
            "give --given FILE or --from-log; a file to start from: saga simul",
        ),
        (["order-fulfillment", "--given", "none.yaml"], "none.yaml cannot be read: No such file"),
        (
            ["order-fulfillment", "--given", "wrong.yaml"],
            "wrong.yaml:3: sagas.order-fulfillment.pay",
        ),
        (["order-fulfillment", "--given", "odd.yaml"], "odd.yaml cannot be read: it is no text"),
        (["order-fulfillment", "--given", "outcomes.yaml", "--runs", "0"], "runs"),
        (["order-fulfillment", "--from-log"], "saga.db is not there: --data names the folder"),
        (["order-cancellation", "--given", "outcomes.yaml"], "is no saga of this simulation"),
        (
            ["order-fulfillment", "--given", "outcomes.yaml", "--target", "99"],
            "--target: 99.0 is no share: write one between 0 and 1",
        ),
        (
            ["order-fulfillment", "--given", "outcomes.yaml", "--find", "timeouts"],
            "--find: 'timeouts' is no knob; there are: timeout, attempts, pause, coefficient",
        ),
    ],
)
def test_bad_input(
    words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = "sagas:\n  order-fulfillment:\n    pay: [{works: 1}]\n"
    (tmp_path / "wrong.yaml").write_text(wrong, encoding="utf-8")
    (tmp_path / "odd.yaml").write_bytes(b"\xff\xfe\x00")
    assert simulate(*words) == 2
    err = capsys.readouterr().err
    assert said in err and err.count("\n") == 1
