"""Payments of order lifecycles: each made once under the id that the customer gave it, and given
back.
"""

from contracts.payment import ChargeOrder, OrderCharged, OrderRefunded, RefundOrder
from infra.datastore import Statements
from services.participant import Refusal, Work, flaky_call
from services.payment.handlers import NO_CURRENCY, participant

_SQL = Statements("services.payment")
_PAYMENT = _SQL["payment"]
_PAY = _SQL["pay"]
_SET = _SQL["set_payment"]
_NOTE = _SQL["note_payment"]


@participant.handles(ChargeOrder)
def charge_order(command: ChargeOrder, work: Work) -> OrderCharged:
    """Make the payment, unless it is made; refused when its id was used for another order.

    Another saga of the same order is refused too: it would give back what is not its own. The saga
    itself may ask again in a new round (DESIGN law 4); what it has got back meanwhile is paid anew.
    """
    flaky_call(work, command.order_id)
    key = {"tenant": work.tenant, "payment_id": command.payment_id}
    found = work.db.execute(_PAYMENT, key).fetchone()
    paid = {"amount": command.amount, "currency": command.currency, "at": work.now}
    if found is None:
        made = {**key, **paid, "order_id": command.order_id, "saga": work.saga}
        number = work.db.execute(_PAY, made).lastrowid or 0
        _note(work, number, "charged", command.amount)
        return OrderCharged(charge_id=number)
    number, order_id, saga, status, *_ = found
    if (order_id, saga) != (command.order_id, work.saga):
        reason = f"payment {command.payment_id} was made before, for another order"
        raise Refusal("payment_id_used", reason)
    if status == "refunded":
        work.db.execute(_SET, {**paid, "id": number, "status": "charged"})
        _note(work, number, "charged", command.amount)
    return OrderCharged(charge_id=number)


@participant.handles(RefundOrder)
def refund_order(command: RefundOrder, work: Work) -> OrderRefunded:
    """Give back what was paid for the order, once; asked again it answers the same."""
    key = {"tenant": work.tenant, "payment_id": command.payment_id}
    found = work.db.execute(_PAYMENT, key).fetchone()
    if found is None or found[1] != command.order_id:
        return OrderRefunded(amount=0, currency=NO_CURRENCY)
    number, _, _, status, amount, currency = found
    if status == "charged":
        back = {"id": number, "status": "refunded", "amount": amount, "currency": currency}
        work.db.execute(_SET, {**back, "at": work.now})
        _note(work, number, "refunded", amount)
    return OrderRefunded(amount=amount, currency=currency)


def _note(work: Work, number: int, status: str, amount: int) -> None:
    """Write down what became of the payment, in the transaction of the change."""
    noted = {"id": number, "status": status, "amount": amount, "at": work.now}
    work.db.execute(_NOTE, {**noted, "saga": work.saga, "round": work.message["round"]})
