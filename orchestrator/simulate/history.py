"""What came of the attempts of one saga, read off its transitions.

The duration of an attempt lies between its ``Sent`` and the answer to it, which the id of the
transition's input names (docs/protocol.md: the idempotency key and the attempt). An attempt whose
time ran out and that was never answered hangs; one that was answered later took that long. One that
was overtaken by the answer to another says nothing.
"""

from collections.abc import Iterable

from contracts.topics import REQUESTS
from orchestrator.definition.nodes import Direction
from orchestrator.engine.facts import Fact, Faulted, Refused, Sent, Succeeded, Transition, Waited
from orchestrator.simulate.outcomes import Kind, Part

Came = tuple[Kind, str]
"""What came of an attempt, and the code of a refusal."""
_Attempt = tuple[Part, int, int]


class History:
    """The attempts of one saga."""

    def __init__(self, definition: str) -> None:
        self._definition = definition
        self._sent: dict[_Attempt, int] = {}
        self._came: dict[_Attempt, tuple[Came, int]] = {}
        self._waits: set[str] = set()

    def measured(self) -> Iterable[tuple[Part, Came, int]]:
        """What came of each attempt of which that is known, and after how many milliseconds."""
        for (part, _, _), (came, ms) in self._came.items():
            yield part, came, ms

    def take(self, fact: Fact, transition: Transition, signalled: bool) -> None:
        """One fact."""
        match fact:
            case Sent():
                if fact.topic != REQUESTS:
                    part = Part(self._definition, fact.step, fact.direction)
                    self._sent[part, fact.round, fact.attempt] = transition.at
            case Waited():
                self._waits.add(fact.step)
                self._sent[Part(self._definition, fact.step, "do"), 1, 1] = transition.at
            case Succeeded() | Refused() if fact.step in self._waits:
                yes: Kind = "approves" if isinstance(fact, Succeeded) else "rejects"
                self._settled(
                    fact.step, "do", 1, 1, transition, (yes if signalled else "hangs", "")
                )
            case Succeeded():
                self._answered(fact.step, fact.direction, transition, ("works", ""))
            case Refused():
                self._answered(fact.step, fact.direction, transition, ("refuses", fact.code))
            case Faulted():
                came: Kind = "raises" if fact.cause == "failed" else "hangs"
                number = self._round(fact.step, fact.direction)
                where = (fact.step, fact.direction, number, fact.attempt)
                self._settled(*where, transition, (came, ""))
            case _:
                pass

    def _answered(
        self, step: str, direction: Direction, transition: Transition, came: Came
    ) -> None:
        number, attempt = _place(transition.input)
        self._settled(step, direction, number, attempt, transition, came)

    def _settled(  # pylint: disable=too-many-arguments,too-many-positional-arguments  # an attempt
        self,
        step: str,
        direction: Direction,
        number: int,
        attempt: int,
        transition: Transition,
        came: Came,
    ) -> None:
        place = (Part(self._definition, step, direction), number, attempt)
        sent = self._sent.get(place)
        if sent is not None:
            self._came[place] = (came, max(transition.at - sent, 0))

    def _round(self, step: str, direction: Direction) -> int:
        part = Part(self._definition, step, direction)
        return max((number for asked, number, _ in self._sent if asked == part), default=1)


def _place(identity: str) -> tuple[int, int]:
    """Round and attempt of a reply, from its id; zeros where it is none of ours."""
    parts = identity.rsplit("/", 2)
    if len(parts) == 3 and parts[1].isdecimal() and parts[2].isdecimal():
        return int(parts[1]), int(parts[2])
    return 0, 0
