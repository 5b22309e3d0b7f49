"""What every line of a piece of work carries: saga id, step and trace id."""

from contextvars import ContextVar, Token
from typing import Final

from structlog.typing import EventDict, WrappedLogger

Work = tuple[int, str, str]
_NONE: Final[Work] = (0, "", "")
_work: ContextVar[Work] = ContextVar("work", default=_NONE)


class bound:  # pylint: disable=invalid-name  # used like a function, made like a value: it is cheap
    """Lines logged inside the block, by whatever code and in whatever task it starts, carry these.

    ``traceparent`` is W3C's; of it only the trace id is logged. Half a microsecond: what is bound
    becomes text only when a line is written.
    """

    __slots__ = ("_token", "_given")

    def __init__(self, *, saga: int = 0, step: str = "", traceparent: str = "") -> None:
        self._given: Work = (saga, step, traceparent)
        self._token: Token[Work] | None = None

    def __enter__(self) -> None:
        self._token = _work.set(self._given)

    def __exit__(self, *_error: object) -> None:
        if self._token is not None:
            _work.reset(self._token)


def add_work(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Add what is bound to a line, unless the line says it itself."""
    saga, step, traceparent = _work.get()
    if saga:
        event.setdefault("saga", saga)
    if step:
        event.setdefault("step", step)
    if traceparent:
        event.setdefault("trace_id", traceparent[3:35])
    return event
