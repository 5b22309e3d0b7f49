"""What a saga has asked for in a test: a command to a participant, or that another saga begins."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from contracts.topics import REQUESTS
from orchestrator.definition.tree import steps_of
from orchestrator.definition.words.builder import Saga
from orchestrator.engine.facts import Sent
from orchestrator.testing.words import fields

Expected = BaseModel | type[BaseModel] | Saga
"""A message as a whole, or only its contract: then its fields may be anything. Another saga is
expected by its input, or itself.
"""


@dataclass(frozen=True)
class Asked:
    """What was sent and expected; ``name`` is that of the contract which its fields follow,
    ``reply`` the contract of its answer, ``refusals`` what may come instead; ``child``: another
    saga.
    """

    sent: Sent
    name: str
    reply: type[BaseModel] | None
    refusals: Mapping[str, int]
    child: bool = False


def asked(saga: Saga, sent: Sent, wanted: Expected) -> Asked | None:
    """What was sent, where it is of the wanted contract; else None."""
    if sent.topic == REQUESTS:
        child = saga.children[sent.step]
        if contract_of(wanted).__name__ != child.input.__name__:
            return None
        if isinstance(wanted, Saga) and wanted.name != child.name:
            return None
        step = next(one for one in steps_of(saga.definition.body) if one.name == sent.step)
        return Asked(sent, child.input.__name__, child.result, step.refusals, child=True)
    contract = contract_of(wanted)
    if isinstance(wanted, Saga) or contract.__name__ != sent.command:
        return None
    refusals: Mapping[str, int] = getattr(contract, "refusals", {})
    return Asked(sent, sent.command, getattr(contract, "reply", None), refusals)


def contract_of(wanted: Expected) -> type[BaseModel]:
    """The contract of a message that is expected."""
    if isinstance(wanted, Saga):
        return wanted.input
    return wanted if isinstance(wanted, type) else type(wanted)


def written(message: BaseModel) -> dict[str, Any]:
    """A message as it is on the wire."""
    return message.model_dump(mode="json", by_alias=True)


def show(wanted: Expected) -> str:
    """What is expected, as one writes it in Python."""
    if isinstance(wanted, Saga):
        return f"the saga {wanted.name}"
    shown = "..." if isinstance(wanted, type) else fields(written(wanted))
    return f"{contract_of(wanted).__name__}({shown})"
