"""A connection as uvicorn serves it, with bounds to what comes before anybody is known.

uvicorn keeps the head of a request until it is whole, however long that takes and however long it
gets; bodies have a limit of their own (`infra.http.limits`).
"""

import asyncio
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from infra.http.errors import Problem
from infra.http.problems import MEDIA_TYPE, problem_response
from infra.http.raw import rendered

MAX_HEAD_BYTES: Final = 64 * 1024
"""How much of a head may have come without its end."""
HEAD_S: Final = 10.0
"""How long a head may take from its first byte, and a new connection until it says anything."""


class Connection(HttpToolsProtocol):
    """One client's connection."""

    _in_head = True
    _head_bytes = 0
    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """It is open, and is expected to say something."""
        super().connection_made(transport)
        self._patience = self.loop.call_later(HEAD_S, self._too_slow)

    def connection_lost(self, exc: Exception | None) -> None:
        """It is not any more."""
        self._done_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """More of what it says."""
        super().data_received(data)
        if not self._in_head:
            return
        self._head_bytes += len(data)
        if self._head_bytes > MAX_HEAD_BYTES:
            most = f"the head of a request has at most {MAX_HEAD_BYTES} bytes"
            self._refuse(Problem(431, most, code="head_too_large"))
        elif self._patience is None:
            self._patience = self.loop.call_later(HEAD_S, self._too_slow)

    def on_message_begin(self) -> None:
        """A request begins, from the parser."""
        super().on_message_begin()
        self._in_head, self._head_bytes = True, 0

    def on_headers_complete(self) -> None:
        """Its head is whole, from the parser."""
        self._in_head = False
        self._done_waiting()
        super().on_headers_complete()

    def _done_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _too_slow(self) -> None:
        self._patience = None
        if self._head_bytes:
            late = f"the head of a request takes at most {HEAD_S:g} s"
            self._refuse(Problem(408, late, code="head_too_slow"))
        else:
            self.transport.close()

    def _refuse(self, problem: Problem) -> None:
        if self.transport.is_closing():
            return
        answer = problem_response(problem)
        self._done_waiting()
        self.transport.write(
            rendered(answer.status_code, bytes(answer.body), MEDIA_TYPE, last=True)
        )
        self.transport.close()
