"""The saga of the admin's tests: steps one after the other, of any names."""

from pydantic import BaseModel, Field

from orchestrator.definition.nodes import Call, Definition, Retry, Step, version
from orchestrator.definition.words.builder import Saga


class Order(BaseModel):
    """The input of the saga `work`."""

    order: int = Field(lt=2**53)
    note: str = ""


def step(name: str) -> Step:
    """A step of the service `<name>er`."""
    retry = Retry(attempts=2, initial_ms=100, maximum_ms=1_000)
    do, undo = (
        Call(f"{verb}{name}", f"{name}er.commands", {"order": "input.order"})
        for verb in ("Do", "Undo")
    )
    return Step(name, "compensatable", do, undo, 1_000, retry, 1_000, retry, {"no": 409})


def work(*names: str, name: str = "work") -> Saga:
    """A saga of these steps, one after the other."""
    definition = Definition(name, {"title": "Order"}, tuple(map(step, names)))
    return Saga(definition, Order, version(definition))
