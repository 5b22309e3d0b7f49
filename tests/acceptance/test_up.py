"""`saga up` and the commands about running sagas, on one data folder."""

import itertools
import json
import os
import signal
import subprocess
from collections.abc import Iterator

import httpx
import pytest

from tests.acceptance.conftest import Saga
from tests.acceptance.slow import write_slow_application

ORDERS = itertools.count(1)


def order(user: int = 1, product: int = 3) -> str:
    """The input for an order that nobody else has placed: an order is fulfilled once."""
    placed = {"order_id": next(ORDERS), "user_id": user, "product_id": product, "quantity": 1}
    return json.dumps(placed)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Saga]:
    """One `saga up` for the tests that only look at it."""
    saga = Saga(tmp_path_factory.mktemp("up"))
    try:
        saga.up()
        yield saga
    finally:
        saga.close()


def test_a_saga_from_start_to_history(running: Saga) -> None:
    started = running.json("start", "order-fulfillment", "--input", order(), "--wait", "20")
    assert started["state"] == "completed"
    identity = str(started["id"])
    status = running.json("status", identity)
    assert (status["state"], status["waiting"]) == ("completed", [])
    told = running.json("history", identity)["items"]
    facts = [fact["type"] for item in told for fact in item["facts"]]
    assert facts[0] == "started"
    assert facts.count("completed") == 1
    assert "succeeded" in running.run("history", identity).out
    assert started["id"] in [saga["id"] for saga in running.json("list")["items"]]
    (row,) = running.json("table", "order-fulfillment", "--saga", identity)["rows"]
    assert row["result"] == "completed"


def test_a_saga_that_fails_is_exit_1_with_one_line(running: Saga) -> None:
    done = running.run(
        "start", "order-fulfillment", "--input", order(user=2), "--wait", "20", "--json"
    )
    assert done.code == 1
    assert done.err.count("\n") == 1
    assert done.facts["failure"]["code"] == "insufficient_funds"
    assert sorted(done.facts["undone"]) == ["inventory", "shipping"]


def test_the_same_key_is_the_same_saga(running: Saga) -> None:
    same = order()
    first, second = (
        running.json("start", "order-fulfillment", "--input", same, "--key", "k", "--wait", "20")
        for _ in range(2)
    )
    assert first["id"] == second["id"]
    other = running.run("start", "order-fulfillment", "--input", order(), "--key", "k")
    other.is_a_mistake("k")


def test_input_from_a_file_and_from_stdin(running: Saga) -> None:
    (running.folder / "order.json").write_text(order(), encoding="utf-8")
    command = ("start", "order-fulfillment", "--json", "--input")
    assert running.run(*command, "@order.json").code == 0
    assert running.run(*command, "-", stdin=order()).code == 0


def test_what_the_services_did_is_in_the_metrics(running: Saga) -> None:
    done = running.run("start", "order-fulfillment", "--input", order(), "--wait", "20")
    assert done.code == 0, done
    token = (running.data / "token").read_text("utf-8").strip()
    headers = {"Authorization": f"Bearer {token}"}
    text = httpx.get(f"{running.url()}/metrics", headers=headers, trust_env=False).text
    found = [line for line in text.splitlines() if line.startswith("saga_service_messages_total{")]
    (paid,) = [line for line in found if 'outcome="succeeded",service="payment"' in line]
    assert float(paid.rpartition(" ")[2]) >= 1, found
    assert 'saga_service_lag_records{service="payment"}' in text


def test_pages_of_a_list(running: Saga) -> None:
    for _ in range(3):
        body = order(product=404)
        running.run("start", "order-fulfillment", "--input", body, "--wait", "20")
    first = running.json("list", "--state", "failed", "--limit", "2")
    assert len(first["items"]) == 2
    assert first["next"]
    second = running.json("list", "--state", "failed", "--after", str(first["items"][-1]["id"]))
    shown = [saga["id"] for saga in first["items"] + second["items"]]
    assert shown == sorted(set(shown), reverse=True)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("start", "nope", "--input", "{}"), "nope"),
        (("start", "order-fulfillment", "--input", "{}"), "order_id"),
        (("start", "order-fulfillment", "--input", "not json"), "not JSON"),
        (("start", "order-fulfillment", "--input", "[1]"), "object"),
        (("start", "order-fulfillment", "--input", "@missing.json"), "missing.json"),
        (("status", "999999"), "999999"),
        (("history", "999999"), "999999"),
        (("repair", "999999", "retry", "--reason", "x"), "999999"),
        (("dlq", "show", "999999"), "999999"),
        (("up", "--port", "0"), "in use by process"),
    ],
)
def test_a_mistake_is_one_line(running: Saga, arguments: tuple[str, ...], says: str) -> None:
    running.run(*arguments).is_a_mistake(says)


def test_a_completed_saga_needs_no_repair(running: Saga) -> None:
    started = running.json("start", "order-fulfillment", "--input", order(), "--wait", "20")
    repair = running.run("repair", str(started["id"]), "retry", "--reason", "no reason")
    repair.is_a_mistake("completed")


def test_the_api_is_closed_without_the_token(running: Saga) -> None:
    assert httpx.get(f"{running.url()}/sagas", trust_env=False).status_code == 401
    assert (running.data / "token").stat().st_mode & 0o777 == 0o600


def test_a_new_login_link_logs_a_browser_in(running: Saga) -> None:
    link = running.run("login").out.strip()
    with httpx.Client(trust_env=False) as browser:
        assert browser.get(link).status_code == 200
        page = browser.get(httpx.URL(link).join("/ui"))
    assert (page.status_code, "order-fulfillment" in page.text) == (200, True)


def test_there_are_no_dead_letters(running: Saga) -> None:
    assert running.json("dlq", "list")["items"] == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_when_told_and_leaves_nothing_running(saga: Saga, number: int) -> None:
    process = saga.up()
    assert saga.stop(process, number) == 0
    assert not (saga.data / "running.json").exists()
    saga.run("list").is_a_mistake("nothing runs", "saga up")


def test_a_restart_carries_on_with_every_open_saga(saga: Saga) -> None:
    """Killed before the services could answer: the log in SQLite refills the empty broker."""
    write_slow_application(saga.folder)
    process = saga.up("--app", "slow:app")
    started = [
        saga.json("start", "waiting", "--input", json.dumps({"number": n}))["id"] for n in range(3)
    ]
    assert len(saga.json("list", "--state", "running")["items"]) == len(started)
    process.kill()
    process.wait()
    (saga.folder / "go").touch()
    process = saga.up("--app", "slow:app")
    saga.until(
        lambda: len(saga.json("list", "--state", "completed")["items"]) == len(started), process
    )
    assert {one["id"] for one in saga.json("list")["items"]} == set(started)


def test_a_broker_that_dies_ends_the_process_and_the_next_start_carries_on(saga: Saga) -> None:
    write_slow_application(saga.folder)
    process = saga.up("--app", "slow:app")
    one = saga.json("start", "waiting", "--input", '{"number": 1}')["id"]
    os.kill(child_of(process.pid), signal.SIGKILL)
    assert process.wait() == 1  # the test's own time limit bounds it
    said = [
        line
        for line in (saga.folder / "up-0.log").read_text().splitlines()
        if "broker is gone" in line
    ]
    assert said == [
        "saga: the embedded broker is gone: it was killed by signal 9;"
        " nothing is lost, the next start on this data folder carries on"
    ]
    (saga.folder / "go").touch()
    process = saga.up("--app", "slow:app")
    saga.until(lambda: saga.json("status", str(one))["state"] == "completed", process)


def child_of(parent: int) -> int:
    """The process id of the embedded broker that `saga up` has started."""
    listed = subprocess.run(
        ["ps", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True
    )
    rows = [line.split(None, 2) for line in listed.stdout.splitlines()[1:]]
    (found,) = (
        int(pid) for pid, ppid, args in rows if int(ppid) == parent and "embedded_broker" in args
    )
    return found


def test_an_operator_repairs_a_saga_that_stands_still(saga: Saga) -> None:
    write_slow_application(saga.folder)
    process = saga.up("--app", "slow:app")
    one = saga.json("start", "stubborn", "--input", '{"number": 1}')["id"]
    saga.until(lambda: saga.json("status", str(one))["state"] == "needs_operator", process)
    (waiting,) = saga.json("status", str(one))["waiting"]
    assert (waiting["kind"], waiting["step"]) == ("operator", "must")
    (saga.folder / "go").touch()
    assert saga.run("repair", str(one), "retry", "--reason", "it is there now").code == 0
    saga.until(lambda: saga.json("status", str(one))["state"] == "completed", process)
    assert "it is there now" in saga.run("history", str(one)).out


def test_a_running_saga_is_cancelled_and_what_it_did_is_undone(saga: Saga) -> None:
    write_slow_application(saga.folder)
    process = saga.up("--app", "slow:app")
    one = str(saga.json("start", "timid", "--input", '{"number": 1}')["id"])
    why = ("--reason", "changed my mind", "--by", "ann")
    assert saga.json("cancel", one, *why)["outcome"] == "applied"
    saga.until(lambda: "failed, 409: cancelled by ann" in saga.run("history", one).out, process)
    saga.run("cancel", one, "--reason", "again").is_a_mistake("has ended: failed")


def test_a_saga_without_a_way_back_is_not_cancelled(saga: Saga) -> None:
    write_slow_application(saga.folder)
    saga.up("--app", "slow:app")
    one = str(saga.json("start", "waiting", "--input", '{"number": 2}')["id"])
    saga.run("cancel", one, "--reason", "too late").is_a_mistake("no way back", "wait")
    assert saga.json("status", one)["state"] == "running"
