"""The language of the services that `saga chaos` plays with: every command says how it is to go.

``play`` is what the command is to come to, drawn from the seed by whoever starts the saga and
carried in its input, so that a service needs to know nothing of the run (orchestrator/chaos/plays).
"""

from typing import Annotated

from pydantic import Field

from contracts.messages import Command, Message, Reply, Signal

Play = Annotated[str, Field(pattern=r"^(yes|no|never|(fail|hang|hang-no):[0-9]{1,5})$")]
"""``yes``; ``no``: refused; ``never``: fails at every attempt; ``fail:N``: fails up to attempt N;
``hang:MS`` and ``hang-no:MS``: answers ``yes`` or ``no``, but only after so many milliseconds at
the first attempt.
"""
Amount = Annotated[int, Field(ge=1, le=1_000)]


class Script(Message):
    """What one saga moves, and how each of its steps and undos is to go; ``kid``: those of the saga
    that it begins.
    """

    amount: Amount
    do_s1: Play = "yes"
    do_s2: Play = "yes"
    do_s3: Play = "yes"
    do_s4: Play = "yes"
    do_s5: Play = "yes"
    do_s6: Play = "yes"
    do_s7: Play = "yes"
    undo_s1: Play = "yes"
    undo_s2: Play = "yes"
    undo_s3: Play = "yes"
    undo_s4: Play = "yes"
    undo_s5: Play = "yes"
    undo_kid: Play = "yes"
    kid_do_s1: Play = "yes"
    kid_do_s2: Play = "yes"
    kid_do_s3: Play = "yes"
    kid_undo_s1: Play = "yes"
    kid_undo_s2: Play = "yes"


class Errand(Message):
    """What a saga moves that another one has begun."""

    amount: Amount
    do_s1: Play = "yes"
    do_s2: Play = "yes"
    do_s3: Play = "yes"
    undo_s1: Play = "yes"
    undo_s2: Play = "yes"


class Approve(Signal):
    """Somebody says yes or no to a saga that waits for it."""

    name = "approve"

    approved: bool


class Reprice(Signal):
    """Another amount is to be moved."""

    name = "reprice"

    new_amount: Amount


class Seen(Reply):
    """The balance was looked at."""

    seen: int


class Moved(Reply):
    """The amount was taken; ``ticket`` numbers the move."""

    ticket: int


class MovedBack(Reply):
    """The amount was given back."""

    returned: int


class Done(Reply):
    """What a saga tells the one that began it: the ticket of its last move."""

    ticket: int


class EastLook(Command):
    """Look at the balance."""

    service = "chaos-east"
    reply = Seen
    refusals = {"no": 404}

    play: Play


class EastTake(Command):
    """Take an amount; it can be given back."""

    service = "chaos-east"
    reply = Moved
    refusals = {"no": 409}

    play: Play
    amount: Amount


class EastGiveBack(Command):
    """Give back what was taken."""

    service = "chaos-east"
    reply = MovedBack
    refusals = {"no": 409}

    play: Play
    amount: Amount


class EastTakeBack(Command):
    """Give back all that the saga of this ticket has taken."""

    service = "chaos-east"
    reply = MovedBack
    refusals = {"no": 409}

    play: Play
    ticket: int


class EastSpend(Command):
    """Take an amount for good."""

    service = "chaos-east"
    reply = Moved

    play: Play
    amount: Amount


class WestLook(EastLook):
    """Look at the balance, in the west."""

    service = "chaos-west"


class WestTake(EastTake):
    """Take an amount in the west; it can be given back."""

    service = "chaos-west"


class WestGiveBack(EastGiveBack):
    """Give back what was taken in the west."""

    service = "chaos-west"


class WestTakeBack(EastTakeBack):
    """Give back all that the saga of this ticket has taken in the west."""

    service = "chaos-west"


class WestSpend(EastSpend):
    """Take an amount in the west for good."""

    service = "chaos-west"
