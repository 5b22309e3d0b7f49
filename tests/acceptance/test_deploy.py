"""`saga deploy`: check, move, rollout, rollback, status, while the old program runs with sagas in
flight.
"""

# pylint: disable=redefined-outer-name  # so fixtures ask for each other

import contextlib
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from orchestrator.cli.main import run
from tests.acceptance.conftest import Done, Saga
from tests.integration.deploy.shop import NEW, OLD

ROOT: Final = Path(__file__).resolve().parents[2]
SHOP: Final = "tests.integration.deploy.shop"
NAME: Final = "order-fulfillment"
WHO: Final = ("--reason", "try it", "--by", "ann")


class Shop:
    """A process with the old program, in which nobody answers the commands; `deploy` is called with
    another program.

    Commands are called in the process of the test, as the command line calls them: there are many.
    """

    def __init__(self, saga: Saga) -> None:
        self._data = saga.data
        saga.up("--app", f"{SHOP}:silent", SAGA_APP_DIR=str(ROOT), SAGA_PARTITIONS="2")
        self._placed = 0

    def run(self, *words: str, program: str = "silent") -> Done:
        """A command of a program, to its end."""
        out, err = io.StringIO(), io.StringIO()
        with (
            pytest.MonkeyPatch.context() as patch,
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            for name, value in (("APP", f"{SHOP}:{program}"), ("DATA", str(self._data))):
                patch.setenv(f"SAGA_{name}", value)
            code = run(list(words))
        return Done(code, out.getvalue(), err.getvalue())

    def json(self, *words: str) -> Any:
        """The facts of a command that must succeed."""
        done = self.run(*words, "--json")
        assert done.code == 0, done
        return done.facts

    def place(self, key: str = "") -> int:
        """One order more, whose first command is in flight; its saga."""
        self._placed += 1
        order = {"order_id": self._placed, "user_id": 1, "product_id": 9, "quantity": 1}
        key = key or f"order-{self._placed}"
        return int(self.json("start", NAME, "--input", json.dumps(order), "--key", key)["id"])

    def deploy(self, *words: str, program: str = "new") -> Done:
        """`saga deploy ...` of a program."""
        return self.run("deploy", *words, program=program)

    def version(self, saga: int) -> str:
        """The version by which a saga goes."""
        return str(self.json("status", str(saga))["version"])

    def status(self) -> Any:
        """What `saga deploy status` says of the definition."""
        (found,) = self.json("deploy", "status")
        return found


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """One for all, with one saga in flight."""
    saga = Saga(tmp_path_factory.mktemp("shop"))
    try:
        found = Shop(saga)
        found.place()
        yield found
    finally:
        saga.close()


def test_a_check_of_the_same_of_another_and_of_a_broken_program(shop: Shop) -> None:
    same = shop.deploy("check", "--json", program="silent")
    assert same.code == 0, same
    (held,) = same.facts["definitions"]  # tests before this one may have moved some
    old, moved = held["versions"][OLD], held["versions"].get(NEW, 0)
    assert (same.facts["same"], same.facts["different"], same.facts["stuck"]) == (old, moved, 0)
    other = shop.deploy("check", "--json")
    assert other.code == 0, other
    assert (other.facts["same"], other.facts["different"], other.facts["stuck"]) == (moved, old, 0)
    assert other.facts["reasons"][0]["verdict"] == "different"
    broken = shop.deploy("check", program="broken")
    assert broken.code == 1, broken
    assert "could not continue" in broken.out
    assert "product" in broken.out


def test_a_move_is_told_before_it_is_done(shop: Shop) -> None:
    one, other = shop.place(), shop.place()
    only = ("move", NAME, "--saga", str(one), "--json")
    told = shop.deploy(*only)
    assert told.code == 0, told
    assert (told.facts["asked"], told.facts["sagas"], told.facts["moved"]) == (False, [one], [])
    assert shop.version(one) == OLD
    done = shop.deploy(*only, "--yes", *WHO, "--key", "m-1")
    assert done.code == 0, done
    assert done.facts["moved"] == [{"saga": one, "outcome": "moved", "why": ""}]
    assert (shop.version(one), shop.version(other)) == (NEW, OLD)
    history = shop.json("history", str(one))["items"]
    (moved,) = [fact for item in history for fact in item["facts"] if fact["type"] == "moved"]
    assert (moved["version"], moved["by"], moved["reason"]) == (NEW, "ann", "try it")


def test_a_saga_that_could_not_continue_is_left(shop: Shop) -> None:
    saga = shop.place()
    left = shop.deploy("move", NAME, "--saga", str(saga), "--yes", *WHO, program="broken")
    assert left.code == 1, left
    assert "1 could not continue and are left" in " ".join(left.out.split()), left
    assert "does it" not in left.out, "nothing would"
    assert "product" in left.out
    assert shop.version(saga) == OLD


def test_a_rollout_and_the_way_back(shop: Shop) -> None:
    half = shop.deploy("rollout", NAME, "--percent", "0", "--keys", "vip", *WHO)
    assert half.code == 0, half
    assert f"{NEW} for request keys vip of new sagas, {OLD} for the others" in half.out
    assert "in force in all 2 partitions" in half.out
    vip, usual = shop.place("vip"), shop.place("usual")
    assert (shop.version(vip), shop.version(usual)) == (NEW, OLD)
    whole = shop.deploy("rollout", NAME, "--percent", "100", *WHO, "--json")
    assert (whole.code, whole.facts["pending"], whole.facts["in_force"]) == (0, [], True)
    assert shop.version(shop.place("later")) == NEW
    status = shop.status()
    (rule,) = status["rules"]
    assert (rule["percent"], rule["by"], rule["partitions"]) == (100, "ann", [0, 1])
    assert {one["version"] for one in status["versions"]} >= {OLD, NEW}
    back = shop.deploy("rollback", NAME)
    assert back.code == 0, back
    assert f"{NEW} for 0 % of new sagas, {OLD} for the others" in back.out
    assert (shop.version(shop.place("last")), shop.version(vip)) == (OLD, NEW)
    off = shop.deploy("rollout", NAME, "--off", "--reason", "done")
    assert "no rule" in off.out, off
    assert (shop.status()["rules"], shop.status()["pending"]) == ([], [])
    assert len(shop.status()["history"]) == 4
    shop.deploy("rollback", NAME).is_a_mistake("no rollout", "--to")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("rollout", NAME), "--percent"),
        (("rollout", NAME, "--off", "--percent", "1"), "--off"),
        (("rollout", NAME, "--tenants", "a"), "--tenants"),
        (("rollout", "nothing", "--percent", "1"), "nothing"),
        (("rollout", NAME, "--percent", "1", "--version", "0" * 16), "has no version"),
        (("move", "nothing"), "no definition"),
        (("move", NAME, "--to", "0" * 16), "has no version"),
        (("move", NAME, "--saga", "999424"), "no saga 999424"),
        (("move", NAME, "--yes"), "--reason"),
    ],
)
def test_bad_input_gets_one_line(shop: Shop, words: tuple[str, ...], says: str) -> None:
    done = shop.deploy(*words)
    assert done.code != 0, done
    assert done.err.count("\n") == 1, done
    assert says in done.err, done
    assert "Traceback" not in done.err


def test_where_nothing_has_run_there_is_nothing_to_check(saga: Saga) -> None:
    saga.run("deploy", "check").is_a_mistake("no saga log", str(saga.data))
