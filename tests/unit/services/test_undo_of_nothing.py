"""The real engine and the real participant: a charge that never came is undone, and that counts."""

from pathlib import Path
from typing import Any

from orchestrator.engine.decide import decide
from orchestrator.engine.facts import Sent, Transition
from orchestrator.engine.inputs import Reply, Start, Wake
from orchestrator.engine.plan import Plan
from orchestrator.engine.state import State
from sagas.order_fulfillment import order_fulfillment
from services import payment
from tests.unit.services.desk import Desk
from tests.unit.services.messages import Consumed, command, reply

SAGA = 1024
ORDER = {"order_id": 1, "user_id": 1, "product_id": 1, "quantity": 1}
QUOTE = {"product_id": 1, "name": "x", "unit_price": 1, "amount": 1, "currency": "EUR"}
NO = {"code": "no", "reason": "no", "status": 409}


class Saga:
    """An order in the engine; its payment is answered by the service, the rest by the test."""

    def __init__(self, at: int) -> None:
        self.plan = Plan(order_fulfillment.definition)
        self.at = at
        self.state: State | None = None
        self.sent: list[Sent] = []
        self.take(Start("start", at, SAGA, self.plan.version, 1, "key", ORDER))

    def take(self, given: Any) -> None:
        """One decision."""
        transition: Transition
        self.state, transition = decide(self.plan, self.state, given)
        self.sent += [fact for fact in transition.facts if isinstance(fact, Sent)]

    def answer(self, sent: Sent, outcome: Any, data: dict[str, Any]) -> None:
        """The reply to a command."""
        key = f"{sent.step}/{sent.direction}/{sent.attempt}"
        place = (sent.step, sent.direction, sent.round, sent.attempt)
        self.take(Reply(key, self.at, *place, outcome, data))

    def last(self, step: str) -> Sent:
        """The newest command of a step."""
        return [sent for sent in self.sent if sent.step == step][-1]


async def test_a_lost_charge_is_undone_by_its_tombstone(tmp_path: Path):
    desk = Desk(payment.participant, tmp_path)
    saga = Saga(desk.clock.now_ms())
    saga.answer(saga.last("product"), "succeeded", QUOTE)
    saga.answer(saga.last("inventory"), "refused", NO)
    saga.answer(saga.last("shipping"), "refused", NO)
    lost = saga.last("payment")
    while (sent := saga.last("payment")).direction == "do":
        assert saga.state is not None
        saga.at = saga.state.wake_at
        saga.take(Wake(f"wake-{saga.at}", saga.at))

    async def handle(sent: Sent, deadline: int) -> Any:
        raw = command(
            sent.command,
            sent.data,
            saga=str(SAGA),
            step=sent.step,
            direction=sent.direction,
            round=sent.round,
            attempt=sent.attempt,
            deadline=str(deadline),
        )
        outcome = await desk.handler.handle([Consumed(raw, desk.topic)])
        return reply(outcome.outgoing[0].record.value)

    undone = await handle(sent, sent.deadline)
    saga.answer(sent, undone["outcome"], undone["data"])
    assert saga.state is not None
    assert (saga.state.status, saga.state.undone) == ("failed", ("payment",))
    late = await handle(lost, sent.deadline)
    assert late["data"]["code"] == "tombstoned"
    assert desk.books().balanced
    desk.close()
