"""The HTTP benchmark: what is asked when, how it is counted, and the client that asks."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from infra.clock import SystemClock
from orchestrator.bench.http.connections import NO_ANSWER, Answer, Connections
from orchestrator.bench.http.figures import TARGETS_MS, Measured, Taken, behind_ms, figures
from orchestrator.bench.http.load import AT_A_TIME, LATELY, Site, offered, orders_at_most
from orchestrator.bench.http.timetable import HEALTH_EVERY_S, LATER_S, Due, Kind, timetable
from orchestrator.bench.load import BenchError
from orchestrator.definition.scenario import Ask, Visit


def drawn(seed: int = 1, **changes: float) -> list[Due]:
    """A timetable of 100 starts a second for 20 s, of which a quarter is told something."""
    given = {"rate": 100.0, "seconds": 20.0, "signals": 0.25} | changes
    return timetable(given["rate"], given["seconds"], given["signals"], random.Random(seed))


def test_the_timetable_follows_from_its_seed_and_is_in_order():
    assert drawn() == drawn()
    assert drawn() != drawn(seed=2)
    assert [due.at for due in drawn()] == sorted(due.at for due in drawn())


def test_what_is_offered_is_what_was_wanted():
    counts = Counter(due.kind for due in drawn())
    assert 1_800 < counts["start"] < 2_200
    assert counts["health"] == 20 / HEALTH_EVERY_S
    assert counts["start"] * 0.8 < counts["status"] < counts["start"]
    assert counts["start"] * 0.15 < counts["signal"] < counts["start"] * 0.3
    assert not Counter(due.kind for due in drawn(signals=0.0))["signal"]


def test_an_order_is_asked_about_only_after_its_start():
    begun = {due.number: due.at for due in drawn() if due.kind == "start"}
    assert sorted(begun) == list(range(1, len(begun) + 1))
    for due in drawn():
        assert due.at < 20
        if due.kind in ("status", "signal"):
            assert LATER_S[0] <= due.at - begun[due.number] <= LATER_S[1]


@pytest.mark.parametrize(("kind", "late"), [("start", 1), ("status", 1), ("signal", 0)])
def test_what_fails_is_the_same_for_every_kind_but_for_a_signal_that_comes_too_late(
    kind: Kind, late: int
):
    taken = Taken(kind)
    taken.statuses.update({200: 5, 202: 5})
    assert taken.failed == 0
    taken.statuses.update({NO_ANSWER: 1, 404: 1, 500: 1, 503: 1})
    assert taken.failed == 4
    taken.statuses[409] = 1
    assert taken.failed == 4 + late


def test_figures_beside_their_targets():
    measured = Measured()
    slow, quick = measured.taken["start"], measured.taken["health"]
    slow.seconds += [n / 1_000 for n in range(1, 201)]
    slow.statuses.update({202: 199, 503: 1})
    quick.seconds += [0.002] * 100
    quick.statuses[200] = 100
    measured.behind += [0.001] * 98 + [0.5] * 2
    found = figures(measured)
    assert list(found) == ["start", "health"]  # nothing is said of what was not asked
    assert (found["start"]["p50_ms"], found["start"]["max_ms"]) == (101, 200)
    assert (found["start"]["target_ms"], found["start"]["met"]) == (TARGETS_MS["start"], False)
    assert found["start"]["answers"] == {"202": 199, "503": 1}
    assert found["start"]["failed"] == 1
    assert found["health"]["met"]
    assert behind_ms(measured) == 500
    quick.statuses[503] = 1
    assert not figures(measured)["health"]["met"], "what fails is soon answered"
    assert behind_ms(Measured()) == 0


# --------------------------------------------------------------------------------- the client

Respond = Callable[[bytes, int], bytes | None]
"""The answer to a request (its head and body) on the connection of this number; None: hang up."""


@asynccontextmanager
async def served(respond: Respond, most: int = 4) -> AsyncIterator[tuple[Connections, list[bytes]]]:
    """A server on loopback that answers as told, and a client of it; all that the server got."""
    got: list[bytes] = []
    connections = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        mine = connections
        while not reader.at_eof():
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError:
                break
            fields = [line.partition(b": ") for line in head.split(b"\r\n")]
            length = next((int(v) for name, _, v in fields if name == b"Content-Length"), 0)
            got.append(head + await reader.readexactly(length))
            answer = respond(got[-1], mine)
            if answer is None:
                break
            writer.write(answer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    client = Connections(
        f"http://127.0.0.1:{port}", {"Authorization": "Bearer t"}, SystemClock(), most
    )
    try:
        yield client, got
    finally:
        await client.close()
        server.close()
        await server.wait_closed()


def ok(body: bytes = b"{}", status: str = "200 OK", more: str = "") -> bytes:
    """An answer of a known length."""
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{more}\r\n".encode() + body


async def test_requests_are_http_and_the_connection_is_kept():
    async with served(lambda raw, number: ok(b'{"n":%d}' % number)) as (client, got):
        first = await client.ask(Ask("POST", "/orders", {"a": 1}, {"Prefer": "wait=1"}))
        second = await client.ask(Ask("GET", "/health"))
        empty = await client.ask(Ask("POST", "/nothing"))
    for answer in (first, second, empty):
        assert (answer.status, answer.body) == (200, b'{"n":1}')
    assert first.at < second.at < empty.at
    head, _, body = got[0].partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0] == b"POST /orders HTTP/1.1"
    assert {b"Authorization: Bearer t", b"Prefer: wait=1", b"Content-Length: 7"} <= set(lines)
    assert body == b'{"a":1}'
    assert b"Content-Length" not in got[1]
    assert b"Content-Length: 0" in got[2]


async def test_a_connection_that_the_server_closes_is_not_used_again():
    closing = ok(more="Connection: close\r\n")
    async with served(lambda raw, number: closing if number == 1 else ok()) as (client, got):
        for _ in range(3):
            assert (await client.ask(Ask("GET", "/"))).status == 200
    assert len(got) == 3


async def test_what_is_not_answered_is_counted_and_never_raised():
    async with served(lambda raw, number: None) as (client, _):
        answer = await client.ask(Ask("GET", "/"))
        assert (answer.status, answer.body) == (NO_ANSWER, b"")
    assert (await client.ask(Ask("GET", "/"))).status == NO_ANSWER  # nobody is there any more


async def test_what_is_not_http_is_no_answer():
    async with served(lambda raw, number: b"SMTP/1.1 250 OK\r\n\r\n") as (client, _):
        assert (await client.ask(Ask("GET", "/"))).status == NO_ANSWER


async def test_an_answer_may_come_in_pieces():
    pieces = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"
    async with served(lambda raw, number: pieces) as (client, _):
        assert (await client.ask(Ask("GET", "/"))).body == b"{}"


async def test_an_answer_without_a_body():
    async with served(lambda raw, number: b"HTTP/1.1 204 No Content\r\n\r\n") as (client, _):
        answer = await client.ask(Ask("POST", "/logout"))
        assert (answer.status, answer.body) == (204, b"")


# ------------------------------------------------------------------------------------ the loads


def visit(number: int) -> Visit:
    """What is asked about the n-th order."""
    place = f"/orders/{number}"
    return Visit(
        "order",
        Ask("POST", f"{place}/start", {}),
        Ask("GET", f"{place}/status"),
        Ask("POST", f"{place}/cancel", {}),
    )


class Server:
    """Answers in memory, with the status for the end of the path, else 202; ``slow`` requests wait
    until they are let go.
    """

    def __init__(self) -> None:
        self.clock = SystemClock()
        self.asked: list[Ask] = []
        self.statuses: dict[str, int] = {}
        self.slow = asyncio.Event()
        self.waits: Callable[[Ask], bool] = lambda ask: False

    async def ask(self, ask: Ask) -> Answer:
        """An answer, sooner or later."""
        self.asked.append(ask)
        await asyncio.sleep(0)
        if self.waits(ask):
            await self.slow.wait()
        return Answer(
            self.statuses.get(ask.path.rpartition("/")[2], 202), b"why", self.clock.monotonic()
        )


class Steps(SystemClock):
    """A clock that only moves when it is looked at: a hundredth of a second each time."""

    def __init__(self) -> None:
        self.looks = 0

    def monotonic(self) -> float:
        """Seconds."""
        self.looks += 1
        return self.looks / 100


async def most(server: Server, first: int, signals: float) -> int:
    """Starts taken in three seconds of a clock that moves when it is looked at."""
    site = Site(server, server, Steps(), visit)  # type: ignore[arg-type]
    return await orders_at_most(site, 3.0, first, signals, random.Random(1))


async def test_the_maximum_is_sought_with_many_callers_and_every_order_is_new():
    server = Server()
    taken = await most(server, 7, 0.0)
    started = [ask.path for ask in server.asked if ask.path.endswith("/start")]
    assert taken == len(started) == len(set(started)) > AT_A_TIME
    assert "/orders/7/start" in started and "/orders/6/start" not in started


async def test_the_maximum_is_of_the_mix_that_is_offered():
    """One look for every start and the share of signals, all at orders that were started lately."""
    server, begun = Server(), list[str]()
    taken = await most(server, 1, 0.25)
    for ask in server.asked:
        order = ask.path.rpartition("/")[0]
        if ask.path.endswith("/start"):
            begun.append(order)
        else:
            assert order in begun[-AT_A_TIME * LATELY :]
    kinds = Counter(ask.path.rpartition("/")[2] for ask in server.asked)
    assert kinds["start"] == kinds["status"] == taken
    assert 0.1 * taken < kinds["cancel"] < 0.4 * taken


@pytest.mark.parametrize("status", [NO_ANSWER, 404, 503])
@pytest.mark.parametrize("kind", ["start", "status", "cancel"])
async def test_a_request_that_fails_ends_the_search(kind: str, status: int):
    server = Server()
    server.statuses[kind] = status
    with pytest.raises(BenchError, match=rf"/orders/\d+/{kind} was answered {status}: b'why'"):
        await most(server, 1, 1.0)


async def test_a_signal_that_comes_too_late_ends_no_search():
    server = Server()
    server.statuses["cancel"] = 409
    assert await most(server, 1, 1.0) > AT_A_TIME


async def test_an_answer_that_is_late_holds_up_no_request_behind_it():
    """The whole point: everything is asked when it is due, and the first answer comes last."""
    server, shown = Server(), list[int]()
    server.waits = lambda ask: ask.path == "/orders/101/start"
    due = [Due(0.0, "start", 1), *(Due(0.001 * n, "health", 0) for n in range(1, 20))]
    due += [Due(0.02, "status", 1), Due(0.021, "signal", 1)]

    def progress(done: int) -> None:
        shown.append(done)
        if done == len(due):
            server.slow.set()

    site = Site(server, server, SystemClock(), visit)  # type: ignore[arg-type]
    measured = await offered(site, due, 100, progress)
    assert shown[-1] == len(server.asked) == len(due)
    assert [ask.path for ask in server.asked[-2:]] == ["/orders/101/status", "/orders/101/cancel"]
    (late,) = measured.taken["start"].seconds
    assert late >= 0.015  # as long as it took
    assert len(measured.taken["health"].seconds) == 19
    assert measured.taken["signal"].statuses == {202: 1}
    assert len(measured.behind) == len(due)
