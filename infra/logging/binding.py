"""What every line of a piece of work carries: saga id, step and trace id."""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog


@contextmanager
def bound(
    *, saga: int | None = None, step: str | None = None, trace: str | None = None
) -> Iterator[None]:
    """Lines logged inside, by whatever code and in whatever task it starts, carry these.

    The hot path logs per batch and names the saga as an argument instead: binding costs more than
    the line it may never write.
    """
    given = {"saga": saga, "step": step, "trace_id": trace}
    with structlog.contextvars.bound_contextvars(**{k: v for k, v in given.items() if v}):
        yield
