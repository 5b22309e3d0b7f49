"""The payment service: accounts, and what was charged to them and given back; payments of orders.

``payments`` registers what it does with the participant.
"""

from services.payment import payments
from services.payment.handlers import participant

__all__ = ["participant", "payments"]
