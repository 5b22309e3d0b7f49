"""What many runs came to, added up: counts and sums that merge in any grouping."""

from collections import Counter
from typing import Final, NamedTuple

from orchestrator.simulate.labels import Spent, Touched
from orchestrator.simulate.luck import Luck
from orchestrator.simulate.outcomes import Part
from orchestrator.simulate.play import Play, Played
from orchestrator.simulate.situation import End
from orchestrator.simulate.stage import Stage

UNKNOWN: Final = 2
"""Of a run: it must be played to know whether it is done in time."""
Policy = tuple[str, str, Touched]
"""The policy of a step of a saga, and what of it."""


class Ended(NamedTuple):
    """How runs ended that are counted together."""

    end: End
    in_time: bool


class Tally:
    """The sum of some runs.

    ``ms`` are the durations of the runs by how they ended; ``in_time`` says of each run, in order,
    whether it was done in time. ``spent`` is the time on the critical paths of all runs,
    ``missed`` of those that were not done in time, both in milliseconds. ``asked`` counts the
    attempts: the n-th of each part. ``touched`` says of each run, in order, whether it looked at a
    policy (runs at the end that are missing did not).
    """

    def __init__(self) -> None:
        self.ms: dict[Ended, list[int]] = {}
        self.in_time = bytearray()
        self.touched: dict[Policy, bytearray] = {}
        self.spent: Counter[Spent] = Counter()
        self.missed: Counter[Spent] = Counter()
        self.asked: Counter[tuple[Part, int]] = Counter()

    @property
    def runs(self) -> int:
        """How many runs this is the sum of."""
        return len(self.in_time)

    @property
    def share(self) -> float:
        """How many of them were done in time, from 0 to 1."""
        return sum(self.in_time) / self.runs

    def add(self, other: "Tally") -> None:
        """Take these runs in, after those that are in it."""
        for ended, ms in other.ms.items():
            self.ms.setdefault(ended, []).extend(ms)
        for policy, touched in other.touched.items():
            runs = self.touched.setdefault(policy, bytearray())
            runs.extend(bytes(self.runs - len(runs)))
            runs += touched
        self.in_time += other.in_time
        self.spent += other.spent
        self.missed += other.missed
        self.asked += other.asked

    def play(
        self, stage: Stage, luck: Luck, runs: int, quick: bool = False, known: bytes = b""
    ) -> None:
        """Play the first so many runs of a block, and take them in; of ``quick`` ones only how they
        end, and whether that is in time. Where that is ``known`` (not UNKNOWN) they are not played.
        """
        play, touched, paths = Play(stage, luck, quick), list[int](), _Paths()
        for number in range(runs):
            if known and known[number] != UNKNOWN:
                self.in_time.append(known[number])
                continue
            played = play.run(number)
            self._end(played)
            touched.append(played.touched)
            paths.add(played)
        paths.tell(stage, self)
        if not quick:
            self._touch(stage, touched)
        for send in stage.sends:
            self.asked[send.part, send.attempt] += send.asked
            send.asked = 0

    def _touch(self, stage: Stage, touched: list[int]) -> None:
        before = len(self.in_time) - len(touched)
        for policy, bit in stage.labels.bits.items():
            runs = self.touched.setdefault(policy, bytearray())
            runs.extend(bytes(before - len(runs)))
            runs.extend(bool(one & bit) for one in touched)

    def _end(self, played: Played) -> None:
        ended = Ended(played.end, played.in_time)
        if ended not in self.ms:
            self.ms[ended] = []
        self.ms[ended].append(played.ms)
        self.in_time.append(played.in_time)


class _Paths:
    """The stretches of critical paths, added up by label."""

    def __init__(self) -> None:
        self._sums: dict[bool, list[int]] = {True: [], False: []}

    def add(self, played: Played) -> None:
        """Take the path of one run in."""
        sums, link = self._sums[played.in_time], played.chain
        while link is not None:
            link, label, ms = link
            while label >= len(sums):  # a label that is new
                sums.append(0)
            sums[label] += ms

    def tell(self, stage: Stage, tally: Tally) -> None:
        """Add all of it to a tally."""
        for in_time, sums in self._sums.items():
            for what, ms in zip(stage.labels.spent, sums, strict=False):
                tally.spent[what] += ms
                if not in_time:
                    tally.missed[what] += ms
