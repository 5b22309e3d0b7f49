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

from orchestrator.definition.compiler import Events, Source, compile_saga
from orchestrator.definition.nodes import Definition, version
from orchestrator.definition.steps import Duration, Spec


@dataclass(frozen=True)
class Saga:
    """A saga, checked and compiled: its definition, the contract of its input, its version."""

    definition: Definition
    input: type[BaseModel]
    version: str

    @property
    def name(self) -> str:
        """The name under which it is started."""
        return self.definition.name


@dataclass(frozen=True)
class Draft:
    """A saga being written; ``ends`` makes a Saga of it. Every call returns a new draft."""

    source: Source

    def then(self, *steps: Spec) -> "Draft":
        """These steps come next, one after another."""
        return Draft(replace(self.source, body=(*self.source.body, *steps)))

    def ends(self, *, completed: Events = (), failed: Events = ()) -> Saga:
        """Check and compile the saga, which tells these events at its end.

        Raises DefinitionError with the place, the reason and what to write instead.
        """
        source = replace(self.source, completed=completed, failed=failed)
        definition = compile_saga(source)
        return Saga(definition, source.input, version(definition))


# The page reads `input=PlaceOrder`, and nothing in here reads from a terminal.
# pylint: disable-next=redefined-builtin
def saga(
    name: str,
    *,
    input: type[BaseModel],
    started: Events = (),
    deadline: Duration | None = None,
) -> Draft:
    """Begin to write a saga: its name, the contract of its input, the events of its start.

    ``deadline`` is the time that it may take, without the time in which it waits for a person: then
    what was done is undone. Where there is no way back any more the saga is late, and goes on.
    """
    return Draft(Source(name, input, started=started, deadline=deadline))
