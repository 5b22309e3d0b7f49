"""Names of sagas, steps and signals."""

from re import fullmatch
from typing import Final

RESERVED: Final = ("input", "saga", "signal")
"""They name the data that a saga has anyway, so no step is called so."""


def is_name(name: object) -> bool:
    """Whether a saga, a step or a signal may be called so."""
    return (
        isinstance(name, str)
        and len(name) <= 100
        and bool(fullmatch(r"[a-z][a-z0-9]*([_-][a-z0-9]+)*", name))
    )
