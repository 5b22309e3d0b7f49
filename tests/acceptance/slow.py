"""An application of its own for the acceptance tests: its service waits to be let go."""

from pathlib import Path


def write_slow_application(folder: Path) -> None:
    """An application whose service refuses to do anything until there is a file called `go`."""
    (folder / "slow.py").write_text(SLOW, encoding="utf-8")
    migrations = folder / "slowpart" / "migrations"
    migrations.mkdir(parents=True)
    (folder / "slowpart" / "__init__.py").touch()
    (migrations / "__init__.py").touch()
    (migrations / "0001_none.sql").write_text("CREATE TABLE unused (x INTEGER);\n", "utf-8")


SLOW = """
from pathlib import Path

from contracts.messages import Command, Message, Reply
from orchestrator.definition import Application, FOREVER, RetryPolicy
from orchestrator.definition import compensatable, retriable, saga
from services.participant import Participant, Work

SOON = RetryPolicy(attempts=FOREVER, initial=0.1, maximum=0.2)
TWICE = RetryPolicy(attempts=2, initial=0.1, maximum=0.2)


class Number(Message):
    number: int


class Went(Reply):
    pass


class Go(Command):
    service = "gate"
    reply = Went
    number: int


class Leave(Command):
    service = "gate"
    reply = Went
    number: int


gate = Participant("gate", package="slowpart")


@gate.handles(Go)
def go(command: Go, work: Work) -> Went:
    if not Path("go").exists():
        raise RuntimeError("the gate is shut")
    return Went()


@gate.handles(Leave)
def leave(command: Leave, work: Work) -> Went:
    return Went()


timid = saga("timid", input=Number).then(compensatable("try", Go, undo=Leave, retry=SOON)).ends()
waiting = saga("waiting", input=Number).then(retriable("wait", Go, retry=SOON)).ends()
stubborn = saga("stubborn", input=Number).then(retriable("must", Go, retry=TWICE)).ends()
app = Application(
    "slow",
    sagas=("slow:waiting", "slow:stubborn", "slow:timid"),
    services={"gate": "slow:gate"},
)
"""
