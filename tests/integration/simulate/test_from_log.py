"""`saga simulate --from-log`: outcomes measured in the saga log of a data folder."""

import json
from pathlib import Path

import pytest

from contracts.topics import saga_id
from infra.datastore import open_database
from orchestrator.cli.main import run
from orchestrator.engine.decide import decide
from orchestrator.engine.inputs import Input, Reply, Start
from orchestrator.engine.plan import Plan
from orchestrator.engine.state import State
from orchestrator.sagalog.batch import Batch
from orchestrator.sagalog.records import seal
from orchestrator.sagalog.store import SagaLog
from orchestrator.simulate.answers import Anything
from sagas.order_fulfillment import order_fulfillment

PLAN = Plan(order_fulfillment.definition)
BEGUN = 1_700_000_000_000
TOOK = {"product": 10, "payment": 30, "inventory": 20, "shipping": 40}
"""After so many milliseconds each step is answered."""


def reply(saga: int, at: int, name: str, refused: bool) -> Reply:
    """The answer to the only attempt of a step."""
    data = dict.fromkeys(PLAN.command(name).do.reply, 1)
    identity = f"1/{saga}/{name}/do/1/1"
    if refused:
        why = {"code": "insufficient_funds", "reason": "too little money"}
        return Reply(identity, at, name, "do", 1, 1, "refused", why)
    return Reply(identity, at, name, "do", 1, 1, "succeeded", data)


def inputs(saga: int, refused: bool) -> list[Input]:
    """What an order is told; where payment is refused, it is left while it is undone."""
    start = Start("s", BEGUN, saga, PLAN.version, 1, f"order-{saga}", Anything())
    quoted = BEGUN + TOOK["product"]
    after = sorted((name for name in TOOK if name != "product"), key=lambda name: TOOK[name])
    return [
        start,
        reply(saga, quoted, "product", False),
        *(reply(saga, quoted + TOOK[name], name, refused and name == "payment") for name in after),
    ]


def fill(file: Path, orders: int, refused: int) -> None:
    """A log of so many orders, of which so many have payment refused."""
    batch, offset = Batch(), 0
    for number in range(1, orders + 1):
        state: State | None = None
        for given in inputs(saga_id(number, 0), number <= refused):
            state, transition = decide(PLAN, state, given)
            batch.add(offset, seal(transition), state)
            offset += 1
    with SagaLog.open(file) as log:
        log.commit(batch)


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with forty orders, ten of them refused."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "data"
    folder.mkdir()
    fill(folder / "saga.db", 40, 10)
    return folder


def words(data: Path, *more: str) -> list[str]:
    """The command line."""
    return ["simulate", "order-fulfillment", "--from-log", "--data", str(data), *more]


FEW = ("--runs", "2000", "--no-knobs", "--json", "--workers", "1")


def test_an_undo_that_was_never_seen_works_in_the_time_of_its_step(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every order was left while it was undone; what undoes it takes 40 ms, as the slowest step."""
    assert run(words(data, *FEW)) == 0
    found = json.loads(capsys.readouterr().out)
    of = "order-fulfillment"
    undos = f"{of}, payment, undo; {of}, inventory, undo; {of}, shipping, undo"
    assert f"never seen, so taken to work in the time of its step: {undos}" in found["notes"]
    assert not any(note.startswith("as otherwise") for note in found["notes"])
    assert found["took_all"]["longest"] == 0.09  # quoted, shipped, and that undone


def test_what_the_log_does_not_know_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where no payment has ever worked, nothing says how long it takes to give it back."""
    monkeypatch.chdir(tmp_path)
    fill(tmp_path / "saga.db", 10, 10)
    assert run(words(tmp_path, *FEW)) == 2
    err = " ".join(capsys.readouterr().err.split())
    missing = "order-fulfillment, payment, undo"
    assert f"the saga log: nothing says what becomes of {missing}. " in err


def test_the_file_fills_the_gaps_and_goes_first(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = tmp_path / "given.yaml"
    given.write_text("otherwise: [{works: 0.005}]\n", encoding="utf-8")
    assert run(words(data, "--given", str(given), *FEW)) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["notes"][0] == "measured: 160 attempts in 40 sagas of the log"
    assert abs(found["in_time"]["share"] - 0.75) < 0.05
    assert found["took_done"]["p50"] == found["took_done"]["longest"] == 0.05
    assert {way["code"] for way in found["ways"]} == {"", "insufficient_funds"}
    paid = "sagas: {order-fulfillment: {payment: [{works: 1}]}}\n"
    given.write_text(given.read_text(encoding="utf-8") + paid, encoding="utf-8")
    assert run(words(data, "--given", str(given), *FEW)) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["in_time"]["share"] == 1 and found["took_done"]["p50"] == 1.01


def test_what_was_measured_is_written_down(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(words(data, "--write-given")) == 0
    text = capsys.readouterr().out
    assert "{refuses: {code: insufficient_funds, after: {empirical: [0.03" in text
    (tmp_path / "measured.yaml").write_text(text, encoding="utf-8")
    again = ["simulate", "order-fulfillment", "--given", str(tmp_path / "measured.yaml")]
    assert run([*again, *FEW]) == 0
    assert abs(json.loads(capsys.readouterr().out)["in_time"]["share"] - 0.75) < 0.05


def test_a_log_without_the_saga_and_a_file_that_is_none(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = ["simulate", "order-cancellation", "--from-log", "--data", str(data)]
    assert run(other) == 2
    assert "holds no saga of order-cancellation" in capsys.readouterr().err
    (data / "saga.db").write_bytes(b"no database" * 100)
    assert run(words(data)) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_the_log_is_only_read(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with SagaLog.open(data / "saga.db"):  # its writer is at work
        assert run(words(data, "--write-given")) == 0
    assert "order-fulfillment" in capsys.readouterr().out
    with open_database(data / "saga.db", readonly=True) as connection:
        assert connection.execute("SELECT count(*) FROM sagas").fetchone() == (40,)
