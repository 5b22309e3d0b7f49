"""Processes of this interpreter by name: started, watched, killed, and gone when all is over.

Everything is done by process id, to processes that were started here and to no others.
"""

import contextlib
import os
import signal
import subprocess  # nosec: python with our own arguments
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

STOP_SECONDS: Final = 12
SAID: Final = 4


@dataclass
class Fleet:
    """Named processes; what each says is added to ``logs/NAME.log``."""

    logs: Path
    own: dict[str, subprocess.Popen[bytes]] = field(
        default_factory=dict[str, "subprocess.Popen[bytes]"]
    )

    def start(self, name: str, module: Sequence[str], env: Mapping[str, str]) -> None:
        """Start ``python -m`` of this interpreter with ``env`` above this process's own."""
        with (self.logs / f"{name}.log").open("ab") as log:
            self.own[name] = subprocess.Popen(  # pylint: disable=consider-using-with
                [sys.executable, "-m", *module],
                env={**os.environ, **env},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C reaches only the parent, which then ends the others in order.
                start_new_session=True,
            )

    def kill(self, name: str) -> None:
        """SIGKILL; returns when it is gone. It counts as started no more."""
        process = self.own.pop(name)
        process.kill()
        process.wait()

    def freeze(self, name: str) -> None:
        """SIGSTOP: it lives, and does nothing until it is thawed."""
        self.own[name].send_signal(signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        """SIGCONT."""
        self.own[name].send_signal(signal.SIGCONT)

    def dead(self) -> str | None:
        """One that has ended by itself, and the last lines it said."""
        return next(map(self.last_words, self.ended()), None)

    def ended(self) -> list[str]:
        """The names of those that have ended by themselves."""
        return [name for name, process in self.own.items() if process.poll() is not None]

    def last_words(self, name: str) -> str:
        """How a process ended, and the last lines it said."""
        lines = (self.logs / f"{name}.log").read_text(errors="replace").split("\n")
        code = self.own[name].returncode
        return f"{name} ended with {code}: {' '.join(lines[-SAID:]).strip()}"

    def stop(self) -> None:
        """End every one of them: asked first, then killed."""
        for process in self.own.values():
            if process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    process.send_signal(signal.SIGCONT)  # a frozen one would not hear the rest
                process.terminate()
        for process in self.own.values():
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
