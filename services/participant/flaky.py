"""``flaky_call()``: a third of the calls raises, a third hangs, a third works (seeds/001).

Off by default; ``SAGA_SERVICE_FLAKY`` switches it on. What a call comes to is drawn from the seed
(``SAGA_SERVICE_FLAKY_SEED``), the command and what it is about, never from the order in which
commands come: so a run can be repeated, and one attempt fares as it did however often it comes.
"""

from hashlib import sha256
from typing import Final, Literal

from services.participant.errors import FlakyFailure, Unanswered
from services.participant.work import Work

Comes = Literal["raises", "hangs", "works"]
_COMES: Final[tuple[Comes, ...]] = ("raises", "hangs", "works")


def flaky_call(work: Work, about: str) -> None:
    """To be called first by a handler; ``about`` names the thing that its command is about.

    Raises FlakyFailure for a third of all attempts, Unanswered for another. That one is a call
    which hangs beyond every timeout: nobody is answered, and no other command waits for it.
    """
    if work.flaky is None:
        return
    told = work.message
    attempt = (told["step"], told["round"], told["attempt"])
    comes = drawn(work.flaky, about, told["type"], attempt, work.tenant)
    if comes == "raises":
        raise FlakyFailure(f"the call for {about} failed, as flaky calls do")
    if comes == "hangs":
        raise Unanswered(f"the call for {about} hangs, as flaky calls do")


def drawn(
    seed: int, about: str, command: str, attempt: tuple[str, int, int], tenant: int = 1
) -> Comes:
    """What an ``attempt`` (step, round, number) of a command comes to: of these a function."""
    parts = (seed, tenant, about, command, *attempt)
    digest = sha256("\0".join(map(str, parts)).encode()).digest()
    return _COMES[int.from_bytes(digest[:8], "big") % len(_COMES)]
