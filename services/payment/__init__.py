"""The payment service: accounts, and what was charged to them and given back."""

from services.payment.handlers import participant

__all__ = ["participant"]
