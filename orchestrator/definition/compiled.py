"""A saga as everybody else knows it: checked and compiled."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pydantic import BaseModel

from contracts.messages import Reply, Signal
from orchestrator.definition.nodes import Definition


@dataclass(frozen=True)
class Saga:
    """A saga, checked and compiled: its definition, the contract of its input, its version.

    - ``signals``: name -> contract of what it takes while it runs, beside ``cancel``.
    - ``result``: the contract of what it answers whoever started it as a child; None: nothing.
    - ``children``: step -> the saga that runs there, as it was when this one was compiled.
    """

    definition: Definition
    input: type[BaseModel]
    version: str
    signals: Mapping[str, type[Signal]] = field(default_factory=dict[str, type[Signal]])
    result: type[Reply] | None = None
    children: Mapping[str, "Saga"] = field(default_factory=dict[str, "Saga"])

    @property
    def name(self) -> str:
        """The name under which it is started."""
        return self.definition.name

    def family(self) -> Iterator["Saga"]:
        """This saga and every saga that may run within it."""
        yield self
        for child in self.children.values():
            yield from child.family()
