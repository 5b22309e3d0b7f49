"""What a saga is: nodes, retries and compensation, as plain data. Pure.

Everything that one writes a saga with can be imported from here.
"""

from orchestrator.definition.application import Application
from orchestrator.definition.builder import Saga, saga
from orchestrator.definition.errors import DefinitionError
from orchestrator.definition.signals import change, child, wait
from orchestrator.definition.specs import FOREVER, RetryPolicy, Undo
from orchestrator.definition.steps import (
    compensatable,
    event,
    parallel,
    pivot,
    read,
    retriable,
    sequence,
)

__all__ = [
    "FOREVER",
    "Application",
    "DefinitionError",
    "RetryPolicy",
    "Saga",
    "Undo",
    "change",
    "child",
    "compensatable",
    "event",
    "parallel",
    "pivot",
    "read",
    "retriable",
    "saga",
    "sequence",
    "wait",
]
