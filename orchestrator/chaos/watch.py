"""Looks at the saga logs from outside during a run: how far it is, how long nothing moved."""

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from infra.clock import Clock
from infra.datastore import DatastoreError
from orchestrator.sagalog.reader import Reader

ENDED: Final = ("completed", "failed")
WAITING: Final = "needs_operator"


class Watch:
    """Reads each file anew every time, as its process may have been killed in between.

    ``stillest``: the longest time in seconds in which no open saga moved; ``recovered``: kind of
    blow -> the longest time from the victim's return to the next move of any saga.
    """

    def __init__(self, files: Sequence[Path], clock: Clock) -> None:
        self._files = files
        self._clock = clock
        self._seen: int = 0
        self._waiting: dict[str, float] = {}
        self.recovered: dict[str, float] = {}
        self._moved = clock.monotonic()
        self.stillest = 0.0

    def look(self) -> None:
        """Note whether anything moved since the last look."""
        newest = max(map(self._newest, self._files))
        now = self._clock.monotonic()
        if newest != self._seen or not self.open_sagas():
            self._seen, self._moved = newest, now
            while self._waiting:
                kind, since = self._waiting.popitem()
                self.recovered[kind] = max(self.recovered.get(kind, 0.0), now - since)
        self.stillest = max(self.stillest, now - self._moved)

    @property
    def still(self) -> float:
        """For how many seconds no open saga has moved."""
        return self._clock.monotonic() - self._moved

    def returned(self, kind: str) -> None:
        """Somebody is back from a blow of this kind: how long until a saga moves again?"""
        self._waiting.setdefault(kind, self._clock.monotonic())

    def counts(self, file: Path) -> Mapping[str, int]:
        """How many sagas stand in each status, as that file says."""
        with contextlib.suppress(DatastoreError), Reader.open(file) as reader:
            return {str(status): count for status, count in reader.counts().items()}
        return {}

    def open_sagas(self) -> int:
        """How many have not ended and wait for nobody, by the file that knows the most."""
        counts = self.furthest()
        return sum(n for status, n in counts.items() if status not in (*ENDED, WAITING))

    def furthest(self) -> Mapping[str, int]:
        """The counts of the file that has the most sagas."""
        return max(map(self.counts, self._files), key=lambda counts: sum(counts.values()))

    def settled(self, sagas: int) -> bool:
        """Whether every file has so many sagas, and none of them is open."""
        found = [self.counts(file) for file in self._files]
        return all(
            sum(counts.values()) >= sagas and all(status in (*ENDED, WAITING) for status in counts)
            for counts in found
        )

    @staticmethod
    def _newest(file: Path) -> int:
        with contextlib.suppress(DatastoreError), Reader.open(file) as reader:
            return sum(facts.offset for facts in reader.partitions())
        return 0
