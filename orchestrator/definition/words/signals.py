"""The words for what happens while a saga runs: waits, other sagas, changes of its input.

Nothing is checked here: ``saga(...).ends()`` checks the whole (`compiling`). Durations are seconds
or ``timedelta``.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final, Literal

from contracts.messages import Command, Signal
from orchestrator.definition.compiled import Saga
from orchestrator.definition.words.specs import (
    ChangeSpec,
    ChildSpec,
    Duration,
    Events,
    Fields,
    Undo,
    WaitSpec,
)

CHILD_TIMEOUT: Final = timedelta(seconds=30)
"""After this time without its end a child is asked for again: it begins only once."""


# Each argument is one thing that a wait may say.
# pylint: disable-next=too-many-arguments
def wait(
    name: str,
    signal: type[Signal] | None = None,
    *,
    timeout: Duration,
    expires: Literal["done", "refused"] | None = None,
    accepts: str = "",
    data: Mapping[str, object] | None = None,
    person: bool = False,
) -> WaitSpec:
    """Nothing goes on here until the signal comes or the time is over, whichever is first.

    Later steps are filled from the fields of the signal, ``by`` and ``reason``. ``accepts`` names
    the field that says yes or no: no fails the saga with the code ``rejected``. When the time is
    over the wait is ``refused`` too (the default where a signal is waited for), or ``done``, as if
    the signal had come with ``data``. ``person``: somebody is waited for, so the deadline of the
    saga stands still. Without a signal only time counts.
    """
    return WaitSpec(name, signal, timeout, expires, accepts, data, person)


def child(
    name: str,
    saga: Saga,
    *,
    fields: Fields | None = None,
    undo: type[Command] | Undo | None = None,
    timeout: Duration = CHILD_TIMEOUT,
) -> ChildSpec:
    """Another saga as a step: its input is filled like a command, its ``returns`` is the reply, its
    failure the refusal.

    A child that has a pivot or a retriable step is the pivot of this saga; one that does something
    else needs the command that undoes the whole of it.
    """
    if undo is not None and not isinstance(undo, Undo):
        undo = Undo(undo)
    return ChildSpec(name, saga, fields or {}, undo, timeout)


def change(
    signal: type[Signal], *, fields: Fields | None = None, redo: str, tells: Events = ()
) -> ChangeSpec:
    """A signal that changes the input of a running saga.

    ``fields``: field of the input -> field of the signal (left out: those of the same name). It is
    applied until the step ``redo`` is commanded; while that is in flight the signal is held, and
    then the step is done again; later it is refused. A child in that place decides itself, and must
    take the same signal. ``tells`` are the events of the change.
    """
    return ChangeSpec(signal, fields, redo, tells)
