"""Services of one process take turns, so that nothing else waits for all of them at once."""

import asyncio

from services.participant.turns import Turns


async def test_others_have_a_round_of_the_loop_between_two_turns() -> None:
    turns = Turns()
    done: list[str] = []

    async def service(name: str) -> None:
        await turns.take()
        done.append(name)

    async def others() -> None:
        while True:
            done.append("-")
            await asyncio.sleep(0)

    other = asyncio.create_task(others())
    await asyncio.gather(*map(service, "abc"))
    other.cancel()
    text = "".join(done)
    assert text.replace("-", "") == "abc", "who asks first is first"
    assert not any(pair in text for pair in ("ab", "bc"))


async def test_a_turn_that_nobody_else_has_is_taken_at_once() -> None:
    taking = asyncio.create_task(Turns().take())
    await asyncio.sleep(0)
    assert taking.done()
