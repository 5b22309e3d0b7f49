"""What a saga is: nodes, retries and compensation, as plain data. Pure.

Everything that one writes a saga with can be imported from here: the ``words``. ``compiling`` makes
``nodes`` of them, ``rules`` is what holds of these however they were written, ``table`` what is
done for every outcome.
"""

from orchestrator.definition.application import Application
from orchestrator.definition.errors import DefinitionError
from orchestrator.definition.words.builder import Saga, saga
from orchestrator.definition.words.signals import change, child, wait
from orchestrator.definition.words.specs import FOREVER, RetryPolicy, Undo
from orchestrator.definition.words.steps import (
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
