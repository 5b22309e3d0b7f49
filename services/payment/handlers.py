"""Charges the accounts of users for orders, and gives back."""

from contracts.payment import ChargePayment, PaymentCharged, PaymentRefunded, RefundPayment
from infra.datastore import Statements
from services.participant import Participant, Refusal, Work
from services.payment.ledger import books, seed

_SQL = Statements("services.payment")
_BALANCE = _SQL["balance"]
_MOVE = _SQL["move"]
_CHARGE = _SQL["charge"]
_LAST_CHARGE = _SQL["last_charge"]
_REFUND = _SQL["refund"]

NO_CURRENCY = "XXX"
"""ISO 4217 for "no currency": nothing was charged, so nothing is given back."""

participant = Participant("payment", package="services.payment", seed=seed, books=books)


@participant.handles(ChargePayment)
def charge(command: ChargePayment, work: Work) -> PaymentCharged:
    """Charge the user's account in that currency; refused when it holds too little.

    An order's id is used once: refused too when another saga has charged it, given back since or
    not. The saga itself may ask again in a new round, once its last was undone (DESIGN law 4).
    """
    order = {"tenant": work.tenant, "order_id": command.order_id}
    last = work.db.execute(_LAST_CHARGE, order).fetchone()
    if last is not None and (last[5] != work.saga or last[4] is None):
        raise Refusal("already_charged", f"order {command.order_id} was charged before")
    account = {"tenant": work.tenant, "user_id": command.user_id, "currency": command.currency}
    found = work.db.execute(_BALANCE, account).fetchone()
    if found is None:
        reason = f"user {command.user_id} has no account in {command.currency}"
        raise Refusal("account_not_found", reason)
    if found[0] < command.amount:
        reason = f"the account holds less than {command.amount} minor units of {command.currency}"
        raise Refusal("insufficient_funds", reason)
    work.db.execute(_MOVE, {**account, "amount": -command.amount})
    charged = {**account, **order, "saga": work.saga, "amount": command.amount, "at": work.now}
    payment_id = work.db.execute(_CHARGE, charged).lastrowid
    return PaymentCharged(
        payment_id=payment_id or 0, amount=command.amount, currency=command.currency
    )


@participant.handles(RefundPayment)
def refund(command: RefundPayment, work: Work) -> PaymentRefunded:
    """Give back what was charged for the order, once; asked again it answers the same."""
    order = {"tenant": work.tenant, "order_id": command.order_id}
    last = work.db.execute(_LAST_CHARGE, order).fetchone()
    if last is None:
        return PaymentRefunded(amount=0, currency=NO_CURRENCY)
    payment_id, user_id, amount, currency, refunded, _ = last
    if refunded is None:
        account = {"tenant": work.tenant, "user_id": user_id, "currency": currency}
        work.db.execute(_MOVE, {**account, "amount": amount})
        work.db.execute(_REFUND, {"charge": payment_id, "amount": amount, "at": work.now})
    return PaymentRefunded(amount=amount, currency=currency)
