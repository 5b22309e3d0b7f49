"""Does what each command says, with a real effect: an amount taken from, or given back to, an
account.
"""

import asyncio

from contracts.chaos import (
    EastGiveBack,
    EastLook,
    EastSpend,
    EastTake,
    Moved,
    MovedBack,
    Seen,
    WestGiveBack,
    WestLook,
    WestSpend,
    WestTake,
)
from infra.datastore import Statements
from services.chaos.ledger import books
from services.participant import Participant, Refusal, Work

_SQL = Statements("services.chaos")
_BALANCE = _SQL["balance"]
_CHANGE = _SQL["change"]
_TAKE = _SQL["take"]
_GIVE_BACK = _SQL["give_back"]

east = Participant("chaos-east", package="services.chaos", books=books)
west = Participant("chaos-west", package="services.chaos", books=books)


class Played(Exception):
    """A failure that the command asked for: no proof of anything, and nothing may stay of it."""


async def look(command: EastLook, work: Work) -> Seen:
    """Look at the balance."""
    seen = int(work.db.execute(_BALANCE).fetchone()[0])
    await _play(command.play, work)
    return Seen(seen=seen)


async def take(command: EastTake | EastSpend, work: Work) -> Moved:
    """Take the amount. It is written before the play begins: what fails must take it back."""
    work.db.execute(_CHANGE, (-command.amount,))
    move = (work.saga, work.message["step"], command.amount)
    ticket = work.db.execute(_TAKE, move).lastrowid
    await _play(command.play, work)
    return Moved(ticket=ticket or 0)


async def give_back(command: EastGiveBack, work: Work) -> MovedBack:
    """Give the amount back."""
    work.db.execute(_CHANGE, (command.amount,))
    work.db.execute(_GIVE_BACK, (work.saga, work.message["step"], command.amount))
    await _play(command.play, work)
    return MovedBack(returned=command.amount)


async def _play(play: str, work: Work) -> None:
    """Let the command go as it says; raises Refusal or Played."""
    what, _, number = play.partition(":")
    attempt = work.message["attempt"]
    if what.startswith("hang") and attempt == 1:
        await asyncio.sleep(int(number) / 1_000)
    if what in ("no", "hang-no"):
        raise Refusal("no", "so it was to be")
    if what == "never" or (what == "fail" and attempt <= int(number)):
        raise Played(f"attempt {attempt} was to fail")


east.handles(EastLook)(look)
east.handles(EastTake)(take)
east.handles(EastSpend)(take)
east.handles(EastGiveBack)(give_back)
west.handles(WestLook)(look)
west.handles(WestTake)(take)
west.handles(WestSpend)(take)
west.handles(WestGiveBack)(give_back)
