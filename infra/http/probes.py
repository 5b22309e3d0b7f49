"""Probes are answered beside the event loop, by a thread that has the listening socket.

Whoever supervises a process takes one that does not answer in time for dead, and the loop may be
busy for that long with work that is in order (ADR 0013). So the thread looks at what a new
connection asks first, without taking it. Is that the probe, it answers with what the process found
last, and goes on for as long as nothing else is asked. Every other connection is the loop's, from
its first byte on.
"""

import errno
import selectors
import socket
import sys
from collections.abc import Callable
from typing import Final, NamedTuple

from infra.clock import Clock
from infra.http.raw import rendered

IDLE_S: Final = 5.0
"""How long a connection may say nothing: then it is closed, or the loop's if it never said any."""
SWITCH_S: Final = 0.001
"""After how long the loop lets the thread have its turn. With Python's 5 ms, and a turn for each of
accept, look, take and send, an answer would take 20 ms beside a loop that computes."""
FULL_S: Final = 1.0
"""How long nobody is let in where the system has no more files to give."""
BACKLOG: Final = 2_048
HEAD_BYTES: Final = 8_192
_END: Final = b"\r\n\r\n"
_MORE: Final = (b"\r\ncontent-length:", b"\r\ntransfer-encoding:", b"\r\nexpect:")
"""Headers of a request that may not end with its head."""
_FULL: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class Told(NamedTuple):
    """An answer: its status, and its body as JSON."""

    status: int
    body: bytes


class Probe(NamedTuple):
    """What a probe asks for, and who answers: ``told`` is called in the thread. ``measured`` hears
    on the loop how long that took (seconds), and the status.
    """

    path: str
    told: Callable[[], Told]
    measured: Callable[[float, int], None]


class Probes:
    """Accepts what comes to ``listener``, which becomes its own; what is no probe it passes on, and
    what it has answered it reports. Both are called in the thread.
    """

    def __init__(
        self,
        listener: socket.socket,
        probe: Probe,
        clock: Clock,
        pass_on: Callable[[socket.socket], None],
        report: Callable[[float, int], None],
    ) -> None:
        self._listener = listener
        self._probe = probe
        self._clock = clock
        self._pass_on = pass_on
        self._report = report
        self._first = f"GET {probe.path} HTTP/1.1\r\n".encode()
        self._selector = selectors.DefaultSelector()
        self._quiet: dict[socket.socket, tuple[float, bool]] = {}
        self._accept_again: float | None = None
        self._over = False
        self._bell, self._ear = socket.socketpair()
        sys.setswitchinterval(SWITCH_S)
        listener.setblocking(False)
        listener.listen(BACKLOG)

    def run(self) -> None:
        """Until ``stop``; meant for a thread of its own."""
        try:
            self._watch(self._ear)
            self._watch(self._listener)
            while not self._over:
                for key, _ in self._selector.select(self._patience()):
                    self._heard(key.fileobj)  # type: ignore[arg-type]
                self._look_around()
        finally:
            for one in (*self._quiet, self._listener, self._ear):
                one.close()
            self._selector.close()

    def stop(self) -> None:
        """Accept no more; from any thread. What was passed on is left alone."""
        self._bell.close()

    def _watch(self, one: socket.socket) -> None:
        self._selector.register(one, selectors.EVENT_READ)

    def _patience(self) -> float | None:
        if self._accept_again is not None:
            return FULL_S
        return IDLE_S if self._quiet else None

    def _heard(self, one: socket.socket) -> None:
        if one is self._listener:
            self._accept()
        elif one is self._ear:
            self._over = True
        else:
            self._look(one)

    def _accept(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return
        except OSError as error:
            if error.errno not in _FULL:
                raise
            # No more files: whoever waits is taken once others have gone.
            self._selector.unregister(self._listener)
            self._accept_again = self._clock.monotonic() + FULL_S
            return
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._watch(connection)
        self._quiet[connection] = self._clock.monotonic(), False
        self._look(connection)

    def _look(self, connection: socket.socket) -> None:
        """What it says, as far as it has been said: all of a probe comes at once."""
        try:
            head = connection.recv(HEAD_BYTES, socket.MSG_PEEK)
            if not head:
                self._drop(connection)
            elif self._asks(head):
                self._answer(connection, head)
            else:
                self._leave(connection)
                self._pass_on(connection)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self._drop(connection)

    def _asks(self, head: bytes) -> bool:
        """Whether this is the probe, whole and alone; what is unusual about it is not for us."""
        if not head.startswith(self._first) or head.find(_END) != len(head) - len(_END):
            return False
        low = head.lower()
        return not any(name in low for name in _MORE)

    def _answer(self, connection: socket.socket, head: bytes) -> None:
        began = self._clock.monotonic()
        connection.recv(len(head))
        told, last = self._probe.told(), b"\r\nconnection: close" in head.lower()
        sent = connection.send(rendered(*told, "application/json", last=last))
        self._report(self._clock.monotonic() - began, told.status)
        self._quiet[connection] = began, True
        if last or not sent:
            self._drop(connection)

    def _look_around(self) -> None:
        """Who has said nothing for too long; and whether there is room for more again."""
        now = self._clock.monotonic()
        if self._accept_again is not None and now >= self._accept_again:
            self._accept_again = None
            self._watch(self._listener)
        for connection, (since, asked) in list(self._quiet.items()):
            if now - since < IDLE_S:
                continue
            self._leave(connection)
            if asked:
                connection.close()
            else:
                self._pass_on(connection)

    def _leave(self, connection: socket.socket) -> None:
        self._selector.unregister(connection)
        del self._quiet[connection]

    def _drop(self, connection: socket.socket) -> None:
        self._leave(connection)
        connection.close()
