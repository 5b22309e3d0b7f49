"""How a process comes to a point: each scenario leads there, sees it die, and goes on without it.

``forward``: the sagas complete. ``undo``: payment refuses, so reservations are restored and
shipments cancelled; there the armed process begins when all but payment has been answered, and
payment begins after it, so that what the process does from then on is the undoing.
"""

import signal
from collections.abc import Awaitable, Callable
from typing import Final

from tests.crash_points.stage import OTHERS, Stage

Scenario = Callable[[Stage, str], Awaitable[None]]
EVERYTHING: Final = (*OTHERS, "payment")


async def undisturbed(stage: Stage, _: str = "") -> None:
    """No crash at all: what the others are compared with."""
    stage.orchestrator()
    stage.services(*EVERYTHING)
    await stage.ask()
    await stage.ended()


async def at_payment(stage: Stage) -> None:
    """All is answered but payment, which does not run: the sagas stand there."""
    stage.orchestrator()
    stage.services(*OTHERS)
    await stage.ask()
    await stage.paused_at_payment()


def pay(stage: Stage) -> None:
    """Payment begins: it decides in which direction the sagas go on."""
    stage.services("payment", role="payment")


async def orchestrator_in_traffic(stage: Stage, point: str) -> None:
    """The orchestrator dies while it does what it always does."""
    if stage.direction == "forward":
        stage.orchestrator(point)
        stage.services(*EVERYTHING)
        await stage.ask()
    else:
        await at_payment(stage)
        await stage.stop("orchestrator")
        stage.orchestrator(point)
        pay(stage)
    await stage.died("orchestrator", point)
    stage.orchestrator()
    await stage.ended()


async def services_in_traffic(stage: Stage, point: str) -> None:
    """The services die while they do what they always do."""
    if stage.direction == "forward":
        stage.orchestrator()
        stage.services(*EVERYTHING, point=point)
        await stage.ask()
    else:
        await at_payment(stage)
        await stage.stop("services")
        stage.services(*OTHERS, point=point)
        pay(stage)
    await stage.died("services", point)
    stage.services(*(EVERYTHING if stage.direction == "forward" else OTHERS))
    await stage.ended()


async def orchestrator_at_first(stage: Stage, point: str) -> None:
    """The orchestrator dies at its very first start."""
    stage.orchestrator(point)
    await stage.died("orchestrator", point)
    await undisturbed(stage)


async def services_at_first(stage: Stage, point: str) -> None:
    """The services die at their very first start."""
    stage.services(*EVERYTHING, point=point)
    await stage.died("services", point)
    await undisturbed(stage)


async def orchestrator_at_its_end(stage: Stage, point: str) -> None:
    """Told to stop while sagas are under way, the orchestrator dies in the middle of it."""
    await _told_to_stop(stage, point, "orchestrator")


async def services_at_their_end(stage: Stage, point: str) -> None:
    """Told to stop while sagas are under way, the services die in the middle of it."""
    await _told_to_stop(stage, point, "services")


async def _told_to_stop(stage: Stage, point: str, role: str) -> None:
    await at_payment(stage)
    await stage.stop(role)
    begin(stage, role, point)
    armed = stage.processes[role]
    await stage.until(lambda: _is_up(armed.said), f"{role} is up")
    pay(stage)
    await armed.signal(signal.SIGTERM)
    await stage.died(role, point)
    begin(stage, role)
    await stage.ended()


def begin(stage: Stage, role: str, point: str = "") -> None:
    """Begin the orchestrator, or the services but payment."""
    if role == "orchestrator":
        stage.orchestrator(point)
    else:
        stage.services(*OTHERS, point=point)


def _is_up(said: str) -> bool:
    return "ready; Ctrl-C stops it" in said
