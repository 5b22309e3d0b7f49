"""Does what each command says, with a real effect: an amount taken from, or given back to, an
account.
"""

import asyncio

from contracts.chaos import (
    EastGiveBack,
    EastLook,
    EastSpend,
    EastTake,
    EastTakeBack,
    Moved,
    MovedBack,
    Seen,
    WestGiveBack,
    WestLook,
    WestSpend,
    WestTake,
    WestTakeBack,
)
from infra.datastore import Statements
from services.chaos.ledger import books
from services.participant import Participant, Refusal, Work

_SQL = Statements("services.chaos")
_BALANCE = _SQL["balance"]
_CHANGE = _SQL["change"]
_TAKE = _SQL["take"]
_STANDS = _SQL["stands"]
_OF_TICKET = _SQL["of_ticket"]
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
    """Take the amount. It is written before the play begins: what fails must take it back. In a
    later round it is taken instead of what an earlier one took, which is given back.
    """
    step = (work.saga, work.message["step"])
    if work.message["round"] > 1:
        _return(work, work.db.execute(_STANDS, step).fetchone())
    work.db.execute(_CHANGE, (-command.amount,))
    ticket = work.db.execute(_TAKE, (*step, command.amount)).lastrowid
    await _play(command.play, work)
    return Moved(ticket=ticket or 0)


async def give_back(command: EastGiveBack, work: Work) -> MovedBack:
    """Give back what stands, whatever the amount is by now; where nothing does, the amount, as the
    books will show.
    """
    step = (work.saga, work.message["step"])
    stands = work.db.execute(_STANDS, step).fetchone() or (*step, command.amount)
    returned = _return(work, stands)
    await _play(command.play, work)
    return MovedBack(returned=returned)


async def take_back(command: EastTakeBack, work: Work) -> MovedBack:
    """Give back all that stands of the saga that this ticket is of."""
    standing = work.db.execute(_OF_TICKET, (command.ticket,)).fetchall()
    returned = sum(_return(work, one) for one in standing)
    await _play(command.play, work)
    return MovedBack(returned=returned)


def _return(work: Work, stands: tuple[int, str, int] | None) -> int:
    """Give back what stands of a step of a saga: how much it is."""
    if stands is None:
        return 0
    work.db.execute(_CHANGE, (stands[2],))
    work.db.execute(_GIVE_BACK, stands)
    return stands[2]


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
east.handles(EastTakeBack)(take_back)
west.handles(WestLook)(look)
west.handles(WestTake)(take)
west.handles(WestSpend)(take)
west.handles(WestGiveBack)(give_back)
west.handles(WestTakeBack)(take_back)
