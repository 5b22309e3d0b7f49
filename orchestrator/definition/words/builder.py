"""The typed builder: a saga in a page of code.

    order_cancellation = (
        saga("order-cancellation", input=CancelOrder)
        .then(compensatable("order", BeginCancellation, undo=AbandonCancellation))
        .then(pivot("shipping", CancelShipment))
        .then(retriable("payment", RefundPayment))
        .ends(completed=OrderCancelled)
    )

A command's fields are filled by name from the input and earlier replies, the latest first;
``fields=`` maps those whose names differ to a source (``"input.user_id"``, ``"product.amount"``,
``"saga.id"``).
"""

from dataclasses import dataclass, replace

from pydantic import BaseModel

from contracts.messages import Reply
from orchestrator.definition.compiled import Saga
from orchestrator.definition.compiling.compiler import Source, compile_saga
from orchestrator.definition.words.specs import ChangeSpec, Duration, Events, Spec

__all__ = ["Draft", "Saga", "saga"]


@dataclass(frozen=True)
class Draft:
    """A saga being written; ``ends`` makes a Saga of it. Every call returns a new draft."""

    source: Source

    def then(self, *steps: Spec) -> "Draft":
        """These steps come next, one after another."""
        return Draft(replace(self.source, body=(*self.source.body, *steps)))

    def takes(self, *changes: ChangeSpec) -> "Draft":
        """These signals change its input while it runs."""
        return Draft(replace(self.source, changes=(*self.source.changes, *changes)))

    def ends(
        self, *, completed: Events = (), failed: Events = (), returns: type[Reply] | None = None
    ) -> Saga:
        """Check and compile the saga, which tells these events at its end.

        ``returns`` is what it answers a saga that began it as a child; its fields are filled by
        name from the saga's data. Raises DefinitionError with the place, the reason and what to
        write instead.
        """
        ends = replace(self.source, completed=completed, failed=failed, returns=returns)
        return compile_saga(ends)


# The page reads `input=PlaceOrder`, and nothing in here reads from a terminal.
# pylint: disable-next=redefined-builtin
def saga(
    name: str,
    *,
    input: type[BaseModel],
    started: Events = (),
    deadline: Duration | None = None,
    progress: bool = False,
) -> Draft:
    """Begin to write a saga: its name, the contract of its input, the events of its start.

    ``deadline`` is the time that it may take, without the time in which it waits for a person: then
    what was done is undone. Where there is no way back any more the saga is late, and goes on.
    ``progress``: it tells every move of a step on ``saga.events``.
    """
    return Draft(Source(name, input, started=started, deadline=deadline, progress=progress))
