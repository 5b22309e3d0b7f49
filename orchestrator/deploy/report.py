"""What a check has found: which sagas would go on as before, which otherwise, which not at all."""

from typing import Final, Literal

import msgspec

from orchestrator.deploy.unread import Topic

EXAMPLES: Final = 5

Verdict = Literal["different", "stuck"]
When = Literal["moved", "unmoved", "waiting"]


class Reason(msgspec.Struct):
    """Why some sagas (or messages that wait) would not go on as before.

    - ``verdict``: ``different``: they would behave otherwise; ``stuck``: they could not continue.
    - ``when``: ``moved``: if they were moved to the new version; ``unmoved``: on the version they
      are on, as the contracts have changed; ``waiting``: for a message that waits to be read.
    - ``count`` of them, and the ids of some.
    """

    verdict: Verdict
    when: When
    definition: str
    text: str
    count: int = 0
    examples: list[int] = []


class Held(msgspec.Struct):
    """One definition, and how its open sagas would take its new version.

    ``version`` is the new one (empty: the application does not define it any more), ``versions``
    are those that its open sagas run on, and how many on each.
    """

    definition: str
    version: str
    versions: dict[str, int] = {}
    same: int = 0
    different: int = 0
    stuck: int = 0

    @property
    def open(self) -> int:
        """Its open sagas."""
        return self.same + self.different + self.stuck


class Report(msgspec.Struct):
    """What the new definitions and contracts would mean for what runs and what waits.

    ``waiting`` are the topics that were looked at, empty with the reason in ``not_read`` where no
    broker was. ``cut`` counts the sagas in whose situation more may follow than was looked at.
    """

    file: str
    open: int = 0
    same: int = 0
    different: int = 0
    stuck: int = 0
    messages: int = 0
    refused: int = 0
    cut: int = 0
    definitions: list[Held] = []
    reasons: list[Reason] = []
    waiting: list[Topic] = []
    not_read: str = ""

    @property
    def passes(self) -> bool:
        """Whether everything that runs or waits could go on."""
        return not self.stuck and not self.refused


class Reasons:
    """Collects reasons, each of them once."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, str, str], Reason] = {}

    def add(
        self, verdict: Verdict, when: When, definition: str, text: str, saga: int | None
    ) -> None:
        """One saga (or message of no saga yet: None) more for which this holds."""
        place = (verdict, when, definition, text)
        reason = self._found.get(place)
        if reason is None:
            reason = self._found[place] = Reason(verdict, when, definition, text, 0, [])
        reason.count += 1
        if saga is not None and len(reason.examples) < EXAMPLES:
            reason.examples.append(saga)

    def sorted(self) -> list[Reason]:
        """What keeps sagas from going on first, then what concerns most of them."""
        return sorted(
            self._found.values(), key=lambda one: (one.verdict == "different", -one.count, one.text)
        )
