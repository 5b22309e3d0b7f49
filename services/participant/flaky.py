"""``flaky_call()``: a third of the calls raises, a third hangs, a third works (seeds/001).

Off by default; ``SAGA_SERVICE_FLAKY`` switches it on. What a call comes to is drawn from the seed
(``SAGA_SERVICE_FLAKY_SEED``), the command and what it is about, never from the order in which
commands come: so a run can be repeated, and one attempt fares as it did however often it comes.
"""

from hashlib import sha256
from typing import Final

from services.participant.errors import FlakyFailure, Unanswered
from services.participant.work import Work

_OUTCOMES: Final = 3


def flaky_call(work: Work, about: str) -> None:
    """To be called first by a handler; ``about`` names the thing that its command is about.

    Raises FlakyFailure for a third of all attempts, Unanswered for another. That one is a call
    which hangs beyond every timeout: nobody is answered, and no other command waits for it.
    """
    if work.flaky is None:
        return
    drawn = _draw(work.flaky, work, about)
    if drawn == 0:
        raise FlakyFailure(f"the call for {about} failed, as flaky calls do")
    if drawn == 1:
        raise Unanswered(f"the call for {about} hangs, as flaky calls do")


def _draw(seed: int, work: Work, about: str) -> int:
    told = work.message
    parts = (seed, work.tenant, about, told["type"], told["step"], told["round"], told["attempt"])
    digest = sha256("\0".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:8], "big") % _OUTCOMES
